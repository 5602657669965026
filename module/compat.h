/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ. LUCID_HAVE_* come from Kbuild, which compiles a probe
 * for each; no kernel version is ever compared. A callback whose very type
 * differs has its #ifdef where it stands: retransmit.c, reset.c, ops_*.c.
 */
#ifndef _TCP_LUCID_COMPAT_H
#define _TCP_LUCID_COMPAT_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

/*
 * Arguments of a function at its entry. ftrace_regs_get_argument() came with
 * 6.2; before it a callback asks for full registers and reads those.
 */
#if defined(LUCID_HAVE_FTRACE_ARGUMENT) && \
	defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
#define LUCID_FTRACE_FLAGS	0
#define lucid_arg(fregs, n)	((void *)ftrace_regs_get_argument(fregs, n))
#else
#define LUCID_FTRACE_FLAGS	FTRACE_OPS_FL_SAVE_REGS
#define lucid_arg(fregs, n) \
	((void *)regs_get_kernel_argument(ftrace_get_regs(fregs), n))
#endif

/*
 * Sysctl tables: handlers may no longer change theirs since 6.11, and a table
 * comes with its length since 6.6, where register_net_sysctl() is a macro.
 */
#ifdef LUCID_HAVE_CONST_CTL_TABLE
#define lucid_ctl_table		const struct ctl_table
#else
#define lucid_ctl_table		struct ctl_table
#endif

#ifdef register_net_sysctl
#define lucid_register_net_sysctl(net, path, table, size) \
	register_net_sysctl_sz(net, path, table, size)
#else
#define lucid_register_net_sysctl(net, path, table, size) \
	((void)(size), register_net_sysctl(net, path, table))
#endif

/* The longest that a timer may be: a sysctl and a socket option since 6.15. */
#ifdef LUCID_HAVE_RTO_MAX
#define lucid_rto_max(sk)	tcp_rto_max(sk)
#else
#define lucid_rto_max(sk)	((void)(sk), TCP_RTO_MAX)
#endif

/* Has connect() left the SYN to the first write (TCP_FASTOPEN_CONNECT)? */
#ifdef inet_test_bit
#define lucid_connect_deferred(sk)	inet_test_bit(DEFER_CONNECT, sk)
#else
#define lucid_connect_deferred(sk)	((bool)inet_sk(sk)->defer_connect)
#endif

/* Have both ends agreed on ECN? Accurate ECN brought more than one way to. */
#ifdef TCP_ECN_OK
#define lucid_ecn_agreed(tp)	((bool)((tp)->ecn_flags & TCP_ECN_OK))
#define lucid_ecn_rfc3168(tp)	lucid_ecn_agreed(tp)
#define LUCID_ECN_CHECK		"__tcp_ecn_check_ce"
#else
#define lucid_ecn_agreed(tp)	tcp_ecn_mode_any(tp)
#define lucid_ecn_rfc3168(tp)	tcp_ecn_mode_rfc3168(tp)
#define LUCID_ECN_CHECK		"tcp_data_ecn_check"
#endif

#endif /* _TCP_LUCID_COMPAT_H */
