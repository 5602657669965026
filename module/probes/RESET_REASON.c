// SPDX-License-Identifier: GPL-2.0-only
/* By 6.12: tcp_send_reset also tells the reason, and fires for every RST. */
#include <trace/events/tcp.h>

static void callback(void *data, const struct sock *sk,
		     const struct sk_buff *skb,
		     const enum sk_rst_reason reason)
{
}

void probe(void);
void probe(void)
{
	check_trace_callback_type_tcp_send_reset(callback);
}
