// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: explicit congestion notification (RFC 3168), at both ends.
 *
 *	receiver	CE_RECEIVED ... CWR_RECEIVED
 *	sender		ECE_RECEIVED, CWR_SENT
 *
 * A mark that comes in and a CWR that goes out can be seen only packet by
 * packet, so these hooks come with the event's first user and no other's.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_ecn.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "callers.h"
#include "compat.h"
#include "conn.h"
#include "demand.h"
#include "observers.h"
#include "resend.h"

static void lucid_ecn_emit(const struct sock *sk, u8 what, u32 seq, u32 count)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_ecn event = {
		.seq = seq,
		.count = count,
		.cwnd = tcp_snd_cwnd(tp),
		.ssthresh = tp->snd_ssthresh,
		.delivered_ce = tp->delivered_ce,
		.what = what,
		.ca_state = inet_csk(sk)->icsk_ca_state,
	};
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	trace_ecn(&conn, &event);
}

/*
 * How many marked segments came since the first that the peer has not answered:
 * the count in the low 32 bits, the cookie above. When two connections meet in
 * a slot the newer one wins; the other's CWR then comes with a count of 0.
 */
#define LUCID_MARK_BITS		8

static atomic64_t lucid_marks[1 << LUCID_MARK_BITS];

static atomic64_t *lucid_marks_of(u64 cookie)
{
	return &lucid_marks[hash_64(cookie, LUCID_MARK_BITS)];
}

static void lucid_marks_add(const struct sock *sk, u32 segs, bool first)
{
	u64 cookie = lucid_conn_cookie(sk);
	atomic64_t *marks = lucid_marks_of(cookie);
	u64 old = atomic64_read(marks);

	if (first)
		atomic64_set(marks, cookie << 32 | segs);
	else if (old >> 32 == (u32)cookie)
		atomic64_set(marks, old + segs);
}

static u32 lucid_marks_take(const struct sock *sk)
{
	u64 cookie = lucid_conn_cookie(sk);
	atomic64_t *marks = lucid_marks_of(cookie);
	u64 old = atomic64_read(marks);

	if (old >> 32 != (u32)cookie)
		return 0;
	atomic64_set(marks, 0);
	return old;
}

/*
 * tcp_data_ecn_check(sk, skb), once __tcp_ecn_check_ce(): every segment with new
 * data. The flag that asks the peer for CWR is up from the first mark until one
 * comes; a CWR of this segment's has taken it down already (lucid_cwr_received()).
 */
static void notrace lucid_entry_data(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 segs;
	bool first;

	if (!trace_ecn_enabled() || !lucid_ecn_rfc3168(tp) ||
	    !INET_ECN_is_ce(TCP_SKB_CB(skb)->ip_dsfield))
		return;
	segs = max_t(u32, skb_shinfo(skb)->gso_segs, 1);
	first = !(tp->ecn_flags & TCP_ECN_DEMAND_CWR);
	lucid_marks_add(sk, segs, first);
	if (first)
		lucid_ecn_emit(sk, TCP_LUCID_ECN_CE_RECEIVED,
			       TCP_SKB_CB(skb)->seq, segs);
}

/*
 * __tcp_transmit_skb(sk, skb, ...): every segment. The next with new data says
 * that the window is reduced, whatever it was reduced for.
 */
static void notrace lucid_entry_transmit(struct ftrace_regs *fregs,
					 unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct tcp_sock *tp = tcp_sk(sk);

	if (!(tp->ecn_flags & TCP_ECN_QUEUE_CWR) || !trace_ecn_enabled() ||
	    !lucid_ecn_rfc3168(tp) || !skb->len ||
	    TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN ||
	    before(TCP_SKB_CB(skb)->seq, tp->snd_nxt))
		return;
	lucid_ecn_emit(sk, TCP_LUCID_ECN_CWR_SENT, TCP_SKB_CB(skb)->seq, 0);
}

/* Who reduces the window for an echo. */
static const struct lucid_caller lucid_echo_list[] = {
	{ "tcp_fastretrans_alert",	1 },
	{ "tcp_ack",			1 },
};

static struct lucid_callers lucid_echo_callers = {
	.list = lucid_echo_list,
	.nr = ARRAY_SIZE(lucid_echo_list),
};

/* The socket whose window is about to be reduced for another cause. */
static DEFINE_PER_CPU(const struct sock *, lucid_local_note);

/*
 * tcp_enter_cwr(sk): where an ACK is handled it is for an echo, and may have been
 * inlined there. Others call it for a full local queue, or a delay.
 */
static void notrace lucid_entry_enter_cwr(struct ftrace_regs *fregs,
					  unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);

	if (!trace_ecn_enabled() || inet_csk(sk)->icsk_ca_state >= TCP_CA_CWR)
		return;
	if (lucid_caller(&lucid_echo_callers, parent_ip))
		sk = NULL;
	this_cpu_write(lucid_local_note, sk);
}

/*
 * The kernel takes CWR of pure ACKs too, as some send it, and of no segment whose
 * acknowledgment is older than what it knows.
 */
static void lucid_cwr_received(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if ((cb->tcp_flags & (TCPHDR_CWR | TCPHDR_SYN)) != TCPHDR_CWR ||
	    !trace_ecn_enabled() || !lucid_ecn_rfc3168(tp) ||
	    before(cb->ack_seq, tp->snd_una) || after(cb->ack_seq, tp->snd_nxt))
		return;
	lucid_ecn_emit(sk, TCP_LUCID_ECN_CWR_RECEIVED, cb->seq,
		       lucid_marks_take(sk));
}

/* The socket whose window is about to be reduced for the loss of a tail. */
static DEFINE_PER_CPU(const struct sock *, lucid_tail_note);

/*
 * tcp_ack(sk, skb, flag): CWR; and what a probe has repaired is a loss, and reduces
 * the window (tcp_process_tlp_ack()) before the same ACK's echo can.
 */
static void notrace lucid_entry_ecn_ack(struct ftrace_regs *fregs,
					unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);

	lucid_cwr_received(sk, skb);
	/* One that comes in the midst of another's leaves that one's alone. */
	if (lucid_resend_mended_tail(tcp_sk(sk), TCP_SKB_CB(skb)->ack_seq))
		this_cpu_write(lucid_tail_note, sk);
	else if (raw_cpu_read(lucid_tail_note) == sk)
		raw_cpu_write(lucid_tail_note, NULL);
}

static void lucid_probe_cwr(void *unused, struct sock *sk, const u8 ca_state)
{
	if (ca_state != TCP_CA_CWR || !trace_ecn_enabled())
		return;
	if (raw_cpu_read(lucid_local_note) == sk)
		raw_cpu_write(lucid_local_note, NULL);
	else if (raw_cpu_read(lucid_tail_note) == sk)
		raw_cpu_write(lucid_tail_note, NULL);
	else
		lucid_ecn_emit(sk, TCP_LUCID_ECN_ECE_RECEIVED,
			       tcp_sk(sk)->snd_una, 0);
}

static struct lucid_tracepoint lucid_ecn_tracepoints[] = {
	{
		.name = "tcp_cong_state_set",
		.probe = lucid_probe_cwr,
		.provides = TCP_LUCID_CAN_ECN,
	},
};

static struct lucid_entry lucid_ecn_entries[] = {
	{
		.name = "tcp_enter_cwr",
		.call = lucid_entry_enter_cwr,
		.provides = TCP_LUCID_CAN_ECN,
	}, {
		.name = "tcp_ack",
		.call = lucid_entry_ecn_ack,
		.provides = TCP_LUCID_CAN_ECN,
	}, {
		.name = LUCID_ECN_CHECK,
		.call = lucid_entry_data,
		.provides = TCP_LUCID_CAN_ECN,
	}, {
		.name = "__tcp_transmit_skb",
		.call = lucid_entry_transmit,
		.provides = TCP_LUCID_CAN_ECN,
	},
};

static struct lucid_observer lucid_ecn_observer = {
	.tracepoints = lucid_ecn_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_ecn_tracepoints),
	.entries = lucid_ecn_entries,
	.nr_entries = ARRAY_SIZE(lucid_ecn_entries),
};

struct lucid_demand lucid_ecn_demand = {
	.hooks = LUCID_HOOKS_OF(lucid_ecn_observer),
};

/* Never called: the compiler compares the probe with the tracepoint. */
static void __maybe_unused lucid_ecn_check_types(void)
{
	check_trace_callback_type_tcp_cong_state_set(lucid_probe_cwr);
}
