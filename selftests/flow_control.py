#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Flow control: windows that close, probes, and what limits a sender.

The oracles: the kernel's counters, the segments on the wire, and TCP_INFO's
chronograph. Where the peer must misbehave it is made by hand (peer.py).
"""

import socket
import threading

from lucid import (ACK, ON_DEMAND, Capture, Path, Trace, connect_to_nobody, cookie,
                   equal, hooked, near, run, tcp_info, wait)
from peer import HOST, PEER, Peer, both

JIFFY_US = 4000
SO_SNDBUFFORCE = 32
EVENTS = "flow_control", "limited"


def unhooked():
    """The hooks of the last listener go a moment after it has."""
    for _ in range(200):
        if not hooked():
            return
        wait(0.1)
    raise AssertionError(f"hooks stay: {hooked()}")


def delta(before, after, name):
    return after[f"TcpExt{name}"] - before[f"TcpExt{name}"]


def what(events, name):
    return [e for e in events if e.what == name]


def check_counters(before, after, events):
    """Events of one namespace are as many as its counters say."""
    for name, counter in (("ZERO_WINDOW_SENT", "TCPToZeroWindowAdv"),
                          ("WINDOW_SENT", "TCPFromZeroWindowAdv"),
                          ("PROBE", "TCPWinProbe"),
                          ("KEEPALIVE", "TCPKeepAlive")):
        equal(len(what(events, name)), delta(before, after, counter), counter)


def mapped(address):
    return address if ":" in address else f"::ffff:{address}"


def drain(sock, size):
    while size:
        size -= len(sock.recv(65536))


def on_demand():
    """the hooks on the path of packets are there only while somebody listens"""
    unhooked()
    for _ in range(2):
        with Trace(*EVENTS):
            equal(hooked(), ON_DEMAND["flow_control"] | ON_DEMAND["limited"],
                  "hooks while listening")
        unhooked()


def stopped_reader():
    """a reader that stops: closed window, probes ever rarer, and open again"""
    for family in (4, 6):
        path = Path(delay_ms=10)
        client, server = path.pair(family)
        client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4000000)
        before = path.client.nstat(), path.server.nstat()
        with Trace(*EVENTS) as trace, Capture(path.client, "c0") as capture:
            client.sendall(bytes(1500000))
            wait(8)
            drain(server, 1500000)
            wait(0.5)
            mine = trace.read("flow_control", cookie=cookie(client))
            theirs = trace.read("flow_control", cookie=cookie(server))
            packets = capture.read()
        after = path.client.nstat(), path.server.nstat()
        check_counters(before[0], after[0], mine)
        check_counters(before[1], after[1], theirs)
        probes = what(mine, "PROBE")
        equal([e.what for e in mine], ["ZERO_WINDOW_RECEIVED"] +
              ["PROBE"] * len(probes) + ["WINDOW_RECEIVED"], "client")
        equal([e.what for e in theirs], ["ZERO_WINDOW_SENT", "WINDOW_SENT"],
              "server")
        closed, opened = theirs
        for event, ns, local, remote in (
                (mine[0], path.client, *path.ADDR[family]),
                (closed, path.server, *reversed(path.ADDR[family]))):
            equal((event.saddr, event.daddr, event.netns),
                  (mapped(local), mapped(remote), ns.inum), "whose")
        equal((closed.rcv_wnd, mine[0].snd_wnd, mine[0].shrunk), (0, 0, 0),
              "the closed window")
        equal(closed.rcv_queue + mine[0].unsent, 1500000, "bytes on the way")
        # The probes: 1, 2, 3..., the wait doubles, and they are on time.
        assert len(probes) >= 4, f"only {len(probes)} probes"
        for n, probe in enumerate(probes):
            equal((probe.attempt, probe.backoff, probe.next_us),
                  (n + 1, n, probe.rto_us << (n + 1)),
                  "attempt, backoff, until the next")
            near(probe.since_us, (probe.time - mine[0].time) * 1e6, 50,
                 "how long closed")
        for last, this in zip(probes, probes[1:]):
            late = (this.time - last.time) * 1e6 - last.next_us
            assert -JIFFY_US <= late <= last.next_us / 8 + 30000, \
                f"probe was {late} us late"
        # The same on the wire.
        address = path.ADDR[family][1]
        zero = [p for p in packets if p.src == address and not p.window]
        # Probes that come within tcp_invalid_ratelimit may get no answer.
        clock, silent = zero[0].time - mine[0].time, 0
        for probe, later in zip(probes, mine[2:]):
            equal(probe.unanswered, silent, "unanswered")
            answered = any(probe.time < p.time - clock < later.time
                           for p in zero)
            silent = 0 if answered else silent + 1
        update = next(p for p in packets if p.src == address and p.window and
                      p.time > zero[-1].time)
        equal(opened.rcv_wnd, update.window << opened.rcv_wscale, "new window")
        equal(mine[-1].snd_wnd, opened.rcv_wnd, "new window, as received")
        near(mine[-1].since_us, opened.since_us, 30000, "time closed")
        near(mine[-1].since_us, (update.time - zero[0].time) * 1e6, 1000,
             "time closed, on the wire")
        client.close()
        server.close()


def closed(host, family, options=b""):
    """A connection that the kernel sends one byte on, acknowledged with 0."""
    listener = host.listen(family)
    peer = Peer(host, family)
    peer.syn(options)
    peer.final_ack()
    server = listener.accept()[0]
    listener.close()
    server.send(b"x")
    peer.receive()
    peer.ack += 1
    peer.send(ACK, window=0)
    return server, peer


@both
def shrunk(host, family):
    """a window that the peer takes back, in part and in full, and how much"""
    listener = host.listen(family)
    peer = Peer(host, family).connect()
    server = listener.accept()[0]
    before = host.nstat()
    with Trace(*EVENTS) as trace:
        server.send(bytes(3000))
        wait(0.1)
        first = peer.ack
        for acked, window in ((536, 2000), (1072, 0), (1072, 65535)):
            wait(0.05)
            peer.send(ACK, ack=first + acked, window=window)
        events = trace.read("flow_control", cookie=cookie(server))
        check_counters(before, host.nstat(), events)
    equal([(e.what, e.shrunk, e.snd_wnd) for e in events],
          [("SHRUNK", 65535 - 2536, 2000),
           ("ZERO_WINDOW_RECEIVED", 2536 - 1072, 0),
           ("WINDOW_RECEIVED", 0, 65535)], "events")
    near(events[2].since_us, 50000, 5000, "how long it was closed")
    equal((events[0].saddr, events[0].daddr, events[0].dport),
          (mapped(HOST[family]), mapped(PEER[family]), peer.sport), "tuple")
    server.close()
    listener.close()


def thrown_away():
    """the RST of a connection whose window is shut says nothing of a window"""
    for family in (4, 6):
        path = Path(delay_ms=10)
        listener = path.listen(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client, server = path.connect(listener, family)
        before = path.server.nstat()
        with Trace("flow_control") as trace:
            client.setblocking(False)
            while True:
                try:
                    client.send(bytes(65536))
                except BlockingIOError:
                    break
            wait(0.5)
            connect_to_nobody(server)
            wait(0.5)
            events = trace.read(netns=path.server.inum)
            equal([e.what for e in events], ["ZERO_WINDOW_SENT"], "events")
            check_counters(before, path.server.nstat(), events)
        for sock in (client, server, listener):
            sock.close()


@both
def unanswered(host, family):
    """probes that nobody answers are counted, until the connection is given up"""
    host.sysctl("ipv4/tcp_retries2", 4)
    before = host.nstat()
    with Trace(*EVENTS, "state") as trace:
        server, peer = closed(host, family)
        number = cookie(server)
        server.send(bytes(100))
        wait(30)
        events = trace.read("flow_control", cookie=number)
        check_counters(before, host.nstat(), events)
        end = trace.read("state", cookie=number, newstate="CLOSE")
    probes = what(events, "PROBE")
    equal([(e.attempt, e.unanswered, e.backoff) for e in probes],
          [(n + 1, n, n) for n in range(4)], "probes")
    equal([e.next_us // e.rto_us for e in probes], [2, 4, 8, 16], "next")
    near(end[0].time, probes[-1].time + probes[-1].next_us / 1e6, 0.5,
         "the end")
    server.close()


@both
def keepalive(host, family):
    """keepalive probes: how long it was quiet, which one it is, when the next"""
    listener = host.listen(family)
    peer = Peer(host, family).connect()
    server = listener.accept()[0]
    for option, value in ((socket.TCP_KEEPIDLE, 2), (socket.TCP_KEEPINTVL, 1),
                          (socket.TCP_KEEPCNT, 3)):
        server.setsockopt(socket.IPPROTO_TCP, option, value)
    before = host.nstat()
    with Trace(*EVENTS) as trace:
        peer.send(ACK, data=b"x")
        peer.seq += 1
        server.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        wait(10)
        events = trace.read("flow_control", cookie=cookie(server))
        check_counters(before, host.nstat(), events)
    equal([(e.what, e.attempt, e.next_us) for e in events],
          [("KEEPALIVE", n, 1000000) for n in (1, 2, 3)], "events")
    for event, quiet in zip(events, (2e6, 3e6, 4e6)):
        near(event.since_us, quiet, 400000, "how long nothing came")
    server.close()
    listener.close()


@both
def seldom(host, family):
    """probes hours apart: more microseconds than 32 bits have"""
    listener = host.listen(family)
    Peer(host, family).connect()
    server = listener.accept()[0]
    # As long as can be asked for.
    for option, value in ((socket.TCP_KEEPIDLE, 1),
                          (socket.TCP_KEEPINTVL, 32767)):
        server.setsockopt(socket.IPPROTO_TCP, option, value)
    with Trace(*EVENTS) as trace:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        wait(3)
        events = trace.read("flow_control", cookie=cookie(server))
    equal([(e.what, e.next_us) for e in events],
          [("KEEPALIVE", 32767 * 10 ** 6)], "events")
    server.close()
    listener.close()


@both
def wscale(host, family):
    """windows are in bytes, for each scale that a peer may use, 0 to 14"""
    with Trace(*EVENTS) as trace:
        for shift in range(15):
            server, peer = closed(host, family, bytes((3, 3, shift)))
            peer.send(ACK, window=10)
            events = trace.read("flow_control", cookie=cookie(server))
            equal([(e.what, e.snd_wnd, e.snd_wscale) for e in events],
                  [("ZERO_WINDOW_RECEIVED", 0, shift),
                   ("WINDOW_RECEIVED", 10 << shift, shift)],
                  f"shift {shift}")
            server.close()
            peer.send(ACK, seq=peer.seq)
            while peer.receive(0.01):
                pass


def check_limits(trace, sock, name):
    """Events of an idle socket follow on each other and add up to TCP_INFO."""
    events = trace.read("limited", cookie=cookie(sock))
    equal((events[0].get("from"), events[0].to), ("-", "IDLE"), "the first")
    equal(events[-1].to, "IDLE", f"{name}: the last")
    for last, this in zip(events, events[1:]):
        equal(this.get("from"), last.to, f"{name}: one follows on the other")
        changed = (this.time * 1e6 - this.ago_us) - \
            (last.time * 1e6 - last.ago_us)
        near(this.for_us, changed, 2 * JIFFY_US, f"{name}: duration")
    took = {}
    for event in events:
        took[event.get("from")] = took.get(event.get("from"), 0) + event.for_us
    info = tcp_info(sock)
    equal(took.get("RWND", 0), info["rwnd_limited_us"],
          f"{name}: tcpi_rwnd_limited")
    equal(took.get("SNDBUF", 0), info["sndbuf_limited_us"],
          f"{name}: tcpi_sndbuf_limited")
    equal(sum(took.values()) - took.get("IDLE", 0), info["busy_us"],
          f"{name}: tcpi_busy_time")
    return took


def transfer(path, family, send, read=None, size=0):
    """What limited a client that sends while the server reads; two dicts."""
    with Trace(*EVENTS, "fast_retransmit") as trace:
        client, server = path.pair(family)
        reader = threading.Thread(target=read or drain, args=(server, size))
        reader.start()
        send(client)
        reader.join()
        wait(2)
        took = check_limits(trace, client, f"IPv{family}")
        recoveries = trace.read("fast_retransmit", cookie=cookie(client))
        number = cookie(client)
        client.close()
        server.close()
        wait(1)
        equal(trace.read("limited", cookie=number)[-1].to, "-", "the end")
    return took, recoveries


def by_rwnd():
    """a slow reader: the peer's window limits, as long as TCP_INFO says"""
    def read(server, size):
        wait(3)
        drain(server, size)

    def send(client):
        client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4000000)
        client.sendall(bytes(1500000))

    for family in (4, 6):
        took, _ = transfer(Path(), family, send, read, 1500000)
        assert took["RWND"] > 2e6, took
        assert took["RWND"] > sum(took.get(name, 0) for name in
                                  ("CWND", "SNDBUF", "RECOVERY", "OTHER")), took


def by_cwnd():
    """a long path and much to send: the congestion window limits"""
    def send(client):
        client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4000000)
        client.sendall(bytes(1000000))

    for family in (4, 6):
        took, _ = transfer(Path(delay_ms=50), family, send, size=1000000)
        assert took["CWND"] > 3e5, took
        assert took["CWND"] > sum(took.get(name, 0) for name in
                                  ("RWND", "SNDBUF", "RECOVERY", "OTHER")), took


def by_app():
    """an application that says little: it alone limits"""
    def send(client):
        for _ in range(10):
            client.send(bytes(1000))
            wait(0.2)

    for family in (4, 6):
        took, _ = transfer(Path(delay_ms=20), family, send, size=10000)
        near(took["APP"], 10 * 40000, 10 * 2 * JIFFY_US, "under way")
        near(took["IDLE"], 9 * 160000, 60000, "nothing to send")
        equal({name for name in took if took[name]}, {"APP", "IDLE"}, "others")


def by_recovery():
    """a loss: recovery limits, from its beginning to its end"""
    def send(client):
        client.sendall(bytes(20000))
        wait(0.5)
        path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 100000 0")
        client.sendall(bytes(10 * 1448))

    path = Path(delay_ms=20)
    took, recoveries = transfer(path, 4, send, size=20000 + 10 * 1448)
    equal([e.how for e in recoveries], ["began: SACK", "ended: COMPLETE"],
          "recoveries")
    near(took["RECOVERY"], (recoveries[1].time - recoveries[0].time) * 1e6,
         2 * JIFFY_US, "time in recovery")


run(on_demand, stopped_reader, shrunk, thrown_away, unanswered, keepalive, seldom,
    wscale, by_rwnd, by_cwnd, by_app, by_recovery)
