// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: the three-way handshake, a segment at a time.
 *
 *	active side			passive side
 *	SYN sent	------------>	SYN received
 *	SYN-ACK received <-----------	SYN-ACK sent
 *	ACK sent	------------>	ACK received
 *
 * What a segment carries is read where the kernel has just decided it: our
 * own options on the way out, the peer's from the segment itself.
 */
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "closing.h"
#include "compat.h"
#include "conn.h"
#include "flood.h"
#include "notes.h"
#include "observers.h"
#include "opening.h"

/*
 * Whose segment meets @req: the request's own, or with Fast Open (RFC 7413) the
 * child's that is there already; @sk is then the child, not the listener.
 */
static void lucid_conn_of_request(struct lucid_conn *conn,
				  const struct sock *sk,
				  const struct request_sock *req)
{
	if (tcp_rsk(req)->tfo_listener)
		lucid_conn_from_sock(conn, sk);
	else
		lucid_conn_from_request(conn, req);
}

/* Is anybody listening to what the hooks below can tell? */
static bool lucid_handshake_wanted(void)
{
	return lucid_listen_wanted() || trace_connect_failed_enabled() ||
	       trace_summary_enabled();
}

/*
 * The options of a segment that came in (RFC 9293, section 3.2). Its header is
 * in the linear part: tcp_v4_rcv() and tcp_v6_rcv() have seen to that.
 */
static void lucid_syn_options_parse(struct lucid_syn_options *opts,
				    const struct tcphdr *th)
{
	const u8 *p = (const u8 *)(th + 1);
	const u8 *end = (const u8 *)th + th->doff * 4;

	*opts = (struct lucid_syn_options) {
		.wscale = TCP_LUCID_NO_WSCALE,
		.ecn = th->ece && (th->ack ? !th->cwr : th->cwr),
	};
	while (p < end && *p != TCPOPT_EOL) {
		if (*p == TCPOPT_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || end - p < p[1])
			return;
		if (p[0] == TCPOPT_MSS && p[1] == TCPOLEN_MSS)
			opts->mss = p[2] << 8 | p[3];
		else if (p[0] == TCPOPT_WINDOW && p[1] == TCPOLEN_WINDOW)
			opts->wscale = p[2];
		else if (p[0] == TCPOPT_SACK_PERM && p[1] == TCPOLEN_SACK_PERM)
			opts->sack = 1;
		else if (p[0] == TCPOPT_TIMESTAMP && p[1] == TCPOLEN_TIMESTAMP)
			opts->timestamps = 1;
		p += p[1];
	}
}

/*
 * TCP-MD5 (RFC 2385) and TCP-AO (RFC 5925) take options' room: a SYN of ours
 * with the former has no timestamps, and a SYN-ACK with either, but for a SYN
 * cookie with the former, has none beside SACK.
 */
static bool lucid_syn_has_md5(const struct sock *sk)
{
#ifdef CONFIG_TCP_MD5SIG
	return rcu_access_pointer(tcp_sk(sk)->md5sig_info) &&
	       tcp_sk(sk)->af_specific->md5_lookup(sk, sk);
#else
	return false;
#endif
}

static bool lucid_request_has_md5(const struct sock *sk,
				  const struct request_sock *req)
{
#ifdef CONFIG_TCP_MD5SIG
	const struct tcp_request_sock_ops *ops = tcp_rsk(req)->af_specific;
	const struct sock *child = req_to_sk((struct request_sock *)req);
	bool has;

	/* A timer, which sends it again, holds no lock. */
	rcu_read_lock();
	has = ops->req_md5_lookup(sk, child);
	rcu_read_unlock();
	return has;
#else
	return false;
#endif
}

static bool lucid_synack_is_signed(const struct sock *sk,
				   const struct request_sock *req,
				   enum tcp_synack_type type)
{
#ifdef CONFIG_TCP_AO
	if (tcp_rsk_used_ao(req))
		return true;
#endif
	return type != TCP_SYNACK_COOKIE && lucid_request_has_md5(sk, req);
}

/* The options of a SYN of ours, as tcp_syn_options() is about to choose them. */
static void lucid_syn_options_ours(struct lucid_syn_options *opts,
				   const struct sock *sk, bool ecn)
{
	const struct net *net = sock_net(sk);
	const struct tcp_sock *tp = tcp_sk(sk);

	opts->mss = tp->advmss;
	opts->wscale = READ_ONCE(net->ipv4.sysctl_tcp_window_scaling) ?
		       tp->rx_opt.rcv_wscale : TCP_LUCID_NO_WSCALE;
	opts->sack = READ_ONCE(net->ipv4.sysctl_tcp_sack);
	opts->timestamps = READ_ONCE(net->ipv4.sysctl_tcp_timestamps) &&
			   !lucid_syn_has_md5(sk);
	opts->ecn = ecn;
}

/* net.ipv4.tcp_ecn, where connections of ours ask for it; 3 and 4 came with 6.18. */
#define LUCID_ECN_OUT	(BIT(1) | BIT(3) | BIT(4))

/* Will tcp_ecn_send_syn() ask for ECN? */
static bool lucid_syn_asks_ecn(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);
	u8 ecn = READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_ecn);

	return (BIT(ecn) & LUCID_ECN_OUT) || tcp_ca_needs_ecn(sk) ||
	       (dst && dst_feature(dst, RTAX_FEATURE_ECN));
}

/* A SYN, or after the peer's has crossed it a SYN-ACK, of a socket of ours. */
static void lucid_handshake_syn_sent(const struct lucid_conn *conn,
				     const struct sock *sk, u32 isn, u8 flags,
				     u16 attempt)
{
	struct lucid_handshake hs = {
		.step = TCP_LUCID_SYN_SENT,
		.isn = isn,
		.flags = flags,
		.attempt = attempt,
	};

	if (flags & TCPHDR_ACK) {
		hs.step = TCP_LUCID_SYNACK_SENT;
		hs.peer_isn = tcp_sk(sk)->rcv_nxt - 1;
	}
	lucid_syn_options_ours(&hs.opts, sk, flags & TCPHDR_ECE);
	trace_handshake(conn, &hs);
}

/*
 * tcp_write_queue_purge(sk): the last thing that tcp_connect() does before it
 * builds the SYN; all that goes into it is known by now. Nothing else purges a
 * socket in SYN_SENT whose SYN is not out yet, unless it is being aborted.
 */
static void notrace lucid_entry_connect(struct ftrace_regs *fregs,
					unsigned long parent_ip)
{
	struct sock *sk = lucid_arg(fregs, 0);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_conn conn;
	u8 flags = TCPHDR_SYN;

	if (sk->sk_state != TCP_SYN_SENT || tp->packets_out || sk->sk_err)
		return;
	if (!lucid_handshake_wanted())
		return;
	lucid_conn_from_sock(&conn, sk);
	lucid_note_first_syn(conn.cookie);
	lucid_state_changed(&conn, TCP_CLOSE, TCP_SYN_SENT);
	if (tp->repair || !trace_handshake_enabled())
		return;
	if (lucid_syn_asks_ecn(sk))
		flags |= TCPHDR_ECE | TCPHDR_CWR;
	lucid_handshake_syn_sent(&conn, sk, tp->write_seq, flags, 1);
}

/**
 * lucid_handshake_syn_resent() - report a SYN or SYN-ACK that was sent again
 * @sk: a socket that connects
 * @skb: the SYN, or after the peer's has crossed it the SYN-ACK
 */
void lucid_handshake_syn_resent(const struct sock *sk,
				const struct sk_buff *skb)
{
	struct lucid_conn conn;

	if (!trace_handshake_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	lucid_handshake_syn_sent(&conn, sk, TCP_SKB_CB(skb)->seq,
				 TCP_SKB_CB(skb)->tcp_flags,
				 inet_csk(sk)->icsk_retransmits + 1);
}

static void lucid_handshake_syn_received(const struct lucid_conn *conn,
					 const struct request_sock *req,
					 const struct sk_buff *skb, u16 attempt)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct lucid_handshake hs = {
		.step = TCP_LUCID_SYN_RECEIVED,
		.isn = tcp_rsk(req)->snt_isn,
		.peer_isn = tcp_rsk(req)->rcv_isn,
		.flags = tcp_flag_byte(th),
		.attempt = attempt,
	};

	lucid_syn_options_parse(&hs.opts, th);
	trace_handshake(conn, &hs);
}

static void lucid_handshake_synack_sent(const struct lucid_conn *conn,
					const struct sock *sk,
					const struct dst_entry *dst,
					const struct request_sock *req,
					enum tcp_synack_type type, bool again)
{
	const struct inet_request_sock *ireq = inet_rsk(req);
	struct lucid_handshake hs = {
		.step = TCP_LUCID_SYNACK_SENT,
		.isn = tcp_rsk(req)->snt_isn,
		.peer_isn = tcp_rsk(req)->rcv_isn,
		.flags = TCPHDR_SYN | TCPHDR_ACK |
			 (ireq->ecn_ok ? TCPHDR_ECE : 0),
		/* num_retrans counts this one only when it is out. */
		.attempt = again ? req->num_retrans + 2 : 1,
		.opts = {
			.mss = tcp_mss_clamp(tcp_sk(sk), dst_metric_advmss(dst)),
			.wscale = ireq->wscale_ok ? ireq->rcv_wscale :
						    TCP_LUCID_NO_WSCALE,
			.sack = ireq->sack_ok,
			.timestamps = ireq->tstamp_ok &&
				      !(ireq->sack_ok &&
					lucid_synack_is_signed(sk, req, type)),
			.ecn = ireq->ecn_ok,
		},
	};

	trace_handshake(conn, &hs);
}

/* A SYN among too many is answered: what is left out is counted. */
static void lucid_handshake_hidden(const struct sock *sk,
				   enum tcp_synack_type type)
{
	const struct net *net = sock_net(sk);

	if (trace_handshake_enabled()) {
		lucid_flood_count(net, TCP_LUCID_LIMITED_HANDSHAKE);
		lucid_flood_count(net, TCP_LUCID_LIMITED_HANDSHAKE);
	}
	if (trace_state_enabled() && type == TCP_SYNACK_NORMAL)
		lucid_flood_count(net, TCP_LUCID_LIMITED_STATE);
}

/*
 * tcp_make_synack(sk, dst, req, foc, type, syn_skb): syn_skb is the SYN that
 * is being answered, or NULL when the SYN-ACK is only sent again. One place
 * for IPv4 and IPv6, ordinary, SYN-cookie and Fast Open handshakes.
 */
static void notrace lucid_entry_make_synack(struct ftrace_regs *fregs,
					    unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct dst_entry *dst = lucid_arg(fregs, 1);
	const struct request_sock *req = lucid_arg(fregs, 2);
	const struct tcp_fastopen_cookie *foc = lucid_arg(fregs, 3);
	enum tcp_synack_type type = (unsigned long)lucid_arg(fregs, 4);
	const struct sk_buff *syn = lucid_arg(fregs, 5);
	struct lucid_conn conn;

	if (!lucid_handshake_wanted())
		return;
	lucid_conn_of_request(&conn, sk, req);
	if (!syn) {
		if (!trace_handshake_enabled())
			return;
		if (lucid_flood_hides_of(req))
			lucid_flood_count(sock_net(sk),
					  TCP_LUCID_LIMITED_HANDSHAKE);
		else
			lucid_handshake_synack_sent(&conn, sk, dst, req, type,
						    true);
		return;
	}
	lucid_note_first_syn(conn.cookie);
	if (lucid_flood_hides(syn)) {
		lucid_handshake_hidden(sk, type);
	} else {
		if (trace_handshake_enabled())
			lucid_handshake_syn_received(&conn, req, syn, 1);
		if (type == TCP_SYNACK_NORMAL)
			lucid_state_changed(&conn, TCP_LISTEN,
					    TCP_NEW_SYN_RECV);
		if (trace_handshake_enabled())
			lucid_handshake_synack_sent(&conn, sk, dst, req, type,
						    false);
	}
	lucid_listen_answered(&conn, sk, req, syn, type);
	lucid_fast_open_answered(&conn, req, syn, foc, type);
	lucid_flood_forget();
}

/*
 * Is it the ACK that the handshake lacks? All else anybody can send; and this,
 * again and again, while there is no room for it.
 */
static bool lucid_completes(const struct request_sock *req,
			    const struct tcphdr *th)
{
	return th->ack && !th->syn && !th->rst &&
	       ntohl(th->ack_seq) == tcp_rsk(req)->snt_isn + 1;
}

/*
 * tcp_check_req(sk, skb, req, ...): a segment has met a request socket. Here
 * only a SYN that came again matters: each one that is answered shows in
 * num_retrans, which also counts what the timer sent, num_timeout.
 */
static void notrace lucid_entry_check_req(struct ftrace_regs *fregs,
					  unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct request_sock *req = lucid_arg(fregs, 2);
	const struct tcphdr *th = tcp_hdr(skb);
	struct lucid_conn conn;

	if (trace_listen_enabled())
		lucid_listen_segment(req, skb);
	lucid_reset_segment(req, skb);
	if (lucid_completes(req, th) && !sk_acceptq_is_full(sk))
		lucid_flood_forget();
	else if (lucid_listen_wanted() || trace_close_enabled())
		lucid_flood_meets(sock_net(sk), skb, req);
	if (!trace_handshake_enabled() || !th->syn || th->ack || th->rst)
		return;
	if (ntohl(th->seq) != tcp_rsk(req)->rcv_isn)
		return;
	if (lucid_flood_hides(skb)) {
		lucid_flood_count(sock_net(sk), TCP_LUCID_LIMITED_HANDSHAKE);
		return;
	}
	lucid_conn_of_request(&conn, sk, req);
	lucid_handshake_syn_received(&conn, req, skb,
				     req->num_retrans - req->num_timeout + 2);
}

/* tcp_finish_connect(sk, skb): the SYN-ACK is good. */
static void notrace lucid_entry_finish_connect(struct ftrace_regs *fregs,
					       unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct sk_buff *skb = lucid_arg(fregs, 1);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_handshake hs = { .step = TCP_LUCID_SYNACK_RECEIVED };
	struct lucid_conn conn;

	/* Without a segment it is a socket being repaired (TCP_REPAIR). */
	if (!skb)
		return;
	lucid_fast_open_answer(sk, skb);
	if (!trace_handshake_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	hs.isn = tp->snd_una - tp->bytes_acked;
	hs.peer_isn = TCP_SKB_CB(skb)->seq;
	hs.flags = tcp_flag_byte(tcp_hdr(skb));
	hs.attempt = 1;
	lucid_syn_options_parse(&hs.opts, tcp_hdr(skb));
	trace_handshake(&conn, &hs);
}

/*
 * Our initial sequence number, once established. What was acknowledged since
 * is counted in bytes_acked, and so is the SYN of a socket that sent one.
 */
static u32 lucid_isn(const struct tcp_sock *tp, bool sent_syn)
{
	return tp->snd_una - (u32)tp->bytes_acked - !sent_syn;
}

/**
 * lucid_handshake_crossed() - was it a simultaneous open (RFC 9293, 3.5)?
 * @tp: a socket that is moving from SYN_RECV to ESTABLISHED
 *
 * Then it has sent a SYN, and of all that it sent nothing but that is
 * acknowledged. What a Fast Open child sent was data.
 */
bool lucid_handshake_crossed(const struct tcp_sock *tp)
{
	return tp->bytes_acked == 1 && !tp->data_segs_out;
}

/**
 * lucid_handshake_complete() - report the last step of a handshake
 * @sk: a socket that is moving to ESTABLISHED
 * @oldstate: SYN_SENT on the active side, SYN_RECV on the passive side
 *
 * On the active side the ACK leaves right after, or rides on the first data
 * if the application asked for that (TCP_QUICKACK off, TCP_DEFER_ACCEPT).
 */
void lucid_handshake_complete(const struct sock *sk, int oldstate)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_handshake hs = { .flags = TCPHDR_ACK };
	struct lucid_conn conn;
	bool sent_syn;

	if (!trace_handshake_enabled() || tp->repair)
		return;
	lucid_conn_from_sock(&conn, sk);
	sent_syn = oldstate == TCP_SYN_SENT || lucid_handshake_crossed(tp);
	hs.step = oldstate == TCP_SYN_SENT ? TCP_LUCID_ACK_SENT :
					     TCP_LUCID_ACK_RECEIVED;
	hs.isn = lucid_isn(tp, sent_syn);
	hs.peer_isn = tp->rcv_nxt - (u32)tp->bytes_received - 1;
	hs.attempt = tp->total_retrans + 1;
	hs.opts.wscale = TCP_LUCID_NO_WSCALE;
	hs.opts.timestamps = tp->rx_opt.tstamp_ok;
	hs.rtt_us = tp->srtt_us >> 3;
	hs.since_syn_us = lucid_note_since_syn_us(conn.cookie);
	trace_handshake(&conn, &hs);
}

/*
 * tcp_send_synack(sk): the peer's SYN has crossed ours (simultaneous open, RFC
 * 9293, section 3.5). What it carried is read from what the socket made of it.
 */
static void notrace lucid_entry_crossed_syns(struct ftrace_regs *fregs,
					     unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct tcp_sock *tp = tcp_sk(sk);
	bool ecn = lucid_ecn_agreed(tp);
	struct lucid_handshake hs = {
		.step = TCP_LUCID_SYN_RECEIVED,
		.isn = tp->snd_una,
		.peer_isn = tp->rcv_nxt - 1,
		.flags = TCPHDR_SYN | (ecn ? TCPHDR_ECE | TCPHDR_CWR : 0),
		.attempt = 1,
		.opts = {
			.mss = tp->rx_opt.mss_clamp,
			.wscale = tp->rx_opt.wscale_ok ? tp->rx_opt.snd_wscale :
							 TCP_LUCID_NO_WSCALE,
			.sack = tcp_is_sack(tp),
			.timestamps = tp->rx_opt.tstamp_ok,
			.ecn = ecn,
		},
	};
	struct lucid_conn conn;

	if (!trace_handshake_enabled())
		return;
	lucid_conn_from_sock(&conn, sk);
	trace_handshake(&conn, &hs);
	hs.step = TCP_LUCID_SYNACK_SENT;
	hs.flags = TCPHDR_SYN | TCPHDR_ACK | (ecn ? TCPHDR_ECE : 0);
	lucid_syn_options_ours(&hs.opts, sk, ecn);
	trace_handshake(&conn, &hs);
}

static struct lucid_entry lucid_handshake_entries[] = {
	{
		.name = "tcp_write_queue_purge",
		.call = lucid_entry_connect,
		.provides = TCP_LUCID_CAN_HANDSHAKE,
	}, {
		.name = "tcp_make_synack",
		.call = lucid_entry_make_synack,
		.provides = TCP_LUCID_CAN_HANDSHAKE | TCP_LUCID_CAN_STATE |
			    TCP_LUCID_CAN_LISTEN | TCP_LUCID_CAN_FAST_OPEN,
	}, {
		.name = "tcp_check_req",
		.call = lucid_entry_check_req,
		.provides = TCP_LUCID_CAN_HANDSHAKE | TCP_LUCID_CAN_LISTEN |
			    TCP_LUCID_CAN_CLOSE,
	}, {
		.name = "tcp_finish_connect",
		.call = lucid_entry_finish_connect,
		.provides = TCP_LUCID_CAN_HANDSHAKE | TCP_LUCID_CAN_FAST_OPEN,
	}, {
		.name = "tcp_send_synack",
		.call = lucid_entry_crossed_syns,
		.provides = TCP_LUCID_CAN_HANDSHAKE,
	},
};

/**
 * lucid_handshake_sees_connect() - is CLOSE -> SYN_SENT told from here?
 *
 * Return: false if this kernel lacks the hook; the state observer then makes
 * do with the kernel's own event.
 */
bool lucid_handshake_sees_connect(void)
{
	return lucid_handshake_entries[0].addr;
}

struct lucid_observer lucid_handshake_observer = {
	.entries = lucid_handshake_entries,
	.nr_entries = ARRAY_SIZE(lucid_handshake_entries),
};
