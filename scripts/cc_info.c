// SPDX-License-Identifier: GPL-2.0-only
/*
 * cc_info: what lucid or lucid_reno thinks of a live connection, and an example
 * of how a program asks.
 *
 *   cc -O2 -Wall -o cc_info THIS_FILE
 *   ss -tinp			shows pid=PID,fd=FD of a connection
 *   sudo ./cc_info PID FD
 *
 *   lucid: CONCAVE, cwnd 64
 *   W_max 87 packets, W_est 63 packets
 *   1.204 s into the stage, W_max is due at 3.902 s (K)
 *
 * A program that asks of its own socket needs tcp_lucid_info() only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../include/uapi/linux/tcp_lucid.h"

#ifndef TCP_CC_INFO
#define TCP_CC_INFO		26
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd		438
#endif

static const char *const phases[] = {
	[TCP_LUCID_PHASE_SLOW_START]	= "SLOW_START",
	[TCP_LUCID_PHASE_AVOIDANCE]	= "AVOIDANCE",
	[TCP_LUCID_PHASE_RENO_FRIENDLY]	= "RENO_FRIENDLY",
	[TCP_LUCID_PHASE_CONCAVE]	= "CONCAVE",
	[TCP_LUCID_PHASE_CONVEX]	= "CONVEX",
	[TCP_LUCID_PHASE_CWR]		= "CWR",
	[TCP_LUCID_PHASE_RECOVERY]	= "RECOVERY",
	[TCP_LUCID_PHASE_LOSS]		= "LOSS",
};

static const char *const slow_starts[] = { "classic", "HyStart", "HyStart++" };

/* Fills in info and the name of the control; 0, or -1 with errno. */
static int tcp_lucid_info(int fd, struct tcp_lucid_info *info, char ca[16])
{
	socklen_t len = 16;

	memset(ca, 0, 16);
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, ca, &len))
		return -1;
	/* The answer's layout depends on whose it is: ask that first. */
	if (strcmp(ca, "lucid") && strcmp(ca, "lucid_reno")) {
		errno = EMEDIUMTYPE;
		return -1;
	}
	memset(info, 0, sizeof(*info));
	len = sizeof(*info);
	return getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, info, &len);
}

static int socket_of(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	return pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

static const char *name(const char *const *names, size_t count, unsigned int n)
{
	return n < count && names[n] ? names[n] : "?";
}

#define NAME(names, n)	name(names, sizeof(names) / sizeof((names)[0]), n)

static void show(const struct tcp_lucid_info *info, const char *ca,
		 unsigned int cwnd)
{
	printf("%s: %s%s, cwnd %u\n", ca, NAME(phases, info->phase),
	       info->flags & TCP_LUCID_FLAG_CSS ? " (conservative)" : "", cwnd);
	if (info->w_max)
		printf("W_max %u packets", info->w_max);
	if (info->flags & TCP_LUCID_FLAG_STAGE)
		printf(", W_est %u packets\n"
		       "%u.%03u s into the stage, W_max is due at %u.%03u s (K)",
		       info->w_est, info->epoch_ms / 1000,
		       info->epoch_ms % 1000, info->k_ms / 1000,
		       info->k_ms % 1000);
	if (info->w_max)
		printf("\n");
	if (info->phase == TCP_LUCID_PHASE_SLOW_START)
		printf("slow start: %s\n", NAME(slow_starts, info->slow_start));
	if (info->flags & TCP_LUCID_FLAG_UNUSED)
		printf("the window is not in full use: the clock stands still\n");
	if (info->flags & TCP_LUCID_FLAG_BACKOFF)
		printf("every packet is marked: backing off like the RTO\n");
}

int main(int argc, char **argv)
{
	struct tcp_info tcp = {};
	struct tcp_lucid_info info;
	socklen_t len = sizeof(tcp);
	char ca[16];
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: cc_info PID FD (ss -tinp shows both)\n");
		return 2;
	}
	fd = socket_of(atoi(argv[1]), atoi(argv[2]));
	if (fd < 0) {
		fprintf(stderr, "cc_info: cannot get descriptor %s of process %s: %s\n",
			argv[2], argv[1], strerror(errno));
		return 1;
	}
	if (tcp_lucid_info(fd, &info, ca)) {
		if (errno == EMEDIUMTYPE)
			fprintf(stderr, "cc_info: the connection is on %s, not on ours\n",
				ca);
		else
			fprintf(stderr, "cc_info: not a TCP connection that can be asked: %s\n",
				strerror(errno));
		return 1;
	}
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &len);
	show(&info, ca, tcp.tcpi_snd_cwnd);
	return 0;
}
