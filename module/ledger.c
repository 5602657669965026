// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger: what is remembered of each connection until its end.
 *
 * A socket counts its bytes and segments itself, but not why it sent something
 * again, how large its window once was, or when it began. That is kept here by
 * cookie, for connections that were opened while somebody listened to their
 * summaries, and only for those.
 */
#include <linux/rhashtable.h>
#include <uapi/linux/tcp_lucid.h>

#include "ledger.h"

static const struct rhashtable_params lucid_ledger_params = {
	.head_offset = offsetof(struct lucid_account, node),
	.key_offset = offsetof(struct lucid_account, cookie),
	.key_len = sizeof_field(struct lucid_account, cookie),
	.automatic_shrinking = true,
	/* Growing in time asks for memory, too (accounts.c). */
	.min_size = IS_ENABLED(CONFIG_PREEMPT_RT) ? 2 * LUCID_ACCOUNTS_RESERVED
						  : 0,
};

static struct rhashtable lucid_ledger;

/* Goes up when all accounts that are open have become incomplete. */
static unsigned int lucid_ledger_age;

/**
 * lucid_ledger_open() - begin a connection's account
 * @cookie: of the connection
 *
 * Context: Any but hard interrupts.
 *
 * Return: the account, all zero but for its cookie; NULL if there is no memory,
 * or if it has one already.
 */
struct lucid_account *lucid_ledger_open(u64 cookie)
{
	struct lucid_account *account;

	account = lucid_account_alloc();
	if (!account)
		return NULL;
	account->cookie = cookie;
	account->age = READ_ONCE(lucid_ledger_age);
	if (rhashtable_insert_fast(&lucid_ledger, &account->node,
				   lucid_ledger_params)) {
		lucid_account_free(account);
		return NULL;
	}
	return account;
}

/**
 * lucid_ledger_find() - look up a connection's account
 * @cookie: of the connection; its socket is locked, so the account stays
 *
 * Return: the account, or NULL if it has none.
 */
struct lucid_account *lucid_ledger_find(u64 cookie)
{
	return rhashtable_lookup_fast(&lucid_ledger, &cookie,
				      lucid_ledger_params);
}

/**
 * lucid_ledger_interrupt() - nobody has listened for a while
 *
 * Accounts that are open have a hole from now on.
 *
 * Context: Any.
 */
void lucid_ledger_interrupt(void)
{
	WRITE_ONCE(lucid_ledger_age, lucid_ledger_age + 1);
}

/**
 * lucid_ledger_complete() - is all in an account that it is about?
 * @account: an account
 */
bool lucid_ledger_complete(const struct lucid_account *account)
{
	return account->age == READ_ONCE(lucid_ledger_age);
}

/**
 * lucid_ledger_take() - look up a connection's account and close it
 * @cookie: of the connection; its socket is locked
 *
 * Return: the account, to be freed by lucid_ledger_free(), or NULL.
 */
struct lucid_account *lucid_ledger_take(u64 cookie)
{
	struct lucid_account *account;

	/* Nobody listens and nobody did: the usual case is to be cheap. */
	if (!atomic_read(&lucid_ledger.nelems))
		return NULL;
	account = lucid_ledger_find(cookie);
	if (account)
		rhashtable_remove_fast(&lucid_ledger, &account->node,
				       lucid_ledger_params);
	return account;
}

/**
 * lucid_ledger_free() - give an account's memory back
 * @account: from lucid_ledger_take(); may be NULL
 *
 * Others may be walking past it in the table: it goes after a grace period.
 */
void lucid_ledger_free(struct lucid_account *account)
{
	if (account)
		lucid_account_free(account);
}

/**
 * lucid_ledger_init() - make the ledger
 *
 * Context: May sleep.
 *
 * Return: 0, or a negative error number.
 */
int lucid_ledger_init(void)
{
	int err;

	err = lucid_accounts_init();
	if (err)
		return err;
	err = rhashtable_init(&lucid_ledger, &lucid_ledger_params);
	if (err)
		lucid_accounts_exit();
	return err;
}

/**
 * lucid_ledger_clear() - close all accounts
 *
 * Context: May sleep. Nobody else may be using the ledger.
 */
void lucid_ledger_clear(void)
{
	struct lucid_account *account;
	struct rhashtable_iter iter;

	rhashtable_walk_enter(&lucid_ledger, &iter);
	rhashtable_walk_start(&iter);
	while ((account = rhashtable_walk_next(&iter))) {
		/* The table is being resized: the walk has begun anew. */
		if (IS_ERR(account))
			continue;
		rhashtable_remove_fast(&lucid_ledger, &account->node,
				       lucid_ledger_params);
		lucid_account_free(account);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

static void lucid_ledger_burn(void *account, void *unused)
{
	lucid_account_free(account);
}

/**
 * lucid_ledger_exit() - free it with all that is in it
 *
 * Context: May sleep. No hook may be running any more.
 */
void lucid_ledger_exit(void)
{
	rhashtable_free_and_destroy(&lucid_ledger, lucid_ledger_burn, NULL);
	lucid_accounts_exit();
}
