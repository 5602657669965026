// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window of Reno (RFC 5681), counted in packets as Linux counts it
 *
 *   slow start             cwnd += acked, as far as ssthresh
 *   congestion avoidance   cwnd += acked / cwnd
 *   congestion             ssthresh = max(beta * cwnd, 2)
 *
 * The RFC counts bytes and lets a sender add at most one segment for one ACK.
 * Linux counts whole packets, however many one ACK covers: an ACK for n packets
 * counts like n ACKs for one packet each. This is what RFC 3465 (appropriate
 * byte counting) is for, and it needs no limit L, since half a packet is never
 * counted. In-tree reno takes exactly these steps; lucid_reno is measured
 * against it packet by packet.
 *
 * Fast recovery (RFC 6582, RFC 9937) is the core's; nothing here runs in it.
 */
#include "reno.h"

/**
 * lucid_slow_start - one packet of window for each packet acknowledged
 * @win: the window; at or above ssthresh it does not change
 * @acked: packets that this ACK newly acknowledges
 *
 * RFC 5681 section 3.1.
 *
 * Return: packets left over once @win has reached ssthresh; they count for
 * congestion avoidance, so the boundary between the two loses nothing.
 */
u32 lucid_slow_start(struct lucid_window *win, u32 acked)
{
	u32 grow;

	if (!lucid_in_slow_start(win))
		return acked;

	grow = min(acked, win->ssthresh - win->cwnd);
	win->cwnd = min(win->cwnd + grow, lucid_cwnd_limit(win));
	return acked - grow;
}

/**
 * lucid_reno_cong_avoid - one packet of window for each window acknowledged
 * @win: the window
 * @acked: packets that this ACK newly acknowledges, slow start's share removed
 *
 * RFC 5681 section 3.1. What does not make a whole packet stays in cwnd_cnt.
 */
void lucid_reno_cong_avoid(struct lucid_window *win, u32 acked)
{
	u32 round = max(win->cwnd, 1U);

	/* The window was larger when this was counted, and has shrunk below
	 * the count since. It is worth one packet, never several at once.
	 */
	if (win->cwnd_cnt >= round) {
		win->cwnd_cnt = 0;
		win->cwnd++;
	}

	win->cwnd_cnt += acked;
	win->cwnd += win->cwnd_cnt / round;
	win->cwnd_cnt %= round;

	win->cwnd = min(win->cwnd, lucid_cwnd_limit(win));
}

/**
 * lucid_reno_on_ack - the window after an ACK that found it fully used
 * @win: the window
 * @acked: packets that this ACK newly acknowledges
 *
 * An ACK that finds the sender limited by anything but its window must not come
 * here: a window that is not in use must not grow (RFC 9438 section 4.6,
 * RFC 7661).
 */
void lucid_reno_on_ack(struct lucid_window *win, u32 acked)
{
	if (lucid_in_slow_start(win)) {
		acked = lucid_slow_start(win, acked);
		if (!acked)
			return;
	}
	lucid_reno_cong_avoid(win, acked);
}

/**
 * lucid_reno_ssthresh - the threshold after congestion
 * @cwnd: window when congestion was found, packets
 * @beta: what remains of it, thousandths, below LUCID_FACTOR_ONE
 *
 * RFC 5681 section 3.1, equation (4), with the window in place of FlightSize, as
 * in-tree reno: it grows only while it is fully used, and the core lowers it
 * while it is not (RFC 7661). Another @beta than 500 is RFC 8511's, or the
 * user's.
 *
 * Return: ssthresh in packets, at least two.
 */
u32 lucid_reno_ssthresh(u32 cwnd, u32 beta)
{
	u32 ssthresh = mul_u64_u32_div(cwnd, beta, LUCID_FACTOR_ONE);

	return max(ssthresh, LUCID_SSTHRESH_MIN);
}

/**
 * lucid_reno_undo - the window after a reduction that turned out to be spurious
 * @cwnd: window now, packets
 * @prior_cwnd: window before the reduction, packets
 *
 * Return: the larger of the two, in packets.
 */
u32 lucid_reno_undo(u32 cwnd, u32 prior_cwnd)
{
	return max(cwnd, prior_cwnd);
}
