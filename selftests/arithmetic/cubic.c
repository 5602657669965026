// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window of CUBIC against RFC 9438, rule by rule
 */
#include "../../module/cbrt.h"
#include "../../module/cubic.h"

#include "kselftest_harness.h"
#include "expect.h"
#include "oracle.h"

#define TICK		BITS_16	/* s */
#define SECOND		1000000ULL	/* us */
#define HOUR		(3600 * SECOND)
#define DAY		(24 * HOUR)
#define START		(5 * DAY + 123456)	/* us, when tests begin */

/* A flow under lucid, with the clock it is given. */
FIXTURE(cubic) {
	struct lucid_cubic ca;
	struct lucid_cubic_params par;
	struct lucid_slow_start ss;
	struct lucid_window win;
	u64 now;	/* us */
	u32 srtt;	/* us */
};

FIXTURE_SETUP(cubic)
{
	lucid_cubic_reset(&self->ca);
	self->par = lucid_cubic_defaults;
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_CLASSIC);
	self->win = (struct lucid_window){
		.cwnd = 10,
		.ssthresh = LUCID_CWND_MAX,
		.cwnd_clamp = U32_MAX,
	};
	self->now = START;
	self->srtt = 100000;
}

FIXTURE_TEARDOWN(cubic)
{
}

#define flow_t	FIXTURE_DATA(cubic)

static void ack(flow_t *f, u32 acked)
{
	lucid_cubic_on_ack(&f->ca, &f->par, &f->ss, &f->win, f->now, f->srtt,
			   acked, false);
}

/* Every packet of one window acknowledged, evenly over one round trip. */
static void round_trip(flow_t *f)
{
	u64 begin = f->now;
	u32 cwnd = f->win.cwnd;
	u32 i;

	for (i = 1; i <= cwnd; i++) {
		f->now = begin + (u64)f->srtt * i / cwnd;
		ack(f, 1);
	}
}

static void lose(flow_t *f)
{
	f->win.ssthresh = lucid_cubic_ssthresh(&f->ca, &f->par, f->win.cwnd,
					       LUCID_SIGNAL_LOSS);
	f->win.cwnd = f->win.ssthresh;
}

/* A loss at @w_max, and the first ACK of the stage after it. */
static void begin_stage(flow_t *f, u32 w_max)
{
	lucid_cubic_reset(&f->ca);
	f->win.cwnd = w_max;
	lose(f);
	ack(f, 0);
}

static double cwnd(const flow_t *f)
{
	return f->win.cwnd + f->ca.cwnd_frac * BITS_32;
}

static double w_est(const flow_t *f)
{
	return f->ca.epoch.w_est + f->ca.epoch.w_est_frac * BITS_16;
}

static double w_max(const flow_t *f)
{
	return f->ca.epoch.w_max + f->ca.epoch.w_max_frac * BITS_8;
}

static double w_cubic(const flow_t *f, double seconds)
{
	return lucid_cubic_w(&f->ca, &f->par, seconds / TICK) * BITS_16;
}

TEST(cube_roots_are_exact_to_the_last_bit)
{
	unsigned long long seed = 3;
	int i;

	EXPECT_EQ(0, lucid_cbrt(0, 0));
	for (i = 0; i < 300000; i++) {
		u32 root = i < 100000 ? i + 1 : random_magnitude(&seed, ~0U);
		unsigned long long square = (u64)root * root;
		unsigned long long low = (square & U32_MAX) * root;
		unsigned long long mid = (square >> 32) * root + (low >> 32);
		u64 cube_low = (mid << 32) | (low & U32_MAX);
		u32 cube_high = mid >> 32;

		/* The domain ends at 2^92, that is at a root of 2^30.67. */
		if (cube_high >> 28)
			continue;
		ASSERT_EQ(root, lucid_cbrt(cube_high, cube_low));
		cube_high -= cube_low == 0;
		ASSERT_EQ(root - 1, lucid_cbrt(cube_high, cube_low - 1));
	}

	/* Against double precision, in between. */
	for (i = 0; i < 100000; i++) {
		u32 high = next_random(&seed) >> (36 + i % 28);
		u64 low = next_random(&seed);
		double root = cbrt(high * 0x1p64 + low);

		ASSERT_LE(fabs(lucid_cbrt(high, low) + 0.5 - root),
			  0.5 + root * PICO / 1000);
	}
}

/* Microseconds of the connection's clock, rounded down to ticks. */
TEST(the_clock_is_exact_to_a_tick)
{
	unsigned long long seed = 4;
	int i;

	EXPECT_EQ(65536, lucid_ticks(SECOND));
	EXPECT_EQ(1, lucid_ticks(16));
	EXPECT_EQ(0, lucid_ticks(15));
	EXPECT_EQ(2 * 65536 / 1000, lucid_ticks(2000));
	EXPECT_EQ(SECOND, lucid_ticks_to_us(65536));
	EXPECT_EQ(15, lucid_ticks_to_us(1));

	for (i = 0; i < 100000; i++) {
		u64 us = next_random(&seed) >> 24;	/* up to 12 days */
		double ticks = fmod(floor(us * 65536.0 / 1e6), 0x1p32);

		ASSERT_EQ(ticks, lucid_ticks(us));
	}
}

TEST_F(cubic, the_state_leaves_room_in_the_104_bytes)
{
	EXPECT_LE(sizeof(self->ca), 60);
	EXPECT_EQ(8, sizeof(self->par));
}

TEST_F(cubic, the_defaults_are_those_of_the_rfc)
{
	EXPECT_EQ(700, lucid_cubic_defaults.beta);
	EXPECT_EQ(700, lucid_cubic_defaults.beta_ecn);
	EXPECT_EQ(400, lucid_cubic_defaults.c);
	EXPECT_TRUE(lucid_cubic_defaults.fast_convergence);
	EXPECT_TRUE(lucid_cubic_defaults.reno_friendly);
}

/*
 * Section 4.2
 */

TEST_F(cubic, k_is_the_cube_root_for_every_window_up_to_a_million)
{
	u32 window;

	for (window = 1; window <= 1000000; window++) {
		double cwnd_epoch, expected, seen;

		begin_stage(self, window);
		cwnd_epoch = w_est(self);
		ASSERT_LE(fabs(fmax(0.7 * window, 2) - cwnd_epoch), BITS_16);

		expected = oracle_k(fmax(window, 2), cwnd_epoch, 0.4);
		seen = self->ca.epoch.k * TICK;
		ASSERT_LE(seen, expected + NANO);
		ASSERT_GT(seen, expected - TICK - NANO);
	}
}

TEST_F(cubic, k_is_the_cube_root_at_any_window_and_any_parameter)
{
	unsigned long long seed = 5;
	int i;

	for (i = 0; i < 100000; i++) {
		u32 window = 2 + random_magnitude(&seed, LUCID_CWND_MAX - 2);
		double distance, expected;

		self->par.beta = 1 + next_random(&seed) % 999;
		self->par.c = 1 + next_random(&seed) % 65535;
		self->par.reno_friendly = false;
		begin_stage(self, window);
		distance = window - fmax(window * (self->par.beta / 1e3), 2);

		/* The window that is left has 16 bits of fraction. */
		expected = cbrt(distance / (self->par.c / 1e3));
		ASSERT_LE(self->ca.epoch.k * TICK, expected * (1 + PICO) +
			  cbrt(BITS_16 / (self->par.c / 1e3)));
		ASSERT_GT(self->ca.epoch.k * TICK,
			  expected * (1 - PICO) - TICK);
	}

	/* The largest K there is: 3.6 hours. */
	self->par.beta = 1;
	self->par.c = 1;
	begin_stage(self, LUCID_CWND_MAX);
	EXPECT_NEAR(cbrt(0x1p31 * 0.999 / 0.001), self->ca.epoch.k * TICK, 0.1);
}

TEST_F(cubic, k_has_its_textbook_values)
{
	static const double known[][2] = {
		{ 10, 1.957 }, { 20, 2.466 }, { 50, 3.347 }, { 100, 4.217 },
		{ 200, 5.313 }, { 500, 7.211 }, { 1000, 9.086 },
		{ 5000, 15.54 }, { 10000, 19.57 },
	};
	int i;

	for (i = 0; i < 9; i++) {
		begin_stage(self, known[i][0]);
		EXPECT_NEAR(known[i][1], self->ca.epoch.k * TICK, 0.005);
	}
}

TEST_F(cubic, the_curve_has_its_shape_at_the_quarters_of_k)
{
	static const double shape[] = { 0.7, 0.8734, 0.9625, 0.9953, 1 };
	u32 window;
	int i;

	for (window = 100; window <= 1000000000; window *= 10) {
		begin_stage(self, window);
		for (i = 0; i <= 4; i++) {
			u32 t = (u64)self->ca.epoch.k * i / 4;
			double seen = lucid_cubic_w(&self->ca, &self->par, t) *
				      BITS_16;

			EXPECT_NEAR(shape[i], seen / window, 100 * MICRO);
		}
	}
}

TEST_F(cubic, the_curve_is_the_rfcs_at_any_time)
{
	unsigned long long seed = 6;
	int i;

	for (i = 0; i < 300000; i++) {
		u32 window = 2 + random_magnitude(&seed, LUCID_CWND_MAX - 2);
		u32 t = next_random(&seed) >> (33 + next_random(&seed) % 20);
		double expected, seen, slope;
		struct oracle o;

		self->par.c = 1 + next_random(&seed) % 65535;
		begin_stage(self, window);

		oracle_init(&o, 0);
		o.c = self->par.c / 1e3;
		o.w_max = window;
		o.k = self->ca.epoch.k * TICK;
		expected = oracle_w_cubic(&o, t * TICK);
		if (expected < 0)
			expected = 0;
		seen = lucid_cubic_w(&self->ca, &self->par, t) * BITS_16;

		/* Beyond any window there is, only the size matters. */
		if (expected > 0x1p31) {
			ASSERT_GE(seen, 0x1p31 - 1);
			continue;
		}
		/* |t - K|^3 is rounded down to 2^-16, and so is the result. */
		slope = (o.c + 1) * BITS_16;
		ASSERT_LE(fabs(expected - seen), slope + expected * PICO +
			  fabs(expected - window) * PICO);
	}
}

TEST_F(cubic, the_curve_does_not_go_below_zero)
{
	/* No stage has such a K; if one had, this is no huge window. */
	begin_stage(self, 1000);
	self->ca.epoch.k *= 100;
	EXPECT_EQ(0, w_cubic(self, 0));
}

TEST_F(cubic, a_microsecond_clock_moves_the_curve_at_every_ack)
{
	u32 steps = 0;
	u64 i, last = 0;

	/* 1 ms round trips, 100 ACKs in each: no step waits for a jiffy. */
	begin_stage(self, 10000);
	for (i = 0; i < 1000; i++) {
		u32 t = lucid_cubic_elapsed(&self->ca, self->now + 20 * i);
		u64 w = lucid_cubic_w(&self->ca, &self->par, t);

		steps += w != last;
		last = w;
	}
	EXPECT_GE(steps, 990);
}

TEST_F(cubic, the_target_is_the_curve_one_smoothed_rtt_ahead)
{
	static const u32 srtt[] = { 500, 20000, 100000, 400000 };
	int i;

	self->par.reno_friendly = false;
	for (i = 0; i < 4; i++) {
		struct lucid_window win;
		double target;

		begin_stage(self, 100000);
		self->srtt = srtt[i];
		self->now += SECOND;
		target = w_cubic(self, 1 + srtt[i] / 1e6);
		win = self->win;

		/* A whole window acknowledged at once leads to it. */
		ack(self, self->win.cwnd);
		EXPECT_NEAR(fmin(target, 1.5 * win.cwnd), cwnd(self),
			    MICRO * target);
	}
}

TEST_F(cubic, the_target_is_never_below_the_window)
{
	self->par.reno_friendly = false;
	begin_stage(self, 1000);
	self->win.cwnd = 900;
	ack(self, 900);
	EXPECT_EQ(900, self->win.cwnd);
	ack(self, 1);
	EXPECT_EQ(900, self->win.cwnd);
}

TEST_F(cubic, the_window_grows_by_half_in_a_round_trip_at_most)
{
	begin_stage(self, 1000);
	self->now += 60 * SECOND;
	self->win.cwnd = 1000;
	ack(self, 1000);
	EXPECT_EQ(1500, self->win.cwnd);
	ack(self, 1500 * 10);
	EXPECT_EQ(2250, self->win.cwnd);

	/* One packet brings its share. */
	self->win.cwnd = 1000;
	self->ca.cwnd_frac = 0;
	ack(self, 1);
	EXPECT_NEAR(1000.5, cwnd(self), MICRO);
}

/*
 * Section 4.3
 */

TEST_F(cubic, alpha_is_that_of_the_rfc)
{
	begin_stage(self, 1000);
	EXPECT_NEAR(9.0 / 17, lucid_cubic_alpha(&self->ca, &self->par) *
		    BITS_16, 10 * MICRO);
	for (self->par.beta = 1; self->par.beta < 1000; self->par.beta++)
		EXPECT_NEAR(oracle_alpha(self->par.beta / 1e3),
			    lucid_cubic_alpha(&self->ca, &self->par) * BITS_16,
			    BITS_16);
}

TEST_F(cubic, w_est_gains_alpha_in_each_round_trip)
{
	u32 rtt;

	begin_stage(self, 1000000);
	self->win.ssthresh = 1;
	self->ca.epoch.w_est = 1000;
	for (rtt = 1; rtt <= 2000; rtt++) {
		u32 left = 1000;

		while (left) {
			u32 acked = min(left, 1 + rtt % 44);

			self->win.cwnd = 1000;
			ack(self, acked);
			left -= acked;
		}
		/* alpha itself has 16 bits; beyond that nothing is lost. */
		ASSERT_LE(fabs(1000 + rtt * (34695 / 65536.0) - w_est(self)),
			  BITS_15);
	}
	EXPECT_NEAR(1000 + 2000 * 9.0 / 17, w_est(self), 0.02);
}

TEST_F(cubic, no_step_of_w_est_is_too_small_to_count)
{
	u32 window;
	int i;

	/* The step is far below any fraction kept, and still adds up. */
	for (window = 1 << 18; window < 1U << 30; window <<= 3) {
		begin_stage(self, window);
		self->par.reno_friendly = false;
		self->win.cwnd = window;
		for (i = 0; i < 1 << 20; i++)
			ack(self, 1);
		EXPECT_NEAR(0.7 * window + 34695 / 65536.0 * 0x1p20 / window,
			    w_est(self), BITS_15);
		self->par.reno_friendly = true;
	}
}

TEST_F(cubic, a_stage_owes_nothing_to_the_one_before)
{
	/* What a large window has left over is packets to a small one. */
	begin_stage(self, 1000000);
	ack(self, 13);
	ASSERT_GT(self->ca.w_est_rem, 400000);

	lose(self);
	lucid_cubic_on_rto(&self->ca);
	self->win.cwnd = 10;
	self->win.ssthresh = 1;
	ack(self, 0);
	EXPECT_EQ(10, w_est(self));
}

TEST_F(cubic, alpha_is_one_from_cwnd_prior_on)
{
	double before, rtt;

	self->srtt = 100;
	begin_stage(self, 100);
	EXPECT_EQ(100, self->ca.epoch.cwnd_prior);
	for (rtt = 0; w_est(self) < 99.4; rtt++)
		round_trip(self);
	EXPECT_NEAR(29.4 / (9.0 / 17), rtt, 1);
	EXPECT_EQ(LUCID_CUBIC_RENO_FRIENDLY, lucid_cubic_region(&self->ca));

	round_trip(self);
	round_trip(self);
	ASSERT_GE(w_est(self), 100);
	for (rtt = 0; rtt < 50; rtt++) {
		before = w_est(self);
		round_trip(self);
		ASSERT_LE(fabs(before + 1 - w_est(self)), 0.011);
	}
}

TEST_F(cubic, the_window_is_w_est_at_each_ack_of_the_reno_friendly_region)
{
	int i;

	self->srtt = 1000;
	begin_stage(self, 20);
	for (i = 0; i < 2000; i++) {
		self->now += self->srtt / self->win.cwnd;
		ack(self, 1);
		ASSERT_EQ(LUCID_CUBIC_RENO_FRIENDLY,
			  lucid_cubic_region(&self->ca));
		ASSERT_EQ(self->ca.epoch.w_est, self->win.cwnd);
		ASSERT_EQ((u32)self->ca.epoch.w_est_frac << 16,
			  self->ca.cwnd_frac);
	}
}

TEST_F(cubic, the_region_is_reno_friendly_while_the_curve_is_below_w_est)
{
	double t;

	begin_stage(self, 60);
	self->srtt = 30000;
	for (t = 0; t < 20; t += 0.03) {
		double curve = w_cubic(self, lucid_cubic_elapsed(&self->ca,
				       self->now + self->srtt) * TICK);

		round_trip(self);
		if (curve < w_est(self) - MILLI)
			EXPECT_EQ(LUCID_CUBIC_RENO_FRIENDLY,
				  lucid_cubic_region(&self->ca));
		if (curve > w_est(self) + MILLI)
			EXPECT_NE(LUCID_CUBIC_RENO_FRIENDLY,
				  lucid_cubic_region(&self->ca));
		ASSERT_GE(cwnd(self) + MILLI, w_est(self));
	}
	EXPECT_EQ(LUCID_CUBIC_CONVEX, lucid_cubic_region(&self->ca));
}

TEST_F(cubic, without_reno_friendliness_only_the_curve_counts)
{
	self->par.reno_friendly = false;
	self->srtt = 100;
	begin_stage(self, 20);
	while (self->now < START + SECOND) {
		round_trip(self);
		ASSERT_NE(LUCID_CUBIC_RENO_FRIENDLY,
			  lucid_cubic_region(&self->ca));
	}
	EXPECT_NEAR(w_cubic(self, 1), cwnd(self), 0.1);
}

/*
 * Sections 4.4 and 4.5
 */

TEST_F(cubic, the_window_follows_the_curve_through_both_regions)
{
	struct oracle o;
	int rtt;

	begin_stage(self, 2000);
	oracle_init(&o, 2000);
	o.ssthresh = 1;
	oracle_loss(&o);
	o.cwnd_prior = 2000;
	oracle_begin_stage(&o, self->now / 1e6);

	for (rtt = 0; rtt < 300; rtt++) {
		u32 i, packets = self->win.cwnd;
		u64 begin = self->now;

		for (i = 1; i <= packets; i++) {
			self->now = begin + (u64)self->srtt * i / packets;
			ack(self, 1);
			oracle_ack(&o, self->now / 1e6, 0.1, 1);
			ASSERT_LE(fabs(o.cwnd - cwnd(self)), 0.02 + o.cwnd *
				  10 * MICRO);
		}
		if (cwnd(self) < 1999)
			ASSERT_EQ(LUCID_CUBIC_CONCAVE,
				  lucid_cubic_region(&self->ca));
		if (cwnd(self) > 2001)
			ASSERT_EQ(LUCID_CUBIC_CONVEX,
				  lucid_cubic_region(&self->ca));
	}
	EXPECT_GT(self->win.cwnd, 4000);
}

TEST_F(cubic, hundreds_of_stages_stay_with_the_rfc)
{
	/* Loss after a number of round trips drawn by lot; RTT, W, C differ. */
	static const double rtts[] = { 0.0005, 0.004, 0.03, 0.1, 0.3 };
	unsigned long long seed = 7;
	int path, stage;

	for (path = 0; path < 5; path++) {
		struct oracle o;

		lucid_cubic_reset(&self->ca);
		self->srtt = rtts[path] * 1e6;
		self->win.cwnd = 200;
		self->win.ssthresh = 1;
		oracle_init(&o, 200);
		o.ssthresh = 1;
		o.whole_segments = true;

		for (stage = 0; stage < 60; stage++) {
			double round_trips = 3 + next_random(&seed) % 60;

			while (round_trips-- > 0) {
				u32 left = self->win.cwnd;
				u64 pace = self->srtt / left;

				while (left) {
					u32 acked = min(left, 1 +
						(u32)next_random(&seed) % 3);

					self->now += pace * acked;
					ack(self, acked);
					oracle_ack(&o, self->now / 1e6,
						   rtts[path], acked);
					left -= acked;
				}
				/* cwnd_prior is whole here: alpha may become
				 * one a little earlier.
				 */
				ASSERT_LE(fabs(o.cwnd - cwnd(self)),
					  1 + 100 * MICRO * o.cwnd) {
					TH_LOG("rtt %g stage %d: rules %g, seen %g",
					       rtts[path], stage, o.cwnd,
					       cwnd(self));
				}
			}
			lose(self);
			oracle_loss(&o);
		}
	}
}

TEST_F(cubic, small_steps_add_up_to_what_large_ones_do)
{
	struct lucid_window one;
	u32 per_ack;
	int i;

	/* The same instant, the same target: only the cutting differs. */
	for (per_ack = 2; per_ack <= 1000; per_ack *= 3) {
		begin_stage(self, 1000000);
		self->now += SECOND;
		for (i = 0; i < 1000; i++)
			ack(self, 1);
		one = self->win;

		begin_stage(self, 1000000);
		self->now += SECOND;
		for (i = 0; i < 1000; i += per_ack)
			ack(self, min(per_ack, 1000U - i));
		EXPECT_NEAR(one.cwnd, self->win.cwnd, 1);
	}
}

/*
 * Sections 4.6 and 4.7
 */

TEST_F(cubic, a_loss_leaves_seven_tenths_and_at_least_two_packets)
{
	u32 window;

	for (window = 1; window < 200000; window++) {
		u32 seen;

		lucid_cubic_reset(&self->ca);
		seen = lucid_cubic_ssthresh(&self->ca, &self->par, window,
					    LUCID_SIGNAL_LOSS);
		ASSERT_EQ(max(window * 7 / 10, 2U), seen);
		ASSERT_EQ(window, self->ca.epoch.cwnd_prior);
		ASSERT_EQ(window, self->ca.epoch.w_max);
		ASSERT_EQ(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));

		/* The next stage begins with the rest of it. */
		if (seen > 2)
			ASSERT_LE(fabs(0.7 * window - seen -
				       self->ca.cwnd_frac * BITS_32), 10 * NANO);
	}
	lucid_cubic_reset(&self->ca);
	EXPECT_EQ(1503238552, lucid_cubic_ssthresh(&self->ca, &self->par,
						   LUCID_CWND_MAX,
						   LUCID_SIGNAL_LOSS));
}

TEST_F(cubic, an_ecn_signal_may_leave_a_single_packet)
{
	EXPECT_EQ(1, lucid_cubic_ssthresh(&self->ca, &self->par, 2,
					  LUCID_SIGNAL_ECE));
	EXPECT_EQ(1, lucid_cubic_ssthresh(&self->ca, &self->par, 1,
					  LUCID_SIGNAL_ECE));
	EXPECT_EQ(70, lucid_cubic_ssthresh(&self->ca, &self->par, 100,
					   LUCID_SIGNAL_ECE));

	/* RFC 8511 */
	self->par.beta_ecn = 850;
	EXPECT_EQ(85, lucid_cubic_ssthresh(&self->ca, &self->par, 100,
					   LUCID_SIGNAL_ECE));
	EXPECT_EQ(70, lucid_cubic_ssthresh(&self->ca, &self->par, 100,
					   LUCID_SIGNAL_LOSS));
}

TEST_F(cubic, fast_convergence_gives_up_what_was_not_reached_again)
{
	u32 window;

	for (window = 10; window < 100000; window += 7) {
		/* below the last W_max */
		begin_stage(self, window + 1);
		self->win.cwnd = window;
		self->ca.cwnd_frac = 0;
		lose(self);
		ASSERT_LE(fabs(0.85 * window - w_max(self)), BITS_8);
		ASSERT_EQ(window, self->ca.epoch.cwnd_prior);

		/* at it, above it */
		begin_stage(self, window);
		self->win.cwnd = window;
		self->ca.cwnd_frac = 0;
		lose(self);
		ASSERT_EQ(window, w_max(self));

		begin_stage(self, window - 1);
		self->win.cwnd = window;
		self->ca.cwnd_frac = 0;
		lose(self);
		ASSERT_EQ(window, w_max(self));
	}

	self->par.fast_convergence = false;
	begin_stage(self, 1000);
	self->win.cwnd = 900;
	self->ca.cwnd_frac = 0;
	lose(self);
	EXPECT_EQ(900, w_max(self));
}

TEST_F(cubic, w_max_keeps_the_fraction_of_the_window)
{
	begin_stage(self, 1000);
	self->win.cwnd = 1200;
	self->ca.cwnd_frac = 0xc0000000;
	lose(self);
	EXPECT_NEAR(1200.75, w_max(self), NANO);
}

/*
 * Sections 4.8 and 4.10
 */

TEST_F(cubic, after_a_timeout_the_stage_has_its_origin_where_it_begins)
{
	u32 rtts;

	begin_stage(self, 1000);
	self->now += SECOND;
	round_trip(self);
	self->win.cwnd = 800;
	self->ca.cwnd_frac = 0;
	self->win.ssthresh = lucid_cubic_ssthresh(&self->ca, &self->par, 800,
						  LUCID_SIGNAL_LOSS);
	lucid_cubic_on_rto(&self->ca);
	EXPECT_EQ(560, self->win.ssthresh);

	self->win.cwnd = 1;
	for (rtts = 0; lucid_in_slow_start(&self->win); rtts++) {
		ASSERT_EQ(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));
		round_trip(self);
	}
	EXPECT_EQ(10, rtts);

	EXPECT_NE(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));
	EXPECT_EQ(0, self->ca.epoch.k);
	EXPECT_EQ(560, w_max(self));
	EXPECT_EQ(800, self->ca.epoch.cwnd_prior);
	EXPECT_NEAR(560, w_est(self), 0.6);
}

TEST_F(cubic, a_timeout_during_recovery_forgets_w_max_too)
{
	begin_stage(self, 1000);
	self->win.cwnd = 900;
	self->ca.cwnd_frac = 3U << 30;
	lose(self);
	lucid_cubic_on_rto(&self->ca);
	EXPECT_EQ(0, w_max(self));
	self->win.cwnd = self->win.ssthresh;
	ack(self, 0);
	EXPECT_EQ(0, self->ca.epoch.k);
	EXPECT_EQ(630, w_max(self));
	EXPECT_EQ(900, self->ca.epoch.cwnd_prior);
}

TEST_F(cubic, a_timeout_ends_the_stage_whoever_reduced_the_window)
{
	begin_stage(self, 1001);
	round_trip(self);
	EXPECT_GT(self->ca.cwnd_frac, 0);
	lucid_cubic_on_rto(&self->ca);
	EXPECT_EQ(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));
	EXPECT_EQ(0, self->ca.cwnd_frac);
}

TEST_F(cubic, leaving_slow_start_without_a_loss_begins_at_the_origin)
{
	self->win.ssthresh = 640;
	while (self->win.cwnd < 640)
		round_trip(self);
	EXPECT_EQ(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));

	ack(self, 0);
	EXPECT_EQ(0, self->ca.epoch.k);
	EXPECT_EQ(640, w_max(self));
	EXPECT_EQ(640, self->ca.epoch.cwnd_prior);
	EXPECT_EQ(640, w_est(self));
	/* Nothing was reduced, so W_est is as fast as Reno. */
	EXPECT_EQ(1U << 16, lucid_cubic_alpha(&self->ca, &self->par));
	EXPECT_EQ(640, self->win.cwnd);
}

TEST_F(cubic, slow_start_is_that_of_rfc_5681)
{
	u32 expected = 10;

	while (expected < 10000) {
		round_trip(self);
		expected *= 2;
		ASSERT_EQ(expected, self->win.cwnd);
	}

	/* What ssthresh leaves over counts for the stage that begins. */
	self->win.cwnd = 90;
	self->win.ssthresh = 100;
	ack(self, 20);
	EXPECT_NEAR(100.1, w_est(self), 100 * MICRO);
}

TEST_F(cubic, slow_start_is_of_the_kind_that_was_chosen)
{
	/* Eight packets of an ACK are all that HyStart++ counts. */
	lucid_slow_start_reset(&self->ss, LUCID_SLOW_START_HYSTARTPP);
	ack(self, 64);
	EXPECT_EQ(18, self->win.cwnd);

	lucid_cubic_on_ack(&self->ca, &self->par, &self->ss, &self->win,
			   self->now, self->srtt, 64, true);
	EXPECT_EQ(82, self->win.cwnd);
}

TEST_F(cubic, slow_start_in_between_begins_a_new_stage)
{
	begin_stage(self, 1000);
	self->now += 20 * SECOND;
	self->win.cwnd = 2000;

	/* An idle period, after which the core restarts the window. */
	self->win.ssthresh = 1500;
	self->win.cwnd = 10;
	while (lucid_in_slow_start(&self->win))
		round_trip(self);
	EXPECT_EQ(0, self->ca.epoch.k);
	EXPECT_EQ(1500, self->ca.epoch.w_max);
	EXPECT_LE(lucid_cubic_elapsed(&self->ca, self->now), 0.1 / TICK + 1);
}

/*
 * Section 4.9
 */

TEST_F(cubic, undo_restores_everything)
{
	struct lucid_cubic before;
	u32 prior;

	begin_stage(self, 1000);
	while (self->now < START + 3 * SECOND)
		round_trip(self);
	before = self->ca;
	prior = self->win.cwnd;

	lose(self);
	EXPECT_NE(before.epoch.w_max, self->ca.epoch.w_max);
	EXPECT_NE(before.epoch.cwnd_prior, self->ca.epoch.cwnd_prior);
	round_trip(self);
	round_trip(self);
	EXPECT_NE(before.epoch.k, self->ca.epoch.k);
	EXPECT_NE(before.epoch.t_epoch, self->ca.epoch.t_epoch);
	EXPECT_NE(0, self->ca.cwnd_frac);
	EXPECT_NE(0, self->ca.w_est_rem);

	EXPECT_EQ(prior, lucid_cubic_undo(&self->ca, self->win.cwnd, prior));
	EXPECT_EQ(before.epoch.w_max, self->ca.epoch.w_max);
	EXPECT_EQ(before.epoch.w_max_frac, self->ca.epoch.w_max_frac);
	EXPECT_EQ(before.epoch.cwnd_prior, self->ca.epoch.cwnd_prior);
	EXPECT_EQ(before.epoch.t_epoch, self->ca.epoch.t_epoch);
	EXPECT_EQ(before.epoch.k, self->ca.epoch.k);
	EXPECT_EQ(before.epoch.w_est, self->ca.epoch.w_est);
	EXPECT_EQ(before.epoch.w_est_frac, self->ca.epoch.w_est_frac);
	EXPECT_EQ(before.epoch.region, self->ca.epoch.region);

	/* Nothing is left of the stage that is undone. */
	EXPECT_EQ(0, self->ca.cwnd_frac);
	EXPECT_EQ(0, self->ca.w_est_rem);

	/* The stage goes on where it was. */
	self->win.cwnd = prior;
	self->win.ssthresh = 700;
	round_trip(self);
	EXPECT_EQ(before.epoch.k, self->ca.epoch.k);
	EXPECT_GE(self->win.cwnd, prior);
}

TEST_F(cubic, undo_of_a_timeout_restores_everything)
{
	struct lucid_cubic before;

	begin_stage(self, 1000);
	round_trip(self);
	before = self->ca;
	self->win.ssthresh = lucid_cubic_ssthresh(&self->ca, &self->par,
						  self->win.cwnd,
						  LUCID_SIGNAL_LOSS);
	lucid_cubic_on_rto(&self->ca);
	self->win.cwnd = 1;
	ack(self, 3);
	EXPECT_EQ(701, lucid_cubic_undo(&self->ca, self->win.cwnd, 701));
	EXPECT_EQ(0, memcmp(&before.epoch, &self->ca.epoch,
			    sizeof(before.epoch)));
}

/* A stage that is so old; t. */
static u32 three_seconds(flow_t *f)
{
	begin_stage(f, 1000);
	while (f->now < START + 3 * SECOND)
		round_trip(f);
	return lucid_cubic_elapsed(&f->ca, f->now);
}

TEST_F(cubic, undo_does_not_bring_a_pause_back)
{
	u32 t, prior;
	int i;

	t = three_seconds(self);
	prior = self->win.cwnd;
	lose(self);

	/* A minute for the application, then the loss was none. */
	for (i = 0; i < 600; i++) {
		self->now += SECOND / 10;
		lucid_cubic_app_limited(&self->ca, self->now);
	}
	EXPECT_EQ(prior, lucid_cubic_undo(&self->ca, self->win.cwnd, prior));
	EXPECT_EQ(t, lucid_cubic_elapsed(&self->ca, self->now));
}

TEST_F(cubic, undo_counts_the_time_of_the_slow_start_after_a_timeout)
{
	u32 t, prior;
	u64 lost;

	t = three_seconds(self);
	prior = self->win.cwnd;
	lost = self->now;
	self->win.ssthresh = lucid_cubic_ssthresh(&self->ca, &self->par, prior,
						  LUCID_SIGNAL_LOSS);
	lucid_cubic_on_rto(&self->ca);
	self->win.cwnd = 1;

	/* In full use, up to a moment that is the application's. */
	while (self->now < lost + SECOND / 2)
		round_trip(self);
	ASSERT_LT(self->win.cwnd, self->win.ssthresh);
	t += lucid_ticks(self->now) - lucid_ticks(lost);
	self->now += SECOND / 10;
	lucid_cubic_app_limited(&self->ca, self->now);
	EXPECT_EQ(prior, lucid_cubic_undo(&self->ca, self->win.cwnd, prior));
	EXPECT_EQ(t, lucid_cubic_elapsed(&self->ca, self->now));
}

TEST_F(cubic, undo_in_the_first_slow_start_forgets_the_loss)
{
	self->win.cwnd = 100;
	lose(self);
	EXPECT_EQ(100, lucid_cubic_undo(&self->ca, self->win.cwnd, 100));
	EXPECT_EQ(0, self->ca.epoch.w_max);
	EXPECT_EQ(0, self->ca.epoch.cwnd_prior);
	EXPECT_EQ(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));
}

TEST_F(cubic, a_loss_that_left_the_window_as_it_was_is_undone_too)
{
	begin_stage(self, 1000);
	self->win.cwnd = 2;
	lose(self);
	EXPECT_EQ(2, self->win.cwnd);
	EXPECT_GT(1000, w_max(self));
	EXPECT_EQ(2, lucid_cubic_undo(&self->ca, self->win.cwnd, 2));
	EXPECT_EQ(1000, w_max(self));
	EXPECT_NE(LUCID_CUBIC_NONE, lucid_cubic_region(&self->ca));
}

TEST_F(cubic, a_window_that_has_grown_past_the_old_one_is_not_undone)
{
	struct lucid_cubic before;

	begin_stage(self, 1000);
	self->win.cwnd = 900;
	lose(self);
	ack(self, 1);
	before = self->ca;
	EXPECT_EQ(950, lucid_cubic_undo(&self->ca, 950, 900));
	EXPECT_EQ(0, memcmp(&before, &self->ca, sizeof(before)));
}

/*
 * Section 4.2, 5.8: time that does not count
 */

TEST_F(cubic, thirty_seconds_limited_by_the_application_change_nothing)
{
	u32 t, window;
	int i;

	begin_stage(self, 1000);
	while (self->now < START + 2 * SECOND)
		round_trip(self);
	t = lucid_cubic_elapsed(&self->ca, self->now);
	window = self->win.cwnd;

	/* Data in flight all the time: an ACK every 100 ms. */
	for (i = 0; i < 300; i++) {
		self->now += SECOND / 10;
		lucid_cubic_app_limited(&self->ca, self->now);
		ASSERT_EQ(t, lucid_cubic_elapsed(&self->ca, self->now));
	}

	/* No jump: the next round trip is the next one of the curve. */
	round_trip(self);
	EXPECT_EQ(t + lucid_ticks(self->now) -
		  lucid_ticks(self->now - self->srtt),
		  lucid_cubic_elapsed(&self->ca, self->now));
	EXPECT_NEAR(w_cubic(self, t * TICK + 0.2), cwnd(self), 8);
	EXPECT_LE(self->win.cwnd, window + 25);
}

TEST_F(cubic, a_window_that_the_core_lowered_is_not_taken_back_at_once)
{
	u32 i;

	self->srtt = SECOND / 1000;
	begin_stage(self, 140);
	for (i = 0; i < 60; i++)
		round_trip(self);
	ASSERT_EQ(LUCID_CUBIC_RENO_FRIENDLY, lucid_cubic_region(&self->ca));
	EXPECT_NEAR(w_est(self), cwnd(self), 0.0001);

	self->win.cwnd -= 20;
	i = self->win.cwnd;
	lucid_cubic_app_limited(&self->ca, self->now);
	ack(self, 1);
	EXPECT_EQ(i, self->win.cwnd);
	EXPECT_NEAR(i, w_est(self), 1);
	/* From there on as Reno. */
	round_trip(self);
	EXPECT_NEAR(i + 9.0 / 17, w_est(self), 1);
	EXPECT_NEAR(w_est(self), cwnd(self), 0.0001);
}

TEST_F(cubic, it_does_not_matter_how_time_that_does_not_count_is_cut)
{
	unsigned long long seed = 8;
	u64 counted = 0;
	u32 expected, i;

	begin_stage(self, 100000);

	/* Spans far shorter than a tick, a million of them. */
	for (i = 0; i < 1000000; i++) {
		self->now += next_random(&seed) % 11;
		lucid_cubic_app_limited(&self->ca, self->now);
	}
	EXPECT_EQ(0, lucid_cubic_elapsed(&self->ca, self->now));

	/* Counted and not, by turns. */
	for (i = 0; i < 100000; i++) {
		u32 span = 16 + next_random(&seed) % 5000;
		u32 was = lucid_ticks(self->now);

		self->now += span;
		if (i % 3) {
			counted += lucid_ticks(self->now) - was;
			ack(self, 1);
		} else {
			lucid_cubic_app_limited(&self->ca, self->now);
		}
	}
	expected = counted;
	EXPECT_EQ(expected, lucid_cubic_elapsed(&self->ca, self->now));
}

TEST_F(cubic, a_pause_before_the_first_ack_of_a_stage_is_harmless)
{
	begin_stage(self, 1000);
	lose(self);
	self->now += HOUR;
	lucid_cubic_app_limited(&self->ca, self->now);
	self->now += SECOND;
	ack(self, 1);
	EXPECT_EQ(0, lucid_cubic_elapsed(&self->ca, self->now));
}

TEST_F(cubic, weeks_of_idle_time_change_nothing)
{
	u32 t;

	begin_stage(self, 1000);
	self->now += 2 * SECOND;
	ack(self, 1);
	t = lucid_cubic_elapsed(&self->ca, self->now);
	EXPECT_NEAR(2, t * TICK, TICK);

	self->now += 40 * DAY;
	lucid_cubic_app_limited(&self->ca, self->now);
	EXPECT_EQ(t, lucid_cubic_elapsed(&self->ca, self->now));
}

/*
 * Ranges
 */

TEST_F(cubic, a_stage_may_last_for_weeks)
{
	u32 before;
	u64 hour;

	/* Three ACKs an hour: the curve leaves what a window can be, and
	 * neither it nor the clock ever comes round.
	 */
	begin_stage(self, 1000);
	for (hour = 0; hour < 30 * 24; hour++) {
		before = self->win.cwnd;
		self->now += HOUR / 3;
		ack(self, 1);
		self->now += HOUR / 3;
		ack(self, 1);
		self->now += HOUR / 3;
		ack(self, self->win.cwnd);
		ASSERT_GE(self->win.cwnd, before);
		if (hour > 100)
			ASSERT_EQ(LUCID_CWND_MAX, self->win.cwnd);
		if (hour > 2)
			ASSERT_EQ(LUCID_CUBIC_CONVEX,
				  lucid_cubic_region(&self->ca));
	}
}

TEST_F(cubic, a_clock_that_steps_back_makes_no_jump)
{
	begin_stage(self, 1000);
	self->now -= SECOND;
	ack(self, 100);
	EXPECT_NEAR(700 + 100 * (9.0 / 17) / 700, cwnd(self), MILLI);
}

TEST_F(cubic, w_est_stays_in_the_range_of_a_window)
{
	begin_stage(self, 1000);
	self->ca.epoch.w_est = LUCID_CWND_MAX - 1;
	self->win.ssthresh = 1;
	self->win.cwnd = 1;
	ack(self, LUCID_CWND_MAX);
	EXPECT_EQ(LUCID_CWND_MAX, w_est(self));
	EXPECT_EQ(LUCID_CWND_MAX, self->win.cwnd);
	ack(self, 4000000000U);
	EXPECT_EQ(LUCID_CWND_MAX, w_est(self));
}

TEST_F(cubic, the_window_stays_below_its_clamp)
{
	begin_stage(self, 1000);
	self->win.cwnd_clamp = 1100;
	self->now += 60 * SECOND;
	ack(self, 700);
	ack(self, 1000);
	ack(self, 1000);
	EXPECT_EQ(1100, self->win.cwnd);
	EXPECT_EQ(0, self->ca.cwnd_frac);
}

TEST_F(cubic, nothing_overflows_wherever_it_starts)
{
	unsigned long long seed = 9;
	int i;

	for (i = 0; i < 300000; i++) {
		u32 acked = random_magnitude(&seed, LUCID_CWND_MAX);
		u32 before, target;
		double estimate;

		if (i % 100 == 0) {
			self->par.beta = 1 + next_random(&seed) % 999;
			self->par.c = 1 + next_random(&seed) % 65535;
			self->par.reno_friendly = next_random(&seed) % 2;
			self->par.fast_convergence = next_random(&seed) % 2;
			self->win.cwnd = random_magnitude(&seed,
							  LUCID_CWND_MAX);
			self->win.ssthresh = random_magnitude(&seed,
							      LUCID_CWND_MAX);
		}
		self->now += next_random(&seed) >> (30 + next_random(&seed) %
						    30);
		self->srtt = next_random(&seed) >> (35 + next_random(&seed) %
						    20);
		before = self->win.cwnd;
		switch (next_random(&seed) % 32) {
		case 0:
			lose(self);
			ASSERT_LE(self->win.cwnd, max(before, 2U));
			ASSERT_GE(self->win.cwnd, 2);
			break;
		case 1:
			self->win.ssthresh =
				lucid_cubic_ssthresh(&self->ca, &self->par,
						     before, LUCID_SIGNAL_LOSS);
			lucid_cubic_on_rto(&self->ca);
			self->win.cwnd = 1;
			break;
		case 2:
			self->win.cwnd = lucid_cubic_undo(&self->ca, before,
							  before * 2ULL >
							  LUCID_CWND_MAX ?
							  before : before * 2);
			break;
		case 3:
			lucid_cubic_app_limited(&self->ca, self->now);
			break;
		case 4:
			self->win.cwnd = random_magnitude(&seed,
							  LUCID_CWND_MAX);
			break;
		default:
			estimate = cwnd(self);
			ack(self, acked);
			ASSERT_GE(cwnd(self), estimate);
			ASSERT_LE(self->win.cwnd, LUCID_CWND_MAX);
			target = before + (before >> 1) + 2;
			if (before >= self->win.ssthresh)
				ASSERT_LE(self->win.cwnd,
					  max(target, self->ca.epoch.w_est));
			break;
		}
		ASSERT_GE(self->win.cwnd, 1);
	}

	/* No kernel hands in 0; dividing by it would stop one. */
	self->win.cwnd = 0;
	self->win.ssthresh = 0;
	ack(self, 1);
	EXPECT_GE(self->win.cwnd, 0);
}

TEST_HARNESS_MAIN
