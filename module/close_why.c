// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a socket goes to CLOSE.
 *
 * The kernel does not say. When it is the peer's doing, or a mini-socket takes
 * over, a function has just been called whose name and arguments say it, and it
 * was noted. When the connection has simply run its course, its state says it.
 * For all the rest it is the callers that know: which timer, which system call.
 */
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <uapi/linux/tcp_lucid.h>

#include "callers.h"
#include "closing.h"
#include "conn.h"
#include "notes.h"

/* Who closes a socket, by the name of the function. */
enum lucid_closer {
	LUCID_CLOSER_NONE,
	LUCID_CLOSER_CLOSE,
	LUCID_CLOSER_DISCONNECT,
	LUCID_CLOSER_LISTENER,
	LUCID_CLOSER_KILLED,
	LUCID_CLOSER_KEEPALIVE,
	LUCID_CLOSER_RESEND_TIMER,
	LUCID_CLOSER_WRITE_TIMER,
	LUCID_CLOSER_SEGMENT,
	LUCID_CLOSER_ICMP,
	LUCID_CLOSER_MPTCP,
};

static const struct lucid_caller lucid_closers_list[] = {
	{ "__tcp_close",		LUCID_CLOSER_CLOSE },
	{ "tcp_close",			LUCID_CLOSER_CLOSE },
	{ "tcp_disconnect",		LUCID_CLOSER_DISCONNECT },
	{ "inet_csk_listen_stop",	LUCID_CLOSER_LISTENER },
	{ "inet_child_forget",		LUCID_CLOSER_LISTENER },
	{ "tcp_abort",			LUCID_CLOSER_KILLED },
	{ "tcp_keepalive_timer",	LUCID_CLOSER_KEEPALIVE },
	{ "tcp_retransmit_timer",	LUCID_CLOSER_RESEND_TIMER },
	{ "tcp_write_timer",		LUCID_CLOSER_WRITE_TIMER },
	{ "tcp_rcv_state_process",	LUCID_CLOSER_SEGMENT },
	{ "tcp_v4_err",			LUCID_CLOSER_ICMP },
	{ "tcp_v6_err",			LUCID_CLOSER_ICMP },
	{ "mptcp_",			LUCID_CLOSER_MPTCP },
	{ "__mptcp_",			LUCID_CLOSER_MPTCP },
	{ "subflow_",			LUCID_CLOSER_MPTCP },
};

static struct lucid_callers lucid_closers = {
	.list = lucid_closers_list,
	.nr = ARRAY_SIZE(lucid_closers_list),
};

/* The nearest of the callers that says something, and the one before it. */
static enum lucid_closer lucid_closer(enum lucid_closer *before)
{
	enum lucid_closer who = LUCID_CLOSER_NONE;
	unsigned long stack[32];
	unsigned int i, depth;

	*before = LUCID_CLOSER_NONE;
	depth = stack_trace_save(stack, ARRAY_SIZE(stack), 0);
	for (i = 0; i < depth && !who; i++)
		who = lucid_caller(&lucid_closers, stack[i]);
	for (; i < depth && !*before; i++)
		*before = lucid_caller(&lucid_closers, stack[i]);
	return who;
}

/* MPTCP passes shutdown() on to a socket that goes without it, and says so first. */
static bool lucid_close_passed_on(const struct sock *sk)
{
	return sk->sk_shutdown & SEND_SHUTDOWN;
}

/**
 * lucid_close_by_kernel() - does nobody call shutdown(), but the kernel?
 * @sk: the socket
 * @ip: where tcp_shutdown() returns to
 *
 * What was said of a socket in SYN_RECV is done when the handshake is over; and
 * MPTCP shuts its subflows down when its own connection ends.
 *
 * Return: whether it is so.
 */
bool lucid_close_by_kernel(const struct sock *sk, unsigned long ip)
{
	enum lucid_closer who = lucid_caller(&lucid_closers, ip);

	return who == LUCID_CLOSER_SEGMENT ||
	       (who == LUCID_CLOSER_MPTCP && !lucid_close_passed_on(sk));
}

/**
 * lucid_close_caller() - does close() or shutdown() make a socket send its FIN?
 * @sk: the socket
 * @ip: where tcp_send_fin() returns to
 *
 * Return: enum tcp_lucid_end.
 */
u8 lucid_close_caller(const struct sock *sk, unsigned long ip)
{
	if (lucid_caller(&lucid_closers, ip) != LUCID_CLOSER_CLOSE)
		return sk_is_mptcp(sk) && !lucid_close_passed_on(sk) ?
		       TCP_LUCID_END_MPTCP : TCP_LUCID_END_SHUTDOWN;
	return current->flags & PF_EXITING ? TCP_LUCID_END_EXIT :
					     TCP_LUCID_END_CLOSE;
}

/* __tcp_close() itself: before it has made an orphan of the socket, or after. */
static u8 lucid_cause_close(const struct sock *sk)
{
	if (!sock_flag(sk, SOCK_DEAD))
		return TCP_LUCID_END_UNREAD;
	if (sk->sk_state == TCP_FIN_WAIT2 && READ_ONCE(tcp_sk(sk)->linger2) < 0)
		return TCP_LUCID_END_LINGER2;
	return check_net(sock_net(sk)) ? TCP_LUCID_END_ORPHANS :
					 TCP_LUCID_END_NETNS;
}

static u8 lucid_cause_disconnect(const struct sock *sk,
				 enum lucid_closer before)
{
	switch (before) {
	case LUCID_CLOSER_CLOSE:
		return tcp_sk(sk)->repair ? TCP_LUCID_END_REPAIR :
					    TCP_LUCID_END_LINGER0;
	case LUCID_CLOSER_LISTENER:
		return TCP_LUCID_END_LISTENER;
	default:
		return TCP_LUCID_END_DISCONNECT;
	}
}

static u8 lucid_cause_keepalive(const struct sock *sk)
{
	if (sk->sk_state == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD))
		return TCP_LUCID_END_FIN_WAIT2;
	return READ_ONCE(inet_csk(sk)->icsk_user_timeout) ?
	       TCP_LUCID_END_USER_TIMEOUT : TCP_LUCID_END_KEEPALIVE;
}

/*
 * A timer that gives up has set the socket's error first. One that has not may
 * no longer go on: an orphan is too much for the host, or its namespace is gone.
 */
static u8 lucid_cause_forbidden(const struct sock *sk)
{
	if (!sock_flag(sk, SOCK_DEAD) || READ_ONCE(sk->sk_err))
		return TCP_LUCID_END_NONE;
	return check_net(sock_net(sk)) ? TCP_LUCID_END_ORPHANS :
					 TCP_LUCID_END_NETNS;
}

/* A window that the peer took back is probed by retransmissions. */
static u8 lucid_cause_resend(const struct sock *sk)
{
	u8 forbidden = lucid_cause_forbidden(sk);

	if (forbidden)
		return forbidden;
	if (READ_ONCE(inet_csk(sk)->icsk_user_timeout))
		return TCP_LUCID_END_USER_TIMEOUT;
	if (!tcp_sk(sk)->snd_wnd && !sock_flag(sk, SOCK_DEAD))
		return TCP_LUCID_END_ZERO_WINDOW;
	return TCP_LUCID_END_RETRANS;
}

/* What else the write timer does, and gives up: it probes a shut window. */
static u8 lucid_cause_probe(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	u32 limit = READ_ONCE(icsk->icsk_user_timeout);
	s32 elapsed = tcp_jiffies32 - icsk->icsk_probes_tstamp;
	u8 forbidden = lucid_cause_forbidden(sk);

	if (forbidden)
		return forbidden;
	if (limit && icsk->icsk_probes_tstamp &&
	    elapsed >= (s32)msecs_to_jiffies(limit))
		return TCP_LUCID_END_USER_TIMEOUT;
	return TCP_LUCID_END_ZERO_WINDOW;
}

/**
 * lucid_close_cause() - why a socket is being closed, as its callers tell it
 * @sk: a full socket that is moving to CLOSE or whose RST is being sent
 *
 * Return: enum tcp_lucid_end.
 */
u8 lucid_close_cause(const struct sock *sk)
{
	enum lucid_closer before;

	switch (lucid_closer(&before)) {
	case LUCID_CLOSER_CLOSE:
		return lucid_cause_close(sk);
	case LUCID_CLOSER_DISCONNECT:
		return lucid_cause_disconnect(sk, before);
	case LUCID_CLOSER_KILLED:
		return TCP_LUCID_END_KILLED;
	case LUCID_CLOSER_KEEPALIVE:
		return lucid_cause_keepalive(sk);
	case LUCID_CLOSER_RESEND_TIMER:
		return lucid_cause_resend(sk);
	case LUCID_CLOSER_WRITE_TIMER:
		return lucid_cause_probe(sk);
	case LUCID_CLOSER_SEGMENT:
		return READ_ONCE(tcp_sk(sk)->linger2) < 0 ?
		       TCP_LUCID_END_LINGER2 : TCP_LUCID_END_DATA;
	case LUCID_CLOSER_ICMP:
		return TCP_LUCID_END_ICMP;
	case LUCID_CLOSER_MPTCP:
		return TCP_LUCID_END_MPTCP;
	default:
		return TCP_LUCID_END_OTHER;
	}
}

/**
 * lucid_close_why() - why a socket moves to CLOSE
 * @sk: a full socket that is just doing so; its old state is still stored
 *
 * Return: enum tcp_lucid_end; NONE if both sides have closed it.
 */
u8 lucid_close_why(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_end_note note;

	if (lucid_note_end_of(lucid_conn_cookie(sk), &note))
		return note.why;
	if (sk->sk_state == TCP_LAST_ACK && tp->snd_una == tp->write_seq)
		return TCP_LUCID_END_NONE;
	return lucid_close_cause(sk);
}

/**
 * lucid_close_verdict_of() - how a connection ended, in a word
 * @state: the state before
 * @why: enum tcp_lucid_end
 *
 * Return: enum tcp_lucid_verdict.
 */
u8 lucid_close_verdict_of(u8 state, u8 why)
{
	switch (why) {
	case TCP_LUCID_END_NONE:
		if (state == TCP_LAST_ACK)
			return TCP_LUCID_VERDICT_CLEAN_PASSIVE;
		return state == TCP_CLOSING ? TCP_LUCID_VERDICT_SIMULTANEOUS :
					      TCP_LUCID_VERDICT_CLEAN_ACTIVE;
	case TCP_LUCID_END_FIN_WAIT2:
		return TCP_LUCID_VERDICT_HALF;
	case TCP_LUCID_END_UNREAD:
	case TCP_LUCID_END_LINGER0:
	case TCP_LUCID_END_LINGER2:
	case TCP_LUCID_END_DISCONNECT:
	case TCP_LUCID_END_REPAIR:
	case TCP_LUCID_END_LISTENER:
		return TCP_LUCID_VERDICT_ABORT;
	case TCP_LUCID_END_KILLED:
	case TCP_LUCID_END_ORPHANS:
	case TCP_LUCID_END_NETNS:
		return TCP_LUCID_VERDICT_KILLED;
	case TCP_LUCID_END_RETRANS:
	case TCP_LUCID_END_KEEPALIVE:
	case TCP_LUCID_END_ZERO_WINDOW:
	case TCP_LUCID_END_USER_TIMEOUT:
		return TCP_LUCID_VERDICT_TIMEOUT;
	case TCP_LUCID_END_RST:
		return TCP_LUCID_VERDICT_RST_BY_PEER;
	case TCP_LUCID_END_DATA:
	case TCP_LUCID_END_BAD_SYN:
	case TCP_LUCID_END_MPTCP:
		return TCP_LUCID_VERDICT_RST_BY_US;
	case TCP_LUCID_END_ICMP:
		return TCP_LUCID_VERDICT_ICMP;
	default:
		return TCP_LUCID_VERDICT_OTHER;
	}
}

/**
 * lucid_close_verdict() - how the connection of a full socket ends
 * @sk: a socket that is moving to CLOSE; call it from the tracepoint
 *	sock:inet_sock_set_state, while the old state is still stored
 *
 * An orphan that goes on as a mini-socket in FIN_WAIT2 is HALF closed here, and
 * may still end CLEAN_ACTIVE. lucid_close_wanted() must be true since before.
 *
 * Return: enum tcp_lucid_verdict.
 */
u8 lucid_close_verdict(const struct sock *sk)
{
	return lucid_close_verdict_of(sk->sk_state, lucid_close_why(sk));
}

/**
 * lucid_close_hand_over() - a mini-socket is to take over
 * @sk: the full socket
 * @substate: %TCP_TIME_WAIT or %TCP_FIN_WAIT2
 */
void lucid_close_hand_over(const struct sock *sk, int substate)
{
	lucid_note_end(lucid_conn_cookie(sk), TCP_TIME_WAIT,
		       substate == TCP_FIN_WAIT2 ? TCP_LUCID_END_FIN_WAIT2 :
						   TCP_LUCID_END_NONE);
}
