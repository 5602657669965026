// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection summed up at its end, in one event.
 *
 * Most of it the socket has counted itself, and is read when the socket moves
 * to CLOSE: before anything is reset, and also when a mini-socket takes over.
 * The rest comes from the ledger. Hooks of its own it has none: the observers
 * that see these moments call.
 */
#include <linux/ktime.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>
#include <trace/events/tcp_lucid.h>

#include "closing.h"
#include "conn.h"
#include "ledger.h"
#include "notes.h"
#include "observers.h"
#include "opening.h"
#include "summary.h"

static u8 lucid_role(const struct sock *sk, int oldstate, int newstate)
{
	bool crossed;

	if (oldstate == TCP_SYN_SENT)
		return TCP_LUCID_ROLE_ACTIVE;
	crossed = newstate == TCP_ESTABLISHED ?
		  lucid_handshake_crossed(tcp_sk(sk)) :
		  lucid_connect_began(sk, oldstate);
	return crossed ? TCP_LUCID_ROLE_BOTH : TCP_LUCID_ROLE_PASSIVE;
}

/**
 * lucid_summary_opened() - a connection begins: open its account
 * @sk: its socket, locked
 * @oldstate: SYN_SENT on the active side, SYN_RECV on the passive side
 * @newstate: ESTABLISHED; FIN_WAIT1 if it was closed before it was that
 */
void lucid_summary_opened(const struct sock *sk, int oldstate, int newstate)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct lucid_account *account;
	u64 cookie, since_us;

	if (!trace_summary_enabled() || tp->repair)
		return;
	cookie = lucid_conn_cookie(sk);
	account = lucid_ledger_open(cookie);
	if (!account)
		return;
	since_us = lucid_note_since_syn_us(cookie);
	if (since_us)
		account->first_syn_ns = ktime_get_ns() -
					since_us * NSEC_PER_USEC;
	account->handshake_rtt_us = tp->srtt_us >> 3;
	account->handshake_resent = tp->total_retrans;
	account->cwnd_max = tcp_snd_cwnd(tp);
	account->role = lucid_role(sk, oldstate, newstate);
}

/**
 * lucid_summary_account_resent() - segments have been sent again
 * @sk: whose, locked
 * @reason: enum tcp_lucid_resend
 * @segs: how many
 */
void lucid_summary_account_resent(const struct sock *sk, u8 reason, u32 segs)
{
	struct lucid_account *account;

	account = lucid_ledger_find(lucid_conn_cookie(sk));
	if (!account)
		return;
	switch (reason) {
	case TCP_LUCID_RESEND_RTO:
	case TCP_LUCID_RESEND_AFTER_RTO:
		account->resent_rto += segs;
		break;
	case TCP_LUCID_RESEND_FAST:
	case TCP_LUCID_RESEND_FAST_DUPACKS:
	case TCP_LUCID_RESEND_FAST_TIMER:
	case TCP_LUCID_RESEND_RECOVERY:
		account->resent_fast += segs;
		break;
	case TCP_LUCID_RESEND_TLP:
		account->resent_tlp += segs;
		break;
	default:
		account->resent_other += segs;
	}
}

/**
 * lucid_summary_account_cwnd() - the window is worth remembering
 * @sk: whose, locked
 */
void lucid_summary_account_cwnd(const struct sock *sk)
{
	struct lucid_account *account;

	account = lucid_ledger_find(lucid_conn_cookie(sk));
	if (account)
		account->cwnd_max = max(account->cwnd_max,
					tcp_snd_cwnd(tcp_sk(sk)));
}

/*
 * How long a sender's clock of a kind has run, as TCP_INFO reckons it: the
 * three exclude each other.
 */
static u64 lucid_chrono_us(const struct tcp_sock *tp, enum tcp_chrono type)
{
	u32 ticks = tp->chrono_stat[type - 1];

	if (tp->chrono_type == type)
		ticks += tcp_jiffies32 - tp->chrono_start;
	return lucid_ticks_us(ticks);
}

static void lucid_summary_of_sock(struct lucid_summary *sum,
				  const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	sum->bytes_sent = tp->bytes_sent;
	sum->bytes_acked = tp->bytes_acked;
	sum->bytes_received = tp->bytes_received;
	sum->segs_out = tp->segs_out;
	sum->segs_in = tp->segs_in;
	sum->data_segs_out = tp->data_segs_out;
	sum->data_segs_in = tp->data_segs_in;
	sum->resent = tp->total_retrans;
	sum->dsack_dups = tp->dsack_dups;
	sum->reordered = tp->reord_seen;
	sum->out_of_order = tp->rcv_ooopack;
	sum->srtt_us = tp->srtt_us >> 3;
	/* ~0 stands for "no sample yet". */
	sum->min_rtt_us = tcp_min_rtt(tp) == ~0U ? 0 : tcp_min_rtt(tp);
	sum->rwnd_limited_us = lucid_chrono_us(tp, TCP_CHRONO_RWND_LIMITED);
	sum->sndbuf_limited_us = lucid_chrono_us(tp, TCP_CHRONO_SNDBUF_LIMITED);
	sum->busy_us = lucid_chrono_us(tp, TCP_CHRONO_BUSY) +
		       sum->rwnd_limited_us + sum->sndbuf_limited_us;
	sum->cwnd = tcp_snd_cwnd(tp);
	sum->cwnd_max = sum->cwnd;
}

static void lucid_summary_of_account(struct lucid_summary *sum,
				     const struct lucid_account *account)
{
	if (account->first_syn_ns)
		sum->duration_us = div_u64(ktime_get_ns() -
					   account->first_syn_ns,
					   NSEC_PER_USEC);
	sum->handshake_rtt_us = account->handshake_rtt_us;
	sum->handshake_resent = account->handshake_resent;
	sum->resent_rto = account->resent_rto;
	sum->resent_fast = account->resent_fast;
	sum->resent_tlp = account->resent_tlp;
	sum->resent_other = account->resent_other;
	sum->cwnd_max = max(sum->cwnd_max, account->cwnd_max);
	sum->role = account->role;
}

/**
 * lucid_summary_closed() - a socket is done: sum its connection up
 * @sk: a socket that is moving to CLOSE, locked
 * @oldstate: from where
 *
 * Listeners are no connections, and of a connect() that came to nothing
 * connect_failed tells.
 */
void lucid_summary_closed(const struct sock *sk, int oldstate)
{
	struct lucid_account *account;
	struct lucid_summary sum = {};
	struct lucid_conn conn;
	bool wanted;

	if (oldstate == TCP_CLOSE || oldstate == TCP_LISTEN ||
	    lucid_connect_began(sk, oldstate))
		return;
	wanted = trace_summary_enabled();
	account = lucid_ledger_take(wanted ? lucid_conn_cookie(sk) :
				    atomic64_read(&sk->sk_cookie));
	if (wanted) {
		lucid_summary_of_sock(&sum, sk);
		if (account && lucid_ledger_complete(account))
			lucid_summary_of_account(&sum, account);
		sum.state = oldstate;
		sum.verdict = lucid_close_verdict(sk);
		lucid_conn_from_sock(&conn, sk);
		trace_summary(&conn, &sum);
	}
	lucid_ledger_free(account);
}
