// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching to the kernel, and letting go of it.
 *
 * None of the TCP tracepoints used here is exported, so they are found by
 * name. Functions are hooked with ftrace, whose guard against recursion is per
 * context and therefore loses no event when an interrupt comes in between;
 * kprobes would.
 *
 * A hook that this kernel does not have costs the events that need it, never
 * the module: one line in the log names it and its capability bits go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/trace_recursion.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "hooks.h"

struct lucid_lookup {
	const char *name;
	struct tracepoint *tp;
};

static void lucid_lookup_one(struct tracepoint *tp, void *priv)
{
	struct lucid_lookup *lookup = priv;

	if (!strcmp(tp->name, lookup->name))
		lookup->tp = tp;
}

static int lucid_tracepoint_attach(struct lucid_tracepoint *hook)
{
	struct lucid_lookup lookup = { .name = hook->name };
	int err;

	for_each_kernel_tracepoint(lucid_lookup_one, &lookup);
	if (!lookup.tp)
		return -ENOENT;
	err = tracepoint_probe_register(lookup.tp, hook->probe, NULL);
	if (!err)
		hook->tp = lookup.tp;
	return err;
}

static void notrace lucid_entry_called(unsigned long ip,
				       unsigned long parent_ip,
				       struct ftrace_ops *ops,
				       struct ftrace_regs *fregs)
{
	const struct lucid_entry *hook = ops->private;
	int bit;

	bit = ftrace_test_recursion_trylock(ip, parent_ip);
	if (bit < 0)
		return;
	hook->call(fregs, parent_ip);
	ftrace_test_recursion_unlock(bit);
}

static int lucid_entry_find(struct lucid_entry *hook)
{
	char name[KSYM_NAME_LEN];

	hook->ops = (struct ftrace_ops) {
		.func = lucid_entry_called,
		.flags = LUCID_FTRACE_FLAGS,
		.private = hook,
	};
	/* ftrace_set_filter() takes a buffer that it may write to. */
	strscpy(name, hook->name, sizeof(name));
	return ftrace_set_filter(&hook->ops, name, strlen(name), 1);
}

static int lucid_entry_attach(struct lucid_entry *hook)
{
	int err;

	err = lucid_entry_find(hook);
	if (!err)
		err = register_ftrace_function(&hook->ops);
	if (err)
		ftrace_free_filter(&hook->ops);
	else
		hook->attached = true;
	return err;
}

static unsigned long lucid_entry_lost(const struct lucid_entry *hook, int err)
{
	if (hook->provides)
		pr_warn("function %s is not to be had (error %d): its events stay silent\n",
			hook->name, err);
	return hook->provides;
}

/**
 * lucid_observer_attach() - attach every hook of one observer
 * @obs: the observer
 *
 * Context: process context, may sleep.
 * Return: the TCP_LUCID_CAN_* bits that are lost because hooks are missing.
 */
unsigned long lucid_observer_attach(struct lucid_observer *obs)
{
	unsigned long lost = 0;
	unsigned int i;
	int err;

	for (i = 0; i < obs->nr_tracepoints; i++) {
		err = lucid_tracepoint_attach(&obs->tracepoints[i]);
		if (!err)
			continue;
		pr_warn("tracepoint %s is not to be had (error %d): its events stay silent\n",
			obs->tracepoints[i].name, err);
		lost |= obs->tracepoints[i].provides;
	}
	for (i = 0; i < obs->nr_entries; i++) {
		if (obs->entries[i].missing)
			continue;
		err = lucid_entry_attach(&obs->entries[i]);
		if (err)
			lost |= lucid_entry_lost(&obs->entries[i], err);
	}
	return lost;
}

/**
 * lucid_observer_lacks() - which hooks of an observer will never be had
 * @obs: the observer; it is attached later, and has function entries only
 *
 * Context: process context, may sleep.
 * Return: the TCP_LUCID_CAN_* bits that are lost because hooks are missing.
 */
unsigned long lucid_observer_lacks(struct lucid_observer *obs)
{
	unsigned long lost = 0;
	unsigned int i;
	int err;

	for (i = 0; i < obs->nr_entries; i++) {
		err = lucid_entry_find(&obs->entries[i]);
		ftrace_free_filter(&obs->entries[i].ops);
		if (!err)
			continue;
		obs->entries[i].missing = true;
		lost |= lucid_entry_lost(&obs->entries[i], err);
	}
	return lost;
}

/**
 * lucid_observer_detach() - undo lucid_observer_attach()
 * @obs: the observer
 *
 * Function hooks are quiet when this returns. Tracepoint probes may still be
 * running: call tracepoint_synchronize_unregister() after the last observer.
 *
 * Context: process context, may sleep.
 */
void lucid_observer_detach(struct lucid_observer *obs)
{
	unsigned int i;

	for (i = obs->nr_entries; i-- > 0; ) {
		if (!obs->entries[i].attached)
			continue;
		unregister_ftrace_function(&obs->entries[i].ops);
		ftrace_free_filter(&obs->entries[i].ops);
		obs->entries[i].attached = false;
	}
	for (i = obs->nr_tracepoints; i-- > 0; ) {
		if (!obs->tracepoints[i].tp)
			continue;
		tracepoint_probe_unregister(obs->tracepoints[i].tp,
					    obs->tracepoints[i].probe, NULL);
		obs->tracepoints[i].tp = NULL;
	}
}
