/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window of Reno (RFC 5681), counted in packets as Linux counts it
 */
#ifndef _LUCID_RENO_H
#define _LUCID_RENO_H

#include "arith.h"

/* Factors such as beta are in thousandths, so that the RFCs' own values (0.5,
 * 0.7, 0.4) are exact and a sysctl shows them as people write them.
 */
#define LUCID_FACTOR_ONE	1000U

/* A window never leaves this range: Linux warns of 0 and of 2^31 and beyond. */
#define LUCID_CWND_MAX		((u32)S32_MAX)

#define LUCID_RENO_BETA		500U	/* RFC 5681 section 3.1, equation (4) */
#define LUCID_SSTHRESH_MIN	2U	/* the same equation's floor, packets */

/**
 * struct lucid_window - the congestion window of one connection
 * @cwnd: congestion window, packets, 1 to LUCID_CWND_MAX
 * @ssthresh: slow start threshold, packets; slow start while @cwnd is below it
 * @cwnd_cnt: packets acknowledged that have not yet made @cwnd grow; what Reno
 *	carries from one ACK to the next
 * @cwnd_clamp: upper bound of @cwnd, packets
 *
 * The glue copies it from struct tcp_sock before a call and back after it:
 * snd_cwnd, snd_ssthresh, snd_cwnd_cnt and snd_cwnd_clamp.
 */
struct lucid_window {
	u32 cwnd;
	u32 ssthresh;
	u32 cwnd_cnt;
	u32 cwnd_clamp;
};

static inline bool lucid_in_slow_start(const struct lucid_window *win)
{
	return win->cwnd < win->ssthresh;
}

/* The largest window this connection may have, packets. */
static inline u32 lucid_cwnd_limit(const struct lucid_window *win)
{
	return min(win->cwnd_clamp, LUCID_CWND_MAX);
}

u32 lucid_slow_start(struct lucid_window *win, u32 acked);
void lucid_reno_cong_avoid(struct lucid_window *win, u32 acked);
void lucid_reno_on_ack(struct lucid_window *win, u32 acked);
u32 lucid_reno_ssthresh(u32 cwnd, u32 beta);
u32 lucid_reno_undo(u32 cwnd, u32 prior_cwnd);

#endif /* _LUCID_RENO_H */
