// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: what keeps a sender from sending more, and for how long.
 *
 * The kernel keeps a chronograph in each socket, for TCP_INFO: idle, busy, held
 * up by the peer's window, held up by the send buffer. It says when each began
 * (chrono_start), so that a change is told with its very time, even if it is
 * seen later. "Busy" is told apart further, by the window and the recovery:
 *
 *	chronograph	limit
 *	UNSPEC		IDLE
 *	BUSY		RECOVERY, else APP if nothing waits to be sent, else
 *			CWND or OTHER
 *	RWND_LIMITED	RWND
 *	SNDBUF_LIMITED	SNDBUF
 *
 * It is stopped by a function, at the end of each attempt to send. It is started
 * by one too, but some compilers and 7.2 inline that; those starts are seen when
 * the attempt has sent something, at the next probe, or at the next attempt.
 */
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "demand.h"
#include "keep.h"
#include "observers.h"

/* What limits each connection now; since when is in jiffies, as for TCP_INFO. */
#define LUCID_LIMITED_BITS	11

static struct lucid_keep_bucket lucid_limited_buckets[1 << LUCID_LIMITED_BITS];
static struct lucid_keep lucid_limited_keep = {
	.buckets = lucid_limited_buckets,
	.bits = LUCID_LIMITED_BITS,
};

static u32 lucid_limited_unsent(const struct sock *sk)
{
	return READ_ONCE(tcp_sk(sk)->write_seq) - tcp_sk(sk)->snd_nxt;
}

static bool lucid_limited_no_space(const struct sock *sk)
{
	return sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
}

static u8 lucid_limit_busy(const struct sock *sk, u8 ca_state)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (ca_state >= TCP_CA_Recovery)
		return TCP_LUCID_LIMIT_RECOVERY;
	if (!lucid_limited_unsent(sk) && !lucid_limited_no_space(sk))
		return TCP_LUCID_LIMIT_APP;
	if (tcp_packets_in_flight(tp) >= tcp_snd_cwnd(tp) ||
	    tp->is_cwnd_limited)
		return TCP_LUCID_LIMIT_CWND;
	return TCP_LUCID_LIMIT_OTHER;
}

static u8 lucid_limit(const struct sock *sk, u8 chrono, u8 ca_state)
{
	switch (chrono) {
	case TCP_CHRONO_UNSPEC:
		return TCP_LUCID_LIMIT_IDLE;
	case TCP_CHRONO_RWND_LIMITED:
		return TCP_LUCID_LIMIT_RWND;
	case TCP_CHRONO_SNDBUF_LIMITED:
		return TCP_LUCID_LIMIT_SNDBUF;
	default:
		return lucid_limit_busy(sk, ca_state);
	}
}

static u8 lucid_limit_chrono(u8 limit)
{
	switch (limit) {
	case TCP_LUCID_LIMIT_NONE:
	case TCP_LUCID_LIMIT_IDLE:
		return TCP_CHRONO_UNSPEC;
	case TCP_LUCID_LIMIT_RWND:
		return TCP_CHRONO_RWND_LIMITED;
	case TCP_LUCID_LIMIT_SNDBUF:
		return TCP_CHRONO_SNDBUF_LIMITED;
	default:
		return TCP_CHRONO_BUSY;
	}
}

/* The limit changes; it did so at a time that may be past. */
static void lucid_limited_change(const struct sock *sk, struct lucid_kept *kept,
				 u8 to, u32 at)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_limited event = {
		.ago_us = lucid_ticks_us(tcp_jiffies32 - at),
		.cwnd = tcp_snd_cwnd(tp),
		.in_flight = tcp_packets_in_flight(tp),
		.snd_wnd = tp->snd_wnd,
		.unsent = lucid_limited_unsent(sk),
		.sndbuf = READ_ONCE(sk->sk_sndbuf),
		.from = kept->what,
		.to = to,
	};
	struct lucid_conn conn;

	if (kept->what == to)
		return;
	if (kept->what != TCP_LUCID_LIMIT_NONE)
		event.for_us = lucid_ticks_us(at - kept->since);
	kept->what = to;
	kept->since = at;
	lucid_conn_from_sock(&conn, sk);
	trace_limited(&conn, &event);
}

/*
 * The chronograph has changed and nobody saw it. That data waits to be sent is
 * told together with what becomes of it, if that is at once.
 */
static void lucid_limited_catch_up(const struct sock *sk,
				   struct lucid_kept *kept)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u8 chrono = tp->chrono_type;

	if (lucid_limit_chrono(kept->what) == chrono)
		return;
	if (chrono == TCP_CHRONO_BUSY && tp->chrono_start == tcp_jiffies32)
		return;
	lucid_limited_change(sk, kept,
			     lucid_limit(sk, chrono,
					 inet_csk(sk)->icsk_ca_state),
			     tp->chrono_start);
}

/* Only these states send data. */
static bool lucid_limited_wanted(const struct sock *sk)
{
	return trace_limited_enabled() &&
	       (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT |
				      TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 |
				      TCPF_LAST_ACK | TCPF_CLOSING);
}

/*
 * What is remembered of a socket. One that was open before anybody listened is
 * met in the middle; its limit counts from here.
 */
static void lucid_limited_recall(const struct sock *sk, struct lucid_kept *kept)
{
	u64 cookie = lucid_conn_cookie(sk);

	if (lucid_keep_get(&lucid_limited_keep, cookie, kept))
		return;
	*kept = (struct lucid_kept) { .key = cookie };
	lucid_limited_change(sk, kept,
			     lucid_limit(sk, tcp_sk(sk)->chrono_type,
					 inet_csk(sk)->icsk_ca_state),
			     tcp_jiffies32);
}

/*
 * tcp_chrono_start(sk, type): a type that is larger than the present one takes
 * its place. A start of BUSY is left to what follows.
 */
static void notrace lucid_entry_chrono_start(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	u8 type = (unsigned long)lucid_arg(fregs, 1);
	struct lucid_kept kept;

	if (!lucid_limited_wanted(sk) || type == TCP_CHRONO_BUSY ||
	    type <= tcp_sk(sk)->chrono_type)
		return;
	lucid_limited_recall(sk, &kept);
	lucid_limited_catch_up(sk, &kept);
	lucid_limited_change(sk, &kept, lucid_limit(sk, type, 0),
			     tcp_jiffies32);
	lucid_keep_put(&lucid_limited_keep, &kept);
}

/*
 * tcp_chrono_stop(sk, type): at the end of an attempt to send that the peer's
 * window did not stop (type is RWND_LIMITED then), or when all is acknowledged,
 * or the application has room again.
 */
static void notrace lucid_entry_chrono_stop(struct ftrace_regs *fregs,
					    unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	u8 type = (unsigned long)lucid_arg(fregs, 1);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_kept kept;
	u32 at = tcp_jiffies32;
	u8 chrono;

	if (!lucid_limited_wanted(sk))
		return;
	lucid_limited_recall(sk, &kept);
	lucid_limited_catch_up(sk, &kept);
	chrono = tp->chrono_type;
	if (tcp_rtx_and_write_queues_empty(sk))
		chrono = TCP_CHRONO_UNSPEC;
	else if (chrono == type)
		chrono = TCP_CHRONO_BUSY;

	/* What keeps the rest of a busy socket's data is known after sending. */
	if (chrono != TCP_CHRONO_BUSY || type == TCP_CHRONO_RWND_LIMITED ||
	    chrono != lucid_limit_chrono(kept.what))
		lucid_limited_change(sk, &kept,
				     lucid_limit(sk, chrono,
						 inet_csk(sk)->icsk_ca_state),
				     at);
	lucid_keep_put(&lucid_limited_keep, &kept);
}

/*
 * tcp_write_xmit(sk, ...) before it sends, tcp_schedule_loss_probe(sk, ...) after
 * it has, and tcp_xmit_probe_skb(sk, ...): has the chronograph been started?
 */
static void notrace lucid_entry_look(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	struct lucid_kept kept;

	if (!lucid_limited_wanted(sk))
		return;
	lucid_limited_recall(sk, &kept);
	lucid_limited_catch_up(sk, &kept);
	lucid_keep_put(&lucid_limited_keep, &kept);
}

/**
 * lucid_limited_ca_state() - a recovery begins or ends
 * @sk: the socket, still in its old state
 * @ca_state: TCP_CA_*, the new one
 */
void lucid_limited_ca_state(const struct sock *sk, u8 ca_state)
{
	struct lucid_kept kept;

	if (!lucid_limited_wanted(sk) ||
	    tcp_sk(sk)->chrono_type != TCP_CHRONO_BUSY)
		return;
	lucid_limited_recall(sk, &kept);
	lucid_limited_catch_up(sk, &kept);
	lucid_limited_change(sk, &kept, lucid_limit_busy(sk, ca_state),
			     tcp_jiffies32);
	lucid_keep_put(&lucid_limited_keep, &kept);
}

/**
 * lucid_limited_established() - a connection is open
 * @sk: a socket that is moving to ESTABLISHED
 */
void lucid_limited_established(const struct sock *sk)
{
	struct lucid_kept kept;

	if (!trace_limited_enabled())
		return;
	lucid_limited_recall(sk, &kept);
	lucid_keep_put(&lucid_limited_keep, &kept);
}

/**
 * lucid_limited_closed() - a connection ends, and so does its last limit
 * @sk: a socket that is moving to CLOSE
 */
void lucid_limited_closed(const struct sock *sk)
{
	struct lucid_kept kept;

	if (!trace_limited_enabled() ||
	    !lucid_keep_get(&lucid_limited_keep, lucid_conn_cookie(sk), &kept))
		return;
	lucid_limited_catch_up(sk, &kept);
	lucid_limited_change(sk, &kept, TCP_LUCID_LIMIT_NONE, tcp_jiffies32);
	lucid_keep_drop(&lucid_limited_keep, kept.key);
}

static void lucid_limited_begin(void)
{
	lucid_keep_clear(&lucid_limited_keep);
}

/**
 * lucid_limited_init() - before anything can be seen
 */
void lucid_limited_init(void)
{
	lucid_keep_init(&lucid_limited_keep);
}

static struct lucid_entry lucid_limited_entries[] = {
	{
		.name = "tcp_chrono_stop",
		.call = lucid_entry_chrono_stop,
		.provides = TCP_LUCID_CAN_LIMITED,
	}, {
		.name = "tcp_chrono_start",
		.call = lucid_entry_chrono_start,
	}, {
		.name = "tcp_write_xmit",
		.call = lucid_entry_look,
		.provides = TCP_LUCID_CAN_LIMITED,
	}, {
		.name = "tcp_schedule_loss_probe",
		.call = lucid_entry_look,
	}, {
		.name = "tcp_xmit_probe_skb",
		.call = lucid_entry_look,
	},
};

static struct lucid_observer lucid_limited_observer = {
	.entries = lucid_limited_entries,
	.nr_entries = ARRAY_SIZE(lucid_limited_entries),
};

struct lucid_demand lucid_limited_demand = {
	.hooks = LUCID_HOOKS_OF(lucid_limited_observer),
	.begin = lucid_limited_begin,
};
