// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window event: what became of the congestion window.
 *
 * The controls set the window only in part; in recovery proportional rate
 * reduction does (RFC 9937), after an RTO or a pause the core. So the watch
 * compares with what it said last, on every ACK and every change of state,
 * whoever made the change.
 */
#include "conn.h"
#include "watch.h"

/**
 * lucid_phase() - what governs the window of a socket
 * @tp: its TCP part
 * @ca_state: TCP_CA_*
 * @avoidance: what to say of congestion avoidance
 *
 * Return: TCP_LUCID_PHASE_*.
 */
u8 lucid_phase(const struct tcp_sock *tp, u8 ca_state, u8 avoidance)
{
	switch (ca_state) {
	case TCP_CA_CWR:
		return TCP_LUCID_PHASE_CWR;
	case TCP_CA_Recovery:
		return TCP_LUCID_PHASE_RECOVERY;
	case TCP_CA_Loss:
		return TCP_LUCID_PHASE_LOSS;
	default:
		return tcp_in_slow_start(tp) ? TCP_LUCID_PHASE_SLOW_START :
					       avoidance;
	}
}

/**
 * lucid_watch_report() - emit a window event if it says anything new
 * @sk: a socket on one of our controls, locked
 * @flow: with what was said last; updated
 * @ca_state: TCP_CA_*
 * @avoidance: TCP_LUCID_PHASE_* while in congestion avoidance
 */
void lucid_watch_report(const struct sock *sk, struct lucid_flow *flow,
			u8 ca_state, u8 avoidance)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_window_event win = {
		.cwnd = tcp_snd_cwnd(tp),
		.ssthresh = tp->snd_ssthresh,
		.phase = lucid_phase(tp, ca_state, avoidance),
	};
	struct lucid_conn conn;

	/* A socket that is closed has no window to speak of. */
	if (sk->sk_state == TCP_CLOSE)
		return;
	/*
	 * As recovery completes the core sets the window only after the state;
	 * the same ACK, or the next, will find both as they are to be.
	 */
	if (ca_state == TCP_CA_Open && tp->undo_marker &&
	    inet_csk(sk)->icsk_ca_state == TCP_CA_Recovery)
		return;
	if (win.cwnd == flow->told_cwnd && win.ssthresh == flow->told_ssthresh &&
	    win.phase == flow->told_phase)
		return;
	flow->told_cwnd = win.cwnd;
	flow->told_ssthresh = win.ssthresh;
	flow->told_phase = win.phase;

	win.in_flight = tcp_packets_in_flight(tp);
	win.srtt_us = tp->srtt_us >> 3;
	win.snd_una = tp->snd_una;
	strscpy_pad(win.ca, inet_csk(sk)->icsk_ca_ops->name, sizeof(win.ca));
	lucid_conn_from_sock(&conn, sk);
	trace_window(&conn, &win);
}
