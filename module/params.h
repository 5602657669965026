/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of both controls: per network namespace, under sysctl. */
#ifndef _TCP_LUCID_PARAMS_H
#define _TCP_LUCID_PARAMS_H

#include "cubic.h"
#include "slow_start.h"

struct net;

/**
 * struct lucid_reno_params - what an experimenter may change of lucid_reno
 * @beta: window kept after a loss, thousandths
 * @beta_ecn: window kept after an ECN signal, thousandths
 */
struct lucid_reno_params {
	u16 beta;
	u16 beta_ecn;
};

void lucid_params_cubic(const struct net *net, struct lucid_cubic_params *par);
void lucid_params_reno(const struct net *net, struct lucid_reno_params *par);
enum lucid_slow_start_kind lucid_params_slow_start(const struct net *net);
unsigned int lucid_params_syn_event_rate(const struct net *net);

#endif /* _TCP_LUCID_PARAMS_H */
