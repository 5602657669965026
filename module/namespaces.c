// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every network namespace has of its own: parameters (params.c), and a
 * bucket for events of floods (flood.c).
 *
 * To give it to all that there are means to wait until no namespace is being made
 * or removed, which in turn may wait for RTNL. But it may be RTNL's holder that
 * waits for this module: "ip route ... congctl lucid" loads it, lock in hand. So a
 * work item does it, and loading waits for that only so long. What runs meanwhile
 * has the parameters that a new namespace has, and no flood is held back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "namespaces.h"

/*
 * Seconds: as long as many namespaces take to be removed at once; and with RTNL
 * held all the time, too short for whoever waits for it to give up.
 */
#define LUCID_NAMESPACES_WAIT		60
#define LUCID_NAMESPACES_WAIT_RTNL	5

/* In the order in which they are given. */
static struct pernet_operations *const lucid_namespaces_ops[] = {
	&lucid_params_net_ops,
	&lucid_flood_net_ops,
};

static void lucid_namespaces_give(struct work_struct *work);
static DECLARE_WORK(lucid_namespaces_work, lucid_namespaces_give);
static DECLARE_COMPLETION(lucid_namespaces_done);
static int lucid_namespaces_err;
static bool lucid_namespaces_have;

static void lucid_namespaces_take(unsigned int n)
{
	while (n-- > 0)
		unregister_pernet_subsys(lucid_namespaces_ops[n]);
}

static void lucid_namespaces_give(struct work_struct *work)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(lucid_namespaces_ops) && !err; i++)
		err = register_pernet_subsys(lucid_namespaces_ops[i]);
	if (err) {
		lucid_namespaces_take(i - 1);
		pr_warn("there are no parameters (error %d)\n", err);
	}
	lucid_namespaces_err = err;
	/* After all that it promises; pairs with lucid_namespaces_ready(). */
	smp_store_release(&lucid_namespaces_have, !err);
	complete(&lucid_namespaces_done);
}

/**
 * lucid_namespaces_ready() - do namespaces have what is theirs?
 *
 * Context: Any.
 *
 * Return: false if net_generic() must not be asked for it.
 */
bool lucid_namespaces_ready(void)
{
	/* Pairs with lucid_namespaces_give(). */
	return smp_load_acquire(&lucid_namespaces_have);
}

/* Who holds RTNL is not to be known. Is it somebody who waits for this? */
static bool lucid_namespaces_wait(void)
{
	unsigned int left = LUCID_NAMESPACES_WAIT, locked = 0;

	while (left-- > 0 && locked < LUCID_NAMESPACES_WAIT_RTNL) {
		if (wait_for_completion_timeout(&lucid_namespaces_done, HZ))
			return true;
		locked = rtnl_is_locked() ? locked + 1 : 0;
	}
	return false;
}

/**
 * lucid_namespaces_register() - give every namespace what is its own
 *
 * Context: May sleep. RTNL may be held: so nothing should fail after it that can
 * before, as what is going on has to be waited for then.
 *
 * Return: 0, also if it takes too long and is going on; or a negative error
 * number, and nothing stays that would have to be undone.
 */
int lucid_namespaces_register(void)
{
	queue_work(system_long_wq, &lucid_namespaces_work);
	if (lucid_namespaces_wait()) {
		/* Its last instructions. */
		flush_work(&lucid_namespaces_work);
		return lucid_namespaces_err;
	}
	pr_warn("namespaces are busy: their parameters come later\n");
	return 0;
}

/**
 * lucid_namespaces_unregister() - take it away again
 *
 * Context: May sleep. No connection may be on our controls any more, no observer
 * attached.
 */
void lucid_namespaces_unregister(void)
{
	flush_work(&lucid_namespaces_work);
	if (!lucid_namespaces_have)
		return;
	lucid_namespaces_have = false;
	lucid_namespaces_take(ARRAY_SIZE(lucid_namespaces_ops));
}
