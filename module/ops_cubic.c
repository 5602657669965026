// SPDX-License-Identifier: GPL-2.0-only
/*
 * lucid: CUBIC (RFC 9438) as a tcp_congestion_ops. Translates the kernel's
 * callbacks to the arithmetic of cubic.c and slow_start.c, and nothing else.
 * Loss detection and recovery (RFC 6675, 8985, 9937) are the core's.
 *
 * All callbacks run with the socket locked or in softirq on its behalf, and
 * must not sleep.
 *
 * The order in which one ACK calls: pkts_acked (a round-trip time), in_ack_event
 * (does it carry an ECN echo?), then either ssthresh and set_state, or cong_avoid.
 */
#include <linux/module.h>

#include "compat.h"
#include "congestion.h"
#include "cubic.h"
#include "decisions.h"
#include "info.h"
#include "params.h"
#include "signals.h"
#include "slow_start.h"
#include "watch.h"

struct lucid {
	struct lucid_cubic cubic;
	struct lucid_slow_start slow_start;
	struct lucid_cubic_params par;
	struct lucid_flow flow;
};

static void lucid_op_watch(struct sock *sk, u8 ca_state)
{
	struct lucid *ca = inet_csk_ca(sk);

	if (trace_window_enabled())
		lucid_watch(sk, &ca->flow, ca_state,
			    lucid_cubic_phase(&ca->cubic));
}

static void lucid_take_params(struct sock *sk, struct lucid *ca)
{
	lucid_params_cubic(sock_net(sk), &ca->par);
	lucid_slow_start_reset(&ca->slow_start,
			       lucid_params_slow_start(sock_net(sk)));
}

/* Some callbacks come before init(): a SYN, too, may run into its timer. */
static struct lucid *lucid_of(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	if (unlikely(!ca->par.beta))
		lucid_take_params(sk, ca);
	return ca;
}

static void lucid_op_init(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	BUILD_BUG_ON(sizeof(struct lucid) > ICSK_CA_PRIV_SIZE);
	*ca = (struct lucid) {};
	lucid_cubic_reset(&ca->cubic);
	lucid_take_params(sk, ca);
	/*
	 * Of another control, or of a route: the first slow start is over. In
	 * SYN_SENT it is a lost SYN's, and will be forgotten.
	 */
	if (sk->sk_state != TCP_SYN_SENT &&
	    !tcp_in_initial_slowstart(tcp_sk(sk)))
		lucid_slow_start_end(&ca->slow_start);
	lucid_watch_start(sk, &ca->flow);
}

static void lucid_op_in_ack_event(struct sock *sk, u32 flags)
{
	struct lucid *ca = lucid_of(sk);

	lucid_signal_ack(sk, &ca->flow, flags);
	lucid_signal_hold(sk, &ca->flow);
}

/* By what ended it, or slowed it down. */
static u8 lucid_slow_start_turn(enum lucid_slow_start_verdict verdict)
{
	switch (verdict) {
	case LUCID_SS_CSS_ENTER:
		return TCP_LUCID_SS_CSS_ENTER;
	case LUCID_SS_CSS_RESUME:
		return TCP_LUCID_SS_CSS_RESUME;
	case LUCID_SS_EXIT_DELAY:
		return TCP_LUCID_SS_DELAY;
	case LUCID_SS_EXIT_TRAIN:
		return TCP_LUCID_SS_TRAIN;
	default:
		return TCP_LUCID_SS_CSS_ROUNDS;
	}
}

static void lucid_slow_start_sample(struct sock *sk, struct lucid *ca,
				    s32 rtt_us)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_slow_start_sample sample = {
		.now_us = tp->tcp_mstamp,
		.rtt_us = rtt_us,
		.snd_una = tp->snd_una,
		.snd_nxt = tp->snd_nxt,
		.cwnd = tcp_snd_cwnd(tp),
		.paced = lucid_paced(sk),
	};
	enum lucid_slow_start_verdict verdict;

	lucid_tell_sample(sk, &sample);
	verdict = lucid_slow_start_ack(&ca->slow_start, &sample);
	if (verdict == LUCID_SS_GO_ON)
		return;
	if (verdict >= LUCID_SS_EXIT_DELAY)
		WRITE_ONCE(tp->snd_ssthresh, tcp_snd_cwnd(tp));
	lucid_tell_slow_start(sk, &ca->slow_start,
			      lucid_slow_start_turn(verdict));
}

/*
 * A sender that does not fill its window learns nothing of the path: the ACKs
 * of what an application writes now and then come as slowly as it writes.
 */
static bool lucid_wants_samples(const struct sock *sk, const struct lucid *ca)
{
	return ca->slow_start.kind != LUCID_SLOW_START_CLASSIC &&
	       tcp_in_initial_slowstart(tcp_sk(sk)) && tcp_is_cwnd_limited(sk);
}

static void lucid_op_pkts_acked(struct sock *sk,
				const struct ack_sample *sample)
{
	struct lucid *ca = lucid_of(sk);

	if (lucid_wants_samples(sk, ca))
		lucid_slow_start_sample(sk, ca, sample->rtt_us);
	lucid_op_watch(sk, inet_csk(sk)->icsk_ca_state);
}

static void lucid_grow(struct sock *sk, struct lucid *ca, u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_before before = {
		.cwnd = tcp_snd_cwnd(tp),
		.frac = ca->cubic.cwnd_frac,
		.region = lucid_cubic_region(&ca->cubic),
		.slow_start = tcp_in_slow_start(tp),
	};
	struct lucid_window win;

	lucid_window_load(&win, tp);
	lucid_cubic_on_ack(&ca->cubic, &ca->par, &ca->slow_start, &win,
			   tp->tcp_mstamp, tp->srtt_us >> 3, acked,
			   lucid_paced(sk));
	lucid_window_store(tp, &win);
	lucid_tell_growth(sk, &ca->cubic, &ca->par, &before);
}

static void lucid_op_cong_avoid(struct sock *sk, u32 ack, u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lucid *ca = inet_csk_ca(sk);
	bool unused = !tcp_is_cwnd_limited(sk);
	u32 cwnd = tcp_snd_cwnd(tp);

	if (unused)
		lucid_cubic_app_limited(&ca->cubic, tp->tcp_mstamp);
	if (unused != ca->flow.unused)
		lucid_tell_unused(sk, &ca->cubic,
				  unused ? TCP_LUCID_UNUSED_BEGAN :
					   TCP_LUCID_UNUSED_ENDED);
	ca->flow.unused = unused;
	if (!unused)
		lucid_grow(sk, ca, acked);

	if (trace_ack_enabled())
		lucid_report_ack(sk, &ca->cubic, &ca->par, cwnd, acked,
				 lucid_phase(tp, inet_csk(sk)->icsk_ca_state,
					     lucid_cubic_phase(&ca->cubic)),
				 lucid_info_flags(sk, &ca->flow, &ca->cubic,
						  &ca->slow_start));
	lucid_op_watch(sk, inet_csk(sk)->icsk_ca_state);
}

static u32 lucid_op_ssthresh(struct sock *sk)
{
	struct lucid *ca = lucid_of(sk);
	enum lucid_signal signal = lucid_signal(sk, &ca->flow);
	u32 cwnd = tcp_snd_cwnd(tcp_sk(sk));

	/* Of a lost SYN, and nothing else shall stay of it. */
	if (lucid_opening(sk))
		return lucid_reno_ssthresh(cwnd, ca->par.beta);
	lucid_slow_start_end(&ca->slow_start);
	return lucid_cubic_ssthresh(&ca->cubic, &ca->par, cwnd, signal);
}

static u16 lucid_beta(const struct lucid *ca, u8 cause)
{
	return cause == TCP_LUCID_CAUSE_ECE ? ca->par.beta_ecn : ca->par.beta;
}

static void lucid_reduced(struct sock *sk, struct lucid *ca, u8 cause)
{
	if (cause == TCP_LUCID_CAUSE_RTO || cause == TCP_LUCID_CAUSE_RTO_AGAIN)
		lucid_cubic_on_rto(&ca->cubic);
	lucid_tell_reduction(sk, &ca->flow, &ca->cubic, &ca->slow_start,
			     lucid_beta(ca, cause), cause);
}

/*
 * RFC 9438, 4.6: after an ECN signal the window may be one packet, ssthresh
 * not. The core takes ssthresh for the window as it completes the reduction;
 * now the two may part.
 */
static void lucid_complete_cwr(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (tp->snd_ssthresh < LUCID_SSTHRESH_MIN)
		WRITE_ONCE(tp->snd_ssthresh, LUCID_SSTHRESH_MIN);
}

static void lucid_op_set_state(struct sock *sk, u8 new_state)
{
	struct lucid *ca = lucid_of(sk);

	/* A timeout, too, completes what marks have begun. */
	if (new_state == TCP_CA_Loss)
		lucid_complete_cwr(sk);
	lucid_reduced(sk, ca, lucid_signal_cause(sk, &ca->flow, new_state));
	lucid_op_watch(sk, new_state);
}

static u32 lucid_op_undo_cwnd(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid *ca = inet_csk_ca(sk);
	u32 cwnd = lucid_cubic_undo(&ca->cubic, tcp_snd_cwnd(tp),
				    tp->prior_cwnd);

	/* The first slow start goes on. */
	if (tp->prior_ssthresh >= TCP_INFINITE_SSTHRESH)
		lucid_slow_start_reset(&ca->slow_start, ca->slow_start.kind);
	lucid_tell_undo(sk, &ca->cubic, cwnd);
	return cwnd;
}

/*
 * Sending resumes with nothing in flight: the pause does not count (4.2). Nor
 * does an outage, whose timeout sends again, for a stage that an undo brings back.
 */
static void lucid_op_tx_start(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	lucid_signal_idle(&ca->flow);
	lucid_cubic_app_limited(&ca->cubic, tcp_sk(sk)->tcp_mstamp);
	lucid_tell_unused(sk, &ca->cubic, TCP_LUCID_UNUSED_IDLE);
}

static void lucid_op_cwnd_event(struct sock *sk, enum tcp_ca_event ev)
{
	struct lucid *ca = lucid_of(sk);

	switch (ev) {
	case CA_EVENT_TX_START:
		lucid_op_tx_start(sk);
		break;
	case CA_EVENT_LOSS:
		lucid_reduced(sk, ca, lucid_signal_cause_loss(&ca->flow));
		break;
	case CA_EVENT_COMPLETE_CWR:
		lucid_complete_cwr(sk);
		break;
	default:
		break;
	}
}

static void lucid_op_release(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	lucid_signal_release(sk, &ca->flow);
}

static size_t lucid_op_get_info(struct sock *sk, u32 ext, int *attr,
				union tcp_cc_info *info)
{
	const struct lucid *ca = inet_csk_ca(sk);

	return lucid_info(sk, &ca->flow, &ca->cubic, &ca->slow_start, ext,
			  attr, info);
}

struct tcp_congestion_ops lucid_cubic_ops __read_mostly = {
	.init		= lucid_op_init,
	.release	= lucid_op_release,
	.in_ack_event	= lucid_op_in_ack_event,
	.pkts_acked	= lucid_op_pkts_acked,
	.cong_avoid	= lucid_op_cong_avoid,
	.ssthresh	= lucid_op_ssthresh,
	.set_state	= lucid_op_set_state,
	.undo_cwnd	= lucid_op_undo_cwnd,
	.cwnd_event	= lucid_op_cwnd_event,
#ifdef LUCID_HAVE_TX_START
	/* 7.1 took CA_EVENT_TX_START out of cwnd_event(). */
	.cwnd_event_tx_start = lucid_op_tx_start,
#endif
	.get_info	= lucid_op_get_info,
	.flags		= TCP_CONG_NON_RESTRICTED,
	.owner		= THIS_MODULE,
	.name		= "lucid",
};
