/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_RESOLVER_H
#define TEST_RESOLVER_H

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes the process's resolver one that asks nobody, until test_resolver_remove():
 *   both.test     ::1 and 127.0.0.1
 *   silent.test   is not answered
 *   localhost     127.0.0.1
 * and any other name has no address. Numbers are not asked for. */
void test_resolver_install (void);
void test_resolver_remove (void);

G_END_DECLS

#endif
