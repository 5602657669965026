// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which function an address is in, and what that says.
 *
 * Where the kernel's arguments do not tell why something is done, its callers
 * do. Their names take long to look up, and it is always the same callers: what
 * an address stands for is kept beside it, in the byte that all kernel addresses
 * have in common.
 */
#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/string.h>

#include "callers.h"

#define LUCID_CALLERS_ADDRESS	GENMASK_ULL(55, 0)

static u8 lucid_caller_search(const struct lucid_callers *callers,
			      unsigned long ip)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	/* A return address may already lie behind the end of its function. */
	sprint_symbol_no_offset(name, ip - 1);
	for (i = 0; i < callers->nr; i++)
		if (strstarts(name, callers->list[i].prefix))
			return callers->list[i].who;
	return 0;
}

/**
 * lucid_caller() - what it means that a call returns to an address
 * @callers: whose calls mean something
 * @ip: the return address
 *
 * Context: Any.
 *
 * Return: the who of the caller, 0 if it is none of them.
 */
u8 lucid_caller(struct lucid_callers *callers, unsigned long ip)
{
	atomic64_t *slot = &callers->known[hash_long(ip, LUCID_CALLERS_BITS)];
	u64 known = atomic64_read(slot);
	u8 who;

	if ((known & LUCID_CALLERS_ADDRESS) == (ip & LUCID_CALLERS_ADDRESS))
		return known >> 56;
	who = lucid_caller_search(callers, ip);
	atomic64_set(slot, (ip & LUCID_CALLERS_ADDRESS) | (u64)who << 56);
	return who;
}
