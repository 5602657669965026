/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RFC 5681 and RFC 9438 in double precision
 *
 * What module/ is tested against. Written from the text of the RFCs, in their
 * units: seconds, segments, fractions of a segment everywhere. It shares no
 * code with module/, and nothing here cares about speed or overflow.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <math.h>
#include <stdbool.h>

struct oracle {
	/* parameters */
	double beta;
	double c;
	bool fast_convergence;
	bool reno_friendly;

	/* A window of 12.7 segments lets 12 travel. The RFC divides by 12.7;
	 * with this, by 12, so that a round trip of ACKs makes a whole step.
	 */
	bool whole_segments;

	/* RFC 5681 */
	double cwnd;
	double ssthresh;

	/* RFC 9438; a W_max of 0 is one that is not defined */
	double w_max;
	double k;
	double w_est;
	double cwnd_prior;
	double cwnd_epoch;
	double t_epoch;
	bool stage;	/* of congestion avoidance */
};

static inline void oracle_init(struct oracle *o, double cwnd)
{
	*o = (struct oracle){
		.beta = 0.7,
		.c = 0.4,
		.fast_convergence = true,
		.reno_friendly = true,
		.cwnd = cwnd,
		.ssthresh = INFINITY,
	};
}

/* Section 4.2, Figure 1 */
static inline double oracle_w_cubic(const struct oracle *o, double t)
{
	return o->c * pow(t - o->k, 3) + o->w_max;
}

/* Section 4.2, Figure 2 */
static inline double oracle_k(double w_max, double cwnd_epoch, double c)
{
	return cbrt((w_max - cwnd_epoch) / c);
}

static inline double oracle_alpha(double beta)
{
	return 3 * (1 - beta) / (1 + beta);
}

static inline void oracle_begin_stage(struct oracle *o, double now)
{
	o->stage = true;
	o->t_epoch = now;
	o->cwnd_epoch = o->cwnd;
	o->w_est = o->cwnd_epoch;

	/* Section 4.10: after slow start without a loss */
	if (o->cwnd_prior == 0)
		o->cwnd_prior = o->cwnd;

	/* Sections 4.8 and 4.10: K is set to 0 */
	if (o->w_max < o->cwnd)
		o->w_max = o->cwnd;
	o->k = oracle_k(o->w_max, o->cwnd_epoch, o->c);
}

/* An ACK for @acked segments, at @now, by a sender that uses all of cwnd */
static inline void oracle_ack(struct oracle *o, double now, double srtt,
			      double acked)
{
	double target, alpha, divisor;

	if (o->cwnd < o->ssthresh) {
		double grow = fmin(acked, o->ssthresh - o->cwnd);

		o->stage = false;
		o->cwnd += grow;
		acked -= grow;
		if (acked == 0)
			return;
	}

	if (!o->stage)
		oracle_begin_stage(o, now);

	divisor = o->whole_segments ? floor(o->cwnd) : o->cwnd;

	/* Section 4.3 */
	alpha = o->w_est >= o->cwnd_prior ? 1 : oracle_alpha(o->beta);
	o->w_est += alpha * acked / divisor;
	if (o->reno_friendly &&
	    oracle_w_cubic(o, now - o->t_epoch) < o->w_est) {
		o->cwnd = fmax(o->cwnd, o->w_est);
		return;
	}

	/* Sections 4.2, 4.4, 4.5 */
	target = oracle_w_cubic(o, now - o->t_epoch + srtt);
	if (target < o->cwnd)
		target = o->cwnd;
	if (target > 1.5 * o->cwnd)
		target = 1.5 * o->cwnd;
	o->cwnd += (target - o->cwnd) * acked / divisor;
}

/* Sections 4.6 and 4.7; the window is at ssthresh at once */
static inline void oracle_loss(struct oracle *o)
{
	if (o->fast_convergence && o->cwnd < o->w_max)
		o->w_max = o->cwnd * (1 + o->beta) / 2;
	else
		o->w_max = o->cwnd;
	o->cwnd_prior = o->cwnd;
	o->ssthresh = fmax(o->cwnd * o->beta, 2);
	o->cwnd = o->ssthresh;
	o->stage = false;
}

/* The windows RFC 9438 section 5 and RFC 5681 lead to, when every 1/p-th
 * segment is lost: sections 5.1 and 5.2 of RFC 9438.
 */
static inline double oracle_reno_window(double p)
{
	return sqrt(1.5 / p);
}

static inline double oracle_cubic_window(double p, double rtt, double c,
					 double beta)
{
	return pow(c * (3 + beta) / (4 * (1 - beta)), 0.25) *
	       pow(rtt, 0.75) / pow(p, 0.75);
}

#endif /* ORACLE_H */
