// SPDX-License-Identifier: GPL-2.0-only
/*
 * connections: some whose cost can be compared to the instruction.
 *
 *   cc -O2 -Wall -o connections THIS_FILE
 *   sudo ./connections CLIENT SERVER ADDRESS CONNECTIONS BYTES
 *
 * CLIENT and SERVER are network namespaces, ADDRESS is the server's. One process
 * is both ends, one connection after the other: connect, send BYTES, close, read
 * to the end, close. It never has to wait, so where the clock counts
 * instructions, time is work: its own, the kernel's, and that of whoever
 * watches. Prints the nanoseconds from the first connect() to the last close(),
 * and how often it had to wait after all.
 *
 * The client's ports are the same in every run. With net.ipv4.tcp_tw_reuse=1 and
 * runs more than a second apart, each connection ends the TIME_WAIT that the one
 * before it on its port left behind: every run has as many beginnings as ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT		5000
#define FIRST_PORT	10000

/* What is sent before it is read: less than the initial window of 10 segments. */
#define CHUNK		(8 * 1448)

static char buffer[CHUNK];

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		err(1, "socket");
	return fd;
}

static size_t receive(int fd, size_t want)
{
	size_t got = 0;
	ssize_t n;

	while (got < want) {
		n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0)
			err(1, "recv");
		if (!n)
			break;
		got += n;
	}
	return got;
}

static void connection(int listener, int client, const struct sockaddr_in *to,
		       size_t bytes)
{
	size_t left, len;
	int server;

	if (connect(client, (const void *)to, sizeof(*to)))
		err(1, "connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		err(1, "accept");
	for (left = bytes; left; left -= len) {
		len = left < CHUNK ? left : CHUNK;
		if (send(client, buffer, len, 0) != (ssize_t)len)
			err(1, "send");
		if (receive(server, len) != len)
			errx(1, "data is missing");
	}
	close(client);
	if (receive(server, 1))
		errx(1, "data after the end");
	close(server);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sockaddr_in from = { .sin_family = AF_INET };
	int listener, client, i, connections;
	struct rusage usage;
	long long begin;
	size_t bytes;

	if (argc != 6 || inet_pton(AF_INET, argv[3], &to.sin_addr) != 1)
		errx(1, "usage: load CLIENT SERVER ADDRESS CONNECTIONS BYTES");
	connections = atoi(argv[4]);
	bytes = strtoull(argv[5], NULL, 10);
	to.sin_port = htons(PORT);

	enter(argv[2]);
	listener = tcp_socket();
	if (bind(listener, (void *)&to, sizeof(to)) || listen(listener, 16))
		err(1, "listen");
	enter(argv[1]);

	begin = now();
	for (i = 0; i < connections; i++) {
		client = tcp_socket();
		from.sin_port = htons(FIRST_PORT + i);
		if (bind(client, (void *)&from, sizeof(from)))
			err(1, "bind");
		connection(listener, client, &to, bytes);
	}
	begin = now() - begin;
	getrusage(RUSAGE_SELF, &usage);
	printf("%lld %ld\n", begin, usage.ru_nvcsw);
	return 0;
}
