// SPDX-License-Identifier: GPL-2.0-only
/*
 * Congestion signals
 *
 * The core asks a control for ssthresh and does not say why. Circumstances tell.
 * The RTO is followed at once by CA_EVENT_LOSS, fast recovery by its change of
 * state. State CWR follows three: a loss that the tail loss probe repaired
 * (tcp_process_tlp_ack()), before anything else is made of the same ACK; and
 * tcp_enter_cwr(), which forgets how to undo before it asks, of an ECN echo,
 * which the control has just heard of, or of a full local queue.
 */
#include "signals.h"

#include <linux/hash.h>
#include <uapi/linux/tcp_lucid.h>

#include "compat.h"
#include "resend.h"

/* RFC 3168 leaves it to the timer's exponential backoff; ten doublings of the
 * least RTO are beyond the largest.
 */
#define LUCID_HOLDS_MAX		10

/*
 * Under fq packets wait in the queue, and pure ACKs with them, for as long as an
 * ACK may be late.
 */
#define LUCID_HOLD_FQ		TCP_DELACK_MAX

/*
 * An fq that does not know of the socket, on the way out of a container, holds its
 * ACKs back all the same, and drops what is more than 10 s away.
 */
#define LUCID_HOLD_MAX		(8 * HZ)

/**
 * lucid_signal_ack() - an ACK has arrived, no loss is made of it yet
 * @sk: a socket on one of our controls, locked; snd_una is the ACK's already
 * @flow: in its private state
 * @flags: CA_ACK_*
 */
void lucid_signal_ack(const struct sock *sk, struct lucid_flow *flow, u32 flags)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	flow->ece = !!(flags & CA_ACK_ECE);
	flow->tail = lucid_resend_mended_tail(tp, tp->snd_una);
}

/**
 * lucid_signal_idle() - sending begins anew: no ACK is being served any more
 * @flow: in a socket's private state
 */
void lucid_signal_idle(struct lucid_flow *flow)
{
	flow->ece = 0;
	flow->tail = 0;
}

/**
 * lucid_signal() - ssthresh is being asked for: what told of congestion
 * @sk: a socket on one of our controls, locked
 * @flow: in its private state
 *
 * A loss and a mark that come with the same ACK are a loss (RFC 8511, 3.1).
 *
 * Return: LUCID_SIGNAL_ECE or LUCID_SIGNAL_LOSS.
 */
enum lucid_signal lucid_signal(const struct sock *sk, struct lucid_flow *flow)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	bool tail = flow->tail;

	flow->reducing = 1;
	flow->was_slow_start = tcp_in_slow_start(tp);
	flow->tail = 0;
	flow->cwr = tail ? TCP_LUCID_CAUSE_LOSS :
		    flow->ece ? TCP_LUCID_CAUSE_ECE : TCP_LUCID_CAUSE_LOCAL;
	if (!tail && flow->ece && !tp->prior_ssthresh && !tp->undo_marker)
		return LUCID_SIGNAL_ECE;
	return LUCID_SIGNAL_LOSS;
}

/**
 * lucid_signal_cause_loss() - CA_EVENT_LOSS has come
 * @flow: in a socket's private state
 *
 * It comes with an RTO, also with one that an ICMP message brought forward.
 *
 * Return: TCP_LUCID_CAUSE_RTO.
 */
u8 lucid_signal_cause_loss(struct lucid_flow *flow)
{
	flow->reducing = 0;
	flow->rto = 1;
	return TCP_LUCID_CAUSE_RTO;
}

/**
 * lucid_signal_cause() - the socket's recovery state is about to change
 * @sk: a socket on one of our controls, locked
 * @flow: in its private state
 * @new_state: TCP_CA_*
 *
 * An RTO that ends a recovery brings no CA_EVENT_LOSS: the window has been
 * reduced already. It is told from a path MTU that shrank, which is state Loss
 * too, by the timer: no longer pending while it is served.
 *
 * Return: TCP_LUCID_CAUSE_* of a reduction that this change belongs to and that
 * has not been told yet, or 0.
 */
u8 lucid_signal_cause(const struct sock *sk, struct lucid_flow *flow,
		      u8 new_state)
{
	bool reducing = flow->reducing;
	bool rto = flow->rto;

	flow->reducing = 0;
	flow->rto = 0;

	if (new_state == TCP_CA_Loss)
		return rto || inet_csk(sk)->icsk_pending ?
		       0 : TCP_LUCID_CAUSE_RTO_AGAIN;
	if (!reducing)
		return 0;
	return new_state == TCP_CA_CWR ? flow->cwr : TCP_LUCID_CAUSE_LOSS;
}

/**
 * lucid_signal_release() - the socket is no longer on this control
 * @sk: a socket, locked
 * @flow: in its private state
 *
 * Pacing is what holds a packet back. It may be somebody else's wish, too.
 */
void lucid_signal_release(struct sock *sk, struct lucid_flow *flow)
{
	if (flow->paced && READ_ONCE(sk->sk_max_pacing_rate) == ~0UL)
		cmpxchg(&sk->sk_pacing_status, SK_PACING_NEEDED,
			SK_PACING_NONE);
	flow->paced = 0;
}

/*
 * Without pacing the core still takes the time when the next packet may go for
 * the one at which it went, and would measure round trips from there. It makes
 * timestamps of it, too, of pure ACKs as well: going back, the next data would have
 * an older one than the peer knows, and be dropped for it (RFC 7323, 5.3). That wait
 * runs out.
 */
static void lucid_hold_end(struct sock *sk, struct lucid_flow *flow)
{
	struct tcp_sock *tp = tcp_sk(sk);

	flow->holds = 0;
	if (READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ) {
		if (tp->rx_opt.tstamp_ok &&
		    tp->tcp_wstamp_ns > tp->tcp_clock_cache)
			return;
		tp->tcp_wstamp_ns = min(tp->tcp_wstamp_ns, tp->tcp_clock_cache);
	}
	lucid_signal_release(sk, flow);
}

/* Is the window's own reduction under way, for losses? */
static bool lucid_recovering(const struct sock *sk)
{
	u8 state = inet_csk(sk)->icsk_ca_state;

	return (state == TCP_CA_Recovery || state == TCP_CA_Loss) &&
	       !after(tcp_sk(sk)->snd_una, tcp_sk(sk)->high_seq);
}

/**
 * lucid_signal_hold() - marks go on though the window is down to one packet
 * @sk: a socket on one of our controls, locked, serving an ACK
 * @flow: in its private state, after lucid_signal_ack()
 *
 * RFC 9438 section 4.6: it MUST reduce its rate even further; RFC 3168 section
 * 6.1.2: it sends its next packet when the retransmission timer would have run
 * out, and waits twice as long each time that one comes back marked. The core
 * lets a packet go at tcp_wstamp_ns, if pacing is on. The first ACK without a
 * mark is the end of it, or with timestamps of its doubling. The peer echoes a
 * mark until it hears of CWR: a segment that acknowledges nothing new only says
 * again what is known, and so do all amid a recovery, in which the window may be
 * one packet for other reasons. What is sent again neither carries CWR nor can be
 * marked (RFC 3168 section 6.1.5).
 */
void lucid_signal_hold(struct sock *sk, struct lucid_flow *flow)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 una = hash_32(tp->snd_una, LUCID_HELD_UNA_BITS);
	bool known = flow->held_una == una || lucid_recovering(sk);
	u64 delay, most;

	if (flow->ece)
		flow->held_una = una;
	if (!flow->ece || tcp_snd_cwnd(tp) > 1) {
		if (flow->holds || flow->paced)
			lucid_hold_end(sk, flow);
		return;
	}
	if (known)
		return;

	if (cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE,
		    SK_PACING_NEEDED) == SK_PACING_NONE)
		flow->paced = 1;
	/* Not beyond the timer of probes, which would send it unasked. */
	most = sk->sk_pacing_status == SK_PACING_FQ ?
	       LUCID_HOLD_FQ :
	       min_t(u64, LUCID_HOLD_MAX, lucid_rto_max(sk) - TCP_RTO_MIN);
	delay = min_t(u64, (u64)inet_csk(sk)->icsk_rto << flow->holds, most);
	tp->tcp_wstamp_ns = max(tp->tcp_wstamp_ns,
				tp->tcp_clock_cache +
				(u64)jiffies_to_usecs(delay) * NSEC_PER_USEC);
	if (flow->holds < LUCID_HOLDS_MAX)
		flow->holds++;
}
