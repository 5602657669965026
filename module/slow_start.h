/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the first slow start of a connection grows, and when it ends
 */
#ifndef _LUCID_SLOW_START_H
#define _LUCID_SLOW_START_H

#include "arith.h"
#include "reno.h"

/* Both rules call a delay an increase from here on, us: an eighth of the round
 * trip, but never less than jitter makes, nor more than a queue may cost
 * (RFC 9406 section 4.3; HyStart's eta).
 */
#define LUCID_RTT_DIVISOR		8U	/* MIN_RTT_DIVISOR */
#define LUCID_RTT_THRESH_MIN		4000U	/* MIN_RTT_THRESH, us */
#define LUCID_RTT_THRESH_MAX		16000U	/* MAX_RTT_THRESH, us */
#define LUCID_RTT_SAMPLES		8U	/* N_RTT_SAMPLE */

/* RFC 9406 section 4.3 */
#define LUCID_CSS_GROWTH_DIVISOR	4U
#define LUCID_CSS_ROUNDS		5U
#define LUCID_UNPACED_LIMIT		8U	/* L, packets */

/* HyStart */
#define LUCID_HYSTART_LOW_WINDOW	16U	/* packets */
#define LUCID_HYSTART_ACK_SPACING	2000U	/* within a train, us */

/* A minimum of no round-trip times. */
#define LUCID_RTT_NONE			U32_MAX

enum lucid_slow_start_kind {
	LUCID_SLOW_START_CLASSIC,	/* RFC 5681: until something is lost */
	LUCID_SLOW_START_HYSTART,	/* Ha and Rhee */
	LUCID_SLOW_START_HYSTARTPP,	/* RFC 9406 */
};

enum lucid_slow_start_phase {
	LUCID_SS_PHASE_FIRST_ACK,	/* no ACK yet, so no round */
	LUCID_SS_PHASE_SLOW_START,
	LUCID_SS_PHASE_CSS,		/* Conservative Slow Start */
	LUCID_SS_PHASE_OVER,
};

/* What an ACK means for slow start. All from EXIT_DELAY on end it. */
enum lucid_slow_start_verdict {
	LUCID_SS_GO_ON,
	LUCID_SS_CSS_ENTER,
	LUCID_SS_CSS_RESUME,		/* slow start: CSS was a mistake */
	LUCID_SS_EXIT_DELAY,		/* HyStart: the delay increased */
	LUCID_SS_EXIT_TRAIN,		/* HyStart: the ACK train is too long */
	LUCID_SS_EXIT_CSS_ROUNDS,	/* HyStart++: CSS_ROUNDS are complete */
};

/**
 * struct lucid_slow_start - the first slow start of one connection
 * @round_end: windowEnd, a sequence number; its ACK ends the round
 * @reference: round-trip time that this round's is compared with, us: HyStart
 *	takes the connection's minimum, HyStart++ the last round's
 * @round_min: minimum of this round's samples, us; HyStart takes the first
 *	LUCID_RTT_SAMPLES only
 * @train: HyStart's ACK train
 * @train.start: when the round began, us
 * @train.last: last ACK of the train, us
 * @css: HyStart++'s Conservative Slow Start
 * @css.baseline: cssBaselineMinRtt, us
 * @css.rounds: rounds that have ended since it began, a partial one included
 * @css.carry: packets acknowledged that have not yet made a whole packet of
 *	window, below LUCID_CSS_GROWTH_DIVISOR
 * @samples: round-trip times that @round_min is the minimum of, up to U8_MAX
 * @kind: enum lucid_slow_start_kind
 * @phase: enum lucid_slow_start_phase
 *
 * What made an exit stays readable after it, until there is congestion.
 */
struct lucid_slow_start {
	u32 round_end;
	u32 reference;
	u32 round_min;
	union {
		struct {
			u32 start;
			u32 last;
		} train;
		struct {
			u32 baseline;
			u8 rounds;
			u8 carry;
		} css;
	};
	u8 samples;
	u8 kind;
	u8 phase;
};

/**
 * struct lucid_slow_start_sample - what an ACK tells slow start
 * @now_us: time on the connection's clock, us, modulo 2^32
 * @rtt_us: round-trip time of what it acknowledges, us; 0 or less if unknown
 * @snd_una: first sequence number not acknowledged, this ACK included
 * @snd_nxt: next sequence number to send, before this ACK lets any go
 * @cwnd: window before it grows, packets
 * @paced: the sender spreads its packets over time
 */
struct lucid_slow_start_sample {
	u32 now_us;
	s32 rtt_us;
	u32 snd_una;
	u32 snd_nxt;
	u32 cwnd;
	bool paced;
};

void lucid_slow_start_reset(struct lucid_slow_start *ss,
			    enum lucid_slow_start_kind kind);
enum lucid_slow_start_verdict
lucid_slow_start_ack(struct lucid_slow_start *ss,
		     const struct lucid_slow_start_sample *s);
u32 lucid_slow_start_grow(struct lucid_slow_start *ss, struct lucid_window *win,
			  u32 acked, bool paced);
void lucid_slow_start_end(struct lucid_slow_start *ss);

/*
 * For traces: what the next verdict depends on, or what the last one did. Times
 * are us, 0 where there is none.
 */

static inline enum lucid_slow_start_phase
lucid_slow_start_phase(const struct lucid_slow_start *ss)
{
	return ss->phase;
}

/* The round-trip time that this round's minimum is compared with. */
static inline u32 lucid_slow_start_reference(const struct lucid_slow_start *ss)
{
	return ss->reference == LUCID_RTT_NONE ? 0 : ss->reference;
}

static inline u32 lucid_slow_start_round_min(const struct lucid_slow_start *ss)
{
	return ss->round_min == LUCID_RTT_NONE ? 0 : ss->round_min;
}

/* By how much this round must exceed the reference (RttThresh). */
static inline u32 lucid_slow_start_threshold(const struct lucid_slow_start *ss)
{
	if (ss->reference == LUCID_RTT_NONE)
		return 0;
	return clamp(ss->reference / LUCID_RTT_DIVISOR, LUCID_RTT_THRESH_MIN,
		     LUCID_RTT_THRESH_MAX);
}

static inline u32 lucid_slow_start_samples(const struct lucid_slow_start *ss)
{
	return ss->samples;
}

/* How long HyStart's ACK train is. */
static inline u32 lucid_slow_start_train(const struct lucid_slow_start *ss)
{
	if (ss->kind != LUCID_SLOW_START_HYSTART)
		return 0;
	return ss->train.last - ss->train.start;
}

/* HyStart++: of the CSS under way, or of the last one. */
static inline u32 lucid_slow_start_baseline(const struct lucid_slow_start *ss)
{
	if (ss->kind != LUCID_SLOW_START_HYSTARTPP)
		return 0;
	return ss->css.baseline;
}

static inline u32 lucid_slow_start_css_rounds(const struct lucid_slow_start *ss)
{
	if (ss->kind != LUCID_SLOW_START_HYSTARTPP)
		return 0;
	return ss->css.rounds;
}

#endif /* _LUCID_SLOW_START_H */
