// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: fast recovery's beginning and end.
 */
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "conn.h"
#include "observers.h"
#include "resend.h"
#include "summary.h"

/*
 * The window that recovery leaves behind. The core sets it to ssthresh just
 * after the state, unless the control sets the window itself (BBR).
 */
static u32 lucid_recovery_cwnd(const struct sock *sk, u8 how)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (how == TCP_LUCID_RECOVERY_COMPLETE &&
	    !inet_csk(sk)->icsk_ca_ops->cong_control)
		return tp->snd_ssthresh;
	return tcp_snd_cwnd(tp);
}

static void lucid_recovery_emit(const struct sock *sk, bool began, u8 how)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_recovery rec = {
		.snd_una = tp->snd_una,
		.recover = tp->high_seq,
		.cwnd = lucid_recovery_cwnd(sk, how),
		.prior_cwnd = tp->prior_cwnd,
		.ssthresh = tp->snd_ssthresh,
		.in_flight = tcp_packets_in_flight(tp),
		.lost_out = tp->lost_out,
		.sacked_out = tp->sacked_out,
		.began = began,
		.how = how,
	};
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	trace_fast_retransmit(&conn, &rec);
}

static u8 lucid_recovery_trigger(const struct sock *sk)
{
	if (!tcp_is_sack(tcp_sk(sk)))
		return TCP_LUCID_RECOVERY_DUPACKS;
	return lucid_resend_by_reorder_timer(sk) ?
	       TCP_LUCID_RECOVERY_REORDER_TIMER : TCP_LUCID_RECOVERY_SACK;
}

static u8 lucid_recovery_end(const struct sock *sk, u8 new_ca_state)
{
	if (new_ca_state == TCP_CA_Loss)
		return lucid_resend_by_timeout(sk) ?
		       TCP_LUCID_RECOVERY_TIMEOUT : TCP_LUCID_RECOVERY_RESIZED;
	/* Undoing a reduction leaves nothing more to undo. */
	return tcp_sk(sk)->undo_marker ? TCP_LUCID_RECOVERY_COMPLETE :
					 TCP_LUCID_RECOVERY_UNDONE;
}

/* Runs before the new state is stored: the old one is still in the socket. */
static void lucid_probe_ca_state(void *unused, struct sock *sk,
				 const u8 ca_state)
{
	u8 old = inet_csk(sk)->icsk_ca_state;

	lucid_summary_cwnd(sk);
	if (old != ca_state)
		lucid_limited_ca_state(sk, ca_state);
	if (!trace_fast_retransmit_enabled() || old == ca_state ||
	    sk->sk_state == TCP_CLOSE)
		return;
	if (ca_state == TCP_CA_Recovery)
		lucid_recovery_emit(sk, true, lucid_recovery_trigger(sk));
	else if (old == TCP_CA_Recovery)
		lucid_recovery_emit(sk, false,
				    lucid_recovery_end(sk, ca_state));
}

/**
 * lucid_recovery_closed() - end a recovery with its connection
 * @sk: a socket that is moving to CLOSE
 */
void lucid_recovery_closed(const struct sock *sk)
{
	if (trace_fast_retransmit_enabled() &&
	    inet_csk(sk)->icsk_ca_state == TCP_CA_Recovery)
		lucid_recovery_emit(sk, false, TCP_LUCID_RECOVERY_CLOSED);
}

static struct lucid_tracepoint lucid_recovery_tracepoints[] = {
	{
		.name = "tcp_cong_state_set",
		.probe = lucid_probe_ca_state,
		.provides = TCP_LUCID_CAN_FAST_RETRANSMIT,
	},
};

struct lucid_observer lucid_recovery_observer = {
	.tracepoints = lucid_recovery_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_recovery_tracepoints),
};

/* Never called: the compiler compares the probe with the tracepoint. */
static void __maybe_unused lucid_recovery_check_types(void)
{
	check_trace_callback_type_tcp_cong_state_set(lucid_probe_ca_state);
}
