// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a segment is sent again.
 *
 * The cause follows from what the socket is doing when it happens: the
 * congestion state, and the function that had it send. The socket does not say
 * which of its timers ran out, nor that it is in state Loss without a timeout;
 * both are noted when they happen.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "callers.h"
#include "compat.h"
#include "conn.h"
#include "observers.h"
#include "resend.h"

/* tcp_mstamp, the time of what is being handled, tells this from the next. */
struct lucid_cause_note {
	const struct sock *sk;
	u64 mstamp;
	u8 reason;
};

static DEFINE_PER_CPU(struct lucid_cause_note, lucid_timeout_note);
static DEFINE_PER_CPU(struct lucid_cause_note, lucid_probe_note);
static DEFINE_PER_CPU(struct lucid_cause_note, lucid_reorder_note);
static DEFINE_PER_CPU(struct lucid_cause_note, lucid_resize_note);

static void lucid_cause_set(struct lucid_cause_note __percpu *notes,
			    const struct sock *sk, u8 reason)
{
	struct lucid_cause_note *note = raw_cpu_ptr(notes);

	WRITE_ONCE(note->sk, sk);
	WRITE_ONCE(note->mstamp, tcp_sk(sk)->tcp_mstamp);
	WRITE_ONCE(note->reason, reason);
}

/* What was noted is over. */
static void lucid_cause_drop(struct lucid_cause_note __percpu *notes,
			     const struct sock *sk)
{
	struct lucid_cause_note *note = raw_cpu_ptr(notes);

	if (READ_ONCE(note->sk) == sk)
		WRITE_ONCE(note->sk, NULL);
}

/* Return: the reason noted for what @sk is doing now, or 0. */
static u8 lucid_cause(struct lucid_cause_note __percpu *notes,
		      const struct sock *sk)
{
	const struct lucid_cause_note *note = raw_cpu_ptr(notes);

	return READ_ONCE(note->sk) == sk &&
	       READ_ONCE(note->mstamp) == tcp_sk(sk)->tcp_mstamp ?
	       READ_ONCE(note->reason) : 0;
}

/*
 * State Loss without a timeout lasts for as many ACKs as it takes: what it came
 * from is kept by cookie, with the reason in the low byte. When two connections
 * meet in a slot the newer one wins; the other's segments are then AFTER_RTO.
 */
#define LUCID_LOSS_BITS		10

static atomic64_t lucid_loss_notes[1 << LUCID_LOSS_BITS];

static u8 lucid_loss_reason(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	u64 found;

	found = atomic64_read(&lucid_loss_notes[hash_64(cookie,
							LUCID_LOSS_BITS)]);
	return found >> 8 == (cookie & (U64_MAX >> 8)) ? found & 0xff : 0;
}

static void lucid_loss_set(const struct sock *sk, u8 reason)
{
	u64 cookie = lucid_conn_cookie(sk);

	atomic64_set(&lucid_loss_notes[hash_64(cookie, LUCID_LOSS_BITS)],
		     cookie << 8 | reason);
}

static u8 lucid_resend_reason_loss(const struct sock *sk)
{
	u8 reason = lucid_cause(&lucid_timeout_note, sk);

	if (!reason)
		return lucid_loss_reason(sk) ?: TCP_LUCID_RESEND_AFTER_RTO;
	/* Nobody probes the window for a socket without an application. */
	return tcp_sk(sk)->snd_wnd || sock_flag(sk, SOCK_DEAD) ?
	       reason : TCP_LUCID_RESEND_ZERO_WINDOW;
}

/* undo_marker is where the recovery found its first loss. */
static u8 lucid_resend_reason_recovery(const struct sock *sk,
				       const struct sk_buff *skb)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (TCP_SKB_CB(skb)->seq != tp->undo_marker)
		return TCP_LUCID_RESEND_RECOVERY;
	if (!tcp_is_sack(tp))
		return TCP_LUCID_RESEND_FAST_DUPACKS;
	return lucid_cause(&lucid_reorder_note, sk) ?: TCP_LUCID_RESEND_FAST;
}

/**
 * lucid_resend_reason() - why is this segment being sent again?
 * @sk: a full socket
 * @skb: the segment, in its retransmission queue
 *
 * Return: TCP_LUCID_RESEND_*
 */
u8 lucid_resend_reason(const struct sock *sk, const struct sk_buff *skb)
{
	u8 flags = TCP_SKB_CB(skb)->tcp_flags;
	u8 reason;

	if (flags & TCPHDR_SYN) {
		reason = flags & TCPHDR_ACK ? TCP_LUCID_RESEND_SYNACK :
					      TCP_LUCID_RESEND_SYN;
		return lucid_cause(&lucid_resize_note, sk) ?: reason;
	}
	reason = lucid_cause(&lucid_probe_note, sk);
	if (reason)
		return reason;
	switch (inet_csk(sk)->icsk_ca_state) {
	case TCP_CA_Loss:
		return lucid_resend_reason_loss(sk);
	case TCP_CA_Recovery:
		return lucid_resend_reason_recovery(sk, skb);
	default:
		return TCP_LUCID_RESEND_UNKNOWN;
	}
}

/**
 * lucid_resend_by_timeout() - is @sk serving its retransmission timer?
 * @sk: a full socket
 *
 * Return: false also if what is being served is an ACK, or an ICMP message
 * about the path MTU.
 */
bool lucid_resend_by_timeout(const struct sock *sk)
{
	return lucid_cause(&lucid_timeout_note, sk);
}

/**
 * lucid_resend_by_reorder_timer() - is @sk serving RACK's reordering timer?
 * @sk: a full socket
 *
 * Return: whether it is.
 */
bool lucid_resend_by_reorder_timer(const struct sock *sk)
{
	return lucid_cause(&lucid_reorder_note, sk);
}

static bool lucid_resend_wanted(void)
{
	return trace_retransmit_enabled() || trace_retransmit_failed_enabled() ||
	       trace_fast_retransmit_enabled() || trace_summary_enabled();
}

/* tcp_enter_loss(sk): nobody calls it but the retransmission timer. */
static void notrace lucid_entry_timeout(struct ftrace_regs *fregs,
					unsigned long parent_ip)
{
	if (lucid_resend_wanted())
		lucid_cause_set(&lucid_timeout_note, lucid_arg(fregs, 0),
				TCP_LUCID_RESEND_RTO);
}

/* tcp_send_loss_probe(sk) */
static void notrace lucid_entry_probe(struct ftrace_regs *fregs,
				      unsigned long parent_ip)
{
	if (lucid_resend_wanted())
		lucid_cause_set(&lucid_probe_note, lucid_arg(fregs, 0),
				TCP_LUCID_RESEND_TLP);
}

/* tcp_rack_reo_timeout(sk): segments have been out of order for too long. */
static void notrace lucid_entry_reorder_timer(struct ftrace_regs *fregs,
					      unsigned long parent_ip)
{
	if (lucid_resend_wanted())
		lucid_cause_set(&lucid_reorder_note, lucid_arg(fregs, 0),
				TCP_LUCID_RESEND_FAST_TIMER);
}

static const struct lucid_caller lucid_resize_list[] = {
	{ "tcp_fastretrans_alert",	TCP_LUCID_RESEND_MTU_PROBE },
	{ "tcp_ack",			TCP_LUCID_RESEND_MTU_PROBE },
};

static struct lucid_callers lucid_resize_callers = {
	.list = lucid_resize_list,
	.nr = ARRAY_SIZE(lucid_resize_list),
};

/*
 * tcp_simple_retransmit(sk): segments were too large. A probe of the path MTU did
 * not come through if an ACK has shown it; otherwise ICMP said so, maybe while the
 * socket was in use: then it is dealt with when that is over.
 *
 * ICMP does not move tcp_mstamp on: what a timer has sent, and the router has
 * sent back, would still be what the socket is doing. It is in Loss by then.
 */
static void notrace lucid_entry_resize(struct ftrace_regs *fregs,
				       unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	u8 reason;

	if (!lucid_resend_wanted())
		return;
	reason = lucid_caller(&lucid_resize_callers, parent_ip) ?:
		 TCP_LUCID_RESEND_RESIZE;
	lucid_cause_set(&lucid_resize_note, sk, reason);
	lucid_cause_drop(&lucid_timeout_note, sk);
	lucid_cause_drop(&lucid_probe_note, sk);
	if (inet_csk(sk)->icsk_ca_state == TCP_CA_Loss)
		lucid_loss_set(sk, reason);
}

/*
 * Beside a timeout and segments that were too large there is one way into state
 * Loss: the SYN-ACK did not acknowledge the data of the SYN.
 */
static void lucid_probe_loss(void *unused, struct sock *sk, const u8 ca_state)
{
	u8 reason = 0;

	if (ca_state != TCP_CA_Loss || !lucid_resend_wanted())
		return;
	if (!lucid_cause(&lucid_timeout_note, sk))
		reason = lucid_cause(&lucid_resize_note, sk) ?:
			 TCP_LUCID_RESEND_FAST_OPEN;
	if (reason || lucid_loss_reason(sk))
		lucid_loss_set(sk, reason);
}

#define LUCID_CAN_RESEND \
	(TCP_LUCID_CAN_RETRANSMIT | TCP_LUCID_CAN_FAST_RETRANSMIT)

static struct lucid_tracepoint lucid_resend_tracepoints[] = {
	{
		.name = "tcp_cong_state_set",
		.probe = lucid_probe_loss,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	},
};

static struct lucid_entry lucid_resend_entries[] = {
	{
		.name = "tcp_enter_loss",
		.call = lucid_entry_timeout,
		.provides = LUCID_CAN_RESEND,
	}, {
		.name = "tcp_send_loss_probe",
		.call = lucid_entry_probe,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	}, {
		.name = "tcp_rack_reo_timeout",
		.call = lucid_entry_reorder_timer,
		.provides = LUCID_CAN_RESEND,
	}, {
		.name = "tcp_simple_retransmit",
		.call = lucid_entry_resize,
		.provides = TCP_LUCID_CAN_RETRANSMIT,
	},
};

struct lucid_observer lucid_resend_observer = {
	.tracepoints = lucid_resend_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_resend_tracepoints),
	.entries = lucid_resend_entries,
	.nr_entries = ARRAY_SIZE(lucid_resend_entries),
};

/* Never called: the compiler compares the probe with the tracepoint. */
static void __maybe_unused lucid_resend_check_types(void)
{
	check_trace_callback_type_tcp_cong_state_set(lucid_probe_loss);
}
