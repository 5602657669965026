/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kselftest_harness.h lacks: numbers that need not be the same
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <math.h>

/* Small numbers, in words. */
#define MILLI		(1.0 / 1000)
#define MICRO		(MILLI / 1000)
#define NANO		(MICRO / 1000)
#define PICO		(NANO / 1000)
#define BITS_8		(1.0 / 256)	/* the last of 8 bits of fraction */
#define BITS_15		(1.0 / 32768)
#define BITS_16		(1.0 / 65536)
#define BITS_32		(BITS_16 * BITS_16)

/* A value that is @seen must be within @tolerance of what is @expected. */
#define EXPECT_NEAR(expected, seen, tolerance) do {			\
	double _expected = (expected);					\
	double _seen = (seen);						\
	double _tolerance = (tolerance);				\
									\
	EXPECT_LE(fabs(_expected - _seen), _tolerance) {		\
		TH_LOG("%s is %.9g, expected %.9g +- %.3g", #seen,	\
		       _seen, _expected, _tolerance);			\
	}								\
} while (0)

/* Repeatable pseudo-random numbers (xorshift64*), the same on every host. */
static inline unsigned long long next_random(unsigned long long *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* From 1 to @top, all magnitudes alike. */
static inline unsigned int random_magnitude(unsigned long long *state,
					    unsigned int top)
{
	unsigned int bits = 1 + next_random(state) % 31;
	unsigned int value = next_random(state) >> (64 - bits);

	return value == 0 ? 1 : value < top ? value : top;
}

#endif /* EXPECT_H */
