// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an observer has to remember of a connection from one event to the next.
 *
 * A table of fixed size. When the slots of a bucket are all taken, the one that
 * was taken first is given away: its connection is as if nobody had looked at
 * it before, and never has the other's memory. Hooks run with softirqs on or
 * off, so the locks are taken with interrupts off; and with preemption off, so
 * they must not sleep where a kernel's other spinlocks do (PREEMPT_RT).
 */
#include <linux/hash.h>
#include <linux/string.h>

#include "keep.h"

static struct lucid_keep_bucket *lucid_keep_bucket(struct lucid_keep *keep,
						   u64 key)
{
	return &keep->buckets[hash_64(key, keep->bits)];
}

/* The slot of a key, or of nobody; NULL: there is none. The lock is held. */
static struct lucid_kept *lucid_keep_slot(struct lucid_keep_bucket *bucket,
					  u64 key)
{
	unsigned int i;

	for (i = 0; i < LUCID_KEEP_SLOTS; i++)
		if (bucket->slots[i].key == key)
			return &bucket->slots[i];
	return NULL;
}

/**
 * lucid_keep_init() - make a table ready for use
 * @keep: the table; its buckets are there, and zero
 */
void lucid_keep_init(struct lucid_keep *keep)
{
	unsigned int i;

	for (i = 0; i < 1U << keep->bits; i++)
		raw_spin_lock_init(&keep->buckets[i].lock);
}

/**
 * lucid_keep_clear() - forget everything
 * @keep: the table
 */
void lucid_keep_clear(struct lucid_keep *keep)
{
	struct lucid_keep_bucket *bucket;
	unsigned long flags;
	unsigned int i, j;

	for (i = 0; i < 1U << keep->bits; i++) {
		bucket = &keep->buckets[i];
		raw_spin_lock_irqsave(&bucket->lock, flags);
		for (j = 0; j < LUCID_KEEP_SLOTS; j++) {
			if (bucket->slots[j].key)
				atomic_dec(&keep->used);
			bucket->slots[j].key = 0;
		}
		raw_spin_unlock_irqrestore(&bucket->lock, flags);
	}
}

/**
 * lucid_keep_get() - what is remembered of a connection
 * @keep: the table
 * @key: whose, not 0
 * @kept: filled in if there is something
 *
 * Return: whether there is.
 */
bool lucid_keep_get(struct lucid_keep *keep, u64 key, struct lucid_kept *kept)
{
	struct lucid_keep_bucket *bucket = lucid_keep_bucket(keep, key);
	const struct lucid_kept *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	slot = lucid_keep_slot(bucket, key);
	if (slot)
		*kept = *slot;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return slot;
}

/**
 * lucid_keep_put() - remember this, in place of what was there
 * @keep: the table
 * @kept: what, with its key
 */
void lucid_keep_put(struct lucid_keep *keep, const struct lucid_kept *kept)
{
	struct lucid_keep_bucket *bucket = lucid_keep_bucket(keep, kept->key);
	struct lucid_kept *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	slot = lucid_keep_slot(bucket, kept->key);
	if (!slot) {
		slot = lucid_keep_slot(bucket, 0);
		if (slot)
			atomic_inc(&keep->used);
		else
			slot = &bucket->slots[bucket->next++ % LUCID_KEEP_SLOTS];
	}
	*slot = *kept;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/**
 * lucid_keep_drop() - forget a connection
 * @keep: the table
 * @key: which
 */
void lucid_keep_drop(struct lucid_keep *keep, u64 key)
{
	struct lucid_keep_bucket *bucket = lucid_keep_bucket(keep, key);
	struct lucid_kept *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	slot = lucid_keep_slot(bucket, key);
	if (slot) {
		slot->key = 0;
		atomic_dec(&keep->used);
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}
