/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both controls share: the way between struct tcp_sock and the window
 * arithmetic, and the watch that reports what became of the window.
 */
#ifndef _TCP_LUCID_CONGESTION_H
#define _TCP_LUCID_CONGESTION_H

#include <linux/jump_label.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "reno.h"

extern struct tcp_congestion_ops lucid_cubic_ops;
extern struct tcp_congestion_ops lucid_reno_ops;

static inline void lucid_window_load(struct lucid_window *win,
				     const struct tcp_sock *tp)
{
	win->cwnd = tcp_snd_cwnd(tp);
	win->ssthresh = tp->snd_ssthresh;
	win->cwnd_cnt = tp->snd_cwnd_cnt;
	win->cwnd_clamp = tp->snd_cwnd_clamp;
}

/* ssthresh is the core's to set; cwnd_clamp is the user's. */
static inline void lucid_window_store(struct tcp_sock *tp,
				      const struct lucid_window *win)
{
	tcp_snd_cwnd_set(tp, win->cwnd);
	tp->snd_cwnd_cnt = win->cwnd_cnt;
}

/**
 * struct lucid_watch - what the window event said last
 * @cwnd: packets
 * @ssthresh: packets
 * @phase: TCP_LUCID_PHASE_*; 0 before the first event
 */
struct lucid_watch {
	u32 cwnd;
	u32 ssthresh;
	u8 phase;
};

void lucid_watch_report(const struct sock *sk, struct lucid_watch *watch,
			u8 ca_state, u8 avoidance);

/**
 * lucid_watch_start() - report the window that a socket begins with
 * @sk: a socket whose control is being initialised
 * @watch: in its private state, all zero
 */
static inline void lucid_watch_start(const struct sock *sk,
				     struct lucid_watch *watch)
{
	if (trace_window_enabled())
		lucid_watch_report(sk, watch, TCP_CA_Open,
				   TCP_LUCID_PHASE_AVOIDANCE);
}

/**
 * lucid_watch() - report the window if anybody listens and it changed
 * @sk: a socket on one of our controls, locked
 * @watch: in its private state
 * @ca_state: TCP_CA_*, as it is or is about to be
 * @avoidance: TCP_LUCID_PHASE_* while in congestion avoidance
 */
static inline void lucid_watch(const struct sock *sk, struct lucid_watch *watch,
			       u8 ca_state, u8 avoidance)
{
	/* Some callbacks come before init(), for the SYN and the final ACK. */
	if (trace_window_enabled() && inet_csk(sk)->icsk_ca_initialized)
		lucid_watch_report(sk, watch, ca_state, avoidance);
}

#endif /* _TCP_LUCID_CONGESTION_H */
