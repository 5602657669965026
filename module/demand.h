/* SPDX-License-Identifier: GPL-2.0-only */
/* Hooks that are only there while an event that needs them has a user. */
#ifndef _TCP_LUCID_DEMAND_H
#define _TCP_LUCID_DEMAND_H

#include <linux/workqueue.h>

#include "hooks.h"

/**
 * struct lucid_demand - hooks that are attached on demand
 * @hooks: they
 * @begin: called whenever they are wanted anew, before the event that wants them is
 *	on, and they are attached if they are not there still; with a spinlock held;
 *	may be NULL
 * @end: called when they are gone; may be NULL
 * @work: attaches and detaches
 * @users: how many events that need them have users
 */
struct lucid_demand {
	struct lucid_hooks hooks;
	void (*begin)(void);
	void (*end)(void);
	struct delayed_work work;
	unsigned int users;
};

/* For the hooks of a single observer. */
#define LUCID_HOOKS_OF(observer) {				\
	.observers = (struct lucid_observer *const []) {	\
		&(observer),					\
	},							\
	.nr_observers = 1,					\
}

extern struct lucid_demand lucid_flow_demand;
extern struct lucid_demand lucid_limited_demand;
extern struct lucid_demand lucid_ecn_demand;
extern struct lucid_demand lucid_rtt_demand;

int lucid_demand_start(unsigned long *lost);
void lucid_demand_stop(void);

#endif /* _TCP_LUCID_DEMAND_H */
