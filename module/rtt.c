// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: the round-trip time, once for each round trip.
 *
 * Every ACK of new data is a measurement; all of them would be too many to read.
 * The kernel itself closes a round trip when all that was in flight at its
 * beginning is acknowledged (rtt_seq), and adjusts its variation then: one
 * event each time, with the measurement that closed it. Since that is found
 * out on ACKs, the two hooks are there only while somebody listens.
 */
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "compat.h"
#include "conn.h"
#include "demand.h"
#include "observers.h"

/*
 * What it was before this ACK. Two for each CPU: one of a process, and one of a
 * softirq that may come in between.
 */
struct lucid_rtt_note {
	const struct sock *sk;
	u64 mstamp;
	u32 srtt_us;
	u32 rtt_seq;
};

static DEFINE_PER_CPU(struct lucid_rtt_note[2], lucid_rtt_notes);

static struct lucid_rtt_note *lucid_rtt_note(void)
{
	struct lucid_rtt_note *notes = *this_cpu_ptr(&lucid_rtt_notes);

	return &notes[!!in_softirq()];
}

/* tcp_ack_update_rtt(sk, ...): every ACK that may be a measurement. */
static void notrace lucid_entry_update_rtt(struct ftrace_regs *fregs,
					   unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_rtt_note *note;

	if (!trace_rtt_enabled())
		return;
	note = lucid_rtt_note();
	note->sk = sk;
	note->mstamp = tp->tcp_mstamp;
	note->srtt_us = tp->srtt_us;
	note->rtt_seq = tp->rtt_seq;
}

/*
 * RFC 6298, 2.3: SRTT <- 7/8 SRTT + 1/8 R'. Kept eight times as large and with
 * R' in whole microseconds, that gives R' back.
 */
static u32 lucid_rtt_sample(const struct tcp_sock *tp, u32 old)
{
	return old ? tp->srtt_us - old + (old >> 3) : tp->srtt_us >> 3;
}

/* tcp_newly_delivered(sk, ...): later in the same ACK. */
static void notrace lucid_entry_delivered(struct ftrace_regs *fregs,
					  unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_rtt_note *note;
	struct lucid_rtt event;
	struct lucid_conn conn;

	if (!trace_rtt_enabled())
		return;
	note = lucid_rtt_note();
	if (note->sk != sk || note->mstamp != tp->tcp_mstamp ||
	    note->rtt_seq == tp->rtt_seq)
		return;
	note->sk = NULL;
	lucid_conn_from_sock(&conn, sk);
	event = (struct lucid_rtt) {
		.rtt_us = lucid_rtt_sample(tp, note->srtt_us),
		.srtt_us = tp->srtt_us >> 3,
		.mdev_us = tp->mdev_us >> 2,
		.rttvar_us = tp->rttvar_us >> 2,
		.rto_us = jiffies_to_usecs(inet_csk(sk)->icsk_rto),
		.min_rtt_us = tcp_min_rtt(tp),
	};
	trace_rtt(&conn, &event);
}

static struct lucid_entry lucid_rtt_entries[] = {
	{
		.name = "tcp_ack_update_rtt",
		.call = lucid_entry_update_rtt,
		.provides = TCP_LUCID_CAN_RTT,
	}, {
		.name = "tcp_newly_delivered",
		.call = lucid_entry_delivered,
		.provides = TCP_LUCID_CAN_RTT,
	},
};

static struct lucid_observer lucid_rtt_acks = {
	.entries = lucid_rtt_entries,
	.nr_entries = ARRAY_SIZE(lucid_rtt_entries),
};

struct lucid_demand lucid_rtt_demand = {
	.hooks = LUCID_HOOKS_OF(lucid_rtt_acks),
};
