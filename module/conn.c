// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who a connection is.
 *
 * One connection lives in up to three objects: a request socket until the
 * final ACK of a passive open, a full socket, and a mini-socket in TIME_WAIT.
 * The kernel copies the socket cookie from each to the next, so the cookie
 * names the connection through all of them, provided it exists early enough:
 * it is made here, the first time anybody asks.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/inet_timewait_sock.h>
#include <net/ipv6.h>
#include <net/request_sock.h>
#include <net/tcp.h>

#include "conn.h"

/*
 * The const is cast away to store the cookie where it belongs; nothing else
 * of the socket is touched, and sock_diag does the same for "ss -e".
 */
static u64 lucid_cookie(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	u32 halves[2];

	if (likely(cookie))
		return cookie;
	sock_diag_save_cookie((struct sock *)sk, halves);
	return (u64)halves[1] << 32 | halves[0];
}

static void lucid_conn_set_v4(struct lucid_conn *conn, __be32 saddr,
			      __be32 daddr)
{
	struct in6_addr mapped;

	conn->family = AF_INET;
	memcpy(conn->saddr, &saddr, sizeof(saddr));
	memcpy(conn->daddr, &daddr, sizeof(daddr));
	ipv6_addr_set_v4mapped(saddr, &mapped);
	memcpy(conn->saddr_v6, &mapped, sizeof(mapped));
	ipv6_addr_set_v4mapped(daddr, &mapped);
	memcpy(conn->daddr_v6, &mapped, sizeof(mapped));
}

static void lucid_conn_set_v6(struct lucid_conn *conn,
			      const struct in6_addr *saddr,
			      const struct in6_addr *daddr)
{
	conn->family = AF_INET6;
	memset(conn->saddr, 0, sizeof(conn->saddr));
	memset(conn->daddr, 0, sizeof(conn->daddr));
	memcpy(conn->saddr_v6, saddr, sizeof(conn->saddr_v6));
	memcpy(conn->daddr_v6, daddr, sizeof(conn->daddr_v6));
}

/*
 * All three kinds of socket begin with the same struct. What the packets are
 * decides the family, not what the socket is: a connection over IPv4 that an
 * AF_INET6 listener accepted is IPv4.
 */
static void lucid_conn_set_addrs(struct lucid_conn *conn,
				 const struct sock_common *sc)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sc->skc_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sc->skc_v6_daddr)) {
		lucid_conn_set_v6(conn, &sc->skc_v6_rcv_saddr,
				  &sc->skc_v6_daddr);
		return;
	}
#endif
	lucid_conn_set_v4(conn, sc->skc_rcv_saddr, sc->skc_daddr);
}

/**
 * lucid_conn_from_sock() - describe a full socket
 * @conn: filled in
 * @sk: a TCP socket, locked by the caller or by the hook that is running
 *
 * The local port is read from inet_sport: inet_num is already 0 when a
 * closing socket has given its port back.
 */
void lucid_conn_from_sock(struct lucid_conn *conn, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	conn->cookie = lucid_cookie(sk);
	conn->netns = sock_net(sk)->ns.inum;
	conn->sport = ntohs(inet->inet_sport);
	conn->dport = ntohs(inet->inet_dport);
	lucid_conn_set_addrs(conn, &sk->__sk_common);
}

/**
 * lucid_conn_from_request() - describe a request socket
 * @conn: filled in
 * @req: a request whose addresses are set
 */
void lucid_conn_from_request(struct lucid_conn *conn,
			     const struct request_sock *req)
{
	const struct inet_request_sock *ireq = inet_rsk(req);

	conn->cookie = lucid_cookie(req_to_sk((struct request_sock *)req));
	conn->netns = read_pnet(&ireq->ireq_net)->ns.inum;
	conn->sport = ireq->ir_num;
	conn->dport = ntohs(ireq->ir_rmt_port);
	lucid_conn_set_addrs(conn, &req->__req_common);
}

/**
 * lucid_conn_from_timewait() - describe a mini-socket
 * @conn: filled in
 * @tw: a mini-socket that is alive for the duration of the call
 */
void lucid_conn_from_timewait(struct lucid_conn *conn,
			      const struct inet_timewait_sock *tw)
{
	conn->cookie = lucid_cookie((const struct sock *)tw);
	conn->netns = twsk_net(tw)->ns.inum;
	conn->sport = ntohs(tw->tw_sport);
	conn->dport = ntohs(tw->tw_dport);
	lucid_conn_set_addrs(conn, &tw->__tw_common);
}

/**
 * lucid_conn_from_segment() - describe whom a segment that came in is for
 * @conn: filled in; its cookie is 0, no socket is behind it
 * @net: the namespace it came to
 * @skb: a TCP segment with its headers in the linear part
 */
void lucid_conn_from_segment(struct lucid_conn *conn, const struct net *net,
			     const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	conn->cookie = 0;
	conn->netns = net->ns.inum;
	conn->sport = ntohs(th->dest);
	conn->dport = ntohs(th->source);
	if (skb->protocol == htons(ETH_P_IP))
		lucid_conn_set_v4(conn, ip_hdr(skb)->daddr, ip_hdr(skb)->saddr);
	else
		lucid_conn_set_v6(conn, &ipv6_hdr(skb)->daddr,
				  &ipv6_hdr(skb)->saddr);
}

/**
 * lucid_conn_cookie() - the number of a socket of any kind
 * @sk: the socket
 *
 * Return: its cookie, which is made now if there was none.
 */
u64 lucid_conn_cookie(const struct sock *sk)
{
	return lucid_cookie(sk);
}
