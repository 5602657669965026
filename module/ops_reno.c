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
#include "reno.h"

struct lucid_reno {
	struct lucid_watch watch;
};

static void lucid_reno_watch(struct sock *sk, u8 ca_state)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	lucid_watch(sk, &ca->watch, ca_state, TCP_LUCID_PHASE_AVOIDANCE);
}

static void lucid_reno_op_init(struct sock *sk)
{
	struct lucid_reno *ca = inet_csk_ca(sk);

	BUILD_BUG_ON(sizeof(struct lucid_reno) > ICSK_CA_PRIV_SIZE);
	*ca = (struct lucid_reno) {};
	lucid_watch_start(sk, &ca->watch);
}

static void lucid_reno_op_cong_avoid(struct sock *sk, u32 ack, u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_window win;

	/* RFC 5681 lets a window grow only while it is what limits. */
	if (tcp_is_cwnd_limited(sk)) {
		lucid_window_load(&win, tp);
		lucid_reno_on_ack(&win, acked);
		lucid_window_store(tp, &win);
	}
	lucid_reno_watch(sk, inet_csk(sk)->icsk_ca_state);
}

static u32 lucid_reno_op_ssthresh(struct sock *sk)
{
	return lucid_reno_ssthresh(tcp_snd_cwnd(tcp_sk(sk)), LUCID_RENO_BETA);
}

static u32 lucid_reno_op_undo_cwnd(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return lucid_reno_undo(tcp_snd_cwnd(tp), tp->prior_cwnd);
}

static void lucid_reno_op_set_state(struct sock *sk, u8 new_state)
{
	lucid_reno_watch(sk, new_state);
}

static void lucid_reno_op_pkts_acked(struct sock *sk,
				     const struct ack_sample *sample)
{
	lucid_reno_watch(sk, inet_csk(sk)->icsk_ca_state);
}

struct tcp_congestion_ops lucid_reno_ops __read_mostly = {
	.init		= lucid_reno_op_init,
	.cong_avoid	= lucid_reno_op_cong_avoid,
	.ssthresh	= lucid_reno_op_ssthresh,
	.undo_cwnd	= lucid_reno_op_undo_cwnd,
	.set_state	= lucid_reno_op_set_state,
	.pkts_acked	= lucid_reno_op_pkts_acked,
	.flags		= TCP_CONG_NON_RESTRICTED,
	.owner		= THIS_MODULE,
	.name		= "lucid_reno",
};
