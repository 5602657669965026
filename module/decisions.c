// SPDX-License-Identifier: GPL-2.0-only
/*
 * The events that tell what a control decides and why.
 *
 * They are made of what the arithmetic was given and of the state it left, and
 * change neither. lucid_reno has no struct lucid_cubic; where one is passed, it
 * may be NULL, and its fields are 0.
 */
#include "conn.h"
#include "decisions.h"

/* 2^-16 packets in thousandths. */
static u64 lucid_milli(u64 packets)
{
	return (packets * 1000) >> 16;
}

/* The window with its fraction of 2^-32 packets, in thousandths. */
static u64 lucid_cwnd_milli(u32 cwnd, u32 frac)
{
	return lucid_milli((u64)cwnd << 16 | frac >> 16);
}

static u8 lucid_region_phase(u8 region)
{
	switch (region) {
	case LUCID_CUBIC_RENO_FRIENDLY:
		return TCP_LUCID_PHASE_RENO_FRIENDLY;
	case LUCID_CUBIC_CONCAVE:
		return TCP_LUCID_PHASE_CONCAVE;
	case LUCID_CUBIC_CONVEX:
		return TCP_LUCID_PHASE_CONVEX;
	default:
		/* ssthresh is reached, but no stage has begun yet. */
		return TCP_LUCID_PHASE_AVOIDANCE;
	}
}

/**
 * lucid_cubic_phase() - which rule governs the window in congestion avoidance
 * @ca: CUBIC's state
 *
 * Return: TCP_LUCID_PHASE_*.
 */
u8 lucid_cubic_phase(const struct lucid_cubic *ca)
{
	return lucid_region_phase(lucid_cubic_region(ca));
}

/**
 * lucid_tell_slow_start() - slow start ends, or changes its pace
 * @sk: a socket on one of our controls, locked
 * @ss: the first slow start, or NULL: the classic one, or a later
 * @what: TCP_LUCID_SS_*
 */
void lucid_tell_slow_start(const struct sock *sk,
			   const struct lucid_slow_start *ss, u8 what)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_slow_start_turn turn = {
		.what = what,
		.cwnd = tcp_snd_cwnd(tp),
		.ssthresh = tp->snd_ssthresh,
	};
	struct lucid_conn conn;

	if (!trace_slow_start_enabled())
		return;
	if (ss && ss->kind != LUCID_SLOW_START_CLASSIC) {
		turn.round_min_us = lucid_slow_start_round_min(ss);
		turn.base_us = what == TCP_LUCID_SS_CSS_RESUME ||
			       what == TCP_LUCID_SS_CSS_ROUNDS ?
			       lucid_slow_start_baseline(ss) :
			       lucid_slow_start_reference(ss);
		turn.threshold_us = lucid_slow_start_threshold(ss);
		turn.train_us = lucid_slow_start_train(ss);
		turn.samples = lucid_slow_start_samples(ss);
		turn.rounds = lucid_slow_start_css_rounds(ss);
	}
	lucid_conn_from_sock(&conn, sk);
	trace_slow_start(&conn, &turn);
}

/* What begins a stage is not kept; it follows from how the ACK found things. */
static void lucid_tell_epoch(const struct sock *sk,
			     const struct lucid_cubic *ca,
			     const struct lucid_cubic_params *par,
			     const struct lucid_before *before)
{
	struct lucid_epoch ep;
	struct lucid_conn conn;

	if (!trace_epoch_enabled())
		return;
	ep.now_us = tcp_sk(sk)->tcp_mstamp;
	ep.w_max_milli = lucid_milli(lucid_cubic_w_max(ca));
	/* Of this ACK slow start took the first part, as far as ssthresh. */
	ep.cwnd_milli = before->slow_start ?
			(u64)tcp_sk(sk)->snd_ssthresh * 1000 :
			lucid_cwnd_milli(before->cwnd, before->frac);
	ep.k_us = lucid_ticks_to_us(ca->epoch.k);
	ep.cwnd_prior = ca->epoch.cwnd_prior;
	ep.c = par->c;
	lucid_conn_from_sock(&conn, sk);
	trace_epoch(&conn, &ep);
}

static void lucid_tell_region(const struct sock *sk,
			      const struct lucid_cubic *ca,
			      const struct lucid_cubic_params *par, u8 from)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_region reg;
	struct lucid_conn conn;
	u32 t;

	if (!trace_region_enabled())
		return;
	t = lucid_cubic_elapsed(ca, tp->tcp_mstamp);
	reg.t_us = lucid_ticks_to_us(t);
	reg.w_cubic_milli = lucid_milli(lucid_cubic_w(ca, par, t));
	reg.w_est_milli = lucid_milli(lucid_cubic_w_est(ca));
	reg.cwnd = tcp_snd_cwnd(tp);
	reg.w_max = ca->epoch.w_max;
	reg.from = from;
	reg.to = lucid_cubic_phase(ca);
	lucid_conn_from_sock(&conn, sk);
	trace_region(&conn, &reg);
}

/**
 * lucid_report_growth() - an ACK has been given to CUBIC: tell what it decided
 * @sk: a socket on lucid, locked
 * @ca: CUBIC's state
 * @par: its parameters
 * @before: as the ACK found it
 */
void lucid_report_growth(const struct sock *sk, const struct lucid_cubic *ca,
			 const struct lucid_cubic_params *par,
			 const struct lucid_before *before)
{
	/* A pause brings slow start back, and that ends the stage. */
	u8 from = before->slow_start ? LUCID_CUBIC_NONE : before->region;
	u8 to = lucid_cubic_region(ca);

	if (before->slow_start && !tcp_in_slow_start(tcp_sk(sk)))
		lucid_tell_slow_start(sk, NULL, TCP_LUCID_SS_SSTHRESH);
	if (to == from || to == LUCID_CUBIC_NONE)
		return;
	if (from == LUCID_CUBIC_NONE)
		lucid_tell_epoch(sk, ca, par, before);
	lucid_tell_region(sk, ca, par, lucid_region_phase(from));
}

/**
 * lucid_tell_reduction() - ssthresh has been set because of congestion
 * @sk: a socket on one of our controls, locked
 * @flow: in its private state
 * @ca: CUBIC's state, or NULL
 * @ss: its slow start, or NULL for the classic one
 * @beta: thousandths of the window that are kept
 * @cause: TCP_LUCID_CAUSE_*; 0: there is nothing to tell
 */
void lucid_tell_reduction(const struct sock *sk, const struct lucid_flow *flow,
			  const struct lucid_cubic *ca,
			  const struct lucid_slow_start *ss, u16 beta,
			  u8 cause)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_reduction red = {
		.cwnd = tp->prior_cwnd,
		.ssthresh = tp->snd_ssthresh,
		.beta = beta,
		.cause = cause,
	};
	struct lucid_conn conn;

	/* What becomes of a lost SYN's window is forgotten. */
	if (!cause || lucid_opening(sk))
		return;
	if (cause != TCP_LUCID_CAUSE_RTO_AGAIN && flow->was_slow_start)
		lucid_tell_slow_start(sk, ss, TCP_LUCID_SS_CONGESTION);
	if (!trace_reduction_enabled())
		return;
	if (ca) {
		red.w_max_milli = lucid_milli(lucid_cubic_w_max(ca));
		red.old_w_max_milli = lucid_milli(lucid_cubic_old_w_max(ca));
	}
	lucid_conn_from_sock(&conn, sk);
	trace_reduction(&conn, &red);
}

/**
 * lucid_tell_undo() - a reduction is being taken back
 * @sk: a socket on one of our controls, locked
 * @ca: CUBIC's state, or NULL
 * @cwnd: the window from now on, packets
 */
void lucid_tell_undo(const struct sock *sk, const struct lucid_cubic *ca,
		     u32 cwnd)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_undo undo = {
		.old_cwnd = tcp_snd_cwnd(tp),
		.cwnd = cwnd,
		.ssthresh = max(tp->snd_ssthresh, tp->prior_ssthresh),
	};
	struct lucid_conn conn;

	if (!trace_undo_enabled())
		return;
	if (ca) {
		undo.w_max_milli = lucid_milli(lucid_cubic_w_max(ca));
		undo.cwnd_prior = ca->epoch.cwnd_prior;
		if (lucid_cubic_region(ca) != LUCID_CUBIC_NONE)
			undo.k_us = lucid_ticks_to_us(ca->epoch.k);
	}
	lucid_conn_from_sock(&conn, sk);
	trace_undo(&conn, &undo);
}

/**
 * lucid_tell_unused() - time that does not count begins or ends
 * @sk: a socket on one of our controls, locked
 * @ca: CUBIC's state, NULL for lucid_reno
 * @what: TCP_LUCID_UNUSED_*
 */
void lucid_tell_unused(const struct sock *sk, const struct lucid_cubic *ca,
		       u8 what)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_unused un = {
		.now_us = tp->tcp_mstamp,
		.cwnd = tcp_snd_cwnd(tp),
		.in_flight = tcp_packets_in_flight(tp),
		.what = what,
	};
	struct lucid_conn conn;

	if (!trace_unused_enabled())
		return;
	if (ca && lucid_cubic_region(ca) != LUCID_CUBIC_NONE)
		un.t_us = lucid_ticks_to_us(lucid_cubic_elapsed(ca, un.now_us));
	lucid_conn_from_sock(&conn, sk);
	trace_unused(&conn, &un);
}

void lucid_report_sample(const struct sock *sk,
			 const struct lucid_slow_start_sample *s)
{
	struct lucid_sample smp = {
		.now_us = tcp_sk(sk)->tcp_mstamp,
		.rtt_us = s->rtt_us,
		.snd_una = s->snd_una,
		.snd_nxt = s->snd_nxt,
		.cwnd = s->cwnd,
		.paced = s->paced,
	};
	struct lucid_conn conn;

	lucid_conn_from_sock(&conn, sk);
	trace_sample(&conn, &smp);
}

void lucid_report_ack(const struct sock *sk, const struct lucid_cubic *ca,
		      const struct lucid_cubic_params *par, u32 old_cwnd,
		      u32 acked, u8 phase, u16 flags)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_ack ack = {
		.now_us = tp->tcp_mstamp,
		.srtt_us = tp->srtt_us >> 3,
		.acked = acked,
		.old_cwnd = old_cwnd,
		.cwnd = tcp_snd_cwnd(tp),
		.frac = ca ? ca->cwnd_frac : tp->snd_cwnd_cnt,
		.ssthresh = tp->snd_ssthresh,
		.flags = flags,
		.phase = phase,
	};
	struct lucid_conn conn;

	if (ca && lucid_cubic_region(ca) != LUCID_CUBIC_NONE) {
		u32 t = lucid_cubic_elapsed(ca, ack.now_us);

		ack.w_cubic_milli = lucid_milli(lucid_cubic_w(ca, par, t));
		ack.w_est_milli = lucid_milli(lucid_cubic_w_est(ca));
	}
	lucid_conn_from_sock(&conn, sk);
	trace_ack(&conn, &ack);
}
