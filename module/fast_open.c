// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: TCP Fast Open (RFC 7413), data that rides on a SYN.
 *
 * The server's side is read from the SYN and from the SYN-ACK that is about to
 * be built for it, the client's from what its socket says it sent and from the
 * SYN-ACK. Counters of the kernel's that need no more than that are matched.
 */
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "flood.h"
#include "observers.h"
#include "opening.h"

#define LUCID_NO_OPTION	-1

/*
 * Bytes of cookie in a SYN or SYN-ACK, 0 for a request, LUCID_NO_OPTION. One of
 * odd or wrong length is none, RFC 7413 section 4.1.1.
 */
static int lucid_cookie_len(const struct tcphdr *th)
{
	const u8 *p = (const u8 *)(th + 1);
	const u8 *end = (const u8 *)th + th->doff * 4;
	int found = LUCID_NO_OPTION, len;

	while (p < end && *p != TCPOPT_EOL) {
		if (*p == TCPOPT_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || end - p < p[1])
			break;
		len = LUCID_NO_OPTION;
		if (p[0] == TCPOPT_FASTOPEN)
			len = p[1] - TCPOLEN_FASTOPEN_BASE;
		else if (p[0] == TCPOPT_EXP && p[1] >= TCPOLEN_EXP_FASTOPEN_BASE &&
			 (p[2] << 8 | p[3]) == TCPOPT_FASTOPEN_MAGIC)
			len = p[1] - TCPOLEN_EXP_FASTOPEN_BASE;
		if (!len || (len >= TCP_FASTOPEN_COOKIE_MIN &&
			     len <= TCP_FASTOPEN_COOKIE_MAX && !(len & 1)))
			found = len;
		p += p[1];
	}
	return found;
}

static u32 lucid_syn_data_len(const struct sk_buff *syn)
{
	return TCP_SKB_CB(syn)->end_seq - TCP_SKB_CB(syn)->seq - 1 -
	       tcp_hdr(syn)->fin;
}

/* Has the listener no room for one more that is neither opened nor reset? */
static bool lucid_fast_open_full(const struct lucid_fast_open *event)
{
	return event->queue_max && event->queue >= event->queue_max;
}

static void lucid_fast_open_tell(const struct lucid_conn *conn,
				 const struct net *net,
				 const struct sk_buff *syn,
				 struct lucid_fast_open *event, u8 what)
{
	event->what = what;
	if (lucid_flood_hides(syn))
		lucid_flood_count(net, TCP_LUCID_LIMITED_FAST_OPEN);
	else
		trace_fast_open(conn, event);
}

/**
 * lucid_fast_open_answered() - the server answers a SYN
 * @conn: whose
 * @req: the request
 * @syn: the SYN
 * @foc: the cookie that the SYN-ACK will carry, negative length for none
 * @type: enum tcp_synack_type
 */
void lucid_fast_open_answered(const struct lucid_conn *conn,
			      const struct request_sock *req,
			      const struct sk_buff *syn,
			      const struct tcp_fastopen_cookie *foc, int type)
{
	const struct fastopen_queue *queue;
	struct lucid_fast_open event;
	const struct net *net;
	int asked;

	/* A SYN cookie remembers nothing, least of all data. */
	if (!trace_fast_open_enabled() || type == TCP_SYNACK_COOKIE)
		return;
	net = read_pnet(&inet_rsk(req)->ireq_net);
	queue = &inet_csk(req->rsk_listener)->icsk_accept_queue.fastopenq;
	event = (struct lucid_fast_open) {
		.data_len = lucid_syn_data_len(syn),
		/* Its lock is for those who change it. */
		.queue = data_race(queue->qlen),
		.queue_max = READ_ONCE(net->ipv4.sysctl_tcp_fastopen) &
			     TFO_SERVER_ENABLE ? READ_ONCE(queue->max_qlen) : 0,
		.cookie_len = foc && foc->len > 0 ? foc->len : 0,
	};
	asked = lucid_cookie_len(tcp_hdr(syn));
	if (type == TCP_SYNACK_FASTOPEN) {
		event.acked_len = event.data_len;
		lucid_fast_open_tell(conn, net, syn, &event,
				     TCP_LUCID_TFO_ACCEPTED);
		return;
	}
	if (!asked)
		lucid_fast_open_tell(conn, net, syn, &event,
				     TCP_LUCID_TFO_REQUESTED);
	if (asked == LUCID_NO_OPTION && !event.data_len)
		return;
	if (lucid_fast_open_full(&event))
		lucid_fast_open_tell(conn, net, syn, &event,
				     TCP_LUCID_TFO_OVERFLOW);
	else if (asked > 0)
		lucid_fast_open_tell(conn, net, syn, &event, event.queue_max ?
				     TCP_LUCID_TFO_BAD_COOKIE :
				     TCP_LUCID_TFO_IGNORED);
}

/**
 * lucid_fast_open_answer() - the client has its SYN-ACK
 * @sk: the socket, as tcp_finish_connect() finds it
 * @synack: the SYN-ACK
 */
void lucid_fast_open_answer(const struct sock *sk, const struct sk_buff *synack)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_fast_open event = {};
	struct lucid_conn conn;
	int given;
	u32 isn;

	if (!trace_fast_open_enabled() || !(tp->syn_fastopen || tp->syn_data))
		return;
	/* The SYN itself is counted among what was acknowledged. */
	isn = tp->snd_una - (u32)tp->bytes_acked;
	given = lucid_cookie_len(tcp_hdr(synack));
	if (given > 0)
		event.cookie_len = given;
	if (!tp->syn_data) {
		event.what = given > 0 ? TCP_LUCID_TFO_COOKIE :
					 TCP_LUCID_TFO_NO_COOKIE;
	} else {
		event.data_len = tp->snd_nxt - isn - 1;
		event.acked_len = tp->snd_una - isn - 1;
		event.what = event.acked_len == event.data_len ?
			     TCP_LUCID_TFO_DATA_ACKED :
			     TCP_LUCID_TFO_DATA_REFUSED;
	}
	lucid_conn_from_sock(&conn, sk);
	trace_fast_open(&conn, &event);
}

/*
 * tcp_fastopen_active_detect_blackhole(sk, expired): a timer has run out, of
 * any socket. The third time, or when it gives up, the path is suspected.
 */
static void notrace lucid_entry_blackhole(struct ftrace_regs *fregs,
					  unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	bool expired = (unsigned long)lucid_arg(fregs, 1) & 0xff;
	unsigned int timeouts = inet_csk(sk)->icsk_retransmits;
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_fast_open event = { .what = TCP_LUCID_TFO_BLACKHOLE };
	struct lucid_conn conn;

	if (!trace_fast_open_enabled() ||
	    !(tp->syn_fastopen || tp->syn_data || tp->syn_data_acked) ||
	    !(timeouts == 2 || (timeouts < 2 && expired)))
		return;
	lucid_conn_from_sock(&conn, sk);
	trace_fast_open(&conn, &event);
}

static struct lucid_entry lucid_fast_open_entries[] = {
	{
		.name = "tcp_fastopen_active_detect_blackhole",
		.call = lucid_entry_blackhole,
		.provides = TCP_LUCID_CAN_FAST_OPEN,
	},
};

struct lucid_observer lucid_fast_open_observer = {
	.entries = lucid_fast_open_entries,
	.nr_entries = ARRAY_SIZE(lucid_fast_open_entries),
};
