// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.2: arguments of a function at its entry, without full registers. */
#include <linux/ftrace.h>

unsigned long probe(struct ftrace_regs *fregs);
unsigned long probe(struct ftrace_regs *fregs)
{
	return ftrace_regs_get_argument(fregs, 0);
}
