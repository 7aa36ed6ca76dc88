/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Linked into each element test; empty unless it is built with AddressSanitizer.
 *
 * GLib's constructor allocates the first table of quarks. GStreamer's registry outgrows it, and
 * GLib leaves the old table to readers without a lock: a leak to LeakSanitizer, on a stack that
 * names no function a suppression could. So what libraries allocate before main() is not looked
 * at: .preinit_array runs before any library's constructor, a constructor of the program after
 * them. */

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>

#define BEFORE_LIBRARIES __attribute__ ((section (".preinit_array"), used))

static void (*ignore_libraries) (void) BEFORE_LIBRARIES = __lsan_disable;

__attribute__ ((constructor)) static void
heed_program (void)
{
  __lsan_enable ();
}
#endif
