#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How connections close, step by step, and how each of them ends.

The peer is made by hand (peer.py), so that it knows what it sent and sees what
is sent to it; besides it, the kernel's own counters are the oracle.
"""

import ctypes
import errno
import os
import socket
import struct

from lucid import (ACK, FIN, RST, SYN, Path, Skip, Trace, cookie, equal, libc,
                   run, sh, wait, wait_closed)
from peer import HOST, PEER, Host, Peer

TCP_LINGER2, TCP_USER_TIMEOUT, TCP_REPAIR = 8, 18, 19
TIMEOUTS = ("RETRANSMISSIONS", "KEEPALIVE", "ZERO_WINDOW", "USER_TIMEOUT")
U32 = 0xffffffff


def check_counters(before, after, events):
    """Every counter that has an event is the number of these events."""
    close = [e for e in events if e.name == "close"]
    ended = [e for e in close if e.what == "ENDED"]

    def count(*why):
        return sum(e.why in why and (e.kind == "FULL" or e.why != "DATA")
                   for e in ended)

    hidden = sum(e["count"] for e in events
                 if e.name == "suppressed" and e.event == "close")
    for names, want in (
            (("TcpOutRsts",), sum(e.what == "RST_SENT" for e in close) + hidden),
            (("TcpEstabResets",), sum(e.state in ("ESTABLISHED", "CLOSE_WAIT")
                                      for e in ended)),
            (("TcpExtTCPAbortOnClose",), count("UNREAD")),
            (("TcpExtTCPAbortOnData", "TcpExtTCPAbortOnLinger"),
             count("LINGER0", "LINGER2", "DATA")),
            (("TcpExtTCPAbortOnMemory",), count("ORPHANS")),
            (("TcpExtTCPAbortOnTimeout",), count(*TIMEOUTS)),
            (("TcpExtTCPTimeWaitOverflow",), count("TW_OVERFLOW"))):
        equal(want, sum(after[name] - before[name] for name in names),
              " + ".join(names))


class Watch:
    """Inside a "with": events and counters of a namespace, compared at the end."""

    def __init__(self, netns):
        self.netns = netns
        self.trace = Trace("close", "suppressed")

    def __enter__(self):
        self.before = self.netns.nstat()
        self.trace.__enter__()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                wait(0.1)
                events = self.trace.read(netns=self.netns.inum)
                check_counters(self.before, self.netns.nstat(), events)
                ended = [e.cookie for e in events if e.name == "close" and
                         e.what == "ENDED"]
                equal(len(ended), len(set(ended)), "one end for each connection")
        finally:
            self.trace.__exit__()

    def read(self, **match):
        return self.trace.read("close", netns=self.netns.inum, **match)


def brief(event):
    """One event in some words."""
    words = [event.what, event.why, event.state]
    if event.what == "ENDED":
        words.insert(1, event.verdict)
    if event.kind != "FULL":
        words.append(f"({event.kind})")
    return " ".join(word for word in words if word != "-")


class Conn:
    """A connection whose other end is made by hand."""

    def __init__(self, host, family, watch=None):
        self.host, self.watch = host, watch
        self.listener = host.listen(family)
        self.peer = Peer(host, family).connect()
        self.sock = self.listener.accept()[0]
        self.cookie = cookie(self.sock)
        self.listener.close()
        self.told = 0

    def until(self, flag, timeout=0.5):
        """The next segment from the kernel with that flag; it is remembered."""
        packet = self.host.receive(lambda p: p.dport == self.peer.sport and
                                   p.flags & flag, timeout)
        assert packet, f"no segment with flag {flag}"
        self.peer.ack = packet.seq + packet.len + bool(packet.flags & FIN)
        return packet

    def ack_fin(self):
        packet = self.until(FIN)
        self.peer.send(ACK)
        return packet

    def fin(self, **fields):
        self.peer.send(FIN | ACK, **fields)
        self.peer.seq += 1

    def data(self, data=b"data"):
        self.peer.send(ACK, data=data)
        self.peer.seq += len(data)

    def new(self):
        """What happened since the last look."""
        events = self.watch.read(cookie=self.cookie)[self.told:]
        self.told += len(events)
        return events

    def expect(self, *want, what="events"):
        got = self.new()
        equal([brief(e) for e in got], list(want), what)
        return got


def same_segment(event, packet, what):
    """An event has the numbers of a segment that was seen on the wire."""
    equal((event.seq, event.ack if packet.flags & ACK else 0),
          (packet.seq, packet.ack if packet.flags & ACK else 0), what)


def both(test):
    """The test over IPv4, then over IPv6, each with a host of its own."""
    def twice():
        for family in (4, 6):
            with Host() as host, Watch(host.netns) as watch:
                test(host, family, watch)
    twice.__doc__ = test.__doc__
    twice.__name__ = test.__name__
    return twice


@both
def active(host, family, watch):
    """we close first: each step once and in order, to the end CLEAN_ACTIVE"""
    conn = Conn(host, family, watch)
    conn.sock.close()
    events = conn.expect("APP_CLOSE CLOSE ESTABLISHED",
                         "FIN_SENT CLOSE FIN_WAIT1")
    equal([e.orphan for e in events], [1, 1], "orphan")
    same_segment(events[1], conn.ack_fin(), "FIN")
    acked = conn.expect("FIN_ACKED FIN_WAIT1")[0]
    equal(acked.seq, events[1].seq, "the FIN that is acknowledged")
    conn.fin()
    events = conn.expect("FIN_RECEIVED FIN_WAIT2 (TIME_WAIT)",
                         "ENDED CLEAN_ACTIVE FIN_WAIT2 (TIME_WAIT)")
    equal((events[0].seq, events[0].ack),
          (conn.peer.seq - 1 & U32, conn.peer.ack & U32), "the peer's FIN")
    equal((events[0].daddr, events[0].dport, events[0].sport),
          (PEER[6] if family == 6 else f"::ffff:{PEER[4]}", conn.peer.sport,
           5000), "tuple")
    wait(70)
    conn.expect()


@both
def passive(host, family, watch):
    """the peer closes first: CLEAN_PASSIVE, when it has our FIN"""
    conn = Conn(host, family, watch)
    conn.data()
    conn.fin()
    event = conn.expect("FIN_RECEIVED ESTABLISHED")[0]
    equal((event.seq, event.unread, event.orphan),
          (conn.peer.seq - 1 & U32, 4, 0), "seq, unread, orphan")
    equal(conn.sock.recv(10), b"data", "data")
    equal(conn.sock.recv(10), b"", "end of file")
    conn.sock.close()
    event = conn.expect("APP_CLOSE CLOSE CLOSE_WAIT",
                        "FIN_SENT CLOSE LAST_ACK")[0]
    equal(event.unread, 0, "unread")
    conn.ack_fin()
    event = conn.expect("FIN_ACKED LAST_ACK",
                        "ENDED CLEAN_PASSIVE LAST_ACK")[1]
    equal((event.unread, event.unsent, event.unacked, event.err, event.orphan),
          (0, 0, 0, 0, 1), "what is left")


@both
def simultaneous(host, family, watch):
    """FINs that cross: SIMULTANEOUS"""
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.fin()
    conn.expect("APP_CLOSE CLOSE ESTABLISHED", "FIN_SENT CLOSE FIN_WAIT1",
                "FIN_RECEIVED FIN_WAIT1")
    conn.ack_fin()
    conn.expect("FIN_ACKED CLOSING", "ENDED SIMULTANEOUS CLOSING")


@both
def half_ours(host, family, watch):
    """shutdown() of our half: data still comes, and close() adds nothing"""
    conn = Conn(host, family, watch)
    conn.sock.shutdown(socket.SHUT_WR)
    conn.ack_fin()
    events = conn.expect("APP_SHUTDOWN SHUT_WR ESTABLISHED",
                         "FIN_SENT SHUTDOWN FIN_WAIT1", "FIN_ACKED FIN_WAIT1")
    equal([e.orphan for e in events], [0, 0, 0], "orphan")
    conn.data(b"still here")
    equal(conn.sock.recv(100), b"still here", "data after our FIN")
    conn.expect()
    conn.fin()
    event = conn.expect("FIN_RECEIVED FIN_WAIT2",
                        "ENDED CLEAN_ACTIVE FIN_WAIT2")[1]
    equal(event.orphan, 0, "orphan")
    conn.sock.close()
    conn.expect()


@both
def half_theirs(host, family, watch):
    """the peer's FIN leaves our half open: data still goes"""
    conn = Conn(host, family, watch)
    conn.fin()
    conn.expect("FIN_RECEIVED ESTABLISHED")
    conn.sock.sendall(b"still here")
    equal(conn.until(ACK | 8).len, 0, "ACK of the FIN")
    equal(conn.until(8).len, 10, "data after their FIN")
    conn.peer.send(ACK)
    conn.sock.shutdown(socket.SHUT_RDWR)
    conn.expect("APP_SHUTDOWN SHUT_RDWR CLOSE_WAIT", "FIN_SENT SHUTDOWN LAST_ACK")
    conn.ack_fin()
    conn.expect("FIN_ACKED LAST_ACK", "ENDED CLEAN_PASSIVE LAST_ACK")
    conn.sock.close()
    conn.expect()


@both
def shutdown_then_close(host, family, watch):
    """shutdown() and then close(): the one sends the FIN, the other leaves it"""
    conn = Conn(host, family, watch)
    conn.sock.shutdown(socket.SHUT_RD)
    conn.expect("APP_SHUTDOWN SHUT_RD ESTABLISHED")
    conn.sock.shutdown(socket.SHUT_WR)
    conn.ack_fin()
    conn.expect("APP_SHUTDOWN SHUT_WR ESTABLISHED",
                "FIN_SENT SHUTDOWN FIN_WAIT1", "FIN_ACKED FIN_WAIT1")
    conn.sock.close()
    conn.expect("APP_CLOSE CLOSE FIN_WAIT2")
    conn.fin()
    conn.expect("FIN_RECEIVED FIN_WAIT2 (TIME_WAIT)",
                "ENDED CLEAN_ACTIVE FIN_WAIT2 (TIME_WAIT)")


@both
def exits(host, family, watch):
    """a process that ends closes its sockets: EXIT, not CLOSE"""
    conn = Conn(host, family, watch)
    child = os.fork()
    if not child:
        wait(0.2)
        os._exit(0)
    conn.sock.close()
    conn.expect()
    os.waitpid(child, 0)
    conn.expect("APP_CLOSE EXIT ESTABLISHED", "FIN_SENT EXIT FIN_WAIT1")
    conn.ack_fin()
    conn.fin()
    conn.expect("FIN_ACKED FIN_WAIT1", "FIN_RECEIVED FIN_WAIT2 (TIME_WAIT)",
                "ENDED CLEAN_ACTIVE FIN_WAIT2 (TIME_WAIT)")


@both
def unread(host, family, watch):
    """close() with data unread: ABORT, and a RST with its numbers"""
    conn = Conn(host, family, watch)
    conn.data(b"not read")
    conn.sock.sendall(b"sent")
    conn.sock.close()
    events = conn.expect("APP_CLOSE CLOSE ESTABLISHED",
                         "ENDED ABORT UNREAD ESTABLISHED",
                         "RST_SENT UNREAD ESTABLISHED")
    equal([(e.unread, e.unacked, e.orphan) for e in events], [(8, 4, 1)] * 3,
          "unread, unacked, orphan")
    same_segment(events[2], conn.until(RST), "RST")


@both
def linger0(host, family, watch):
    """close() with SO_LINGER 0: ABORT, also with the peer's FIN in"""
    for state in ("ESTABLISHED", "CLOSE_WAIT"):
        conn = Conn(host, family, watch)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        if state == "CLOSE_WAIT":
            conn.fin()
            conn.expect("FIN_RECEIVED ESTABLISHED")
        conn.sock.close()
        events = conn.expect(f"APP_CLOSE CLOSE {state}",
                             f"ENDED ABORT LINGER0 {state}",
                             f"RST_SENT LINGER0 {state}")
        same_segment(events[2], conn.until(RST), "RST")


@both
def linger2(host, family, watch):
    """TCP_LINGER2 below 0: no orphan in FIN_WAIT2, whether close() is there yet"""
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    conn.sock.close()
    conn.ack_fin()
    events = conn.expect("APP_CLOSE CLOSE ESTABLISHED",
                         "FIN_SENT CLOSE FIN_WAIT1", "FIN_ACKED FIN_WAIT1",
                         "ENDED ABORT LINGER2 FIN_WAIT2",
                         "RST_SENT LINGER2 FIN_WAIT2")
    same_segment(events[-1], conn.until(RST), "RST")
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    conn.sock.shutdown(socket.SHUT_WR)
    conn.ack_fin()
    conn.new()
    conn.sock.close()
    events = conn.expect("APP_CLOSE CLOSE FIN_WAIT2",
                         "ENDED ABORT LINGER2 FIN_WAIT2",
                         "RST_SENT LINGER2 FIN_WAIT2")
    same_segment(events[-1], conn.until(RST), "RST")


@both
def disconnect(host, family, watch):
    """connect() to AF_UNSPEC: ABORT; the socket may be used again, and end well"""
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"unacknowledged")
    equal(libc.connect(conn.sock.fileno(), struct.pack("H14x", 0), 16), 0,
          f"connect() to AF_UNSPEC: errno {ctypes.get_errno()}")
    events = conn.expect("ENDED ABORT DISCONNECT ESTABLISHED",
                         "RST_SENT DISCONNECT ESTABLISHED")
    equal([(e.unacked, e.orphan) for e in events], [(14, 0)] * 2,
          "unacked, orphan")
    same_segment(events[1], conn.until(RST), "RST")
    conn.sock.close()
    conn.expect()


@both
def repair(host, family, watch):
    """close() in repair mode: ABORT without a word to the peer"""
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    conn.sock.close()
    conn.expect("APP_CLOSE CLOSE ESTABLISHED", "ENDED ABORT REPAIR ESTABLISHED")


@both
def listener_closed(host, family, watch):
    """what waits for accept() when the listener closes: ABORT, each with a RST"""
    listener = host.listen(family)
    peers = [Peer(host, family).connect() for _ in range(2)]
    listener.close()
    for peer in peers:
        events = watch.read(dport=peer.sport)
        equal([brief(e) for e in events],
              ["ENDED ABORT LISTENER ESTABLISHED",
               "RST_SENT LISTENER ESTABLISHED"], "events")


@both
def rst_received(host, family, watch):
    """a RST from the peer in each state: which, and RST_BY_PEER if it ends it"""
    def established(conn):
        return "ESTABLISHED"

    def close_wait(conn):
        conn.fin()
        return "CLOSE_WAIT"

    def fin_wait1(conn):
        conn.sock.close()
        return "FIN_WAIT1"

    def fin_wait2(conn):
        conn.sock.shutdown(socket.SHUT_WR)
        conn.ack_fin()
        return "FIN_WAIT2"

    def closing(conn):
        conn.sock.close()
        conn.fin()
        return "CLOSING"

    def last_ack(conn):
        conn.fin()
        conn.sock.close()
        return "LAST_ACK"

    for bring in (established, close_wait, fin_wait1, fin_wait2, closing,
                  last_ack):
        conn = Conn(host, family, watch)
        state = bring(conn)
        conn.new()
        conn.peer.send(RST)
        events = conn.expect(f"RST_RECEIVED {state}",
                             f"ENDED RST_BY_PEER RST {state}", what=state)
        equal(events[0].seq, conn.peer.seq & U32, f"{state}: seq")
        equal(events[1].err, errno.EPIPE if state == "CLOSE_WAIT" else
              errno.ECONNRESET, f"{state}: err")
        conn.sock.close()
        conn.expect()


@both
def rst_received_mini(host, family, watch):
    """a RST from the peer for a mini-socket: in FIN_WAIT2 it is an end"""
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.ack_fin()
    conn.new()
    conn.peer.send(RST)
    events = conn.expect("RST_RECEIVED FIN_WAIT2 (TIME_WAIT)",
                         "ENDED RST_BY_PEER RST FIN_WAIT2 (TIME_WAIT)")
    equal(events[0].seq, conn.peer.seq & U32, "seq")
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.ack_fin()
    conn.fin()
    conn.new()
    conn.peer.send(RST)
    event = conn.expect("RST_RECEIVED TIME_WAIT (TIME_WAIT)")[0]
    equal(event.seq, conn.peer.seq & U32, "seq")


@both
def rst_embryo(host, family, watch):
    """RSTs and request sockets: received, and sent for three faults"""
    host.sysctl("ipv4/tcp_syncookies", 0)
    host.sysctl("ipv4/tcp_abort_on_overflow", 1)
    listener = host.listen(family, 0)

    def told(peer):
        return [(brief(e), e.seq, e.ack) for e in watch.read(dport=peer.sport)]

    peer = Peer(host, family)
    peer.syn()
    peer.send(RST, seq=peer.seq + 1)
    equal(told(peer), [("RST_RECEIVED NEW_SYN_RECV (REQUEST)",
                        peer.seq + 1 & U32, peer.ack & U32)], "a RST")
    peer = Peer(host, family)
    peer.syn()
    peer.send(SYN, seq=peer.seq + 9, ack=0)
    packet = host.receive(lambda p: p.flags & RST)
    equal(told(peer), [("RST_SENT BAD_SYN NEW_SYN_RECV (REQUEST)", 0,
                        peer.seq + 10 & U32)], "a SYN inside the window")
    equal(packet.ack, peer.seq + 10 & U32, "ack of the RST")
    peer = Peer(host, family)
    peer.syn()
    peer.send(ACK, seq=peer.seq + 1, ack=peer.ack + 5)
    packet = host.receive(lambda p: p.flags & RST)
    equal(told(peer), [("RST_SENT BAD_ACK NEW_SYN_RECV (REQUEST)",
                        peer.ack + 5 & U32, 0)], "an ACK of what was not sent")
    equal(packet.seq, peer.ack + 5 & U32, "seq of the RST")
    late, first = Peer(host, family), Peer(host, family)
    late.syn()
    first.connect()
    late.final_ack()
    equal(told(late), [("RST_SENT ACCEPT_QUEUE NEW_SYN_RECV (REQUEST)",
                        late.ack & U32, 0)], "a full accept queue")
    equal({e.cookie for e in watch.read(dport=late.sport)} & {0}, set(),
          "cookie of a request")
    listener.close()


@both
def rst_nobody(host, family, watch):
    """RSTs of no connection: a closed port, a listener that knows of none"""
    listener = host.listen(family)
    for port, want in ((5999, "RST_SENT NO_SOCKET CLOSE (NOBODY)"),
                       (5000, "RST_SENT STRAY LISTEN (LISTENER)")):
        peer = Peer(host, family, port=port)
        peer.ack = 4711
        peer.send(ACK, data=b"data")
        event = watch.read(dport=peer.sport)[0]
        equal((brief(event), event.seq, event.cookie, event.sport),
              (want, 4711, 0, port), "an ACK")
        equal(host.receive(lambda p: p.flags & RST).seq, 4711, "on the wire")
    peer = Peer(host, family, port=5999)
    peer.send(SYN, ack=0, data=b"data")
    event = watch.read(dport=peer.sport)[0]
    equal((brief(event), event.seq, event.ack, event.saddr),
          ("RST_SENT NO_SOCKET CLOSE (NOBODY)", 0, peer.seq + 5 & U32,
           HOST[6] if family == 6 else f"::ffff:{HOST[4]}"), "a SYN")
    same_segment(event, host.receive(lambda p: p.flags & RST), "on the wire")
    Peer(host, family, port=5999).send(RST)
    equal(len(watch.read()), 3, "a RST is not answered")
    listener.close()


@both
def rst_handshake(host, family, watch):
    """the peer's SYN-ACK is no good: a RST from SYN_SENT, which goes on"""
    sock = host.socket(family)
    sock.setblocking(False)
    sock.connect_ex((PEER[family], 5000))
    syn = host.receive(lambda p: p.flags == SYN)
    peer = Peer(host, family, port=syn.sport, sport=5000)
    peer.send(SYN | ACK, ack=syn.seq + 99)
    event = watch.read(cookie=cookie(sock))[-1]
    equal((brief(event), event.seq), ("RST_SENT BAD_ACK SYN_SENT",
                                      syn.seq + 99 & U32), "the ACK is bad")
    peer.send(SYN | ACK, ack=syn.seq + 1,
              options=b"\x08\x0a" + struct.pack(">II", 1, 0x12345678))
    event = watch.read(cookie=cookie(sock))[-1]
    # 6.1 does not say why.
    assert brief(event) in ("RST_SENT PAWS SYN_SENT",
                            "RST_SENT BAD_ACK SYN_SENT"), brief(event)
    equal(len(watch.read(cookie=cookie(sock))), 2, "RSTs")
    if os.uname().release.split(".")[:2] != ["6", "1"]:
        equal(event.why, "PAWS", "the timestamp is bad")
    peer.send(RST | ACK, ack=syn.seq + 1)
    equal(brief(watch.read(cookie=cookie(sock))[-1]), "RST_RECEIVED SYN_SENT",
          "refused in the end")
    sock.close()


@both
def icmp(host, family, watch):
    """an ICMP error ends a connection only before it is one: in SYN_RECV"""
    sock = host.socket(family)
    sock.setblocking(False)
    sock.connect_ex((PEER[family], 5000))
    syn = host.receive(lambda p: p.flags == SYN)
    peer = Peer(host, family, port=syn.sport, sport=5000)
    peer.send(SYN, ack=0)
    synack = host.receive(lambda p: p.flags & (SYN | ACK) == SYN | ACK)
    host.icmp(family, synack, *((3, 3) if family == 4 else (1, 4)))
    equal([brief(e) for e in watch.read(cookie=cookie(sock))],
          ["ENDED ICMP ICMP SYN_RECV"], "events")
    sock.close()


@both
def data_after_close(host, family, watch):
    """data for an orphan, in each state that has one: RST_BY_US, and the RST"""
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.new()
    conn.data()
    events = conn.expect("ENDED RST_BY_US DATA FIN_WAIT1",
                         "RST_SENT DATA FIN_WAIT1", what="FIN_WAIT1")
    same_segment(events[1], conn.until(RST), "RST")
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.until(FIN)
    conn.new()
    conn.data()
    events = conn.expect("FIN_ACKED FIN_WAIT1",
                         "ENDED RST_BY_US DATA FIN_WAIT2",
                         "RST_SENT DATA FIN_WAIT2", what="with the ACK")
    same_segment(events[2], conn.until(RST), "RST")
    for flags, why in ((ACK, "DATA"), (SYN, "BAD_SYN")):
        conn = Conn(host, family, watch)
        conn.sock.close()
        conn.ack_fin()
        conn.new()
        conn.peer.send(flags, data=b"data")
        events = conn.expect(f"RST_SENT {why} FIN_WAIT2 (TIME_WAIT)",
                             f"ENDED RST_BY_US {why} FIN_WAIT2 (TIME_WAIT)")
        same_segment(events[0], conn.until(RST), "RST")


@both
def retransmissions(host, family, watch):
    """retransmissions exhausted: TIMEOUT; what was never acknowledged, and err"""
    host.sysctl("ipv4/tcp_retries2", 3)
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"into the void")
    wait(10)
    event = conn.expect("ENDED TIMEOUT RETRANSMISSIONS ESTABLISHED")[0]
    equal((event.unacked, event.err, event.orphan),
          (13, errno.ETIMEDOUT, 0), "unacked, err, orphan")
    assert event.timeouts >= 3, event
    conn.sock.close()
    host.sysctl("ipv4/tcp_orphan_retries", 2)
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"into the void")
    conn.sock.close()
    wait(10)
    event = conn.expect("APP_CLOSE CLOSE ESTABLISHED",
                        "FIN_SENT CLOSE FIN_WAIT1",
                        "ENDED TIMEOUT RETRANSMISSIONS FIN_WAIT1")[2]
    equal((event.unacked, event.orphan), (13, 1), "unacked, orphan")


@both
def keepalive(host, family, watch):
    """keepalive probes unanswered: a RST, and TIMEOUT"""
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 2),
                          (socket.TCP_KEEPCNT, 3)):
        conn.sock.setsockopt(socket.IPPROTO_TCP, option, value)
    wait(15)
    events = conn.expect("RST_SENT KEEPALIVE ESTABLISHED",
                         "ENDED TIMEOUT KEEPALIVE ESTABLISHED")
    equal([e.probes for e in events], [3, 3], "probes")
    equal(events[1].err, errno.ETIMEDOUT, "err")
    same_segment(events[0], conn.until(RST), "RST")
    conn.sock.close()


@both
def user_timeout(host, family, watch):
    """TCP_USER_TIMEOUT, with data, with keepalives and at a shut window"""
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 2000)
    conn.sock.sendall(b"into the void")
    wait(5)
    event = conn.expect("ENDED TIMEOUT USER_TIMEOUT ESTABLISHED")[0]
    equal(event.unacked, 13, "unacked")
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 6000)
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
    wait(15)
    conn.expect("RST_SENT USER_TIMEOUT ESTABLISHED",
                "ENDED TIMEOUT USER_TIMEOUT ESTABLISHED", what="keepalive")
    conn = Conn(host, family, watch)
    conn.sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 3000)
    conn.peer.send(ACK, window=0)
    conn.sock.sendall(b"no room")
    wait(10)
    event = conn.expect("ENDED TIMEOUT USER_TIMEOUT ESTABLISHED",
                        what="shut window")[0]
    equal((event.unsent, event.unacked), (7, 0), "unsent, unacked")


@both
def zero_window(host, family, watch):
    """a window that stays shut: TIMEOUT, whether data is outstanding or not"""
    host.sysctl("ipv4/tcp_retries2", 3)
    conn = Conn(host, family, watch)
    conn.peer.send(ACK, window=0)
    conn.sock.sendall(b"no room")
    wait(20)
    event = conn.expect("ENDED TIMEOUT ZERO_WINDOW ESTABLISHED")[0]
    equal((event.unsent, event.unacked, event.probes), (7, 0, 3),
          "unsent, unacked, probes")
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"taken back")
    conn.peer.send(ACK, window=0)
    wait(600)
    event = conn.expect("ENDED TIMEOUT ZERO_WINDOW ESTABLISHED",
                        what="taken back")[0]
    equal((event.unsent, event.unacked), (0, 10), "unsent, unacked")


@both
def fin_wait2(host, family, watch):
    """the peer never closes: HALF, after tcp_fin_timeout, short or long"""
    for seconds in (5, 70):
        host.sysctl("ipv4/tcp_fin_timeout", seconds)
        conn = Conn(host, family, watch)
        conn.sock.close()
        conn.ack_fin()
        start = conn.new()[-1].time
        wait(seconds + 10)
        event = conn.expect("ENDED HALF FIN_WAIT2 FIN_WAIT2 (TIME_WAIT)")[0]
        took = event.time - start
        assert seconds <= took <= seconds * 9 / 8 + 1, f"{took} s"


@both
def killed(host, family, watch):
    """ss -K: KILLED, with a RST if there is a full socket"""
    conn = Conn(host, family, watch)
    mini = Conn(host, family, watch)
    mini.sock.close()
    mini.ack_fin()
    mini.new()
    host.netns.sh(f"ss -K dport = :{conn.peer.sport}")
    events = conn.new()
    if not events:
        raise Skip("kernel without CONFIG_INET_DIAG_DESTROY")
    equal([brief(e) for e in events], ["RST_SENT KILLED ESTABLISHED",
                                       "ENDED KILLED KILLED ESTABLISHED"],
          "events")
    equal(events[1].err, errno.ECONNABORTED, "err")
    same_segment(events[0], conn.until(RST), "RST")
    host.netns.sh(f"ss -K state time-wait state fin-wait-2"
                  f" dport = :{mini.peer.sport}")
    mini.expect("ENDED KILLED KILLED FIN_WAIT2 (TIME_WAIT)", what="mini-socket")
    conn.sock.close()


@both
def orphans(host, family, watch):
    """too many orphans: KILLED, when one becomes it and when its timer runs out"""
    limit = sh("sysctl -n net.ipv4.tcp_max_orphans").strip()
    first, second = (Conn(host, family, watch) for _ in range(2))
    first.sock.sendall(b"into the void")
    first.sock.close()
    # The kernel counts its orphans ten times a second.
    wait(0.15)
    first.new()
    try:
        sh("sysctl -q net.ipv4.tcp_max_orphans=0")
        second.sock.close()
        events = second.expect("APP_CLOSE CLOSE ESTABLISHED",
                               "FIN_SENT CLOSE FIN_WAIT1",
                               "ENDED KILLED ORPHANS FIN_WAIT1",
                               "RST_SENT ORPHANS FIN_WAIT1")
        second.until(FIN)
        same_segment(events[3], second.until(RST), "RST")
        wait(1)
        first.expect("RST_SENT ORPHANS FIN_WAIT1",
                     "ENDED KILLED ORPHANS FIN_WAIT1")
    finally:
        sh(f"sysctl -q net.ipv4.tcp_max_orphans={limit}")


@both
def overflow(host, family, watch):
    """no mini-socket to be had: TW_OVERFLOW, which way it was closed all the same"""
    host.sysctl("ipv4/tcp_max_tw_buckets", 0)
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.new()
    conn.ack_fin()
    conn.expect("FIN_ACKED FIN_WAIT1", "ENDED HALF TW_OVERFLOW FIN_WAIT2")
    conn = Conn(host, family, watch)
    conn.sock.shutdown(socket.SHUT_WR)
    conn.ack_fin()
    conn.new()
    conn.fin()
    conn.expect("FIN_RECEIVED FIN_WAIT2",
                "ENDED CLEAN_ACTIVE TW_OVERFLOW FIN_WAIT2")


def namespace():
    """the end of its namespace is the end of an orphan in FIN_WAIT2"""
    with Trace("close") as trace:
        with Host() as host:
            conn = Conn(host, 4)
            conn.sock.close()
            conn.ack_fin()
        wait(2)
        equal(brief(trace.read(cookie=conn.cookie)[-1]),
              "ENDED KILLED NETNS FIN_WAIT2 (TIME_WAIT)", "last event")


@both
def flood(host, family, watch):
    """RSTs for anybody's segments: some are told, the rest counted, none lost"""
    host.sysctl("ipv4/tcp_lucid/syn_event_rate", 10)
    for _ in range(200):
        Peer(host, family, port=5999).send(SYN, ack=0)
    wait(3)
    shown = len(watch.read(what="RST_SENT"))
    assert 10 <= shown <= 40, f"{shown} RSTs were told of"


def check_path(family):
    path = Path(delay_ms=10)
    with Watch(path.client) as ours, Watch(path.server) as theirs:
        client, server = path.pair(family)
        names = cookie(client), cookie(server)
        client.sendall(bytes(50000))
        client.close()
        wait_closed(server)
        server.close()
        wait(1)
        told = [[brief(e) for e in watch.read(cookie=name)]
                for watch, name in zip((ours, theirs), names)]
    equal(told, [["APP_CLOSE CLOSE ESTABLISHED", "FIN_SENT CLOSE FIN_WAIT1",
                  "FIN_ACKED FIN_WAIT1", "FIN_RECEIVED FIN_WAIT2 (TIME_WAIT)",
                  "ENDED CLEAN_ACTIVE FIN_WAIT2 (TIME_WAIT)"],
                 ["FIN_RECEIVED ESTABLISHED", "APP_CLOSE CLOSE CLOSE_WAIT",
                  "FIN_SENT CLOSE LAST_ACK", "FIN_ACKED LAST_ACK",
                  "ENDED CLEAN_PASSIVE LAST_ACK"]], "both ends")


def both_ends():
    """two real ends with data under way: each tells its side of it"""
    for family in (4, 6):
        check_path(family)


run(active, passive, simultaneous, half_ours, half_theirs, shutdown_then_close,
    exits, unread, linger0, linger2, disconnect, repair, listener_closed,
    rst_received, rst_received_mini, rst_embryo, rst_nobody, rst_handshake,
    icmp, data_after_close, retransmissions, keepalive, user_timeout,
    zero_window, fin_wait2, killed, orphans, overflow, namespace, flood,
    both_ends)
