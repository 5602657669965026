// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: flow control. Windows that close and open again, at either end, and
 * the probes that go out meanwhile (RFC 9293, 3.8.6).
 *
 *	what we advertise	stands in each segment that leaves
 *	what the peer does	is in the socket after each ACK: only then is it
 *				known whether the kernel took it for news
 *	probes			all leave through one function
 *
 * No function of the kernel is called when a window closes, so the hooks are on
 * the path of every packet, and only while somebody listens (demand.c).
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "demand.h"
#include "keep.h"
#include "observers.h"

/* Only windows that are closed are remembered; since when is in ns. */
#define LUCID_FLOW_BITS		8

static struct lucid_keep_bucket lucid_flow_buckets[1 << LUCID_FLOW_BITS];
static struct lucid_keep lucid_flow_keep = {
	.buckets = lucid_flow_buckets,
	.bits = LUCID_FLOW_BITS,
};

enum lucid_side { LUCID_OURS, LUCID_PEERS };

static u64 lucid_flow_key(const struct sock *sk, enum lucid_side side)
{
	return lucid_conn_cookie(sk) << 1 | side;
}

static bool lucid_flow_is_closed(const struct sock *sk, enum lucid_side side,
				 struct lucid_kept *kept)
{
	return atomic_read(&lucid_flow_keep.used) &&
	       lucid_keep_get(&lucid_flow_keep, lucid_flow_key(sk, side), kept);
}

static u64 lucid_flow_since_us(const struct lucid_kept *kept)
{
	return div_u64(ktime_get_ns() - kept->since, NSEC_PER_USEC);
}

static void lucid_flow_emit(const struct sock *sk,
			    struct lucid_flow_control *event)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_conn conn;

	event->rcv_wnd = tp->rcv_wnd;
	event->snd_wnd = tp->snd_wnd;
	event->rcv_queue = tp->rcv_nxt - READ_ONCE(tp->copied_seq);
	event->rcvbuf = READ_ONCE(sk->sk_rcvbuf);
	event->unsent = READ_ONCE(tp->write_seq) - tp->snd_nxt;
	event->rto_us = jiffies_to_usecs(icsk->icsk_rto);
	event->backoff = icsk->icsk_backoff;
	event->rcv_wscale = tp->rx_opt.rcv_wscale;
	event->snd_wscale = tp->rx_opt.snd_wscale;
	lucid_conn_from_sock(&conn, sk);
	trace_flow_control(&conn, event);
}

/* A window is as it is now: is that news? */
static void lucid_flow_window(const struct sock *sk, enum lucid_side side,
			      bool closed, u32 shrunk)
{
	struct lucid_flow_control event = { .shrunk = shrunk };
	struct lucid_kept kept;
	bool was_closed;

	was_closed = lucid_flow_is_closed(sk, side, &kept);
	if (was_closed == closed) {
		if (!shrunk || closed)
			return;
		event.what = TCP_LUCID_FLOW_SHRUNK;
	} else if (closed) {
		kept = (struct lucid_kept) {
			.key = lucid_flow_key(sk, side),
			.since = ktime_get_ns(),
		};
		lucid_keep_put(&lucid_flow_keep, &kept);
		event.what = side == LUCID_OURS ?
			     TCP_LUCID_FLOW_ZERO_WINDOW_SENT :
			     TCP_LUCID_FLOW_ZERO_WINDOW_RECEIVED;
	} else {
		lucid_keep_drop(&lucid_flow_keep, kept.key);
		event.since_us = lucid_flow_since_us(&kept);
		event.what = side == LUCID_OURS ?
			     TCP_LUCID_FLOW_WINDOW_SENT :
			     TCP_LUCID_FLOW_WINDOW_RECEIVED;
	}
	lucid_flow_emit(sk, &event);
}

/*
 * ip_queue_xmit(sk, skb, fl) and inet6_csk_xmit(sk, skb, fl): a segment leaves,
 * its header is complete. Other protocols come this way as well.
 */
static void notrace lucid_entry_xmit(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct tcphdr *th;

	if (!trace_flow_control_enabled() || sk->sk_protocol != IPPROTO_TCP)
		return;
	th = (const struct tcphdr *)skb->data;
	/* A SYN's is no window to go by yet, a RST's means nothing any more. */
	if (!th->syn && !th->rst)
		lucid_flow_window(sk, LUCID_OURS, !th->window, 0);
}

/* The right edge of the peer's window as it was before the ACK at hand. */
static DEFINE_PER_CPU(struct lucid_edge_note {
	const struct sock *sk;
	u64 mstamp;		/* when the ACK came */
	u32 edge;
}, lucid_edge_note);

/* tcp_ack(sk, skb, flag): an ACK has come, nothing is done about it yet. */
static void notrace lucid_entry_ack(struct ftrace_regs *fregs,
				    unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	struct lucid_edge_note *note;

	if (!trace_flow_control_enabled())
		return;
	note = this_cpu_ptr(&lucid_edge_note);
	/* A SYN's window is not scaled, so the next one is no comparison. */
	note->sk = sk->sk_state == TCP_SYN_SENT ||
		   sk->sk_state == TCP_SYN_RECV ? NULL : sk;
	note->mstamp = tcp_sk(sk)->tcp_mstamp;
	note->edge = tcp_wnd_end(tcp_sk(sk));
}

/*
 * How many bytes the peer has taken back of what it had offered (RFC 7323, 2.4).
 * Scaling makes a window up to one unit too small, that is not meant.
 */
static u32 lucid_flow_shrunk(const struct sock *sk)
{
	const struct lucid_edge_note *note = this_cpu_ptr(&lucid_edge_note);
	const struct tcp_sock *tp = tcp_sk(sk);
	s32 back;

	if (note->sk != sk || note->mstamp != tp->tcp_mstamp)
		return 0;
	back = note->edge - tcp_wnd_end(tp);
	return back >= 1 << tp->rx_opt.snd_wscale ? back : 0;
}

/* tcp_in_ack_event(sk, flag): the window in it has been dealt with. */
static void notrace lucid_entry_acked(struct ftrace_regs *fregs,
				      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);

	if (trace_flow_control_enabled())
		lucid_flow_window(sk, LUCID_PEERS, !tcp_sk(sk)->snd_wnd,
				  lucid_flow_shrunk(sk));
}

/*
 * When the probe after this one is due, unless an answer or TCP_USER_TIMEOUT
 * comes first. The kernel counts the backoff up after it has sent the probe.
 */
static u64 lucid_flow_next_us(const struct sock *sk)
{
	u8 retries2 = READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_retries2);
	u8 backoff = inet_csk(sk)->icsk_backoff;
	u64 when;

	if (backoff < retries2)
		backoff++;
	backoff = min_t(u8, backoff, ilog2(TCP_RTO_MAX / TCP_RTO_MIN) + 1);
	when = min_t(u64, (u64)tcp_probe0_base(sk) << backoff,
		     lucid_rto_max(sk));
	return lucid_ticks_us(when);
}

/* tcp_xmit_probe_skb(sk, urgent, mib): mib is the counter that it goes to. */
static void notrace lucid_entry_probe(struct ftrace_regs *fregs,
				      unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	int mib = (unsigned long)lucid_arg(fregs, 2);
	const struct inet_connection_sock *icsk = inet_csk(sk);
	struct lucid_flow_control event = {};
	struct lucid_kept kept;

	if (!trace_flow_control_enabled())
		return;
	if (mib == LINUX_MIB_TCPKEEPALIVE) {
		event.what = TCP_LUCID_FLOW_KEEPALIVE;
		event.attempt = icsk->icsk_probes_out + 1;
		event.since_us =
			lucid_ticks_us(keepalive_time_elapsed(tcp_sk(sk)));
		event.next_us =
			lucid_ticks_us(keepalive_intvl_when(tcp_sk(sk)));
	} else {
		event.what = TCP_LUCID_FLOW_PROBE;
		event.attempt = icsk->icsk_backoff + 1;
		event.unanswered = icsk->icsk_probes_out;
		if (lucid_flow_is_closed(sk, LUCID_PEERS, &kept))
			event.since_us = lucid_flow_since_us(&kept);
		event.next_us = lucid_flow_next_us(sk);
	}
	lucid_flow_emit(sk, &event);
}

/**
 * lucid_flow_control_closed() - a connection ends, its windows do not matter
 * @sk: a socket that is moving to CLOSE
 */
void lucid_flow_control_closed(const struct sock *sk)
{
	if (!atomic_read(&lucid_flow_keep.used))
		return;
	lucid_keep_drop(&lucid_flow_keep, lucid_flow_key(sk, LUCID_OURS));
	lucid_keep_drop(&lucid_flow_keep, lucid_flow_key(sk, LUCID_PEERS));
}

static void lucid_flow_begin(void)
{
	lucid_keep_clear(&lucid_flow_keep);
}

/**
 * lucid_flow_control_init() - before anything can be seen
 */
void lucid_flow_control_init(void)
{
	lucid_keep_init(&lucid_flow_keep);
}

static struct lucid_entry lucid_flow_entries[] = {
	{
		.name = "ip_queue_xmit",
		.call = lucid_entry_xmit,
		.provides = TCP_LUCID_CAN_FLOW_CONTROL,
	}, {
		.name = "inet6_csk_xmit",
		.call = lucid_entry_xmit,
		.provides = TCP_LUCID_CAN_FLOW_CONTROL,
	}, {
		.name = "tcp_ack",
		.call = lucid_entry_ack,
		.provides = TCP_LUCID_CAN_FLOW_CONTROL,
	}, {
		.name = "tcp_in_ack_event",
		.call = lucid_entry_acked,
		.provides = TCP_LUCID_CAN_FLOW_CONTROL,
	}, {
		.name = "tcp_xmit_probe_skb",
		.call = lucid_entry_probe,
		.provides = TCP_LUCID_CAN_FLOW_CONTROL,
	},
};

static struct lucid_observer lucid_flow_observer = {
	.entries = lucid_flow_entries,
	.nr_entries = ARRAY_SIZE(lucid_flow_entries),
};

struct lucid_demand lucid_flow_demand = {
	.hooks = LUCID_HOOKS_OF(lucid_flow_observer),
	.begin = lucid_flow_begin,
};
