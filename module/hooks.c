// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching to the kernel, and letting go of it.
 *
 * None of the TCP tracepoints used here is exported, so they are found by
 * name. Functions are hooked with ftrace, whose guard against recursion is per
 * context and therefore loses no event when an interrupt comes in between;
 * kprobes would. But kprobes know where a function is: one that is registered
 * disabled changes nothing and finds it at once, where ftrace would compare the
 * name with that of each of its 50,000 functions.
 *
 * A hook that this kernel does not have costs the events that need it, never
 * the module: one line in the log names it and its capability bits go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/trace_recursion.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "hooks.h"

/*
 * How far behind a function's address its call of ftrace may be: landing pads
 * for indirect calls come before it. Functions are further apart than that.
 */
#define LUCID_ENTRY_SLACK	16

/* Slow, and done once for each entry: the last one that begins before @ip. */
static notrace struct lucid_entry *lucid_entry_search(struct lucid_hooks *hooks,
						      unsigned long ip)
{
	unsigned int low = 0, high = hooks->nr_entries;
	struct lucid_entry *entry;
	unsigned int middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (hooks->entries[middle]->addr <= ip)
			low = middle + 1;
		else
			high = middle;
	}
	entry = low ? hooks->entries[low - 1] : NULL;
	return entry && ip - entry->addr <= LUCID_ENTRY_SLACK ? entry : NULL;
}

static notrace struct lucid_entry *lucid_entry_at(struct lucid_hooks *hooks,
						  unsigned long ip)
{
	struct lucid_entry **memo, *entry;

	memo = &hooks->memo[hash_long(ip, LUCID_HOOKS_MEMO_BITS)];
	entry = READ_ONCE(*memo);
	if (likely(entry && READ_ONCE(entry->ip) == ip))
		return entry;
	entry = lucid_entry_search(hooks, ip);
	if (entry) {
		WRITE_ONCE(entry->ip, ip);
		WRITE_ONCE(*memo, entry);
	}
	return entry;
}

/*
 * KCSAN would take an interrupt that sets its own bit against recursion, and
 * puts the task's word back as it was, for a race.
 */
static void notrace __no_kcsan lucid_entry_called(unsigned long ip,
						  unsigned long parent_ip,
						  struct ftrace_ops *ops,
						  struct ftrace_regs *fregs)
{
	struct lucid_entry *entry;
	int bit;

	bit = ftrace_test_recursion_trylock(ip, parent_ip);
	if (bit < 0)
		return;
	entry = lucid_entry_at(ops->private, ip);
	if (entry)
		entry->call(fregs, parent_ip);
	ftrace_test_recursion_unlock(bit);
}

static void lucid_tracepoint_match(struct tracepoint *tp, void *priv)
{
	struct lucid_observer *obs = priv;
	unsigned int i;

	for (i = 0; i < obs->nr_tracepoints; i++)
		if (!strcmp(tp->name, obs->tracepoints[i].name))
			obs->tracepoints[i].tp = tp;
}

static unsigned long lucid_tracepoints_find(struct lucid_observer *obs)
{
	unsigned long lost = 0;
	unsigned int i;

	for_each_kernel_tracepoint(lucid_tracepoint_match, obs);
	for (i = 0; i < obs->nr_tracepoints; i++) {
		if (obs->tracepoints[i].tp)
			continue;
		pr_warn("there is no tracepoint %s: its events stay silent\n",
			obs->tracepoints[i].name);
		lost |= obs->tracepoints[i].provides;
	}
	return lost;
}

/* All entries of all observers, not yet in order. */
static int lucid_entries_gather(struct lucid_hooks *hooks)
{
	struct lucid_observer *obs;
	unsigned int i, j, n = 0;

	for (i = 0; i < hooks->nr_observers; i++)
		n += hooks->observers[i]->nr_entries;
	hooks->entries = kcalloc(n, sizeof(*hooks->entries), GFP_KERNEL);
	if (!hooks->entries)
		return -ENOMEM;
	hooks->nr_entries = 0;
	for (i = 0; i < hooks->nr_observers; i++) {
		obs = hooks->observers[i];
		for (j = 0; j < obs->nr_entries; j++)
			hooks->entries[hooks->nr_entries++] = &obs->entries[j];
	}
	return 0;
}

static int lucid_entries_locate(struct lucid_hooks *hooks)
{
	struct kprobe **registered;
	struct kprobe *probes;
	unsigned int i;
	int n = 0;

	probes = kcalloc(hooks->nr_entries, sizeof(*probes), GFP_KERNEL);
	registered = kcalloc(hooks->nr_entries, sizeof(*registered), GFP_KERNEL);
	if (!probes || !registered) {
		kfree(registered);
		kfree(probes);
		return -ENOMEM;
	}
	for (i = 0; i < hooks->nr_entries; i++) {
		probes[i].symbol_name = hooks->entries[i]->name;
		probes[i].flags = KPROBE_FLAG_DISABLED;
		hooks->entries[i]->addr = 0;
		if (register_kprobe(&probes[i]))
			continue;
		hooks->entries[i]->addr = (unsigned long)probes[i].addr;
		registered[n++] = &probes[i];
	}
	/* All at once: each call waits for a grace period. */
	unregister_kprobes(registered, n);
	kfree(registered);
	kfree(probes);
	return 0;
}

/* Leave out what ftrace will not have, and keep the rest. */
static unsigned long lucid_entries_filter(struct lucid_hooks *hooks)
{
	unsigned long lost = 0;
	unsigned int i, n = 0;
	struct lucid_entry *entry;
	int err;

	for (i = 0; i < hooks->nr_entries; i++) {
		entry = hooks->entries[i];
		err = entry->addr ? ftrace_set_filter_ip(&hooks->ops, entry->addr,
							 0, 0) : -ENOENT;
		if (!err) {
			hooks->entries[n++] = entry;
			continue;
		}
		entry->addr = 0;
		if (entry->provides)
			pr_warn("function %s is not to be had (error %d): its events stay silent\n",
				entry->name, err);
		lost |= entry->provides;
	}
	hooks->nr_entries = n;
	return lost;
}

static int lucid_entry_compare(const void *a, const void *b)
{
	const struct lucid_entry *const *one = a, *const *other = b;

	if ((*one)->addr == (*other)->addr)
		return 0;
	return (*one)->addr < (*other)->addr ? -1 : 1;
}

/**
 * lucid_hooks_find() - find all that is to be hooked
 * @hooks: nothing of it is attached yet
 * @lost: gets the TCP_LUCID_CAN_* bits added that are lost because this kernel
 *	lacks a tracepoint or function
 *
 * Context: process context, may sleep.
 * Return: 0; or a negative error number, and nothing stays that would have to
 * be undone.
 */
int lucid_hooks_find(struct lucid_hooks *hooks, unsigned long *lost)
{
	unsigned int i;
	int err;

	hooks->ops = (struct ftrace_ops) {
		.func = lucid_entry_called,
		/*
		 * Refused while kernel.ftrace_enabled is 0, and that while
		 * attached: half of what is seen would be told wrong.
		 */
		.flags = LUCID_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT,
		.private = hooks,
	};
	err = lucid_entries_gather(hooks);
	if (err)
		return err;
	err = lucid_entries_locate(hooks);
	if (err) {
		lucid_hooks_forget(hooks);
		return err;
	}
	*lost |= lucid_entries_filter(hooks);
	sort(hooks->entries, hooks->nr_entries, sizeof(*hooks->entries),
	     lucid_entry_compare, NULL);
	for (i = 0; i < hooks->nr_observers; i++)
		*lost |= lucid_tracepoints_find(hooks->observers[i]);
	return 0;
}

/**
 * lucid_hooks_forget() - undo lucid_hooks_find()
 * @hooks: not attached
 *
 * Context: process context, may sleep.
 */
void lucid_hooks_forget(struct lucid_hooks *hooks)
{
	ftrace_free_filter(&hooks->ops);
	kfree(hooks->entries);
	hooks->entries = NULL;
	hooks->nr_entries = 0;
}

static void lucid_tracepoints_attach(struct lucid_observer *obs)
{
	struct lucid_tracepoint *hook;
	unsigned int i;
	int err;

	for (i = 0; i < obs->nr_tracepoints; i++) {
		hook = &obs->tracepoints[i];
		if (!hook->tp)
			continue;
		err = tracepoint_probe_register(hook->tp, hook->probe, NULL);
		hook->attached = !err;
		if (err)
			pr_warn("tracepoint %s cannot be attached to (error %d)\n",
				hook->name, err);
	}
}

static void lucid_tracepoints_detach(struct lucid_observer *obs)
{
	struct lucid_tracepoint *hook;
	unsigned int i;

	for (i = obs->nr_tracepoints; i-- > 0; ) {
		hook = &obs->tracepoints[i];
		if (hook->attached)
			tracepoint_probe_unregister(hook->tp, hook->probe, NULL);
		hook->attached = false;
	}
}

/**
 * lucid_hooks_attach() - begin to see
 * @hooks: found, not attached
 *
 * Functions first: what a tracepoint shows is often told apart by what was seen
 * of a function before it, and never the other way round.
 *
 * What cannot be attached now, for want of memory or as the administrator has
 * switched ftrace off, is left out, and the log says so: once, however often that
 * is tried. A tracepoint that is left out stays out until all is detached.
 *
 * Context: process context, may sleep.
 *
 * Return: whether they are attached; true, too, if they were.
 */
bool lucid_hooks_attach(struct lucid_hooks *hooks)
{
	unsigned int i;
	int err;

	if (hooks->attached)
		return true;
	/* An empty filter would be every function there is. */
	err = hooks->nr_entries ? register_ftrace_function(&hooks->ops) : -ENOENT;
	if (err && err != hooks->err)
		pr_warn("functions cannot be hooked (error %d)\n", err);
	hooks->err = err;
	if (err)
		return false;
	for (i = 0; i < hooks->nr_observers; i++)
		lucid_tracepoints_attach(hooks->observers[i]);
	hooks->attached = true;
	return true;
}

/**
 * lucid_hooks_detach() - undo lucid_hooks_attach()
 * @hooks: attached or not
 *
 * No probe and no callback is running when this returns.
 *
 * Context: process context, may sleep.
 */
void lucid_hooks_detach(struct lucid_hooks *hooks)
{
	unsigned int i;

	hooks->err = 0;
	if (!hooks->attached)
		return;
	for (i = hooks->nr_observers; i-- > 0; )
		lucid_tracepoints_detach(hooks->observers[i]);
	tracepoint_synchronize_unregister();
	unregister_ftrace_function(&hooks->ops);
	hooks->attached = false;
}
