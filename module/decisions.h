/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events that tell what a control decides and why. Each does nothing unless
 * somebody listens; those of every ACK do not even call.
 */
#ifndef _TCP_LUCID_DECISIONS_H
#define _TCP_LUCID_DECISIONS_H

#include <trace/events/tcp_lucid.h>

#include "congestion.h"
#include "cubic.h"
#include "slow_start.h"

/**
 * struct lucid_before - a connection as an ACK finds it
 * @cwnd: packets
 * @frac: the fraction of @cwnd, 2^-32 packets
 * @region: enum lucid_cubic_region
 * @slow_start: cwnd is below ssthresh
 */
struct lucid_before {
	u32 cwnd;
	u32 frac;
	u8 region;
	bool slow_start;
};

void lucid_tell_slow_start(const struct sock *sk,
			   const struct lucid_slow_start *ss, u8 what);
void lucid_report_growth(const struct sock *sk, const struct lucid_cubic *ca,
			 const struct lucid_cubic_params *par,
			 const struct lucid_before *before);
void lucid_tell_reduction(const struct sock *sk, const struct lucid_flow *flow,
			  const struct lucid_cubic *ca,
			  const struct lucid_slow_start *ss, u16 beta,
			  u8 cause);
void lucid_tell_undo(const struct sock *sk, const struct lucid_cubic *ca,
		     u32 cwnd);
void lucid_tell_unused(const struct sock *sk, const struct lucid_cubic *ca,
		       u8 what);
void lucid_report_sample(const struct sock *sk,
			 const struct lucid_slow_start_sample *s);
void lucid_report_ack(const struct sock *sk, const struct lucid_cubic *ca,
		      const struct lucid_cubic_params *par, u32 old_cwnd,
		      u32 acked, u8 phase, u16 flags);

static inline void lucid_tell_sample(const struct sock *sk,
				     const struct lucid_slow_start_sample *s)
{
	if (trace_sample_enabled())
		lucid_report_sample(sk, s);
}

static inline void lucid_tell_growth(const struct sock *sk,
				     const struct lucid_cubic *ca,
				     const struct lucid_cubic_params *par,
				     const struct lucid_before *before)
{
	if (trace_slow_start_enabled() || trace_epoch_enabled() ||
	    trace_region_enabled())
		lucid_report_growth(sk, ca, par, before);
}

u8 lucid_cubic_phase(const struct lucid_cubic *ca);

#endif /* _TCP_LUCID_DECISIONS_H */
