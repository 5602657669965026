// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: reductions that turn out to have been needless, and are undone.
 *
 * All of them pass through tcp_undo_cwnd_reduction(). Which sign there was that
 * nothing had been lost, the socket tells at its entry; but for F-RTO, which
 * its caller is told.
 */
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "congestion.h"
#include "conn.h"
#include "observers.h"

/* The last call of tcp_try_undo_loss(), which undoes at once if it is F-RTO. */
static DEFINE_PER_CPU(struct lucid_frto_note {
	const struct sock *sk;
	u64 mstamp;
	bool frto;
}, lucid_frto_note);

/* tcp_try_undo_loss(sk, frto_undo) */
static void notrace lucid_entry_try_undo_loss(struct ftrace_regs *fregs,
					      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	struct lucid_frto_note *note;

	if (!trace_spurious_enabled())
		return;
	note = this_cpu_ptr(&lucid_frto_note);
	note->sk = sk;
	note->mstamp = tcp_sk(sk)->tcp_mstamp;
	note->frto = (unsigned long)lucid_arg(fregs, 1) & 0xff;
}

static bool lucid_undo_is_frto(const struct sock *sk)
{
	const struct lucid_frto_note *note = this_cpu_ptr(&lucid_frto_note);

	return inet_csk(sk)->icsk_ca_state == TCP_CA_Loss && note->sk == sk &&
	       note->mstamp == tcp_sk(sk)->tcp_mstamp && note->frto;
}

/*
 * In the midst of a recovery (@unmark) the core asks for the timestamps alone,
 * otherwise for D-SACKs first: undo_retrans is what they have left over, and
 * negative until something is sent again. retrans_stamp, when that was, may have
 * been cleared already in the midst.
 */
static u8 lucid_spurious_kind(const struct sock *sk, bool unmark)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	bool partial = unmark && inet_csk(sk)->icsk_ca_state == TCP_CA_Recovery;

	if (lucid_undo_is_frto(sk))
		return TCP_LUCID_SPURIOUS_FRTO;
	if (!tp->undo_retrans && !partial)
		return TCP_LUCID_SPURIOUS_DSACK;
	if (partial ? tp->undo_retrans < 0 : !tp->retrans_stamp)
		return TCP_LUCID_SPURIOUS_UNSENT;
	return TCP_LUCID_SPURIOUS_TIMESTAMPS;
}

/* What becomes of the window is up to the control. Most do as Reno does. */
static u32 lucid_undone_cwnd(const struct sock *sk)
{
	const struct tcp_congestion_ops *ops = inet_csk(sk)->icsk_ca_ops;
	const struct tcp_sock *tp = tcp_sk(sk);

	if (!tp->prior_ssthresh)
		return tcp_snd_cwnd(tp);
	if (ops->undo_cwnd == tcp_reno_undo_cwnd || ops == &lucid_cubic_ops ||
	    ops == &lucid_reno_ops)
		return max(tcp_snd_cwnd(tp), tp->prior_cwnd);
	return 0;
}

/* tcp_undo_cwnd_reduction(sk, unmark_loss) */
static void notrace lucid_entry_undo(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	bool unmark = (unsigned long)lucid_arg(fregs, 1) & 0xff;
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_spurious event;
	struct lucid_conn conn;

	if (!trace_spurious_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	event = (struct lucid_spurious) {
		.snd_una = tp->snd_una,
		.recover = tp->high_seq,
		.old_cwnd = tcp_snd_cwnd(tp),
		.cwnd = lucid_undone_cwnd(sk),
		.old_ssthresh = tp->snd_ssthresh,
		.ssthresh = max(tp->snd_ssthresh, tp->prior_ssthresh),
		.kind = lucid_spurious_kind(sk, unmark),
		.ca_state = inet_csk(sk)->icsk_ca_state,
		.whole = !before(tp->snd_una, tp->high_seq),
	};
	trace_spurious(&conn, &event);
}

static struct lucid_entry lucid_spurious_entries[] = {
	{
		.name = "tcp_try_undo_loss",
		.call = lucid_entry_try_undo_loss,
		.provides = TCP_LUCID_CAN_SPURIOUS,
	}, {
		.name = "tcp_undo_cwnd_reduction",
		.call = lucid_entry_undo,
		.provides = TCP_LUCID_CAN_SPURIOUS,
	},
};

struct lucid_observer lucid_spurious_observer = {
	.entries = lucid_spurious_entries,
	.nr_entries = ARRAY_SIZE(lucid_spurious_entries),
};
