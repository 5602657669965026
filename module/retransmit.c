// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: what is sent again and why, and fast recovery's beginning and end.
 *
 * The kernel has one tracepoint for every segment that is sent again and none
 * for the cause. The cause follows from what the socket is doing at that
 * moment: the congestion state, and which timer, if any, is being served.
 */
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "observers.h"

/*
 * Two causes leave no trace in the socket: that RACK's reordering timer started
 * a recovery, and that state Loss came without a timeout, because the path MTU
 * shrank. They are noted when they happen; tcp_mstamp, the time of the event
 * that is being handled, tells this one from the next.
 */
struct lucid_cause_note {
	const struct sock *sk;
	u64 mstamp;
};

static DEFINE_PER_CPU(struct lucid_cause_note, lucid_reorder_note);
static DEFINE_PER_CPU(struct lucid_cause_note, lucid_resize_note);

static void lucid_cause_set(struct lucid_cause_note __percpu *notes,
			    const struct sock *sk)
{
	struct lucid_cause_note *note = raw_cpu_ptr(notes);

	WRITE_ONCE(note->sk, sk);
	WRITE_ONCE(note->mstamp, tcp_sk(sk)->tcp_mstamp);
}

static bool lucid_cause_is(struct lucid_cause_note __percpu *notes,
			   const struct sock *sk)
{
	const struct lucid_cause_note *note = raw_cpu_ptr(notes);

	return READ_ONCE(note->sk) == sk &&
	       READ_ONCE(note->mstamp) == tcp_sk(sk)->tcp_mstamp;
}

/*
 * Whether a segment had been sent again before, as it was when this attempt
 * began: some kernels mark it before their tracepoint fires, some after.
 */
static DEFINE_PER_CPU(struct lucid_attempt_note {
	const struct sk_buff *skb;
	bool again;
}, lucid_attempt_note);

/*
 * In state Loss the timer clears icsk_pending before it sends anything; on an
 * ACK it is never 0, since the timer is armed as long as data is outstanding.
 */
static u8 lucid_resend_reason_loss(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	/* Nobody probes the window for a socket without an application. */
	if (!inet_csk(sk)->icsk_pending)
		return tp->snd_wnd || sock_flag(sk, SOCK_DEAD) ?
		       TCP_LUCID_RESEND_RTO : TCP_LUCID_RESEND_ZERO_WINDOW;
	return lucid_cause_is(&lucid_resize_note, sk) ?
	       TCP_LUCID_RESEND_RESIZE : TCP_LUCID_RESEND_AFTER_RTO;
}

static u8 lucid_resend_reason(const struct sock *sk, u8 flags)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);

	if (flags & TCPHDR_SYN)
		return flags & TCPHDR_ACK ? TCP_LUCID_RESEND_SYNACK :
					    TCP_LUCID_RESEND_SYN;
	switch (icsk->icsk_ca_state) {
	case TCP_CA_Loss:
		return lucid_resend_reason_loss(sk);
	case TCP_CA_Recovery:
		return TCP_LUCID_RESEND_FAST;
	default:
		return icsk->icsk_pending == ICSK_TIME_LOSS_PROBE ?
		       TCP_LUCID_RESEND_TLP : TCP_LUCID_RESEND_UNKNOWN;
	}
}

static u16 lucid_resend_attempt(const struct sock *sk,
				const struct sk_buff *skb, u8 reason)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct lucid_attempt_note *note;

	switch (reason) {
	case TCP_LUCID_RESEND_SYN:
	case TCP_LUCID_RESEND_SYNACK:
	case TCP_LUCID_RESEND_RTO:
		return icsk->icsk_retransmits;
	case TCP_LUCID_RESEND_ZERO_WINDOW:
		return icsk->icsk_backoff + 1;
	default:
		note = raw_cpu_ptr(&lucid_attempt_note);
		return READ_ONCE(note->skb) == skb && READ_ONCE(note->again) ?
		       2 : 1;
	}
}

static void lucid_retransmitted(const struct sock *sk,
				const struct sk_buff *skb)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_retransmit rtx;
	struct lucid_conn conn;

	if (sk->sk_state == TCP_SYN_SENT)
		lucid_handshake_syn_resent(sk, skb);
	if (!trace_retransmit_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	rtx = (struct lucid_retransmit) {
		.seq = TCP_SKB_CB(skb)->seq,
		.len = skb->len,
		.segs = tcp_skb_pcount(skb),
		.cwnd = tcp_snd_cwnd(tp),
		.ssthresh = tp->snd_ssthresh,
		.in_flight = tcp_packets_in_flight(tp),
		.srtt_us = tp->srtt_us >> 3,
		.rto_us = jiffies_to_usecs(icsk->icsk_rto),
		.flags = TCP_SKB_CB(skb)->tcp_flags,
		.state = sk->sk_state,
		.ca_state = icsk->icsk_ca_state,
	};
	rtx.reason = lucid_resend_reason(sk, rtx.flags);
	rtx.attempt = lucid_resend_attempt(sk, skb, rtx.reason);
	trace_retransmit(&conn, &rtx);
}

#ifdef LUCID_HAVE_RETRANSMIT_ERR
/* 7.2 tells of failed attempts as well. */
static void lucid_probe_retransmit(void *unused, const struct sock *sk,
				   const struct sk_buff *skb, int err)
{
	if (!err)
		lucid_retransmitted(sk, skb);
}
#else
static void lucid_probe_retransmit(void *unused, const struct sock *sk,
				   const struct sk_buff *skb)
{
	lucid_retransmitted(sk, skb);
}
#endif

/*
 * A SYN-ACK of a request socket, or with Fast Open of the child: @listener is
 * that then. A timer that is being served is not pending; if it is, the peer's
 * SYN has come again and that is being answered.
 */
static void lucid_probe_retransmit_synack(void *unused,
					  const struct sock *listener,
					  const struct request_sock *req)
{
	struct lucid_retransmit rtx;
	struct lucid_conn conn;
	bool timer;

	if (!trace_retransmit_enabled())
		return;
	if (tcp_rsk(req)->tfo_listener) {
		lucid_conn_from_sock(&conn, listener);
		timer = !inet_csk(listener)->icsk_pending;
	} else {
		lucid_conn_from_request(&conn, req);
		timer = !timer_pending(&req->rsk_timer);
	}
	rtx = (struct lucid_retransmit) {
		.seq = tcp_rsk(req)->snt_isn,
		.segs = 1,
		.flags = TCPHDR_SYN | TCPHDR_ACK,
		.state = TCP_NEW_SYN_RECV,
		.reason = timer ? TCP_LUCID_RESEND_SYNACK :
				  TCP_LUCID_RESEND_SYNACK_DUP,
		.attempt = req->num_retrans + 1,
	};
	trace_retransmit(&conn, &rtx);
}

/*
 * The window that recovery leaves behind. The core sets it to ssthresh just
 * after the state, unless the control sets the window itself (BBR).
 */
static u32 lucid_recovery_cwnd(const struct sock *sk, u8 how)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (how == TCP_LUCID_RECOVERY_COMPLETE &&
	    !inet_csk(sk)->icsk_ca_ops->cong_control)
		return tp->snd_ssthresh;
	return tcp_snd_cwnd(tp);
}

static void lucid_recovery_emit(const struct sock *sk, bool began, u8 how)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_recovery rec = {
		.snd_una = tp->snd_una,
		.recover = tp->high_seq,
		.cwnd = lucid_recovery_cwnd(sk, how),
		.prior_cwnd = tp->prior_cwnd,
		.ssthresh = tp->snd_ssthresh,
		.in_flight = tcp_packets_in_flight(tp),
		.lost_out = tp->lost_out,
		.sacked_out = tp->sacked_out,
		.began = began,
		.how = how,
	};
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	trace_fast_retransmit(&conn, &rec);
}

static u8 lucid_recovery_trigger(const struct sock *sk)
{
	if (!tcp_is_sack(tcp_sk(sk)))
		return TCP_LUCID_RECOVERY_DUPACKS;
	return lucid_cause_is(&lucid_reorder_note, sk) ?
	       TCP_LUCID_RECOVERY_REORDER_TIMER : TCP_LUCID_RECOVERY_SACK;
}

static u8 lucid_recovery_end(const struct sock *sk, u8 new_ca_state)
{
	if (new_ca_state == TCP_CA_Loss)
		return inet_csk(sk)->icsk_pending ? TCP_LUCID_RECOVERY_RESIZED :
						    TCP_LUCID_RECOVERY_TIMEOUT;
	/* Undoing a reduction leaves nothing more to undo. */
	return tcp_sk(sk)->undo_marker ? TCP_LUCID_RECOVERY_COMPLETE :
					 TCP_LUCID_RECOVERY_UNDONE;
}

/* Runs before the new state is stored: the old one is still in the socket. */
static void lucid_probe_ca_state(void *unused, struct sock *sk,
				 const u8 ca_state)
{
	u8 old = inet_csk(sk)->icsk_ca_state;

	if (ca_state == TCP_CA_Loss && inet_csk(sk)->icsk_pending)
		lucid_cause_set(&lucid_resize_note, sk);
	if (old != ca_state)
		lucid_limited_ca_state(sk, ca_state);
	if (!trace_fast_retransmit_enabled() || old == ca_state ||
	    sk->sk_state == TCP_CLOSE)
		return;
	if (ca_state == TCP_CA_Recovery)
		lucid_recovery_emit(sk, true, lucid_recovery_trigger(sk));
	else if (old == TCP_CA_Recovery)
		lucid_recovery_emit(sk, false,
				    lucid_recovery_end(sk, ca_state));
}

/**
 * lucid_recovery_closed() - end a recovery with its connection
 * @sk: a socket that is moving to CLOSE
 */
void lucid_recovery_closed(const struct sock *sk)
{
	if (trace_fast_retransmit_enabled() &&
	    inet_csk(sk)->icsk_ca_state == TCP_CA_Recovery)
		lucid_recovery_emit(sk, false, TCP_LUCID_RECOVERY_CLOSED);
}

/* tcp_rack_reo_timeout(sk): segments have been out of order for too long. */
static void notrace lucid_entry_reorder_timer(struct ftrace_regs *fregs,
					      unsigned long parent_ip)
{
	if (trace_fast_retransmit_enabled())
		lucid_cause_set(&lucid_reorder_note, lucid_arg(fregs, 0));
}

/*
 * tcp_retransmit_skb(sk, skb, segs), and the same of __tcp_retransmit_skb(),
 * which tail loss probes call directly and some compilers inline otherwise.
 */
static void notrace lucid_entry_retransmit(struct ftrace_regs *fregs,
					   unsigned long parent_ip)
{
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	struct lucid_attempt_note *note;

	if (!trace_retransmit_enabled())
		return;
	note = this_cpu_ptr(&lucid_attempt_note);
	WRITE_ONCE(note->skb, skb);
	WRITE_ONCE(note->again, TCP_SKB_CB(skb)->sacked & TCPCB_EVER_RETRANS);
}

static struct lucid_tracepoint lucid_retransmit_tracepoints[] = {
	{
		.name = "tcp_retransmit_skb",
		.probe = lucid_probe_retransmit,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	}, {
		.name = "tcp_retransmit_synack",
		.probe = lucid_probe_retransmit_synack,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	}, {
		.name = "tcp_cong_state_set",
		.probe = lucid_probe_ca_state,
		.provides = TCP_LUCID_CAN_FAST_RETRANSMIT,
	},
};

static struct lucid_entry lucid_retransmit_entries[] = {
	{
		.name = "tcp_rack_reo_timeout",
		.call = lucid_entry_reorder_timer,
		.provides = TCP_LUCID_CAN_FAST_RETRANSMIT,
	}, {
		.name = "tcp_retransmit_skb",
		.call = lucid_entry_retransmit,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	}, {
		.name = "__tcp_retransmit_skb",
		.call = lucid_entry_retransmit,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	},
};

struct lucid_observer lucid_retransmit_observer = {
	.tracepoints = lucid_retransmit_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_retransmit_tracepoints),
	.entries = lucid_retransmit_entries,
	.nr_entries = ARRAY_SIZE(lucid_retransmit_entries),
};

/* Never called: the compiler compares the probes with the tracepoints. */
static void __maybe_unused lucid_retransmit_check_types(void)
{
	check_trace_callback_type_tcp_retransmit_skb(lucid_probe_retransmit);
	check_trace_callback_type_tcp_retransmit_synack(lucid_probe_retransmit_synack);
	check_trace_callback_type_tcp_cong_state_set(lucid_probe_ca_state);
}
