/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ, and nowhere else. LUCID_HAVE_* come from Kbuild, which
 * compiles a probe for each; no kernel version is ever compared.
 */
#ifndef _TCP_LUCID_COMPAT_H
#define _TCP_LUCID_COMPAT_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

/*
 * Arguments of a function at its entry. ftrace_regs_get_argument() came with
 * 6.2; before it a callback asks for full registers and reads those.
 */
#ifdef LUCID_HAVE_FTRACE_ARGUMENT
#define LUCID_FTRACE_FLAGS	0
#define lucid_arg(fregs, n)	((void *)ftrace_regs_get_argument(fregs, n))
#else
#define LUCID_FTRACE_FLAGS	FTRACE_OPS_FL_SAVE_REGS
#define lucid_arg(fregs, n) \
	((void *)regs_get_kernel_argument(ftrace_get_regs(fregs), n))
#endif

/*
 * 7.2 reports failed attempts as well, and says so in a third argument: what
 * to declare after the second one, and whether this attempt failed.
 */
#ifdef LUCID_HAVE_RETRANSMIT_ERR
#define LUCID_RETRANSMIT_PARAMS(sk, skb)	sk, skb, int err
#define lucid_retransmit_failed()		(err != 0)
#else
#define LUCID_RETRANSMIT_PARAMS(sk, skb)	sk, skb
#define lucid_retransmit_failed()		false
#endif

#endif /* _TCP_LUCID_COMPAT_H */
