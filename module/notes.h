/* SPDX-License-Identifier: GPL-2.0-only */
/* What one hook writes down for another that sees the same connection later. */
#ifndef _TCP_LUCID_NOTES_H
#define _TCP_LUCID_NOTES_H

#include <linux/jiffies.h>
#include <linux/types.h>

/**
 * lucid_note_fresh() - is a CPU's note of the segment that it still works on?
 * @written: jiffies when it was written
 *
 * What such a note names may be another's memory, or port, soon after. Softirq,
 * on the CPU that has written it: the clock ticks at most once between.
 */
static inline bool lucid_note_fresh(unsigned long written)
{
	return time_before_eq(jiffies, written + 1);
}

void lucid_note_first_syn(u64 cookie);
u32 lucid_note_since_syn_us(u64 cookie);

void lucid_note_time_wait(u64 cookie, int substate);
int lucid_note_take_time_wait(u64 cookie);

/**
 * struct lucid_end_note - why a full socket is going to CLOSE, or has gone there
 * @why: enum tcp_lucid_end
 * @state: from which; %TCP_TIME_WAIT: a mini-socket is to take over
 */
struct lucid_end_note {
	u8 why;
	u8 state;
};

void lucid_note_end(u64 cookie, u8 state, u8 why);
bool lucid_note_end_of(u64 cookie, struct lucid_end_note *note);
void lucid_notes_forget(u64 cookie);

void lucid_notes_clear(void);

#endif /* _TCP_LUCID_NOTES_H */
