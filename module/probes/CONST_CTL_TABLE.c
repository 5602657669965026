// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.11: a sysctl's handler may not change its table. */
#include <linux/sysctl.h>

int callback(const struct ctl_table *table, int write, void *buffer,
	     size_t *lenp, loff_t *ppos);

proc_handler *probe = callback;
