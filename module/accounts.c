// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for accounts.
 *
 * Before 7.2 a connection is established where preemption is off, in a
 * tracepoint. With PREEMPT_RT no memory may be asked for there, as kmalloc() may
 * sleep: some is kept in reserve from when the module is loaded.
 */
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ledger.h"

#if IS_ENABLED(CONFIG_PREEMPT_RT) && defined(LUCID_HAVE_OBJPOOL)
#include <linux/objpool.h>

static struct objpool_head lucid_reserve;

/**
 * lucid_account_alloc() - memory for an account
 *
 * Context: Any.
 *
 * Return: an account that is all zero; NULL if there is no memory, or, with
 * PREEMPT_RT, if LUCID_ACCOUNTS_RESERVED are in use.
 */
struct lucid_account *lucid_account_alloc(void)
{
	struct lucid_account *account = objpool_pop(&lucid_reserve);

	if (account)
		memset(account, 0, sizeof(*account));
	return account;
}

static void lucid_account_put(struct rcu_head *rcu)
{
	objpool_push(container_of(rcu, struct lucid_account, rcu),
		     &lucid_reserve);
}

/**
 * lucid_account_free() - give an account's memory back, after a grace period
 * @account: one that is in no table any more; others may still be reading it
 *
 * Context: Any.
 */
void lucid_account_free(struct lucid_account *account)
{
	call_rcu(&account->rcu, lucid_account_put);
}

/**
 * lucid_accounts_init() - set the reserve aside
 *
 * Context: May sleep.
 *
 * Return: 0, or a negative error number.
 */
int lucid_accounts_init(void)
{
	return objpool_init(&lucid_reserve, LUCID_ACCOUNTS_RESERVED,
			    sizeof(struct lucid_account), GFP_KERNEL, NULL,
			    NULL, NULL);
}

/**
 * lucid_accounts_exit() - free the reserve
 *
 * Context: May sleep. All accounts have been given back.
 */
void lucid_accounts_exit(void)
{
	rcu_barrier();
	objpool_fini(&lucid_reserve);
}

#else /* memory may be asked for, or (6.1 with PREEMPT_RT) there is none */

struct lucid_account *lucid_account_alloc(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return NULL;
	return kzalloc(sizeof(struct lucid_account), GFP_ATOMIC | __GFP_NOWARN);
}

void lucid_account_free(struct lucid_account *account)
{
	kfree_rcu(account, rcu);
}

int lucid_accounts_init(void)
{
	return 0;
}

void lucid_accounts_exit(void)
{
}

#endif
