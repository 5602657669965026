// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets a call fail that tcp_lucid makes, to see what becomes of it.
 *
 *   insmod lucid_fail.ko function=rhashtable_init error=-12 nth=1
 *
 * From the nth call on, for as many as times says, the function is not entered
 * and its caller gets error for an answer. Calls from elsewhere are let through.
 * An optimised kprobe cannot do that: set debug.kprobes-optimization to 0 before.
 *
 * The kernel can do the same itself (CONFIG_FAIL_FUNCTION), where it was built
 * to, and for functions that it lists. This works on the kernels that people run.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/string.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "which is to fail");

static int error;
module_param(error, int, 0444);
MODULE_PARM_DESC(error, "what it returns then: negative, or 0 for a NULL pointer");

static int nth = 1;
module_param(nth, int, 0444);
MODULE_PARM_DESC(nth, "the first call that fails, from 1");

static int times = 1;
module_param(times, int, 0444);
MODULE_PARM_DESC(times, "how many fail from there on");

static atomic_t calls = ATOMIC_INIT(0);

static int lucid_fail_calls_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n", atomic_read(&calls));
}

static const struct kernel_param_ops lucid_fail_calls_ops = {
	.get = lucid_fail_calls_get,
};

module_param_cb(calls, &lucid_fail_calls_ops, NULL, 0444);
MODULE_PARM_DESC(calls, "how many there were so far, those that failed included");

/* Its code is in two places while it loads; kallsyms knows both. */
static bool lucid_fail_ours(unsigned long caller)
{
	char text[KSYM_SYMBOL_LEN];

	/* Most callers are the kernel, which is not worth a look at names. */
	if (caller < MODULES_VADDR || caller >= MODULES_END)
		return false;
	sprint_symbol(text, caller);
	return strstr(text, "[tcp_lucid]");
}

/* Entered in place of the function, with its return address on the stack. */
static noinline notrace long lucid_fail_instead(void)
{
	return error;
}

static int lucid_fail_enter(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned long caller = regs_get_kernel_stack_nth(regs, 0);
	int call;

	if (!lucid_fail_ours(caller))
		return 0;
	call = atomic_inc_return(&calls);
	if (call < nth || call - nth >= times)
		return 0;
	instruction_pointer_set(regs, (unsigned long)lucid_fail_instead);
	return 1;
}

static struct kprobe lucid_fail_probe = {
	.pre_handler = lucid_fail_enter,
};

static int __init lucid_fail_init(void)
{
	if (!IS_ENABLED(CONFIG_X86_64))
		return -EOPNOTSUPP;
	if (!function || error > 0 || nth < 1)
		return -EINVAL;
	lucid_fail_probe.symbol_name = function;
	return register_kprobe(&lucid_fail_probe);
}

static void __exit lucid_fail_exit(void)
{
	unregister_kprobe(&lucid_fail_probe);
}

module_init(lucid_fail_init);
module_exit(lucid_fail_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("lets calls fail that tcp_lucid makes");
