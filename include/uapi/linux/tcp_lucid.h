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

/* handshake.wscale and peer's: the segment carried no window scale option. */
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
 * @TCP_LUCID_RESEND_FAST: fast retransmit and recovery (RFC 6675, RFC 8985)
 * @TCP_LUCID_RESEND_TLP: tail loss probe (RFC 8985, section 7)
 * @TCP_LUCID_RESEND_RESIZE: the path MTU shrank or Fast Open data was refused
 * @TCP_LUCID_RESEND_ZERO_WINDOW: the peer took its window back; this probes it
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
 * @TCP_LUCID_TW_END_DATA: data came after close(), answered with RST
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
 * @TCP_LUCID_PHASE_CWR: halving on an ECN echo or a full local queue
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
 * @TCP_LUCID_CAUSE_LOSS: fast recovery begins
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
 * @TCP_LUCID_UNUSED_IDLE: sending resumes after nothing was in flight
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
 */
enum tcp_lucid_limited {
	TCP_LUCID_LIMITED_HANDSHAKE	= 1,
	TCP_LUCID_LIMITED_STATE		= 2,
	TCP_LUCID_LIMITED_LISTEN	= 3,
	TCP_LUCID_LIMITED_FAST_OPEN	= 4,
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

#define TCP_LUCID_CAN_FLOW_CONTROL	(1U << 13)
#define TCP_LUCID_CAN_LIMITED		(1U << 19)

#endif /* _UAPI_LINUX_TCP_LUCID_H */
