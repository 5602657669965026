/* SPDX-License-Identifier: GPL-2.0-only */
/* What every network namespace has of its own. */
#ifndef _TCP_LUCID_NAMESPACES_H
#define _TCP_LUCID_NAMESPACES_H

#include <linux/types.h>

struct pernet_operations;

extern struct pernet_operations lucid_params_net_ops;
extern struct pernet_operations lucid_flood_net_ops;

bool lucid_namespaces_ready(void);
int lucid_namespaces_register(void);
void lucid_namespaces_unregister(void);

#endif /* _TCP_LUCID_NAMESPACES_H */
