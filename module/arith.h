/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the window arithmetic may use
 *
 * reno.c, slow_start.c, cbrt.c and cubic.c turn integers into integers. They know no socket
 * and no clock, and this header is the only one outside their own rooms that
 * they include. In the kernel it names the helpers they need; in userspace it
 * supplies them, so that the selftests run the very source the module is built
 * from.
 *
 * A 64-bit number is divided through these helpers only: 32-bit kernels have
 * no other way to do it.
 */
#ifndef _LUCID_ARITH_H
#define _LUCID_ARITH_H

#ifdef __KERNEL__

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#else /* userspace */

#include <limits.h>
#include <stdbool.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;

#define U8_MAX		UCHAR_MAX
#define S32_MAX		INT_MAX
#define U32_MAX		UINT_MAX

/* As strict as the kernel's: comparing the pointers makes the compiler insist
 * on one type.
 */
#define min(a, b)			\
({					\
	__typeof__(a) _a = (a);		\
	__typeof__(b) _b = (b);		\
	(void)(&_a == &_b);		\
	_a < _b ? _a : _b;		\
})
#define max(a, b)			\
({					\
	__typeof__(a) _c = (a);		\
	__typeof__(b) _d = (b);		\
	(void)(&_c == &_d);		\
	_c > _d ? _c : _d;		\
})
#define clamp(val, lo, hi)	min(max(val, lo), hi)

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

/* The two below go through 96 bits, by hand: not every host has 128. */

static inline u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	u64 low = (a & U32_MAX) * mul;
	u64 high = (a >> 32) * mul + (low >> 32);

	return (high << (32 - shift)) | ((low & U32_MAX) >> shift);
}

static inline u64 mul_u64_u32_div(u64 a, u32 mul, u32 divisor)
{
	u64 low = (a & U32_MAX) * mul;
	u64 high = (a >> 32) * mul + (low >> 32);

	/* x86 raises a divide error when the quotient needs more bits. */
	if ((high / divisor) >> 32)
		__builtin_trap();

	low = ((high % divisor) << 32) | (low & U32_MAX);
	return ((high / divisor) << 32) + low / divisor;
}

#endif /* __KERNEL__ */

#endif /* _LUCID_ARITH_H */
