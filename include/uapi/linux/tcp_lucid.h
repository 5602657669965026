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

#endif /* _UAPI_LINUX_TCP_LUCID_H */
