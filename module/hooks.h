/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How observers get to see the kernel: by tracepoint where there is one, by
 * the entry of a function where there is none.
 */
#ifndef _TCP_LUCID_HOOKS_H
#define _TCP_LUCID_HOOKS_H

#include <linux/ftrace.h>
#include <linux/tracepoint.h>

/**
 * struct lucid_tracepoint - a probe on one of the kernel's tracepoints
 * @name: of the tracepoint
 * @probe: called with the tracepoint's arguments after a void *; its type must
 *	be checked with check_trace_callback_type_NAME(), nobody else does
 * @provides: TCP_LUCID_CAN_* bits that are lost without this hook
 * @tp: the tracepoint, or NULL if this kernel has none of that name
 * @attached: whether @probe is registered
 */
struct lucid_tracepoint {
	const char *name;
	void *probe;
	unsigned long provides;
	struct tracepoint *tp;
	bool attached;
};

/**
 * struct lucid_entry - a callback on the entry of a kernel function
 * @name: of the function; it may be static as long as it is not inlined
 * @call: gets the arguments through lucid_arg(), and the address its caller
 *	will return to. Preemption is off. Must be notrace, must not sleep
 * @provides: TCP_LUCID_CAN_* bits that are lost without this hook; 0: there is
 *	another way to see the same, and nothing is said if it is missing
 * @addr: of the function; 0 if this kernel has none of that name
 * @ip: where ftrace calls from, a few bytes behind @addr; 0 until it first did
 */
struct lucid_entry {
	const char *name;
	void (*call)(struct ftrace_regs *fregs, unsigned long parent_ip);
	unsigned long provides;
	unsigned long addr;
	unsigned long ip;
};

/**
 * struct lucid_observer - the hooks that one subject needs
 * @tracepoints: array of @nr_tracepoints
 * @entries: array of @nr_entries
 * @nr_tracepoints: may be 0
 * @nr_entries: may be 0
 */
struct lucid_observer {
	struct lucid_tracepoint *tracepoints;
	struct lucid_entry *entries;
	unsigned int nr_tracepoints;
	unsigned int nr_entries;
};

#define LUCID_HOOKS_MEMO_BITS	7

/**
 * struct lucid_hooks - observers that are attached and detached together
 * @observers: array of @nr_observers; no two of them hook the same function
 * @nr_observers: at least 1
 * @ops: ftrace's part, one for all functions: it is the number of these, not of
 *	functions, that makes attaching and detaching slow
 * @entries: those that this kernel has, by address
 * @nr_entries: how many these are
 * @memo: the entry for an @ip, by its hash
 * @err: why they are not there, if they should be; 0: nothing is said of it yet
 * @attached: whether the hooks are there
 */
struct lucid_hooks {
	struct lucid_observer *const *observers;
	unsigned int nr_observers;
	struct ftrace_ops ops;
	struct lucid_entry **entries;
	unsigned int nr_entries;
	struct lucid_entry *memo[1 << LUCID_HOOKS_MEMO_BITS];
	int err;
	bool attached;
};

int lucid_hooks_find(struct lucid_hooks *hooks, unsigned long *lost);
bool lucid_hooks_attach(struct lucid_hooks *hooks);
void lucid_hooks_detach(struct lucid_hooks *hooks);
void lucid_hooks_forget(struct lucid_hooks *hooks);

#endif /* _TCP_LUCID_HOOKS_H */
