// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks that are only there while an event that needs them has a user.
 *
 * With nobody listening not even an idle hook shall be on the way of a packet or
 * of a connection. So hooks are attached when an event gets its first user and
 * detached when the last one has gone. The kernel tells of both with a mutex
 * held that tracepoint_probe_register() takes too, therefore a work item does
 * it: events begin a moment, some milliseconds, after they are switched on.
 *
 * The hooks of a connection's life come and go together: its events complete
 * each other, and each is on the way a few times in a connection. Those on the
 * way of every packet have a demand of their own.
 */
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <trace/events/tcp_lucid.h>

#include "demand.h"
#include "ledger.h"
#include "notes.h"
#include "observers.h"

/*
 * How long hooks outlive their event's last user. trace-cmd switches its events
 * off, and then reads /proc/kallsyms twice: hooks that go in between, with their
 * trampolines, would make it give up.
 */
#define LUCID_DEMAND_LINGER	(10 * HZ)

/*
 * Functions are hooked all at once. Tracepoints are attached in this order, that
 * of states first: it reads what the others write down.
 */
static struct lucid_observer *const lucid_life_observers[] = {
	&lucid_state_observer,
	&lucid_handshake_observer,
	&lucid_resend_observer,
	&lucid_retransmit_observer,
	&lucid_recovery_observer,
	&lucid_time_wait_observer,
	&lucid_listen_observer,
	&lucid_fast_open_observer,
	&lucid_connect_observer,
	&lucid_close_observer,
	&lucid_reset_observer,
	&lucid_spurious_observer,
	&lucid_reordering_observer,
};

/* Connections may end unseen now: what was kept for their end is of no use. */
static void lucid_life_end(void)
{
	lucid_ledger_clear();
	lucid_notes_clear();
}

static struct lucid_demand lucid_life_demand = {
	.hooks = {
		.observers = lucid_life_observers,
		.nr_observers = ARRAY_SIZE(lucid_life_observers),
	},
	.end = lucid_life_end,
};

static struct lucid_demand *const lucid_demands[] = {
	&lucid_life_demand,
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
	if (READ_ONCE(demand->users)) {
		/* Later it may go better, and somebody waits; or before, if asked. */
		if (!lucid_hooks_attach(&demand->hooks))
			queue_delayed_work(system_long_wq, &demand->work,
					   LUCID_DEMAND_LINGER);
	} else {
		lucid_hooks_detach(&demand->hooks);
		if (demand->end)
			demand->end();
	}
}

/* To attach and to detach waits for every CPU, and for RCU. */
static void lucid_demand_queue(struct lucid_demand *demand, unsigned long delay)
{
	mod_delayed_work(system_long_wq, &demand->work, delay);
}

static void lucid_demand_more(struct lucid_demand *demand)
{
	spin_lock(&lucid_demand_lock);
	WRITE_ONCE(demand->users, demand->users + 1);
	if (lucid_demand_live && demand->users == 1) {
		/*
		 * It may have been off for a while with its hooks still there:
		 * no memory of before. Its first event comes after this.
		 */
		if (demand->begin)
			demand->begin();
		lucid_demand_queue(demand, 0);
	}
	spin_unlock(&lucid_demand_lock);
}

static void lucid_demand_less(struct lucid_demand *demand)
{
	spin_lock(&lucid_demand_lock);
	WRITE_ONCE(demand->users, demand->users - 1);
	if (lucid_demand_live && !demand->users)
		lucid_demand_queue(demand, LUCID_DEMAND_LINGER);
	spin_unlock(&lucid_demand_lock);
}

/**
 * lucid_life_reg() - an event of a connection's life gets its first user
 *
 * Context: process context, with the kernel's mutex of tracepoints held; so for
 * all that follow.
 *
 * Return: 0, always.
 */
int lucid_life_reg(void)
{
	lucid_demand_more(&lucid_life_demand);
	return 0;
}

/**
 * lucid_life_unreg() - an event of a connection's life has lost its last user
 */
void lucid_life_unreg(void)
{
	lucid_demand_less(&lucid_life_demand);
}

/**
 * lucid_summary_reg() - summary gets its first user
 *
 * Return: 0, always.
 */
int lucid_summary_reg(void)
{
	lucid_ledger_interrupt();
	return lucid_life_reg();
}

/**
 * lucid_flow_control_reg() - flow_control gets its first user
 *
 * Return: 0, always.
 */
int lucid_flow_control_reg(void)
{
	lucid_demand_more(&lucid_life_demand);
	lucid_demand_more(&lucid_flow_demand);
	return 0;
}

/**
 * lucid_flow_control_unreg() - flow_control has lost its last user
 */
void lucid_flow_control_unreg(void)
{
	lucid_demand_less(&lucid_flow_demand);
	lucid_demand_less(&lucid_life_demand);
}

/**
 * lucid_limited_reg() - limited gets its first user
 *
 * Return: 0, always.
 */
int lucid_limited_reg(void)
{
	lucid_demand_more(&lucid_life_demand);
	lucid_demand_more(&lucid_limited_demand);
	return 0;
}

/**
 * lucid_limited_unreg() - limited has lost its last user
 */
void lucid_limited_unreg(void)
{
	lucid_demand_less(&lucid_limited_demand);
	lucid_demand_less(&lucid_life_demand);
}

/**
 * lucid_ecn_reg() - ecn gets its first user
 *
 * Return: 0, always.
 */
int lucid_ecn_reg(void)
{
	lucid_demand_more(&lucid_ecn_demand);
	return 0;
}

/**
 * lucid_ecn_unreg() - ecn has lost its last user
 */
void lucid_ecn_unreg(void)
{
	lucid_demand_less(&lucid_ecn_demand);
}

/**
 * lucid_rtt_reg() - rtt gets its first user
 *
 * Return: 0, always.
 */
int lucid_rtt_reg(void)
{
	lucid_demand_more(&lucid_rtt_demand);
	return 0;
}

/**
 * lucid_rtt_unreg() - rtt has lost its last user
 */
void lucid_rtt_unreg(void)
{
	lucid_demand_less(&lucid_rtt_demand);
}

/**
 * lucid_demand_start() - from now on attach when asked
 * @lost: gets the TCP_LUCID_CAN_* bits added that are lost because this kernel
 *	lacks a tracepoint or function
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or a negative error number, and nothing is attached ever.
 */
int lucid_demand_start(unsigned long *lost)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(lucid_demands); i++) {
		INIT_DELAYED_WORK(&lucid_demands[i]->work, lucid_demand_work);
		err = lucid_hooks_find(&lucid_demands[i]->hooks, lost);
		if (err)
			goto err_forget;
	}
	spin_lock(&lucid_demand_lock);
	lucid_demand_live = true;
	for (i = 0; i < ARRAY_SIZE(lucid_demands); i++)
		if (lucid_demands[i]->users)
			lucid_demand_queue(lucid_demands[i], 0);
	spin_unlock(&lucid_demand_lock);
	return 0;

err_forget:
	while (i-- > 0)
		lucid_hooks_forget(&lucid_demands[i]->hooks);
	return err;
}

/**
 * lucid_demand_stop() - detach everything, and for good
 *
 * Context: process context, may sleep.
 */
void lucid_demand_stop(void)
{
	unsigned int i;

	spin_lock(&lucid_demand_lock);
	lucid_demand_live = false;
	spin_unlock(&lucid_demand_lock);
	for (i = ARRAY_SIZE(lucid_demands); i-- > 0; ) {
		cancel_delayed_work_sync(&lucid_demands[i]->work);
		lucid_hooks_detach(&lucid_demands[i]->hooks);
		lucid_hooks_forget(&lucid_demands[i]->hooks);
	}
}
