// SPDX-License-Identifier: GPL-2.0-only
/*
 * lucid: CUBIC (RFC 9438) as a tcp_congestion_ops. Translates the kernel's
 * callbacks to the arithmetic of cubic.c, and nothing else. Loss detection and
 * recovery (RFC 6675, 8985, 9937) are the core's.
 *
 * All callbacks run with the socket locked or in softirq on its behalf, and
 * must not sleep.
 */
#include <linux/module.h>

#include "compat.h"
#include "congestion.h"
#include "cubic.h"

struct lucid {
	struct lucid_cubic cubic;
	struct lucid_watch watch;
};

static u8 lucid_avoidance_phase(const struct lucid *ca)
{
	switch (lucid_cubic_region(&ca->cubic)) {
	case LUCID_CUBIC_RENO_FRIENDLY:
		return TCP_LUCID_PHASE_RENO_FRIENDLY;
	case LUCID_CUBIC_CONCAVE:
		return TCP_LUCID_PHASE_CONCAVE;
	case LUCID_CUBIC_CONVEX:
		return TCP_LUCID_PHASE_CONVEX;
	default:
		/* ssthresh is reached, but no stage has begun yet. */
		return TCP_LUCID_PHASE_AVOIDANCE;
	}
}

static void lucid_cubic_watch(struct sock *sk, u8 ca_state)
{
	struct lucid *ca = inet_csk_ca(sk);

	lucid_watch(sk, &ca->watch, ca_state, lucid_avoidance_phase(ca));
}

static void lucid_op_init(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	BUILD_BUG_ON(sizeof(struct lucid) > ICSK_CA_PRIV_SIZE);
	*ca = (struct lucid) {};
	lucid_cubic_reset(&ca->cubic);
	lucid_watch_start(sk, &ca->watch);
}

static void lucid_op_cong_avoid(struct sock *sk, u32 ack, u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lucid *ca = inet_csk_ca(sk);
	struct lucid_window win;

	if (tcp_is_cwnd_limited(sk)) {
		lucid_window_load(&win, tp);
		lucid_cubic_on_ack(&ca->cubic, &lucid_cubic_defaults, &win,
				   tp->tcp_mstamp, tp->srtt_us >> 3, acked);
		lucid_window_store(tp, &win);
	} else {
		lucid_cubic_app_limited(&ca->cubic, tp->tcp_mstamp);
	}
	lucid_cubic_watch(sk, inet_csk(sk)->icsk_ca_state);
}

static u32 lucid_op_ssthresh(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	return lucid_cubic_ssthresh(&ca->cubic, &lucid_cubic_defaults,
				    tcp_snd_cwnd(tcp_sk(sk)),
				    LUCID_SIGNAL_LOSS);
}

static u32 lucid_op_undo_cwnd(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid *ca = inet_csk_ca(sk);

	return lucid_cubic_undo(&ca->cubic, tcp_snd_cwnd(tp), tp->prior_cwnd);
}

/*
 * An RTO that ends a recovery brings no CA_EVENT_LOSS: the window has been
 * reduced already. It is told from a path MTU that shrank, which is state Loss
 * too, by the timer: no longer pending while it is served.
 */
static void lucid_op_set_state(struct sock *sk, u8 new_state)
{
	struct lucid *ca = inet_csk_ca(sk);

	if (new_state == TCP_CA_Loss && !inet_csk(sk)->icsk_pending)
		lucid_cubic_on_rto(&ca->cubic);
	lucid_cubic_watch(sk, new_state);
}

/* Sending resumes with nothing in flight: the pause does not count (4.2). */
static void lucid_op_tx_start(struct sock *sk)
{
	struct lucid *ca = inet_csk_ca(sk);

	lucid_cubic_app_limited(&ca->cubic, tcp_sk(sk)->tcp_mstamp);
}

static void lucid_op_cwnd_event(struct sock *sk, enum tcp_ca_event ev)
{
	struct lucid *ca = inet_csk_ca(sk);

	switch (ev) {
	case CA_EVENT_TX_START:
		lucid_op_tx_start(sk);
		break;
	case CA_EVENT_LOSS:
		/* An RTO, also one that an ICMP message brought forward. */
		lucid_cubic_on_rto(&ca->cubic);
		break;
	default:
		break;
	}
}

static void lucid_op_pkts_acked(struct sock *sk,
				const struct ack_sample *sample)
{
	lucid_cubic_watch(sk, inet_csk(sk)->icsk_ca_state);
}

struct tcp_congestion_ops lucid_cubic_ops __read_mostly = {
	.init		= lucid_op_init,
	.cong_avoid	= lucid_op_cong_avoid,
	.ssthresh	= lucid_op_ssthresh,
	.undo_cwnd	= lucid_op_undo_cwnd,
	.set_state	= lucid_op_set_state,
	.cwnd_event	= lucid_op_cwnd_event,
#ifdef LUCID_HAVE_TX_START
	/* 7.1 took CA_EVENT_TX_START out of cwnd_event(). */
	.cwnd_event_tx_start = lucid_op_tx_start,
#endif
	.pkts_acked	= lucid_op_pkts_acked,
	.flags		= TCP_CONG_NON_RESTRICTED,
	.owner		= THIS_MODULE,
	.name		= "lucid",
};
