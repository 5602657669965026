// SPDX-License-Identifier: GPL-2.0-only
/*
 * Observer: the life of a mini-socket.
 *
 * When a connection has nothing left to do but to wait, the kernel throws the
 * full socket away and keeps a mini-socket: in TIME_WAIT proper, or in
 * FIN_WAIT2 if the application is gone and the peer has yet to close. No
 * tracepoint of the kernel shows any of it.
 *
 *	ENTER (FIN_WAIT2) --FIN--> PROMOTE --+
 *	ENTER (TIME_WAIT) -------------------+--> [REFRESH...] --> EXIT
 */
#include <linux/percpu.h>
#include <linux/stacktrace.h>
#include <linux/tcp.h>
#include <net/inet_timewait_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <trace/events/tcp_lucid.h>

#include "callers.h"
#include "closing.h"
#include "compat.h"
#include "conn.h"
#include "notes.h"
#include "observers.h"

/*
 * The segment that is being handled, and the mini-socket's state when it came.
 * tcp_timewait_state_process() runs with softirqs off, so what it notes on its
 * CPU stays there until it has rearmed the timer.
 */
static DEFINE_PER_CPU(struct lucid_segment_note {
	const struct inet_timewait_sock *tw;
	u32 seq;
	u32 ack;
	u8 substate;
}, lucid_segment_note);

static bool lucid_time_wait_wanted(void)
{
	return trace_time_wait_enabled() || trace_state_enabled() ||
	       lucid_close_wanted();
}

/* DCCP has mini-sockets of the same kind. */
static bool lucid_tw_is_tcp(const struct inet_timewait_sock *tw)
{
	return strstarts(tw->tw_prot->name, "TCP");
}

/*
 * tcp_time_wait(sk, state, timeo): the socket's last moment. Its cookie must
 * exist now, or the mini-socket would be known by another one.
 */
static void notrace lucid_entry_time_wait(struct ftrace_regs *fregs,
					  unsigned long parent_ip)
{
	const struct sock *sk = lucid_arg(fregs, 0);
	int substate = (unsigned long)lucid_arg(fregs, 1);

	if (!lucid_time_wait_wanted())
		return;
	lucid_conn_cookie(sk);
	if (lucid_close_wanted())
		lucid_close_hand_over(sk, substate);
}

/* tcp_timewait_state_process(tw, skb, th, ...): a segment for a mini-socket. */
static void notrace lucid_entry_segment(struct ftrace_regs *fregs,
					unsigned long parent_ip)
{
	const struct inet_timewait_sock *tw = lucid_arg(fregs, 0);
	const struct tcphdr *th = lucid_arg(fregs, 2);
	struct lucid_segment_note *note;

	if (!lucid_time_wait_wanted())
		return;
	note = this_cpu_ptr(&lucid_segment_note);
	note->tw = tw;
	note->seq = ntohl(th->seq);
	note->ack = ntohl(th->ack_seq);
	note->substate = READ_ONCE(tw->tw_substate);
}

static bool lucid_promoted(const struct inet_timewait_sock *tw)
{
	const struct lucid_segment_note *note;

	note = this_cpu_ptr(&lucid_segment_note);
	return note->tw == tw && note->substate == TCP_FIN_WAIT2 &&
	       READ_ONCE(tw->tw_substate) == TCP_TIME_WAIT;
}

/*
 * __inet_twsk_schedule(tw, timeo, rearm): without rearm the mini-socket has
 * just taken over; with it, a segment has promoted or refreshed it.
 */
static void notrace lucid_entry_schedule(struct ftrace_regs *fregs,
					 unsigned long parent_ip)
{
	const struct inet_timewait_sock *tw = lucid_arg(fregs, 0);
	int timeo = (unsigned long)lucid_arg(fregs, 1);
	bool rearm = (unsigned long)lucid_arg(fregs, 2) & 0xff;
	struct lucid_time_wait event = {
		.timeout_ms = jiffies_to_msecs(timeo),
	};
	struct lucid_conn conn;

	if (!lucid_time_wait_wanted() || !lucid_tw_is_tcp(tw))
		return;
	lucid_conn_from_timewait(&conn, tw);
	event.substate = READ_ONCE(tw->tw_substate);
	if (!rearm)
		event.what = TCP_LUCID_TW_ENTER;
	else if (lucid_promoted(tw))
		event.what = TCP_LUCID_TW_PROMOTE;
	else
		event.what = TCP_LUCID_TW_REFRESH;

	if (event.what == TCP_LUCID_TW_ENTER &&
	    (trace_state_enabled() || lucid_close_wanted()))
		lucid_note_time_wait(conn.cookie, event.substate);
	if (event.what == TCP_LUCID_TW_PROMOTE) {
		lucid_state_changed(&conn, TCP_FIN_WAIT2, TCP_TIME_WAIT);
		lucid_close_promoted(&conn, tw);
	}
	if (trace_time_wait_enabled())
		trace_time_wait(&conn, &event);
}

/* inet_twsk_deschedule_put(), whose own caller has to be asked. */
#define LUCID_TW_PUT	U8_MAX

/* Who ends a mini-socket before its time, by the name of the function. */
static const struct lucid_caller lucid_tw_killers_list[] = {
	{ "inet_twsk_deschedule_put",	LUCID_TW_PUT },
	{ "tcp_timewait_state_process",	TCP_LUCID_TW_END_RST },
	{ "tcp_v4_rcv",			TCP_LUCID_TW_END_NEW_SYN },
	{ "tcp_v6_rcv",			TCP_LUCID_TW_END_NEW_SYN },
	{ "__inet_check_established",	TCP_LUCID_TW_END_REUSED },
	{ "__inet6_check_established",	TCP_LUCID_TW_END_REUSED },
	{ "__inet_hash_connect",	TCP_LUCID_TW_END_REUSED },
	{ "inet_twsk_purge",		TCP_LUCID_TW_END_NETNS },
	{ "tcp_abort",			TCP_LUCID_TW_END_KILLED },
};

static struct lucid_callers lucid_tw_killers = {
	.list = lucid_tw_killers_list,
	.nr = ARRAY_SIZE(lucid_tw_killers_list),
};

/*
 * Who has called inet_twsk_deschedule_put(), and for which mini-socket. Its
 * stack would tell as well, but reading that takes ten times as long as all else
 * that is done for the event.
 */
static DEFINE_PER_CPU(struct lucid_deschedule_note {
	const struct inet_timewait_sock *tw;
	unsigned long parent_ip;
}, lucid_deschedule_note);

/* inet_twsk_deschedule_put(tw): it is to end before its time. */
static void notrace lucid_entry_deschedule(struct ftrace_regs *fregs,
					   unsigned long parent_ip)
{
	struct lucid_deschedule_note *note;

	if (!trace_time_wait_enabled() && !lucid_close_wanted())
		return;
	note = this_cpu_ptr(&lucid_deschedule_note);
	note->tw = lucid_arg(fregs, 0);
	note->parent_ip = parent_ip;
}

/*
 * The caller of inet_twsk_deschedule_put(), which will return to @put_ip. It may
 * have moved to another CPU since its beginning: the stack moves along.
 */
static unsigned long lucid_tw_descheduler(const struct inet_timewait_sock *tw,
					  unsigned long put_ip)
{
	struct lucid_deschedule_note *note;
	unsigned long stack[16];
	unsigned int i, depth;

	note = this_cpu_ptr(&lucid_deschedule_note);
	if (note->tw == tw) {
		note->tw = NULL;
		return note->parent_ip;
	}
	depth = stack_trace_save(stack, ARRAY_SIZE(stack), 0);
	for (i = 0; i + 1 < depth; i++)
		if (stack[i] == put_ip)
			return stack[i + 1];
	return 0;
}

/*
 * inet_twsk_kill() has two callers: the timer, and inet_twsk_deschedule_put(),
 * which purging a namespace may have inlined. Of the latter the caller's caller
 * knows why.
 */
static u8 lucid_tw_why(const struct inet_timewait_sock *tw,
		       unsigned long parent_ip)
{
	u8 why = lucid_caller(&lucid_tw_killers, parent_ip);

	if (why == TCP_LUCID_TW_END_NETNS)
		return why;
	if (why != LUCID_TW_PUT)
		return TCP_LUCID_TW_END_TIMER;
	why = lucid_caller(&lucid_tw_killers,
			   lucid_tw_descheduler(tw, parent_ip));
	/* In FIN_WAIT2 the same code answers data with a RST instead. */
	if (why == TCP_LUCID_TW_END_NEW_SYN &&
	    READ_ONCE(tw->tw_substate) == TCP_FIN_WAIT2)
		return TCP_LUCID_TW_END_DATA;
	return why ?: TCP_LUCID_TW_END_OTHER;
}

/* inet_twsk_kill(tw): it ends now, and only once. */
static void notrace lucid_entry_kill(struct ftrace_regs *fregs,
				     unsigned long parent_ip)
{
	const struct inet_timewait_sock *tw = lucid_arg(fregs, 0);
	struct lucid_time_wait event = { .what = TCP_LUCID_TW_EXIT };
	const struct lucid_segment_note *note;
	struct lucid_conn conn;

	if (!lucid_time_wait_wanted() || !lucid_tw_is_tcp(tw))
		return;
	lucid_conn_from_timewait(&conn, tw);
	event.substate = READ_ONCE(tw->tw_substate);
	lucid_state_changed(&conn, event.substate, TCP_CLOSE);
	if (!trace_time_wait_enabled() && !lucid_close_wanted())
		return;
	event.why = lucid_tw_why(tw, parent_ip);
	note = this_cpu_ptr(&lucid_segment_note);
	lucid_close_tw_gone(&conn, event.substate, event.why, note->seq,
			    note->ack);
	if (trace_time_wait_enabled())
		trace_time_wait(&conn, &event);
}

#define LUCID_CAN_TW	(TCP_LUCID_CAN_TIME_WAIT | TCP_LUCID_CAN_STATE | \
			 TCP_LUCID_CAN_CLOSE)

static struct lucid_entry lucid_time_wait_entries[] = {
	{
		.name = "tcp_time_wait",
		.call = lucid_entry_time_wait,
		.provides = LUCID_CAN_TW,
	}, {
		.name = "tcp_timewait_state_process",
		.call = lucid_entry_segment,
		.provides = LUCID_CAN_TW,
	}, {
		.name = "__inet_twsk_schedule",
		.call = lucid_entry_schedule,
		.provides = LUCID_CAN_TW,
	}, {
		.name = "inet_twsk_deschedule_put",
		.call = lucid_entry_deschedule,
	}, {
		.name = "inet_twsk_kill",
		.call = lucid_entry_kill,
		.provides = LUCID_CAN_TW,
	},
};

struct lucid_observer lucid_time_wait_observer = {
	.entries = lucid_time_wait_entries,
	.nr_entries = ARRAY_SIZE(lucid_time_wait_entries),
};
