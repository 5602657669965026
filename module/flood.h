/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling of a SYN flood without drowning in it. */
#ifndef _TCP_LUCID_FLOOD_H
#define _TCP_LUCID_FLOOD_H

#include <linux/types.h>
#include <uapi/linux/tcp_lucid.h>

struct net;
struct request_sock;
struct sk_buff;

void lucid_flood_meets(const struct net *net, const struct sk_buff *skb,
		       const struct request_sock *req);
bool lucid_flood_hides(const struct sk_buff *skb);
bool lucid_flood_hides_late(const struct net *net, const struct sk_buff *skb,
			    const struct request_sock *req);
bool lucid_flood_hides_of(const struct request_sock *req);
void lucid_flood_forget(void);
void lucid_flood_count(const struct net *net, enum tcp_lucid_limited event);

#endif /* _TCP_LUCID_FLOOD_H */
