// SPDX-License-Identifier: GPL-2.0-only
/* Since 7.1: the start of sending after a pause has a callback of its own. */
#include <net/tcp.h>

static void callback(struct sock *sk)
{
}

struct tcp_congestion_ops probe = {
	.cwnd_event_tx_start = callback,
};
