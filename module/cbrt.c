// SPDX-License-Identifier: GPL-2.0-only
/*
 * Integer cube root of a 96-bit number
 *
 * CUBIC needs one cube root per congestion avoidance stage, of a number of
 * packets with 48 bits of fraction. It is taken here as on paper: three bits of
 * the number give one bit of the root. With y the root so far,
 *
 *   (2y + 1)^3 = (2y)^3 + 3 * 2y * (2y + 1) + 1
 *
 * so the next bit is one if the remainder holds the last two terms. No table,
 * no first guess, no division, and every bit is right.
 */
#include "cbrt.h"

/**
 * lucid_cbrt - the largest integer whose cube does not exceed a number
 * @high: bits 64 to 95 of the number, below 2^28
 * @low: bits 0 to 63 of the number
 *
 * The bound on @high keeps the remainder, about 24 times the square of half
 * the root, within 64 bits. CUBIC stays below 2^90: cwnd * 1000 * 2^48.
 *
 * Return: the cube root, rounded down.
 */
u32 lucid_cbrt(u32 high, u64 low)
{
	u64 remainder = 0;
	u64 root = 0;
	int digit;

	for (digit = 0; digit < 32; digit++) {
		u64 next;

		remainder = (remainder << 3) | (high >> 29);
		high = (high << 3) | (u32)(low >> 61);
		low <<= 3;

		root <<= 1;
		next = 3 * root * (root + 1) + 1;
		if (remainder >= next) {
			remainder -= next;
			root++;
		}
	}
	return root;
}
