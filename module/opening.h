/* SPDX-License-Identifier: GPL-2.0-only */
/* What other observers tell those of the opening of connections. */
#ifndef _TCP_LUCID_OPENING_H
#define _TCP_LUCID_OPENING_H

#include <linux/types.h>

struct lucid_conn;
struct request_sock;
struct sk_buff;
struct sock;
struct tcp_fastopen_cookie;

bool lucid_listen_wanted(void);
void lucid_listen_answered(const struct lucid_conn *conn,
			   const struct sock *listener,
			   const struct request_sock *req,
			   const struct sk_buff *syn, int type);
void lucid_listen_segment(const struct request_sock *req,
			  const struct sk_buff *skb);
void lucid_listen_request_drop(const struct sock *listener,
			       const struct request_sock *req,
			       unsigned long parent_ip);
bool lucid_listen_child(const struct sock *child);

void lucid_fast_open_answered(const struct lucid_conn *conn,
			      const struct request_sock *req,
			      const struct sk_buff *syn,
			      const struct tcp_fastopen_cookie *foc, int type);
void lucid_fast_open_answer(const struct sock *sk, const struct sk_buff *synack);

bool lucid_connect_began(const struct sock *sk, int state);
void lucid_connect_closed(const struct sock *sk, int oldstate);

#endif /* _TCP_LUCID_OPENING_H */
