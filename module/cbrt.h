/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integer cube root of a 96-bit number
 */
#ifndef _LUCID_CBRT_H
#define _LUCID_CBRT_H

#include "arith.h"

u32 lucid_cbrt(u32 high, u64 low);

#endif /* _LUCID_CBRT_H */
