#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every transition between TCP's states, in order, at both ends."""

import errno
import socket
import struct

from lucid import Path, Trace, cookie, equal, run, sh, wait, wait_closed

OPEN = {
    "client": [("CLOSE", "SYN_SENT"), ("SYN_SENT", "ESTABLISHED")],
    "server": [("LISTEN", "NEW_SYN_RECV"), ("NEW_SYN_RECV", "SYN_RECV"),
               ("SYN_RECV", "ESTABLISHED")],
}


def transitions(trace, sock_or_cookie):
    if isinstance(sock_or_cookie, socket.socket):
        sock_or_cookie = cookie(sock_or_cookie)
    return [(e.oldstate, e.newstate)
            for e in trace.read("state", cookie=sock_or_cookie)]


def reset(sock):
    """Close with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


class Watched:
    """A connection from its first SYN on, with what is counted about it."""

    def __init__(self, family=4, **path):
        self.path = Path(**path)
        self.before = {end: getattr(self.path, end).nstat()
                       for end in ("client", "server")}
        self.trace = Trace("state")
        self.family = family

    def __enter__(self):
        self.trace.__enter__()
        self.client, self.server = self.path.pair(self.family)
        self.cookies = {"client": cookie(self.client),
                        "server": cookie(self.server)}
        return self

    def __exit__(self, *args):
        self.trace.__exit__(*args)

    def expect(self, end, *states):
        equal(transitions(self.trace, self.cookies[end]),
              OPEN[end] + list(states), f"transitions of the {end}")

    def counted(self, end, **want):
        after = getattr(self.path, end).nstat()
        for name, count in want.items():
            equal(after[name] - self.before[end][name], count,
                  f"{name} of the {end}")


def check_close(family):
    with Watched(family) as conn:
        conn.client.close()
        wait_closed(conn.server)
        conn.server.close()
        wait(1)
        conn.expect("client", ("ESTABLISHED", "FIN_WAIT1"),
                    ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "TIME_WAIT"))
        conn.expect("server", ("ESTABLISHED", "CLOSE_WAIT"),
                    ("CLOSE_WAIT", "LAST_ACK"), ("LAST_ACK", "CLOSE"))
        wait(70)
        conn.expect("client", ("ESTABLISHED", "FIN_WAIT1"),
                    ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "TIME_WAIT"),
                    ("TIME_WAIT", "CLOSE"))
        conn.counted("client", TcpActiveOpens=1, TcpPassiveOpens=0,
                     TcpAttemptFails=0, TcpEstabResets=0, TcpExtTW=1)
        conn.counted("server", TcpActiveOpens=0, TcpPassiveOpens=1,
                     TcpAttemptFails=0, TcpEstabResets=0, TcpExtTW=0)


def close_ipv4():
    """IPv4: client closes, then the server: every state to TIME_WAIT's end"""
    check_close(4)


def close_ipv6():
    """IPv6: client closes, then the server: every state to TIME_WAIT's end"""
    check_close(6)


def half_close():
    """shutdown() leaves FIN_WAIT2 and CLOSE_WAIT while data still flows"""
    with Watched() as conn:
        conn.client.shutdown(socket.SHUT_WR)
        conn.client.shutdown(socket.SHUT_WR)
        equal(wait_closed(conn.server), b"", "data before the FIN")
        conn.server.sendall(b"still here")
        equal(conn.client.recv(100), b"still here", "data after the FIN")
        conn.expect("client", ("ESTABLISHED", "FIN_WAIT1"),
                    ("FIN_WAIT1", "FIN_WAIT2"))
        conn.expect("server", ("ESTABLISHED", "CLOSE_WAIT"))
        conn.server.close()
        equal(wait_closed(conn.client), b"", "data before the FIN")
        wait(1)
        conn.expect("client", ("ESTABLISHED", "FIN_WAIT1"),
                    ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "TIME_WAIT"))
        conn.client.close()


def simultaneous_close():
    """FINs that cross on the way: CLOSING, then TIME_WAIT, at both ends"""
    with Watched(delay_ms=50) as conn:
        conn.client.close()
        conn.server.close()
        wait(1)
        for end in ("client", "server"):
            conn.expect(end, ("ESTABLISHED", "FIN_WAIT1"),
                        ("FIN_WAIT1", "CLOSING"), ("CLOSING", "TIME_WAIT"))
        wait(70)
        for end in ("client", "server"):
            equal(transitions(conn.trace, conn.cookies[end])[-1],
                  ("TIME_WAIT", "CLOSE"), f"end of the {end}")


def reset_established():
    """a RST on an open connection: ESTABLISHED to CLOSE, EstabResets agrees"""
    with Watched() as conn:
        reset(conn.client)
        wait(1)
        conn.expect("client", ("ESTABLISHED", "CLOSE"))
        conn.expect("server", ("ESTABLISHED", "CLOSE"))
        conn.counted("client", TcpEstabResets=1)
        conn.counted("server", TcpEstabResets=1)
        conn.server.close()


def orphan():
    """an orphan in FIN_WAIT2 becomes a mini-socket without a transition"""
    with Watched() as conn:
        conn.client.close()
        wait(1)
        conn.expect("client", ("ESTABLISHED", "FIN_WAIT1"),
                    ("FIN_WAIT1", "FIN_WAIT2"))
        wait(70)
        conn.expect("client", ("ESTABLISHED", "FIN_WAIT1"),
                    ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "CLOSE"))
        conn.server.close()


def listening():
    """a listener: CLOSE to LISTEN and back, with its own address"""
    path = Path()
    with Trace("state") as trace:
        listener = path.listen(port=5001)
        mine = cookie(listener)
        listener.close()
        events = trace.read(cookie=mine)
    equal([(e.oldstate, e.newstate, e.sport, e.saddr) for e in events],
          [("CLOSE", "LISTEN", 5001, "::ffff:10.0.2.1"),
           ("LISTEN", "CLOSE", 5001, "::ffff:10.0.2.1")], "events")


def request_reset():
    """a client that gives up: the request socket's NEW_SYN_RECV ends in CLOSE"""
    path = Path(delay_ms=50)
    listener = path.listen()
    before = path.server.nstat()
    with Trace("state") as trace:
        client = path.socket()
        client.setblocking(False)
        equal(client.connect_ex((path.ADDR[4][1], 5000)), errno.EINPROGRESS,
              "connect()")
        wait(0.06)
        # The socket is gone when the SYN-ACK arrives, which earns it a RST.
        client.close()
        wait(1)
        events = trace.read(netns=path.server.inum)
    after = path.server.nstat()
    equal([(e.oldstate, e.newstate) for e in events],
          [("LISTEN", "NEW_SYN_RECV"), ("NEW_SYN_RECV", "CLOSE")], "events")
    equal(events[0].cookie, events[1].cookie, "cookie")
    equal((events[1].sport, events[1].daddr), (5000, "::ffff:10.0.1.1"),
          "addresses")
    equal(after["TcpAttemptFails"] - before["TcpAttemptFails"], 1,
          "TcpAttemptFails")
    listener.close()


def request_timeout():
    """a client that falls silent: NEW_SYN_RECV ends in CLOSE after its timer"""
    path = Path()
    listener = path.listen()
    path.drop("ip saddr 10.0.2.1")
    with Trace() as trace:
        client = path.socket()
        client.setblocking(False)
        client.connect_ex((path.ADDR[4][1], 5000))
        wait(0.5)
        client.close()
        wait(90)
        states = trace.read("state", netns=path.server.inum)
        again = trace.read("retransmit", netns=path.server.inum)
    equal([(e.oldstate, e.newstate) for e in states],
          [("LISTEN", "NEW_SYN_RECV"), ("NEW_SYN_RECV", "CLOSE")], "events")
    equal([(e.reason, e.attempt) for e in again],
          [("SYNACK", n) for n in range(1, 6)], "SYN-ACKs sent again")
    listener.close()


def namespace_dies():
    """a namespace that is destroyed ends its connections' states as well"""
    with Watched() as conn:
        conn.client.close()
        wait_closed(conn.server)
        conn.server.close()
        wait(1)
        for name in ("client", "router", "server"):
            sh(f"ip netns del {name}")
        wait(2)
        equal(transitions(conn.trace, conn.cookies["client"])[-1],
              ("TIME_WAIT", "CLOSE"), "end of the client")


run(close_ipv4, close_ipv6, half_close, simultaneous_close, reset_established,
    orphan, listening, request_reset, request_timeout, namespace_dies)
