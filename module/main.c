// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcp_lucid: TCP you can see through.
 *
 * Two congestion controls that do what their RFCs say, and the life of every
 * TCP connection as tracepoints. This file puts the parts together and takes
 * them apart.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/tcp.h>
#include <uapi/linux/tcp_lucid.h>

#include "congestion.h"
#include "demand.h"
#include "ledger.h"
#include "namespaces.h"
#include "observers.h"

static unsigned long capabilities = TCP_LUCID_CAN_HANDSHAKE |
				    TCP_LUCID_CAN_STATE |
				    TCP_LUCID_CAN_RETRANSMIT |
				    TCP_LUCID_CAN_FAST_RETRANSMIT |
				    TCP_LUCID_CAN_TIME_WAIT |
				    TCP_LUCID_CAN_WINDOW |
				    TCP_LUCID_CAN_LISTEN |
				    TCP_LUCID_CAN_FAST_OPEN |
				    TCP_LUCID_CAN_CONNECT_FAILED |
				    TCP_LUCID_CAN_SUPPRESSED |
				    TCP_LUCID_CAN_CLOSE |
				    TCP_LUCID_CAN_FLOW_CONTROL |
				    TCP_LUCID_CAN_SUMMARY |
				    TCP_LUCID_CAN_SPURIOUS |
				    TCP_LUCID_CAN_RTT |
				    TCP_LUCID_CAN_REORDERING |
				    TCP_LUCID_CAN_ECN |
				    TCP_LUCID_CAN_LIMITED;

/* It tells what is; insmod cannot say otherwise. */
static int lucid_capabilities_set(const char *val,
				  const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops lucid_capabilities_ops = {
	.set = lucid_capabilities_set,
	.get = param_get_ulong,
};

module_param_cb(capabilities, &lucid_capabilities_ops, &capabilities, 0444);
MODULE_PARM_DESC(capabilities,
		 "what this kernel lets the module see: a bit for each event, TCP_LUCID_CAN_*");

/* What comes in is dealt with no more; what was kept of it goes. */
static void lucid_observers_stop(void)
{
	lucid_demand_stop();
	lucid_listen_exit();
	lucid_retransmit_exit();
	lucid_ledger_exit();
}

static bool lucid_have_cubic;
static bool lucid_have_reno;

/* Somebody else, a BPF program, may have taken the name. */
static int lucid_register(struct tcp_congestion_ops *ops)
{
	int err = tcp_register_congestion_control(ops);

	if (err)
		pr_warn("%s is not to be had (error %d)\n", ops->name, err);
	return err;
}

static int __init lucid_init(void)
{
	unsigned long lost = 0;
	int err;

	err = lucid_ledger_init();
	if (err)
		return err;
	lucid_listen_init();
	lucid_retransmit_init();
	lucid_flow_control_init();
	lucid_limited_init();
	err = lucid_demand_start(&lost);
	if (err) {
		lucid_ledger_exit();
		return err;
	}
	capabilities &= ~lost;
	err = lucid_namespaces_register();
	if (err)
		goto err_observers;

	err = lucid_register(&lucid_cubic_ops);
	/* The way back waits for namespaces, which may wait for RTNL. */
	if (err && lucid_namespaces_ready() && !rtnl_is_locked())
		goto err_observers;
	/* A socket may be on lucid by now: there is no way back any more. */
	lucid_have_cubic = !err;
	lucid_have_reno = !lucid_register(&lucid_reno_ops);
	return 0;

err_observers:
	lucid_observers_stop();
	lucid_namespaces_unregister();
	return err;
}

static void __exit lucid_exit(void)
{
	if (lucid_have_reno)
		tcp_unregister_congestion_control(&lucid_reno_ops);
	if (lucid_have_cubic)
		tcp_unregister_congestion_control(&lucid_cubic_ops);
	lucid_observers_stop();
	lucid_namespaces_unregister();
}

module_init(lucid_init);
module_exit(lucid_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TCP you can see through: lucid (RFC 9438) and lucid_reno (RFC 5681), and a connection's life as tracepoints");
MODULE_AUTHOR("tcp_lucid authors");
MODULE_VERSION(LUCID_VERSION);
/* "tcp_" and a control's name is what the kernel asks modprobe for. */
MODULE_ALIAS("tcp_lucid_reno");
