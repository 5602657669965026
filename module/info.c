// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program can ask of a connection: getsockopt(TCP_CC_INFO), answered
 * with a struct tcp_lucid_info.
 *
 * The same callback serves "ss -i", which knows the structs of Vegas, DCTCP and
 * BBR and would take ours for one of them. It names those that it wants; the
 * system call wants all there ever will be, and nobody else does.
 */
#include <linux/inet_diag.h>
#include <uapi/linux/tcp_lucid.h>

#include "info.h"
#include "watch.h"

#define LUCID_EXT_ALL	(~0U)

/* Milliseconds of a duration in ticks. */
static u32 lucid_ticks_to_ms(u32 ticks)
{
	return div_u64(lucid_ticks_to_us(ticks), 1000);
}

/**
 * lucid_info_flags() - TCP_LUCID_FLAG_* of a connection
 * @sk: a socket on one of our controls
 * @flow: in its private state
 * @ca: CUBIC's state, or NULL
 * @ss: its slow start, or NULL for the classic one
 *
 * Return: the flags.
 */
u16 lucid_info_flags(const struct sock *sk, const struct lucid_flow *flow,
		     const struct lucid_cubic *ca,
		     const struct lucid_slow_start *ss)
{
	u16 flags = 0;

	if (ca && lucid_cubic_region(ca) != LUCID_CUBIC_NONE)
		flags |= TCP_LUCID_FLAG_STAGE;
	if (flow->unused)
		flags |= TCP_LUCID_FLAG_UNUSED;
	if (ss && lucid_slow_start_phase(ss) == LUCID_SS_PHASE_CSS)
		flags |= TCP_LUCID_FLAG_CSS;
	if (flow->holds)
		flags |= TCP_LUCID_FLAG_BACKOFF;
	if (lucid_paced(sk))
		flags |= TCP_LUCID_FLAG_PACED;
	return flags;
}

static struct tcp_lucid_info lucid_info_now(const struct sock *sk,
					    const struct lucid_flow *flow,
					    const struct lucid_cubic *ca,
					    const struct lucid_slow_start *ss)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_lucid_info own = {
		.phase = lucid_phase(tp, inet_csk(sk)->icsk_ca_state,
				     ca ? lucid_cubic_phase(ca) :
					  TCP_LUCID_PHASE_AVOIDANCE),
		.slow_start = ss ? ss->kind : 0,
		.flags = lucid_info_flags(sk, flow, ca, ss),
	};

	if (ca)
		own.w_max = ca->epoch.w_max;
	if (own.flags & TCP_LUCID_FLAG_STAGE) {
		own.w_est = ca->epoch.w_est;
		own.k_ms = lucid_ticks_to_ms(ca->epoch.k);
		/*
		 * As old as the last ACK made it: what comes after may be idle.
		 * Of the two times one may be newer than the other.
		 */
		own.epoch_ms =
			lucid_ticks_to_ms(max_t(s32, 0, ca->t_last -
						ca->epoch.t_epoch));
	}
	return own;
}

/**
 * lucid_info() - answer getsockopt(TCP_CC_INFO)
 * @sk: a socket on one of our controls; TCP_CC_INFO does not lock it, so a
 *	value may be of the ACK before and its neighbour of the ACK after
 * @flow: in its private state
 * @ca: CUBIC's state, or NULL
 * @ss: its slow start, or NULL for the classic one
 * @ext: what the caller wants
 * @attr: set to the kind of the answer, which only inet_diag looks at
 * @info: filled in
 *
 * Return: bytes of @info filled in; 0 when it is not for us to answer.
 */
size_t lucid_info(const struct sock *sk, const struct lucid_flow *flow,
		  const struct lucid_cubic *ca,
		  const struct lucid_slow_start *ss, u32 ext, int *attr,
		  union tcp_cc_info *info)
{
	struct tcp_lucid_info own;

	BUILD_BUG_ON(sizeof(own) > sizeof(*info));
	if (ext != LUCID_EXT_ALL)
		return 0;
	/* Nobody holds the socket. */
	own = data_race(lucid_info_now(sk, flow, ca, ss));
	*attr = INET_DIAG_NONE;
	memcpy(info, &own, sizeof(own));
	return sizeof(own);
}
