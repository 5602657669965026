// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections by the hundred thousand, and every way to end one.
 *
 *	load serve ADDR PORT BYTES
 *	load connect ADDR PORT BYTES COUNT AT_ONCE
 *
 * A client sends BYTES, the first of which says how the connection is to go on:
 *
 *	c	the server answers with BYTES, the client closes
 *	s	the server answers and closes
 *	h	the client shuts down its half first, then as 's'
 *	r	the server answers, the client resets
 *	w	the server resets instead of an answer
 *	x	nobody listens at PORT + PORTS, where the client connects to
 *
 * Keepalive makes an end notice that the other one's RST was lost. Both print
 * what became of their connections: done, or failed by errno.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS		16
#define MAX_FD		65536
#define MAX_BYTES	1048576

static const char kinds[] = "cshrwx";

/* A connection, by its descriptor. */
static struct conn {
	char kind;		/* 0 until the first byte is here */
	int sent;
	int received;
	int to_send;
} conns[MAX_FD];

static char buf[MAX_BYTES];
static int epoll_fd, bytes;
static long done, failed, last_errno;
static int stop;		/* set by a signal */

static void on_term(int sig)
{
	(void)sig;
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

static int address(struct sockaddr_storage *ss, const char *addr, int port)
{
	struct sockaddr_in *sin = (void *)ss;
	struct sockaddr_in6 *sin6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, addr, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		return sizeof(*sin);
	}
	if (inet_pton(AF_INET6, addr, &sin6->sin6_addr) != 1)
		errx(1, "%s is neither IPv4 nor IPv6", addr);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	return sizeof(*sin6);
}

static void option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		err(1, "setsockopt %d", name);
}

static void watch(int fd, int op, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	if (epoll_ctl(epoll_fd, op, fd, &ev))
		err(1, "epoll_ctl");
}

static void begin(int fd, char kind, int to_send)
{
	if (fd >= MAX_FD)
		errx(1, "too many descriptors");
	option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
	option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
	option(fd, IPPROTO_TCP, TCP_KEEPCNT, 20);
	conns[fd] = (struct conn) { .kind = kind, .to_send = to_send };
	watch(fd, EPOLL_CTL_ADD, EPOLLIN | (to_send ? EPOLLOUT : 0));
}

static void end(int fd, int reset, int error)
{
	struct linger linger = { .l_onoff = 1 };

	if (error) {
		failed++;
		last_errno = error;
	} else {
		done++;
	}
	if (reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* Returns an errno, 0 if all is sent or the socket is full. */
static int push(int fd)
{
	struct conn *c = &conns[fd];
	ssize_t n;

	while (c->sent < c->to_send) {
		buf[0] = c->kind;
		n = send(fd, buf + !!c->sent, c->to_send - c->sent, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? 0 : errno;
		c->sent += n;
	}
	if (c->to_send)
		watch(fd, EPOLL_CTL_MOD, EPOLLIN);
	return 0;
}

/* Returns 1 at the end of what comes, 0 before it, or a negative errno. */
static int pull(int fd)
{
	static char in[65536];
	struct conn *c = &conns[fd];
	ssize_t n;

	while ((n = recv(fd, in, sizeof(in), 0)) > 0) {
		if (!c->kind)
			c->kind = in[0];
		c->received += n;
	}
	if (!n)
		return 1;
	return errno == EAGAIN ? 0 : -errno;
}

static void serve_one(int fd)
{
	struct conn *c = &conns[fd];
	int eof = pull(fd), error;

	if (eof < 0)
		return end(fd, 0, -eof);
	if (c->received >= bytes && c->kind == 'w')
		return end(fd, 1, 0);
	if (!c->to_send && c->received >= bytes && (c->kind != 'h' || eof)) {
		c->to_send = bytes;
		watch(fd, EPOLL_CTL_MOD, EPOLLOUT | EPOLLIN);
	}
	error = push(fd);
	if (error)
		return end(fd, 0, error);
	if ((c->to_send && c->sent == c->to_send && strchr("sh", c->kind)) ||
	    (eof && c->kind != 'h'))
		end(fd, 0, 0);
}

static void serve(const char *addr, int port)
{
	struct epoll_event events[256];
	struct sockaddr_storage ss;
	int listeners[PORTS], fd, i, n, len;

	for (i = 0; i < PORTS; i++) {
		len = address(&ss, addr, port + i);
		fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (bind(fd, (void *)&ss, len) || listen(fd, 4096))
			err(1, "listen");
		watch(fd, EPOLL_CTL_ADD, EPOLLIN);
		listeners[i] = fd;
	}
	puts("ready");
	fflush(stdout);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		n = epoll_wait(epoll_fd, events, 256, -1);
		for (i = 0; i < n; i++) {
			if (events[i].data.fd > listeners[PORTS - 1]) {
				serve_one(events[i].data.fd);
				continue;
			}
			while ((fd = accept4(events[i].data.fd, NULL, NULL,
					     SOCK_NONBLOCK)) >= 0)
				begin(fd, 0, 0);
		}
	}
}

/* Returns 0, or an errno if there is no port to be had at the moment. */
static int call(const char *addr, int port, long number)
{
	char kind = kinds[number % (sizeof(kinds) - 1)];
	struct sockaddr_storage ss;
	int fd, len;

	len = address(&ss, addr, port + number / (sizeof(kinds) - 1) % PORTS +
		      (kind == 'x' ? PORTS : 0));
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		err(1, "socket");
	if (connect(fd, (void *)&ss, len) && errno != EINPROGRESS) {
		len = errno;
		close(fd);
		return len;
	}
	begin(fd, kind, bytes);
	return 0;
}

/* Returns 1 when the connection is over. */
static int call_one(int fd)
{
	struct conn *c = &conns[fd];
	int eof, error = push(fd);

	if (!error && c->kind == 'h' && c->sent == bytes) {
		shutdown(fd, SHUT_WR);
		c->kind = 's';
	}
	eof = pull(fd);
	if (eof < 0 && !error)
		error = -eof == ENOTCONN ? 0 : -eof;
	if (!error && eof <= 0 &&
	    (c->received < bytes || !strchr("cr", c->kind)))
		return 0;
	end(fd, c->kind == 'r', error);
	return 1;
}

static void call_all(const char *addr, int port, long count, int at_once)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	struct epoll_event events[256];
	long begun = 0;
	int i, n, open = 0;

	while (begun < count || open) {
		while (open < at_once && begun < count) {
			if (call(addr, port, begun))
				break;
			begun++;
			open++;
		}
		if (!open)
			nanosleep(&pause, NULL);
		n = epoll_wait(epoll_fd, events, 256,
			       open < at_once && begun < count ? 10 : -1);
		for (i = 0; i < n; i++)
			open -= call_one(events[i].data.fd);
	}
}

int main(int argc, char **argv)
{
	struct sigaction term = { .sa_handler = on_term };

	if (argc < 5)
		errx(2, "usage: load serve|connect ADDR PORT BYTES [COUNT AT_ONCE]");
	bytes = atoi(argv[4]);
	if (bytes < 1 || bytes > MAX_BYTES)
		errx(2, "BYTES is 1 to %d", MAX_BYTES);
	sigaction(SIGTERM, &term, NULL);
	epoll_fd = epoll_create1(0);
	if (!strcmp(argv[1], "serve"))
		serve(argv[2], atoi(argv[3]));
	else if (argc == 7)
		call_all(argv[2], atoi(argv[3]), atol(argv[5]), atoi(argv[6]));
	printf("done %ld failed %ld errno %ld\n", done, failed, last_errno);
	return 0;
}
