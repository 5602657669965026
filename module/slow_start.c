// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the first slow start of a connection grows, and when it ends
 *
 *   classic      cwnd += acked, until something is lost (RFC 5681)
 *
 *   HyStart      the same, but it ends, with ssthresh = cwnd, as soon as
 *                  the delay has increased: the minimum of the first 8
 *                    samples of a round > minRTT + thresh(minRTT), or
 *                  the window fills the path: ACKs at most 2 ms apart have
 *                    come in for more than minRTT / 2
 *
 *   HyStart++    cwnd += min(acked, L), until the delay has increased
 *   (RFC 9406)       currentRoundMinRTT >= lastRoundMinRTT +
 *                                          thresh(lastRoundMinRTT)
 *                then, in Conservative Slow Start (CSS),
 *                  cwnd += min(acked, L) / 4
 *                which ends after 5 rounds, with ssthresh = cwnd, or goes back
 *                to slow start once the delay is less than when it began.
 *
 *   thresh(RTT) = RTT / 8, from 4 to 16 ms
 *
 * HyStart is "Taming the elephants: New TCP slow start" (S. Ha and I. Rhee,
 * 2011). A train of ACKs takes as long as the bottleneck needs for the packets
 * they acknowledge, so a train as long as the path's delay says that the path
 * is full. Packets sent in one burst fill it with half of that: forward delay
 * is about half of minRTT. With pacing the packets are spread over the round
 * trip before they meet any bottleneck, and only all of minRTT says something.
 *
 * A round begins with the ACK that ends the one before, and this ACK's sample
 * is its first: it is the first packet sent in the last round that this ACK
 * acknowledges.
 *
 * RFC 9406 section 4.3 wants all this in the first slow start only, while
 * ssthresh is still infinite; any other is that of RFC 5681.
 */
#include "slow_start.h"

/**
 * lucid_slow_start_reset - a connection begins
 * @ss: state of the connection
 * @kind: what its first slow start is to be like
 */
void lucid_slow_start_reset(struct lucid_slow_start *ss,
			    enum lucid_slow_start_kind kind)
{
	memset(ss, 0, sizeof(*ss));
	ss->kind = kind;
	ss->phase = LUCID_SS_PHASE_FIRST_ACK;
	ss->reference = LUCID_RTT_NONE;
	ss->round_min = LUCID_RTT_NONE;
}

/**
 * lucid_slow_start_end - the first slow start is over, for good
 * @ss: state of the connection
 *
 * To be called on a loss, an ECN signal or a timeout; an exit does it itself.
 * What it was found by stays readable until the next.
 */
void lucid_slow_start_end(struct lucid_slow_start *ss)
{
	if (ss->phase == LUCID_SS_PHASE_OVER) {
		ss->reference = LUCID_RTT_NONE;
		ss->round_min = LUCID_RTT_NONE;
		ss->samples = 0;
		memset(&ss->train, 0, sizeof(ss->train));
	}
	ss->phase = LUCID_SS_PHASE_OVER;
}

/* A round lasts while windowEnd is in flight: once it is acknowledged, it is
 * below snd_una. Counted from snd_una, neither wraps; and a round that was not
 * watched for gigabytes is over, whatever its end compares to by now.
 */
static bool lucid_round_is_over(const struct lucid_slow_start *ss,
				const struct lucid_slow_start_sample *s)
{
	return ss->phase == LUCID_SS_PHASE_FIRST_ACK ||
	       ss->round_end - s->snd_una > s->snd_nxt - s->snd_una;
}

static void lucid_round_begin(struct lucid_slow_start *ss,
			      const struct lucid_slow_start_sample *s)
{
	if (ss->phase == LUCID_SS_PHASE_FIRST_ACK)
		ss->phase = LUCID_SS_PHASE_SLOW_START;
	ss->round_end = s->snd_nxt;
	ss->round_min = LUCID_RTT_NONE;
	ss->samples = 0;
}

static void lucid_round_sample(struct lucid_slow_start *ss, u32 rtt_us)
{
	ss->round_min = min(ss->round_min, rtt_us);
	if (ss->samples < U8_MAX)
		ss->samples++;
}

/* Does this ACK make HyStart's train too long? */
static bool lucid_hystart_train(struct lucid_slow_start *ss,
				const struct lucid_slow_start_sample *s)
{
	u32 full = s->paced ? ss->reference : ss->reference / 2;

	/* A gap ends the train: @last stays behind for the rest of the round.
	 */
	if (s->now_us - ss->train.last > LUCID_HYSTART_ACK_SPACING)
		return false;
	ss->train.last = s->now_us;

	/* No train is as long as LUCID_RTT_NONE, nor as half of it. */
	return lucid_slow_start_train(ss) > full;
}

/* Is this ACK's the sample that completes a round's worth, and are they all too
 * late? Decided once in a round, since the minimum of the connection may become
 * less by a later sample, and that is no sign of a queue.
 */
static bool lucid_hystart_delay(struct lucid_slow_start *ss,
				const struct lucid_slow_start_sample *s)
{
	if (s->rtt_us <= 0 || ss->samples >= LUCID_RTT_SAMPLES)
		return false;
	lucid_round_sample(ss, s->rtt_us);

	return ss->samples == LUCID_RTT_SAMPLES &&
	       ss->round_min > ss->reference + lucid_slow_start_threshold(ss);
}

static enum lucid_slow_start_verdict
lucid_hystart_ack(struct lucid_slow_start *ss,
		  const struct lucid_slow_start_sample *s)
{
	bool train, delay;

	if (lucid_round_is_over(ss, s)) {
		lucid_round_begin(ss, s);
		ss->train.start = s->now_us;
		ss->train.last = s->now_us;
	}
	if (s->rtt_us > 0)
		ss->reference = min(ss->reference, (u32)s->rtt_us);

	/* A small window is watched, but leaving it early costs too much. */
	train = lucid_hystart_train(ss, s);
	delay = lucid_hystart_delay(ss, s);
	if (s->cwnd < LUCID_HYSTART_LOW_WINDOW)
		return LUCID_SS_GO_ON;

	if (train)
		return LUCID_SS_EXIT_TRAIN;
	return delay ? LUCID_SS_EXIT_DELAY : LUCID_SS_GO_ON;
}

static enum lucid_slow_start_verdict
lucid_hystartpp_ack(struct lucid_slow_start *ss,
		    const struct lucid_slow_start_sample *s)
{
	if (lucid_round_is_over(ss, s)) {
		/* The round in which CSS began counts, however late that was.
		 */
		if (ss->phase == LUCID_SS_PHASE_CSS &&
		    ++ss->css.rounds >= LUCID_CSS_ROUNDS)
			return LUCID_SS_EXIT_CSS_ROUNDS;

		ss->reference = ss->round_min;
		lucid_round_begin(ss, s);
	}

	if (s->rtt_us > 0)
		lucid_round_sample(ss, s->rtt_us);
	if (ss->samples < LUCID_RTT_SAMPLES)
		return LUCID_SS_GO_ON;

	if (ss->phase == LUCID_SS_PHASE_CSS) {
		if (ss->round_min >= ss->css.baseline)
			return LUCID_SS_GO_ON;
		ss->phase = LUCID_SS_PHASE_SLOW_START;
		return LUCID_SS_CSS_RESUME;
	}

	/* Nothing is later than LUCID_RTT_NONE, a last round without samples. */
	if (ss->round_min < ss->reference + lucid_slow_start_threshold(ss))
		return LUCID_SS_GO_ON;
	ss->phase = LUCID_SS_PHASE_CSS;
	ss->css.baseline = ss->round_min;
	ss->css.rounds = 0;
	return LUCID_SS_CSS_ENTER;
}

/**
 * lucid_slow_start_ack - what an ACK means for slow start
 * @ss: state of the connection
 * @s: the ACK
 *
 * To be called once for each ACK of the first slow start, before the window
 * grows. A sender that does not use all of its window says nothing about the
 * path with the spacing of its ACKs; HyStart should not hear of those.
 *
 * Return: what to do; on any LUCID_SS_EXIT_* the caller sets ssthresh to cwnd.
 */
enum lucid_slow_start_verdict
lucid_slow_start_ack(struct lucid_slow_start *ss,
		     const struct lucid_slow_start_sample *s)
{
	enum lucid_slow_start_verdict verdict;

	if (ss->kind == LUCID_SLOW_START_CLASSIC ||
	    ss->phase == LUCID_SS_PHASE_OVER)
		return LUCID_SS_GO_ON;

	if (ss->kind == LUCID_SLOW_START_HYSTART)
		verdict = lucid_hystart_ack(ss, s);
	else
		verdict = lucid_hystartpp_ack(ss, s);

	if (verdict >= LUCID_SS_EXIT_DELAY)
		lucid_slow_start_end(ss);
	return verdict;
}

/* A packet of window for each LUCID_CSS_GROWTH_DIVISOR acknowledged, and the
 * rest of that division kept: RFC 9406 section 4.2 counts bytes and loses none.
 */
static u32 lucid_css_grow(struct lucid_slow_start *ss, struct lucid_window *win,
			  u32 acked)
{
	u64 parts = (u64)ss->css.carry + acked;
	u64 room, used;
	u32 carry;

	if (!lucid_in_slow_start(win))
		return acked;

	room = (u64)(win->ssthresh - win->cwnd) * LUCID_CSS_GROWTH_DIVISOR;
	used = min(parts, room);
	win->cwnd += div_u64_rem(used, LUCID_CSS_GROWTH_DIVISOR, &carry);
	win->cwnd = min(win->cwnd, lucid_cwnd_limit(win));
	ss->css.carry = carry;
	return parts - used;
}

/**
 * lucid_slow_start_grow - the window after an ACK in slow start
 * @ss: state of the connection
 * @win: the window; at or above ssthresh it does not change
 * @acked: packets that this ACK newly acknowledges
 * @paced: the sender spreads its packets over time
 *
 * An ACK for many packets would let as many and more go at once. HyStart++
 * counts no more than L of them, unless pacing spreads the burst (RFC 9406
 * section 4.3).
 *
 * Return: packets left over once @win has reached ssthresh; they count for
 * congestion avoidance. What L cuts off is not among them.
 */
u32 lucid_slow_start_grow(struct lucid_slow_start *ss, struct lucid_window *win,
			  u32 acked, bool paced)
{
	if (ss->kind != LUCID_SLOW_START_HYSTARTPP ||
	    ss->phase == LUCID_SS_PHASE_OVER)
		return lucid_slow_start(win, acked);

	if (!paced)
		acked = min(acked, LUCID_UNPACED_LIMIT);
	if (ss->phase == LUCID_SS_PHASE_CSS)
		return lucid_css_grow(ss, win, acked);
	return lucid_slow_start(win, acked);
}
