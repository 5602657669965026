// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window of CUBIC (RFC 9438)
 *
 *   On congestion (4.6, 4.7):
 *      W_max = cwnd, or cwnd * (1 + beta) / 2 if cwnd is below the last W_max
 *      cwnd_prior = cwnd
 *      ssthresh = max(beta * cwnd, 2)
 *
 *   When a congestion avoidance stage begins (4.2, 4.8, 4.10):
 *      t_epoch = now
 *      K = cbrt((W_max - cwnd) / C)
 *      W_est = cwnd
 *
 *   On each ACK of a stage, with t = now - t_epoch:
 *      W_cubic(t) = C * (t - K)^3 + W_max                              (4.2)
 *      W_est += alpha * acked / cwnd                                   (4.3)
 *      if W_cubic(t) < W_est        Reno-friendly region               (4.3)
 *         cwnd = W_est
 *      else                         concave or convex region      (4.4, 4.5)
 *         target = W_cubic(t + srtt), clamped to [cwnd, 1.5 * cwnd]
 *         cwnd += (target - cwnd) * acked / cwnd
 *
 * A stage, over the time since its beginning:
 *
 *   cwnd  |                                              .
 *         |                                             .
 *         |                                           .     convex
 *   W_max |- - - - - - - - - - - - - . . . . . - - - - - - - - - - - -
 *         |                 .
 *         |            .            concave
 *         |         .
 *         |       .
 *    beta |- - - .
 *  *W_max +------+-----------------------+--------------------------->
 *             t_epoch              t_epoch + K
 *
 * The window has a whole part, which the core uses, and a fraction, which stays
 * here. A step that is not a whole packet is kept, so that the sum of many
 * small steps is what the RFC says, at any window.
 *
 * t counts only time in which the window was in use: see
 * lucid_cubic_app_limited().
 */
#include "cbrt.h"
#include "cubic.h"

/* The curve is drawn this far from K on either side, ticks: 4.2 hours. Even at
 * C = 0.001, the smallest, it has by then moved by more than 2^31 packets; at
 * the largest C it still fits 64 bits.
 */
#define LUCID_CUBIC_HORIZON	1000000000U

/* ssthresh never falls below this after an ECN signal, packets (section 4.6). */
#define LUCID_CUBIC_ECE_MIN	1U

const struct lucid_cubic_params lucid_cubic_defaults = {
	.beta = LUCID_CUBIC_BETA,
	.beta_ecn = LUCID_CUBIC_BETA,
	.c = LUCID_CUBIC_C,
	.fast_convergence = true,
	.reno_friendly = true,
};

/* The window with its fraction, 2^-32 packets. */
static u64 lucid_cubic_cwnd(const struct lucid_cubic *ca, u32 cwnd)
{
	return ((u64)cwnd << 32) | ca->cwnd_frac;
}

static void lucid_cubic_set_w_est(struct lucid_cubic *ca, u64 w_est)
{
	w_est = min(w_est, (u64)LUCID_CWND_MAX << 16);
	ca->epoch.w_est = w_est >> 16;
	ca->epoch.w_est_frac = w_est;
}

static void lucid_cubic_set_w_max(struct lucid_cubic *ca, u64 w_max)
{
	ca->epoch.w_max = w_max >> 16;
	ca->epoch.w_max_frac = w_max >> 8;
}

/**
 * lucid_cubic_reset - the state of a connection that has just begun
 * @ca: state of the connection
 */
void lucid_cubic_reset(struct lucid_cubic *ca)
{
	memset(ca, 0, sizeof(*ca));
}

/* K in ticks, for a window that has @distance (2^-16 packets) to go (4.2). */
static u32 lucid_cubic_k(const struct lucid_cubic_params *par, u64 distance)
{
	u32 rest;
	u64 whole = div_u64_rem(distance * LUCID_FACTOR_ONE, par->c, &rest);
	u32 frac = div_u64((u64)rest << 32, par->c);

	/* whole.frac is distance / C in 2^-16 s^3. As a number of 2^-48 s^3,
	 * without its point, its cube root is in 2^-16 s.
	 */
	return lucid_cbrt(whole >> 32, (whole << 32) | frac);
}

/* A congestion avoidance stage begins with the window at @cwnd. */
static void lucid_cubic_begin_stage(struct lucid_cubic *ca,
				    const struct lucid_cubic_params *par,
				    u32 cwnd, u32 now)
{
	u64 cwnd_epoch = lucid_cubic_cwnd(ca, cwnd) >> 16;
	u64 w_max = lucid_cubic_w_max(ca);

	ca->epoch.t_epoch = now;
	lucid_cubic_set_w_est(ca, cwnd_epoch);
	ca->w_est_rem = 0;

	/* Slow start has ended and nothing was lost (4.10). */
	if (!ca->epoch.cwnd_prior)
		ca->epoch.cwnd_prior = cwnd;

	/* W_max is unknown (4.8, 4.10), or slow start has gone past it. */
	if (w_max <= cwnd_epoch) {
		lucid_cubic_set_w_max(ca, cwnd_epoch);
		ca->epoch.k = 0;
	} else {
		ca->epoch.k = lucid_cubic_k(par, w_max - cwnd_epoch);
	}
}

/**
 * lucid_cubic_end_stage - congestion avoidance is over
 * @ca: state of the connection
 *
 * What comes next, slow start for example, sets the window by other rules. The
 * next stage begins at the first ACK that is given to lucid_cubic_cong_avoid().
 */
void lucid_cubic_end_stage(struct lucid_cubic *ca)
{
	ca->epoch.region = LUCID_CUBIC_NONE;
	ca->cwnd_frac = 0;
}

/**
 * lucid_cubic_elapsed - t, the age of the stage without the time that must not
 * count
 * @ca: state of the connection, in a stage
 * @now_us: time on the connection's clock, us
 *
 * Return: ticks.
 */
u32 lucid_cubic_elapsed(const struct lucid_cubic *ca, u64 now_us)
{
	s32 t = lucid_ticks(now_us) - ca->epoch.t_epoch;

	return max(t, 0);
}

/**
 * lucid_cubic_w - W_cubic(t), the curve (section 4.2)
 * @ca: state of the connection, in a stage
 * @par: parameters
 * @t: time since t_epoch, ticks
 *
 * Return: 2^-16 packets, from 0 to just below 2^32 packets.
 */
u64 lucid_cubic_w(const struct lucid_cubic *ca,
		  const struct lucid_cubic_params *par, u32 t)
{
	u64 ceiling = (u64)U32_MAX << 16;
	u64 w_max = lucid_cubic_w_max(ca);
	u32 k = ca->epoch.k;
	u32 offset = min(t < k ? k - t : t - k, LUCID_CUBIC_HORIZON);

	/* |t - K|^3 in 2^-16 s^3, hence delta in 2^-16 packets. */
	u64 cube = mul_u64_u32_shr((u64)offset * offset, offset, 32);
	u64 delta = mul_u64_u32_div(cube, par->c, LUCID_FACTOR_ONE);

	if (t < k)
		return w_max - min(w_max, delta);
	return min(w_max + delta, ceiling);
}

/**
 * lucid_cubic_alpha - alpha, what W_est gains in each round trip (section 4.3)
 * @ca: state of the connection, in a stage
 * @par: parameters
 *
 * With 3 * (1 - beta) / (1 + beta) a flow that keeps beta of its window has on
 * average the window of Reno, which gains 1 and keeps half. Beyond the window
 * before the last reduction there is nothing left to even out.
 *
 * Return: 2^-16 packets for each window acknowledged.
 */
u32 lucid_cubic_alpha(const struct lucid_cubic *ca,
		      const struct lucid_cubic_params *par)
{
	if (ca->epoch.w_est >= ca->epoch.cwnd_prior)
		return 1U << 16;

	return ((3 * (LUCID_FACTOR_ONE - par->beta)) << 16) /
	       (LUCID_FACTOR_ONE + par->beta);
}

/*
 * Where cwnd is W_est, somebody else may have lowered it: the core does while an
 * application leaves the window unused (RFC 7661 has why). W_est comes down with
 * it, or the first ACK of what is sent next would take all of it back at once.
 */
static void lucid_cubic_follow(struct lucid_cubic *ca, u64 cwnd)
{
	if (ca->epoch.region == LUCID_CUBIC_RENO_FRIENDLY &&
	    lucid_cubic_w_est(ca) > cwnd >> 16)
		lucid_cubic_set_w_est(ca, cwnd >> 16);
}

/* W_est += alpha * acked / cwnd, nothing lost to rounding (4.3). */
static void lucid_cubic_update_w_est(struct lucid_cubic *ca,
				     const struct lucid_cubic_params *par,
				     u32 cwnd, u32 acked)
{
	u64 gain = (u64)acked * lucid_cubic_alpha(ca, par) + ca->w_est_rem;

	gain = div_u64_rem(gain, cwnd, &ca->w_est_rem);
	lucid_cubic_set_w_est(ca, lucid_cubic_w_est(ca) + gain);
}

/* The window wanted one round trip from now, 2^-32 packets (4.2). */
static u64 lucid_cubic_target(const struct lucid_cubic *ca,
			      const struct lucid_cubic_params *par, u64 cwnd,
			      u32 t)
{
	u64 w_cubic = lucid_cubic_w(ca, par, t) << 16;

	return clamp(w_cubic, cwnd, cwnd + (cwnd >> 1));
}

/**
 * lucid_cubic_cong_avoid - the window after an ACK in congestion avoidance
 * @ca: state of the connection
 * @par: parameters
 * @win: the window, not below ssthresh
 * @now_us: time on the connection's clock, us
 * @srtt_us: smoothed round-trip time, us (srtt_us of tcp_sock is 8 times this)
 * @acked: packets that this ACK newly acknowledges
 *
 * Sections 4.2 to 4.5. The RFC adds its step for each ACK. As for Reno, an ACK
 * for several packets counts here like as many ACKs, so that delayed and merged
 * ACKs do not slow the window down; at most to target, since that is where a
 * whole window of them leads.
 */
void lucid_cubic_cong_avoid(struct lucid_cubic *ca,
			    const struct lucid_cubic_params *par,
			    struct lucid_window *win, u64 now_us, u32 srtt_us,
			    u32 acked)
{
	u32 now = lucid_ticks(now_us);
	u32 round = max(win->cwnd, 1U);
	u32 limit = lucid_cwnd_limit(win);
	u64 cwnd = lucid_cubic_cwnd(ca, win->cwnd);
	u64 target;
	u32 t;

	if (ca->epoch.region == LUCID_CUBIC_NONE)
		lucid_cubic_begin_stage(ca, par, win->cwnd, now);
	else
		lucid_cubic_follow(ca, cwnd);

	/* Beyond the horizon the stage does not age: t_epoch stays within
	 * reach of a 32-bit clock for as long as the stage lasts.
	 */
	t = lucid_cubic_elapsed(ca, now_us);
	if (t > LUCID_CUBIC_HORIZON) {
		t = LUCID_CUBIC_HORIZON;
		ca->epoch.t_epoch = now - t;
	}
	ca->t_last = now;

	lucid_cubic_update_w_est(ca, par, round, acked);

	if (par->reno_friendly &&
	    lucid_cubic_w(ca, par, t) < lucid_cubic_w_est(ca)) {
		ca->epoch.region = LUCID_CUBIC_RENO_FRIENDLY;
		cwnd = max(cwnd, lucid_cubic_w_est(ca) << 16);
	} else {
		ca->epoch.region = win->cwnd < ca->epoch.w_max ?
				   LUCID_CUBIC_CONCAVE : LUCID_CUBIC_CONVEX;
		t = lucid_cubic_elapsed(ca, now_us + srtt_us);
		target = lucid_cubic_target(ca, par, cwnd, t);
		cwnd += mul_u64_u32_div(target - cwnd, min(acked, round),
					round);
	}

	cwnd = min(cwnd, (u64)limit << 32);
	win->cwnd = cwnd >> 32;
	ca->cwnd_frac = cwnd;
}

/**
 * lucid_cubic_on_ack - the window after an ACK that found it fully used
 * @ca: state of the connection
 * @par: parameters
 * @ss: slow start of the connection
 * @win: the window
 * @now_us: time on the connection's clock, us
 * @srtt_us: smoothed round-trip time, us
 * @acked: packets that this ACK newly acknowledges
 * @paced: the sender spreads its packets over time
 *
 * Slow start of any kind (section 4.10), then CUBIC. An ACK that finds the
 * sender limited by anything but its window goes to lucid_cubic_app_limited()
 * instead.
 */
void lucid_cubic_on_ack(struct lucid_cubic *ca,
			const struct lucid_cubic_params *par,
			struct lucid_slow_start *ss, struct lucid_window *win,
			u64 now_us, u32 srtt_us, u32 acked, bool paced)
{
	if (lucid_in_slow_start(win)) {
		lucid_cubic_end_stage(ca);
		acked = lucid_slow_start_grow(ss, win, acked, paced);
		/* Time that counts, of a stage that an undo may bring back. */
		ca->t_last = lucid_ticks(now_us);
		if (!acked)
			return;
	}
	lucid_cubic_cong_avoid(ca, par, win, now_us, srtt_us, acked);
}

/**
 * lucid_cubic_app_limited - the time since the last ACK does not count
 * @ca: state of the connection
 * @now_us: time on the connection's clock, us
 *
 * Section 4.2: t MUST NOT include time in which the window did not change
 * because the application (or the receiver's window) limited the flow. To be
 * called for each ACK that finds the window not fully used, and when sending
 * resumes after a pause. Together with lucid_cubic_on_ack() it divides all time
 * between two events into time that counts and time that does not, so it does
 * not matter how often it is called. Of a stage that an undo may bring back it
 * does not count either.
 */
void lucid_cubic_app_limited(struct lucid_cubic *ca, u64 now_us)
{
	u32 now = lucid_ticks(now_us);
	u32 pause = now - ca->t_last;

	ca->epoch.t_epoch += pause;
	ca->undo.t_epoch += pause;
	ca->t_last = now;
}

/**
 * lucid_cubic_ssthresh - congestion: the stage ends, the window is to shrink
 * @ca: state of the connection
 * @par: parameters
 * @cwnd: window when congestion was found, packets
 * @signal: what told of it
 *
 * Sections 4.6 and 4.7. As it was before, the state is kept for
 * lucid_cubic_undo(). The fraction of beta * cwnd is not lost: the next stage
 * begins with it.
 *
 * Return: ssthresh in packets, at least 2 after a loss, 1 after an ECN signal.
 */
u32 lucid_cubic_ssthresh(struct lucid_cubic *ca,
			 const struct lucid_cubic_params *par, u32 cwnd,
			 enum lucid_signal signal)
{
	bool ece = signal == LUCID_SIGNAL_ECE;
	u32 beta = ece ? par->beta_ecn : par->beta;
	u32 least = ece ? LUCID_CUBIC_ECE_MIN : LUCID_SSTHRESH_MIN;
	u64 window = lucid_cubic_cwnd(ca, cwnd);
	u64 w_max = window >> 16;
	u64 ssthresh = mul_u64_u32_div(window, beta, LUCID_FACTOR_ONE);

	ca->undo = ca->epoch;

	if (par->fast_convergence && w_max < lucid_cubic_w_max(ca))
		w_max = mul_u64_u32_div(w_max, LUCID_FACTOR_ONE + beta,
					2 * LUCID_FACTOR_ONE);
	lucid_cubic_set_w_max(ca, w_max);
	ca->epoch.cwnd_prior = cwnd;

	lucid_cubic_end_stage(ca);
	ssthresh = max(ssthresh, (u64)least << 32);
	ca->cwnd_frac = ssthresh;
	return ssthresh >> 32;
}

/**
 * lucid_cubic_on_rto - a retransmission timeout has fired
 * @ca: state of the connection
 *
 * Section 4.8: after it, the first stage takes its W_max from the window it
 * begins with, and K is 0. To be called after lucid_cubic_ssthresh(), which the
 * core leaves out if fast recovery has already asked for the same losses.
 */
void lucid_cubic_on_rto(struct lucid_cubic *ca)
{
	lucid_cubic_end_stage(ca);
	lucid_cubic_set_w_max(ca, 0);
}

/**
 * lucid_cubic_undo - the last reduction turned out to be spurious
 * @ca: state of the connection
 * @cwnd: window now, packets
 * @prior_cwnd: window before the reduction, packets
 *
 * Section 4.9.2: restores W_max, K, t_epoch, W_est and cwnd_prior; the core
 * restores ssthresh. A window that has grown past the old one since is better
 * founded than what it would be replaced by, and stays with its stage and W_max.
 *
 * Return: the window from now on, packets.
 */
u32 lucid_cubic_undo(struct lucid_cubic *ca, u32 cwnd, u32 prior_cwnd)
{
	if (cwnd > prior_cwnd)
		return cwnd;

	ca->epoch = ca->undo;
	ca->cwnd_frac = 0;
	ca->w_est_rem = 0;
	return prior_cwnd;
}
