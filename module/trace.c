// SPDX-License-Identifier: GPL-2.0-only
/* Instantiates the tracepoints of <trace/events/tcp_lucid.h>. */
#include <linux/module.h>

#ifndef __CHECKER__
#define CREATE_TRACE_POINTS
#include <trace/events/tcp_lucid.h>
#endif
