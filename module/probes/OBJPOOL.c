// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.7: objects that are set aside, to be had anywhere. */
#include <linux/objpool.h>

void *probe(struct objpool_head *pool);
void *probe(struct objpool_head *pool)
{
	return objpool_pop(pool);
}
