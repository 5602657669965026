/* SPDX-License-Identifier: GPL-2.0-only */
/* What other observers tell the one that sums a connection up. */
#ifndef _TCP_LUCID_SUMMARY_H
#define _TCP_LUCID_SUMMARY_H

#include <linux/types.h>
#include <trace/events/tcp_lucid.h>

struct sock;

void lucid_summary_opened(const struct sock *sk, int oldstate, int newstate);
void lucid_summary_closed(const struct sock *sk, int oldstate);
void lucid_summary_account_resent(const struct sock *sk, u8 reason, u32 segs);
void lucid_summary_account_cwnd(const struct sock *sk);

static inline void lucid_summary_resent(const struct sock *sk, u8 reason,
					u32 segs)
{
	if (trace_summary_enabled())
		lucid_summary_account_resent(sk, reason, segs);
}

/* The window is about to be reduced: it was never larger since the last time. */
static inline void lucid_summary_cwnd(const struct sock *sk)
{
	if (trace_summary_enabled())
		lucid_summary_account_cwnd(sk);
}

#endif /* _TCP_LUCID_SUMMARY_H */
