// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window of Reno against RFC 5681 and against what in-tree reno does
 */
#include "../../module/reno.h"

#include "kselftest_harness.h"
#include "expect.h"

#define INFINITE	LUCID_CWND_MAX	/* Linux's infinite ssthresh */

static struct lucid_window window(u32 cwnd, u32 ssthresh)
{
	return (struct lucid_window){
		.cwnd = cwnd,
		.ssthresh = ssthresh,
		.cwnd_clamp = U32_MAX,
	};
}

/* Every packet of one window acknowledged, @per_ack at a time. */
static void round_trip(struct lucid_window *win, u32 per_ack)
{
	u32 left = win->cwnd;

	while (left) {
		u32 acked = min(left, per_ack);

		lucid_reno_on_ack(win, acked);
		left -= acked;
	}
}

TEST(slow_start_doubles_the_window_each_round_trip)
{
	u32 per_ack;

	for (per_ack = 1; per_ack <= 64; per_ack++) {
		struct lucid_window win = window(10, INFINITE);
		u32 expected = 10;

		while (expected < 20000) {
			round_trip(&win, per_ack);
			expected *= 2;
			ASSERT_EQ(expected, win.cwnd);
		}
		EXPECT_EQ(0, win.cwnd_cnt);
	}
}

TEST(slow_start_ends_at_ssthresh_and_hands_on_what_is_left)
{
	struct lucid_window win = window(10, 16);

	EXPECT_EQ(0, lucid_slow_start(&win, 5));
	EXPECT_EQ(15, win.cwnd);
	EXPECT_EQ(3, lucid_slow_start(&win, 4));
	EXPECT_EQ(16, win.cwnd);
	EXPECT_FALSE(lucid_in_slow_start(&win));
	EXPECT_EQ(7, lucid_slow_start(&win, 7));
	EXPECT_EQ(16, win.cwnd);

	/* The ACK that crosses the boundary counts fully on both sides. */
	win = window(10, 16);
	lucid_reno_on_ack(&win, 6 + 15);
	EXPECT_EQ(16, win.cwnd);
	lucid_reno_on_ack(&win, 1);
	EXPECT_EQ(17, win.cwnd);
	EXPECT_EQ(0, win.cwnd_cnt);
}

TEST(congestion_avoidance_adds_one_packet_each_round_trip)
{
	u32 start;

	for (start = 1; start <= 300; start++) {
		struct lucid_window win = window(start, 1);
		u32 rtt;

		for (rtt = 1; rtt <= 200; rtt++) {
			round_trip(&win, 1);
			ASSERT_EQ(start + rtt, win.cwnd);
			ASSERT_EQ(0, win.cwnd_cnt);
		}
	}
}

TEST(an_ack_for_many_packets_counts_like_many_acks)
{
	unsigned long long seed = 1;
	u32 per_ack;

	/* Within a round trip there is no difference at all. */
	for (per_ack = 1; per_ack <= 100; per_ack++) {
		struct lucid_window win = window(100, 1);
		u32 rtt;

		for (rtt = 1; rtt <= 100; rtt++) {
			round_trip(&win, per_ack);
			ASSERT_EQ(100 + rtt, win.cwnd);
		}
	}

	/* One ACK for several windows cannot see the window grow meanwhile,
	 * as in-tree reno cannot: it adds one packet for each of them.
	 */
	struct lucid_window win = window(10, 1);

	lucid_reno_on_ack(&win, 35);
	EXPECT_EQ(13, win.cwnd);
	EXPECT_EQ(5, win.cwnd_cnt);

	/* However the ACKs are cut, no packet is lost or counted twice. */
	while (win.cwnd < 2000) {
		struct lucid_window counted = win;
		u32 acked = 1 + next_random(&seed) % 90;
		u32 i, grown = 0;

		for (i = 0; i < acked; i++) {
			if (++counted.cwnd_cnt >= win.cwnd) {
				counted.cwnd_cnt = 0;
				grown++;
			}
		}
		lucid_reno_on_ack(&win, acked);
		ASSERT_EQ(counted.cwnd + grown, win.cwnd);
		ASSERT_EQ(counted.cwnd_cnt, win.cwnd_cnt);
	}
}

TEST(a_count_from_a_larger_window_is_worth_one_packet)
{
	struct lucid_window win = window(10, 1);

	win.cwnd_cnt = 95;	/* left from a window of 100 */
	lucid_reno_on_ack(&win, 1);
	EXPECT_EQ(11, win.cwnd);
	EXPECT_EQ(1, win.cwnd_cnt);

	/* An ACK that acknowledges nothing new applies it too. */
	win = window(10, 1);
	win.cwnd_cnt = 10;
	lucid_reno_on_ack(&win, 0);
	EXPECT_EQ(11, win.cwnd);
	EXPECT_EQ(0, win.cwnd_cnt);
}

TEST(congestion_halves_the_window_down_to_two_packets)
{
	unsigned long long seed = 2;
	u32 i;

	EXPECT_EQ(500, LUCID_RENO_BETA);
	for (i = 0; i <= 5; i++)
		EXPECT_EQ(2, lucid_reno_ssthresh(i, LUCID_RENO_BETA));
	EXPECT_EQ(3, lucid_reno_ssthresh(6, LUCID_RENO_BETA));
	EXPECT_EQ(3, lucid_reno_ssthresh(7, LUCID_RENO_BETA));
	EXPECT_EQ(1073741823, lucid_reno_ssthresh(2147483647, 500));

	for (i = 0; i < 100000; i++) {
		u32 cwnd = 4 + random_magnitude(&seed, 2147483000);

		ASSERT_EQ(cwnd / 2, lucid_reno_ssthresh(cwnd, 500));
	}
}

TEST(beta_may_be_another_than_a_half)
{
	u32 cwnd;

	for (cwnd = 3; cwnd < 100000; cwnd++) {
		/* RFC 8511: 0.8 for Reno */
		ASSERT_EQ(cwnd * 8ULL / 10, lucid_reno_ssthresh(cwnd, 800));
		ASSERT_EQ(max(cwnd / 1000, 2U), lucid_reno_ssthresh(cwnd, 1));
		ASSERT_EQ(cwnd * 999ULL / 1000, lucid_reno_ssthresh(cwnd, 999));
	}
}

TEST(undo_takes_the_larger_window)
{
	EXPECT_EQ(100, lucid_reno_undo(50, 100));
	EXPECT_EQ(120, lucid_reno_undo(120, 100));
}

TEST(the_window_stays_below_its_clamp)
{
	struct lucid_window win = window(10, INFINITE);

	win.cwnd_clamp = 35;
	round_trip(&win, 1);
	EXPECT_EQ(20, win.cwnd);
	round_trip(&win, 1);
	EXPECT_EQ(35, win.cwnd);

	win.ssthresh = 1;
	round_trip(&win, 1);
	round_trip(&win, 7);
	EXPECT_EQ(35, win.cwnd);
}

TEST(the_window_stays_in_the_range_that_linux_allows)
{
	struct lucid_window win = window(LUCID_CWND_MAX - 5, INFINITE);

	lucid_reno_on_ack(&win, 100);
	EXPECT_EQ(LUCID_CWND_MAX, win.cwnd);

	win.cwnd_cnt = LUCID_CWND_MAX;
	lucid_reno_on_ack(&win, LUCID_CWND_MAX);
	EXPECT_EQ(LUCID_CWND_MAX, win.cwnd);

	win = window(1, 1);
	lucid_reno_on_ack(&win, LUCID_CWND_MAX);
	EXPECT_EQ(LUCID_CWND_MAX, win.cwnd);

	/* No kernel hands in 0; dividing by it would stop one. */
	win = window(0, 0);
	lucid_reno_on_ack(&win, 1);
	EXPECT_EQ(1, win.cwnd);
}

TEST_HARNESS_MAIN
