/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints of tcp_lucid: the one place that defines what users see.
 *
 * Rules for fields, so that every bpftrace from 0.17 on can read them: plain
 * fixed-width integers and fixed arrays, no enums, no strings of variable
 * length, no pointers. Codes are __u8, named in <uapi/linux/tcp_lucid.h>.
 * Wider fields come first, to save padding.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tcp_lucid

#if !defined(_TRACE_TCP_LUCID_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_TCP_LUCID_H

#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/tracepoint.h>
#include <net/tcp_states.h>
#include <uapi/linux/tcp_lucid.h>

#include "../../../module/record.h"

/* Hooks are there only while an event that needs them has users (demand.c). */
int lucid_life_reg(void);
int lucid_summary_reg(void);
void lucid_life_unreg(void);
int lucid_ecn_reg(void);
void lucid_ecn_unreg(void);
int lucid_flow_control_reg(void);
void lucid_flow_control_unreg(void);
int lucid_limited_reg(void);
void lucid_limited_unreg(void);
int lucid_rtt_reg(void);
void lucid_rtt_unreg(void);

#define TCP_LUCID_STATES \
	EM(TCP_ESTABLISHED,	"ESTABLISHED") \
	EM(TCP_SYN_SENT,	"SYN_SENT") \
	EM(TCP_SYN_RECV,	"SYN_RECV") \
	EM(TCP_FIN_WAIT1,	"FIN_WAIT1") \
	EM(TCP_FIN_WAIT2,	"FIN_WAIT2") \
	EM(TCP_TIME_WAIT,	"TIME_WAIT") \
	EM(TCP_CLOSE,		"CLOSE") \
	EM(TCP_CLOSE_WAIT,	"CLOSE_WAIT") \
	EM(TCP_LAST_ACK,	"LAST_ACK") \
	EM(TCP_LISTEN,		"LISTEN") \
	EM(TCP_CLOSING,		"CLOSING") \
	EMe(TCP_NEW_SYN_RECV,	"NEW_SYN_RECV")

/* The kernel's own, of struct inet_connection_sock. */
#define TCP_LUCID_CA_STATES \
	EM(TCP_CA_Open,		"OPEN") \
	EM(TCP_CA_Disorder,	"DISORDER") \
	EM(TCP_CA_CWR,		"CWR") \
	EM(TCP_CA_Recovery,	"RECOVERY") \
	EMe(TCP_CA_Loss,	"LOSS")

#define TCP_LUCID_STEPS \
	EM(TCP_LUCID_SYN_SENT,		"SYN sent") \
	EM(TCP_LUCID_SYN_RECEIVED,	"SYN received") \
	EM(TCP_LUCID_SYNACK_SENT,	"SYN-ACK sent") \
	EM(TCP_LUCID_SYNACK_RECEIVED,	"SYN-ACK received") \
	EM(TCP_LUCID_ACK_SENT,		"ACK sent") \
	EMe(TCP_LUCID_ACK_RECEIVED,	"ACK received")

#define TCP_LUCID_RESENDS \
	EM(TCP_LUCID_RESEND_UNKNOWN,		"UNKNOWN") \
	EM(TCP_LUCID_RESEND_SYN,		"SYN") \
	EM(TCP_LUCID_RESEND_SYNACK,		"SYNACK") \
	EM(TCP_LUCID_RESEND_SYNACK_DUP,		"SYNACK_DUP") \
	EM(TCP_LUCID_RESEND_RTO,		"RTO") \
	EM(TCP_LUCID_RESEND_AFTER_RTO,		"AFTER_RTO") \
	EM(TCP_LUCID_RESEND_FAST,		"FAST") \
	EM(TCP_LUCID_RESEND_TLP,		"TLP") \
	EM(TCP_LUCID_RESEND_RESIZE,		"RESIZE") \
	EM(TCP_LUCID_RESEND_ZERO_WINDOW,	"ZERO_WINDOW") \
	EM(TCP_LUCID_RESEND_FAST_DUPACKS,	"FAST_DUPACKS") \
	EM(TCP_LUCID_RESEND_FAST_TIMER,		"FAST_TIMER") \
	EM(TCP_LUCID_RESEND_RECOVERY,		"RECOVERY") \
	EM(TCP_LUCID_RESEND_FAST_OPEN,		"FAST_OPEN") \
	EMe(TCP_LUCID_RESEND_MTU_PROBE,		"MTU_PROBE")

#define TCP_LUCID_RECOVERIES \
	EM(TCP_LUCID_RECOVERY_DUPACKS,		"began: DUPACKS") \
	EM(TCP_LUCID_RECOVERY_SACK,		"began: SACK") \
	EM(TCP_LUCID_RECOVERY_REORDER_TIMER,	"began: REORDER_TIMER") \
	EM(TCP_LUCID_RECOVERY_COMPLETE,		"ended: COMPLETE") \
	EM(TCP_LUCID_RECOVERY_UNDONE,		"ended: UNDONE") \
	EM(TCP_LUCID_RECOVERY_TIMEOUT,		"ended: TIMEOUT") \
	EM(TCP_LUCID_RECOVERY_CLOSED,		"ended: CLOSED") \
	EMe(TCP_LUCID_RECOVERY_RESIZED,		"ended: RESIZED")

#define TCP_LUCID_TWS \
	EM(TCP_LUCID_TW_ENTER,		"ENTER") \
	EM(TCP_LUCID_TW_PROMOTE,	"PROMOTE") \
	EM(TCP_LUCID_TW_REFRESH,	"REFRESH") \
	EMe(TCP_LUCID_TW_EXIT,		"EXIT")

#define TCP_LUCID_TW_ENDS \
	EM(TCP_LUCID_TW_END_NONE,	"-") \
	EM(TCP_LUCID_TW_END_TIMER,	"TIMER") \
	EM(TCP_LUCID_TW_END_NEW_SYN,	"NEW_SYN") \
	EM(TCP_LUCID_TW_END_REUSED,	"REUSED") \
	EM(TCP_LUCID_TW_END_RST,	"RST") \
	EM(TCP_LUCID_TW_END_DATA,	"DATA") \
	EM(TCP_LUCID_TW_END_NETNS,	"NETNS") \
	EM(TCP_LUCID_TW_END_KILLED,	"KILLED") \
	EMe(TCP_LUCID_TW_END_OTHER,	"OTHER")

#define TCP_LUCID_PHASES \
	EM(TCP_LUCID_PHASE_SLOW_START,		"SLOW_START") \
	EM(TCP_LUCID_PHASE_AVOIDANCE,		"AVOIDANCE") \
	EM(TCP_LUCID_PHASE_RENO_FRIENDLY,	"RENO_FRIENDLY") \
	EM(TCP_LUCID_PHASE_CONCAVE,		"CONCAVE") \
	EM(TCP_LUCID_PHASE_CONVEX,		"CONVEX") \
	EM(TCP_LUCID_PHASE_CWR,			"CWR") \
	EM(TCP_LUCID_PHASE_RECOVERY,		"RECOVERY") \
	EMe(TCP_LUCID_PHASE_LOSS,		"LOSS")

#define TCP_LUCID_SLOW_STARTS \
	EM(TCP_LUCID_SS_SSTHRESH,	"exit: SSTHRESH") \
	EM(TCP_LUCID_SS_CONGESTION,	"exit: CONGESTION") \
	EM(TCP_LUCID_SS_DELAY,		"exit: DELAY") \
	EM(TCP_LUCID_SS_TRAIN,		"exit: TRAIN") \
	EM(TCP_LUCID_SS_CSS_ENTER,	"CSS: ENTER") \
	EM(TCP_LUCID_SS_CSS_RESUME,	"CSS: RESUME") \
	EMe(TCP_LUCID_SS_CSS_ROUNDS,	"exit: CSS_ROUNDS")

#define TCP_LUCID_CAUSES \
	EM(TCP_LUCID_CAUSE_LOSS,	"LOSS") \
	EM(TCP_LUCID_CAUSE_RTO,		"RTO") \
	EM(TCP_LUCID_CAUSE_ECE,		"ECE") \
	EM(TCP_LUCID_CAUSE_LOCAL,	"LOCAL") \
	EMe(TCP_LUCID_CAUSE_RTO_AGAIN,	"RTO_AGAIN")

#define TCP_LUCID_UNUSEDS \
	EM(TCP_LUCID_UNUSED_BEGAN,	"BEGAN") \
	EM(TCP_LUCID_UNUSED_ENDED,	"ENDED") \
	EMe(TCP_LUCID_UNUSED_IDLE,	"IDLE")

#define TCP_LUCID_LISTENS \
	EM(TCP_LUCID_LISTEN_REQUEST,	"REQUEST") \
	EM(TCP_LUCID_LISTEN_REQUEST_DROP,	"REQUEST_DROP") \
	EM(TCP_LUCID_LISTEN_SYN_DROP,	"SYN_DROP") \
	EM(TCP_LUCID_LISTEN_ACK_DROP,	"ACK_DROP") \
	EM(TCP_LUCID_LISTEN_COOKIE_SENT,	"COOKIE_SENT") \
	EM(TCP_LUCID_LISTEN_COOKIE_VALID,	"COOKIE_VALID") \
	EM(TCP_LUCID_LISTEN_COOKIE_BAD,	"COOKIE_BAD") \
	EM(TCP_LUCID_LISTEN_COOKIE_LOST,	"COOKIE_LOST") \
	EMe(TCP_LUCID_LISTEN_CLOSED,	"CLOSED")

#define TCP_LUCID_LISTEN_WHYS \
	EM(TCP_LUCID_LISTEN_WHY_NONE,	"-") \
	EM(TCP_LUCID_LISTEN_SYN_QUEUE,	"SYN_QUEUE") \
	EM(TCP_LUCID_LISTEN_ACCEPT_QUEUE,	"ACCEPT_QUEUE") \
	EM(TCP_LUCID_LISTEN_ALWAYS,	"ALWAYS") \
	EM(TCP_LUCID_LISTEN_UNPROVEN,	"UNPROVEN") \
	EM(TCP_LUCID_LISTEN_TIMEOUT,	"TIMEOUT") \
	EM(TCP_LUCID_LISTEN_PRUNED,	"PRUNED") \
	EM(TCP_LUCID_LISTEN_RESEND,	"RESEND") \
	EM(TCP_LUCID_LISTEN_RST,	"RST") \
	EM(TCP_LUCID_LISTEN_BAD_SYN,	"BAD_SYN") \
	EM(TCP_LUCID_LISTEN_STOPPED,	"STOPPED") \
	EM(TCP_LUCID_LISTEN_ICMP,	"ICMP") \
	EM(TCP_LUCID_LISTEN_KILLED,	"KILLED") \
	EMe(TCP_LUCID_LISTEN_OTHER,	"OTHER")

#define TCP_LUCID_FAST_OPENS \
	EM(TCP_LUCID_TFO_ACCEPTED,	"ACCEPTED") \
	EM(TCP_LUCID_TFO_REQUESTED,	"REQUESTED") \
	EM(TCP_LUCID_TFO_BAD_COOKIE,	"BAD_COOKIE") \
	EM(TCP_LUCID_TFO_OVERFLOW,	"OVERFLOW") \
	EM(TCP_LUCID_TFO_IGNORED,	"IGNORED") \
	EM(TCP_LUCID_TFO_DATA_ACKED,	"DATA_ACKED") \
	EM(TCP_LUCID_TFO_DATA_REFUSED,	"DATA_REFUSED") \
	EM(TCP_LUCID_TFO_COOKIE,	"COOKIE") \
	EM(TCP_LUCID_TFO_NO_COOKIE,	"NO_COOKIE") \
	EMe(TCP_LUCID_TFO_BLACKHOLE,	"BLACKHOLE")

#define TCP_LUCID_CONNECT_ENDS \
	EM(TCP_LUCID_CONNECT_RST,	"RST") \
	EM(TCP_LUCID_CONNECT_TIMEOUT,	"TIMEOUT") \
	EM(TCP_LUCID_CONNECT_ICMP,	"ICMP") \
	EM(TCP_LUCID_CONNECT_LOCAL,	"LOCAL") \
	EM(TCP_LUCID_CONNECT_CLOSED,	"CLOSED") \
	EM(TCP_LUCID_CONNECT_KILLED,	"KILLED") \
	EMe(TCP_LUCID_CONNECT_OTHER,	"OTHER")

#define TCP_LUCID_LIMITEDS \
	EM(TCP_LUCID_LIMITED_HANDSHAKE,	"handshake") \
	EM(TCP_LUCID_LIMITED_STATE,	"state") \
	EM(TCP_LUCID_LIMITED_LISTEN,	"listen") \
	EM(TCP_LUCID_LIMITED_FAST_OPEN,	"fast_open") \
	EMe(TCP_LUCID_LIMITED_CLOSE,	"close")

#define TCP_LUCID_CLOSES \
	EM(TCP_LUCID_CLOSE_APP_SHUTDOWN,	"APP_SHUTDOWN") \
	EM(TCP_LUCID_CLOSE_APP_CLOSE,	"APP_CLOSE") \
	EM(TCP_LUCID_CLOSE_FIN_SENT,	"FIN_SENT") \
	EM(TCP_LUCID_CLOSE_FIN_RECEIVED,	"FIN_RECEIVED") \
	EM(TCP_LUCID_CLOSE_FIN_ACKED,	"FIN_ACKED") \
	EM(TCP_LUCID_CLOSE_RST_SENT,	"RST_SENT") \
	EM(TCP_LUCID_CLOSE_RST_RECEIVED,	"RST_RECEIVED") \
	EMe(TCP_LUCID_CLOSE_ENDED,	"ENDED")

#define TCP_LUCID_ENDS \
	EM(TCP_LUCID_END_NONE,	"-") \
	EM(TCP_LUCID_END_CLOSE,	"CLOSE") \
	EM(TCP_LUCID_END_EXIT,	"EXIT") \
	EM(TCP_LUCID_END_SHUTDOWN,	"SHUTDOWN") \
	EM(TCP_LUCID_END_SHUT_RD,	"SHUT_RD") \
	EM(TCP_LUCID_END_SHUT_WR,	"SHUT_WR") \
	EM(TCP_LUCID_END_SHUT_RDWR,	"SHUT_RDWR") \
	EM(TCP_LUCID_END_UNREAD,	"UNREAD") \
	EM(TCP_LUCID_END_LINGER0,	"LINGER0") \
	EM(TCP_LUCID_END_LINGER2,	"LINGER2") \
	EM(TCP_LUCID_END_DISCONNECT,	"DISCONNECT") \
	EM(TCP_LUCID_END_REPAIR,	"REPAIR") \
	EM(TCP_LUCID_END_LISTENER,	"LISTENER") \
	EM(TCP_LUCID_END_KILLED,	"KILLED") \
	EM(TCP_LUCID_END_ORPHANS,	"ORPHANS") \
	EM(TCP_LUCID_END_NETNS,	"NETNS") \
	EM(TCP_LUCID_END_FIN_WAIT2,	"FIN_WAIT2") \
	EM(TCP_LUCID_END_RETRANS,	"RETRANS") \
	EM(TCP_LUCID_END_KEEPALIVE,	"KEEPALIVE") \
	EM(TCP_LUCID_END_ZERO_WINDOW,	"ZERO_WINDOW") \
	EM(TCP_LUCID_END_USER_TIMEOUT,	"USER_TIMEOUT") \
	EM(TCP_LUCID_END_RST,	"RST") \
	EM(TCP_LUCID_END_DATA,	"DATA") \
	EM(TCP_LUCID_END_BAD_ACK,	"BAD_ACK") \
	EM(TCP_LUCID_END_BAD_SYN,	"BAD_SYN") \
	EM(TCP_LUCID_END_PAWS,	"PAWS") \
	EM(TCP_LUCID_END_NO_SOCKET,	"NO_SOCKET") \
	EM(TCP_LUCID_END_STRAY,	"STRAY") \
	EM(TCP_LUCID_END_ACCEPT_QUEUE,	"ACCEPT_QUEUE") \
	EM(TCP_LUCID_END_ICMP,	"ICMP") \
	EM(TCP_LUCID_END_MPTCP,	"MPTCP") \
	EM(TCP_LUCID_END_TW_OVERFLOW,	"TW_OVERFLOW") \
	EMe(TCP_LUCID_END_OTHER,	"OTHER")

#define TCP_LUCID_VERDICTS \
	EM(TCP_LUCID_VERDICT_NONE,	"-") \
	EM(TCP_LUCID_VERDICT_CLEAN_ACTIVE,	"CLEAN_ACTIVE") \
	EM(TCP_LUCID_VERDICT_CLEAN_PASSIVE,	"CLEAN_PASSIVE") \
	EM(TCP_LUCID_VERDICT_SIMULTANEOUS,	"SIMULTANEOUS") \
	EM(TCP_LUCID_VERDICT_HALF,	"HALF") \
	EM(TCP_LUCID_VERDICT_RST_BY_PEER,	"RST_BY_PEER") \
	EM(TCP_LUCID_VERDICT_RST_BY_US,	"RST_BY_US") \
	EM(TCP_LUCID_VERDICT_ABORT,	"ABORT") \
	EM(TCP_LUCID_VERDICT_TIMEOUT,	"TIMEOUT") \
	EM(TCP_LUCID_VERDICT_KILLED,	"KILLED") \
	EM(TCP_LUCID_VERDICT_ICMP,	"ICMP") \
	EMe(TCP_LUCID_VERDICT_OTHER,	"OTHER")

#define TCP_LUCID_KINDS \
	EM(TCP_LUCID_KIND_FULL,	"FULL") \
	EM(TCP_LUCID_KIND_REQUEST,	"REQUEST") \
	EM(TCP_LUCID_KIND_TIME_WAIT,	"TIME_WAIT") \
	EM(TCP_LUCID_KIND_LISTENER,	"LISTENER") \
	EMe(TCP_LUCID_KIND_NOBODY,	"NOBODY")

#define TCP_LUCID_ROLES \
	EM(TCP_LUCID_ROLE_UNKNOWN,	"UNKNOWN") \
	EM(TCP_LUCID_ROLE_ACTIVE,	"ACTIVE") \
	EM(TCP_LUCID_ROLE_PASSIVE,	"PASSIVE") \
	EMe(TCP_LUCID_ROLE_BOTH,	"BOTH")

#define TCP_LUCID_SPURIOUSES \
	EM(TCP_LUCID_SPURIOUS_DSACK,		"DSACK") \
	EM(TCP_LUCID_SPURIOUS_TIMESTAMPS,	"TIMESTAMPS") \
	EM(TCP_LUCID_SPURIOUS_FRTO,		"FRTO") \
	EMe(TCP_LUCID_SPURIOUS_UNSENT,		"UNSENT")

#define TCP_LUCID_REORDERINGS \
	EM(TCP_LUCID_REORDERING_SACK,		"SACK") \
	EM(TCP_LUCID_REORDERING_ACK,		"ACK") \
	EM(TCP_LUCID_REORDERING_DSACK,		"DSACK") \
	EM(TCP_LUCID_REORDERING_TIMESTAMPS,	"TIMESTAMPS") \
	EMe(TCP_LUCID_REORDERING_RENO,		"RENO")

#define TCP_LUCID_ECNS \
	EM(TCP_LUCID_ECN_CE_RECEIVED,	"CE_RECEIVED") \
	EM(TCP_LUCID_ECN_ECE_RECEIVED,	"ECE_RECEIVED") \
	EM(TCP_LUCID_ECN_CWR_SENT,	"CWR_SENT") \
	EMe(TCP_LUCID_ECN_CWR_RECEIVED,	"CWR_RECEIVED")

#define TCP_LUCID_FLOWS \
	EM(TCP_LUCID_FLOW_ZERO_WINDOW_SENT,	"ZERO_WINDOW_SENT") \
	EM(TCP_LUCID_FLOW_WINDOW_SENT,		"WINDOW_SENT") \
	EM(TCP_LUCID_FLOW_ZERO_WINDOW_RECEIVED,	"ZERO_WINDOW_RECEIVED") \
	EM(TCP_LUCID_FLOW_WINDOW_RECEIVED,	"WINDOW_RECEIVED") \
	EM(TCP_LUCID_FLOW_SHRUNK,		"SHRUNK") \
	EM(TCP_LUCID_FLOW_PROBE,		"PROBE") \
	EMe(TCP_LUCID_FLOW_KEEPALIVE,		"KEEPALIVE")

#define TCP_LUCID_LIMITS \
	EM(TCP_LUCID_LIMIT_NONE,	"-") \
	EM(TCP_LUCID_LIMIT_IDLE,	"IDLE") \
	EM(TCP_LUCID_LIMIT_APP,		"APP") \
	EM(TCP_LUCID_LIMIT_CWND,	"CWND") \
	EM(TCP_LUCID_LIMIT_RWND,	"RWND") \
	EM(TCP_LUCID_LIMIT_SNDBUF,	"SNDBUF") \
	EM(TCP_LUCID_LIMIT_RECOVERY,	"RECOVERY") \
	EMe(TCP_LUCID_LIMIT_OTHER,	"OTHER")

/* First reading of the lists: give perf and trace-cmd the numbers. */
#undef EM
#undef EMe
#define EM(value, name)		TRACE_DEFINE_ENUM(value);
#define EMe(value, name)	TRACE_DEFINE_ENUM(value);

TCP_LUCID_STATES
TCP_LUCID_CA_STATES
TCP_LUCID_STEPS
TCP_LUCID_RESENDS
TCP_LUCID_RECOVERIES
TCP_LUCID_TWS
TCP_LUCID_TW_ENDS
TCP_LUCID_PHASES
TCP_LUCID_SLOW_STARTS
TCP_LUCID_CAUSES
TCP_LUCID_UNUSEDS
TCP_LUCID_LISTENS
TCP_LUCID_LISTEN_WHYS
TCP_LUCID_FAST_OPENS
TCP_LUCID_CONNECT_ENDS
TCP_LUCID_LIMITEDS
TCP_LUCID_ROLES
TCP_LUCID_CLOSES
TCP_LUCID_ENDS
TCP_LUCID_VERDICTS
TCP_LUCID_KINDS
TCP_LUCID_SPURIOUSES
TCP_LUCID_REORDERINGS
TCP_LUCID_ECNS
TCP_LUCID_FLOWS
TCP_LUCID_LIMITS

/* From here on the lists are tables for __print_symbolic(). */
#undef EM
#undef EMe
#define EM(value, name)		{ value, name },
#define EMe(value, name)	{ value, name }

/*
 * Whose event this is: the same fields in the same place in every event.
 *
 * cookie	socket cookie, as "ss -e" prints it after "sk:" (there in hex)
 * netns	inode number of the network namespace, as lsns(8) prints it
 * family	AF_INET (2) or AF_INET6 (10), as the packets are on the wire
 * sport, dport	local and remote port, in host byte order
 * saddr, daddr	local and remote IPv4 address; zero for IPv6
 * saddr_v6, daddr_v6	the same for IPv6; ::ffff:a.b.c.d for IPv4
 */
#define TCP_LUCID_CONN_FIELDS \
	__field(__u64, cookie) \
	__field(__u32, netns) \
	__field(__u16, family) \
	__field(__u16, sport) \
	__field(__u16, dport) \
	__array(__u8, saddr, 4) \
	__array(__u8, daddr, 4) \
	__array(__u8, saddr_v6, 16) \
	__array(__u8, daddr_v6, 16)

#define TCP_LUCID_CONN_ASSIGN(conn) do { \
	__entry->cookie = (conn)->cookie; \
	__entry->netns = (conn)->netns; \
	__entry->family = (conn)->family; \
	__entry->sport = (conn)->sport; \
	__entry->dport = (conn)->dport; \
	memcpy(__entry->saddr, (conn)->saddr, 4); \
	memcpy(__entry->daddr, (conn)->daddr, 4); \
	memcpy(__entry->saddr_v6, (conn)->saddr_v6, 16); \
	memcpy(__entry->daddr_v6, (conn)->daddr_v6, 16); \
} while (0)

#define TCP_LUCID_CONN_FMT \
	"cookie=%llu netns=%u saddr=%pI6c sport=%u daddr=%pI6c dport=%u "

#define TCP_LUCID_CONN_ARGS \
	__entry->cookie, __entry->netns, \
	__entry->saddr_v6, __entry->sport, __entry->daddr_v6, __entry->dport

/*
 * handshake: one event for each segment of a three-way handshake.
 *
 * mss, wscale, sack, timestamps, ecn and flags are what stands in that
 * segment, so in a *_RECEIVED step they are the peer's.
 *
 * isn, peer_isn	initial sequence number of this side and of the other;
 *		0 while it is not known
 * rtt_us	on completion: round-trip time that the kernel measured on the
 *		handshake. After a resend it comes from timestamps, in whole
 *		milliseconds; without those there is none, and it is 0
 * since_syn_us	on completion: since the first SYN was sent or received;
 *		0 if that was before anybody listened
 * mss		bytes; 0 if the segment carried no such option
 * attempt	1 for the first SYN or SYN-ACK, 2 for the next...;
 *		on completion: how many it took
 * wscale	shift count, or TCP_LUCID_NO_WSCALE
 * ecn		1: the segment asks for or agrees to ECN (RFC 3168)
 * flags	the eight flag bits of the TCP header: FIN 1, SYN 2... CWR 128
 */
TRACE_EVENT_FN(handshake,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_handshake *hs),
	TP_ARGS(conn, hs),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, isn)
		__field(__u32, peer_isn)
		__field(__u32, rtt_us)
		__field(__u32, since_syn_us)
		__field(__u16, mss)
		__field(__u16, attempt)
		__field(__u8, step)
		__field(__u8, flags)
		__field(__u8, wscale)
		__field(__u8, sack)
		__field(__u8, timestamps)
		__field(__u8, ecn)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->isn = hs->isn;
		__entry->peer_isn = hs->peer_isn;
		__entry->rtt_us = hs->rtt_us;
		__entry->since_syn_us = hs->since_syn_us;
		__entry->mss = hs->opts.mss;
		__entry->attempt = hs->attempt;
		__entry->step = hs->step;
		__entry->flags = hs->flags;
		__entry->wscale = hs->opts.wscale;
		__entry->sack = hs->opts.sack;
		__entry->timestamps = hs->opts.timestamps;
		__entry->ecn = hs->opts.ecn;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "step=%s isn=%u peer_isn=%u flags=0x%02x mss=%u wscale=%u sack=%u timestamps=%u ecn=%u attempt=%u rtt_us=%u since_syn_us=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->step, TCP_LUCID_STEPS),
		  __entry->isn, __entry->peer_isn, __entry->flags,
		  __entry->mss, __entry->wscale, __entry->sack,
		  __entry->timestamps, __entry->ecn, __entry->attempt,
		  __entry->rtt_us, __entry->since_syn_us),
	lucid_life_reg, lucid_life_unreg
);

/*
 * state: a connection moves from one state of RFC 9293, figure 5, to another.
 *
 * All of Linux's states, those included that live in a request socket
 * (NEW_SYN_RECV) or in a mini-socket (TIME_WAIT, and FIN_WAIT2 of an orphan).
 */
TRACE_EVENT_FN(state,
	TP_PROTO(const struct lucid_conn *conn, int oldstate, int newstate),
	TP_ARGS(conn, oldstate, newstate),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u8, oldstate)
		__field(__u8, newstate)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
	),
	TP_printk(TCP_LUCID_CONN_FMT "oldstate=%s newstate=%s",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->oldstate, TCP_LUCID_STATES),
		  __print_symbolic(__entry->newstate, TCP_LUCID_STATES)),
	lucid_life_reg, lucid_life_unreg
);

/*
 * retransmit: a segment has been sent again.
 *
 * A super-packet that TSO cuts up later is one event: segs counts the
 * segments in it, and the sum of segs is what TcpRetransSegs counts, less
 * TCPRetransFail.
 *
 * seq, len	first sequence number, bytes of payload
 * segs		segments
 * cwnd, ssthresh, in_flight	packets, as they are when it is sent
 * srtt_us, rto_us	smoothed RTT and the timeout in force; 0 if none. A request
 *		that sends its SYN-ACK again has none of these five
 * attempt	RTO, SYN, SYNACK, ZERO_WINDOW: how often the timer has run out in a
 *		row; otherwise 1, or 2 when it had been sent again before
 * flags	flag bits of the TCP header; FIN is 1
 * state, ca_state	state of the socket, and of its congestion control
 *		(0 Open, 1 Disorder, 2 CWR, 3 Recovery, 4 Loss)
 */
TRACE_EVENT_FN(retransmit,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_retransmit *rtx),
	TP_ARGS(conn, rtx),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u32, segs)
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, in_flight)
		__field(__u32, srtt_us)
		__field(__u32, rto_us)
		__field(__u16, attempt)
		__field(__u8, reason)
		__field(__u8, flags)
		__field(__u8, state)
		__field(__u8, ca_state)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->seq = rtx->seq;
		__entry->len = rtx->len;
		__entry->segs = rtx->segs;
		__entry->cwnd = rtx->cwnd;
		__entry->ssthresh = rtx->ssthresh;
		__entry->in_flight = rtx->in_flight;
		__entry->srtt_us = rtx->srtt_us;
		__entry->rto_us = rtx->rto_us;
		__entry->attempt = rtx->attempt;
		__entry->reason = rtx->reason;
		__entry->flags = rtx->flags;
		__entry->state = rtx->state;
		__entry->ca_state = rtx->ca_state;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "reason=%s seq=%u len=%u segs=%u attempt=%u state=%s flags=0x%02x ca_state=%s cwnd=%u ssthresh=%u in_flight=%u srtt_us=%u rto_us=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->reason, TCP_LUCID_RESENDS),
		  __entry->seq, __entry->len, __entry->segs, __entry->attempt,
		  __print_symbolic(__entry->state, TCP_LUCID_STATES),
		  __entry->flags,
		  __print_symbolic(__entry->ca_state, TCP_LUCID_CA_STATES),
		  __entry->cwnd, __entry->ssthresh, __entry->in_flight,
		  __entry->srtt_us,
		  __entry->rto_us),
	lucid_life_reg, lucid_life_unreg
);

/*
 * fast_retransmit: a sender enters fast recovery, and how that ends.
 *
 * cwnd, prior_cwnd	packets: now, and when the reduction began
 * ssthresh	packets: what cwnd is being brought down to
 * in_flight, lost_out, sacked_out	packets
 * snd_una	oldest sequence number not acknowledged
 * recover	recovery is over when this is acknowledged (RFC 6582)
 * began	1: recovery begins here; 0: it ends here
 */
TRACE_EVENT_FN(fast_retransmit,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_recovery *rec),
	TP_ARGS(conn, rec),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, snd_una)
		__field(__u32, recover)
		__field(__u32, cwnd)
		__field(__u32, prior_cwnd)
		__field(__u32, ssthresh)
		__field(__u32, in_flight)
		__field(__u32, lost_out)
		__field(__u32, sacked_out)
		__field(__u8, began)
		__field(__u8, how)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->snd_una = rec->snd_una;
		__entry->recover = rec->recover;
		__entry->cwnd = rec->cwnd;
		__entry->prior_cwnd = rec->prior_cwnd;
		__entry->ssthresh = rec->ssthresh;
		__entry->in_flight = rec->in_flight;
		__entry->lost_out = rec->lost_out;
		__entry->sacked_out = rec->sacked_out;
		__entry->began = rec->began;
		__entry->how = rec->how;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "how=\"%s\" snd_una=%u recover=%u cwnd=%u prior_cwnd=%u ssthresh=%u in_flight=%u lost_out=%u sacked_out=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->how, TCP_LUCID_RECOVERIES),
		  __entry->snd_una, __entry->recover, __entry->cwnd,
		  __entry->prior_cwnd, __entry->ssthresh, __entry->in_flight,
		  __entry->lost_out, __entry->sacked_out),
	lucid_life_reg, lucid_life_unreg
);

/*
 * time_wait: a mini-socket stands in for a closed connection, until it ends.
 *
 * timeout_ms	until it ends by itself, counted from this event; 0 at EXIT
 * what		ENTER, PROMOTE, REFRESH or EXIT
 * why		at EXIT: what ended it
 * substate	TIME_WAIT (6), or FIN_WAIT2 (5) for an orphan that waits for
 *		its peer's FIN
 */
TRACE_EVENT_FN(time_wait,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_time_wait *tw),
	TP_ARGS(conn, tw),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, timeout_ms)
		__field(__u8, what)
		__field(__u8, why)
		__field(__u8, substate)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->timeout_ms = tw->timeout_ms;
		__entry->what = tw->what;
		__entry->why = tw->why;
		__entry->substate = tw->substate;
	),
	TP_printk(TCP_LUCID_CONN_FMT "what=%s substate=%s timeout_ms=%u why=%s",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_TWS),
		  __print_symbolic(__entry->substate, TCP_LUCID_STATES),
		  __entry->timeout_ms,
		  __print_symbolic(__entry->why, TCP_LUCID_TW_ENDS)),
	lucid_life_reg, lucid_life_unreg
);

/*
 * summary: a connection is over for this end: all of it in one event.
 *
 * Comes when the full socket goes, also when a mini-socket takes over. What
 * only the ledger knows is 0 (role: UNKNOWN) for a connection that was open
 * before anybody listened; those fields have a * below.
 *
 * duration_us *	since its first SYN was sent or received
 * bytes_sent	payload sent, that which was sent again included
 * bytes_acked, bytes_received	sequence numbers, as TCP_INFO counts them: a FIN
 *		counts as a byte, a SYN of this side as well
 * segs_out, segs_in	segments, those without data included; resent ones as well
 * data_segs_out, data_segs_in	those with data
 * resent	segments that were sent again, or that this was tried with
 * resent_rto, resent_fast, resent_tlp, resent_other *	the same by cause: the
 *		timer and what it brought after it; fast retransmit; tail loss
 *		probes; the rest. See retransmit.reason
 * handshake_resent *	SYNs or SYN-ACKs among resent
 * dsack_dups	segments that the peer said it got twice (RFC 2883)
 * reordered	how often reordering was seen among what was sent
 * out_of_order	segments that came in out of order
 * handshake_rtt_us *	round trip as measured on the handshake
 * min_rtt_us, srtt_us	smallest of the last minutes (tcp_min_rtt_wlen), and
 *		smoothed at the end; 0 if there was no sample
 * busy_us	time with data outstanding or waiting to be sent
 * rwnd_limited_us, sndbuf_limited_us	of that: held back by the peer's window,
 *		by the send buffer. The kernel counts these in ticks
 * cwnd, cwnd_max	packets, at the end, and the largest seen: when recovery's
 *		state changed (just before each reduction), and at the end
 * state	it moves from to CLOSE, or to what a mini-socket stands for
 * verdict	how it ended; HALF for an orphan that waits for its peer's FIN as a
 *		mini-socket, whatever comes of that
 */
TRACE_EVENT_FN(summary,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_summary *sum),
	TP_ARGS(conn, sum),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, duration_us)
		__field(__u64, bytes_sent)
		__field(__u64, bytes_acked)
		__field(__u64, bytes_received)
		__field(__u32, segs_out)
		__field(__u32, segs_in)
		__field(__u32, data_segs_out)
		__field(__u32, data_segs_in)
		__field(__u32, resent)
		__field(__u32, resent_rto)
		__field(__u32, resent_fast)
		__field(__u32, resent_tlp)
		__field(__u32, resent_other)
		__field(__u32, handshake_resent)
		__field(__u32, dsack_dups)
		__field(__u32, reordered)
		__field(__u32, out_of_order)
		__field(__u32, handshake_rtt_us)
		__field(__u32, min_rtt_us)
		__field(__u32, srtt_us)
		__field(__u64, busy_us)
		__field(__u64, rwnd_limited_us)
		__field(__u64, sndbuf_limited_us)
		__field(__u32, cwnd)
		__field(__u32, cwnd_max)
		__field(__u8, role)
		__field(__u8, state)
		__field(__u8, verdict)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->duration_us = sum->duration_us;
		__entry->bytes_sent = sum->bytes_sent;
		__entry->bytes_acked = sum->bytes_acked;
		__entry->bytes_received = sum->bytes_received;
		__entry->segs_out = sum->segs_out;
		__entry->segs_in = sum->segs_in;
		__entry->data_segs_out = sum->data_segs_out;
		__entry->data_segs_in = sum->data_segs_in;
		__entry->resent = sum->resent;
		__entry->resent_rto = sum->resent_rto;
		__entry->resent_fast = sum->resent_fast;
		__entry->resent_tlp = sum->resent_tlp;
		__entry->resent_other = sum->resent_other;
		__entry->handshake_resent = sum->handshake_resent;
		__entry->dsack_dups = sum->dsack_dups;
		__entry->reordered = sum->reordered;
		__entry->out_of_order = sum->out_of_order;
		__entry->handshake_rtt_us = sum->handshake_rtt_us;
		__entry->min_rtt_us = sum->min_rtt_us;
		__entry->srtt_us = sum->srtt_us;
		__entry->busy_us = sum->busy_us;
		__entry->rwnd_limited_us = sum->rwnd_limited_us;
		__entry->sndbuf_limited_us = sum->sndbuf_limited_us;
		__entry->cwnd = sum->cwnd;
		__entry->cwnd_max = sum->cwnd_max;
		__entry->role = sum->role;
		__entry->state = sum->state;
		__entry->verdict = sum->verdict;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "role=%s state=%s verdict=%s duration_us=%llu bytes_sent=%llu bytes_acked=%llu bytes_received=%llu segs_out=%u segs_in=%u data_segs_out=%u data_segs_in=%u resent=%u resent_rto=%u resent_fast=%u resent_tlp=%u resent_other=%u handshake_resent=%u dsack_dups=%u reordered=%u out_of_order=%u handshake_rtt_us=%u min_rtt_us=%u srtt_us=%u busy_us=%llu rwnd_limited_us=%llu sndbuf_limited_us=%llu cwnd=%u cwnd_max=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->role, TCP_LUCID_ROLES),
		  __print_symbolic(__entry->state, TCP_LUCID_STATES),
		  __print_symbolic(__entry->verdict, TCP_LUCID_VERDICTS),
		  __entry->duration_us, __entry->bytes_sent,
		  __entry->bytes_acked, __entry->bytes_received,
		  __entry->segs_out, __entry->segs_in, __entry->data_segs_out,
		  __entry->data_segs_in, __entry->resent, __entry->resent_rto,
		  __entry->resent_fast, __entry->resent_tlp,
		  __entry->resent_other, __entry->handshake_resent,
		  __entry->dsack_dups, __entry->reordered,
		  __entry->out_of_order, __entry->handshake_rtt_us,
		  __entry->min_rtt_us, __entry->srtt_us, __entry->busy_us,
		  __entry->rwnd_limited_us, __entry->sndbuf_limited_us,
		  __entry->cwnd, __entry->cwnd_max),
	lucid_summary_reg, lucid_life_unreg
);

/*
 * window: the congestion window of a socket on one of our controls changed
 * by a whole packet, or what governs it did.
 *
 * cwnd, ssthresh, in_flight	packets; ssthresh 2147483647: not set yet
 * srtt_us	smoothed round-trip time; 0 before the first sample
 * snd_una	oldest sequence number not acknowledged
 * ca		name of the control, NUL-padded
 */
TRACE_EVENT(window,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_window_event *win),
	TP_ARGS(conn, win),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, in_flight)
		__field(__u32, srtt_us)
		__field(__u32, snd_una)
		__array(char, ca, 16)
		__field(__u8, phase)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->cwnd = win->cwnd;
		__entry->ssthresh = win->ssthresh;
		__entry->in_flight = win->in_flight;
		__entry->srtt_us = win->srtt_us;
		__entry->snd_una = win->snd_una;
		memcpy(__entry->ca, win->ca, 16);
		__entry->phase = win->phase;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "ca=%s phase=%s cwnd=%u ssthresh=%u in_flight=%u srtt_us=%u snd_una=%u",
		  TCP_LUCID_CONN_ARGS, __entry->ca,
		  __print_symbolic(__entry->phase, TCP_LUCID_PHASES),
		  __entry->cwnd, __entry->ssthresh, __entry->in_flight,
		  __entry->srtt_us, __entry->snd_una)
);

/*
 * The events below are the decisions behind the window, for sockets on our
 * controls. Windows with a fraction are in thousandths of a packet ("_milli").
 * now_us is the connection's own clock, the one that CUBIC's t is counted on.
 *
 * epoch: CUBIC begins a congestion avoidance stage (RFC 9438, 4.2).
 *
 * w_max_milli, cwnd_milli	K = cbrt((W_max - cwnd) / C)
 * k_us		K
 * cwnd_prior	packets: the window before the last reduction
 * c		C, thousandths
 */
TRACE_EVENT(epoch,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_epoch *ep),
	TP_ARGS(conn, ep),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, now_us)
		__field(__u64, w_max_milli)
		__field(__u64, cwnd_milli)
		__field(__u64, k_us)
		__field(__u32, cwnd_prior)
		__field(__u16, c)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->now_us = ep->now_us;
		__entry->w_max_milli = ep->w_max_milli;
		__entry->cwnd_milli = ep->cwnd_milli;
		__entry->k_us = ep->k_us;
		__entry->cwnd_prior = ep->cwnd_prior;
		__entry->c = ep->c;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "now_us=%llu w_max_milli=%llu cwnd_milli=%llu k_us=%llu cwnd_prior=%u c=%u",
		  TCP_LUCID_CONN_ARGS, __entry->now_us, __entry->w_max_milli,
		  __entry->cwnd_milli, __entry->k_us, __entry->cwnd_prior,
		  __entry->c)
);

/*
 * region: another rule sets CUBIC's window from this ACK on (4.3, 4.4, 4.5).
 *
 * t_us		t, without the time that does not count
 * w_cubic_milli, w_est_milli	Reno-friendly while W_cubic(t) < W_est
 * cwnd, w_max	packets: concave below W_max, convex from there
 * from, to	enum tcp_lucid_phase
 */
TRACE_EVENT(region,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_region *reg),
	TP_ARGS(conn, reg),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, t_us)
		__field(__u64, w_cubic_milli)
		__field(__u64, w_est_milli)
		__field(__u32, cwnd)
		__field(__u32, w_max)
		__field(__u8, from)
		__field(__u8, to)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->t_us = reg->t_us;
		__entry->w_cubic_milli = reg->w_cubic_milli;
		__entry->w_est_milli = reg->w_est_milli;
		__entry->cwnd = reg->cwnd;
		__entry->w_max = reg->w_max;
		__entry->from = reg->from;
		__entry->to = reg->to;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "from=%s to=%s t_us=%llu w_cubic_milli=%llu w_est_milli=%llu cwnd=%u w_max=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->from, TCP_LUCID_PHASES),
		  __print_symbolic(__entry->to, TCP_LUCID_PHASES),
		  __entry->t_us, __entry->w_cubic_milli, __entry->w_est_milli,
		  __entry->cwnd, __entry->w_max)
);

/*
 * slow_start: slow start ends, or HyStart++ changes its pace.
 *
 * round_min_us	least round-trip time of this round; 0: no sample yet
 * base_us	what it is compared with: HyStart: the least of the
 *		connection; HyStart++: of the last round; CSS_RESUME and
 *		CSS_ROUNDS: the baseline, of the round that CSS began in
 * threshold_us	DELAY, CSS_ENTER: round_min_us exceeds base_us by this
 * train_us	TRAIN: length of the train of ACKs
 * cwnd, ssthresh	packets; CONGESTION, DELAY...: ssthresh is set anew by now
 * samples	round-trip times measured in this round, at most 8 are counted
 * rounds	rounds of CSS so far
 *
 * Of a later slow start than the first no round-trip times are taken: 0.
 */
TRACE_EVENT(slow_start,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_slow_start_turn *turn),
	TP_ARGS(conn, turn),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, round_min_us)
		__field(__u32, base_us)
		__field(__u32, threshold_us)
		__field(__u32, train_us)
		__field(__u8, what)
		__field(__u8, samples)
		__field(__u8, rounds)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->cwnd = turn->cwnd;
		__entry->ssthresh = turn->ssthresh;
		__entry->round_min_us = turn->round_min_us;
		__entry->base_us = turn->base_us;
		__entry->threshold_us = turn->threshold_us;
		__entry->train_us = turn->train_us;
		__entry->what = turn->what;
		__entry->samples = turn->samples;
		__entry->rounds = turn->rounds;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=\"%s\" cwnd=%u ssthresh=%u round_min_us=%u base_us=%u threshold_us=%u train_us=%u samples=%u rounds=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_SLOW_STARTS),
		  __entry->cwnd, __entry->ssthresh, __entry->round_min_us,
		  __entry->base_us, __entry->threshold_us, __entry->train_us,
		  __entry->samples, __entry->rounds)
);

/*
 * reduction: congestion; the window is to shrink (RFC 9438, 4.6 to 4.8).
 *
 * cwnd		packets, before
 * ssthresh	packets, after
 * w_max_milli, old_w_max_milli	W_max after and before; 0: not known
 * beta		thousandths of the window that are kept
 *
 * RTO_AGAIN: "before" is before the reduction that it carries on. A SYN's loss is
 * not told: the window begins anew after it.
 */
TRACE_EVENT(reduction,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_reduction *red),
	TP_ARGS(conn, red),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, w_max_milli)
		__field(__u64, old_w_max_milli)
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u16, beta)
		__field(__u8, cause)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->w_max_milli = red->w_max_milli;
		__entry->old_w_max_milli = red->old_w_max_milli;
		__entry->cwnd = red->cwnd;
		__entry->ssthresh = red->ssthresh;
		__entry->beta = red->beta;
		__entry->cause = red->cause;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "cause=%s cwnd=%u ssthresh=%u w_max_milli=%llu old_w_max_milli=%llu beta=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->cause, TCP_LUCID_CAUSES),
		  __entry->cwnd, __entry->ssthresh, __entry->w_max_milli,
		  __entry->old_w_max_milli, __entry->beta)
);

/*
 * undo: the last reduction was for nothing and is taken back (4.9).
 *
 * old_cwnd, cwnd	packets, before and after
 * ssthresh		packets, as the core will restore it
 * w_max_milli, cwnd_prior, k_us	CUBIC: what is in force again
 */
TRACE_EVENT(undo,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_undo *undo),
	TP_ARGS(conn, undo),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, w_max_milli)
		__field(__u64, k_us)
		__field(__u32, old_cwnd)
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, cwnd_prior)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->w_max_milli = undo->w_max_milli;
		__entry->k_us = undo->k_us;
		__entry->old_cwnd = undo->old_cwnd;
		__entry->cwnd = undo->cwnd;
		__entry->ssthresh = undo->ssthresh;
		__entry->cwnd_prior = undo->cwnd_prior;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "old_cwnd=%u cwnd=%u ssthresh=%u w_max_milli=%llu cwnd_prior=%u k_us=%llu",
		  TCP_LUCID_CONN_ARGS, __entry->old_cwnd, __entry->cwnd,
		  __entry->ssthresh, __entry->w_max_milli, __entry->cwnd_prior,
		  __entry->k_us)
);

/*
 * unused: the window is not in full use, and this time does not count for t,
 * whether the application, the receiver or the send buffer limits (4.2).
 *
 * t_us		t, which stands still from BEGAN to ENDED; 0 without a stage
 * cwnd, in_flight	packets
 */
TRACE_EVENT(unused,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_unused *un),
	TP_ARGS(conn, un),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, now_us)
		__field(__u64, t_us)
		__field(__u32, cwnd)
		__field(__u32, in_flight)
		__field(__u8, what)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->now_us = un->now_us;
		__entry->t_us = un->t_us;
		__entry->cwnd = un->cwnd;
		__entry->in_flight = un->in_flight;
		__entry->what = un->what;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=%s now_us=%llu t_us=%llu cwnd=%u in_flight=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_UNUSEDS),
		  __entry->now_us, __entry->t_us, __entry->cwnd,
		  __entry->in_flight)
);

/*
 * sample: a round-trip time given to HyStart or HyStart++. With ack below,
 * all that the window arithmetic is ever told.
 *
 * rtt_us	-1: this ACK gave none
 */
TRACE_EVENT(sample,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_sample *smp),
	TP_ARGS(conn, smp),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, now_us)
		__field(__s32, rtt_us)
		__field(__u32, snd_una)
		__field(__u32, snd_nxt)
		__field(__u32, cwnd)
		__field(__u8, paced)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->now_us = smp->now_us;
		__entry->rtt_us = smp->rtt_us;
		__entry->snd_una = smp->snd_una;
		__entry->snd_nxt = smp->snd_nxt;
		__entry->cwnd = smp->cwnd;
		__entry->paced = smp->paced;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "now_us=%llu rtt_us=%d snd_una=%u snd_nxt=%u cwnd=%u paced=%u",
		  TCP_LUCID_CONN_ARGS, __entry->now_us, __entry->rtt_us,
		  __entry->snd_una, __entry->snd_nxt, __entry->cwnd,
		  __entry->paced)
);

/*
 * ack: an ACK that may make the window grow, what it was given and what it did.
 *
 * srtt_us	smoothed round-trip time
 * acked	packets newly acknowledged
 * old_cwnd, cwnd	packets, before and after
 * frac		fraction of a packet after, 2^-32 (CUBIC) or 1/cwnd (Reno)
 * w_cubic_milli, w_est_milli	CUBIC: W_cubic(t) and W_est; 0 without a stage
 * phase	enum tcp_lucid_phase, after
 * flags	TCP_LUCID_FLAG_*
 */
TRACE_EVENT(ack,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_ack *ack),
	TP_ARGS(conn, ack),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, now_us)
		__field(__u64, w_cubic_milli)
		__field(__u64, w_est_milli)
		__field(__u32, srtt_us)
		__field(__u32, acked)
		__field(__u32, old_cwnd)
		__field(__u32, cwnd)
		__field(__u32, frac)
		__field(__u32, ssthresh)
		__field(__u16, flags)
		__field(__u8, phase)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->now_us = ack->now_us;
		__entry->w_cubic_milli = ack->w_cubic_milli;
		__entry->w_est_milli = ack->w_est_milli;
		__entry->srtt_us = ack->srtt_us;
		__entry->acked = ack->acked;
		__entry->old_cwnd = ack->old_cwnd;
		__entry->cwnd = ack->cwnd;
		__entry->frac = ack->frac;
		__entry->ssthresh = ack->ssthresh;
		__entry->flags = ack->flags;
		__entry->phase = ack->phase;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "now_us=%llu srtt_us=%u acked=%u old_cwnd=%u cwnd=%u frac=%u ssthresh=%u w_cubic_milli=%llu w_est_milli=%llu phase=%s flags=0x%02x",
		  TCP_LUCID_CONN_ARGS, __entry->now_us, __entry->srtt_us,
		  __entry->acked, __entry->old_cwnd, __entry->cwnd,
		  __entry->frac, __entry->ssthresh, __entry->w_cubic_milli,
		  __entry->w_est_milli,
		  __print_symbolic(__entry->phase, TCP_LUCID_PHASES),
		  __entry->flags)
);

/*
 * listen: what happens at a listening socket beside the handshake's segments.
 *
 * The address and port of the listener are saddr and sport, the peer's daddr and
 * dport; for CLOSED there is no peer. cookie is the request's, which its socket
 * will have too; 0 for a SYN or ACK that never got one. SYN_DROP, ACK_DROP and
 * COOKIE_BAD are known when the segment has been dealt with: some microseconds
 * late, or when the next one comes. The queues are as they were when it came.
 *
 * listener	socket cookie of the listener
 * syn_queue	requests that wait for their final ACK, this one included while
 *		it is there. Full: backlog exceeded
 * accept_queue	connections that wait for accept(). Full: backlog exceeded
 * backlog	of listen(), at most net.core.somaxconn: the limit of each queue
 * since_syn_us	REQUEST_DROP: age of the request; 0 if not known
 * synacks	REQUEST_DROP: SYN-ACKs that were sent for it
 *
 * Counters: SYN_DROP + ACK_DROP + REQUEST_DROP by ICMP are ListenDrops; those
 * with ACCEPT_QUEUE are ListenOverflows; SYN_DROP with SYN_QUEUE is
 * TCPReqQFullDrop; COOKIE_SENT is SyncookiesSent, COOKIE_VALID + COOKIE_LOST is
 * SyncookiesRecv, COOKIE_BAD is SyncookiesFailed.
 */
TRACE_EVENT_FN(listen,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_listen *ls),
	TP_ARGS(conn, ls),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, listener)
		__field(__u32, syn_queue)
		__field(__u32, accept_queue)
		__field(__u32, backlog)
		__field(__u32, since_syn_us)
		__field(__u16, synacks)
		__field(__u8, what)
		__field(__u8, why)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->listener = ls->listener;
		__entry->syn_queue = ls->syn_queue;
		__entry->accept_queue = ls->accept_queue;
		__entry->backlog = ls->backlog;
		__entry->since_syn_us = ls->since_syn_us;
		__entry->synacks = ls->synacks;
		__entry->what = ls->what;
		__entry->why = ls->why;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=%s why=%s listener=%llu syn_queue=%u accept_queue=%u backlog=%u synacks=%u since_syn_us=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_LISTENS),
		  __print_symbolic(__entry->why, TCP_LUCID_LISTEN_WHYS),
		  __entry->listener, __entry->syn_queue,
		  __entry->accept_queue, __entry->backlog, __entry->synacks,
		  __entry->since_syn_us),
	lucid_life_reg, lucid_life_unreg
);

/*
 * fast_open: data or a cookie in a SYN, and what became of it (RFC 7413).
 *
 * Told by the server when it answers the SYN, by the client when the answer has
 * come. A handshake over which nothing of Fast Open goes has no such event.
 *
 * data_len	bytes of data in the SYN
 * acked_len	of those, how many the SYN-ACK acknowledges
 * queue, queue_max	server: Fast Open handshakes under way, and the limit that
 *		setsockopt(TCP_FASTOPEN) set
 * cookie_len	bytes of the cookie in the SYN-ACK; 0: none
 *
 * Counters: ACCEPTED is TCPFastOpenPassive, REQUESTED TCPFastOpenCookieReqd,
 * BAD_COOKIE TCPFastOpenPassiveFail, OVERFLOW TCPFastOpenListenOverflow,
 * DATA_ACKED TCPFastOpenActive, DATA_REFUSED + BLACKHOLE TCPFastOpenActiveFail.
 */
TRACE_EVENT_FN(fast_open,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_fast_open *fo),
	TP_ARGS(conn, fo),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, data_len)
		__field(__u32, acked_len)
		__field(__u32, queue)
		__field(__u32, queue_max)
		__field(__u8, cookie_len)
		__field(__u8, what)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->data_len = fo->data_len;
		__entry->acked_len = fo->acked_len;
		__entry->queue = fo->queue;
		__entry->queue_max = fo->queue_max;
		__entry->cookie_len = fo->cookie_len;
		__entry->what = fo->what;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=%s data_len=%u acked_len=%u cookie_len=%u queue=%u queue_max=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_FAST_OPENS),
		  __entry->data_len, __entry->acked_len, __entry->cookie_len,
		  __entry->queue, __entry->queue_max),
	lucid_life_reg, lucid_life_unreg
);

/*
 * connect_failed: a connect() that did not lead to a connection.
 *
 * A connect() that fails before the socket has left CLOSE (no route at all, not
 * permitted) is a system call's error and no event.
 *
 * err		errno as the application gets it; 0: not known here
 * syns		SYNs that were sent
 * since_syn_us	since the first of them; 0 if that was before anybody listened
 * state	SYN_SENT, or SYN_RECV if it was a simultaneous open
 * icmp_type, icmp_code	of the error that came back, when why is ICMP
 *
 * Counters: RST, TIMEOUT, ICMP, KILLED and OTHER are AttemptFails, together with
 * listen's REQUEST_DROP for RST or BAD_SYN.
 */
TRACE_EVENT_FN(connect_failed,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_connect_failed *cf),
	TP_ARGS(conn, cf),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, since_syn_us)
		__field(__u16, err)
		__field(__u16, syns)
		__field(__u8, why)
		__field(__u8, state)
		__field(__u8, icmp_type)
		__field(__u8, icmp_code)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->since_syn_us = cf->since_syn_us;
		__entry->err = cf->err;
		__entry->syns = cf->syns;
		__entry->why = cf->why;
		__entry->state = cf->state;
		__entry->icmp_type = cf->icmp_type;
		__entry->icmp_code = cf->icmp_code;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "why=%s err=%u syns=%u since_syn_us=%u state=%s icmp_type=%u icmp_code=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->why, TCP_LUCID_CONNECT_ENDS),
		  __entry->err, __entry->syns, __entry->since_syn_us,
		  __print_symbolic(__entry->state, TCP_LUCID_STATES),
		  __entry->icmp_type, __entry->icmp_code),
	lucid_life_reg, lucid_life_unreg
);

/*
 * suppressed: events that were not shown, because segments that anybody can send
 * come faster than net.ipv4.tcp_lucid.syn_event_rate lets them be told.
 *
 * These are SYNs, ACKs that may bring a SYN cookie, what meets a request and is no
 * final ACK, final ACKs for which there is no room, and what belongs to nobody and
 * is answered with a RST. A namespace may tell of so many per second, saved up for
 * one second at most. Of one beyond that nothing is shown: no handshake, state,
 * listen, fast_open, close; each that is on is counted here instead (retransmit is
 * shown: it is rare). Whatever else happens to a request later is shown. At most
 * one such event in a second for each event and namespace; addresses and ports
 * are 0.
 *
 * count	how many
 * since_ms	over how long, ms
 * event	which event, enum tcp_lucid_limited
 */
TRACE_EVENT(suppressed,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_suppressed *sup),
	TP_ARGS(conn, sup),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, count)
		__field(__u32, since_ms)
		__field(__u8, event)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->count = sup->count;
		__entry->since_ms = sup->since_ms;
		__entry->event = sup->event;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "event=%s count=%llu since_ms=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->event, TCP_LUCID_LIMITEDS),
		  __entry->count, __entry->since_ms)
);

/*
 * close: how connections are closed, a step at a time, and how they end.
 *
 * A connection ends once, with ENDED: when its full socket is done, or for an
 * orphan in FIN_WAIT2 when its mini-socket is. TIME_WAIT comes after it. A
 * connect() that failed has none (see connect_failed), nor has a request that
 * was dropped (see listen). When the application aborts a connection, the kernel
 * moves it to CLOSE before it sends the RST, so there RST_SENT follows ENDED.
 *
 * seq, ack	FIN, RST: sequence and acknowledgment number of the segment, of
 *		ours when it is sent and of the peer's when it is received; the
 *		ack of a FIN_RECEIVED is the last that came. FIN_ACKED: seq is the
 *		FIN's. Else what we would send now
 * unread	bytes received that the application has not read
 * unsent	bytes that the application wrote and that were never sent
 * unacked	bytes sent, not acknowledged. A FIN is no byte here
 * err		errno that the socket has for the application; 0: none
 * timeouts	retransmission timeouts in a row
 * probes	window or keepalive probes in a row without an answer
 * state	the connection's state; of ENDED, and of a RST that follows it, the
 *		one that it was in before. A mini-socket's is TIME_WAIT or FIN_WAIT2
 * kind		whose event it is; of REQUEST, LISTENER, NOBODY only seq and ack are
 *		known, of TIME_WAIT none of the rest. cookie is 0 for LISTENER, NOBODY
 * orphan	1: no application has the socket any more, or close() is at it
 *
 * Counters: RST_SENT are OutRsts, but for RSTs that netfilter makes; in a flood,
 * together with suppressed events of "close". ENDED with state ESTABLISHED or
 * CLOSE_WAIT are EstabResets. By why of ENDED: UNREAD is TCPAbortOnClose; LINGER0,
 * DATA of a FULL and LINGER2 are TCPAbortOnData and TCPAbortOnLinger; ORPHANS is
 * TCPAbortOnMemory; RETRANS, KEEPALIVE, ZERO_WINDOW and USER_TIMEOUT, with
 * connect_failed's TIMEOUT, TCPAbortOnTimeout; TW_OVERFLOW TCPTimeWaitOverflow.
 */
TRACE_EVENT_FN(close,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_close *cl),
	TP_ARGS(conn, cl),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, seq)
		__field(__u32, ack)
		__field(__u32, unread)
		__field(__u32, unsent)
		__field(__u32, unacked)
		__field(__u16, err)
		__field(__u8, what)
		__field(__u8, why)
		__field(__u8, verdict)
		__field(__u8, state)
		__field(__u8, kind)
		__field(__u8, orphan)
		__field(__u8, timeouts)
		__field(__u8, probes)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->seq = cl->seq;
		__entry->ack = cl->ack;
		__entry->unread = cl->unread;
		__entry->unsent = cl->unsent;
		__entry->unacked = cl->unacked;
		__entry->err = cl->err;
		__entry->what = cl->what;
		__entry->why = cl->why;
		__entry->verdict = cl->verdict;
		__entry->state = cl->state;
		__entry->kind = cl->kind;
		__entry->orphan = cl->orphan;
		__entry->timeouts = cl->timeouts;
		__entry->probes = cl->probes;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=%s why=%s verdict=%s state=%s kind=%s orphan=%u seq=%u ack=%u unread=%u unsent=%u unacked=%u err=%u timeouts=%u probes=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_CLOSES),
		  __print_symbolic(__entry->why, TCP_LUCID_ENDS),
		  __print_symbolic(__entry->verdict, TCP_LUCID_VERDICTS),
		  __print_symbolic(__entry->state, TCP_LUCID_STATES),
		  __print_symbolic(__entry->kind, TCP_LUCID_KINDS),
		  __entry->orphan, __entry->seq, __entry->ack,
		  __entry->unread, __entry->unsent, __entry->unacked,
		  __entry->err, __entry->timeouts, __entry->probes),
	lucid_life_reg, lucid_life_unreg
);

/*
 * retransmit_failed: a segment was to be sent again and was not.
 *
 * The kernel tries again later. With err EBUSY it found the last transmission
 * still in this host's queues (counted by TcpExtTCPSpuriousRtxHostQueues);
 * otherwise the host refused the segment, which TcpExtTCPRetransFail counts, or
 * it does not fit the window, or there was no memory or no route.
 *
 * seq, len	first sequence number, bytes of payload that were to be sent
 * segs		segments
 * cwnd, in_flight	packets, as they were
 * attempt, flags, state, ca_state	as in retransmit
 * err		errno, a positive number; 0: not known. Kernels before 7.2 tell
 *		only of EBUSY
 * reason	enum tcp_lucid_resend
 */
TRACE_EVENT_FN(retransmit_failed,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_retransmit *rtx),
	TP_ARGS(conn, rtx),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u32, segs)
		__field(__u32, cwnd)
		__field(__u32, in_flight)
		__field(__u16, attempt)
		__field(__u16, err)
		__field(__u8, reason)
		__field(__u8, flags)
		__field(__u8, state)
		__field(__u8, ca_state)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->seq = rtx->seq;
		__entry->len = rtx->len;
		__entry->segs = rtx->segs;
		__entry->cwnd = rtx->cwnd;
		__entry->in_flight = rtx->in_flight;
		__entry->attempt = rtx->attempt;
		__entry->err = rtx->err;
		__entry->reason = rtx->reason;
		__entry->flags = rtx->flags;
		__entry->state = rtx->state;
		__entry->ca_state = rtx->ca_state;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "reason=%s err=%u seq=%u len=%u segs=%u attempt=%u state=%s flags=0x%02x ca_state=%s cwnd=%u in_flight=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->reason, TCP_LUCID_RESENDS),
		  __entry->err, __entry->seq, __entry->len, __entry->segs,
		  __entry->attempt,
		  __print_symbolic(__entry->state, TCP_LUCID_STATES),
		  __entry->flags,
		  __print_symbolic(__entry->ca_state, TCP_LUCID_CA_STATES),
		  __entry->cwnd, __entry->in_flight),
	lucid_life_reg, lucid_life_unreg
);

/*
 * spurious: a reduction of the window was needless, and is undone.
 *
 * snd_una	oldest sequence number not acknowledged
 * recover	what was outstanding when the reduction began ended here
 * old_cwnd, old_ssthresh	packets, before
 * cwnd		packets, after; the same as before if there was an ECN echo,
 *		too; 0: this control has a way of its own and does not tell
 * ssthresh	packets, after
 * kind		enum tcp_lucid_spurious
 * ca_state	state of congestion control that it is undone from (0 Open,
 *		1 Disorder, 2 CWR, 3 Recovery, 4 Loss)
 * whole	1: all up to recover is acknowledged; 0: not yet
 */
TRACE_EVENT_FN(spurious,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_spurious *sp),
	TP_ARGS(conn, sp),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, snd_una)
		__field(__u32, recover)
		__field(__u32, old_cwnd)
		__field(__u32, cwnd)
		__field(__u32, old_ssthresh)
		__field(__u32, ssthresh)
		__field(__u8, kind)
		__field(__u8, ca_state)
		__field(__u8, whole)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->snd_una = sp->snd_una;
		__entry->recover = sp->recover;
		__entry->old_cwnd = sp->old_cwnd;
		__entry->cwnd = sp->cwnd;
		__entry->old_ssthresh = sp->old_ssthresh;
		__entry->ssthresh = sp->ssthresh;
		__entry->kind = sp->kind;
		__entry->ca_state = sp->ca_state;
		__entry->whole = sp->whole;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "kind=%s ca_state=%s whole=%u old_cwnd=%u cwnd=%u old_ssthresh=%u ssthresh=%u snd_una=%u recover=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->kind, TCP_LUCID_SPURIOUSES),
		  __print_symbolic(__entry->ca_state, TCP_LUCID_CA_STATES),
		  __entry->whole, __entry->old_cwnd, __entry->cwnd,
		  __entry->old_ssthresh, __entry->ssthresh, __entry->snd_una,
		  __entry->recover),
	lucid_life_reg, lucid_life_unreg
);

/*
 * reordering: a segment came after one that was sent later.
 *
 * old_degree, degree	packets: how far out of order the kernel expected them
 *		to come (tcp_reordering at first), and now expects them to
 * distance	packets: how far this one was; 0 with RENO, which cannot tell
 * seen		how often so far, this one included
 * by		enum tcp_lucid_reordering
 * ca_state	state of congestion control (0 Open, 1 Disorder, 2 CWR,
 *		3 Recovery, 4 Loss)
 */
TRACE_EVENT_FN(reordering,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_reordering *ro),
	TP_ARGS(conn, ro),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, old_degree)
		__field(__u32, degree)
		__field(__u32, distance)
		__field(__u32, seen)
		__field(__u8, by)
		__field(__u8, ca_state)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->old_degree = ro->old_degree;
		__entry->degree = ro->degree;
		__entry->distance = ro->distance;
		__entry->seen = ro->seen;
		__entry->by = ro->by;
		__entry->ca_state = ro->ca_state;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "by=%s old_degree=%u degree=%u distance=%u seen=%u ca_state=%s",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->by, TCP_LUCID_REORDERINGS),
		  __entry->old_degree, __entry->degree, __entry->distance,
		  __entry->seen,
		  __print_symbolic(__entry->ca_state, TCP_LUCID_CA_STATES)),
	lucid_life_reg, lucid_life_unreg
);

/*
 * ecn: a congestion mark comes in, is echoed, answered (RFC 3168).
 *
 * At the receiver of data CE_RECEIVED and CWR_RECEIVED, at the sender
 * ECE_RECEIVED and CWR_SENT. Of connections with Accurate ECN (7.2, tcp_ecn=3 or
 * more) only ECE_RECEIVED, when a mark reduces the window. CWR_SENT also
 * follows a reduction for another cause.
 *
 * seq		of the segment; ECE_RECEIVED: what it acknowledges up to
 * count	segments: CE_RECEIVED: in this packet (1 without GRO);
 *		CWR_RECEIVED: marked since the CE_RECEIVED before, 0: not known
 * cwnd, ssthresh	packets
 * delivered_ce	packets delivered so far whose ACKs had the echo
 * what		enum tcp_lucid_ecn
 * ca_state	state of congestion control, at ECE_RECEIVED the one before
 */
TRACE_EVENT_FN(ecn,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_ecn *ecn),
	TP_ARGS(conn, ecn),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, seq)
		__field(__u32, count)
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, delivered_ce)
		__field(__u8, what)
		__field(__u8, ca_state)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->seq = ecn->seq;
		__entry->count = ecn->count;
		__entry->cwnd = ecn->cwnd;
		__entry->ssthresh = ecn->ssthresh;
		__entry->delivered_ce = ecn->delivered_ce;
		__entry->what = ecn->what;
		__entry->ca_state = ecn->ca_state;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=%s seq=%u count=%u cwnd=%u ssthresh=%u delivered_ce=%u ca_state=%s",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_ECNS),
		  __entry->seq, __entry->count, __entry->cwnd,
		  __entry->ssthresh, __entry->delivered_ce,
		  __print_symbolic(__entry->ca_state, TCP_LUCID_CA_STATES)),
	lucid_ecn_reg, lucid_ecn_unreg
);

/*
 * rtt: a round trip is over, once for each; with what was measured last.
 *
 * The round trip of a handshake stands in its handshake event; a passive end's
 * is not repeated here.
 *
 * rtt_us	the measurement
 * srtt_us	smoothed (RFC 6298: SRTT)
 * mdev_us	mean deviation, as "ss -i" shows it after the slash
 * rttvar_us	variation that the timeout is made of (RFC 6298: RTTVAR)
 * rto_us	retransmission timeout
 * min_rtt_us	smallest in the last tcp_min_rtt_wlen seconds
 */
TRACE_EVENT_FN(rtt,
	TP_PROTO(const struct lucid_conn *conn, const struct lucid_rtt *rtt),
	TP_ARGS(conn, rtt),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u32, rtt_us)
		__field(__u32, srtt_us)
		__field(__u32, mdev_us)
		__field(__u32, rttvar_us)
		__field(__u32, rto_us)
		__field(__u32, min_rtt_us)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->rtt_us = rtt->rtt_us;
		__entry->srtt_us = rtt->srtt_us;
		__entry->mdev_us = rtt->mdev_us;
		__entry->rttvar_us = rtt->rttvar_us;
		__entry->rto_us = rtt->rto_us;
		__entry->min_rtt_us = rtt->min_rtt_us;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "rtt_us=%u srtt_us=%u mdev_us=%u rttvar_us=%u rto_us=%u min_rtt_us=%u",
		  TCP_LUCID_CONN_ARGS,
		  __entry->rtt_us, __entry->srtt_us, __entry->mdev_us,
		  __entry->rttvar_us, __entry->rto_us, __entry->min_rtt_us),
	lucid_rtt_reg, lucid_rtt_unreg
);

/*
 * flow_control: a receive window closes or opens again, at either end, or is
 * probed (RFC 9293, 3.8.6).
 *
 * Windows are in bytes, after scaling. A window that is found closed when
 * somebody begins to listen is told with the next segment that says so.
 *
 * since_us	WINDOW_*: how long it was closed. PROBE: how long it is; 0 if not
 *		known. KEEPALIVE: how long nothing has come
 * next_us	PROBE, KEEPALIVE: until the next, if no answer comes
 * rto_us	retransmission timeout, from which the first probe is timed
 * rcv_wnd	our window, as last advertised
 * snd_wnd	the peer's window
 * rcv_queue	bytes that have come in order and the application has not read
 * rcvbuf	limit of the receive buffer's memory, bytes (SO_RCVBUF)
 * unsent	bytes that the application has written and that are not sent yet
 * shrunk	SHRUNK, ZERO_WINDOW_RECEIVED: bytes that the peer took back of
 *		what it had offered, by moving the right edge of its window
 * attempt	PROBE, KEEPALIVE: 1 for the first, then 2...; probes that are
 *		answered, but with the window still closed, count as well. PROBE
 *		counts no further than the time between them doubles: 16, or
 *		1 more than net.ipv4.tcp_retries2
 * unanswered	PROBE: how many before it got no answer, not even such a one
 * backoff	PROBE: how often the time between probes has doubled
 * rcv_wscale, snd_wscale	shift counts of our windows and of the peer's
 *
 * Counters: ZERO_WINDOW_SENT is TCPToZeroWindowAdv, WINDOW_SENT
 * TCPFromZeroWindowAdv, PROBE TCPWinProbe, KEEPALIVE TCPKeepAlive. A window that
 * is 0 for lack of memory (since 6.5) is not counted, but told; one in a RST of our
 * own accord is not told, if it is counted or not.
 */
TRACE_EVENT_FN(flow_control,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_flow_control *fc),
	TP_ARGS(conn, fc),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, since_us)
		__field(__u64, next_us)
		__field(__u32, rto_us)
		__field(__u32, rcv_wnd)
		__field(__u32, snd_wnd)
		__field(__u32, rcv_queue)
		__field(__u32, rcvbuf)
		__field(__u32, unsent)
		__field(__u32, shrunk)
		__field(__u16, attempt)
		__field(__u16, unanswered)
		__field(__u8, what)
		__field(__u8, backoff)
		__field(__u8, rcv_wscale)
		__field(__u8, snd_wscale)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->since_us = fc->since_us;
		__entry->next_us = fc->next_us;
		__entry->rto_us = fc->rto_us;
		__entry->rcv_wnd = fc->rcv_wnd;
		__entry->snd_wnd = fc->snd_wnd;
		__entry->rcv_queue = fc->rcv_queue;
		__entry->rcvbuf = fc->rcvbuf;
		__entry->unsent = fc->unsent;
		__entry->shrunk = fc->shrunk;
		__entry->attempt = fc->attempt;
		__entry->unanswered = fc->unanswered;
		__entry->what = fc->what;
		__entry->backoff = fc->backoff;
		__entry->rcv_wscale = fc->rcv_wscale;
		__entry->snd_wscale = fc->snd_wscale;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "what=%s since_us=%llu rcv_wnd=%u snd_wnd=%u rcv_wscale=%u snd_wscale=%u rcv_queue=%u rcvbuf=%u unsent=%u shrunk=%u attempt=%u unanswered=%u backoff=%u rto_us=%u next_us=%llu",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->what, TCP_LUCID_FLOWS),
		  __entry->since_us, __entry->rcv_wnd, __entry->snd_wnd,
		  __entry->rcv_wscale, __entry->snd_wscale,
		  __entry->rcv_queue, __entry->rcvbuf, __entry->unsent,
		  __entry->shrunk, __entry->attempt, __entry->unanswered,
		  __entry->backoff, __entry->rto_us, __entry->next_us),
	lucid_flow_control_reg, lucid_flow_control_unreg
);

/*
 * limited: what keeps a sender from sending more has changed.
 *
 * Times are the kernel's own, in jiffies (4 ms with HZ=250), as in TCP_INFO: the
 * sum of for_us over from=RWND is tcpi_rwnd_limited, over SNDBUF
 * tcpi_sndbuf_limited, over all but IDLE tcpi_busy_time.
 *
 * for_us	how long the limit lasted that ends here
 * ago_us	how long ago the change was; not 0 where the kernel shows it late
 * cwnd, in_flight	packets, now
 * snd_wnd	the peer's window, bytes, now
 * unsent	bytes that the application has written and that are not sent yet
 * sndbuf	limit of the send buffer's memory, bytes (SO_SNDBUF)
 * from, to	enum tcp_lucid_limit
 */
TRACE_EVENT_FN(limited,
	TP_PROTO(const struct lucid_conn *conn,
		 const struct lucid_limited *lim),
	TP_ARGS(conn, lim),
	TP_STRUCT__entry(
		TCP_LUCID_CONN_FIELDS
		__field(__u64, for_us)
		__field(__u64, ago_us)
		__field(__u32, cwnd)
		__field(__u32, in_flight)
		__field(__u32, snd_wnd)
		__field(__u32, unsent)
		__field(__u32, sndbuf)
		__field(__u8, from)
		__field(__u8, to)
	),
	TP_fast_assign(
		TCP_LUCID_CONN_ASSIGN(conn);
		__entry->for_us = lim->for_us;
		__entry->ago_us = lim->ago_us;
		__entry->cwnd = lim->cwnd;
		__entry->in_flight = lim->in_flight;
		__entry->snd_wnd = lim->snd_wnd;
		__entry->unsent = lim->unsent;
		__entry->sndbuf = lim->sndbuf;
		__entry->from = lim->from;
		__entry->to = lim->to;
	),
	TP_printk(TCP_LUCID_CONN_FMT
		  "from=%s to=%s for_us=%llu ago_us=%llu cwnd=%u in_flight=%u snd_wnd=%u unsent=%u sndbuf=%u",
		  TCP_LUCID_CONN_ARGS,
		  __print_symbolic(__entry->from, TCP_LUCID_LIMITS),
		  __print_symbolic(__entry->to, TCP_LUCID_LIMITS),
		  __entry->for_us, __entry->ago_us, __entry->cwnd,
		  __entry->in_flight, __entry->snd_wnd, __entry->unsent,
		  __entry->sndbuf),
	lucid_limited_reg, lucid_limited_unreg
);

#endif /* _TRACE_TCP_LUCID_H */

#include <trace/define_trace.h>
