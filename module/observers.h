/* SPDX-License-Identifier: GPL-2.0-only */
/* The observers, and what one of them tells another. */
#ifndef _TCP_LUCID_OBSERVERS_H
#define _TCP_LUCID_OBSERVERS_H

#include "hooks.h"

struct lucid_conn;
struct sk_buff;
struct sock;
struct tcp_sock;

extern struct lucid_observer lucid_handshake_observer;
extern struct lucid_observer lucid_retransmit_observer;
extern struct lucid_observer lucid_state_observer;
extern struct lucid_observer lucid_time_wait_observer;

bool lucid_handshake_sees_connect(void);
bool lucid_handshake_crossed(const struct tcp_sock *tp);
void lucid_handshake_syn_resent(const struct sock *sk,
				const struct sk_buff *skb);
void lucid_handshake_complete(const struct sock *sk, int oldstate);
void lucid_recovery_closed(const struct sock *sk);
void lucid_state_changed(const struct lucid_conn *conn, int oldstate,
			 int newstate);

extern struct lucid_observer lucid_connect_observer;
extern struct lucid_observer lucid_fast_open_observer;
extern struct lucid_observer lucid_listen_observer;

extern struct lucid_observer lucid_close_observer;
extern struct lucid_observer lucid_reset_observer;
extern struct lucid_observer lucid_resend_observer;
extern struct lucid_observer lucid_recovery_observer;
extern struct lucid_observer lucid_spurious_observer;
extern struct lucid_observer lucid_reordering_observer;

void lucid_retransmit_init(void);
void lucid_retransmit_exit(void);

void lucid_listen_init(void);
void lucid_listen_exit(void);

void lucid_flow_control_init(void);
void lucid_flow_control_closed(const struct sock *sk);
void lucid_limited_init(void);
void lucid_limited_ca_state(const struct sock *sk, u8 ca_state);
void lucid_limited_established(const struct sock *sk);
void lucid_limited_closed(const struct sock *sk);

#endif /* _TCP_LUCID_OBSERVERS_H */
