// SPDX-License-Identifier: GPL-2.0-only
/*
 * Take a recorded trace through the window arithmetic again
 *
 * Reads one call a line, as decisions.py writes them from the events sample,
 * ack, reduction, undo and unused, and computes what the module must have
 * computed: the same window, to the last bit of its fraction, at every ACK.
 *
 *   cubic BETA BETA_ECN C FAST_CONVERGENCE RENO_FRIENDLY SLOW_START
 *   reno BETA BETA_ECN		(one of the two comes first)
 *   sample NOW RTT UNA NXT CWND PACED
 *   ack NOW SRTT ACKED OLD_CWND CWND FRAC SSTHRESH UNUSED PACED
 *   reduction CAUSE CWND SSTHRESH
 *   undo OLD_CWND CWND SSTHRESH
 *   idle NOW
 *
 * Exit code 0: "replayed N ACKs"; otherwise the first line that differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/uapi/linux/tcp_lucid.h"
#include "../../module/cubic.h"
#include "../../module/reno.h"
#include "../../module/slow_start.h"

#define SSTHRESH_INFINITE	0x7fffffffU

static struct {
	bool reno;
	struct lucid_cubic_params par;
	struct lucid_cubic cubic;
	struct lucid_slow_start slow_start;
	u32 reno_cnt;	/* with each reduction the core starts it anew */

	u32 ssthresh;
	u32 cwnd;
	u32 prior_cwnd;	/* before the last reduction */
	bool cwnd_known;	/* nobody but the arithmetic has set it since */
	unsigned long acks;
	unsigned long line;
} flow = {
	.ssthresh = SSTHRESH_INFINITE,
};

static void check(const char *what, u64 recorded, u64 replayed)
{
	if (recorded == replayed)
		return;
	printf("line %lu: %s is %llu in the trace, %llu when replayed\n",
	       flow.line, what, recorded, replayed);
	exit(1);
}

static void broken(const char *text)
{
	printf("line %lu: cannot read: %s\n", flow.line, text);
	exit(2);
}

static void replay_sample(const char *args)
{
	struct lucid_slow_start_sample s;
	unsigned long long now;
	int paced;

	if (sscanf(args, "%llu %d %u %u %u %d", &now, &s.rtt_us, &s.snd_una,
		   &s.snd_nxt, &s.cwnd, &paced) != 6)
		broken(args);
	s.now_us = now;
	s.paced = paced;
	if (lucid_slow_start_ack(&flow.slow_start, &s) >= LUCID_SS_EXIT_DELAY)
		flow.ssthresh = s.cwnd;
}

static void replay_ack(const char *args)
{
	struct lucid_window win = { .cwnd_clamp = U32_MAX };
	u32 srtt, acked, cwnd, frac, ssthresh;
	unsigned long long now;
	int unused, paced;

	if (sscanf(args, "%llu %u %u %u %u %u %u %d %d", &now, &srtt, &acked,
		   &win.cwnd, &cwnd, &frac, &ssthresh, &unused, &paced) != 9)
		broken(args);
	flow.acks++;

	/* A window not in use is cut down by the core, with its ssthresh. */
	if (flow.cwnd_known && !unused) {
		check("window before", win.cwnd, flow.cwnd);
		check("ssthresh", ssthresh, flow.ssthresh);
	}
	flow.ssthresh = ssthresh;
	win.ssthresh = ssthresh;
	win.cwnd_cnt = flow.reno_cnt;

	if (flow.reno) {
		if (!unused)
			lucid_reno_on_ack(&win, acked);
		check("count", frac, win.cwnd_cnt);
	} else if (unused) {
		lucid_cubic_app_limited(&flow.cubic, now);
	} else {
		lucid_cubic_on_ack(&flow.cubic, &flow.par, &flow.slow_start,
				   &win, now, srtt, acked, paced);
		check("fraction", frac, flow.cubic.cwnd_frac);
	}
	check("window", cwnd, win.cwnd);
	flow.cwnd = win.cwnd;
	flow.reno_cnt = win.cwnd_cnt;
	flow.cwnd_known = !unused;
}

static void replay_reduction(const char *args)
{
	u32 cwnd, ssthresh, own;
	int cause;

	if (sscanf(args, "%d %u %u", &cause, &cwnd, &ssthresh) != 3)
		broken(args);
	flow.cwnd_known = false;
	flow.reno_cnt = 0;
	if (cause != TCP_LUCID_CAUSE_RTO_AGAIN) {
		bool ece = cause == TCP_LUCID_CAUSE_ECE;

		lucid_slow_start_end(&flow.slow_start);
		if (flow.reno)
			own = lucid_reno_ssthresh(cwnd, ece ?
						  flow.par.beta_ecn :
						  flow.par.beta);
		else
			own = lucid_cubic_ssthresh(&flow.cubic, &flow.par,
						   cwnd, ece ?
						   LUCID_SIGNAL_ECE :
						   LUCID_SIGNAL_LOSS);
		check("ssthresh after", ssthresh, own);
		flow.ssthresh = own;
		flow.prior_cwnd = cwnd;
	}
	if (cause == TCP_LUCID_CAUSE_RTO || cause == TCP_LUCID_CAUSE_RTO_AGAIN)
		lucid_cubic_on_rto(&flow.cubic);
}

static void replay_undo(const char *args)
{
	u32 old_cwnd, cwnd, ssthresh, own;

	if (sscanf(args, "%u %u %u", &old_cwnd, &cwnd, &ssthresh) != 3)
		broken(args);
	flow.cwnd_known = false;
	if (flow.reno)
		own = lucid_reno_undo(old_cwnd, flow.prior_cwnd);
	else
		own = lucid_cubic_undo(&flow.cubic, old_cwnd, flow.prior_cwnd);
	check("window restored", cwnd, own);
	if (ssthresh >= SSTHRESH_INFINITE)
		lucid_slow_start_reset(&flow.slow_start, flow.slow_start.kind);
}

static void replay_idle(const char *args)
{
	flow.cwnd_known = false;
	lucid_cubic_app_limited(&flow.cubic, strtoull(args, NULL, 10));
}

static void replay_begin(const char *call, const char *args)
{
	unsigned int beta, beta_ecn, c = 0, fast = 0, friendly = 0, kind = 0;

	if (sscanf(args, "%u %u %u %u %u %u", &beta, &beta_ecn, &c, &fast,
		   &friendly, &kind) < 2)
		broken(args);
	flow.reno = !strcmp(call, "reno");
	flow.par.beta = beta;
	flow.par.beta_ecn = beta_ecn;
	flow.par.c = c;
	flow.par.fast_convergence = fast;
	flow.par.reno_friendly = friendly;
	lucid_cubic_reset(&flow.cubic);
	lucid_slow_start_reset(&flow.slow_start, kind);
}

static const struct {
	const char *call;
	void (*replay)(const char *args);
} calls[] = {
	{ "sample", replay_sample },
	{ "ack", replay_ack },
	{ "reduction", replay_reduction },
	{ "undo", replay_undo },
	{ "idle", replay_idle },
	{}
};

static void replay_line(char *text)
{
	char *args = strchr(text, ' ');
	unsigned int i;

	flow.line++;
	if (!args)
		broken(text);
	*args++ = '\0';
	if (flow.line == 1) {
		replay_begin(text, args);
		return;
	}
	for (i = 0; calls[i].call; i++) {
		if (!strcmp(text, calls[i].call)) {
			calls[i].replay(args);
			return;
		}
	}
	broken(text);
}

int main(void)
{
	char text[256];

	while (fgets(text, sizeof(text), stdin))
		replay_line(text);
	printf("replayed %lu ACKs\n", flow.acks);
	return 0;
}
