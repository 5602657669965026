// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.15: the longest retransmission timeout can be chosen. */
#include <net/tcp.h>

unsigned int probe(const struct sock *sk);
unsigned int probe(const struct sock *sk)
{
	return tcp_rto_max(sk);
}
