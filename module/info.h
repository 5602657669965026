/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program can ask of a connection: getsockopt(TCP_CC_INFO). */
#ifndef _TCP_LUCID_INFO_H
#define _TCP_LUCID_INFO_H

#include "congestion.h"
#include "cubic.h"
#include "decisions.h"
#include "slow_start.h"

u16 lucid_info_flags(const struct sock *sk, const struct lucid_flow *flow,
		     const struct lucid_cubic *ca,
		     const struct lucid_slow_start *ss);
size_t lucid_info(const struct sock *sk, const struct lucid_flow *flow,
		  const struct lucid_cubic *ca,
		  const struct lucid_slow_start *ss, u32 ext, int *attr,
		  union tcp_cc_info *info);

#endif /* _TCP_LUCID_INFO_H */
