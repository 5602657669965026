// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters of both controls, and one of the tracepoints:
 * net.ipv4.tcp_lucid.*
 *
 * Every network namespace has its own, and starts with what the RFCs say. A
 * connection takes a control's once, when its control is initialised, so that a
 * change never bends a flow that is under way. Each is one int, read and written
 * whole: no lock is needed.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "namespaces.h"
#include "params.h"
#include "reno.h"

#define LUCID_CUBIC_BETA_ECN	850	/* RFC 8511 section 3.1 */
#define LUCID_RENO_BETA_ECN	800	/* the same */

/* More than any server takes in good times, less than any flood. */
#define LUCID_SYN_EVENT_RATE	10000

enum lucid_param {
	LUCID_PARAM_BETA,
	LUCID_PARAM_BETA_ECN,
	LUCID_PARAM_C,
	LUCID_PARAM_FAST_CONVERGENCE,
	LUCID_PARAM_RENO_FRIENDLY,
	LUCID_PARAM_SLOW_START,
	LUCID_PARAM_ABE,
	LUCID_PARAM_RENO_BETA,
	LUCID_PARAM_RENO_BETA_ECN,
	LUCID_PARAM_SYN_EVENT_RATE,
	LUCID_PARAMS
};

/* By enum lucid_slow_start_kind. RFC 9438, 4.10, wants one that ends before the
 * queue overflows; HyStart does so on more paths than HyStart++
 * (docs/congestion-control.md).
 */
static const char *const lucid_slow_starts[] = {
	"classic", "hystart", "hystartpp", NULL
};

/**
 * struct lucid_param_rule - what a parameter is called and may be
 * @name: below net.ipv4.tcp_lucid
 * @words: NULL-terminated words that stand for 0, 1, 2...; NULL for a number
 * @least: smallest number
 * @most: largest number
 * @initially: value of a new namespace
 */
struct lucid_param_rule {
	const char *name;
	const char *const *words;
	int least;
	int most;
	int initially;
};

static const struct lucid_param_rule lucid_param_rules[LUCID_PARAMS] = {
	[LUCID_PARAM_BETA] = {
		"beta", NULL, 1, LUCID_FACTOR_ONE - 1, LUCID_CUBIC_BETA },
	[LUCID_PARAM_BETA_ECN] = {
		"beta_ecn", NULL, 1, LUCID_FACTOR_ONE - 1,
		LUCID_CUBIC_BETA_ECN },
	[LUCID_PARAM_C] = {
		"c", NULL, 1, U16_MAX, LUCID_CUBIC_C },
	[LUCID_PARAM_FAST_CONVERGENCE] = {
		"fast_convergence", NULL, 0, 1, 1 },
	[LUCID_PARAM_RENO_FRIENDLY] = {
		"reno_friendly", NULL, 0, 1, 1 },
	[LUCID_PARAM_SLOW_START] = {
		"slow_start", lucid_slow_starts, 0, 0,
		LUCID_SLOW_START_HYSTART },
	[LUCID_PARAM_ABE] = {
		"abe", NULL, 0, 1, 0 },
	[LUCID_PARAM_RENO_BETA] = {
		"reno_beta", NULL, 1, LUCID_FACTOR_ONE - 1, LUCID_RENO_BETA },
	[LUCID_PARAM_RENO_BETA_ECN] = {
		"reno_beta_ecn", NULL, 1, LUCID_FACTOR_ONE - 1,
		LUCID_RENO_BETA_ECN },
	[LUCID_PARAM_SYN_EVENT_RATE] = {
		"syn_event_rate", NULL, 0, 1000000000, LUCID_SYN_EVENT_RATE },
};

struct lucid_net {
	int value[LUCID_PARAMS];
	struct ctl_table_header *header;
	/* One more, all zero: where older kernels stop reading. */
	struct ctl_table table[LUCID_PARAMS + 1];
};

static unsigned int lucid_net_id __read_mostly;

static int lucid_param_parse(const struct lucid_param_rule *rule,
			     const char *text)
{
	int value;

	if (rule->words)
		return match_string(rule->words, -1, text);
	if (kstrtoint(text, 0, &value) || value < rule->least ||
	    value > rule->most)
		return -EINVAL;
	return value;
}

/*
 * The kernel's own handler for numbers takes "700 junk" for 700, and knows no
 * words. Here it is the whole of a valid value, in one write, or EINVAL.
 */
static int lucid_param_write(int *param, const struct lucid_param_rule *rule,
			     const char *buffer, size_t len)
{
	char text[24];
	int value;

	if (len >= sizeof(text) || memchr(buffer, '\0', len))
		return -EINVAL;
	memcpy(text, buffer, len);
	text[len] = '\0';
	value = lucid_param_parse(rule, strim(text));
	if (value < 0)
		return -EINVAL;
	WRITE_ONCE(*param, value);
	return 0;
}

/*
 * As much as there is room for; how much that was. What is read from an offset
 * would be the rest of another value, if one was written meanwhile.
 */
static size_t lucid_param_read(const int *param,
			       const struct lucid_param_rule *rule,
			       char *buffer, size_t len)
{
	int value = READ_ONCE(*param);
	char text[24];
	size_t all;

	if (rule->words)
		all = scnprintf(text, sizeof(text), "%s\n", rule->words[value]);
	else
		all = scnprintf(text, sizeof(text), "%d\n", value);
	len = min(len, all);
	memcpy(buffer, text, len);
	return len;
}

static int lucid_param_handler(lucid_ctl_table *table, int write,
			       void *buffer, size_t *lenp, loff_t *ppos)
{
	int err;

	if (write) {
		err = *ppos ? -EINVAL :
		      lucid_param_write(table->data, table->extra1, buffer,
					*lenp);
		if (err)
			return err;
	} else {
		*lenp = *ppos ? 0 : lucid_param_read(table->data, table->extra1,
						     buffer, *lenp);
	}
	*ppos += *lenp;
	return 0;
}

static int lucid_param(const struct net *net, enum lucid_param param)
{
	const struct lucid_net *ln;

	if (unlikely(!lucid_namespaces_ready()))
		return lucid_param_rules[param].initially;
	ln = net_generic(net, lucid_net_id);
	return READ_ONCE(ln->value[param]);
}

/**
 * lucid_params_cubic() - what a new connection on lucid is to use
 * @net: its namespace
 * @par: filled in
 */
void lucid_params_cubic(const struct net *net, struct lucid_cubic_params *par)
{
	par->beta = lucid_param(net, LUCID_PARAM_BETA);
	par->beta_ecn = par->beta;
	if (lucid_param(net, LUCID_PARAM_ABE))
		par->beta_ecn = lucid_param(net, LUCID_PARAM_BETA_ECN);
	par->c = lucid_param(net, LUCID_PARAM_C);
	par->fast_convergence = lucid_param(net, LUCID_PARAM_FAST_CONVERGENCE);
	par->reno_friendly = lucid_param(net, LUCID_PARAM_RENO_FRIENDLY);
}

/**
 * lucid_params_reno() - what a new connection on lucid_reno is to use
 * @net: its namespace
 * @par: filled in
 */
void lucid_params_reno(const struct net *net, struct lucid_reno_params *par)
{
	par->beta = lucid_param(net, LUCID_PARAM_RENO_BETA);
	par->beta_ecn = par->beta;
	if (lucid_param(net, LUCID_PARAM_ABE))
		par->beta_ecn = lucid_param(net, LUCID_PARAM_RENO_BETA_ECN);
}

/**
 * lucid_params_slow_start() - how a new connection on lucid is to start
 * @net: its namespace
 *
 * Return: one of enum lucid_slow_start_kind.
 */
enum lucid_slow_start_kind lucid_params_slow_start(const struct net *net)
{
	return lucid_param(net, LUCID_PARAM_SLOW_START);
}

/**
 * lucid_params_syn_event_rate() - of how many SYNs a second events may tell
 * @net: the namespace
 *
 * Return: 0 for all of them.
 */
unsigned int lucid_params_syn_event_rate(const struct net *net)
{
	return lucid_param(net, LUCID_PARAM_SYN_EVENT_RATE);
}

static int lucid_net_init(struct net *net)
{
	struct lucid_net *ln = net_generic(net, lucid_net_id);
	unsigned int i;

	for (i = 0; i < LUCID_PARAMS; i++) {
		const struct lucid_param_rule *rule = &lucid_param_rules[i];

		ln->value[i] = rule->initially;
		ln->table[i] = (struct ctl_table) {
			.procname = rule->name,
			.data = &ln->value[i],
			.maxlen = sizeof(ln->value[i]),
			.mode = 0644,
			.proc_handler = lucid_param_handler,
			.extra1 = (void *)rule,
		};
	}
	ln->header = lucid_register_net_sysctl(net, "net/ipv4/tcp_lucid",
					       ln->table, LUCID_PARAMS);
	return ln->header ? 0 : -ENOMEM;
}

static void __net_exit lucid_net_exit(struct net *net)
{
	struct lucid_net *ln = net_generic(net, lucid_net_id);

	unregister_net_sysctl_table(ln->header);
}

struct pernet_operations lucid_params_net_ops = {
	.init = lucid_net_init,
	.exit = lucid_net_exit,
	.id = &lucid_net_id,
	.size = sizeof(struct lucid_net),
};
