// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one hook writes down for another that sees the same connection later.
 *
 * Three facts are nowhere in the kernel's own structures when they are wanted:
 * when a connection's first SYN was, that a socket which moves to CLOSE has just
 * left a mini-socket behind, and why it moves there. They are kept by cookie in
 * tables of fixed size, without locks: any hook may run in any context. A table
 * that overflows forgets, and its reader then says so; it never tells one
 * connection's fact of another.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <net/tcp_states.h>

#include "notes.h"

/* When two handshakes under way meet in a slot, the newer one wins. */
#define LUCID_SYN_BITS		13

static struct lucid_syn_note {
	atomic64_t cookie;	/* 0: nothing here, or being written */
	atomic64_t ns;		/* ktime_get_ns() at the first SYN */
} lucid_syn_notes[1 << LUCID_SYN_BITS];

static struct lucid_syn_note *lucid_syn_slot(u64 cookie)
{
	return &lucid_syn_notes[hash_64(cookie, LUCID_SYN_BITS)];
}

/**
 * lucid_note_first_syn() - remember that a connection's first SYN is now
 * @cookie: of the connection
 */
void lucid_note_first_syn(u64 cookie)
{
	struct lucid_syn_note *note = lucid_syn_slot(cookie);

	atomic64_set(&note->cookie, 0);
	smp_wmb();	/* a reader must not pair the old cookie with new ns */
	atomic64_set(&note->ns, ktime_get_ns());
	atomic64_set_release(&note->cookie, cookie);
}

/**
 * lucid_note_since_syn_us() - how long ago a connection's first SYN was
 * @cookie: of the connection
 *
 * Return: microseconds, at least 1; 0 if nobody was listening at the time or
 * the note was overwritten since.
 */
u32 lucid_note_since_syn_us(u64 cookie)
{
	struct lucid_syn_note *note = lucid_syn_slot(cookie);
	u64 ns;

	if (atomic64_read_acquire(&note->cookie) != cookie)
		return 0;
	ns = atomic64_read(&note->ns);
	smp_rmb();	/* ns is this cookie's if the cookie is still there */
	if (atomic64_read(&note->cookie) != cookie)
		return 0;
	return clamp_t(u64, div_u64(ktime_get_ns() - ns, NSEC_PER_USEC),
		       1, U32_MAX);
}

/*
 * A cookie stays here from the start of its mini-socket to the end of the
 * same tcp_time_wait() call, so a few slots for each CPU are plenty.
 */
#define LUCID_TW_BITS		8

static atomic64_t lucid_tw_notes[1 << LUCID_TW_BITS];

/* How far from its own slot a cookie may be put. */
#define LUCID_TW_PROBES		16

static atomic64_t *lucid_tw_slot(u64 cookie, unsigned int probe)
{
	u32 slot = hash_64(cookie, LUCID_TW_BITS) + probe;

	return &lucid_tw_notes[slot % ARRAY_SIZE(lucid_tw_notes)];
}

/*
 * A slot holds the cookie and, in bit 0, whether it is TIME_WAIT proper. Bit 63
 * of the cookie is lost at both ends of the comparison.
 */
static u64 lucid_tw_key(u64 cookie, int substate)
{
	return cookie << 1 | (substate == TCP_TIME_WAIT);
}

/**
 * lucid_note_time_wait() - remember that a mini-socket has taken over
 * @cookie: of the connection
 * @substate: %TCP_TIME_WAIT or %TCP_FIN_WAIT2
 */
void lucid_note_time_wait(u64 cookie, int substate)
{
	unsigned int i;

	for (i = 0; i < LUCID_TW_PROBES; i++)
		if (!atomic64_cmpxchg(lucid_tw_slot(cookie, i), 0,
				      lucid_tw_key(cookie, substate)))
			return;
}

/**
 * lucid_note_take_time_wait() - has a mini-socket just taken over?
 * @cookie: of the connection
 *
 * Return: once after lucid_note_time_wait(), its substate; otherwise 0.
 */
int lucid_note_take_time_wait(u64 cookie)
{
	unsigned int i;
	u64 found;

	for (i = 0; i < LUCID_TW_PROBES; i++) {
		found = atomic64_read(lucid_tw_slot(cookie, i));
		if (!found || (found | 1) != lucid_tw_key(cookie, TCP_TIME_WAIT))
			continue;
		atomic64_set(lucid_tw_slot(cookie, i), 0);
		return found & 1 ? TCP_TIME_WAIT : TCP_FIN_WAIT2;
	}
	return 0;
}

/*
 * Wanted for as long as one socket takes to close: others may close meanwhile.
 * The oldest of a row gives way.
 */
#define LUCID_END_BITS		8
#define LUCID_END_SLOTS		4

static struct lucid_end_row {
	atomic_t next;
	atomic64_t slots[LUCID_END_SLOTS];
} lucid_end_rows[1 << LUCID_END_BITS];

static struct lucid_end_row *lucid_end_row(u64 cookie)
{
	return &lucid_end_rows[hash_64(cookie, LUCID_END_BITS)];
}

/* A connection's note, and where it was found; 0: there is none. */
static u64 lucid_end_find(u64 cookie, atomic64_t **slot)
{
	struct lucid_end_row *row = lucid_end_row(cookie);
	unsigned int i;
	u64 found;

	for (i = 0; i < LUCID_END_SLOTS; i++) {
		*slot = &row->slots[i];
		found = atomic64_read(*slot);
		if (found && found >> 16 == cookie << 16 >> 16)
			return found;
	}
	return 0;
}

/* Another's may be there by now. */
static void lucid_end_forget(u64 cookie)
{
	atomic64_t *slot;
	u64 found = lucid_end_find(cookie, &slot);

	if (found)
		atomic64_cmpxchg(slot, found, 0);
}

/**
 * lucid_note_end() - remember why a full socket goes to CLOSE
 * @cookie: of the connection
 * @state: from which, or %TCP_TIME_WAIT if a mini-socket is to take over
 * @why: enum tcp_lucid_end
 *
 * The upper 16 bits of the cookie are lost at both ends of the comparison.
 */
void lucid_note_end(u64 cookie, u8 state, u8 why)
{
	struct lucid_end_row *row = lucid_end_row(cookie);
	u32 next = atomic_inc_return(&row->next);

	lucid_end_forget(cookie);
	atomic64_set(&row->slots[next % LUCID_END_SLOTS],
		     cookie << 16 | state << 8 | why);
}

/**
 * lucid_note_end_of() - is it known why a full socket goes to CLOSE?
 * @cookie: of the connection
 * @note: filled in if it is
 *
 * Return: whether it is.
 */
bool lucid_note_end_of(u64 cookie, struct lucid_end_note *note)
{
	atomic64_t *slot;
	u64 found = lucid_end_find(cookie, &slot);

	note->why = found;
	note->state = found >> 8;
	return found;
}

/**
 * lucid_notes_forget() - the socket begins anew: connect()
 * @cookie: of the connection
 */
void lucid_notes_forget(u64 cookie)
{
	lucid_end_forget(cookie);
	atomic64_cmpxchg(&lucid_syn_slot(cookie)->cookie, cookie, 0);
}

/**
 * lucid_notes_clear() - forget everything
 *
 * For when sockets may close, and connect again, unseen.
 *
 * Context: Any; no hook may be running.
 */
void lucid_notes_clear(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lucid_syn_notes); i++)
		atomic64_set(&lucid_syn_notes[i].cookie, 0);
	for (i = 0; i < ARRAY_SIZE(lucid_tw_notes); i++)
		atomic64_set(&lucid_tw_notes[i], 0);
	for (i = 0; i < ARRAY_SIZE(lucid_end_rows); i++)
		for (j = 0; j < LUCID_END_SLOTS; j++)
			atomic64_set(&lucid_end_rows[i].slots[j], 0);
}
