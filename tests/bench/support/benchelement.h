/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_ELEMENT_H
#define BENCH_ELEMENT_H

#include <gst/gst.h>

/**
 * BenchOptions: what every program with a pipeline is told; see bench_options_parse().
 * @settings: (nullable): NAME=VALUE properties of the element that is measured
 */
typedef struct {
  gchar *location;
  gchar *ca;
  gchar **settings;
} BenchOptions;

/* Parses --location, --ca, --set and what @entries add, and initializes GStreamer. A database with
 * the authority in --ca becomes the process's default: gst-plugins-bad's elements have no property
 * for it. FALSE after a complaint on stderr. */
gboolean bench_options_parse (BenchOptions *options, const GOptionEntry *entries, int *argc,
    char ***argv);
void bench_options_clear (BenchOptions *options);

/* (transfer floating): an rtmp2src or rtmp2sink with location and settings. Aborts if there is
 * none. */
GstElement *bench_element_new (const BenchOptions *options, const gchar *factory);

/* (transfer full): the file that the factory's plugin was loaded from. */
gchar *bench_plugin_file (const gchar *factory);

/* Waits for EOS. FALSE after an error, which was printed on stderr. */
gboolean bench_wait_eos (GstElement *pipeline);

#endif
