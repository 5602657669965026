// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: what a listening socket does with the SYNs and final ACKs it gets.
 *
 *		SYN queue		accept queue
 *	SYN --> request socket --ACK--> connection --> accept()
 *	    |	    |		  |
 *	    |	    +-> dropped	  +-> dropped: accept queue full
 *	    +-> SYN cookie --ACK--> connection (good), or RST (bad)
 *	    +-> dropped: SYN queue full without cookies, accept queue full
 *
 * The kernel has no tracepoint for any of it, and a drop calls no function. It
 * is told by what did not follow: no SYN-ACK, no child. A segment is noted on
 * its CPU, which deals with one at a time, together with the rule by which it
 * would be dropped as things stand. If nothing has settled it when the next one
 * comes, or when the softirq is over, it was dropped.
 */
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <linux/stacktrace.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "callers.h"
#include "compat.h"
#include "conn.h"
#include "flood.h"
#include "notes.h"
#include "observers.h"
#include "opening.h"

/**
 * struct lucid_unsettled - a segment of which a drop may have to be told
 * @skb: the segment; only ever compared
 * @net: set if the drop is only to be counted, and then held
 * @conn: whose
 * @event: the drop; its @what is 0 if there is none to be told
 * @over: runs on this CPU when the softirq is over
 */
struct lucid_unsettled {
	const struct sk_buff *skb;
	struct net *net;
	struct lucid_conn conn;
	struct lucid_listen event;
	struct tasklet_struct over;
};

static DEFINE_PER_CPU(struct lucid_unsettled, lucid_unsettled);

/* The cookie of the request that a SYN cookie's ACK was turned into. */
static DEFINE_PER_CPU(u64, lucid_cookie_request);

/* The segment that has met a request socket, while that is being dealt with. */
static DEFINE_PER_CPU(struct lucid_request_note {
	const struct request_sock *req;
	u8 flags;
}, lucid_request_note);

/**
 * lucid_listen_wanted() - is anybody listening to what a SYN may bring about?
 */
bool lucid_listen_wanted(void)
{
	return trace_listen_enabled() || trace_handshake_enabled() ||
	       trace_state_enabled() || trace_fast_open_enabled();
}

static struct lucid_listen lucid_listen_event(const struct sock *listener,
					      u8 what, u8 why)
{
	return (struct lucid_listen) {
		.listener = lucid_conn_cookie(listener),
		.syn_queue = inet_csk_reqsk_queue_len(listener),
		.accept_queue = READ_ONCE(listener->sk_ack_backlog),
		.backlog = READ_ONCE(listener->sk_max_ack_backlog),
		.what = what,
		.why = why,
	};
}

static void lucid_settled(struct lucid_unsettled *un)
{
	un->event.what = 0;
	if (un->net)
		put_net(un->net);
	un->net = NULL;
}

/* Nothing came of it. */
static void lucid_settle(struct lucid_unsettled *un)
{
	if (!un->event.what)
		return;
	if (un->net)
		lucid_flood_count(un->net, TCP_LUCID_LIMITED_LISTEN);
	else
		trace_listen(&un->conn, &un->event);
	lucid_settled(un);
	lucid_flood_forget();
}

static void lucid_softirq_over(struct tasklet_struct *over)
{
	/* With PREEMPT_RT a hook in another softirq may come between. */
	preempt_disable();
	lucid_settle(container_of(over, struct lucid_unsettled, over));
	preempt_enable();
}

static struct lucid_unsettled *lucid_unsettled_here(void)
{
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);

	lucid_settle(un);
	return un;
}

/* From here it is @un's segment that this CPU deals with. */
static void lucid_unsettle(struct lucid_unsettled *un,
			   const struct sock *listener,
			   const struct sk_buff *skb, u8 what, u8 why)
{
	un->skb = skb;
	un->event = lucid_listen_event(listener, what, why);
	if (lucid_flood_hides(skb))
		un->net = maybe_get_net(sock_net(listener));
	tasklet_schedule(&un->over);
}

/*
 * By which of its rules would tcp_conn_request() drop a SYN now? One that takes
 * over from a mini-socket in TIME_WAIT passes a full SYN queue.
 */
static u8 lucid_syn_drop_why(const struct sock *listener,
			     const struct sk_buff *syn)
{
	if (!TCP_SKB_CB(syn)->tcp_tw_isn &&
	    !READ_ONCE(sock_net(listener)->ipv4.sysctl_tcp_syncookies) &&
	    inet_csk_reqsk_queue_is_full(listener))
		return TCP_LUCID_LISTEN_SYN_QUEUE;
	if (sk_acceptq_is_full(listener))
		return TCP_LUCID_LISTEN_ACCEPT_QUEUE;
	return TCP_LUCID_LISTEN_OTHER;
}

/* tcp_conn_request(rsk_ops, af_ops, listener, skb): a SYN. */
static void notrace lucid_entry_conn_request(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	const struct sock *listener = lucid_arg(fregs, 2);
	const struct sk_buff *skb = lucid_arg(fregs, 3);
	const struct net *net = sock_net(listener);
	struct lucid_unsettled *un;

	if (!lucid_listen_wanted())
		return;
	un = lucid_unsettled_here();
	lucid_flood_meets(net, skb, NULL);
	if (!trace_listen_enabled())
		return;
	lucid_conn_from_segment(&un->conn, net, skb);
	lucid_unsettle(un, listener, skb, TCP_LUCID_LISTEN_SYN_DROP,
		       lucid_syn_drop_why(listener, skb));
}

/*
 * tcp_peer_is_proven(req, dst): there are no SYN cookies and the queue is
 * three quarters full. If no SYN-ACK follows, the peer was not.
 */
static void notrace lucid_entry_proven(struct ftrace_regs *fregs,
				       unsigned long parent_ip)
{
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);

	if (un->event.what == TCP_LUCID_LISTEN_SYN_DROP)
		un->event.why = TCP_LUCID_LISTEN_UNPROVEN;
}

/**
 * lucid_listen_answered() - a SYN is being answered
 * @conn: whose
 * @listener: the listener, or with Fast Open the child
 * @req: the request
 * @syn: the SYN
 * @type: enum tcp_synack_type
 */
void lucid_listen_answered(const struct lucid_conn *conn,
			   const struct sock *listener,
			   const struct request_sock *req,
			   const struct sk_buff *syn, int type)
{
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);
	const struct net *net = sock_net(listener);
	struct lucid_listen event;
	u8 what, why;

	if (un->event.what && un->skb == syn)
		lucid_settled(un);
	if (!trace_listen_enabled() || type == TCP_SYNACK_FASTOPEN)
		return;
	if (lucid_flood_hides(syn)) {
		lucid_flood_count(net, TCP_LUCID_LIMITED_LISTEN);
		return;
	}
	what = TCP_LUCID_LISTEN_REQUEST;
	why = TCP_LUCID_LISTEN_WHY_NONE;
	if (type == TCP_SYNACK_COOKIE) {
		what = TCP_LUCID_LISTEN_COOKIE_SENT;
		why = READ_ONCE(net->ipv4.sysctl_tcp_syncookies) == 2 ?
		      TCP_LUCID_LISTEN_ALWAYS : TCP_LUCID_LISTEN_SYN_QUEUE;
	}
	event = lucid_listen_event(listener, what, why);
	trace_listen(conn, &event);
}

/*
 * cookie_v4_check(listener, skb), cookie_v6_check(listener, skb): a segment
 * that is no SYN, and for no connection. What the kernel does not even look at
 * is no business of ours.
 */
static void notrace lucid_entry_cookie_check(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	const struct sock *listener = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct net *net = sock_net(listener);
	const struct tcphdr *th = tcp_hdr(skb);
	struct lucid_unsettled *un;

	if (!trace_listen_enabled() || !th->ack || th->rst ||
	    !READ_ONCE(net->ipv4.sysctl_tcp_syncookies) ||
	    tcp_synq_no_recent_overflow(listener))
		return;
	un = lucid_unsettled_here();
	/* One that no request wanted has been asked about. */
	lucid_flood_hides_late(net, skb, NULL);
	lucid_conn_from_segment(&un->conn, net, skb);
	lucid_unsettle(un, listener, skb, TCP_LUCID_LISTEN_COOKIE_BAD,
		       TCP_LUCID_LISTEN_WHY_NONE);
}

/* cookie_timestamp_decode(net, options): only for a cookie that was good. */
static void notrace lucid_entry_cookie_good(struct ftrace_regs *fregs,
					    unsigned long parent_ip)
{
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);

	if (un->event.what != TCP_LUCID_LISTEN_COOKIE_BAD)
		return;
	un->event.what = TCP_LUCID_LISTEN_COOKIE_LOST;
	un->event.why = TCP_LUCID_LISTEN_OTHER;
}

/*
 * tcp_get_cookie_sock(listener, skb, req, ...): the request that never was,
 * made up from the cookie. Its number becomes the connection's.
 */
static void notrace lucid_entry_cookie_sock(struct ftrace_regs *fregs,
					    unsigned long parent_ip)
{
	const struct sock *listener = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct request_sock *req = lucid_arg(fregs, 2);
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);
	struct lucid_listen event;
	struct lucid_conn conn;

	if (un->event.what && un->skb == skb)
		lucid_settled(un);
	if (!trace_listen_enabled())
		return;
	if (lucid_flood_hides(skb)) {
		lucid_flood_count(sock_net(listener), TCP_LUCID_LIMITED_LISTEN);
		return;
	}
	lucid_conn_from_request(&conn, req);
	this_cpu_write(lucid_cookie_request, conn.cookie);
	event = lucid_listen_event(listener, TCP_LUCID_LISTEN_COOKIE_VALID,
				   TCP_LUCID_LISTEN_WHY_NONE);
	trace_listen(&conn, &event);
}

static void lucid_final_ack(const struct sock *listener,
			    const struct sk_buff *skb,
			    const struct request_sock *req)
{
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);
	u8 why = TCP_LUCID_LISTEN_OTHER;

	/* With Fast Open the SYN is the final ACK: its drop is told as a SYN's. */
	if (un->event.what == TCP_LUCID_LISTEN_SYN_DROP && un->skb == skb)
		return;
	lucid_settle(un);
	lucid_conn_from_request(&un->conn, req);
	/* It may come again and again while the queue is full. */
	if (sk_acceptq_is_full(listener)) {
		why = TCP_LUCID_LISTEN_ACCEPT_QUEUE;
		lucid_flood_hides_late(sock_net(listener), skb, req);
	}
	lucid_unsettle(un, listener, skb, TCP_LUCID_LISTEN_ACK_DROP, why);
}

/* tcp_v4_syn_recv_sock(listener, skb, req, ...): the handshake is complete. */
static void notrace lucid_entry_v4_final_ack(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	if (trace_listen_enabled())
		lucid_final_ack(lucid_arg(fregs, 0), lucid_arg(fregs, 1),
				lucid_arg(fregs, 2));
}

/* The same for IPv6; for IPv4 at an IPv6 socket it calls the one above. */
static void notrace lucid_entry_v6_final_ack(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	const struct sk_buff *skb = lucid_arg(fregs, 1);

	if (trace_listen_enabled() && skb->protocol != htons(ETH_P_IP))
		lucid_final_ack(lucid_arg(fregs, 0), skb, lucid_arg(fregs, 2));
}

/**
 * lucid_listen_child() - a handshake has led to a socket
 * @child: the socket
 *
 * Return: whether a SYN cookie did, so that there was no request before.
 */
bool lucid_listen_child(const struct sock *child)
{
	struct lucid_unsettled *un = this_cpu_ptr(&lucid_unsettled);
	u64 cookie = atomic64_read(&child->sk_cookie);

	if (un->event.what == TCP_LUCID_LISTEN_ACK_DROP) {
		lucid_settled(un);
		lucid_flood_forget();
	}
	return cookie && cookie == this_cpu_read(lucid_cookie_request);
}

/**
 * lucid_listen_segment() - a segment meets a request socket
 * @req: the request
 * @skb: the segment
 */
void lucid_listen_segment(const struct request_sock *req,
			  const struct sk_buff *skb)
{
	struct lucid_request_note *note = this_cpu_ptr(&lucid_request_note);

	note->req = req;
	note->flags = tcp_flag_byte(tcp_hdr(skb));
}

/* The segment that made tcp_check_req() drop a request. */
static u8 lucid_drop_by_segment(const struct request_sock *req)
{
	const struct lucid_request_note *note;

	/* The final ACK's own drop comes first. */
	lucid_settle(this_cpu_ptr(&lucid_unsettled));
	note = this_cpu_ptr(&lucid_request_note);
	if (note->req != req)
		return TCP_LUCID_LISTEN_OTHER;
	if (note->flags & TCPHDR_RST)
		return TCP_LUCID_LISTEN_RST;
	if (note->flags & TCPHDR_SYN)
		return TCP_LUCID_LISTEN_BAD_SYN;
	/* tcp_abort_on_overflow */
	return TCP_LUCID_LISTEN_ACCEPT_QUEUE;
}

static u8 lucid_drop_by_timer(const struct sock *listener,
			      const struct request_sock *req)
{
	const struct net *net = sock_net(listener);
	unsigned int attempts = READ_ONCE(inet_csk(listener)->icsk_syn_retries) ?:
				READ_ONCE(net->ipv4.sysctl_tcp_synack_retries);
	unsigned int backlog = READ_ONCE(listener->sk_max_ack_backlog);

	if (inet_sk_state_load(listener) != TCP_LISTEN)
		return TCP_LUCID_LISTEN_STOPPED;
	if (req->num_timeout >= attempts)
		return TCP_LUCID_LISTEN_TIMEOUT;
	if (inet_csk_reqsk_queue_len(listener) * 2 > max(8U, backlog))
		return TCP_LUCID_LISTEN_PRUNED;
	return TCP_LUCID_LISTEN_RESEND;
}

/* Who drops a request, by the name of the function. */
enum lucid_dropper {
	LUCID_DROP_OTHER,
	LUCID_DROP_TIMER,
	LUCID_DROP_SEGMENT,
	LUCID_DROP_STOPPED,
	LUCID_DROP_ICMP,
	LUCID_DROP_KILLED,
};

static const struct lucid_caller lucid_droppers_list[] = {
	{ "reqsk_timer_handler",	LUCID_DROP_TIMER },
	{ "tcp_check_req",		LUCID_DROP_SEGMENT },
	{ "tcp_v4_rcv",			LUCID_DROP_STOPPED },
	{ "tcp_v6_rcv",			LUCID_DROP_STOPPED },
	{ "tcp_req_err",		LUCID_DROP_ICMP },
	{ "tcp_v4_err",			LUCID_DROP_ICMP },
	{ "tcp_v6_err",			LUCID_DROP_ICMP },
	{ "tcp_abort",			LUCID_DROP_KILLED },
};

static struct lucid_callers lucid_droppers = {
	.list = lucid_droppers_list,
	.nr = ARRAY_SIZE(lucid_droppers_list),
};

/* The nearest of the callers that has something to say. */
static enum lucid_dropper lucid_dropper(unsigned long parent_ip)
{
	enum lucid_dropper who = lucid_caller(&lucid_droppers, parent_ip);
	unsigned long stack[16];
	unsigned int i, depth;

	if (who)
		return who;
	depth = stack_trace_save(stack, ARRAY_SIZE(stack), 0);
	for (i = 0; i < depth && stack[i] != parent_ip; i++)
		;
	while (!who && ++i < depth)
		who = lucid_caller(&lucid_droppers, stack[i]);
	return who;
}

static u8 lucid_drop_why(const struct sock *listener,
			 const struct request_sock *req,
			 unsigned long parent_ip)
{
	switch (lucid_dropper(parent_ip)) {
	case LUCID_DROP_TIMER:
		return lucid_drop_by_timer(listener, req);
	case LUCID_DROP_SEGMENT:
		return lucid_drop_by_segment(req);
	case LUCID_DROP_STOPPED:
		return TCP_LUCID_LISTEN_STOPPED;
	case LUCID_DROP_ICMP:
		return TCP_LUCID_LISTEN_ICMP;
	case LUCID_DROP_KILLED:
		return TCP_LUCID_LISTEN_KILLED;
	default:
		return TCP_LUCID_LISTEN_OTHER;
	}
}

/**
 * lucid_listen_request_drop() - a request is thrown away
 * @listener: whose
 * @req: the request, still in the table
 * @parent_ip: where __inet_csk_reqsk_queue_drop() returns to
 */
void lucid_listen_request_drop(const struct sock *listener,
			       const struct request_sock *req,
			       unsigned long parent_ip)
{
	struct lucid_listen event;
	struct lucid_conn conn;

	if (!trace_listen_enabled())
		return;
	lucid_conn_from_request(&conn, req);
	event = lucid_listen_event(listener, TCP_LUCID_LISTEN_REQUEST_DROP,
				   lucid_drop_why(listener, req, parent_ip));
	event.synacks = req->num_retrans + 1;
	event.since_syn_us = lucid_note_since_syn_us(conn.cookie);
	trace_listen(&conn, &event);
}

/* inet_csk_listen_stop(listener): what is in its queues is lost now. */
static void notrace lucid_entry_stop(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	const struct sock *listener = lucid_arg(fregs, 0);
	struct lucid_listen event;
	struct lucid_conn conn;

	if (!trace_listen_enabled() || listener->sk_protocol != IPPROTO_TCP)
		return;
	lucid_conn_from_sock(&conn, listener);
	event = lucid_listen_event(listener, TCP_LUCID_LISTEN_CLOSED,
				   TCP_LUCID_LISTEN_WHY_NONE);
	trace_listen(&conn, &event);
}

static struct lucid_entry lucid_listen_entries[] = {
	{
		.name = "tcp_conn_request",
		.call = lucid_entry_conn_request,
		.provides = TCP_LUCID_CAN_LISTEN | TCP_LUCID_CAN_SUPPRESSED,
	}, {
		.name = "tcp_peer_is_proven",
		.call = lucid_entry_proven,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "cookie_v4_check",
		.call = lucid_entry_cookie_check,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "cookie_v6_check",
		.call = lucid_entry_cookie_check,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "cookie_timestamp_decode",
		.call = lucid_entry_cookie_good,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "tcp_get_cookie_sock",
		.call = lucid_entry_cookie_sock,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "tcp_v4_syn_recv_sock",
		.call = lucid_entry_v4_final_ack,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "tcp_v6_syn_recv_sock",
		.call = lucid_entry_v6_final_ack,
		.provides = TCP_LUCID_CAN_LISTEN,
	}, {
		.name = "inet_csk_listen_stop",
		.call = lucid_entry_stop,
		.provides = TCP_LUCID_CAN_LISTEN,
	},
};

struct lucid_observer lucid_listen_observer = {
	.entries = lucid_listen_entries,
	.nr_entries = ARRAY_SIZE(lucid_listen_entries),
};

/**
 * lucid_listen_init() - to be called before any observer is attached
 */
void lucid_listen_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_setup(&per_cpu(lucid_unsettled, cpu).over,
			      lucid_softirq_over);
}

/**
 * lucid_listen_exit() - to be called when no observer is attached any more
 *
 * Context: May sleep.
 */
void lucid_listen_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu(lucid_unsettled, cpu).over);
}
