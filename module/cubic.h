/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window of CUBIC (RFC 9438)
 *
 * Names are the RFC's, in lower case. Units: windows are packets, or 2^-16 and
 * 2^-32 packets where a comment says so; the clock that goes in is
 * microseconds, as tcp_mstamp counts them; inside, time is in ticks of 2^-16 s
 * (15.3 us), whatever HZ is.
 */
#ifndef _LUCID_CUBIC_H
#define _LUCID_CUBIC_H

#include "arith.h"
#include "reno.h"
#include "slow_start.h"

#define LUCID_CUBIC_BETA	700U	/* RFC 9438 section 4.6 */
#define LUCID_CUBIC_C		400U	/* RFC 9438 section 5 */

/**
 * struct lucid_cubic_params - what an experimenter may change
 * @beta: window kept after a loss, thousandths, 1 to 999 (section 4.6)
 * @beta_ecn: window kept after an ECN signal, thousandths, 1 to 999; the same
 *	as @beta, unless RFC 8511 is wanted
 * @c: C, thousandths of a packet per second cubed, 1 to 65535 (section 5)
 * @fast_convergence: give up bandwidth to newcomers faster (section 4.7)
 * @reno_friendly: never be slower than Reno (section 4.3)
 *
 * Nothing in struct lucid_cubic depends on them while no stage is under way,
 * but they should stay the same for the life of a connection.
 */
struct lucid_cubic_params {
	u16 beta;
	u16 beta_ecn;
	u16 c;
	bool fast_convergence;
	bool reno_friendly;
};

extern const struct lucid_cubic_params lucid_cubic_defaults;

/* What told of congestion (section 3.1). */
enum lucid_signal {
	LUCID_SIGNAL_LOSS,
	LUCID_SIGNAL_ECE,
};

/* Where the last ACK found the window (sections 4.3, 4.4 and 4.5). */
enum lucid_cubic_region {
	LUCID_CUBIC_NONE,	/* no congestion avoidance stage under way */
	LUCID_CUBIC_RENO_FRIENDLY,
	LUCID_CUBIC_CONCAVE,
	LUCID_CUBIC_CONVEX,
};

/**
 * struct lucid_cubic_epoch - what section 4.9.2 restores after a spurious loss
 * @w_max: W_max, whole packets; 0 when no loss, or an RTO, leaves it unknown
 * @cwnd_prior: window before the last reduction, packets; 0 before the first
 * @t_epoch: when the stage began, ticks, moved on by any time that must not
 *	count
 * @k: K, ticks from @t_epoch until the curve is back at @w_max
 * @w_est: W_est, whole packets
 * @w_est_frac: W_est, fraction, 2^-16 packets
 * @w_max_frac: W_max, fraction, 2^-8 packets
 * @region: enum lucid_cubic_region as the last ACK found it
 *
 * @t_epoch, @k and W_est mean something while @region is not LUCID_CUBIC_NONE.
 */
struct lucid_cubic_epoch {
	u32 w_max;
	u32 cwnd_prior;
	u32 t_epoch;
	u32 k;
	u32 w_est;
	u16 w_est_frac;
	u8 w_max_frac;
	u8 region;
};

/**
 * struct lucid_cubic - CUBIC's private state of one connection
 * @epoch: the congestion avoidance stage under way
 * @undo: @epoch as it was before the last reduction
 * @cwnd_frac: fraction of a packet that cwnd cannot hold, 2^-32 packets
 * @w_est_rem: what the last step of W_est left over, 2^-16 packets / cwnd
 * @t_last: when the last ACK or pause was accounted for, ticks
 *
 * All zero is the right start.
 */
struct lucid_cubic {
	struct lucid_cubic_epoch epoch;
	struct lucid_cubic_epoch undo;
	u32 cwnd_frac;
	u32 w_est_rem;
	u32 t_last;
};

/**
 * lucid_ticks - microseconds to ticks
 * @us: a duration or a time of the connection's clock, below 2^54 us
 *
 * Return: ticks of 2^-16 s, modulo 2^32 (18.2 hours).
 */
static inline u32 lucid_ticks(u64 us)
{
	/* 2^16 / 10^6 = 2^10 / 15625 */
	return div_u64(us << 10, 15625);
}

/**
 * lucid_ticks_to_us - ticks to microseconds
 * @ticks: a duration in ticks of 2^-16 s
 *
 * Return: microseconds, rounded down.
 */
static inline u64 lucid_ticks_to_us(u32 ticks)
{
	return ((u64)ticks * 15625) >> 10;
}

static inline enum lucid_cubic_region
lucid_cubic_region(const struct lucid_cubic *ca)
{
	return ca->epoch.region;
}

/* W_est with its fraction, 2^-16 packets. */
static inline u64 lucid_cubic_w_est(const struct lucid_cubic *ca)
{
	return ((u64)ca->epoch.w_est << 16) | ca->epoch.w_est_frac;
}

/* W_max with its fraction, 2^-16 packets. */
static inline u64 lucid_cubic_w_max(const struct lucid_cubic *ca)
{
	return ((u64)ca->epoch.w_max << 16) | (ca->epoch.w_max_frac << 8);
}

/* W_max before the last reduction, 2^-16 packets. */
static inline u64 lucid_cubic_old_w_max(const struct lucid_cubic *ca)
{
	return ((u64)ca->undo.w_max << 16) | (ca->undo.w_max_frac << 8);
}

void lucid_cubic_reset(struct lucid_cubic *ca);
void lucid_cubic_on_ack(struct lucid_cubic *ca,
			const struct lucid_cubic_params *par,
			struct lucid_slow_start *ss, struct lucid_window *win,
			u64 now_us, u32 srtt_us, u32 acked, bool paced);
void lucid_cubic_app_limited(struct lucid_cubic *ca, u64 now_us);
u32 lucid_cubic_ssthresh(struct lucid_cubic *ca,
			 const struct lucid_cubic_params *par, u32 cwnd,
			 enum lucid_signal signal);
void lucid_cubic_on_rto(struct lucid_cubic *ca);
u32 lucid_cubic_undo(struct lucid_cubic *ca, u32 cwnd, u32 prior_cwnd);

/* The parts of lucid_cubic_on_ack(), for traces and for tests. */
void lucid_cubic_end_stage(struct lucid_cubic *ca);
void lucid_cubic_cong_avoid(struct lucid_cubic *ca,
			    const struct lucid_cubic_params *par,
			    struct lucid_window *win, u64 now_us, u32 srtt_us,
			    u32 acked);
u32 lucid_cubic_elapsed(const struct lucid_cubic *ca, u64 now_us);
u64 lucid_cubic_w(const struct lucid_cubic *ca,
		  const struct lucid_cubic_params *par, u32 t);
u32 lucid_cubic_alpha(const struct lucid_cubic *ca,
		      const struct lucid_cubic_params *par);

#endif /* _LUCID_CUBIC_H */
