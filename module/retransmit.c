// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: what is sent again, and what could not be.
 *
 * The kernel has one tracepoint for every segment that is sent again and none
 * for the cause; resend.c knows that. Only 7.2's tracepoint tells of attempts
 * that failed. Elsewhere an attempt has failed if it began and the tracepoint
 * did not fire: it is told at the end of the softirq.
 */
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "observers.h"
#include "resend.h"
#include "summary.h"

/*
 * The attempt that is being made. Two for each CPU: one of a process, and one of
 * a softirq that may come in between.
 */
struct lucid_attempt {
	struct tasklet_struct over;
	struct lucid_conn conn;
	struct lucid_retransmit rtx;
	const struct sk_buff *skb;
	const struct task_struct *task;	/* who makes it; NULL: a softirq */
	bool again;			/* it was sent again before */
	bool open;			/* what became of it is not known */
};

static DEFINE_PER_CPU(struct lucid_attempt[2], lucid_attempts);

static struct lucid_attempt *lucid_attempt_here(void)
{
	struct lucid_attempt *attempts = *raw_cpu_ptr(&lucid_attempts);

	return &attempts[!!in_softirq()];
}

/*
 * How often the timer has run out on a window that was taken back. 6.1 does not
 * count that, and only doubles the timeout.
 */
static u16 lucid_shrunk_attempt(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	u32 doublings, rto = __tcp_set_rto(tcp_sk(sk));

	doublings = rto && icsk->icsk_rto > rto ? ilog2(icsk->icsk_rto / rto) :
						  0;
	return max_t(u32, icsk->icsk_backoff, doublings) + 1;
}

static u16 lucid_resend_attempt(const struct sock *sk,
				const struct sk_buff *skb, u8 reason)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct lucid_attempt *attempt;

	switch (reason) {
	case TCP_LUCID_RESEND_SYN:
	case TCP_LUCID_RESEND_SYNACK:
	case TCP_LUCID_RESEND_RTO:
		return icsk->icsk_retransmits;
	case TCP_LUCID_RESEND_ZERO_WINDOW:
		return lucid_shrunk_attempt(sk);
	default:
		attempt = lucid_attempt_here();
		return attempt->skb == skb && attempt->again ? 2 : 1;
	}
}

static struct lucid_retransmit lucid_resend_record(const struct sock *sk,
						   const struct sk_buff *skb)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct tcp_sock *tp = tcp_sk(sk);
	u8 reason = lucid_resend_reason(sk, skb);

	return (struct lucid_retransmit) {
		.seq = TCP_SKB_CB(skb)->seq,
		.len = skb->len,
		.segs = tcp_skb_pcount(skb),
		.cwnd = tcp_snd_cwnd(tp),
		.ssthresh = tp->snd_ssthresh,
		.in_flight = tcp_packets_in_flight(tp),
		.srtt_us = tp->srtt_us >> 3,
		.rto_us = jiffies_to_usecs(icsk->icsk_rto),
		.attempt = lucid_resend_attempt(sk, skb, reason),
		.reason = reason,
		.flags = TCP_SKB_CB(skb)->tcp_flags,
		.state = sk->sk_state,
		.ca_state = icsk->icsk_ca_state,
	};
}

static void lucid_retransmitted(const struct sock *sk,
				const struct sk_buff *skb)
{
	struct lucid_retransmit rtx;
	struct lucid_conn conn;

	if (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN)
		lucid_handshake_syn_resent(sk, skb);
	if (!trace_retransmit_enabled() && !trace_summary_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	rtx = lucid_resend_record(sk, skb);
	lucid_summary_resent(sk, rtx.reason, rtx.segs);
	trace_retransmit(&conn, &rtx);
}

/* Nothing came of it. */
static void lucid_attempt_failed(struct lucid_attempt *attempt, int err)
{
	if (!attempt->open)
		return;
	attempt->open = false;
	/* Where it is positive, the local queue has dropped it. */
	if (err)
		attempt->rtx.err = err < 0 ? -err : ENOBUFS;
	trace_retransmit_failed(&attempt->conn, &attempt->rtx);
}

/*
 * The softirq that made the attempt is over. A process that did may just have
 * been interrupted.
 */
static void lucid_attempt_over(struct tasklet_struct *over)
{
	struct lucid_attempt *attempt = container_of(over, struct lucid_attempt,
						     over);

	/* With PREEMPT_RT one of a process may begin in its place. */
	preempt_disable();
	if (attempt->open && attempt->task == current)
		tasklet_schedule(over);
	else
		lucid_attempt_failed(attempt, 0);
	preempt_enable();
}

/*
 * What is in @skb beyond @segs segments will be cut off. A segment that is still
 * on its way through the host is not sent another time.
 */
static void lucid_attempt_begins(struct lucid_attempt *attempt,
				 const struct sock *sk,
				 const struct sk_buff *skb, int segs)
{
	u32 mss = max(tcp_sk(sk)->mss_cache, 1U);

	lucid_conn_from_sock(&attempt->conn, sk);
	attempt->rtx = lucid_resend_record(sk, skb);
	attempt->rtx.len = min_t(u32, skb->len, segs * mss);
	attempt->rtx.segs = max(DIV_ROUND_UP(attempt->rtx.len, mss), 1U);
	attempt->rtx.err = skb_fclone_busy(sk, skb) ? EBUSY : 0;
	attempt->task = in_softirq() ? NULL : current;
	attempt->open = true;
	tasklet_schedule(&attempt->over);
}

#ifdef LUCID_HAVE_RETRANSMIT_ERR
static void lucid_probe_retransmit(void *unused, const struct sock *sk,
				   const struct sk_buff *skb, int err)
{
	struct lucid_attempt *attempt;

	/* This kernel's tracepoints leave preemption as it is. */
	preempt_disable();
	attempt = lucid_attempt_here();
	if (attempt->skb == skb) {
		if (err)
			lucid_attempt_failed(attempt, err);
		attempt->open = false;
	}
	preempt_enable();
	if (!err)
		lucid_retransmitted(sk, skb);
}
#else
static void lucid_probe_retransmit(void *unused, const struct sock *sk,
				   const struct sk_buff *skb)
{
	struct lucid_attempt *attempt = lucid_attempt_here();

	if (attempt->skb == skb)
		attempt->open = false;
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
	u8 state = TCP_NEW_SYN_RECV;
	struct lucid_retransmit rtx;
	struct lucid_conn conn;
	bool timer;

	if (!trace_retransmit_enabled())
		return;
	if (tcp_rsk(req)->tfo_listener) {
		lucid_conn_from_sock(&conn, listener);
		state = listener->sk_state;
		timer = !inet_csk(listener)->icsk_pending;
	} else {
		lucid_conn_from_request(&conn, req);
		timer = !timer_pending(&req->rsk_timer);
	}
	rtx = (struct lucid_retransmit) {
		.seq = tcp_rsk(req)->snt_isn,
		.segs = 1,
		.flags = TCPHDR_SYN | TCPHDR_ACK,
		.state = state,
		.reason = timer ? TCP_LUCID_RESEND_SYNACK :
				  TCP_LUCID_RESEND_SYNACK_DUP,
		/* The kernel counts both when this is done. */
		.attempt = timer ? req->num_timeout + 1 :
			   req->num_retrans ? 2 : 1,
	};
	trace_retransmit(&conn, &rtx);
}

static void lucid_attempt(const struct sock *sk, const struct sk_buff *skb,
			  int segs, bool inner)
{
	struct lucid_attempt *attempt;

	if (!trace_retransmit_enabled() && !trace_retransmit_failed_enabled())
		return;
	attempt = lucid_attempt_here();
	if (inner && attempt->open && attempt->skb == skb)
		return;
	lucid_attempt_failed(attempt, 0);
	attempt->skb = skb;
	/* Some kernels mark it before their tracepoint fires, some after. */
	attempt->again = TCP_SKB_CB(skb)->sacked & TCPCB_EVER_RETRANS;
	if (trace_retransmit_failed_enabled())
		lucid_attempt_begins(attempt, sk, skb, segs);
}

/* tcp_retransmit_skb(sk, skb, segs) */
static void notrace lucid_entry_retransmit(struct ftrace_regs *fregs,
					   unsigned long parent_ip)
{
	lucid_attempt(lucid_arg(fregs, 0), lucid_arg(fregs, 1),
		      (unsigned long)lucid_arg(fregs, 2), false);
}

/*
 * __tcp_retransmit_skb(sk, skb, segs): called by the other, where the compiler
 * has not inlined it there, and by tail loss probes.
 */
static void notrace lucid_entry_retransmit_inner(struct ftrace_regs *fregs,
						 unsigned long parent_ip)
{
	lucid_attempt(lucid_arg(fregs, 0), lucid_arg(fregs, 1),
		      (unsigned long)lucid_arg(fregs, 2), true);
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
	},
};

static struct lucid_entry lucid_retransmit_entries[] = {
	{
		.name = "tcp_retransmit_skb",
		.call = lucid_entry_retransmit,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	}, {
		.name = "__tcp_retransmit_skb",
		.call = lucid_entry_retransmit_inner,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	},
};

struct lucid_observer lucid_retransmit_observer = {
	.tracepoints = lucid_retransmit_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_retransmit_tracepoints),
	.entries = lucid_retransmit_entries,
	.nr_entries = ARRAY_SIZE(lucid_retransmit_entries),
};

/**
 * lucid_retransmit_init() - to be called before any observer is attached
 */
void lucid_retransmit_init(void)
{
	struct lucid_attempt *attempts;
	int cpu;

	for_each_possible_cpu(cpu) {
		attempts = per_cpu(lucid_attempts, cpu);
		tasklet_setup(&attempts[0].over, lucid_attempt_over);
		tasklet_setup(&attempts[1].over, lucid_attempt_over);
	}
}

/**
 * lucid_retransmit_exit() - to be called when no observer is attached any more
 *
 * Context: May sleep.
 */
void lucid_retransmit_exit(void)
{
	struct lucid_attempt *attempts;
	int cpu;

	for_each_possible_cpu(cpu) {
		attempts = per_cpu(lucid_attempts, cpu);
		tasklet_kill(&attempts[0].over);
		tasklet_kill(&attempts[1].over);
	}
}

/* Never called: the compiler compares the probes with the tracepoints. */
static void __maybe_unused lucid_retransmit_check_types(void)
{
	check_trace_callback_type_tcp_retransmit_skb(lucid_probe_retransmit);
	check_trace_callback_type_tcp_retransmit_synack(lucid_probe_retransmit_synack);
}
