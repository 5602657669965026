/* SPDX-License-Identifier: GPL-2.0-only */
/* Who a connection is: cookie, namespace and addresses of any kind of socket. */
#ifndef _TCP_LUCID_CONN_H
#define _TCP_LUCID_CONN_H

#include "record.h"

struct inet_timewait_sock;
struct net;
struct request_sock;
struct sk_buff;
struct sock;

void lucid_conn_from_sock(struct lucid_conn *conn, const struct sock *sk);
void lucid_conn_from_request(struct lucid_conn *conn,
			     const struct request_sock *req);
void lucid_conn_from_timewait(struct lucid_conn *conn,
			      const struct inet_timewait_sock *tw);
void lucid_conn_from_segment(struct lucid_conn *conn, const struct net *net,
			     const struct sk_buff *skb);
u64 lucid_conn_cookie(const struct sock *sk);

#endif /* _TCP_LUCID_CONN_H */
