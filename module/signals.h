/* SPDX-License-Identifier: GPL-2.0-only */
/* Congestion signals: what they are, and what the core meant by each. */
#ifndef _TCP_LUCID_SIGNALS_H
#define _TCP_LUCID_SIGNALS_H

#include "congestion.h"
#include "cubic.h"

void lucid_signal_ack(const struct sock *sk, struct lucid_flow *flow,
		      u32 flags);
enum lucid_signal lucid_signal(const struct sock *sk, struct lucid_flow *flow);
void lucid_signal_idle(struct lucid_flow *flow);
u8 lucid_signal_cause_loss(struct lucid_flow *flow);
u8 lucid_signal_cause(const struct sock *sk, struct lucid_flow *flow,
		      u8 new_state);
void lucid_signal_release(struct sock *sk, struct lucid_flow *flow);
void lucid_signal_hold(struct sock *sk, struct lucid_flow *flow);

#endif /* _TCP_LUCID_SIGNALS_H */
