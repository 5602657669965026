// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first slow start against RFC 9406, RFC 5681 and HyStart, rule by rule
 */
#include "../../module/slow_start.h"

#include "kselftest_harness.h"
#include "expect.h"
#include "oracle_slow_start.h"

#define MSS		1448U
#define FLIGHT		20U	/* packets, in the tests rule by rule */
#define INFINITE	LUCID_CWND_MAX	/* Linux's infinite ssthresh */
#define MS		1000	/* us */
#define NO_SAMPLE	0

/* A flow with FLIGHT packets on the way, acknowledged one by one. */
FIXTURE(slow_start) {
	struct lucid_slow_start ss;
	struct lucid_window win;
	u32 now;	/* us */
	u32 una;
	u32 spacing;	/* of ACKs, us */
	bool paced;
};

FIXTURE_SETUP(slow_start)
{
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTARTPP);
	self->win = (struct lucid_window){
		.cwnd = FLIGHT,
		.ssthresh = INFINITE,
		.cwnd_clamp = U32_MAX,
	};
	self->now = 123456789;
	self->una = 4000000000U;
	self->spacing = 3 * MS;
	self->paced = false;
}

FIXTURE_TEARDOWN(slow_start)
{
}

#define flow_t	FIXTURE_DATA(slow_start)

static enum lucid_slow_start_verdict ack(flow_t *f, s32 rtt_us)
{
	struct lucid_slow_start_sample s = {
		.rtt_us = rtt_us,
		.cwnd = f->win.cwnd,
		.paced = f->paced,
	};

	f->una += MSS;
	f->now += f->spacing;
	s.snd_una = f->una;
	s.snd_nxt = f->una + FLIGHT * MSS;
	s.now_us = f->now;
	return lucid_slow_start_ack(&f->ss, &s);
}

static enum lucid_slow_start_verdict acks(flow_t *f, u32 number, s32 rtt_us)
{
	enum lucid_slow_start_verdict said = LUCID_SS_GO_ON;

	while (number-- && said == LUCID_SS_GO_ON)
		said = ack(f, rtt_us);
	return said;
}

/* A round is FLIGHT + 1 ACKs: the first is for the packet that was next. */
static enum lucid_slow_start_verdict whole_round(flow_t *f, s32 rtt_us)
{
	return acks(f, FLIGHT + 1, rtt_us);
}

/* Slow start at 100 ms, then CSS from the eighth ACK of a round at 120 ms. */
static void enter_css(struct __test_metadata *_metadata, flow_t *f)
{
	ASSERT_EQ(LUCID_SS_GO_ON, whole_round(f, 100 * MS));
	ASSERT_EQ(LUCID_SS_GO_ON, acks(f, 7, 120 * MS));
	ASSERT_EQ(LUCID_SS_CSS_ENTER, ack(f, 120 * MS));
	ASSERT_EQ(LUCID_SS_PHASE_CSS, lucid_slow_start_phase(&f->ss));
}

static u32 grow(flow_t *f, u32 acked)
{
	return lucid_slow_start_grow(&f->ss, &f->win, acked, f->paced);
}

/* Every packet of one window acknowledged, @per_ack at a time. */
static void grow_round_trip(flow_t *f, u32 per_ack)
{
	u32 left = f->win.cwnd;

	while (left) {
		u32 acked = min(left, per_ack);

		grow(f, acked);
		left -= acked;
	}
}

static u32 expected_threshold(u32 rtt)
{
	return rtt <= 32 * MS ? 4 * MS : rtt >= 128 * MS ? 16 * MS : rtt / 8;
}

TEST_F(slow_start, the_state_leaves_room_in_the_104_bytes)
{
	EXPECT_LE(sizeof(self->ss), 24);
}

TEST_F(slow_start, the_constants_are_those_of_the_rfc)
{
	EXPECT_EQ(4 * MS, LUCID_RTT_THRESH_MIN);
	EXPECT_EQ(16 * MS, LUCID_RTT_THRESH_MAX);
	EXPECT_EQ(8, LUCID_RTT_DIVISOR);
	EXPECT_EQ(8, LUCID_RTT_SAMPLES);
	EXPECT_EQ(4, LUCID_CSS_GROWTH_DIVISOR);
	EXPECT_EQ(5, LUCID_CSS_ROUNDS);
	EXPECT_EQ(8, LUCID_UNPACED_LIMIT);
	EXPECT_EQ(16, LUCID_HYSTART_LOW_WINDOW);
	EXPECT_EQ(2 * MS, LUCID_HYSTART_ACK_SPACING);
}

/*
 * Classic
 */

TEST_F(slow_start, classic_goes_on_whatever_the_delay)
{
	u32 rtt;

	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_CLASSIC);
	self->spacing = 1 * MS;
	for (rtt = 1 * MS; rtt < 1000 * MS; rtt += 30 * MS)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, rtt));
	EXPECT_EQ(0, grow(self, 1000));
	EXPECT_EQ(FLIGHT + 1000, self->win.cwnd);
}

/*
 * Rounds (RFC 9406 section 4.2)
 */

TEST_F(slow_start, a_round_ends_with_the_ack_of_what_was_next_when_it_began)
{
	u32 round, i;

	/* The sequence numbers wrap more than once on the way. */
	for (round = 0; round < 2 * (U32_MAX / MSS / FLIGHT); round++) {
		ack(self, 50 * MS);
		ASSERT_EQ(1, lucid_slow_start_samples(&self->ss));
		for (i = 2; i <= FLIGHT + 1; i++)
			ack(self, 50 * MS);
		ASSERT_EQ(FLIGHT + 1, lucid_slow_start_samples(&self->ss));
	}
}

TEST_F(slow_start, a_round_that_nobody_watched_for_gigabytes_is_over)
{
	u32 gap;

	for (gap = 100 * MSS; gap < U32_MAX - 200000000; gap += 100000000) {
		ack(self, 50 * MS);
		acks(self, 5, 50 * MS);
		self->una += gap;
		ack(self, 50 * MS);
		ASSERT_EQ(1, lucid_slow_start_samples(&self->ss));
		self->una += FLIGHT * MSS;
	}
}

TEST_F(slow_start, a_round_knows_its_minimum_and_that_of_the_last)
{
	EXPECT_EQ(0, lucid_slow_start_round_min(&self->ss));
	EXPECT_EQ(0, lucid_slow_start_reference(&self->ss));
	EXPECT_EQ(0, lucid_slow_start_threshold(&self->ss));

	ack(self, 60 * MS);
	ack(self, 50 * MS);
	acks(self, FLIGHT - 1, 70 * MS);
	EXPECT_EQ(50 * MS, lucid_slow_start_round_min(&self->ss));
	EXPECT_EQ(0, lucid_slow_start_reference(&self->ss));

	ack(self, 55 * MS);
	EXPECT_EQ(55 * MS, lucid_slow_start_round_min(&self->ss));
	EXPECT_EQ(50 * MS, lucid_slow_start_reference(&self->ss));
	EXPECT_EQ(6250, lucid_slow_start_threshold(&self->ss));
}

TEST_F(slow_start, an_ack_without_a_round_trip_time_is_no_sample)
{
	whole_round(self, 50 * MS);
	ack(self, NO_SAMPLE);
	ack(self, -1);
	ack(self, -50 * MS);
	EXPECT_EQ(0, lucid_slow_start_samples(&self->ss));
	EXPECT_EQ(0, lucid_slow_start_round_min(&self->ss));

	/* Its round goes on all the same, and ends. */
	acks(self, FLIGHT - 2, NO_SAMPLE);
	EXPECT_EQ(50 * MS, lucid_slow_start_reference(&self->ss));
	ack(self, NO_SAMPLE);
	EXPECT_EQ(0, lucid_slow_start_reference(&self->ss));
}

TEST_F(slow_start, more_samples_than_can_be_counted_stay_many)
{
	u32 i;

	for (i = 0; i < 1000; i++) {
		self->una -= MSS;	/* the round does not end */
		ack(self, 50 * MS);
		ASSERT_EQ(min(i + 1, 255U),
			  lucid_slow_start_samples(&self->ss));
	}
}

/*
 * HyStart++: slow start
 */

TEST_F(slow_start, the_delay_must_increase_by_an_eighth_from_4_to_16_ms)
{
	u32 rtt;

	for (rtt = 1; rtt < 500 * MS; rtt += 1 + rtt / 100) {
		u32 late = rtt + expected_threshold(rtt);

		ASSERT_EQ(expected_threshold(rtt), oracle_rtt_thresh(rtt));

		lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTARTPP);
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, rtt));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 8, late - 1));
		ASSERT_EQ(expected_threshold(rtt),
			  lucid_slow_start_threshold(&self->ss));

		lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTARTPP);
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, rtt));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, late));
		ASSERT_EQ(LUCID_SS_CSS_ENTER, ack(self, late));
		ASSERT_EQ(late, lucid_slow_start_baseline(&self->ss));
		ASSERT_EQ(8, lucid_slow_start_samples(&self->ss));
	}
}

TEST_F(slow_start, fewer_than_eight_samples_prove_nothing)
{
	u32 round;

	for (round = 1; round < 20; round++) {
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, round * 50 * MS));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 6, NO_SAMPLE));
	}
}

TEST_F(slow_start, a_round_is_compared_with_the_last_one_only)
{
	u32 rtt;

	/* 3 ms more in each round: never enough, however long it goes on. */
	for (rtt = 20 * MS; rtt < 300 * MS; rtt += 3 * MS)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, rtt));
}

TEST_F(slow_start, the_first_round_has_nothing_to_be_compared_with)
{
	EXPECT_EQ(LUCID_SS_GO_ON, whole_round(self, 500 * MS));

	/* Nor has one that follows a round without a sample. */
	EXPECT_EQ(LUCID_SS_GO_ON, whole_round(self, NO_SAMPLE));
	EXPECT_EQ(LUCID_SS_GO_ON, whole_round(self, 900 * MS));
}

TEST_F(slow_start, one_sample_in_time_keeps_slow_start_going)
{
	whole_round(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 7, 200 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, ack(self, 101 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 7, 200 * MS));
}

TEST_F(slow_start, a_small_window_is_no_exception_for_hystartpp)
{
	self->win.cwnd = 2;
	enter_css(_metadata, self);
}

TEST_F(slow_start, hystartpp_knows_no_ack_trains)
{
	int i;

	self->spacing = 1 * MS;
	for (i = 0; i < 10; i++)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 10 * MS));
	EXPECT_EQ(0, lucid_slow_start_train(&self->ss));
}

/*
 * HyStart++: Conservative Slow Start
 */

TEST_F(slow_start, css_lasts_five_rounds_and_a_partial_one_counts)
{
	u32 late, i;

	/* Entered at the first ACK where that is possible, and at the last. */
	for (late = 8; late <= FLIGHT + 1; late++) {
		lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTARTPP);
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 100 * MS));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, late - 8, NO_SAMPLE));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, 120 * MS));
		ASSERT_EQ(LUCID_SS_CSS_ENTER, ack(self, 120 * MS));
		ASSERT_EQ(0, lucid_slow_start_css_rounds(&self->ss));

		ASSERT_EQ(LUCID_SS_GO_ON,
			  acks(self, FLIGHT + 1 - late, 120 * MS));
		for (i = 1; i <= 4; i++) {
			ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 120 * MS));
			ASSERT_EQ(i, lucid_slow_start_css_rounds(&self->ss));
			ASSERT_EQ(LUCID_SS_PHASE_CSS,
				  lucid_slow_start_phase(&self->ss));
		}
		ASSERT_EQ(LUCID_SS_EXIT_CSS_ROUNDS, ack(self, 120 * MS));
		ASSERT_EQ(LUCID_SS_PHASE_OVER,
			  lucid_slow_start_phase(&self->ss));

		/* What led to it can still be read. */
		ASSERT_EQ(5, lucid_slow_start_css_rounds(&self->ss));
		ASSERT_EQ(120 * MS, lucid_slow_start_baseline(&self->ss));
	}
}

TEST_F(slow_start, css_goes_back_to_slow_start_when_the_delay_is_gone)
{
	/* As late as when it began, for rounds: CSS goes on. */
	enter_css(_metadata, self);
	acks(self, FLIGHT + 1 - 8, 120 * MS);
	ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 120 * MS));

	/* One microsecond less, in eight samples: it was a mistake. */
	ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, 120 * MS - 1));
	ASSERT_EQ(LUCID_SS_CSS_RESUME, ack(self, 120 * MS - 1));
	ASSERT_EQ(LUCID_SS_PHASE_SLOW_START, lucid_slow_start_phase(&self->ss));
	EXPECT_EQ(120 * MS, lucid_slow_start_baseline(&self->ss));

	/* One packet for each acknowledged again. */
	self->win.cwnd = 100;
	grow(self, 8);
	EXPECT_EQ(108, self->win.cwnd);
}

TEST_F(slow_start, css_may_end_in_the_round_in_which_it_began)
{
	enter_css(_metadata, self);
	EXPECT_EQ(LUCID_SS_CSS_RESUME, ack(self, 119 * MS));

	/* The same round is still late: HyStart++ is on guard again. */
	EXPECT_EQ(LUCID_SS_CSS_ENTER, ack(self, 130 * MS));
	EXPECT_EQ(119 * MS, lucid_slow_start_baseline(&self->ss));
}

TEST_F(slow_start, a_second_css_has_rounds_and_a_baseline_of_its_own)
{
	u32 i;

	enter_css(_metadata, self);
	acks(self, FLIGHT + 1 - 8, 120 * MS);
	for (i = 1; i <= 3; i++)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 120 * MS));
	ASSERT_EQ(LUCID_SS_CSS_RESUME, acks(self, 8, 100 * MS));
	acks(self, FLIGHT + 1 - 8, 100 * MS);

	ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, 150 * MS));
	ASSERT_EQ(LUCID_SS_CSS_ENTER, ack(self, 150 * MS));
	EXPECT_EQ(150 * MS, lucid_slow_start_baseline(&self->ss));
	acks(self, FLIGHT + 1 - 8, 150 * MS);
	for (i = 1; i <= 4; i++)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 150 * MS));
	EXPECT_EQ(LUCID_SS_EXIT_CSS_ROUNDS, ack(self, 150 * MS));
}

TEST_F(slow_start, a_lower_minimum_needs_eight_samples_too)
{
	u32 i;

	enter_css(_metadata, self);
	acks(self, FLIGHT + 1 - 8, 120 * MS);
	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, 90 * MS));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 6, NO_SAMPLE));
	}
	EXPECT_EQ(LUCID_SS_EXIT_CSS_ROUNDS, ack(self, 90 * MS));
}

TEST_F(slow_start, css_is_not_entered_again_while_it_lasts)
{
	u32 i;

	/* Later in every round: each of them would begin a CSS. */
	enter_css(_metadata, self);
	acks(self, FLIGHT + 1 - 8, 120 * MS);
	for (i = 1; i <= 4; i++)
		ASSERT_EQ(LUCID_SS_GO_ON,
			  whole_round(self, (120 + 50 * i) * MS));
	EXPECT_EQ(120 * MS, lucid_slow_start_baseline(&self->ss));
	EXPECT_EQ(LUCID_SS_EXIT_CSS_ROUNDS, ack(self, 900 * MS));
}

/*
 * HyStart++: growth
 */

TEST_F(slow_start, hystartpp_doubles_the_window_each_round_trip)
{
	u32 per_ack;

	for (per_ack = 1; per_ack <= 8; per_ack++) {
		u32 expected = 10;

		self->win.cwnd = 10;
		while (expected < 20000) {
			grow_round_trip(self, per_ack);
			expected *= 2;
			ASSERT_EQ(expected, self->win.cwnd);
		}
	}
}

TEST_F(slow_start, css_grows_by_a_quarter_each_round_trip)
{
	u32 per_ack;

	enter_css(_metadata, self);
	for (per_ack = 1; per_ack <= 8; per_ack++) {
		double expected = 16;

		self->win.cwnd = 16;
		self->ss.css.carry = 0;
		while (expected < 20000) {
			expected += self->win.cwnd / 4.0;
			grow_round_trip(self, per_ack);
			ASSERT_EQ(floor(expected), self->win.cwnd);
			ASSERT_EQ(expected - floor(expected),
				  self->ss.css.carry / 4.0);
		}
	}
}

TEST_F(slow_start, the_fraction_of_a_packet_waits_for_the_next_css)
{
	enter_css(_metadata, self);
	self->win.cwnd = 100;
	EXPECT_EQ(0, grow(self, 3));
	EXPECT_EQ(100, self->win.cwnd);
	ASSERT_EQ(LUCID_SS_CSS_RESUME, ack(self, 90 * MS));
	acks(self, FLIGHT + 1 - 9, 90 * MS);
	ASSERT_EQ(LUCID_SS_CSS_ENTER, acks(self, 8, 150 * MS));
	EXPECT_EQ(0, grow(self, 1));
	EXPECT_EQ(101, self->win.cwnd);
	EXPECT_EQ(0, grow(self, 3));
	EXPECT_EQ(101, self->win.cwnd);
	EXPECT_EQ(0, grow(self, 1));
	EXPECT_EQ(102, self->win.cwnd);
}

TEST_F(slow_start, an_unpaced_sender_counts_eight_packets_of_an_ack)
{
	self->win.cwnd = 100;
	EXPECT_EQ(0, grow(self, 7));
	EXPECT_EQ(107, self->win.cwnd);
	EXPECT_EQ(0, grow(self, 8));
	EXPECT_EQ(115, self->win.cwnd);
	EXPECT_EQ(0, grow(self, 64));
	EXPECT_EQ(123, self->win.cwnd);

	enter_css(_metadata, self);
	EXPECT_EQ(0, grow(self, 64));
	EXPECT_EQ(125, self->win.cwnd);
}

TEST_F(slow_start, a_paced_sender_counts_them_all)
{
	self->paced = true;
	self->win.cwnd = 100;
	EXPECT_EQ(0, grow(self, 64));
	EXPECT_EQ(164, self->win.cwnd);

	enter_css(_metadata, self);
	EXPECT_EQ(0, grow(self, 64));
	EXPECT_EQ(180, self->win.cwnd);
}

TEST_F(slow_start, the_other_kinds_count_them_all_paced_or_not)
{
	u32 kind;

	for (kind = LUCID_SLOW_START_CLASSIC; kind <= LUCID_SLOW_START_HYSTART;
	     kind++) {
		lucid_slow_start_reset(&self->ss, kind);
		self->win.cwnd = 100;
		EXPECT_EQ(0, grow(self, 64));
		self->paced = !self->paced;
		EXPECT_EQ(0, grow(self, 64));
		EXPECT_EQ(228, self->win.cwnd);
	}
}

TEST_F(slow_start, growth_stops_at_ssthresh_and_hands_on_what_is_left)
{
	self->win.cwnd = 95;
	self->win.ssthresh = 100;
	EXPECT_EQ(3, grow(self, 8));
	EXPECT_EQ(100, self->win.cwnd);
	EXPECT_EQ(8, grow(self, 8));
	EXPECT_EQ(100, self->win.cwnd);

	/* A quarter each: 20 packets lead there, one of them came before. */
	enter_css(_metadata, self);
	self->paced = true;
	self->win.cwnd = 95;
	EXPECT_EQ(0, grow(self, 1));
	EXPECT_EQ(6, grow(self, 25));
	EXPECT_EQ(100, self->win.cwnd);
	EXPECT_EQ(25, grow(self, 25));
	EXPECT_EQ(100, self->win.cwnd);
	self->win.cwnd = 110;
	EXPECT_EQ(25, grow(self, 25));
	EXPECT_EQ(110, self->win.cwnd);
}

TEST_F(slow_start, the_window_stays_below_its_clamp)
{
	self->win.cwnd = 30;
	self->win.cwnd_clamp = 35;
	EXPECT_EQ(0, grow(self, 8));
	EXPECT_EQ(35, self->win.cwnd);

	enter_css(_metadata, self);
	self->win.cwnd = 34;
	EXPECT_EQ(0, grow(self, 8));
	EXPECT_EQ(35, self->win.cwnd);
}

TEST_F(slow_start, the_window_stays_in_the_range_that_linux_allows)
{
	enter_css(_metadata, self);
	self->paced = true;
	self->win.cwnd = LUCID_CWND_MAX - 5;
	self->win.ssthresh = U32_MAX;
	grow(self, U32_MAX);
	EXPECT_EQ(LUCID_CWND_MAX, self->win.cwnd);

	/* The largest steps there are, with a fraction to carry. */
	self->win.cwnd = 1;
	self->ss.css.carry = 0;
	grow(self, 3);
	grow(self, U32_MAX);
	EXPECT_EQ(1073741825, self->win.cwnd);
	EXPECT_EQ(2, self->ss.css.carry);
}

/*
 * The end
 */

TEST_F(slow_start, after_a_loss_slow_start_is_classic_for_good)
{
	u32 kind, i;

	for (kind = LUCID_SLOW_START_CLASSIC;
	     kind <= LUCID_SLOW_START_HYSTARTPP; kind++) {
		lucid_slow_start_reset(&self->ss, kind);
		self->win.cwnd = FLIGHT;
		whole_round(self, 100 * MS);
		lucid_slow_start_end(&self->ss);

		self->spacing = 1 * MS;
		for (i = 1; i < 10; i++)
			ASSERT_EQ(LUCID_SS_GO_ON,
				  whole_round(self, 100 * i * MS));
		self->win.cwnd = 100;
		EXPECT_EQ(0, grow(self, 64));
		EXPECT_EQ(164, self->win.cwnd);
	}
}

TEST_F(slow_start, a_loss_in_css_ends_it_too)
{
	enter_css(_metadata, self);
	lucid_slow_start_end(&self->ss);
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 200, 50 * MS));
	EXPECT_EQ(LUCID_SS_PHASE_OVER, lucid_slow_start_phase(&self->ss));
	self->win.cwnd = 100;
	EXPECT_EQ(0, grow(self, 64));
	EXPECT_EQ(164, self->win.cwnd);
}

TEST_F(slow_start, what_ended_it_is_known_until_there_is_congestion)
{
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTART);
	whole_round(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_EXIT_DELAY, acks(self, 8, 200 * MS));
	EXPECT_EQ(200 * MS, lucid_slow_start_round_min(&self->ss));
	lucid_slow_start_end(&self->ss);
	EXPECT_EQ(0, lucid_slow_start_round_min(&self->ss));
	EXPECT_EQ(0, lucid_slow_start_reference(&self->ss));
	EXPECT_EQ(0, lucid_slow_start_samples(&self->ss));
	EXPECT_EQ(LUCID_SS_PHASE_OVER, lucid_slow_start_phase(&self->ss));
}

TEST_F(slow_start, an_exit_is_said_once)
{
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTART);
	whole_round(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_EXIT_DELAY, acks(self, 8, 200 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 100, 200 * MS));
}

TEST_F(slow_start, a_new_connection_remembers_nothing)
{
	struct lucid_slow_start fresh;

	enter_css(_metadata, self);
	grow(self, 3);
	lucid_slow_start_end(&self->ss);
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTARTPP);
	memset(&fresh, 0xff, sizeof(fresh));
	lucid_slow_start_reset(&fresh, LUCID_SLOW_START_HYSTARTPP);
	EXPECT_EQ(0, memcmp(&fresh, &self->ss, sizeof(fresh)));
	enter_css(_metadata, self);
}

/*
 * HyStart: delay
 */

/* HyStart with a first round of @rtt, and ACKs too far apart for a train. */
static void hystart(flow_t *f, s32 rtt)
{
	lucid_slow_start_reset(&f->ss, LUCID_SLOW_START_HYSTART);
	f->spacing = 3 * MS;
	whole_round(f, rtt);
}

TEST_F(slow_start, hystart_exits_beyond_an_eighth_from_4_to_16_ms)
{
	u32 rtt;

	for (rtt = 1; rtt < 500 * MS; rtt += 1 + rtt / 100) {
		u32 limit = rtt + expected_threshold(rtt);

		hystart(self, rtt);
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, limit));
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, limit + 1));
		ASSERT_EQ(LUCID_SS_EXIT_DELAY, ack(self, limit + 1));
		ASSERT_EQ(LUCID_SS_PHASE_OVER,
			  lucid_slow_start_phase(&self->ss));
		ASSERT_EQ(rtt, lucid_slow_start_reference(&self->ss));
		ASSERT_EQ(limit + 1, lucid_slow_start_round_min(&self->ss));
		ASSERT_EQ(8, lucid_slow_start_samples(&self->ss));
		ASSERT_EQ(limit - rtt, lucid_slow_start_threshold(&self->ss));
	}
}

TEST_F(slow_start, hystart_compares_with_the_minimum_of_the_connection)
{
	u32 rtt;

	/* 1 ms more in each round: the fifth is too late. */
	hystart(self, 20 * MS);
	for (rtt = 21 * MS; rtt <= 24 * MS; rtt += 1 * MS)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, rtt));
	EXPECT_EQ(LUCID_SS_EXIT_DELAY, whole_round(self, 25 * MS));
}

TEST_F(slow_start, hystart_takes_the_first_eight_samples_of_a_round)
{
	/* What comes after them is the queue of this burst itself. */
	hystart(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 7, 200 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, ack(self, 100 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 7, 500 * MS));
	EXPECT_EQ(100 * MS, lucid_slow_start_round_min(&self->ss));

	/* Seven are too few, in any number of rounds. */
	ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, 300 * MS));
	ASSERT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 6, NO_SAMPLE));
	ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 7, 300 * MS));
}

TEST_F(slow_start, a_path_that_becomes_shorter_is_no_reason_to_exit)
{
	hystart(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 8, 100 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 7, 40 * MS));
	EXPECT_EQ(100 * MS, lucid_slow_start_round_min(&self->ss));
	EXPECT_EQ(LUCID_SS_GO_ON, whole_round(self, 40 * MS));
	EXPECT_EQ(40 * MS, lucid_slow_start_reference(&self->ss));
}

TEST_F(slow_start, hystart_leaves_a_window_below_sixteen_packets_alone)
{
	self->win.cwnd = 15;
	hystart(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_GO_ON, whole_round(self, 300 * MS));
	self->spacing = 2 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 1000, 10 * MS));

	self->win.cwnd = 16;
	hystart(self, 100 * MS);
	EXPECT_EQ(LUCID_SS_EXIT_DELAY, whole_round(self, 300 * MS));
	hystart(self, 30 * MS);
	self->spacing = 2 * MS;
	EXPECT_EQ(LUCID_SS_EXIT_TRAIN, whole_round(self, 30 * MS));
}

/*
 * HyStart: ACK train
 */

TEST_F(slow_start, hystart_exits_when_an_ack_train_fills_half_the_path)
{
	/* 30 ms: 15 ACKs at 1 ms make the half, the next is more. */
	hystart(self, 30 * MS);
	self->spacing = 1 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, ack(self, 30 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 15, 30 * MS));
	EXPECT_EQ(15 * MS, lucid_slow_start_train(&self->ss));
	EXPECT_EQ(LUCID_SS_EXIT_TRAIN, ack(self, 30 * MS));
	EXPECT_EQ(16 * MS, lucid_slow_start_train(&self->ss));
}

TEST_F(slow_start, a_paced_train_must_fill_all_of_it)
{
	self->paced = true;
	hystart(self, 15 * MS);
	self->spacing = 1 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, ack(self, 15 * MS));
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 15, 15 * MS));
	EXPECT_EQ(LUCID_SS_EXIT_TRAIN, ack(self, 15 * MS));
}

TEST_F(slow_start, a_gap_of_more_than_2_ms_ends_a_train)
{
	hystart(self, 20 * MS);
	self->spacing = 2 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 6, 20 * MS));
	EXPECT_EQ(LUCID_SS_EXIT_TRAIN, ack(self, 20 * MS));

	hystart(self, 20 * MS);
	self->spacing = 2 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 6, 20 * MS));
	self->spacing = 2 * MS + 1;
	EXPECT_EQ(LUCID_SS_GO_ON, ack(self, 20 * MS));

	/* For the rest of the round, however close the ACKs are then. */
	self->spacing = 1;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, FLIGHT - 6, 20 * MS));
	EXPECT_EQ(10 * MS, lucid_slow_start_train(&self->ss));

	/* The next round has a train of its own. */
	self->spacing = 2 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 6, 20 * MS));
	EXPECT_EQ(LUCID_SS_EXIT_TRAIN, ack(self, 20 * MS));
}

TEST_F(slow_start, a_train_that_was_too_long_for_a_small_window_is_past)
{
	/* Long enough while the window was not; then a gap. */
	self->win.cwnd = 10;
	hystart(self, 10 * MS);
	self->spacing = 1 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 10, 10 * MS));
	self->win.cwnd = 20;
	self->spacing = 3 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, ack(self, 10 * MS));
}

TEST_F(slow_start, trains_of_different_rounds_do_not_add_up)
{
	int i;

	/* 21 ACKs at 1 ms are less than half of 50 ms. */
	hystart(self, 50 * MS);
	self->spacing = 1 * MS;
	for (i = 0; i < 100; i++)
		ASSERT_EQ(LUCID_SS_GO_ON, whole_round(self, 50 * MS));
}

TEST_F(slow_start, a_train_means_nothing_while_the_path_is_unknown)
{
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTART);
	self->spacing = 1 * MS;
	EXPECT_EQ(LUCID_SS_GO_ON, acks(self, 10000, NO_SAMPLE));
}

TEST_F(slow_start, ack_trains_are_told_across_the_wrap_of_the_clock)
{
	u32 i;

	for (i = 0; i < 40; i++) {
		hystart(self, 30 * MS);
		self->spacing = 1 * MS;
		self->now = 0 - i * MS;
		self->ss.round_end = self->una;	/* a round begins */
		ASSERT_EQ(LUCID_SS_GO_ON, acks(self, 16, 30 * MS));
		ASSERT_EQ(LUCID_SS_EXIT_TRAIN, ack(self, 30 * MS));
	}
}

/*
 * A path: a bottleneck with a queue in front of it, delay behind it
 */

struct path {
	double rate;		/* packets per second */
	double rtt;		/* without a queue, us */
	double jitter;		/* of the way back, up to, us */
	double unknown;		/* share of ACKs without a round-trip time */
	u32 per_ack;		/* packets */
	bool paced;		/* at twice the window each round trip */
	u32 start_us;		/* what the clock shows at the beginning */
	u32 start_seq;
};

struct outcome {
	enum lucid_slow_start_verdict verdict;
	u32 cwnd;
	u32 acks;
	u32 resumed;
	u32 css_cwnd;	/* when CSS began */
	u32 digest;	/* of all that was said, and each window */
};

static const char * const verdict_name[] = {
	[LUCID_SS_GO_ON] = "go on",
	[LUCID_SS_CSS_ENTER] = "enter CSS",
	[LUCID_SS_CSS_RESUME] = "resume",
	[LUCID_SS_EXIT_DELAY] = "delay",
	[LUCID_SS_EXIT_TRAIN] = "train",
	[LUCID_SS_EXIT_CSS_ROUNDS] = "CSS rounds",
};

static const char * const kind_name[] = {
	[LUCID_SLOW_START_CLASSIC] = "classic",
	[LUCID_SLOW_START_HYSTART] = "HyStart",
	[LUCID_SLOW_START_HYSTARTPP] = "HyStart++",
};

#define PACKETS		60000

/* From 0 to 1 */
static double draw(unsigned long long *seed)
{
	return (next_random(seed) >> 32) * BITS_32;
}

/* Slow start over @path, up to its end or to PACKETS, at each ACK compared with
 * the oracle.
 */
static struct outcome travel(struct __test_metadata *_metadata,
			     enum lucid_slow_start_kind kind,
			     const struct path *path)
{
	static double sent[PACKETS], arrival[PACKETS];
	unsigned long long seed = 1 + path->rate + path->rtt;
	double now = 0, bottleneck = 0, last = -1e9;
	u32 una = 0, nxt = 0, released = 0;
	struct lucid_slow_start_sample s;
	struct outcome out = {};
	struct oracle_slow_start o;
	struct lucid_slow_start ss;
	struct lucid_window win = {
		.cwnd = 10,
		.ssthresh = INFINITE,
		.cwnd_clamp = U32_MAX,
	};

	lucid_slow_start_reset(&ss, kind);
	oracle_slow_start_init(&o, kind_name[kind], 10);

	while (una < PACKETS) {
		double rtt;
		const char *expected;
		u32 acked;

		/* What the window lets go */
		for (; nxt < PACKETS && nxt - una < win.cwnd; nxt++) {
			double pause = path->paced ?
				path->rtt / (2.0 * win.cwnd) : 0;

			sent[nxt] = floor(fmax(now, last + pause));
			last = sent[nxt];
			bottleneck = fmax(bottleneck,
					  sent[nxt] + path->rtt / 2) +
				     1e6 / path->rate;
			arrival[nxt] = floor(bottleneck + path->rtt / 2 +
					     path->jitter * draw(&seed));
			if (nxt)
				arrival[nxt] = fmax(arrival[nxt],
						    arrival[nxt - 1]);
		}

		/* The next ACK */
		acked = min(path->per_ack, nxt - una);
		una += acked;
		now = arrival[una - 1];
		while (released < nxt && sent[released] <= now)
			released++;
		rtt = now - sent[una - 1];
		if (draw(&seed) < path->unknown)
			rtt = NAN;

		s = (struct lucid_slow_start_sample){
			.now_us = path->start_us + (u32)(long long)now,
			.rtt_us = isnan(rtt) ? NO_SAMPLE : rtt,
			.snd_una = path->start_seq + una * MSS,
			.snd_nxt = path->start_seq + released * MSS,
			.cwnd = win.cwnd,
			.paced = path->paced,
		};
		out.verdict = lucid_slow_start_ack(&ss, &s);
		out.acks++;
		out.resumed += out.verdict == LUCID_SS_CSS_RESUME;
		if (out.verdict == LUCID_SS_CSS_ENTER)
			out.css_cwnd = win.cwnd;
		out.cwnd = win.cwnd;
		out.digest = (out.digest * 31 + out.verdict) * 31 + win.cwnd;

		expected = oracle_slow_start_ack(&o, now, rtt,
						 (double)una * MSS,
						 (double)released * MSS,
						 path->paced);
		ASSERT_STREQ(expected, verdict_name[out.verdict]) {
			TH_LOG("%s at %g packets/s, %g us: packet %u, window %u",
			       kind_name[kind], path->rate, path->rtt, una,
			       win.cwnd);
		}
		if (out.verdict >= LUCID_SS_EXIT_DELAY)
			return out;

		EXPECT_EQ(0, lucid_slow_start_grow(&ss, &win, acked,
						   path->paced));
		oracle_slow_start_grow(&o, acked, path->paced);
		ASSERT_EQ(floor(o.cwnd), win.cwnd);
	}
	out.verdict = LUCID_SS_GO_ON;
	return out;
}

TEST(on_paths_of_all_kinds_every_verdict_and_window_is_the_rules)
{
	static const double rates[] = { 100, 1000, 4167, 8333, 83333, 1e6 };
	static const double rtts[] = { 300, 4000, 30000, 100000, 250000 };
	u32 exits[6] = {}, resumed = 0;
	unsigned long long seed = 11;
	int i;

	for (i = 0; i < 900; i++) {
		struct path path = {
			.rate = rates[next_random(&seed) % 6],
			.rtt = rtts[next_random(&seed) % 5] +
			       next_random(&seed) % 1000,
			.per_ack = 1 + next_random(&seed) % 3,
			.paced = next_random(&seed) % 2,
			.start_us = next_random(&seed),
			.start_seq = next_random(&seed),
		};
		struct outcome out;

		if (next_random(&seed) % 2)
			path.jitter = next_random(&seed) % 30000;
		if (next_random(&seed) % 2)
			path.unknown = (next_random(&seed) % 100) / 100.0;
		if (next_random(&seed) % 8 == 0)
			path.per_ack = 40;

		out = travel(_metadata, i % 3, &path);
		exits[out.verdict]++;
		resumed += out.resumed;
		if (i % 3 == LUCID_SLOW_START_CLASSIC)
			ASSERT_EQ(LUCID_SS_GO_ON, out.verdict);
	}
	TH_LOG("never %u, delay %u, train %u, CSS rounds %u, resumed %u",
	       exits[LUCID_SS_GO_ON], exits[LUCID_SS_EXIT_DELAY],
	       exits[LUCID_SS_EXIT_TRAIN], exits[LUCID_SS_EXIT_CSS_ROUNDS],
	       resumed);

	/* The comparison is worth something only if each has happened. */
	EXPECT_GE(exits[LUCID_SS_EXIT_DELAY], 10);
	EXPECT_GE(exits[LUCID_SS_EXIT_TRAIN], 10);
	EXPECT_GE(exits[LUCID_SS_EXIT_CSS_ROUNDS], 10);
	EXPECT_GE(resumed, 10);
}

TEST(it_does_not_matter_where_clock_and_sequence_numbers_begin)
{
	static const u32 start[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfff00000,
		0xfffff000, 0x7ff80000,
	};
	struct path path = { .rate = 4167, .rtt = 100000, .per_ack = 2 };
	int kind, i;

	for (kind = LUCID_SLOW_START_HYSTART;
	     kind <= LUCID_SLOW_START_HYSTARTPP; kind++) {
		struct outcome first = {}, out;

		for (i = 0; i < 64; i++) {
			path.start_us = start[i % 8];
			path.start_seq = start[i / 8];
			out = travel(_metadata, kind, &path);
			if (i == 0)
				first = out;
			ASSERT_EQ(first.digest, out.digest);
			ASSERT_EQ(first.acks, out.acks);
		}
	}
}

TEST(slow_start_ends_near_what_the_path_can_hold)
{
	/* 50 Mb/s at 100 and 150 ms, as in the published comparisons */
	static const double rtts[] = { 100000, 150000 };
	int i, paced;

	for (i = 0; i < 2; i++) {
		for (paced = 0; paced < 2; paced++) {
			struct path path = {
				.rate = 4167, .rtt = rtts[i], .per_ack = 2,
				.paced = paced,
			};
			double bdp = path.rate * path.rtt / 1e6;
			struct outcome classic, hystart, plusplus;

			classic = travel(_metadata, LUCID_SLOW_START_CLASSIC,
					 &path);
			hystart = travel(_metadata, LUCID_SLOW_START_HYSTART,
					 &path);
			plusplus = travel(_metadata, LUCID_SLOW_START_HYSTARTPP,
					  &path);
			TH_LOG("%3g ms%s: path %3.0f; HyStart %u; HyStart++ %u, CSS %u",
			       path.rtt / 1e3, paced ? ", paced" : "", bdp,
			       hystart.cwnd, plusplus.css_cwnd, plusplus.cwnd);

			/* A burst needs half of the round trip, paced packets
			 * all of it: twice the window, and the round in which
			 * that shows.
			 */
			EXPECT_EQ(LUCID_SS_GO_ON, classic.verdict);
			EXPECT_EQ(LUCID_SS_EXIT_TRAIN, hystart.verdict);
			EXPECT_GE(hystart.cwnd, (paced ? 1.8 : 0.9) * bdp);
			EXPECT_LE(hystart.cwnd, (paced ? 2.6 : 1.3) * bdp);

			/* The delay of a whole round must increase; then five
			 * more by a quarter each.
			 */
			EXPECT_EQ(LUCID_SS_EXIT_CSS_ROUNDS, plusplus.verdict);
			EXPECT_GE(plusplus.css_cwnd, bdp);
			EXPECT_LE(plusplus.css_cwnd, 4.2 * bdp);
			EXPECT_GE(plusplus.cwnd, 2.44 * plusplus.css_cwnd);
			EXPECT_LE(plusplus.cwnd, 3.06 * plusplus.css_cwnd);
		}
	}
}

/*
 * Ranges
 */

TEST_F(slow_start, nothing_overflows_wherever_it_starts)
{
	unsigned long long seed = 12;
	int i;

	for (i = 0; i < 1000000; i++) {
		struct lucid_slow_start_sample s = {
			.now_us = next_random(&seed),
			.rtt_us = next_random(&seed) >>
				  (32 + next_random(&seed) % 32),
			.snd_una = next_random(&seed),
			.cwnd = self->win.cwnd,
			.paced = next_random(&seed) % 2,
		};
		u32 acked = random_magnitude(&seed, U32_MAX);
		u32 before, left;

		if (i % 50 == 0) {
			lucid_slow_start_reset(&self->ss,
					       next_random(&seed) % 3);
			self->win.cwnd = random_magnitude(&seed,
							  LUCID_CWND_MAX);
			self->win.ssthresh = next_random(&seed) >> 32;
			self->win.cwnd_clamp =
				max(self->win.cwnd,
				    random_magnitude(&seed, U32_MAX));
		}
		s.snd_nxt = s.snd_una + random_magnitude(&seed, U32_MAX);
		lucid_slow_start_ack(&self->ss, &s);

		before = self->win.cwnd;
		left = lucid_slow_start_grow(&self->ss, &self->win, acked,
					     s.paced);
		ASSERT_LE(left, acked);
		ASSERT_GE(self->win.cwnd, before);
		ASSERT_LE(self->win.cwnd - before, acked);
		ASSERT_LE(self->win.cwnd, lucid_cwnd_limit(&self->win));
		if (self->win.cwnd > before)
			ASSERT_LE(self->win.cwnd, self->win.ssthresh);
		if (self->ss.kind == LUCID_SLOW_START_HYSTARTPP)
			ASSERT_LT(self->ss.css.carry, 4);
	}
}

TEST_HARNESS_MAIN
