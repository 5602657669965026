// SPDX-License-Identifier: GPL-2.0-only
/* By 7.2: tcp_retransmit_skb also tells whether the attempt failed. */
#include <trace/events/tcp.h>

static void callback(void *data, const struct sock *sk,
		     const struct sk_buff *skb, int err)
{
}

void probe(void);
void probe(void)
{
	check_trace_callback_type_tcp_retransmit_skb(callback);
}
