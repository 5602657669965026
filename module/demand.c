// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observers whose hooks are only there while their event has a user.
 *
 * Some things can only be seen packet by packet. With nobody listening not even
 * an idle hook shall be on that path, so it is attached when the event gets its
 * first user and detached when the last one has gone. The kernel tells of both
 * with a mutex held that ftrace must not wait for, therefore a work item does it:
 * the event begins a moment, some milliseconds, after it is switched on.
 */
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <trace/events/tcp_lucid.h>

#include "demand.h"
#include "hooks.h"

/*
 * How long hooks outlive their event's last user. trace-cmd switches its events
 * off, and then reads /proc/kallsyms twice: hooks that go in between, with their
 * trampolines, would make it give up.
 */
#define LUCID_DEMAND_LINGER	(10 * HZ)

static struct lucid_demand *const lucid_demands[] = {
	&lucid_flow_demand,
	&lucid_limited_demand,
	&lucid_ecn_demand,
	&lucid_rtt_demand,
};

/*
 * Events can be switched on before the module is ready, and off after it is
 * gone; nothing may be scheduled then.
 */
static DEFINE_SPINLOCK(lucid_demand_lock);
static bool lucid_demand_live;

static void lucid_demand_work(struct work_struct *work)
{
	struct lucid_demand *demand;

	demand = container_of(to_delayed_work(work), struct lucid_demand, work);
	if (READ_ONCE(demand->wanted)) {
		/* It may have been off and on again since: no memory of that. */
		if (demand->begin)
			demand->begin();
		if (!demand->attached)
			lucid_observer_attach(demand->observer);
		demand->attached = true;
	} else {
		lucid_observer_detach(demand->observer);
		demand->attached = false;
	}
}

static void lucid_demand_set(struct lucid_demand *demand, bool wanted)
{
	spin_lock(&lucid_demand_lock);
	WRITE_ONCE(demand->wanted, wanted);
	if (lucid_demand_live)
		mod_delayed_work(system_wq, &demand->work,
				 wanted ? 0 : LUCID_DEMAND_LINGER);
	spin_unlock(&lucid_demand_lock);
}

/**
 * lucid_flow_control_reg() - flow_control gets its first user
 *
 * Return: 0, always.
 */
int lucid_flow_control_reg(void)
{
	lucid_demand_set(&lucid_flow_demand, true);
	return 0;
}

/**
 * lucid_flow_control_unreg() - flow_control has lost its last user
 */
void lucid_flow_control_unreg(void)
{
	lucid_demand_set(&lucid_flow_demand, false);
}

/**
 * lucid_limited_reg() - limited gets its first user
 *
 * Return: 0, always.
 */
int lucid_limited_reg(void)
{
	lucid_demand_set(&lucid_limited_demand, true);
	return 0;
}

/**
 * lucid_limited_unreg() - limited has lost its last user
 */
void lucid_limited_unreg(void)
{
	lucid_demand_set(&lucid_limited_demand, false);
}

/**
 * lucid_ecn_reg() - ecn gets its first user
 *
 * Return: 0, always.
 */
int lucid_ecn_reg(void)
{
	lucid_demand_set(&lucid_ecn_demand, true);
	return 0;
}

/**
 * lucid_ecn_unreg() - ecn has lost its last user
 */
void lucid_ecn_unreg(void)
{
	lucid_demand_set(&lucid_ecn_demand, false);
}

/**
 * lucid_rtt_reg() - rtt gets its first user
 *
 * Return: 0, always.
 */
int lucid_rtt_reg(void)
{
	lucid_demand_set(&lucid_rtt_demand, true);
	return 0;
}

/**
 * lucid_rtt_unreg() - rtt has lost its last user
 */
void lucid_rtt_unreg(void)
{
	lucid_demand_set(&lucid_rtt_demand, false);
}

/**
 * lucid_demand_start() - from now on attach when asked
 *
 * Return: the TCP_LUCID_CAN_* bits that are lost because hooks are missing.
 */
unsigned long lucid_demand_start(void)
{
	unsigned long lost = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lucid_demands); i++) {
		lost |= lucid_observer_lacks(lucid_demands[i]->observer);
		INIT_DELAYED_WORK(&lucid_demands[i]->work, lucid_demand_work);
	}
	spin_lock(&lucid_demand_lock);
	lucid_demand_live = true;
	for (i = 0; i < ARRAY_SIZE(lucid_demands); i++)
		if (lucid_demands[i]->wanted)
			schedule_delayed_work(&lucid_demands[i]->work, 0);
	spin_unlock(&lucid_demand_lock);
	return lost;
}

/**
 * lucid_demand_stop() - detach everything, and for good
 */
void lucid_demand_stop(void)
{
	unsigned int i;

	spin_lock(&lucid_demand_lock);
	lucid_demand_live = false;
	spin_unlock(&lucid_demand_lock);
	for (i = 0; i < ARRAY_SIZE(lucid_demands); i++) {
		cancel_delayed_work_sync(&lucid_demands[i]->work);
		lucid_observer_detach(lucid_demands[i]->observer);
	}
}
