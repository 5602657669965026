// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: how connections are closed, and how they end.
 *
 *	we first				the peer first
 *	ESTABLISHED				ESTABLISHED
 *	   | FIN sent				   | FIN received
 *	FIN_WAIT1 --FIN received--> CLOSING	CLOSE_WAIT
 *	   | FIN acknowledged	   |		   | FIN sent
 *	FIN_WAIT2		   |		LAST_ACK
 *	   | FIN received	   |		   | FIN acknowledged
 *	   +-----------------------+---> ENDED <---+
 *
 * and from any of these by a RST, a timer, or the will of somebody (reset.c,
 * close_why.c). An orphan in FIN_WAIT2 goes on as a mini-socket, and how it ends
 * is told of that one (time_wait.c).
 */
#include <linux/sched.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_timewait_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "closing.h"
#include "compat.h"
#include "conn.h"
#include "notes.h"
#include "observers.h"
#include "opening.h"

#define LUCID_STATE_IN(state, set)	(1 << (state) & (set))

/**
 * lucid_close_wanted() - does anybody want to know how connections end?
 */
bool lucid_close_wanted(void)
{
	return trace_close_enabled() || trace_summary_enabled();
}

/* close() makes an orphan of its socket only when it has done all the rest. */
static bool lucid_close_orphan(const struct sock *sk, u8 why)
{
	switch (why) {
	case TCP_LUCID_END_CLOSE:
	case TCP_LUCID_END_EXIT:
	case TCP_LUCID_END_UNREAD:
	case TCP_LUCID_END_LINGER0:
	case TCP_LUCID_END_REPAIR:
		return true;
	default:
		return sock_flag(sk, SOCK_DEAD);
	}
}

/**
 * lucid_close_fill() - an event with what a full socket can tell
 * @event: filled in
 * @sk: the socket
 * @what: enum tcp_lucid_close
 * @why: enum tcp_lucid_end
 * @state: the state to tell, and to judge by
 */
void lucid_close_fill(struct lucid_close *event, const struct sock *sk, u8 what,
		      u8 why, u8 state)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	*event = (struct lucid_close) {
		.seq = tp->snd_nxt,
		.ack = tp->rcv_nxt,
		.unread = tp->rcv_nxt - READ_ONCE(tp->copied_seq),
		.unsent = tp->write_seq - tp->snd_nxt,
		.unacked = tp->snd_nxt - tp->snd_una,
		.err = READ_ONCE(sk->sk_err),
		.what = what,
		.why = why,
		.state = state,
		.kind = TCP_LUCID_KIND_FULL,
		.orphan = lucid_close_orphan(sk, why),
		.timeouts = inet_csk(sk)->icsk_retransmits,
		.probes = inet_csk(sk)->icsk_probes_out,
	};
	/* SYN and FIN have a sequence number, but are no data. */
	if (event->unread && sock_flag(sk, SOCK_DONE))
		event->unread--;
	if (what == TCP_LUCID_CLOSE_FIN_SENT ||
	    !LUCID_STATE_IN(state, TCPF_SYN_SENT | TCPF_FIN_WAIT1 |
				   TCPF_CLOSING | TCPF_LAST_ACK))
		return;
	if (event->unsent)
		event->unsent--;
	else if (event->unacked)
		event->unacked--;
}

static void lucid_close_emit(const struct sock *sk, u8 what, u8 why)
{
	struct lucid_close event;
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	lucid_close_fill(&event, sk, what, why, sk->sk_state);
	trace_close(&conn, &event);
}

/* Is there a connection to be closed? connect_failed and listen tell the rest. */
static bool lucid_close_connected(const struct sock *sk)
{
	return !LUCID_STATE_IN(sk->sk_state,
			       TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT);
}

/* __tcp_close(sk, timeout): the last reference to the socket is gone. */
static void notrace lucid_entry_close(struct ftrace_regs *fregs,
				      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);

	if (trace_close_enabled() && lucid_close_connected(sk))
		lucid_close_emit(sk, TCP_LUCID_CLOSE_APP_CLOSE,
				 current->flags & PF_EXITING ?
				 TCP_LUCID_END_EXIT : TCP_LUCID_END_CLOSE);
}

/* tcp_shutdown(sk, how): how is that of shutdown(2), plus one. */
static void notrace lucid_entry_shutdown(struct ftrace_regs *fregs,
					 unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	int how = (unsigned long)lucid_arg(fregs, 1);
	u8 why = TCP_LUCID_END_SHUT_RD;

	if (!trace_close_enabled() || !lucid_close_connected(sk) ||
	    lucid_close_by_kernel(sk, parent_ip))
		return;
	if (how & SEND_SHUTDOWN)
		why = how & RCV_SHUTDOWN ? TCP_LUCID_END_SHUT_RDWR :
					   TCP_LUCID_END_SHUT_WR;
	lucid_close_emit(sk, TCP_LUCID_CLOSE_APP_SHUTDOWN, why);
}

/* tcp_send_fin(sk): it will be the last in the queue. */
static void notrace lucid_entry_send_fin(struct ftrace_regs *fregs,
					 unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	struct lucid_close event;
	struct lucid_conn conn;

	if (!trace_close_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	lucid_close_fill(&event, sk, TCP_LUCID_CLOSE_FIN_SENT,
			 lucid_close_caller(sk, parent_ip), sk->sk_state);
	event.seq = tcp_sk(sk)->write_seq;
	trace_close(&conn, &event);
}

/* tcp_fin(sk): it is the last that was received, in order. */
static void notrace lucid_entry_fin(struct ftrace_regs *fregs,
				    unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	struct lucid_close event;
	struct lucid_conn conn;

	/* Not again, though the peer may send it again. */
	if (!trace_close_enabled() || sock_flag(sk, SOCK_DONE))
		return;
	lucid_conn_from_sock(&conn, sk);
	lucid_close_fill(&event, sk, TCP_LUCID_CLOSE_FIN_RECEIVED,
			 TCP_LUCID_END_NONE, sk->sk_state);
	event.seq = tcp_sk(sk)->rcv_nxt - 1;
	event.ack = tcp_sk(sk)->snd_una;
	if (event.unread)
		event.unread--;
	trace_close(&conn, &event);
}

static void lucid_close_fin_acked(const struct sock *sk)
{
	struct lucid_close event;
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	lucid_close_fill(&event, sk, TCP_LUCID_CLOSE_FIN_ACKED,
			 TCP_LUCID_END_NONE, sk->sk_state);
	event.seq = tcp_sk(sk)->write_seq - 1;
	trace_close(&conn, &event);
}

static void lucid_close_ended(const struct sock *sk, int handed_to)
{
	u8 why = lucid_close_why(sk), state = sk->sk_state;
	struct lucid_end_note note;
	struct lucid_close event;
	struct lucid_conn conn;
	u8 verdict;

	verdict = lucid_close_verdict_of(state, why);
	if (why == TCP_LUCID_END_NONE && state != TCP_FIN_WAIT2)
		lucid_close_fin_acked(sk);
	/* The mini-socket will tell how it ends. */
	if (handed_to == TCP_FIN_WAIT2)
		return;
	lucid_conn_from_sock(&conn, sk);
	if (lucid_note_end_of(conn.cookie, &note) &&
	    note.state == TCP_TIME_WAIT) {
		if (!handed_to)
			why = TCP_LUCID_END_TW_OVERFLOW;
	} else {
		lucid_note_end(conn.cookie, state, why);
	}
	lucid_close_fill(&event, sk, TCP_LUCID_CLOSE_ENDED, why, state);
	event.verdict = verdict;
	trace_close(&conn, &event);
}

/**
 * lucid_close_moved() - the state of a full socket changes
 * @sk: the socket; its old state is still stored
 * @oldstate: TCP_*
 * @newstate: TCP_*
 * @handed_to: the state in which a mini-socket has just taken over, or 0
 */
void lucid_close_moved(const struct sock *sk, int oldstate, int newstate,
		       int handed_to)
{
	/* close() after shutdown() sets the state that is there already. */
	if (!trace_close_enabled() || oldstate == newstate)
		return;
	if (newstate == TCP_FIN_WAIT2)
		lucid_close_fin_acked(sk);
	else if (newstate == TCP_CLOSE && lucid_close_connected(sk) &&
		 !lucid_connect_began(sk, oldstate))
		lucid_close_ended(sk, handed_to);
}

static void lucid_close_tw_emit(const struct lucid_conn *conn, u8 what, u8 why,
				u8 verdict, u8 state, u32 seq, u32 ack)
{
	struct lucid_close event = {
		.seq = seq,
		.ack = ack,
		.what = what,
		.why = why,
		.verdict = verdict,
		.state = state,
		.kind = TCP_LUCID_KIND_TIME_WAIT,
		.orphan = 1,
	};

	trace_close(conn, &event);
}

/**
 * lucid_close_promoted() - a mini-socket in FIN_WAIT2 has got the peer's FIN
 * @conn: whose
 * @tw: the mini-socket
 */
void lucid_close_promoted(const struct lucid_conn *conn,
			  const struct inet_timewait_sock *tw)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	u32 next = READ_ONCE(tcptw->tw_rcv_nxt);
	u32 ours = tcptw->tw_snd_nxt;

	if (!trace_close_enabled())
		return;
	lucid_close_tw_emit(conn, TCP_LUCID_CLOSE_FIN_RECEIVED,
			    TCP_LUCID_END_NONE, TCP_LUCID_VERDICT_NONE,
			    TCP_FIN_WAIT2, next - 1, ours);
	lucid_close_tw_emit(conn, TCP_LUCID_CLOSE_ENDED, TCP_LUCID_END_NONE,
			    TCP_LUCID_VERDICT_CLEAN_ACTIVE, TCP_FIN_WAIT2,
			    ours, next);
}

static u8 lucid_close_tw_why(u8 tw_why)
{
	switch (tw_why) {
	case TCP_LUCID_TW_END_TIMER:
		return TCP_LUCID_END_FIN_WAIT2;
	case TCP_LUCID_TW_END_RST:
		return TCP_LUCID_END_RST;
	case TCP_LUCID_TW_END_DATA:
		return TCP_LUCID_END_DATA;
	case TCP_LUCID_TW_END_NETNS:
		return TCP_LUCID_END_NETNS;
	case TCP_LUCID_TW_END_KILLED:
		return TCP_LUCID_END_KILLED;
	default:
		return TCP_LUCID_END_OTHER;
	}
}

/**
 * lucid_close_tw_gone() - a mini-socket is gone
 * @conn: whose
 * @substate: in which state it was
 * @tw_why: enum tcp_lucid_tw_end
 * @seq: of the segment that ended it, if one did
 * @ack: the same
 */
void lucid_close_tw_gone(const struct lucid_conn *conn, u8 substate, u8 tw_why,
			 u32 seq, u32 ack)
{
	u8 why = lucid_close_tw_why(tw_why);
	struct lucid_end_note note;

	if (!trace_close_enabled())
		return;
	/* Whatever the segment was that is no good here, it has got its RST. */
	if (why == TCP_LUCID_END_DATA && lucid_note_end_of(conn->cookie, &note))
		why = note.why;
	if (tw_why == TCP_LUCID_TW_END_RST)
		lucid_close_tw_emit(conn, TCP_LUCID_CLOSE_RST_RECEIVED,
				    TCP_LUCID_END_NONE, TCP_LUCID_VERDICT_NONE,
				    substate, seq, ack);
	if (substate == TCP_FIN_WAIT2)
		lucid_close_tw_emit(conn, TCP_LUCID_CLOSE_ENDED, why,
				    lucid_close_verdict_of(substate, why),
				    substate, 0, 0);
}

static struct lucid_entry lucid_close_entries[] = {
	{
		.name = "__tcp_close",
		.call = lucid_entry_close,
		.provides = TCP_LUCID_CAN_CLOSE,
	}, {
		.name = "tcp_shutdown",
		.call = lucid_entry_shutdown,
		.provides = TCP_LUCID_CAN_CLOSE,
	}, {
		.name = "tcp_send_fin",
		.call = lucid_entry_send_fin,
		.provides = TCP_LUCID_CAN_CLOSE,
	}, {
		.name = "tcp_fin",
		.call = lucid_entry_fin,
		.provides = TCP_LUCID_CAN_CLOSE,
	},
};

struct lucid_observer lucid_close_observer = {
	.entries = lucid_close_entries,
	.nr_entries = ARRAY_SIZE(lucid_close_entries),
};
