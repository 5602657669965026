#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""TIME_WAIT from its beginning to its end, and every way it can end."""

import socket

from lucid import (Path, Skip, Trace, cookie, equal, near, run, sh, wait,
                   wait_closed)


def story(events):
    return [(e.what, e.substate, e.why) for e in events]


ENTER = ("ENTER", "TIME_WAIT", "-")


def closed(path, family=4, port=5000):
    """A connection that the client has closed first; returns its cookie."""
    client, server = path.pair(family, port=port)
    mine = cookie(client)
    client.close()
    wait_closed(server)
    server.close()
    wait(0.2)
    return mine


def sixty_seconds(family):
    path = Path()
    before = path.client.nstat()
    with Trace("time_wait") as trace:
        mine = closed(path, family)
        # ss prints the cookie in hex; it is the same mini-socket's.
        listed = path.client.sh("ss -Htaneo state time-wait")
        assert f"sk:{mine:x}" in listed.split(), f"ss does not list it: {listed}"
        wait(70)
        events = trace.read()
    after = path.client.nstat()
    equal(story(events), [ENTER, ("EXIT", "TIME_WAIT", "TIMER")], "events")
    equal({e.cookie for e in events}, {mine}, "cookie")
    equal(events[0].timeout_ms, 60000, "timeout")
    # The timer wheel rounds up by at most an eighth of the interval.
    lasted = events[1].time - events[0].time
    assert 60 <= lasted <= 62, f"TIME_WAIT lasted {lasted} s"
    equal(after["TcpExtTW"] - before["TcpExtTW"], 1, "TcpExtTW")


def sixty_ipv4():
    """IPv4: 60 seconds from ENTER to EXIT by TIMER, and ss shows the cookie"""
    sixty_seconds(4)


def sixty_ipv6():
    """IPv6: 60 seconds from ENTER to EXIT by TIMER, and ss shows the cookie"""
    sixty_seconds(6)


def promoted():
    """an orphan in FIN_WAIT2 is promoted when the peer's FIN comes at last"""
    path = Path()
    path.client.sysctl("ipv4/tcp_fin_timeout", 30)
    client, server = path.pair()
    mine = cookie(client)
    with Trace("time_wait", "state") as trace:
        client.close()
        wait_closed(server)
        wait(5)
        server.close()
        wait(70)
        events = trace.read("time_wait", cookie=mine)
        states = trace.read("state", cookie=mine)
    equal(story(events),
          [("ENTER", "FIN_WAIT2", "-"), ("PROMOTE", "TIME_WAIT", "-"),
           ("EXIT", "TIME_WAIT", "TIMER")], "events")
    equal([e.timeout_ms for e in events], [30000, 60000, 0], "timeouts")
    near(events[1].time - events[0].time, 5, 0.1, "until the FIN")
    equal([(e.oldstate, e.newstate) for e in states[-2:]],
          [("FIN_WAIT2", "TIME_WAIT"), ("TIME_WAIT", "CLOSE")], "states")


def orphan_data():
    """data for an orphan in FIN_WAIT2 ends it with a RST"""
    path = Path()
    client, server = path.pair()
    mine = cookie(client)
    with Trace("time_wait") as trace:
        client.close()
        wait_closed(server)
        wait(1)
        server.sendall(b"too late")
        wait(1)
        events = trace.read(cookie=mine)
    equal(story(events), [("ENTER", "FIN_WAIT2", "-"),
                          ("EXIT", "FIN_WAIT2", "DATA")], "events")
    server.close()


def refreshed():
    """the peer's FIN comes again: TIME_WAIT starts its 60 seconds anew"""
    path = Path()
    client, server = path.pair()
    mine = cookie(client)
    with Trace("time_wait") as trace:
        client.close()
        wait_closed(server)
        # The last ACK is lost, so the server's FIN is sent again.
        path.drop("ip saddr 10.0.1.1")
        server.close()
        wait(1)
        path.undrop()
        wait(5)
        events = trace.read(cookie=mine)
    whats = [e.what for e in events]
    equal(whats[0], "ENTER", "first event")
    assert whats.count("REFRESH") >= 1, f"no refresh: {whats}"
    equal(set(whats[1:]) - {"PROMOTE"}, {"REFRESH"}, "what follows")


def new_syn():
    """a new SYN with the old ports takes the mini-socket over"""
    path = Path()
    listener = path.listen()
    with Trace("time_wait") as trace:
        # The server closes first, so TIME_WAIT is on its side.
        client = path.socket()
        client.bind((path.ADDR[4][0], 6000))
        client.connect((path.ADDR[4][1], 5000))
        server = listener.accept()[0]
        old = cookie(server)
        server.close()
        wait_closed(client)
        client.close()
        wait(2)
        client = path.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind((path.ADDR[4][0], 6000))
        client.connect((path.ADDR[4][1], 5000))
        server = listener.accept()[0]
        events = trace.read(cookie=old)
    assert cookie(server) != old, "the new connection has a cookie of its own"
    equal(story(events), [ENTER, ("EXIT", "TIME_WAIT", "NEW_SYN")], "events")
    for sock in (client, server, listener):
        sock.close()


def reused():
    """connect() may take over a mini-socket of its own (tcp_tw_reuse)"""
    path = Path()
    path.client.sysctl("ipv4/tcp_tw_reuse", 1)
    path.client.sysctl("ipv4/ip_local_port_range", "7000 7000")
    listener = path.listen()
    with Trace("time_wait") as trace:
        client, server = path.connect(listener)
        old = cookie(client)
        client.close()
        wait_closed(server)
        server.close()
        wait(3)
        client, server = path.connect(listener)
        equal(client.getsockname()[1], 7000, "port")
        events = trace.read(cookie=old)
    equal(story(events), [ENTER, ("EXIT", "TIME_WAIT", "REUSED")], "events")
    for sock in (client, server, listener):
        sock.close()


def namespace():
    """the end of its namespace is the end of a mini-socket"""
    path = Path()
    with Trace("time_wait") as trace:
        mine = closed(path)
        sh("ip netns del client")
        wait(2)
        events = trace.read(cookie=mine)
    equal(story(events), [ENTER, ("EXIT", "TIME_WAIT", "NETNS")], "events")


def killed():
    """ss -K ends a mini-socket, and the event says that somebody did"""
    path = Path()
    with Trace("time_wait") as trace:
        mine = closed(path)
        path.client.sh("ss -K state time-wait")
        events = trace.read(cookie=mine)
    if len(events) == 1:
        raise Skip("kernel without CONFIG_INET_DIAG_DESTROY")
    equal(story(events), [ENTER, ("EXIT", "TIME_WAIT", "KILLED")], "events")


def overflow():
    """with every bucket taken there is no TIME_WAIT, and no event claims one"""
    path = Path()
    path.client.sysctl("ipv4/tcp_max_tw_buckets", 0)
    before = path.client.nstat()
    with Trace("time_wait", "state") as trace:
        mine = closed(path)
        events = trace.read("time_wait")
        states = trace.read("state", cookie=mine)
    after = path.client.nstat()
    equal(events, [], "time_wait events")
    equal((states[-1].oldstate, states[-1].newstate), ("FIN_WAIT2", "CLOSE"),
          "last transition")
    equal(after["TcpExtTCPTimeWaitOverflow"] -
          before["TcpExtTCPTimeWaitOverflow"], 1, "TCPTimeWaitOverflow")


def many():
    """1000 connections: 1000 ENTERs, 1000 EXITs, as many as the kernel counts"""
    path = Path(delay_ms=1)
    before = path.client.nstat()
    with Trace("time_wait") as trace:
        listener = path.listen(backlog=64)
        for _ in range(1000):
            client, server = path.connect(listener)
            client.close()
            wait_closed(server)
            server.close()
        wait(70)
        events = trace.read(netns=path.client.inum)
        listener.close()
    after = path.client.nstat()
    entered = {e.cookie for e in events if e.what == "ENTER"}
    left = {e.cookie for e in events if e.what == "EXIT"}
    equal(len(entered), 1000, "connections that entered")
    equal(left, entered, "connections that left")
    counted = sum(after[n] - before[n] for n in ("TcpExtTW", "TcpExtTWKilled"))
    equal(counted, 1000, "TcpExtTW and TcpExtTWKilled")


run(sixty_ipv4, sixty_ipv6, promoted, orphan_data, refreshed, new_syn, reused,
    namespace, killed, overflow, many)
