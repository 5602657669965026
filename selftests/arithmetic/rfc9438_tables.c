// SPDX-License-Identifier: GPL-2.0-only
/*
 * The average windows of RFC 9438, Tables 1, 2 and 3
 *
 * The model of the RFC's section 5: one flow, a constant round-trip time, and
 * every 1/p-th packet lost. Each flow here takes its losses at once, without
 * the round trip that recovery costs in life. The average is the number of
 * packets sent over the number of round trips.
 */
#include "../../module/cubic.h"

#include "kselftest_harness.h"
#include "expect.h"
#include "oracle.h"

/* A flow of any kind, as the model below drives it. */
struct flow {
	const struct flow_ops *ops;
	struct oracle oracle;
	struct lucid_cubic cubic;
	struct lucid_cubic_params par;
	struct lucid_slow_start ss;
	struct lucid_window win;
};

struct flow_ops {
	double (*cwnd)(const struct flow *flow);
	void (*ack)(struct flow *flow, double now, double rtt, u32 acked);
	void (*loss)(struct flow *flow);
};

static double lucid_cwnd(const struct flow *flow)
{
	return flow->win.cwnd;
}

static void lucid_loss(struct flow *flow)
{
	flow->win.ssthresh = lucid_cubic_ssthresh(&flow->cubic, &flow->par,
						  flow->win.cwnd,
						  LUCID_SIGNAL_LOSS);
	flow->win.cwnd = flow->win.ssthresh;
}

static void lucid_ack(struct flow *flow, double now, double rtt, u32 acked)
{
	lucid_cubic_on_ack(&flow->cubic, &flow->par, &flow->ss, &flow->win,
			   now * 1e6, rtt * 1e6, acked, false);
}

static void reno_loss(struct flow *flow)
{
	flow->win.ssthresh = lucid_reno_ssthresh(flow->win.cwnd,
						 LUCID_RENO_BETA);
	flow->win.cwnd = flow->win.ssthresh;
	flow->win.cwnd_cnt = 0;
}

static void reno_ack(struct flow *flow, double now, double rtt, u32 acked)
{
	lucid_reno_on_ack(&flow->win, acked);
}

/* Whole packets travel, whatever fraction the oracle's window has. */
static double oracle_flow_cwnd(const struct flow *flow)
{
	return floor(flow->oracle.cwnd);
}

static void oracle_flow_loss(struct flow *flow)
{
	oracle_loss(&flow->oracle);
}

static void oracle_flow_ack(struct flow *flow, double now, double rtt,
			    u32 acked)
{
	oracle_ack(&flow->oracle, now, rtt, acked);
}

static const struct flow_ops lucid = { lucid_cwnd, lucid_ack, lucid_loss };
static const struct flow_ops lucid_reno = { lucid_cwnd, reno_ack, reno_loss };
static const struct flow_ops rfc = {
	oracle_flow_cwnd, oracle_flow_ack, oracle_flow_loss
};

/*
 * The average window over @losses losses, after as many to settle. Small
 * windows are acknowledged packet by packet, large ones in 24 steps per round
 * trip.
 */
static double average_window(const struct flow_ops *ops, double p, double rtt,
			     double c, bool fast_convergence, int losses)
{
	double interval = round(1 / p);
	double now = 1, begin = 0, sent = 0;
	u32 start = fmax(oracle_reno_window(p),
			 oracle_cubic_window(p, rtt, c, 0.7));
	struct flow flow = {
		.ops = ops,
		.par = lucid_cubic_defaults,
		.win = { .cwnd = start, .ssthresh = 1, .cwnd_clamp = U32_MAX },
	};
	int i;

	lucid_slow_start_reset(&flow.ss, LUCID_SLOW_START_CLASSIC);
	oracle_init(&flow.oracle, start);
	flow.oracle.ssthresh = 1;
	flow.oracle.c = c;
	flow.oracle.fast_convergence = fast_convergence;
	flow.par.c = round(c * 1000);
	flow.par.fast_convergence = fast_convergence;

	for (i = 0; i < 2 * losses; i++) {
		double left = interval;

		if (i == losses) {
			begin = now;
			sent = 0;
		}
		while (left > 0) {
			double cwnd = ops->cwnd(&flow);
			double acked = fmin(left, ceil(cwnd / 24));

			now += rtt * acked / cwnd;
			ops->ack(&flow, now, rtt, acked);
			left -= acked;
			sent += acked;
		}
		ops->loss(&flow);
	}
	return sent / ((now - begin) / rtt);
}

/* One cell of a table: lucid against the RFC's figure and the RFC's rules. */
static void check_cell(struct __test_metadata *_metadata, double p, double rtt,
		       double c, double published)
{
	double cubic = oracle_cubic_window(p, rtt, c, 0.7);
	double reno = oracle_reno_window(p);
	bool apart = cubic > 1.5 * reno || reno > 4 * cubic;
	int fast_convergence;

	/* The very rules, in integers. */
	for (fast_convergence = 0; fast_convergence <= 1; fast_convergence++) {
		double seen = average_window(&lucid, p, rtt, c,
					     fast_convergence, 8);
		double ruled = average_window(&rfc, p, rtt, c,
					      fast_convergence, 8);

		TH_LOG("p %7.1e RTT %4g C %4g fc %d: RFC %6.0f rules %8.1f lucid %8.1f",
		       p, rtt, c, fast_convergence, published, ruled, seen);
		EXPECT_NEAR(ruled, seen, 0.001 * ruled + 0.6);

		/* The RFC's formulas take each loss to come just when the
		 * window is back at W_max. What the rules make of it is a
		 * cycle of two losses, before W_max and after it, which is up
		 * to 14 % above the formula, or with fast convergence up to
		 * 12 % below. Where the formulas for Reno and CUBIC are close,
		 * following the faster of the two at each moment beats both.
		 */
		EXPECT_GE(seen, 0.87 * published);
		EXPECT_LE(seen, (apart ? 1.15 : 1.25) * published + 0.6);
	}
}

static const double table_1[][4] = {
	/* 1/p, C = 0.04, 0.4, 4 */
	{ 1e2, 12, 12, 12 },
	{ 1e3, 38, 38, 59 },
	{ 1e4, 120, 187, 333 },
	{ 1e5, 593, 1054, 1874 },
	{ 1e6, 3332, 5926, 10538 },
	{ 1e7, 18740, 33325, 59261 },
	{ 1e8, 105383, 187400, 333250 },
};

static const double table_2[][4] = {
	{ 1e2, 12, 12, 12 },
	{ 1e3, 38, 38, 38 },
	{ 1e4, 120, 120, 120 },
	{ 1e5, 379, 379, 379 },
	{ 1e6, 1200, 1200, 1874 },
	{ 1e7, 3795, 5926, 10538 },
	{ 1e8, 18740, 33325, 59261 },
};

static void check_table(struct __test_metadata *_metadata, double rtt,
			const double (*table)[4])
{
	static const double c[] = { 0.04, 0.4, 4 };
	int row, column;

	for (row = 0; row < 7; row++)
		for (column = 0; column < 3; column++)
			check_cell(_metadata, 1 / table[row][0], rtt, c[column],
				   table[row][1 + column]);
}

TEST(table_1_a_round_trip_time_of_100_ms)
{
	check_table(_metadata, 0.1, table_1);
}

TEST(table_2_a_round_trip_time_of_10_ms)
{
	check_table(_metadata, 0.01, table_2);
}

TEST(table_3_the_loss_that_a_throughput_allows)
{
	/* Average window, and the loss rate per million with which CUBIC
	 * still has it.
	 */
	static const double table_3[][2] = {
		{ 8.3, 20000 },
		{ 83.3, 290 },
		{ 833.3, 14 },
		{ 8333.3, 0.63 },
		{ 83333.3, 0.029 },
	};
	int row;

	for (row = 0; row < 5; row++)
		check_cell(_metadata, table_3[row][1] * MICRO, 0.1, 0.4,
			   table_3[row][0]);
}

TEST(reno_has_the_window_of_its_formula)
{
	double p;

	/* Where the window is small, whole packets show: hence the half. */
	for (p = 0.01; p > 0.09 * MICRO; p /= 10) {
		double seen = average_window(&lucid_reno, p, 0.1, 0.4, true, 8);

		TH_LOG("p %7.1e: formula %8.1f lucid_reno %8.1f", p,
		       oracle_reno_window(p), seen);
		EXPECT_NEAR(oracle_reno_window(p), seen,
			    0.02 * oracle_reno_window(p) + 0.5);
	}
}

TEST(never_slower_than_reno_where_reno_is_fast)
{
	static const double rtt[] = { 0.0001, 0.001, 0.004, 0.01, 0.04, 0.1 };
	double p;
	int i;

	for (i = 0; i < 6; i++) {
		for (p = 0.01; p > 9 * MICRO; p /= sqrt(10)) {
			double reno = average_window(&lucid_reno, p, rtt[i],
						     0.4, true, 20);
			double seen = average_window(&lucid, p, rtt[i], 0.4,
						     true, 20);

			TH_LOG("p %7.1e RTT %6g s: lucid / lucid_reno %.3f",
			       p, rtt[i], seen / reno);
			EXPECT_GE(seen, 0.98 * reno);

			/* Nor unfair to it, where Reno sets the pace. */
			if (oracle_cubic_window(p, rtt[i], 0.4, 0.7) <
			    0.5 * oracle_reno_window(p))
				EXPECT_LE(seen, 1.06 * reno);
		}
	}
}

TEST(fast_convergence_follows_the_rules_of_the_rfc)
{
	static const double rtt[] = { 0.001, 0.01, 0.1 };
	double p;
	int i;

	for (i = 0; i < 3; i++) {
		for (p = 0.01; p > 0.9 * MICRO; p /= 10) {
			double seen = average_window(&lucid, p, rtt[i], 0.4,
						     true, 20);
			double ruled = average_window(&rfc, p, rtt[i], 0.4,
						      true, 20);

			TH_LOG("p %7.1e RTT %5g s: rules %8.1f lucid %8.1f",
			       p, rtt[i], ruled, seen);
			EXPECT_NEAR(ruled, seen, 0.002 * ruled + 0.7);
		}
	}
}

TEST_HARNESS_MAIN
