// SPDX-License-Identifier: GPL-2.0-only
/*
 * lucid_reno: RFC 5681 as a tcp_congestion_ops. Translates the kernel's
 * callbacks to the arithmetic of reno.c, and nothing else. Loss detection and
 * recovery (RFC 6582, 8985, 9937) are the core's.
 *
 * All callbacks run with the socket locked or in softirq on its behalf, and
 * must not sleep.
 */
#include <linux/module.h>

#include "compat.h"
#include "congestion.h"
#include "decisions.h"
#include "info.h"
#include "params.h"
#include "reno.h"
#include "signals.h"
#include "watch.h"

struct lucid_reno {
	struct lucid_reno_params par;
	struct lucid_flow flow;
};

static void lucid_reno_op_watch(struct sock *sk, u8 ca_state)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	lucid_watch(sk, &ca->flow, ca_state, TCP_LUCID_PHASE_AVOIDANCE);
}

/* Some callbacks come before init(): a SYN, too, may run into its timer. */
static struct lucid_reno *lucid_reno_of(struct sock *sk)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	if (unlikely(!ca->par.beta))
		lucid_params_reno(sock_net(sk), &ca->par);
	return ca;
}

static void lucid_reno_op_init(struct sock *sk)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	BUILD_BUG_ON(sizeof(struct lucid_reno) > ICSK_CA_PRIV_SIZE);
	*ca = (struct lucid_reno) {};
	lucid_params_reno(sock_net(sk), &ca->par);
	lucid_watch_start(sk, &ca->flow);
}

static void lucid_reno_op_in_ack_event(struct sock *sk, u32 flags)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	lucid_signal_ack(sk, &ca->flow, flags);
}

static void lucid_reno_op_pkts_acked(struct sock *sk,
				     const struct ack_sample *sample)
{
	lucid_reno_op_watch(sk, inet_csk(sk)->icsk_ca_state);
}

static void lucid_reno_op_cong_avoid(struct sock *sk, u32 ack, u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_reno *ca = inet_csk_ca(sk);
	bool slow_start = tcp_in_slow_start(tp);
	bool unused = !tcp_is_cwnd_limited(sk);
	u32 cwnd = tcp_snd_cwnd(tp);
	struct lucid_window win;

	if (unused != ca->flow.unused)
		lucid_tell_unused(sk, NULL, unused ? TCP_LUCID_UNUSED_BEGAN :
						     TCP_LUCID_UNUSED_ENDED);
	ca->flow.unused = unused;
	/* RFC 5681 lets a window grow only while it is what limits. */
	if (!unused) {
		lucid_window_load(&win, tp);
		lucid_reno_on_ack(&win, acked);
		lucid_window_store(tp, &win);
	}
	if (slow_start && !tcp_in_slow_start(tp))
		lucid_tell_slow_start(sk, NULL, TCP_LUCID_SS_SSTHRESH);

	if (trace_ack_enabled())
		lucid_report_ack(sk, NULL, NULL, cwnd, acked,
				 lucid_phase(tp, inet_csk(sk)->icsk_ca_state,
					     TCP_LUCID_PHASE_AVOIDANCE),
				 lucid_info_flags(sk, &ca->flow, NULL, NULL));
	lucid_reno_op_watch(sk, inet_csk(sk)->icsk_ca_state);
}

static u32 lucid_reno_op_ssthresh(struct sock *sk)
{
	struct lucid_reno *ca = lucid_reno_of(sk);
	bool ece = lucid_signal(sk, &ca->flow) == LUCID_SIGNAL_ECE;

	return lucid_reno_ssthresh(tcp_snd_cwnd(tcp_sk(sk)),
				   ece ? ca->par.beta_ecn : ca->par.beta);
}

static void lucid_reno_reduced(struct sock *sk, struct lucid_reno *ca,
			       u8 cause)
{
	lucid_tell_reduction(sk, &ca->flow, NULL, NULL,
			     cause == TCP_LUCID_CAUSE_ECE ? ca->par.beta_ecn :
							    ca->par.beta,
			     cause);
}

static void lucid_reno_op_set_state(struct sock *sk, u8 new_state)
{
	struct lucid_reno *ca = lucid_reno_of(sk);

	lucid_reno_reduced(sk, ca,
			   lucid_signal_cause(sk, &ca->flow, new_state));
	lucid_reno_op_watch(sk, new_state);
}

/* Sending resumes with nothing in flight. */
static void lucid_reno_op_tx_start(struct sock *sk)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	lucid_signal_idle(&ca->flow);
	lucid_tell_unused(sk, NULL, TCP_LUCID_UNUSED_IDLE);
}

static void lucid_reno_op_cwnd_event(struct sock *sk, enum tcp_ca_event ev)
{
	struct lucid_reno *ca = lucid_reno_of(sk);

	switch (ev) {
	case CA_EVENT_TX_START:
		lucid_reno_op_tx_start(sk);
		break;
	case CA_EVENT_LOSS:
		lucid_reno_reduced(sk, ca, lucid_signal_cause_loss(&ca->flow));
		break;
	default:
		break;
	}
}

static u32 lucid_reno_op_undo_cwnd(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 cwnd = lucid_reno_undo(tcp_snd_cwnd(tp), tp->prior_cwnd);

	lucid_tell_undo(sk, NULL, cwnd);
	return cwnd;
}

static size_t lucid_reno_op_get_info(struct sock *sk, u32 ext, int *attr,
				     union tcp_cc_info *info)
{
	const struct lucid_reno *ca = inet_csk_ca(sk);

	return lucid_info(sk, &ca->flow, NULL, NULL, ext, attr, info);
}

struct tcp_congestion_ops lucid_reno_ops __read_mostly = {
	.init		= lucid_reno_op_init,
	.in_ack_event	= lucid_reno_op_in_ack_event,
	.pkts_acked	= lucid_reno_op_pkts_acked,
	.cong_avoid	= lucid_reno_op_cong_avoid,
	.ssthresh	= lucid_reno_op_ssthresh,
	.set_state	= lucid_reno_op_set_state,
	.undo_cwnd	= lucid_reno_op_undo_cwnd,
	.cwnd_event	= lucid_reno_op_cwnd_event,
#ifdef LUCID_HAVE_TX_START
	/* 7.1 took CA_EVENT_TX_START out of cwnd_event(). */
	.cwnd_event_tx_start = lucid_reno_op_tx_start,
#endif
	.get_info	= lucid_reno_op_get_info,
	.flags		= TCP_CONG_NON_RESTRICTED,
	.owner		= THIS_MODULE,
	.name		= "lucid_reno",
};
