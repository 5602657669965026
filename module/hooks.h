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
 * @tp: the tracepoint once attached, or NULL
 */
struct lucid_tracepoint {
	const char *name;
	void *probe;
	unsigned long provides;
	struct tracepoint *tp;
};

/**
 * struct lucid_entry - a callback on the entry of a kernel function
 * @name: of the function; it may be static as long as it is not inlined
 * @call: gets the arguments through lucid_arg(), and the address its caller
 *	will return to. Preemption is off. Must be notrace, must not sleep
 * @provides: TCP_LUCID_CAN_* bits that are lost without this hook; 0: there is
 *	another way to see the same, and nothing is said if it is missing
 * @ops: ftrace's part
 * @attached: whether @ops is registered
 * @missing: lucid_observer_lacks() has found that there is no such function
 */
struct lucid_entry {
	const char *name;
	void (*call)(struct ftrace_regs *fregs, unsigned long parent_ip);
	unsigned long provides;
	struct ftrace_ops ops;
	bool attached;
	bool missing;
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

unsigned long lucid_observer_attach(struct lucid_observer *obs);
unsigned long lucid_observer_lacks(struct lucid_observer *obs);
void lucid_observer_detach(struct lucid_observer *obs);

#endif /* _TCP_LUCID_HOOKS_H */
