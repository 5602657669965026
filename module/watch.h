/* SPDX-License-Identifier: GPL-2.0-only */
/* The window event: what became of the congestion window. */
#ifndef _TCP_LUCID_WATCH_H
#define _TCP_LUCID_WATCH_H

#include <trace/events/tcp_lucid.h>

#include "congestion.h"

u8 lucid_phase(const struct tcp_sock *tp, u8 ca_state, u8 avoidance);
void lucid_watch_report(const struct sock *sk, struct lucid_flow *flow,
			u8 ca_state, u8 avoidance);

/**
 * lucid_watch_start() - report the window that a socket begins with
 * @sk: a socket whose control is being initialised
 * @flow: in its private state, all zero
 */
static inline void lucid_watch_start(const struct sock *sk,
				     struct lucid_flow *flow)
{
	if (trace_window_enabled())
		lucid_watch_report(sk, flow, inet_csk(sk)->icsk_ca_state,
				   TCP_LUCID_PHASE_AVOIDANCE);
}

/**
 * lucid_watch() - report the window if anybody listens and it changed
 * @sk: a socket on one of our controls, locked
 * @flow: in its private state
 * @ca_state: TCP_CA_*, as it is or is about to be
 * @avoidance: TCP_LUCID_PHASE_* while in congestion avoidance
 */
static inline void lucid_watch(const struct sock *sk, struct lucid_flow *flow,
			       u8 ca_state, u8 avoidance)
{
	/* Some callbacks come before init(), for the SYN and the final ACK. */
	if (trace_window_enabled() && inet_csk(sk)->icsk_ca_initialized)
		lucid_watch_report(sk, flow, ca_state, avoidance);
}

#endif /* _TCP_LUCID_WATCH_H */
