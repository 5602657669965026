/* SPDX-License-Identifier: GPL-2.0-only */
/* What is remembered of each connection until its end. */
#ifndef _TCP_LUCID_LEDGER_H
#define _TCP_LUCID_LEDGER_H

#include <linux/rcupdate.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

/**
 * struct lucid_account - what the socket itself does not remember
 * @node: in the ledger
 * @rcu: for its end
 * @cookie: whose
 * @first_syn_ns: ktime_get_ns() at its first SYN; 0: not known
 * @handshake_rtt_us: round-trip time as measured on the handshake, us
 * @handshake_resent: SYNs or SYN-ACKs that were sent again
 * @resent_rto: segments sent again after a timeout
 * @resent_fast: the same by fast retransmit and recovery
 * @resent_tlp: the same as tail loss probes
 * @resent_other: the same for any other reason
 * @cwnd_max: largest congestion window seen, packets
 * @age: of the ledger when it was opened
 * @role: enum tcp_lucid_role
 *
 * Touched only under the lock of its socket.
 */
struct lucid_account {
	struct rhash_head node;
	struct rcu_head rcu;
	u64 cookie;
	u64 first_syn_ns;
	u32 handshake_rtt_us;
	u32 handshake_resent;
	u32 resent_rto;
	u32 resent_fast;
	u32 resent_tlp;
	u32 resent_other;
	u32 cwnd_max;
	unsigned int age;
	u8 role;
};

/* With PREEMPT_RT, connections that can have an account at the same time. */
#define LUCID_ACCOUNTS_RESERVED	4096

struct lucid_account *lucid_account_alloc(void);
void lucid_account_free(struct lucid_account *account);
int lucid_accounts_init(void);
void lucid_accounts_exit(void);

struct lucid_account *lucid_ledger_open(u64 cookie);
struct lucid_account *lucid_ledger_find(u64 cookie);
struct lucid_account *lucid_ledger_take(u64 cookie);
void lucid_ledger_interrupt(void);
bool lucid_ledger_complete(const struct lucid_account *account);
void lucid_ledger_free(struct lucid_account *account);

int lucid_ledger_init(void);
void lucid_ledger_clear(void);
void lucid_ledger_exit(void);

#endif /* _TCP_LUCID_LEDGER_H */
