// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling of a SYN flood without drowning in it.
 *
 * Anybody can send SYNs, at any rate and from any address, and each makes up to
 * five events; so can anybody send what meets a request and does not complete its
 * handshake, and what meets nobody. So a namespace may tell of so many such
 * segments in a second, and beyond that of none: not half of a handshake here and
 * half there, but of a whole SYN or nothing. What is left out is counted, and the
 * counts are told.
 *
 * The bucket of tokens is kept as the one number that stands for it: when it
 * will be full again. A token moves that a little into the future, as long as
 * it is not further away than the bucket is deep: one second.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <trace/events/tcp_lucid.h>

#include "flood.h"
#include "namespaces.h"
#include "notes.h"
#include "params.h"

#define LUCID_LIMITED	(TCP_LUCID_LIMITED_CLOSE + 1)

/**
 * struct lucid_flood - one namespace's bucket and counts
 * @full_ns: when the bucket will be full again
 * @first_ns: when the first that is not yet told was left out; 0: none was
 * @count: what is not yet told, by enum tcp_lucid_limited
 * @tell: does so
 * @net: whose
 */
struct lucid_flood {
	atomic64_t full_ns;
	atomic64_t first_ns;
	atomic64_t count[LUCID_LIMITED];
	struct delayed_work tell;
	const struct net *net;
};

static unsigned int lucid_flood_id __read_mostly;

/* What was decided about the segment that this CPU is dealing with. */
static DEFINE_PER_CPU(struct lucid_flood_note {
	const struct sk_buff *skb;
	const struct request_sock *req;
	unsigned long jiffies;
	bool hidden;
}, lucid_flood_note);

static bool lucid_flood_take(struct lucid_flood *flood, unsigned int rate)
{
	s64 now = ktime_get_ns();
	s64 token = div_u64(NSEC_PER_SEC, rate);
	s64 old = atomic64_read(&flood->full_ns);
	s64 new;

	do {
		new = max(old, now) + token;
		if (new - now > NSEC_PER_SEC)
			return false;
	} while (!atomic64_try_cmpxchg(&flood->full_ns, &old, new));
	return true;
}

/**
 * lucid_flood_meets() - a segment has come that anybody can send, at any rate
 * @net: where it came in
 * @skb: the segment; lucid_flood_hides() will know it until the next one
 * @req: the request that it has met, or NULL
 *
 * Decides whether events may tell of it; if not, count what would have been told.
 *
 * Context: softirqs are off until the segment is dealt with.
 */
void lucid_flood_meets(const struct net *net, const struct sk_buff *skb,
		       const struct request_sock *req)
{
	struct lucid_flood_note *note = this_cpu_ptr(&lucid_flood_note);
	unsigned int rate = lucid_params_syn_event_rate(net);

	note->skb = skb;
	note->req = req;
	note->jiffies = jiffies;
	note->hidden = rate && lucid_namespaces_ready() &&
		       !lucid_flood_take(net_generic(net, lucid_flood_id), rate);
}

/**
 * lucid_flood_hides() - are events not to tell of this segment?
 * @skb: the segment that is being dealt with
 *
 * Return: what lucid_flood_meets() decided, false if it was not asked.
 */
bool lucid_flood_hides(const struct sk_buff *skb)
{
	const struct lucid_flood_note *note = this_cpu_ptr(&lucid_flood_note);

	return note->skb == skb && note->hidden &&
	       lucid_note_fresh(note->jiffies);
}

/**
 * lucid_flood_hides_late() - the same of a segment that may not have been asked about
 * @net: where it came in
 * @skb: the segment that is being dealt with
 * @req: the request that it has met, or NULL
 *
 * Return: what was decided before, or now.
 */
bool lucid_flood_hides_late(const struct net *net, const struct sk_buff *skb,
			    const struct request_sock *req)
{
	const struct lucid_flood_note *note = this_cpu_ptr(&lucid_flood_note);

	if (note->skb != skb || !lucid_note_fresh(note->jiffies))
		lucid_flood_meets(net, skb, req);
	return lucid_flood_hides(skb);
}

/**
 * lucid_flood_hides_of() - are events not to tell what becomes of a request?
 * @req: the request
 *
 * Return: true if it has met a segment, just now, of which they are not to tell.
 */
bool lucid_flood_hides_of(const struct request_sock *req)
{
	const struct lucid_flood_note *note = this_cpu_ptr(&lucid_flood_note);

	return note->skb && note->req == req && note->hidden &&
	       lucid_note_fresh(note->jiffies);
}

/**
 * lucid_flood_forget() - the segment is dealt with
 *
 * The next one may well be in the same memory, and not be asked about.
 */
void lucid_flood_forget(void)
{
	this_cpu_write(lucid_flood_note.skb, NULL);
}

/**
 * lucid_flood_count() - an event was left out
 * @net: whose
 * @event: which
 */
void lucid_flood_count(const struct net *net, enum tcp_lucid_limited event)
{
	struct lucid_flood *flood;

	if (unlikely(!lucid_namespaces_ready()))
		return;
	flood = net_generic(net, lucid_flood_id);
	if (!atomic64_read(&flood->first_ns))
		atomic64_cmpxchg(&flood->first_ns, 0, ktime_get_ns());
	atomic64_inc(&flood->count[event]);
	schedule_delayed_work(&flood->tell, HZ);
}

static void lucid_flood_tell(struct lucid_flood *flood)
{
	struct lucid_conn conn = { .netns = flood->net->ns.inum };
	s64 first = atomic64_xchg(&flood->first_ns, 0);
	struct lucid_suppressed sup;
	unsigned int i;

	for (i = 0; i < LUCID_LIMITED; i++) {
		sup = (struct lucid_suppressed) {
			.count = atomic64_xchg(&flood->count[i], 0),
			.since_ms = first ? div_u64(ktime_get_ns() - first,
						    NSEC_PER_MSEC) : 0,
			.event = i,
		};
		if (sup.count)
			trace_suppressed(&conn, &sup);
	}
}

static void lucid_flood_work(struct work_struct *work)
{
	lucid_flood_tell(container_of(to_delayed_work(work), struct lucid_flood,
				      tell));
}

static int lucid_flood_net_init(struct net *net)
{
	struct lucid_flood *flood = net_generic(net, lucid_flood_id);

	flood->net = net;
	INIT_DELAYED_WORK(&flood->tell, lucid_flood_work);
	return 0;
}

/* No segment comes to a namespace without devices: nothing is counted now. */
static void __net_exit lucid_flood_net_exit(struct net *net)
{
	struct lucid_flood *flood = net_generic(net, lucid_flood_id);

	cancel_delayed_work_sync(&flood->tell);
	lucid_flood_tell(flood);
}

struct pernet_operations lucid_flood_net_ops = {
	.init = lucid_flood_net_init,
	.exit = lucid_flood_net_exit,
	.id = &lucid_flood_id,
	.size = sizeof(struct lucid_flood),
};
