// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: the path puts packets out of order, and the kernel has noticed.
 *
 * With SACK one function does the counting, and what it will do follows from
 * its arguments. Without, it happens inside of others, to be seen by its result:
 * reord_seen is compared at the two points of handling an ACK that follow.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "observers.h"

static void lucid_reordering_emit(const struct sock *sk, u8 by, u32 old_degree,
				  u32 degree, u32 distance, u32 seen)
{
	struct lucid_reordering event = {
		.old_degree = old_degree,
		.degree = degree,
		.distance = distance,
		.seen = seen,
		.by = by,
		.ca_state = inet_csk(sk)->icsk_ca_state,
	};
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	trace_reordering(&conn, &event);
}

/* Had what begins at @seq, or contains it, been sent again? */
static bool lucid_sent_again(const struct sock *sk, u32 seq)
{
	const struct rb_node *node = sk->tcp_rtx_queue.rb_node;
	struct sk_buff *skb;

	while (node) {
		skb = rb_to_skb(node);
		if (before(seq, TCP_SKB_CB(skb)->seq))
			node = node->rb_left;
		else if (!before(seq, TCP_SKB_CB(skb)->end_seq))
			node = node->rb_right;
		else
			return TCP_SKB_CB(skb)->sacked & TCPCB_RETRANS;
	}
	return false;
}

/*
 * A SACK of what had been sent again says nothing about order, unless a D-SACK
 * shows that it was the original that came first.
 */
static u8 lucid_reordering_by(const struct sock *sk, u32 low_seq, bool ts)
{
	if (ts)
		return TCP_LUCID_REORDERING_TIMESTAMPS;
	if (before(low_seq, tcp_sk(sk)->snd_una))
		return TCP_LUCID_REORDERING_ACK;
	return lucid_sent_again(sk, low_seq) ? TCP_LUCID_REORDERING_DSACK :
					       TCP_LUCID_REORDERING_SACK;
}

/*
 * tcp_check_sack_reordering(sk, low_seq, ts): low_seq came after the highest
 * sequence number that SACK has told of, if it is lower.
 */
static void notrace lucid_entry_sack(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	struct sock *sk = lucid_arg(fregs, 0);
	u32 low_seq = (unsigned long)lucid_arg(fregs, 1);
	bool ts = (int)(unsigned long)lucid_arg(fregs, 2);
	struct tcp_sock *tp = tcp_sk(sk);
	u32 degree = tp->reordering;
	u32 high, distance = 0;

	if (!trace_reordering_enabled())
		return;
	high = tcp_highest_sack_seq(tp);
	if (!before(low_seq, high))
		return;
	if (tp->mss_cache)
		distance = DIV_ROUND_UP(high - low_seq, tp->mss_cache);
	if (distance > degree)
		degree = min_t(u32, distance,
			       READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_max_reordering));
	lucid_reordering_emit(sk, lucid_reordering_by(sk, low_seq, ts),
			      tp->reordering, degree, distance,
			      tp->reord_seen + 1);
}

/*
 * What was last seen of a connection without SACK: reord_seen in the low 16
 * bits, then the degree in 16, then its cookie in 32. When two connections meet
 * in a slot the newer one wins, and the other one's next step may be missed.
 */
#define LUCID_RENO_BITS		8

static atomic64_t lucid_reno_notes[1 << LUCID_RENO_BITS];

static void lucid_reno_look(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 degree = min_t(u32, tp->reordering, U16_MAX);
	u64 cookie, old, new;
	atomic64_t *note;

	if (!trace_reordering_enabled() || tcp_is_sack(tp))
		return;
	cookie = lucid_conn_cookie(sk);
	note = &lucid_reno_notes[hash_64(cookie, LUCID_RENO_BITS)];
	new = cookie << 32 | degree << 16 | (tp->reord_seen & U16_MAX);
	old = atomic64_xchg(note, new);
	if (old >> 32 == new >> 32 && (old & U16_MAX) != (new & U16_MAX))
		lucid_reordering_emit(sk, TCP_LUCID_REORDERING_RENO,
				      old >> 16 & U16_MAX, degree, 0,
				      tp->reord_seen);
}

/* tcp_fastretrans_alert(sk, ...), tcp_identify_packet_loss(sk, ...) */
static void notrace lucid_entry_ack(struct ftrace_regs *fregs,
				    unsigned long parent_ip)
{
	lucid_reno_look(lucid_arg(fregs, 0));
}

static struct lucid_entry lucid_reordering_entries[] = {
	{
		.name = "tcp_check_sack_reordering",
		.call = lucid_entry_sack,
		.provides = TCP_LUCID_CAN_REORDERING,
	}, {
		.name = "tcp_fastretrans_alert",
		.call = lucid_entry_ack,
		.provides = TCP_LUCID_CAN_REORDERING,
	}, {
		.name = "tcp_identify_packet_loss",
		.call = lucid_entry_ack,
		.provides = TCP_LUCID_CAN_REORDERING,
	},
};

struct lucid_observer lucid_reordering_observer = {
	.entries = lucid_reordering_entries,
	.nr_entries = ARRAY_SIZE(lucid_reordering_entries),
};
