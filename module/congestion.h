/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both controls share: the way between struct tcp_sock and the window
 * arithmetic, and what each connection remembers beside its arithmetic.
 */
#ifndef _TCP_LUCID_CONGESTION_H
#define _TCP_LUCID_CONGESTION_H

#include <net/tcp.h>

#include "reno.h"

extern struct tcp_congestion_ops lucid_cubic_ops;
extern struct tcp_congestion_ops lucid_reno_ops;

/* Of held_una: as much of a hash of a sequence number as there is room for. */
#define LUCID_HELD_UNA_BITS	14

/**
 * struct lucid_flow - what a connection on either control remembers
 * @told_cwnd: packets, as the window event told them last
 * @told_ssthresh: packets, the same
 * @told_phase: TCP_LUCID_PHASE_*, the same; 0 before the first event
 * @ece: the ACK that is being served echoes a congestion mark
 * @tail: it acknowledges more than a tail loss probe had sent again: what that
 *	repaired was lost
 * @cwr: TCP_LUCID_CAUSE_*: why ssthresh was asked for, if CWR is what follows
 * @reducing: ssthresh has been asked for; what follows tells why
 * @was_slow_start: it was slow start that this reduction ended
 * @rto: an RTO has been told; the change of state that belongs to it follows
 * @unused: the last ACK found the window not in full use
 * @paced: pacing is on only for the sake of @holds
 * @holds: how often in a row sending has been held back by one RTO and more,
 *	because marks go on at a window of one packet
 * @held_una: what was acknowledged with the last echo, as far as it tells
 *	one packet from the next
 */
struct lucid_flow {
	u32 told_cwnd;
	u32 told_ssthresh;
	/* All of the 104 bytes are in use. */
	u32 told_phase:4,
	    ece:1,
	    tail:1,
	    reducing:1,
	    was_slow_start:1,
	    rto:1,
	    unused:1,
	    paced:1,
	    cwr:3,
	    holds:4,
	    held_una:14;
};

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

/*
 * Is tcp_init_transfer() still to come? It begins anew, whatever a lost SYN has
 * made of the window. A Fast Open child is past it.
 */
static inline bool lucid_opening(const struct sock *sk)
{
	return sk->sk_state == TCP_SYN_SENT ||
	       (sk->sk_state == TCP_SYN_RECV &&
		!rcu_access_pointer(tcp_sk(sk)->fastopen_rsk));
}

static inline bool lucid_paced(const struct sock *sk)
{
	return READ_ONCE(sk->sk_pacing_status) != SK_PACING_NONE;
}

#endif /* _TCP_LUCID_CONGESTION_H */
