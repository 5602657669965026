/* SPDX-License-Identifier: GPL-2.0-only */
/* What an observer has to remember of a connection from one event to the next. */
#ifndef _TCP_LUCID_KEEP_H
#define _TCP_LUCID_KEEP_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define LUCID_KEEP_SLOTS	4

/**
 * struct lucid_kept - what is remembered
 * @key: whose; 0: nobody's
 * @since: a time, in the unit of the observer
 * @what: a code of the observer
 */
struct lucid_kept {
	u64 key;
	u64 since;
	u8 what;
};

struct lucid_keep_bucket {
	raw_spinlock_t lock;	/* of the slots and next */
	unsigned int next;	/* slot that has to go when all are taken */
	struct lucid_kept slots[LUCID_KEEP_SLOTS];
};

/**
 * struct lucid_keep - a table of it, that never grows
 * @buckets: 1 << @bits of them
 * @bits: of the hash
 * @used: how many slots are taken
 */
struct lucid_keep {
	struct lucid_keep_bucket *buckets;
	unsigned int bits;
	atomic_t used;
};

void lucid_keep_init(struct lucid_keep *keep);
void lucid_keep_clear(struct lucid_keep *keep);
bool lucid_keep_get(struct lucid_keep *keep, u64 key, struct lucid_kept *kept);
void lucid_keep_put(struct lucid_keep *keep, const struct lucid_kept *kept);
void lucid_keep_drop(struct lucid_keep *keep, u64 key);

#endif /* _TCP_LUCID_KEEP_H */
