// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: every transition between the states of RFC 9293, figure 5.
 *
 * The kernel's own sock:inet_sock_set_state tells most of them. It is wrong or
 * silent in five places; four are told from elsewhere:
 *
 *   CLOSE -> SYN_SENT		it fires before the local port is chosen;
 *				told when the SYN is built (handshake.c)
 *   LISTEN -> NEW_SYN_RECV	silent: a request socket; told when its SYN-ACK
 *				is built (handshake.c), and its end below
 *   NEW_SYN_RECV -> SYN_RECV	it fires on the child before its addresses are
 *				set (except 7.2); told when they are
 *   ... -> TIME_WAIT		it says CLOSE: the socket is thrown away and a
 *				mini-socket takes over (time_wait.c)
 *   SYN_RECV -> CLOSE		also of a child that never was a connection, as
 *				another was made first; not told
 */
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/tcp_states.h>
#include <trace/events/sock.h>
#include <trace/events/tcp_lucid.h>

#include "closing.h"
#include "compat.h"
#include "conn.h"
#include "flood.h"
#include "notes.h"
#include "observers.h"
#include "opening.h"
#include "summary.h"

/**
 * lucid_state_changed() - report a transition that another observer saw
 * @conn: whose
 * @oldstate: TCP_*
 * @newstate: TCP_*
 */
void lucid_state_changed(const struct lucid_conn *conn, int oldstate,
			 int newstate)
{
	if (trace_state_enabled())
		trace_state(conn, oldstate, newstate);
}

static bool lucid_state_sees_child(void);

/*
 * Is this transition told by another hook? A connect() that failed before it
 * sent anything was never announced, so its return to CLOSE is not told at all.
 */
static bool lucid_state_told_elsewhere(const struct sock *sk, int oldstate,
				       int newstate)
{
	if (oldstate == TCP_CLOSE && newstate == TCP_SYN_SENT)
		return lucid_handshake_sees_connect();
	if (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV)
		return lucid_state_sees_child();
	if (oldstate == TCP_SYN_SENT && newstate == TCP_CLOSE)
		return lucid_handshake_sees_connect() && !tcp_sk(sk)->segs_out;
	return false;
}

static void lucid_state_of_sock(const struct sock *sk, int oldstate,
				int newstate)
{
	struct lucid_conn conn;

	/* close() after shutdown() sets the state that is there already. */
	if (oldstate == newstate ||
	    lucid_state_told_elsewhere(sk, oldstate, newstate))
		return;
	lucid_conn_from_sock(&conn, sk);
	trace_state(&conn, oldstate, newstate);
}

/* The connection lives on if a mini-socket has just taken over; in what state? */
static int lucid_state_handed_to(const struct sock *sk, int oldstate,
				 int newstate)
{
	if (newstate != TCP_CLOSE || oldstate == newstate ||
	    (!trace_state_enabled() && !lucid_close_wanted()))
		return 0;
	return lucid_note_take_time_wait(lucid_conn_cookie(sk));
}

/* The last child of a request, which gave it its cookie. */
static DEFINE_PER_CPU(const struct sock *, lucid_heir);

/*
 * A child that never was a connection, as another segment made one before it
 * (inet_ehash_nolisten()): its cookie, the request's, is the other's. A child
 * whose connection ends has let go of its port by now (tcp_set_state()).
 */
static bool lucid_state_of_nobody(const struct sock *sk, int oldstate,
				  int newstate)
{
	return oldstate == TCP_SYN_RECV && newstate == TCP_CLOSE &&
	       !(sk->sk_userlocks & SOCK_BINDPORT_LOCK) &&
	       inet_csk(sk)->icsk_bind_hash &&
	       raw_cpu_read(lucid_heir) == sk;
}

static void lucid_probe_set_state(void *unused, const struct sock *sk,
				  const int oldstate, const int newstate)
{
	int handed_to;

	if (sk->sk_protocol != IPPROTO_TCP ||
	    lucid_state_of_nobody(sk, oldstate, newstate))
		return;
	if (newstate == TCP_CLOSE && oldstate != newstate) {
		lucid_recovery_closed(sk);
		lucid_flow_control_closed(sk);
		lucid_limited_closed(sk);
	}
	handed_to = lucid_state_handed_to(sk, oldstate, newstate);
	if (trace_state_enabled())
		lucid_state_of_sock(sk, oldstate, handed_to ?: newstate);
	/* It may be its second life, with the cookie of the first. */
	if (newstate == TCP_SYN_SENT)
		lucid_notes_forget(atomic64_read(&sk->sk_cookie));
	lucid_close_moved(sk, oldstate, newstate, handed_to);
	if (newstate == TCP_CLOSE) {
		lucid_connect_closed(sk, oldstate);
		lucid_summary_closed(sk, oldstate);
	}
	if (newstate == TCP_ESTABLISHED) {
		lucid_handshake_complete(sk, oldstate);
		lucid_limited_established(sk);
	}
	/* With Fast Open, close() need not wait for the end of the handshake. */
	if (newstate == TCP_ESTABLISHED ||
	    (oldstate == TCP_SYN_RECV && newstate == TCP_FIN_WAIT1))
		lucid_summary_opened(sk, oldstate, newstate);
}

/* tcp_ca_openreq_child(child, dst): the child of a listener has its tuple. */
static void notrace lucid_entry_child(struct ftrace_regs *fregs,
				      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0), *heir;
	struct lucid_conn conn;
	bool had_request;

	/*
	 * A cookie that is already there came from the request socket. Without
	 * it none was seen: a SYN cookie, a Fast Open, or nobody listened yet.
	 */
	had_request = atomic64_read(&sk->sk_cookie);
	/* A name only: 6.1's macro on x86 puts no parentheses around it. */
	heir = had_request ? sk : NULL;
	this_cpu_write(lucid_heir, heir);
	if (trace_listen_enabled() && lucid_listen_child(sk))
		had_request = false;
	if (!trace_state_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	trace_state(&conn, had_request ? TCP_NEW_SYN_RECV : TCP_LISTEN,
		    TCP_SYN_RECV);
}

/* A segment among too many throws a request away: what is left out is counted. */
static void lucid_state_end_hidden(const struct sock *listener,
				   const struct request_sock *req)
{
	const struct net *net = sock_net(listener);

	if (trace_listen_enabled())
		lucid_flood_count(net, TCP_LUCID_LIMITED_LISTEN);
	if (trace_close_enabled() && lucid_reset_by_rst(req))
		lucid_flood_count(net, TCP_LUCID_LIMITED_CLOSE);
	if (trace_state_enabled())
		lucid_flood_count(net, TCP_LUCID_LIMITED_STATE);
}

/*
 * __inet_csk_reqsk_queue_drop(listener, req, from_timer): also called when the
 * final ACK has turned the request into a child; it is not hashed any more then.
 */
static void notrace lucid_entry_request_drop(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	const struct sock *listener = lucid_arg(fregs, 0);
	struct request_sock *req = lucid_arg(fregs, 1);
	struct lucid_conn conn;

	if (!trace_state_enabled() && !trace_listen_enabled() &&
	    !lucid_close_wanted())
		return;
	if (listener->sk_protocol != IPPROTO_TCP ||
	    hlist_unhashed_lockless(&req_to_sk(req)->sk_node))
		return;
	if (lucid_flood_hides_of(req)) {
		lucid_state_end_hidden(listener, req);
		lucid_flood_forget();
		return;
	}
	lucid_listen_request_drop(listener, req, parent_ip);
	lucid_reset_request_drop(req);
	lucid_conn_from_request(&conn, req);
	lucid_state_changed(&conn, TCP_NEW_SYN_RECV, TCP_CLOSE);
}

static struct lucid_tracepoint lucid_state_tracepoints[] = {
	{
		.name = "inet_sock_set_state",
		.probe = lucid_probe_set_state,
		.provides = TCP_LUCID_CAN_STATE | TCP_LUCID_CAN_HANDSHAKE |
			    TCP_LUCID_CAN_CONNECT_FAILED |
			    TCP_LUCID_CAN_CLOSE | TCP_LUCID_CAN_SUMMARY,
	},
};

static struct lucid_entry lucid_state_entries[] = {
	{
		.name = "tcp_ca_openreq_child",
		.call = lucid_entry_child,
		.provides = TCP_LUCID_CAN_STATE | TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "__inet_csk_reqsk_queue_drop",
		.call = lucid_entry_request_drop,
		.provides = TCP_LUCID_CAN_STATE | TCP_LUCID_CAN_LISTEN |
			    TCP_LUCID_CAN_CLOSE,
	},
};

static bool lucid_state_sees_child(void)
{
	return lucid_state_entries[0].addr;
}

struct lucid_observer lucid_state_observer = {
	.tracepoints = lucid_state_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_state_tracepoints),
	.entries = lucid_state_entries,
	.nr_entries = ARRAY_SIZE(lucid_state_entries),
};

/* Never called: the compiler compares the probe with the tracepoint. */
static void __maybe_unused lucid_state_check_types(void)
{
	check_trace_callback_type_inet_sock_set_state(lucid_probe_set_state);
}
