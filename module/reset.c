// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: every RST that is sent, and every good one that is received.
 *
 * A RST may belong to a full socket, to a request, to a mini-socket, or to
 * nothing at all. Recent kernels tell of each that is sent and say why, though
 * not always enough; 6.1 tells of those of full sockets only, and the rest is
 * seen where the answer is about to be built. What the kernel does not say
 * follows from who answers what.
 */
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/tcp.h>
#include <net/inet_timewait_sock.h>
#include <net/ip6_route.h>
#include <net/request_sock.h>
#include <net/route.h>
#include <net/tcp.h>
#include <trace/events/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "closing.h"
#include "compat.h"
#include "conn.h"
#include "flood.h"
#include "notes.h"
#include "observers.h"

/*
 * The segment that has met a request socket: a RST that answers it is sent in
 * the listener's name. The request is only ever compared.
 */
static DEFINE_PER_CPU(struct lucid_reset_note {
	const struct request_sock *req;
	const struct sk_buff *skb;
	unsigned long jiffies;
	struct lucid_conn conn;
	u32 seq;
	u32 ack;
	u8 flags;
	bool bad_ack;
}, lucid_reset_note);

/**
 * lucid_reset_segment() - a segment meets a request socket
 * @req: the request
 * @skb: the segment
 */
void lucid_reset_segment(const struct request_sock *req,
			 const struct sk_buff *skb)
{
	struct lucid_reset_note *note = this_cpu_ptr(&lucid_reset_note);
	const struct tcphdr *th = tcp_hdr(skb);

	/* With Fast Open it meets the child that is there already. */
	if (!trace_close_enabled() || tcp_rsk(req)->tfo_listener)
		return;
	lucid_conn_from_request(&note->conn, req);
	note->req = req;
	note->skb = skb;
	note->jiffies = jiffies;
	note->seq = ntohl(th->seq);
	note->ack = ntohl(th->ack_seq);
	note->flags = tcp_flag_byte(th);
	note->bad_ack = th->ack && note->ack != tcp_rsk(req)->snt_isn + 1;
}

static const struct lucid_reset_note *
lucid_reset_request(const struct sk_buff *skb)
{
	const struct lucid_reset_note *note = raw_cpu_ptr(&lucid_reset_note);
	const struct tcphdr *th = tcp_hdr(skb);

	if (note->skb != skb || !lucid_note_fresh(note->jiffies) ||
	    note->conn.dport != ntohs(th->source) ||
	    note->seq != ntohl(th->seq) || note->ack != ntohl(th->ack_seq))
		return NULL;
	return note;
}

/**
 * lucid_reset_by_rst() - is it a RST that throws a request away?
 * @req: the request; close must have been listened to when the RST came
 */
bool lucid_reset_by_rst(const struct request_sock *req)
{
	const struct lucid_reset_note *note = this_cpu_ptr(&lucid_reset_note);

	return note->req == req && lucid_note_fresh(note->jiffies) &&
	       note->flags & TCPHDR_RST;
}

/**
 * lucid_reset_request_drop() - a request is thrown away
 * @req: the request
 */
void lucid_reset_request_drop(const struct request_sock *req)
{
	const struct lucid_reset_note *note = this_cpu_ptr(&lucid_reset_note);
	struct lucid_close event;

	if (!trace_close_enabled() || !lucid_reset_by_rst(req))
		return;
	event = (struct lucid_close) {
		.seq = note->seq,
		.ack = note->ack,
		.what = TCP_LUCID_CLOSE_RST_RECEIVED,
		.state = TCP_NEW_SYN_RECV,
		.kind = TCP_LUCID_KIND_REQUEST,
	};
	trace_close(&note->conn, &event);
}

/*
 * tcp_reset(sk, skb): the socket is thrown away for a RST that came, or by the
 * same function for data that came after close().
 */
static void notrace lucid_entry_reset(struct ftrace_regs *fregs,
				      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct tcphdr *th = tcp_hdr((struct sk_buff *)lucid_arg(fregs, 1));
	struct lucid_close event;
	struct lucid_conn conn;

	if (!lucid_close_wanted() || sk->sk_state == TCP_CLOSE)
		return;
	lucid_conn_from_sock(&conn, sk);
	lucid_note_end(conn.cookie, sk->sk_state,
		       th->rst ? TCP_LUCID_END_RST : TCP_LUCID_END_DATA);
	if (!th->rst || !trace_close_enabled())
		return;
	lucid_close_fill(&event, sk, TCP_LUCID_CLOSE_RST_RECEIVED,
			 TCP_LUCID_END_NONE, sk->sk_state);
	event.seq = ntohl(th->seq);
	event.ack = ntohl(th->ack_seq);
	trace_close(&conn, &event);
}

/*
 * The sequence number of a RST of our own accord: the next, unless the peer has
 * taken so much of its window back that it would not accept that one.
 */
static u32 lucid_reset_seq(const struct tcp_sock *tp)
{
	u32 end = tcp_wnd_end(tp), beyond = tp->snd_nxt - end;

	if (!before(end, tp->snd_nxt) ||
	    (tp->rx_opt.wscale_ok && beyond < 1U << tp->rx_opt.rcv_wscale))
		return tp->snd_nxt;
	return end;
}

/* Of our own accord: to abort a connection. */
static void lucid_reset_active(const struct sock *sk, u8 why)
{
	struct lucid_end_note note;
	struct lucid_close event;
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	if (sk->sk_state != TCP_CLOSE ||
	    !lucid_note_end_of(conn.cookie, &note)) {
		note.state = sk->sk_state;
		note.why = why ?: lucid_close_cause(sk);
	}
	if (why == TCP_LUCID_END_MPTCP)
		note.why = why;
	lucid_close_fill(&event, sk, TCP_LUCID_CLOSE_RST_SENT, note.why,
			 note.state);
	event.seq = lucid_reset_seq(tcp_sk(sk));
	trace_close(&conn, &event);
}

/* In answer to a segment, in the name of a full socket. */
static void lucid_reset_full(struct lucid_close *event, const struct sock *sk,
			     u8 why)
{
	struct lucid_end_note note;

	if (sk->sk_state != TCP_CLOSE ||
	    !lucid_note_end_of(lucid_conn_cookie(sk), &note)) {
		note.state = sk->sk_state;
		note.why = why ?: TCP_LUCID_END_DATA;
		if (!why && (note.state == TCP_SYN_SENT ||
			     note.state == TCP_SYN_RECV))
			note.why = TCP_LUCID_END_BAD_ACK;
	}
	lucid_close_fill(event, sk, TCP_LUCID_CLOSE_RST_SENT, note.why,
			 note.state);
}

/* The same in the name of a mini-socket, or of a request. */
static void lucid_reset_mini(struct lucid_conn *conn, struct lucid_close *event,
			     const struct inet_timewait_sock *tw, bool syn)
{
	lucid_conn_from_timewait(conn, tw);
	event->kind = TCP_LUCID_KIND_TIME_WAIT;
	event->state = READ_ONCE(tw->tw_substate);
	event->why = syn ? TCP_LUCID_END_BAD_SYN : TCP_LUCID_END_DATA;
	event->orphan = 1;
	lucid_note_end(conn->cookie, event->state, event->why);
}

static void lucid_reset_embryo(struct lucid_conn *conn,
			       struct lucid_close *event,
			       const struct lucid_reset_note *note)
{
	*conn = note->conn;
	event->kind = TCP_LUCID_KIND_REQUEST;
	event->state = TCP_NEW_SYN_RECV;
	if (note->bad_ack)
		event->why = TCP_LUCID_END_BAD_ACK;
	else if (note->flags & TCPHDR_SYN)
		event->why = TCP_LUCID_END_BAD_SYN;
	else
		event->why = TCP_LUCID_END_ACCEPT_QUEUE;
}

/*
 * What answers no connection anybody can bring about, at any rate. With a request
 * the segment is not dealt with yet: it may be thrown away next.
 */
static bool lucid_reset_hidden(const struct net *net, const struct sk_buff *skb,
			       const struct lucid_reset_note *note)
{
	bool hidden;

	preempt_disable();
	hidden = lucid_flood_hides_late(net, skb, note ? note->req : NULL);
	if (hidden)
		lucid_flood_count(net, TCP_LUCID_LIMITED_CLOSE);
	if (!note)
		lucid_flood_forget();
	preempt_enable();
	return hidden;
}

static void lucid_reset_reply(const struct sock *sk, const struct sk_buff *skb,
			      u8 why)
{
	const struct net *net = sk ? sock_net(sk) : dev_net(skb->dev);
	struct lucid_close event = { .what = TCP_LUCID_CLOSE_RST_SENT };
	const struct lucid_reset_note *note = NULL;
	/* Nobody holds a listener, which may be closed at any moment. */
	int state = sk ? inet_sk_state_load(sk) : TCP_CLOSE;
	const struct tcphdr *th = tcp_hdr(skb);
	struct lucid_conn conn;

	if (state == TCP_LISTEN)
		note = lucid_reset_request(skb);
	if ((!sk || state == TCP_LISTEN) && lucid_reset_hidden(net, skb, note))
		return;
	if (note) {
		lucid_reset_embryo(&conn, &event, note);
	} else if (!sk || state == TCP_LISTEN) {
		lucid_conn_from_segment(&conn, net, skb);
		event.kind = sk ? TCP_LUCID_KIND_LISTENER :
				  TCP_LUCID_KIND_NOBODY;
		event.state = sk ? TCP_LISTEN : TCP_CLOSE;
		event.why = sk ? TCP_LUCID_END_STRAY : TCP_LUCID_END_NO_SOCKET;
	} else if (state == TCP_TIME_WAIT) {
		lucid_reset_mini(&conn, &event, inet_twsk(sk), th->syn);
	} else if (sk_fullsock(sk)) {
		lucid_conn_from_sock(&conn, sk);
		lucid_reset_full(&event, sk, why);
	} else {
		return;
	}
	if (why == TCP_LUCID_END_MPTCP)
		event.why = why;
	/* RFC 9293, section 3.10.7.1. */
	event.seq = th->ack ? ntohl(th->ack_seq) : 0;
	event.ack = th->ack ? 0 : ntohl(th->seq) + th->syn + th->fin +
				  skb->len - (th->doff << 2);
	trace_close(&conn, &event);
}

#ifdef LUCID_HAVE_RESET_REASON
/*
 * The kernel's reason, where it is one that nothing else tells. What it calls
 * TCP_STATE, TCP_ABORT_*, KEEPALIVE_TIMEOUT... is known better by now.
 */
static u8 lucid_reset_reason(enum sk_rst_reason reason)
{
	switch (reason) {
	case SK_RST_REASON_TCP_INVALID_ACK_SEQUENCE:
	case SK_RST_REASON_TCP_TOO_OLD_ACK:
	case SK_RST_REASON_TCP_ACK_UNSENT_DATA:
	case SK_RST_REASON_TCP_OLD_ACK:
		return TCP_LUCID_END_BAD_ACK;
	case SK_RST_REASON_TCP_RFC7323_PAWS:
		return TCP_LUCID_END_PAWS;
	case SK_RST_REASON_TCP_ABORT_ON_DATA:
		return TCP_LUCID_END_DATA;
	case SK_RST_REASON_INVALID_SYN:
		return TCP_LUCID_END_BAD_SYN;
	case SK_RST_REASON_MPTCP_RST_EUNSPEC:
	case SK_RST_REASON_MPTCP_RST_EMPTCP:
	case SK_RST_REASON_MPTCP_RST_ERESOURCE:
	case SK_RST_REASON_MPTCP_RST_EPROHIBIT:
	case SK_RST_REASON_MPTCP_RST_EWQ2BIG:
	case SK_RST_REASON_MPTCP_RST_EBADPERF:
	case SK_RST_REASON_MPTCP_RST_EMIDDLEBOX:
		return TCP_LUCID_END_MPTCP;
	default:
		return TCP_LUCID_END_NONE;
	}
}

static void lucid_probe_send_reset(void *unused, const struct sock *sk,
				   const struct sk_buff *skb,
				   const enum sk_rst_reason reason)
{
	if (!trace_close_enabled())
		return;
	if (skb)
		lucid_reset_reply(sk, skb, lucid_reset_reason(reason));
	else
		lucid_reset_active(sk, lucid_reset_reason(reason));
}
#else
static void lucid_probe_send_reset(void *unused, const struct sock *sk,
				   const struct sk_buff *skb)
{
	if (!trace_close_enabled())
		return;
	if (skb)
		lucid_reset_reply(sk, skb, TCP_LUCID_END_NONE);
	else
		lucid_reset_active(sk, TCP_LUCID_END_NONE);
}

/*
 * Without a full socket no tracepoint tells. The rules by which there is no
 * answer after all are the kernel's, but for TCP MD5 (RFC 2385): a segment that
 * has such a signature, and a wrong one, is not answered.
 */
static bool lucid_reset_untold(const struct sock *sk, const struct sk_buff *skb)
{
	return trace_close_enabled() && !tcp_hdr(skb)->rst &&
	       !(sk && sk_fullsock(sk));
}

/* tcp_v4_send_reset(sk, skb): sk may be NULL, or a mini-socket. */
static void notrace lucid_entry_v4_send_reset(struct ftrace_regs *fregs,
					      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);

	if (lucid_reset_untold(sk, skb) &&
	    (sk || skb_rtable(skb)->rt_type == RTN_LOCAL))
		lucid_reset_reply(sk, skb, TCP_LUCID_END_NONE);
}

/* The same of tcp_v6_send_reset(). */
static void notrace lucid_entry_v6_send_reset(struct ftrace_regs *fregs,
					      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);

	if (lucid_reset_untold(sk, skb) &&
	    (sk || ipv6_unicast_destination(skb)))
		lucid_reset_reply(sk, skb, TCP_LUCID_END_NONE);
}
#endif

static struct lucid_tracepoint lucid_reset_tracepoints[] = {
	{
		.name = "tcp_send_reset",
		.probe = lucid_probe_send_reset,
		.provides = TCP_LUCID_CAN_CLOSE,
	},
};

static struct lucid_entry lucid_reset_entries[] = {
#ifndef LUCID_HAVE_RESET_REASON
	{
		.name = "tcp_v4_send_reset",
		.call = lucid_entry_v4_send_reset,
		.provides = TCP_LUCID_CAN_CLOSE,
	}, {
		.name = "tcp_v6_send_reset",
		.call = lucid_entry_v6_send_reset,
		.provides = TCP_LUCID_CAN_CLOSE,
	},
#endif
	{
		.name = "tcp_reset",
		.call = lucid_entry_reset,
		.provides = TCP_LUCID_CAN_CLOSE,
	},
};

struct lucid_observer lucid_reset_observer = {
	.tracepoints = lucid_reset_tracepoints,
	.nr_tracepoints = ARRAY_SIZE(lucid_reset_tracepoints),
	.entries = lucid_reset_entries,
	.nr_entries = ARRAY_SIZE(lucid_reset_entries),
};

/* Never called: the compiler compares the probe with the tracepoint. */
static void __maybe_unused lucid_reset_check_types(void)
{
	check_trace_callback_type_tcp_send_reset(lucid_probe_send_reset);
}
