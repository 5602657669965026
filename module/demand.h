/* SPDX-License-Identifier: GPL-2.0-only */
/* Observers whose hooks are only there while their event has a user. */
#ifndef _TCP_LUCID_DEMAND_H
#define _TCP_LUCID_DEMAND_H

#include <linux/workqueue.h>

struct lucid_observer;

/**
 * struct lucid_demand - an observer that is attached on demand
 * @observer: it; it has function entries only
 * @begin: called before its hooks are attached; may be NULL
 * @work: attaches and detaches
 * @wanted: the event has users
 * @attached: the hooks are there
 */
struct lucid_demand {
	struct lucid_observer *observer;
	void (*begin)(void);
	struct delayed_work work;
	bool wanted;
	bool attached;
};

extern struct lucid_demand lucid_flow_demand;
extern struct lucid_demand lucid_limited_demand;
extern struct lucid_demand lucid_ecn_demand;
extern struct lucid_demand lucid_rtt_demand;

unsigned long lucid_demand_start(void);
void lucid_demand_stop(void);

#endif /* _TCP_LUCID_DEMAND_H */
