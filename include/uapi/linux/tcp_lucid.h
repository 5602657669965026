/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * tcp_lucid: the numbers that programs may rely on.
 *
 * Every enumerator below appears as a small unsigned integer in a field of a
 * tcp_lucid tracepoint, where perf and trace-cmd show its name; bpftrace sees
 * the number. Numbers are never reused; new ones go to the end of their list.
 */
#ifndef _UAPI_LINUX_TCP_LUCID_H
#define _UAPI_LINUX_TCP_LUCID_H

#include <linux/types.h>

/* handshake.wscale: the segment carried no window scale option. */
#define TCP_LUCID_NO_WSCALE	255

/**
 * enum tcp_lucid_step - handshake.step: which segment of the handshake
 * @TCP_LUCID_SYN_SENT: a SYN leaves
 * @TCP_LUCID_SYN_RECEIVED: a SYN has arrived and is being answered
 * @TCP_LUCID_SYNACK_SENT: a SYN-ACK leaves
 * @TCP_LUCID_SYNACK_RECEIVED: the SYN-ACK has been accepted
 * @TCP_LUCID_ACK_SENT: the active side is established and acknowledges
 * @TCP_LUCID_ACK_RECEIVED: the passive side is established
 */
enum tcp_lucid_step {
	TCP_LUCID_SYN_SENT		= 1,
	TCP_LUCID_SYN_RECEIVED		= 2,
	TCP_LUCID_SYNACK_SENT		= 3,
	TCP_LUCID_SYNACK_RECEIVED	= 4,
	TCP_LUCID_ACK_SENT		= 5,
	TCP_LUCID_ACK_RECEIVED		= 6,
};

/**
 * enum tcp_lucid_resend - retransmit.reason: why a segment is sent again
 * @TCP_LUCID_RESEND_UNKNOWN: none of the rules below fits
 * @TCP_LUCID_RESEND_SYN: no answer to a SYN before its timer ran out
 * @TCP_LUCID_RESEND_SYNACK: no answer to a SYN-ACK before its timer ran out
 * @TCP_LUCID_RESEND_SYNACK_DUP: the peer's SYN came again, so does our SYN-ACK
 * @TCP_LUCID_RESEND_RTO: the retransmission timer ran out (RFC 6298)
 * @TCP_LUCID_RESEND_AFTER_RTO: more of the window lost with an earlier RTO
 * @TCP_LUCID_RESEND_FAST: fast retransmit: SACK shows that the oldest segment is
 *	lost (RFC 6675, RFC 8985); recovery begins with it
 * @TCP_LUCID_RESEND_TLP: tail loss probe (RFC 8985, section 7)
 * @TCP_LUCID_RESEND_RESIZE: the path MTU shrank: ICMP says it was too large
 * @TCP_LUCID_RESEND_ZERO_WINDOW: the peer took its window back; this probes it
 * @TCP_LUCID_RESEND_FAST_DUPACKS: fast retransmit without SACK: three duplicate
 *	ACKs (RFC 6582)
 * @TCP_LUCID_RESEND_FAST_TIMER: fast retransmit: RACK's reordering timer ran out
 * @TCP_LUCID_RESEND_RECOVERY: more of what was lost, in the same recovery
 * @TCP_LUCID_RESEND_FAST_OPEN: the SYN-ACK did not acknowledge the SYN's data
 * @TCP_LUCID_RESEND_MTU_PROBE: a probe of the path MTU was too large (RFC 4821)
 */
enum tcp_lucid_resend {
	TCP_LUCID_RESEND_UNKNOWN	= 0,
	TCP_LUCID_RESEND_SYN		= 1,
	TCP_LUCID_RESEND_SYNACK		= 2,
	TCP_LUCID_RESEND_SYNACK_DUP	= 3,
	TCP_LUCID_RESEND_RTO		= 4,
	TCP_LUCID_RESEND_AFTER_RTO	= 5,
	TCP_LUCID_RESEND_FAST		= 6,
	TCP_LUCID_RESEND_TLP		= 7,
	TCP_LUCID_RESEND_RESIZE		= 8,
	TCP_LUCID_RESEND_ZERO_WINDOW	= 9,
	TCP_LUCID_RESEND_FAST_DUPACKS	= 10,
	TCP_LUCID_RESEND_FAST_TIMER	= 11,
	TCP_LUCID_RESEND_RECOVERY	= 12,
	TCP_LUCID_RESEND_FAST_OPEN	= 13,
	TCP_LUCID_RESEND_MTU_PROBE	= 14,
};

/**
 * enum tcp_lucid_recovery - fast_retransmit.how: how recovery began or ended
 * @TCP_LUCID_RECOVERY_DUPACKS: began: three duplicate ACKs, no SACK (RFC 6582)
 * @TCP_LUCID_RECOVERY_SACK: began: an ACK's SACK blocks showed a loss
 * @TCP_LUCID_RECOVERY_REORDER_TIMER: began: RACK's reordering timer ran out
 * @TCP_LUCID_RECOVERY_COMPLETE: ended: all that was outstanding is acknowledged
 * @TCP_LUCID_RECOVERY_UNDONE: ended: nothing was lost, the reduction is undone
 * @TCP_LUCID_RECOVERY_TIMEOUT: ended: the retransmission timer took over
 * @TCP_LUCID_RECOVERY_CLOSED: ended: the connection did
 * @TCP_LUCID_RECOVERY_RESIZED: ended: the path MTU shrank, all is sent anew
 */
enum tcp_lucid_recovery {
	TCP_LUCID_RECOVERY_DUPACKS		= 1,
	TCP_LUCID_RECOVERY_SACK			= 2,
	TCP_LUCID_RECOVERY_REORDER_TIMER	= 3,
	TCP_LUCID_RECOVERY_COMPLETE		= 4,
	TCP_LUCID_RECOVERY_UNDONE		= 5,
	TCP_LUCID_RECOVERY_TIMEOUT		= 6,
	TCP_LUCID_RECOVERY_CLOSED		= 7,
	TCP_LUCID_RECOVERY_RESIZED		= 8,
};

/**
 * enum tcp_lucid_tw - time_wait.what: a step in the life of a mini-socket
 * @TCP_LUCID_TW_ENTER: the full socket is gone, the mini-socket stands in;
 *	substate tells TIME_WAIT from an orphan still in FIN_WAIT2
 * @TCP_LUCID_TW_PROMOTE: the peer's FIN came: FIN_WAIT2 becomes TIME_WAIT
 * @TCP_LUCID_TW_REFRESH: a segment arrived that starts the 2 MSL anew
 * @TCP_LUCID_TW_EXIT: the mini-socket is gone; why says what ended it
 */
enum tcp_lucid_tw {
	TCP_LUCID_TW_ENTER		= 1,
	TCP_LUCID_TW_PROMOTE		= 2,
	TCP_LUCID_TW_REFRESH		= 3,
	TCP_LUCID_TW_EXIT		= 4,
};

/**
 * enum tcp_lucid_tw_end - time_wait.why: what ended a mini-socket
 * @TCP_LUCID_TW_END_NONE: it has not ended
 * @TCP_LUCID_TW_END_TIMER: its time was over
 * @TCP_LUCID_TW_END_NEW_SYN: a new SYN took over the four-tuple (RFC 6191)
 * @TCP_LUCID_TW_END_REUSED: connect() took over the four-tuple (tcp_tw_reuse)
 * @TCP_LUCID_TW_END_RST: the peer sent RST
 * @TCP_LUCID_TW_END_DATA: data, or a SYN, came after close(), answered with RST
 * @TCP_LUCID_TW_END_NETNS: its network namespace was destroyed
 * @TCP_LUCID_TW_END_KILLED: an administrator ended it (ss -K)
 * @TCP_LUCID_TW_END_OTHER: none of these
 */
enum tcp_lucid_tw_end {
	TCP_LUCID_TW_END_NONE		= 0,
	TCP_LUCID_TW_END_TIMER		= 1,
	TCP_LUCID_TW_END_NEW_SYN	= 2,
	TCP_LUCID_TW_END_REUSED		= 3,
	TCP_LUCID_TW_END_RST		= 4,
	TCP_LUCID_TW_END_DATA		= 5,
	TCP_LUCID_TW_END_NETNS		= 6,
	TCP_LUCID_TW_END_KILLED		= 7,
	TCP_LUCID_TW_END_OTHER		= 8,
};

/**
 * enum tcp_lucid_phase - window.phase: what governs the congestion window
 * @TCP_LUCID_PHASE_SLOW_START: cwnd < ssthresh: doubles each round trip
 * @TCP_LUCID_PHASE_AVOIDANCE: Reno: one packet more each round trip; CUBIC:
 *	at ssthresh, before an ACK begins the curve
 * @TCP_LUCID_PHASE_RENO_FRIENDLY: CUBIC: W_est leads (RFC 9438, 4.3)
 * @TCP_LUCID_PHASE_CONCAVE: CUBIC: below W_max, slowing down (RFC 9438, 4.4)
 * @TCP_LUCID_PHASE_CONVEX: CUBIC: beyond W_max, speeding up (RFC 9438, 4.5)
 * @TCP_LUCID_PHASE_CWR: halving on an ECN echo, a full local queue, or the loss of
 *	a tail that its probe has repaired
 * @TCP_LUCID_PHASE_RECOVERY: fast recovery; proportional rate reduction sets cwnd
 * @TCP_LUCID_PHASE_LOSS: an RTO collapsed the window; slow start toward ssthresh
 */
enum tcp_lucid_phase {
	TCP_LUCID_PHASE_SLOW_START	= 1,
	TCP_LUCID_PHASE_AVOIDANCE	= 2,
	TCP_LUCID_PHASE_RENO_FRIENDLY	= 3,
	TCP_LUCID_PHASE_CONCAVE		= 4,
	TCP_LUCID_PHASE_CONVEX		= 5,
	TCP_LUCID_PHASE_CWR		= 6,
	TCP_LUCID_PHASE_RECOVERY	= 7,
	TCP_LUCID_PHASE_LOSS		= 8,
};

/**
 * enum tcp_lucid_slow_start - slow_start.what: a turn that slow start takes
 * @TCP_LUCID_SS_SSTHRESH: over: the window has reached ssthresh
 * @TCP_LUCID_SS_CONGESTION: over: a loss, an ECN echo or a full local queue
 * @TCP_LUCID_SS_DELAY: over: HyStart, the round trips have grown
 * @TCP_LUCID_SS_TRAIN: over: HyStart, a train of ACKs was as long as the path
 * @TCP_LUCID_SS_CSS_ENTER: HyStart++: the round trips have grown; growth is
 *	a quarter from here (RFC 9406, conservative slow start)
 * @TCP_LUCID_SS_CSS_RESUME: HyStart++: they shrank again; full growth
 * @TCP_LUCID_SS_CSS_ROUNDS: over: HyStart++, after five rounds of CSS
 */
enum tcp_lucid_slow_start {
	TCP_LUCID_SS_SSTHRESH		= 1,
	TCP_LUCID_SS_CONGESTION		= 2,
	TCP_LUCID_SS_DELAY		= 3,
	TCP_LUCID_SS_TRAIN		= 4,
	TCP_LUCID_SS_CSS_ENTER		= 5,
	TCP_LUCID_SS_CSS_RESUME		= 6,
	TCP_LUCID_SS_CSS_ROUNDS		= 7,
};

/**
 * enum tcp_lucid_cause - reduction.cause: why the window is reduced
 * @TCP_LUCID_CAUSE_LOSS: fast recovery begins, or a tail loss probe has repaired
 *	what was lost (RFC 8985, 7.4.2)
 * @TCP_LUCID_CAUSE_RTO: the retransmission timer ran out
 * @TCP_LUCID_CAUSE_ECE: the peer echoes a congestion mark (RFC 3168)
 * @TCP_LUCID_CAUSE_LOCAL: this host's own queue is full
 * @TCP_LUCID_CAUSE_RTO_AGAIN: the timer ran out while the window was reduced
 *	already: ssthresh stands, but the curve is forgotten
 */
enum tcp_lucid_cause {
	TCP_LUCID_CAUSE_LOSS		= 1,
	TCP_LUCID_CAUSE_RTO		= 2,
	TCP_LUCID_CAUSE_ECE		= 3,
	TCP_LUCID_CAUSE_LOCAL		= 4,
	TCP_LUCID_CAUSE_RTO_AGAIN	= 5,
};

/**
 * enum tcp_lucid_unused - unused.what: time that does not count for CUBIC's t
 * @TCP_LUCID_UNUSED_BEGAN: an ACK found the window larger than what was sent
 * @TCP_LUCID_UNUSED_ENDED: an ACK found it in full use again
 * @TCP_LUCID_UNUSED_IDLE: sending resumes after nothing was in flight: after a
 *	pause, or as a timeout has given all up for lost
 */
enum tcp_lucid_unused {
	TCP_LUCID_UNUSED_BEGAN		= 1,
	TCP_LUCID_UNUSED_ENDED		= 2,
	TCP_LUCID_UNUSED_IDLE		= 3,
};

/**
 * enum tcp_lucid_listen - listen.what: what happened at a listening socket
 * @TCP_LUCID_LISTEN_REQUEST: a SYN got a request socket, in the SYN queue
 * @TCP_LUCID_LISTEN_REQUEST_DROP: a request socket is thrown away; why says
 *	for what
 * @TCP_LUCID_LISTEN_SYN_DROP: a SYN is dropped and nothing remembers it
 * @TCP_LUCID_LISTEN_ACK_DROP: the final ACK is dropped; the request, if there
 *	is one, waits on
 * @TCP_LUCID_LISTEN_COOKIE_SENT: a SYN is answered with a SYN cookie (RFC 4987)
 * @TCP_LUCID_LISTEN_COOKIE_VALID: an ACK brought a good cookie back
 * @TCP_LUCID_LISTEN_COOKIE_BAD: an ACK brought none, while cookies were out
 * @TCP_LUCID_LISTEN_COOKIE_LOST: the cookie was good, but there was no memory,
 *	no route or no permission for a connection
 * @TCP_LUCID_LISTEN_CLOSED: the listener itself is closed: the connections in
 *	its accept queue are reset, the requests in its SYN queue will be dropped
 */
enum tcp_lucid_listen {
	TCP_LUCID_LISTEN_REQUEST	= 1,
	TCP_LUCID_LISTEN_REQUEST_DROP	= 2,
	TCP_LUCID_LISTEN_SYN_DROP	= 3,
	TCP_LUCID_LISTEN_ACK_DROP	= 4,
	TCP_LUCID_LISTEN_COOKIE_SENT	= 5,
	TCP_LUCID_LISTEN_COOKIE_VALID	= 6,
	TCP_LUCID_LISTEN_COOKIE_BAD	= 7,
	TCP_LUCID_LISTEN_COOKIE_LOST	= 8,
	TCP_LUCID_LISTEN_CLOSED		= 9,
};

/**
 * enum tcp_lucid_listen_why - listen.why: what made it happen
 * @TCP_LUCID_LISTEN_WHY_NONE: it is what should happen
 * @TCP_LUCID_LISTEN_SYN_QUEUE: the SYN queue is full
 * @TCP_LUCID_LISTEN_ACCEPT_QUEUE: the accept queue is full
 * @TCP_LUCID_LISTEN_ALWAYS: cookies are always sent (tcp_syncookies=2)
 * @TCP_LUCID_LISTEN_UNPROVEN: without cookies, the last quarter of
 *	tcp_max_syn_backlog is for peers that were heard of before
 * @TCP_LUCID_LISTEN_TIMEOUT: the last SYN-ACK was not answered in time
 * @TCP_LUCID_LISTEN_PRUNED: the same, but the queue is more than half full and
 *	old requests get fewer attempts
 * @TCP_LUCID_LISTEN_RESEND: the SYN-ACK could not be sent again
 * @TCP_LUCID_LISTEN_RST: the peer sent RST
 * @TCP_LUCID_LISTEN_BAD_SYN: another SYN came inside the window
 * @TCP_LUCID_LISTEN_STOPPED: the listener is closed
 * @TCP_LUCID_LISTEN_ICMP: an ICMP error came back
 * @TCP_LUCID_LISTEN_KILLED: an administrator ended it (ss -K)
 * @TCP_LUCID_LISTEN_OTHER: none of these: no memory, no route, no permission
 */
enum tcp_lucid_listen_why {
	TCP_LUCID_LISTEN_WHY_NONE	= 0,
	TCP_LUCID_LISTEN_SYN_QUEUE	= 1,
	TCP_LUCID_LISTEN_ACCEPT_QUEUE	= 2,
	TCP_LUCID_LISTEN_ALWAYS		= 3,
	TCP_LUCID_LISTEN_UNPROVEN	= 4,
	TCP_LUCID_LISTEN_TIMEOUT	= 5,
	TCP_LUCID_LISTEN_PRUNED		= 6,
	TCP_LUCID_LISTEN_RESEND		= 7,
	TCP_LUCID_LISTEN_RST		= 8,
	TCP_LUCID_LISTEN_BAD_SYN	= 9,
	TCP_LUCID_LISTEN_STOPPED	= 10,
	TCP_LUCID_LISTEN_ICMP		= 11,
	TCP_LUCID_LISTEN_KILLED		= 12,
	TCP_LUCID_LISTEN_OTHER		= 13,
};

/**
 * enum tcp_lucid_fast_open - fast_open.what: a step of TCP Fast Open (RFC 7413)
 * @TCP_LUCID_TFO_ACCEPTED: server: the SYN's data goes to the application
 * @TCP_LUCID_TFO_REQUESTED: server: the SYN asked for a cookie; cookie_len
 *	tells whether it gets one
 * @TCP_LUCID_TFO_BAD_COOKIE: server: the SYN's cookie is not ours
 * @TCP_LUCID_TFO_OVERFLOW: server: too many Fast Open handshakes are under way
 * @TCP_LUCID_TFO_IGNORED: server: it does not do Fast Open, or not now
 * @TCP_LUCID_TFO_DATA_ACKED: client: the SYN-ACK acknowledges the SYN's data
 * @TCP_LUCID_TFO_DATA_REFUSED: client: it does not; the data is sent again
 * @TCP_LUCID_TFO_COOKIE: client: the SYN asked for a cookie and got one
 * @TCP_LUCID_TFO_NO_COOKIE: client: the SYN asked for a cookie and got none
 * @TCP_LUCID_TFO_BLACKHOLE: client: time after time no answer; the path may not
 *	like Fast Open
 */
enum tcp_lucid_fast_open {
	TCP_LUCID_TFO_ACCEPTED		= 1,
	TCP_LUCID_TFO_REQUESTED		= 2,
	TCP_LUCID_TFO_BAD_COOKIE	= 3,
	TCP_LUCID_TFO_OVERFLOW		= 4,
	TCP_LUCID_TFO_IGNORED		= 5,
	TCP_LUCID_TFO_DATA_ACKED	= 6,
	TCP_LUCID_TFO_DATA_REFUSED	= 7,
	TCP_LUCID_TFO_COOKIE		= 8,
	TCP_LUCID_TFO_NO_COOKIE		= 9,
	TCP_LUCID_TFO_BLACKHOLE		= 10,
};

/**
 * enum tcp_lucid_connect_end - connect_failed.why: why connect() came to nothing
 * @TCP_LUCID_CONNECT_RST: the peer refused with RST
 * @TCP_LUCID_CONNECT_TIMEOUT: no answer to any SYN
 * @TCP_LUCID_CONNECT_ICMP: an ICMP error came back
 * @TCP_LUCID_CONNECT_LOCAL: no SYN could be sent: no free port, no route
 * @TCP_LUCID_CONNECT_CLOSED: the application closed the socket
 * @TCP_LUCID_CONNECT_KILLED: an administrator ended it (ss -K)
 * @TCP_LUCID_CONNECT_OTHER: none of these
 */
enum tcp_lucid_connect_end {
	TCP_LUCID_CONNECT_RST		= 1,
	TCP_LUCID_CONNECT_TIMEOUT	= 2,
	TCP_LUCID_CONNECT_ICMP		= 3,
	TCP_LUCID_CONNECT_LOCAL		= 4,
	TCP_LUCID_CONNECT_CLOSED	= 5,
	TCP_LUCID_CONNECT_KILLED	= 6,
	TCP_LUCID_CONNECT_OTHER		= 7,
};

/**
 * enum tcp_lucid_limited - suppressed.event: which event was left out
 * @TCP_LUCID_LIMITED_HANDSHAKE: handshake
 * @TCP_LUCID_LIMITED_STATE: state
 * @TCP_LUCID_LIMITED_LISTEN: listen
 * @TCP_LUCID_LIMITED_FAST_OPEN: fast_open
 * @TCP_LUCID_LIMITED_CLOSE: close: RSTs for segments that are nobody's or a
 *	request's, and those that a request gets
 */
enum tcp_lucid_limited {
	TCP_LUCID_LIMITED_HANDSHAKE	= 1,
	TCP_LUCID_LIMITED_STATE		= 2,
	TCP_LUCID_LIMITED_LISTEN	= 3,
	TCP_LUCID_LIMITED_FAST_OPEN	= 4,
	TCP_LUCID_LIMITED_CLOSE		= 5,
};

/**
 * enum tcp_lucid_close - close.what: a step in the closing of a connection
 * @TCP_LUCID_CLOSE_APP_SHUTDOWN: the application called shutdown()
 * @TCP_LUCID_CLOSE_APP_CLOSE: the application let go of the socket
 * @TCP_LUCID_CLOSE_FIN_SENT: our FIN is put in the queue, after all data
 * @TCP_LUCID_CLOSE_FIN_RECEIVED: the peer's FIN has come, and all before it
 * @TCP_LUCID_CLOSE_FIN_ACKED: the peer has acknowledged our FIN
 * @TCP_LUCID_CLOSE_RST_SENT: a RST leaves; not always from a connection
 * @TCP_LUCID_CLOSE_RST_RECEIVED: a good RST has come
 * @TCP_LUCID_CLOSE_ENDED: the connection is over but for TIME_WAIT: verdict
 *	says how, why says what made it so
 */
enum tcp_lucid_close {
	TCP_LUCID_CLOSE_APP_SHUTDOWN	= 1,
	TCP_LUCID_CLOSE_APP_CLOSE	= 2,
	TCP_LUCID_CLOSE_FIN_SENT	= 3,
	TCP_LUCID_CLOSE_FIN_RECEIVED	= 4,
	TCP_LUCID_CLOSE_FIN_ACKED	= 5,
	TCP_LUCID_CLOSE_RST_SENT	= 6,
	TCP_LUCID_CLOSE_RST_RECEIVED	= 7,
	TCP_LUCID_CLOSE_ENDED		= 8,
};

/**
 * enum tcp_lucid_end - close.why: what made it happen
 * @TCP_LUCID_END_NONE: there is nothing to add
 * @TCP_LUCID_END_CLOSE: close()
 * @TCP_LUCID_END_EXIT: close(), because the process is ending
 * @TCP_LUCID_END_SHUTDOWN: FIN_SENT: shutdown()
 * @TCP_LUCID_END_SHUT_RD: shutdown(SHUT_RD): no segment tells the peer
 * @TCP_LUCID_END_SHUT_WR: shutdown(SHUT_WR)
 * @TCP_LUCID_END_SHUT_RDWR: shutdown(SHUT_RDWR)
 * @TCP_LUCID_END_UNREAD: close() with data unread (RFC 2525, section 2.17)
 * @TCP_LUCID_END_LINGER0: close() with SO_LINGER and no time to linger
 * @TCP_LUCID_END_LINGER2: TCP_LINGER2 is negative: no orphan in FIN_WAIT2
 * @TCP_LUCID_END_DISCONNECT: connect() to AF_UNSPEC
 * @TCP_LUCID_END_REPAIR: close() in repair mode (TCP_REPAIR)
 * @TCP_LUCID_END_LISTENER: it waited for accept() and the listener closed
 * @TCP_LUCID_END_KILLED: an administrator ended it (ss -K)
 * @TCP_LUCID_END_ORPHANS: too many orphans, or too much memory used by sockets
 * @TCP_LUCID_END_NETNS: its network namespace was destroyed
 * @TCP_LUCID_END_FIN_WAIT2: the peer's FIN did not come in tcp_fin_timeout
 * @TCP_LUCID_END_RETRANS: no ACK for as many retransmissions as allowed
 * @TCP_LUCID_END_KEEPALIVE: no answer to any keepalive probe
 * @TCP_LUCID_END_ZERO_WINDOW: the peer's window stayed shut
 * @TCP_LUCID_END_USER_TIMEOUT: no progress for as long as TCP_USER_TIMEOUT
 * @TCP_LUCID_END_RST: the peer sent RST
 * @TCP_LUCID_END_DATA: data came after close()
 * @TCP_LUCID_END_BAD_ACK: during the handshake, an ACK of what was never sent
 * @TCP_LUCID_END_BAD_SYN: a SYN inside the window
 * @TCP_LUCID_END_PAWS: during the handshake, an impossible timestamp echo
 * @TCP_LUCID_END_NO_SOCKET: nobody has this port
 * @TCP_LUCID_END_STRAY: no SYN, and the listener knows of no such connection
 * @TCP_LUCID_END_ACCEPT_QUEUE: it is full (tcp_abort_on_overflow)
 * @TCP_LUCID_END_ICMP: an ICMP error came back
 * @TCP_LUCID_END_MPTCP: Multipath TCP wanted it
 * @TCP_LUCID_END_TW_OVERFLOW: there was no mini-socket to be had to wait in
 * @TCP_LUCID_END_OTHER: none of these
 */
enum tcp_lucid_end {
	TCP_LUCID_END_NONE		= 0,
	TCP_LUCID_END_CLOSE		= 1,
	TCP_LUCID_END_EXIT		= 2,
	TCP_LUCID_END_SHUTDOWN		= 3,
	TCP_LUCID_END_SHUT_RD		= 4,
	TCP_LUCID_END_SHUT_WR		= 5,
	TCP_LUCID_END_SHUT_RDWR		= 6,
	TCP_LUCID_END_UNREAD		= 7,
	TCP_LUCID_END_LINGER0		= 8,
	TCP_LUCID_END_LINGER2		= 9,
	TCP_LUCID_END_DISCONNECT	= 10,
	TCP_LUCID_END_REPAIR		= 11,
	TCP_LUCID_END_LISTENER		= 12,
	TCP_LUCID_END_KILLED		= 13,
	TCP_LUCID_END_ORPHANS		= 14,
	TCP_LUCID_END_NETNS		= 15,
	TCP_LUCID_END_FIN_WAIT2		= 16,
	TCP_LUCID_END_RETRANS	= 17,
	TCP_LUCID_END_KEEPALIVE		= 18,
	TCP_LUCID_END_ZERO_WINDOW	= 19,
	TCP_LUCID_END_USER_TIMEOUT	= 20,
	TCP_LUCID_END_RST		= 21,
	TCP_LUCID_END_DATA		= 22,
	TCP_LUCID_END_BAD_ACK		= 23,
	TCP_LUCID_END_BAD_SYN		= 24,
	TCP_LUCID_END_PAWS		= 25,
	TCP_LUCID_END_NO_SOCKET		= 26,
	TCP_LUCID_END_STRAY		= 27,
	TCP_LUCID_END_ACCEPT_QUEUE	= 28,
	TCP_LUCID_END_ICMP		= 29,
	TCP_LUCID_END_MPTCP		= 30,
	TCP_LUCID_END_TW_OVERFLOW	= 31,
	TCP_LUCID_END_OTHER		= 32,
};

/**
 * enum tcp_lucid_verdict - close.verdict: how a connection ended, in a word
 * @TCP_LUCID_VERDICT_NONE: it has not
 * @TCP_LUCID_VERDICT_CLEAN_ACTIVE: both sent a FIN and had it acknowledged, we
 *	first
 * @TCP_LUCID_VERDICT_CLEAN_PASSIVE: the same, the peer first
 * @TCP_LUCID_VERDICT_SIMULTANEOUS: the same, the FINs crossed
 * @TCP_LUCID_VERDICT_HALF: the peer acknowledged our FIN and never sent its own
 * @TCP_LUCID_VERDICT_RST_BY_PEER: the peer sent RST
 * @TCP_LUCID_VERDICT_RST_BY_US: what the peer sent had to be answered by RST, or
 *	MPTCP threw its subflow away
 * @TCP_LUCID_VERDICT_ABORT: the application threw it away
 * @TCP_LUCID_VERDICT_TIMEOUT: the peer did not answer
 * @TCP_LUCID_VERDICT_KILLED: the system ended it: administrator, no resources,
 *	namespace
 * @TCP_LUCID_VERDICT_ICMP: an ICMP error did
 * @TCP_LUCID_VERDICT_OTHER: none of these
 */
enum tcp_lucid_verdict {
	TCP_LUCID_VERDICT_NONE		= 0,
	TCP_LUCID_VERDICT_CLEAN_ACTIVE	= 1,
	TCP_LUCID_VERDICT_CLEAN_PASSIVE	= 2,
	TCP_LUCID_VERDICT_SIMULTANEOUS	= 3,
	TCP_LUCID_VERDICT_HALF		= 4,
	TCP_LUCID_VERDICT_RST_BY_PEER	= 5,
	TCP_LUCID_VERDICT_RST_BY_US	= 6,
	TCP_LUCID_VERDICT_ABORT		= 7,
	TCP_LUCID_VERDICT_TIMEOUT	= 8,
	TCP_LUCID_VERDICT_KILLED	= 9,
	TCP_LUCID_VERDICT_ICMP		= 10,
	TCP_LUCID_VERDICT_OTHER		= 11,
};

/**
 * enum tcp_lucid_kind - close.kind: whose event it is
 * @TCP_LUCID_KIND_FULL: a full socket's
 * @TCP_LUCID_KIND_REQUEST: a request socket's, before the final ACK
 * @TCP_LUCID_KIND_TIME_WAIT: a mini-socket's
 * @TCP_LUCID_KIND_LISTENER: a listener's, of no connection that it knows
 * @TCP_LUCID_KIND_NOBODY: nobody has this port
 */
enum tcp_lucid_kind {
	TCP_LUCID_KIND_FULL		= 1,
	TCP_LUCID_KIND_REQUEST		= 2,
	TCP_LUCID_KIND_TIME_WAIT	= 3,
	TCP_LUCID_KIND_LISTENER		= 4,
	TCP_LUCID_KIND_NOBODY		= 5,
};

/**
 * enum tcp_lucid_role - summary.role: who opened the connection
 * @TCP_LUCID_ROLE_UNKNOWN: it was open before anybody listened, or nobody did for
 *	a while, or there was no memory to keep it
 * @TCP_LUCID_ROLE_ACTIVE: this side: connect()
 * @TCP_LUCID_ROLE_PASSIVE: the other side: accept()
 * @TCP_LUCID_ROLE_BOTH: their SYNs crossed (simultaneous open)
 */
enum tcp_lucid_role {
	TCP_LUCID_ROLE_UNKNOWN		= 0,
	TCP_LUCID_ROLE_ACTIVE		= 1,
	TCP_LUCID_ROLE_PASSIVE		= 2,
	TCP_LUCID_ROLE_BOTH		= 3,
};

/**
 * enum tcp_lucid_spurious - spurious.kind: what showed that nothing was lost
 * @TCP_LUCID_SPURIOUS_DSACK: the peer has all that was sent again twice
 * @TCP_LUCID_SPURIOUS_TIMESTAMPS: its timestamp is older than what was sent
 *	again (Eifel, RFC 3522)
 * @TCP_LUCID_SPURIOUS_FRTO: after a timeout, what had not been sent again was
 *	acknowledged (F-RTO, RFC 5682)
 * @TCP_LUCID_SPURIOUS_UNSENT: an ACK came before anything was sent again
 */
enum tcp_lucid_spurious {
	TCP_LUCID_SPURIOUS_DSACK	= 1,
	TCP_LUCID_SPURIOUS_TIMESTAMPS	= 2,
	TCP_LUCID_SPURIOUS_FRTO		= 3,
	TCP_LUCID_SPURIOUS_UNSENT	= 4,
};

/**
 * enum tcp_lucid_reordering - reordering.by: what showed it
 * @TCP_LUCID_REORDERING_SACK: SACK of a segment below one that came earlier
 * @TCP_LUCID_REORDERING_ACK: the cumulative ACK of such a segment
 * @TCP_LUCID_REORDERING_DSACK: the same segment came twice: the first was late
 * @TCP_LUCID_REORDERING_TIMESTAMPS: in recovery, an ACK with a timestamp older
 *	than what was sent again
 * @TCP_LUCID_REORDERING_RENO: without SACK, more duplicate ACKs than a loss makes
 */
enum tcp_lucid_reordering {
	TCP_LUCID_REORDERING_SACK	= 1,
	TCP_LUCID_REORDERING_ACK	= 2,
	TCP_LUCID_REORDERING_DSACK	= 3,
	TCP_LUCID_REORDERING_TIMESTAMPS	= 4,
	TCP_LUCID_REORDERING_RENO	= 5,
};

/**
 * enum tcp_lucid_ecn - ecn.what: a step of RFC 3168, section 6.1
 * @TCP_LUCID_ECN_CE_RECEIVED: a marked segment, the first since the last CWR
 * @TCP_LUCID_ECN_ECE_RECEIVED: the peer echoes a mark: the window is reduced
 * @TCP_LUCID_ECN_CWR_SENT: a segment tells the peer that the window is reduced
 * @TCP_LUCID_ECN_CWR_RECEIVED: the peer's window is reduced
 */
enum tcp_lucid_ecn {
	TCP_LUCID_ECN_CE_RECEIVED	= 1,
	TCP_LUCID_ECN_ECE_RECEIVED	= 2,
	TCP_LUCID_ECN_CWR_SENT		= 3,
	TCP_LUCID_ECN_CWR_RECEIVED	= 4,
};

/**
 * enum tcp_lucid_flow - flow_control.what: what became of a receive window
 * @TCP_LUCID_FLOW_ZERO_WINDOW_SENT: we take no more data: we advertise 0
 * @TCP_LUCID_FLOW_WINDOW_SENT: we take data again
 * @TCP_LUCID_FLOW_ZERO_WINDOW_RECEIVED: the peer takes no more data
 * @TCP_LUCID_FLOW_WINDOW_RECEIVED: the peer takes data again
 * @TCP_LUCID_FLOW_SHRUNK: the peer took back part of the window it had offered
 *	(RFC 7323, 2.4), but not all
 * @TCP_LUCID_FLOW_PROBE: we ask whether the peer's window has opened
 * @TCP_LUCID_FLOW_KEEPALIVE: nothing came for long: we ask whether the peer lives
 */
enum tcp_lucid_flow {
	TCP_LUCID_FLOW_ZERO_WINDOW_SENT		= 1,
	TCP_LUCID_FLOW_WINDOW_SENT		= 2,
	TCP_LUCID_FLOW_ZERO_WINDOW_RECEIVED	= 3,
	TCP_LUCID_FLOW_WINDOW_RECEIVED		= 4,
	TCP_LUCID_FLOW_SHRUNK			= 5,
	TCP_LUCID_FLOW_PROBE			= 6,
	TCP_LUCID_FLOW_KEEPALIVE		= 7,
};

/**
 * enum tcp_lucid_limit - limited.from, .to: what keeps a sender from sending more
 * @TCP_LUCID_LIMIT_NONE: from: not known, this is where watching begins; to: the
 *	connection is closed
 * @TCP_LUCID_LIMIT_IDLE: the application: all it gave is acknowledged
 * @TCP_LUCID_LIMIT_APP: the application: all it gave is sent, but under way
 * @TCP_LUCID_LIMIT_CWND: the congestion window is full
 * @TCP_LUCID_LIMIT_RWND: the peer's receive window is
 * @TCP_LUCID_LIMIT_SNDBUF: the send buffer is, while the network would take more
 * @TCP_LUCID_LIMIT_RECOVERY: a loss is being repaired
 * @TCP_LUCID_LIMIT_OTHER: none of these: pacing, queues of this host, Nagle
 */
enum tcp_lucid_limit {
	TCP_LUCID_LIMIT_NONE		= 0,
	TCP_LUCID_LIMIT_IDLE		= 1,
	TCP_LUCID_LIMIT_APP		= 2,
	TCP_LUCID_LIMIT_CWND		= 3,
	TCP_LUCID_LIMIT_RWND		= 4,
	TCP_LUCID_LIMIT_SNDBUF		= 5,
	TCP_LUCID_LIMIT_RECOVERY	= 6,
	TCP_LUCID_LIMIT_OTHER		= 7,
};

/* Bits of tcp_lucid_info.flags, and of ack.flags. */
#define TCP_LUCID_FLAG_STAGE	(1U << 0) /* CUBIC: a stage is under way */
#define TCP_LUCID_FLAG_UNUSED	(1U << 1) /* window not in full use */
#define TCP_LUCID_FLAG_CSS	(1U << 2) /* conservative slow start */
#define TCP_LUCID_FLAG_BACKOFF	(1U << 3) /* held back: ECN at one packet */
#define TCP_LUCID_FLAG_PACED	(1U << 4) /* the socket's sending is paced */

/**
 * struct tcp_lucid_info - what getsockopt(TCP_CC_INFO) returns for our controls
 * @phase: enum tcp_lucid_phase
 * @slow_start: 0 classic, 1 HyStart, 2 HyStart++
 * @flags: TCP_LUCID_FLAG_*
 * @w_max: W_max, packets; 0: not known
 * @w_est: W_est, packets
 * @k_ms: K, ms from the beginning of the stage to W_max
 * @epoch_ms: t, age of the stage without the time that does not count, ms
 *
 * @w_est, @k_ms and @epoch_ms are 0 unless TCP_LUCID_FLAG_STAGE is set, and
 * always for lucid_reno. More members may follow: getsockopt() tells the size.
 */
struct tcp_lucid_info {
	__u8 phase;
	__u8 slow_start;
	__u16 flags;
	__u32 w_max;
	__u32 w_est;
	__u32 k_ms;
	__u32 epoch_ms;
};

/*
 * Bits of /sys/module/tcp_lucid/parameters/capabilities: what this kernel
 * lets the module see. A bit is 0 when a hook it needs does not exist here;
 * the kernel log names the hook.
 */
#define TCP_LUCID_CAN_HANDSHAKE		(1U << 0)
#define TCP_LUCID_CAN_STATE		(1U << 1)
#define TCP_LUCID_CAN_RETRANSMIT	(1U << 2)
#define TCP_LUCID_CAN_FAST_RETRANSMIT	(1U << 3)
#define TCP_LUCID_CAN_TIME_WAIT		(1U << 4)
#define TCP_LUCID_CAN_WINDOW		(1U << 5)

#define TCP_LUCID_CAN_LISTEN		(1U << 8)
#define TCP_LUCID_CAN_FAST_OPEN		(1U << 9)
#define TCP_LUCID_CAN_CONNECT_FAILED	(1U << 10)
#define TCP_LUCID_CAN_SUPPRESSED	(1U << 11)
#define TCP_LUCID_CAN_SPURIOUS		(1U << 15)
#define TCP_LUCID_CAN_RTT		(1U << 16)
#define TCP_LUCID_CAN_REORDERING	(1U << 17)
#define TCP_LUCID_CAN_ECN		(1U << 18)

#define TCP_LUCID_CAN_CLOSE		(1U << 12)
#define TCP_LUCID_CAN_SUMMARY		(1U << 14)

#define TCP_LUCID_CAN_FLOW_CONTROL	(1U << 13)
#define TCP_LUCID_CAN_LIMITED		(1U << 19)

#endif /* _UAPI_LINUX_TCP_LUCID_H */
