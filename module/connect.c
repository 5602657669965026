// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: why a connect() came to nothing.
 *
 * The state tells that it did, and the socket's error tells why, but for ICMP,
 * which has errors in common with the rest. That is noted when it arrives: it
 * closes the socket at once and on the same CPU, or not at all.
 */
#include <linux/errno.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/icmp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "closing.h"
#include "compat.h"
#include "conn.h"
#include "notes.h"
#include "observers.h"
#include "opening.h"

static DEFINE_PER_CPU(struct lucid_icmp_note {
	unsigned long jiffies;
	__be16 sport;
	__be16 dport;
	u8 type;
	u8 code;
}, lucid_icmp_note);

static void lucid_icmp_arrived(const struct tcphdr *th, u8 type, u8 code)
{
	struct lucid_icmp_note *note = this_cpu_ptr(&lucid_icmp_note);

	note->jiffies = jiffies;
	note->sport = th->source;
	note->dport = th->dest;
	note->type = type;
	note->code = code;
}

/* tcp_v4_err(skb, info): skb begins with the header of what we once sent. */
static void notrace lucid_entry_v4_err(struct ftrace_regs *fregs,
				       unsigned long parent_ip)
{
	const struct sk_buff *skb = lucid_arg(fregs, 0);
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	if (trace_connect_failed_enabled())
		lucid_icmp_arrived((const void *)(skb->data + iph->ihl * 4),
				   icmp_hdr(skb)->type, icmp_hdr(skb)->code);
}

/* tcp_v6_err(skb, opt, type, code, offset, info): TCP's header is at offset. */
static void notrace lucid_entry_v6_err(struct ftrace_regs *fregs,
				       unsigned long parent_ip)
{
	const struct sk_buff *skb = lucid_arg(fregs, 0);
	u8 type = (unsigned long)lucid_arg(fregs, 2);
	u8 code = (unsigned long)lucid_arg(fregs, 3);
	int offset = (unsigned long)lucid_arg(fregs, 4);

	if (trace_connect_failed_enabled())
		lucid_icmp_arrived((const void *)(skb->data + offset), type,
				   code);
}

static bool lucid_icmp_is(const struct lucid_icmp_note *note,
			  const struct sock *sk)
{
	return lucid_note_fresh(note->jiffies) &&
	       note->sport == inet_sk(sk)->inet_sport &&
	       note->dport == inet_sk(sk)->inet_dport;
}

/*
 * Without an error the socket was closed; or no SYN could be sent. With Fast Open
 * it may not have been time for one yet: once it is, its data are at hand.
 */
static bool lucid_connect_at_will(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tp->segs_out ||
	       (lucid_connect_deferred(sk) && !tp->fastopen_req);
}

/* In SYN_SENT nothing else is sent. A timeout may come to nothing. */
static u16 lucid_connect_syns(const struct sock *sk, int oldstate)
{
	u32 sent = tcp_sk(sk)->segs_out;

	if (oldstate == TCP_SYN_SENT || !sent)
		return sent;
	return inet_csk(sk)->icsk_retransmits + 1;
}

/* Is it a segment that closes it? close_why.c thinks of one after close(). */
static bool lucid_connect_answered(const struct sock *sk)
{
	u8 cause = lucid_close_cause(sk);

	return cause == TCP_LUCID_END_DATA || cause == TCP_LUCID_END_LINGER2;
}

static u8 lucid_connect_why(const struct sock *sk)
{
	int err = READ_ONCE(sk->sk_err);
	bool answered;

	if (!err)
		return lucid_connect_at_will(sk) ?
		       TCP_LUCID_CONNECT_CLOSED : TCP_LUCID_CONNECT_LOCAL;
	if (err == ETIMEDOUT)
		return TCP_LUCID_CONNECT_TIMEOUT;
	/* Not every ICMP message closes it: a RST may follow right after. */
	answered = lucid_connect_answered(sk);
	if (!answered && lucid_icmp_is(raw_cpu_ptr(&lucid_icmp_note), sk))
		return TCP_LUCID_CONNECT_ICMP;
	/*
	 * A timeout also passes on an ICMP error that came while it waited, and
	 * so did nothing else; but a RST may say the same.
	 */
	if (!answered && err == READ_ONCE(sk->sk_err_soft))
		return TCP_LUCID_CONNECT_TIMEOUT;
	switch (err) {
	case ECONNREFUSED:	/* in SYN_SENT */
	case ECONNRESET:	/* in SYN_RECV */
		return TCP_LUCID_CONNECT_RST;
	case ECONNABORTED:
		return TCP_LUCID_CONNECT_KILLED;
	default:
		return TCP_LUCID_CONNECT_OTHER;
	}
}

/**
 * lucid_connect_began() - is it still a connect(), and no connection yet?
 * @sk: a socket
 * @state: its state, TCP_*
 *
 * A socket in SYN_RECV came from a listener, or from connect() by way of a
 * simultaneous open. The latter alone has sent segments, but no data, unless with
 * its SYN; a Fast Open child may have sent some, too.
 */
bool lucid_connect_began(const struct sock *sk, int state)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return state == TCP_SYN_SENT ||
	       (state == TCP_SYN_RECV && tp->segs_out && !tp->syn_data_acked &&
		(!tp->data_segs_out || tp->syn_data) &&
		!rcu_access_pointer(tp->fastopen_rsk));
}

/**
 * lucid_connect_closed() - a socket is moving to CLOSE
 * @sk: the socket
 * @oldstate: from where
 */
void lucid_connect_closed(const struct sock *sk, int oldstate)
{
	struct lucid_connect_failed event;
	struct lucid_icmp_note *note;
	struct lucid_conn conn;

	if (!trace_connect_failed_enabled() ||
	    !lucid_connect_began(sk, oldstate))
		return;
	lucid_conn_from_sock(&conn, sk);
	event = (struct lucid_connect_failed) {
		.since_syn_us = lucid_note_since_syn_us(conn.cookie),
		.err = READ_ONCE(sk->sk_err),
		.syns = lucid_connect_syns(sk, oldstate),
		.why = lucid_connect_why(sk),
		.state = oldstate,
	};
	if (event.why == TCP_LUCID_CONNECT_ICMP) {
		note = raw_cpu_ptr(&lucid_icmp_note);
		event.icmp_type = note->type;
		event.icmp_code = note->code;
		note->sport = 0;
	}
	trace_connect_failed(&conn, &event);
}

static struct lucid_entry lucid_connect_entries[] = {
	{
		.name = "tcp_v4_err",
		.call = lucid_entry_v4_err,
		.provides = TCP_LUCID_CAN_CONNECT_FAILED,
	}, {
		.name = "tcp_v6_err",
		.call = lucid_entry_v6_err,
		.provides = TCP_LUCID_CAN_CONNECT_FAILED,
	},
};

struct lucid_observer lucid_connect_observer = {
	.entries = lucid_connect_entries,
	.nr_entries = ARRAY_SIZE(lucid_connect_entries),
};
