/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a segment is sent again, and why state Loss was entered. */
#ifndef _TCP_LUCID_RESEND_H
#define _TCP_LUCID_RESEND_H

#include <linux/types.h>

struct sk_buff;
struct sock;

u8 lucid_resend_reason(const struct sock *sk, const struct sk_buff *skb);
bool lucid_resend_by_timeout(const struct sock *sk);
bool lucid_resend_by_reorder_timer(const struct sock *sk);

#endif /* _TCP_LUCID_RESEND_H */
