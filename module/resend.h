/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a segment is sent again, and why state Loss was entered. */
#ifndef _TCP_LUCID_RESEND_H
#define _TCP_LUCID_RESEND_H

#include <linux/tcp.h>
#include <linux/types.h>

struct sk_buff;
struct sock;

/*
 * Does an ACK of everything before @ack tell that what the tail loss probe sent
 * again had been lost (tcp_process_tlp_ack(), which looks at DSACK besides)?
 */
static inline bool lucid_resend_mended_tail(const struct tcp_sock *tp, u32 ack)
{
	return tp->tlp_high_seq && tp->tlp_retrans &&
	       (s32)(ack - tp->tlp_high_seq) > 0;
}

u8 lucid_resend_reason(const struct sock *sk, const struct sk_buff *skb);
bool lucid_resend_by_timeout(const struct sock *sk);
bool lucid_resend_by_reorder_timer(const struct sock *sk);

#endif /* _TCP_LUCID_RESEND_H */
