/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RFC 9406 and HyStart in double precision
 *
 * What module/slow_start.c is tested against. Written from the RFC's section
 * 4.2 and from Ha and Rhee's paper, in their words. It shares no code with
 * module/: sequence numbers and times never wrap here, and the window has its
 * fraction. Times are us.
 */
#ifndef ORACLE_SLOW_START_H
#define ORACLE_SLOW_START_H

#include <math.h>
#include <stdbool.h>

struct oracle_slow_start {
	const char *kind;	/* "classic", "HyStart", "HyStart++" */
	double cwnd;
	double ssthresh;

	/* rounds */
	bool started;
	double window_end;
	double last_round_min_rtt;
	double current_round_min_rtt;
	double rtt_sample_count;

	/* RFC 9406 */
	bool css;
	double css_baseline_min_rtt;
	double css_round_count;

	/* HyStart */
	double min_rtt;
	double round_start;
	double last_ack;
	bool train_broken;
	double first_samples[8];
};

static inline void oracle_slow_start_init(struct oracle_slow_start *o,
					  const char *kind, double cwnd)
{
	*o = (struct oracle_slow_start){
		.kind = kind,
		.cwnd = cwnd,
		.ssthresh = INFINITY,
		.last_round_min_rtt = INFINITY,
		.current_round_min_rtt = INFINITY,
		.css_baseline_min_rtt = INFINITY,
		.min_rtt = INFINITY,
	};
}

/* An eighth of the round-trip time, from 4 to 16 ms; in whole us, which is how
 * well the clock under test can tell.
 */
static inline double oracle_rtt_thresh(double rtt)
{
	return fmax(4000, fmin(floor(rtt / 8), 16000));
}

static inline const char *
oracle_hystart_ack(struct oracle_slow_start *o, double now, double rtt,
		   double acked_to, double next, bool paced)
{
	bool train = false, delay = false;
	int i;

	if (!o->started || acked_to > o->window_end) {
		o->started = true;
		o->window_end = next;
		o->rtt_sample_count = 0;
		o->round_start = now;
		o->last_ack = now;
		o->train_broken = false;
	}
	if (!isnan(rtt))
		o->min_rtt = fmin(o->min_rtt, rtt);

	/* ACKs that closely follow one another, since the round began */
	if (now - o->last_ack > 2000)
		o->train_broken = true;
	if (!o->train_broken && o->min_rtt < INFINITY) {
		double path = paced ? o->min_rtt : floor(o->min_rtt / 2);

		train = now - o->round_start > path;
	}
	o->last_ack = now;

	/* The first eight of a round, all late */
	if (!isnan(rtt) && o->rtt_sample_count < 8) {
		o->first_samples[(int)o->rtt_sample_count++] = rtt;
		if (o->rtt_sample_count == 8) {
			delay = true;
			for (i = 0; i < 8; i++)
				if (o->first_samples[i] <= o->min_rtt +
				    oracle_rtt_thresh(o->min_rtt))
					delay = false;
		}
	}

	if (o->cwnd < 16)
		return "go on";
	return train ? "train" : delay ? "delay" : "go on";
}

static inline const char *
oracle_hystartpp_ack(struct oracle_slow_start *o, double rtt, double acked_to,
		     double next)
{
	/* windowEnd is ACKed */
	if (!o->started || acked_to > o->window_end) {
		if (o->css)
			o->css_round_count++;
		if (o->css_round_count == 5)
			return "CSS rounds";
		o->started = true;
		o->window_end = next;
		o->last_round_min_rtt = o->current_round_min_rtt;
		o->current_round_min_rtt = INFINITY;
		o->rtt_sample_count = 0;
	}
	if (!isnan(rtt)) {
		o->current_round_min_rtt = fmin(o->current_round_min_rtt, rtt);
		o->rtt_sample_count++;
	}

	if (!o->css) {
		if (o->rtt_sample_count >= 8 &&
		    o->current_round_min_rtt != INFINITY &&
		    o->last_round_min_rtt != INFINITY &&
		    o->current_round_min_rtt >= o->last_round_min_rtt +
		    oracle_rtt_thresh(o->last_round_min_rtt)) {
			o->css_baseline_min_rtt = o->current_round_min_rtt;
			o->css = true;
			o->css_round_count = 0;
			return "enter CSS";
		}
	} else if (o->rtt_sample_count >= 8 &&
		   o->current_round_min_rtt < o->css_baseline_min_rtt) {
		o->css_baseline_min_rtt = INFINITY;
		o->css = false;
		return "resume";
	}
	return "go on";
}

/* An ACK, with its round-trip time or NAN, before the window grows */
static inline const char *
oracle_slow_start_ack(struct oracle_slow_start *o, double now, double rtt,
		      double acked_to, double next, bool paced)
{
	if (o->kind[0] == 'c')
		return "go on";
	if (o->kind[7] == '\0')
		return oracle_hystart_ack(o, now, rtt, acked_to, next, paced);
	return oracle_hystartpp_ack(o, rtt, acked_to, next);
}

static inline void oracle_slow_start_grow(struct oracle_slow_start *o,
					  double acked, bool paced)
{
	bool plus_plus = o->kind[0] == 'H' && o->kind[7] != '\0';
	double limit = plus_plus && !paced ? 8 : INFINITY;

	o->cwnd += fmin(acked, limit) / (o->css ? 4 : 1);
}

#endif /* ORACLE_SLOW_START_H */
