/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#if defined(__SANITIZE_ADDRESS__)
#define FUZZ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FUZZ_ASAN 1
#endif
#endif

#ifdef FUZZ_ASAN
/* Of sanitizer/allocator_interface.h, which gcc does not bring. */
gsize __sanitizer_get_current_allocated_bytes (void);
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

/* What a peer sends must not reach a warning. */
int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

gsize
fuzz_get_held (void)
{
#ifdef FUZZ_ASAN
  return __sanitizer_get_current_allocated_bytes ();
#elif defined(__GLIBC__)
  const struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}
