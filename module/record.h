/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an observer hands to a tracepoint: plain values, no kernel objects.
 * Units and meaning of each member stand beside the event of the same name in
 * <trace/events/tcp_lucid.h>.
 */
#ifndef _TCP_LUCID_RECORD_H
#define _TCP_LUCID_RECORD_H

#include <linux/jiffies.h>
#include <linux/types.h>

/* jiffies_to_usecs() knows no more than 71 minutes. */
static inline u64 lucid_ticks_us(u32 ticks)
{
	return (u64)ticks * jiffies_to_usecs(1);
}

/* Whose event it is. */
struct lucid_conn {
	u64 cookie;
	u32 netns;
	u16 family;
	u16 sport;
	u16 dport;
	u8 saddr[4];
	u8 daddr[4];
	u8 saddr_v6[16];
	u8 daddr_v6[16];
};

/* The options of a SYN or SYN-ACK. */
struct lucid_syn_options {
	u16 mss;
	u8 wscale;
	u8 sack;
	u8 timestamps;
	u8 ecn;
};

struct lucid_handshake {
	u32 isn;
	u32 peer_isn;
	u32 rtt_us;
	u32 since_syn_us;
	struct lucid_syn_options opts;
	u16 attempt;
	u8 step;
	u8 flags;
};

struct lucid_retransmit {
	u32 seq;
	u32 len;
	u32 segs;
	u32 cwnd;
	u32 ssthresh;
	u32 in_flight;
	u32 srtt_us;
	u32 rto_us;
	u16 attempt;
	u16 err;
	u8 reason;
	u8 flags;
	u8 state;
	u8 ca_state;
};

struct lucid_recovery {
	u32 snd_una;
	u32 recover;
	u32 cwnd;
	u32 prior_cwnd;
	u32 ssthresh;
	u32 in_flight;
	u32 lost_out;
	u32 sacked_out;
	u8 began;
	u8 how;
};

struct lucid_time_wait {
	u32 timeout_ms;
	u8 what;
	u8 why;
	u8 substate;
};

struct lucid_window_event {
	u32 cwnd;
	u32 ssthresh;
	u32 in_flight;
	u32 srtt_us;
	u32 snd_una;
	u8 phase;
	char ca[16];
};

struct lucid_epoch {
	u64 now_us;
	u64 w_max_milli;
	u64 cwnd_milli;
	u64 k_us;
	u32 cwnd_prior;
	u16 c;
};

struct lucid_region {
	u64 t_us;
	u64 w_cubic_milli;
	u64 w_est_milli;
	u32 cwnd;
	u32 w_max;
	u8 from;
	u8 to;
};

struct lucid_slow_start_turn {
	u32 cwnd;
	u32 ssthresh;
	u32 round_min_us;
	u32 base_us;
	u32 threshold_us;
	u32 train_us;
	u8 what;
	u8 samples;
	u8 rounds;
};

struct lucid_reduction {
	u64 w_max_milli;
	u64 old_w_max_milli;
	u32 cwnd;
	u32 ssthresh;
	u16 beta;
	u8 cause;
};

struct lucid_undo {
	u64 w_max_milli;
	u64 k_us;
	u32 old_cwnd;
	u32 cwnd;
	u32 ssthresh;
	u32 cwnd_prior;
};

struct lucid_unused {
	u64 now_us;
	u64 t_us;
	u32 cwnd;
	u32 in_flight;
	u8 what;
};

struct lucid_sample {
	u64 now_us;
	s32 rtt_us;
	u32 snd_una;
	u32 snd_nxt;
	u32 cwnd;
	u8 paced;
};

struct lucid_ack {
	u64 now_us;
	u64 w_cubic_milli;
	u64 w_est_milli;
	u32 srtt_us;
	u32 acked;
	u32 old_cwnd;
	u32 cwnd;
	u32 frac;
	u32 ssthresh;
	u16 flags;
	u8 phase;
};

struct lucid_listen {
	u64 listener;
	u32 syn_queue;
	u32 accept_queue;
	u32 backlog;
	u32 since_syn_us;
	u16 synacks;
	u8 what;
	u8 why;
};

struct lucid_fast_open {
	u32 data_len;
	u32 acked_len;
	u32 queue;
	u32 queue_max;
	u8 cookie_len;
	u8 what;
};

struct lucid_connect_failed {
	u32 since_syn_us;
	u16 err;
	u16 syns;
	u8 why;
	u8 state;
	u8 icmp_type;
	u8 icmp_code;
};

struct lucid_suppressed {
	u64 count;
	u32 since_ms;
	u8 event;
};

struct lucid_summary {
	u64 duration_us;
	u64 bytes_sent;
	u64 bytes_acked;
	u64 bytes_received;
	u32 segs_out;
	u32 segs_in;
	u32 data_segs_out;
	u32 data_segs_in;
	u32 resent;
	u32 resent_rto;
	u32 resent_fast;
	u32 resent_tlp;
	u32 resent_other;
	u32 handshake_resent;
	u32 dsack_dups;
	u32 reordered;
	u32 out_of_order;
	u32 handshake_rtt_us;
	u32 min_rtt_us;
	u32 srtt_us;
	u64 busy_us;
	u64 rwnd_limited_us;
	u64 sndbuf_limited_us;
	u32 cwnd;
	u32 cwnd_max;
	u8 role;
	u8 state;
	u8 verdict;
};

struct lucid_close {
	u32 seq;
	u32 ack;
	u32 unread;
	u32 unsent;
	u32 unacked;
	u16 err;
	u8 what;
	u8 why;
	u8 verdict;
	u8 state;
	u8 kind;
	u8 orphan;
	u8 timeouts;
	u8 probes;
};

struct lucid_spurious {
	u32 snd_una;
	u32 recover;
	u32 old_cwnd;
	u32 cwnd;
	u32 old_ssthresh;
	u32 ssthresh;
	u8 kind;
	u8 ca_state;
	u8 whole;
};

struct lucid_reordering {
	u32 old_degree;
	u32 degree;
	u32 distance;
	u32 seen;
	u8 by;
	u8 ca_state;
};

struct lucid_ecn {
	u32 seq;
	u32 count;
	u32 cwnd;
	u32 ssthresh;
	u32 delivered_ce;
	u8 what;
	u8 ca_state;
};

struct lucid_rtt {
	u32 rtt_us;
	u32 srtt_us;
	u32 mdev_us;
	u32 rttvar_us;
	u32 rto_us;
	u32 min_rtt_us;
};

struct lucid_flow_control {
	u64 since_us;
	u64 next_us;
	u32 rto_us;
	u32 rcv_wnd;
	u32 snd_wnd;
	u32 rcv_queue;
	u32 rcvbuf;
	u32 unsent;
	u32 shrunk;
	u16 attempt;
	u16 unanswered;
	u8 what;
	u8 backoff;
	u8 rcv_wscale;
	u8 snd_wscale;
};

struct lucid_limited {
	u64 for_us;
	u64 ago_us;
	u32 cwnd;
	u32 in_flight;
	u32 snd_wnd;
	u32 unsent;
	u32 sndbuf;
	u8 from;
	u8 to;
};

#endif /* _TCP_LUCID_RECORD_H */
