/* SPDX-License-Identifier: MIT
 * base/status.h - how a function that can fail at run time says so. */
#ifndef IGNIS_BASE_STATUS_H
#define IGNIS_BASE_STATUS_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text_at, first) __attribute__((format(printf, text_at, first)))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* OK is zero; everything else is a failure.  FAILED_IO leaves errno set. */
enum status { OK = 0, FAILED, FAILED_IO, FAILED_LIMIT };

#endif
