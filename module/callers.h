/* SPDX-License-Identifier: GPL-2.0-only */
/* What it means that a function was called from here. */
#ifndef _TCP_LUCID_CALLERS_H
#define _TCP_LUCID_CALLERS_H

#include <linux/atomic.h>
#include <linux/types.h>

#define LUCID_CALLERS_BITS	6

/**
 * struct lucid_caller - a function whose calls mean something
 * @prefix: how its name begins: compilers add to it (.constprop.0, .part.0)
 * @who: what they mean, not 0
 */
struct lucid_caller {
	const char *prefix;
	u8 who;
};

/**
 * struct lucid_callers - those that one observer tells apart
 * @list: of two whose names begin alike the longer one first
 * @nr: how many
 * @known: addresses that were looked up already; atomic, as readers hold no lock
 *	and 32 bits would read one in two halves
 */
struct lucid_callers {
	const struct lucid_caller *list;
	unsigned int nr;
	atomic64_t known[1 << LUCID_CALLERS_BITS];
};

u8 lucid_caller(struct lucid_callers *callers, unsigned long ip);

#endif /* _TCP_LUCID_CALLERS_H */
