/* SPDX-License-Identifier: GPL-2.0-only */
/* What other observers tell those of the closing of connections, and ask them. */
#ifndef _TCP_LUCID_CLOSING_H
#define _TCP_LUCID_CLOSING_H

#include <linux/types.h>

struct inet_timewait_sock;
struct lucid_close;
struct lucid_conn;
struct request_sock;
struct sk_buff;
struct sock;

/* close.c */
bool lucid_close_wanted(void);
void lucid_close_fill(struct lucid_close *event, const struct sock *sk, u8 what,
		      u8 why, u8 state);
void lucid_close_moved(const struct sock *sk, int oldstate, int newstate,
		       int handed_to);
void lucid_close_promoted(const struct lucid_conn *conn,
			  const struct inet_timewait_sock *tw);
void lucid_close_tw_gone(const struct lucid_conn *conn, u8 substate, u8 tw_why,
			 u32 seq, u32 ack);

/* close_why.c */
u8 lucid_close_caller(const struct sock *sk, unsigned long ip);
bool lucid_close_by_kernel(const struct sock *sk, unsigned long ip);
u8 lucid_close_cause(const struct sock *sk);
u8 lucid_close_why(const struct sock *sk);
u8 lucid_close_verdict_of(u8 state, u8 why);
u8 lucid_close_verdict(const struct sock *sk);
void lucid_close_hand_over(const struct sock *sk, int substate);

/* reset.c */
void lucid_reset_segment(const struct request_sock *req,
			 const struct sk_buff *skb);
bool lucid_reset_by_rst(const struct request_sock *req);
void lucid_reset_request_drop(const struct request_sock *req);

#endif /* _TCP_LUCID_CLOSING_H */
