#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The state machine of RFC 9293, figure 5: every edge, walked, and no other.

Each walk has its exact sequence of states, from the first event of a connection
to its last. What the last test compares with all that was seen:
"""

import errno
import socket
import struct
import sys

from lucid import (ACK, FIN, PSH, RST, SYN, Path, Skip, Trace, connect_to_nobody,
                   cookie, equal, run, wait, wait_closed)
from peer import AF, HOST, PEER, Host, Peer

EDGES = """
CLOSE        LISTEN        listen()
CLOSE        SYN_SENT      connect()
LISTEN       NEW_SYN_RECV  SYN
LISTEN       SYN_RECV      the ACK of a SYN cookie; SYN with a Fast Open cookie
LISTEN       CLOSE         close(), shutdown(), disconnect; the port is taken
NEW_SYN_RECV SYN_RECV      ACK
NEW_SYN_RECV CLOSE         RST, bad SYN, ICMP, timeout; the listener is closed
SYN_SENT     ESTABLISHED   SYN-ACK; connect() under TCP_REPAIR
SYN_SENT     SYN_RECV      SYN: simultaneous open
SYN_SENT     CLOSE         RST, ICMP, timeout, close(), shutdown(), disconnect
SYN_RECV     ESTABLISHED   ACK
SYN_RECV     FIN_WAIT1     close(): simultaneous open, Fast Open
SYN_RECV     CLOSE         RST, timeout, abort; unread Fast Open data
ESTABLISHED  FIN_WAIT1     close(), shutdown()
ESTABLISHED  CLOSE_WAIT    FIN
ESTABLISHED  CLOSE         RST, timeout, abort, unread data; never accepted
FIN_WAIT1    FIN_WAIT2     ACK of FIN
FIN_WAIT1    CLOSING       FIN
FIN_WAIT1    CLOSE         RST, timeout, abort, late data
FIN_WAIT2    TIME_WAIT     FIN: for a full socket, or for a mini-socket
FIN_WAIT2    CLOSE         RST, timeout, abort, late data, TCP_LINGER2 < 0
CLOSING      TIME_WAIT     ACK of FIN
CLOSING      CLOSE         RST, timeout, no room for mini-sockets
CLOSE_WAIT   LAST_ACK      close(), shutdown()
CLOSE_WAIT   CLOSE         RST, abort, unread data
LAST_ACK     CLOSE         ACK of FIN, RST, timeout
TIME_WAIT    CLOSE         after 60 s, RST, a new SYN with the same ports
"""
__doc__ += EDGES + """
Where Linux differs from the figure: FIN_WAIT1 goes to TIME_WAIT by way of
FIN_WAIT2, even if one segment brings both the ACK and the FIN; a listener does
not send, so it never gets to SYN_SENT; SYN_RECV never returns to LISTEN, since
the listener has not left it. The state that the RFC calls SYN-RECEIVED is
NEW_SYN_RECV until the final ACK and SYN_RECV from then on, or for a connection
with a socket of its own. 6.1, 6.12 and 7.2 have the same edges.
"""
EDGES = {tuple(line.split()[:2]) for line in EDGES.strip().splitlines()}

TCP_LINGER2, TCP_FASTOPEN, TCP_REPAIR, TCP_USER_TIMEOUT = 8, 23, 19, 18
IPPROTO_MPTCP = 262
# As TCP_INFO numbers them.
STATES = ("", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
          "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING")

ACTIVE = "CLOSE SYN_SENT ESTABLISHED"
PASSIVE = "LISTEN NEW_SYN_RECV SYN_RECV ESTABLISHED"
CROSSED = "CLOSE SYN_SENT SYN_RECV"

seen = set()


def mapped(address):
    return address if ":" in address else f"::ffff:{address}"


class Walk:
    """Inside a "with": connections, and the states that each should go through.

    Compared at the end, when all that has to time out has done so. Events that
    belong to no connection that was announced are an error, too.
    """

    def __init__(self, *netns):
        self.netns = {ns.inum for ns in netns}
        self.expected = []
        self.trace = Trace("state")

    def __enter__(self):
        self.trace.__enter__()
        return self

    def expect(self, local, remote, *paths, sock=None, inum=None):
        """A local and a remote (address, port): its paths, one for each cookie.

        sock: whose cookie it is, if there is a socket.
        """
        self.expected.append((
            (inum or min(self.netns), mapped(local[0]), local[1],
             mapped(remote[0]), remote[1]),
            [path.split() for path in paths], sock and cookie(sock)))

    def peer(self, peer, *paths, sock=None):
        """The same for the kernel's end of a Peer's connection."""
        self.expect((HOST[peer.family], peer.port),
                    (PEER[peer.family], peer.sport), *paths, sock=sock)

    def listener(self, sock, path):
        nobody = "::" if sock.family == socket.AF_INET6 else "0.0.0.0"
        self.expect(sock.getsockname()[:2], (nobody, 0), path, sock=sock)

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                wait(80)
                self.compare()
        finally:
            self.trace.__exit__()

    def compare(self):
        found = {}
        for e in self.trace.read():
            if e.netns in self.netns:
                who = (e.netns, e.saddr, e.sport, e.daddr, e.dport)
                # Its cookies are in order, as a dict's keys are.
                found.setdefault(who, {}).setdefault(e.cookie, []).append(
                    (e.oldstate, e.newstate))
        for who, paths, known in self.expected:
            cookies = found.pop(who, {})
            equal(list(cookies.values()),
                  [list(zip(path, path[1:])) for path in paths], f"{who}")
            assert 0 not in cookies, f"{who}: no cookie"
            if known:
                equal(list(cookies)[0], known, f"{who}: cookie")
            for edges in cookies.values():
                seen.update(edges)
        equal(found, {}, "events of nobody")


def state(sock):
    return STATES[sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]


def both(test):
    """The test over IPv4, then over IPv6, each with a host of its own."""
    def twice():
        for family in (4, 6):
            with Host() as host:
                host.family = family
                with Walk(host) as walk:
                    test(host, walk)
    twice.__doc__ = test.__doc__
    twice.__name__ = test.__name__
    return twice


class End(Peer):
    """A Peer that can close, and expects what it says of the kernel's end."""

    def fin(self, flags=FIN | ACK, data=b""):
        self.send(flags, data=data)
        self.seq += 1 + len(data)

    def data(self, data=b"late"):
        self.send(PSH | ACK, data=data)
        self.seq += len(data)

    def reset(self):
        self.send(RST | ACK)

    def take(self, flags):
        """The next segment from the kernel with all of these flags."""
        got = self.host.receive(lambda p: p.dport == self.sport and
                                p.flags & flags == flags)
        assert got, f"no segment with flags {flags:#x}"
        self.ack = got.seq + got.len + bool(got.flags & FIN) + \
            bool(got.flags & SYN)
        return got

    def drain(self):
        while self.receive(0.01):
            pass


def dial(host):
    """connect() to a Peer: the socket, and the Peer that has got the SYN."""
    sock = host.socket(host.family)
    sock.setblocking(False)
    port = next(host.ports)
    equal(sock.connect_ex((PEER[host.family], port)), errno.EINPROGRESS,
          "connect()")
    peer = End(host, host.family, sock.getsockname()[1], port)
    peer.take(SYN)
    return sock, peer


def active(host):
    """dial(), and the Peer answers: ESTABLISHED."""
    sock, peer = dial(host)
    peer.send(SYN | ACK, b"\x02\x04\x05\x00")
    peer.seq += 1
    peer.take(ACK)
    equal(state(sock), "ESTABLISHED", "state")
    return sock, peer


def crossed(host):
    """dial(), and the Peer's SYN crosses: SYN_RECV."""
    sock, peer = dial(host)
    peer.send(SYN, b"\x02\x04\x05\x00", ack=0)
    peer.seq += 1
    peer.take(SYN | ACK)
    equal(state(sock), "SYN_RECV", "state")
    return sock, peer


def passive(host, listener):
    peer = End(host, host.family)
    peer.connect()
    return listener.accept()[0], peer


def close_wait(host):
    sock, peer = active(host)
    peer.fin()
    equal(state(sock), "CLOSE_WAIT", "state")
    return sock, peer


def fin_wait1(host):
    sock, peer = active(host)
    sock.shutdown(socket.SHUT_WR)
    equal(state(sock), "FIN_WAIT1", "state")
    peer.take(FIN)
    return sock, peer


def fin_wait2(host):
    sock, peer = fin_wait1(host)
    peer.send(ACK)
    equal(state(sock), "FIN_WAIT2", "state")
    return sock, peer


def closing(host):
    """The Peer's FIN comes without an ACK of ours."""
    sock, peer = fin_wait1(host)
    peer.send(FIN | ACK, ack=peer.ack - 1)
    peer.seq += 1
    equal(state(sock), "CLOSING", "state")
    return sock, peer


def last_ack(host):
    sock, peer = close_wait(host)
    sock.shutdown(socket.SHUT_WR)
    equal(state(sock), "LAST_ACK", "state")
    peer.take(FIN)
    return sock, peer


def abort(sock):
    """close() with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


# Walks begin here


@both
def listening(host, walk):
    """a listener comes and goes: close, shutdown, disconnect, port taken, again"""
    for port, end in ((5001, socket.socket.close), (5002, connect_to_nobody),
                      (5003, lambda s: s.shutdown(socket.SHUT_RD))):
        listener = host.listen(host.family, port=port)
        walk.listener(listener, "CLOSE LISTEN CLOSE")
        equal(state(listener), "LISTEN", "state")
        end(listener)
        listener.close()
    first, second = (host.socket(host.family) for _ in range(2))
    for sock in (first, second):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST[host.family], 5004))
    first.listen()
    try:
        second.listen()
    except OSError as why:
        equal(why.errno, errno.EADDRINUSE, "listen()")
    nobody = ("::" if host.family == 6 else "0.0.0.0", 0)
    walk.expect((HOST[host.family], 5004), nobody, "CLOSE LISTEN CLOSE",
                "CLOSE LISTEN CLOSE", sock=first)
    first.close()
    second.close()
    again = host.listen(host.family, port=5005)
    connect_to_nobody(again)
    again.listen()
    walk.listener(again, "CLOSE LISTEN CLOSE LISTEN CLOSE")
    again.close()


@both
def connecting(host, walk):
    """SYN_SENT to CLOSE: RST, ICMP, timeout, close, shutdown, disconnect"""
    host.sysctl("ipv4/tcp_syn_retries", 1)
    kind = (3, 3) if host.family == 4 else (1, 4)
    for end in (lambda s, p: p.reset(), lambda s, p: wait(10),
                lambda s, p: s.close(), lambda s, p: connect_to_nobody(s),
                lambda s, p: s.shutdown(socket.SHUT_WR),
                lambda s, p: host.icmp(host.family, syn, *kind)):
        sock = host.socket(host.family)
        sock.setblocking(False)
        port = next(host.ports)
        sock.connect_ex((PEER[host.family], port))
        syn = host.receive(lambda p: p.dport == port)
        peer = End(host, host.family, syn.sport, port)
        peer.ack = syn.seq + 1
        walk.peer(peer, "CLOSE SYN_SENT CLOSE", sock=sock)
        end(sock, peer)
        if sock.fileno() >= 0:
            equal(state(sock), "CLOSE", "state")
        sock.close()


@both
def connecting_again(host, walk):
    """a socket that was refused may connect() again, and keeps its cookie"""
    sock, peer = dial(host)
    walk.peer(peer, "CLOSE SYN_SENT CLOSE", sock=sock)
    peer.reset()
    equal(sock.connect_ex((PEER[host.family], peer.sport)), errno.ECONNREFUSED,
          "connect()")
    port = next(host.ports)
    sock.connect_ex((PEER[host.family], port))
    peer = End(host, host.family, sock.getsockname()[1], port)
    walk.peer(peer, ACTIVE + " CLOSE", sock=sock)
    peer.take(SYN)
    peer.send(SYN | ACK)
    peer.seq += 1
    abort(sock)


@both
def unsent(host, walk):
    """a connect() that finds no port has sent nothing, and no event tells of it"""
    host.sysctl("ipv4/ip_local_port_range", "30000 30000")
    sock, peer = dial(host)
    walk.peer(peer, "CLOSE SYN_SENT CLOSE", sock=sock)
    second = host.socket(host.family)
    equal(second.connect_ex((PEER[host.family], peer.sport)),
          errno.EADDRNOTAVAIL, "connect()")
    second.close()
    sock.close()


@both
def crossing(host, walk):
    """simultaneous open, and its ends: ACK, RST, timeout, close, abort"""
    host.sysctl("ipv4/tcp_syn_retries", 1)
    sock, peer = crossed(host)
    walk.peer(peer, CROSSED + " ESTABLISHED CLOSE", sock=sock)
    peer.send(ACK)
    equal(state(sock), "ESTABLISHED", "state")
    peer.reset()
    sock.close()
    # Closed with its FIN on the way, acknowledged with the SYN.
    sock, peer = crossed(host)
    walk.peer(peer, CROSSED + " FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE", sock=sock)
    sock.close()
    peer.take(FIN)
    peer.send(ACK)
    peer.fin()
    # shutdown() waits for the handshake to be over.
    sock, peer = crossed(host)
    walk.peer(peer, CROSSED + " ESTABLISHED FIN_WAIT1 CLOSE", sock=sock)
    sock.shutdown(socket.SHUT_WR)
    equal(state(sock), "SYN_RECV", "state")
    peer.send(ACK)
    peer.reset()
    sock.close()
    for end in (lambda s, p: p.reset(), lambda s, p: wait(10),
                lambda s, p: abort(s), lambda s, p: connect_to_nobody(s)):
        sock, peer = crossed(host)
        walk.peer(peer, CROSSED + " CLOSE", sock=sock)
        end(sock, peer)
        sock.close()


@both
def requests(host, walk):
    """NEW_SYN_RECV: ACK, RST, bad SYN, ICMP, timeout, the listener's end"""
    host.sysctl("ipv4/tcp_synack_retries", 1)
    listener = host.listen(host.family)
    walk.listener(listener, "CLOSE LISTEN CLOSE")
    sock, peer = passive(host, listener)
    walk.peer(peer, PASSIVE + " CLOSE", sock=sock)
    equal(state(sock), "ESTABLISHED", "state")
    abort(sock)
    kind = (3, 1) if host.family == 4 else (1, 4)
    for end in (lambda p: p.send(RST, seq=p.seq + 1),
                lambda p: p.send(SYN, seq=p.seq + 9),
                lambda p: host.icmp(host.family, synack, *kind),
                lambda p: wait(10), lambda p: listener.close()):
        peer = End(host, host.family)
        walk.peer(peer, "LISTEN NEW_SYN_RECV CLOSE")
        synack = peer.syn()
        end(peer)


@both
def syn_cookies(host, walk):
    """behind a SYN cookie there is no NEW_SYN_RECV, and the cookie is the child's"""
    host.sysctl("ipv4/tcp_syncookies", 2)
    listener = host.listen(host.family)
    walk.listener(listener, "CLOSE LISTEN CLOSE")
    sock, peer = passive(host, listener)
    walk.peer(peer, "LISTEN SYN_RECV ESTABLISHED CLOSE", sock=sock)
    abort(sock)
    listener.close()


@both
def fast_open(host, walk):
    """a Fast Open child: ACK, close, shutdown, RST, timeout, unread, unaccepted"""
    host.sysctl("ipv4/tcp_fastopen", 3)
    host.sysctl("ipv4/tcp_synack_retries", 1)
    listener = host.listen(host.family)
    listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    walk.listener(listener, "CLOSE LISTEN CLOSE")
    peer = End(host, host.family)
    given = peer.syn(b"\x22\x02").options[34]
    walk.peer(peer, "LISTEN NEW_SYN_RECV CLOSE")
    peer.send(RST, seq=peer.seq + 1)

    def child(path, read=True):
        peer = End(host, host.family)
        peer.syn(struct.pack("BB", 34, 2 + len(given)) + given, b"early")
        peer.seq += 6
        sock = listener.accept()[0]
        equal(state(sock), "SYN_RECV", "state")
        walk.peer(peer, "LISTEN SYN_RECV " + path, sock=sock)
        if read:
            equal(sock.recv(10), b"early", "data")
        return sock, peer

    sock, peer = child("ESTABLISHED CLOSE")
    peer.send(ACK)
    equal(state(sock), "ESTABLISHED", "state")
    peer.reset()
    sock, peer = child("FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE")
    sock.close()
    peer.take(FIN)
    peer.send(ACK)
    peer.fin()
    sock, peer = child("FIN_WAIT1 CLOSE")
    sock.close()
    peer.take(FIN)
    peer.reset()
    sock, peer = child("ESTABLISHED FIN_WAIT1 CLOSE")
    sock.shutdown(socket.SHUT_WR)
    peer.send(ACK)
    equal(state(sock), "FIN_WAIT1", "state")
    peer.reset()
    sock, peer = child("CLOSE")
    peer.reset()
    sock, peer = child("CLOSE")
    wait(20)
    equal(state(sock), "CLOSE", "state")
    sock, peer = child("CLOSE", read=False)
    sock.close()
    peer = End(host, host.family)
    peer.syn(struct.pack("BB", 34, 2 + len(given)) + given, b"early")
    walk.peer(peer, "LISTEN SYN_RECV CLOSE")
    listener.close()


@both
def established(host, walk):
    """ESTABLISHED to CLOSE: RST, abort, unread, timeout, never accepted"""
    def unread(sock, peer):
        peer.data()
        sock.close()

    def silence(sock, peer):
        sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 1000)
        sock.send(b"hello?")
        wait(20)

    def keepalive(sock, peer):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL,
                       socket.TCP_KEEPCNT):
            sock.setsockopt(socket.IPPROTO_TCP, option, 1)
        wait(20)

    for end in (lambda s, p: p.reset(), lambda s, p: abort(s), unread,
                lambda s, p: connect_to_nobody(s), silence, keepalive):
        sock, peer = active(host)
        walk.peer(peer, ACTIVE + " CLOSE", sock=sock)
        end(sock, peer)
        if sock.fileno() >= 0:
            equal(state(sock), "CLOSE", "state")
        sock.close()
    listener = host.listen(host.family)
    walk.listener(listener, "CLOSE LISTEN CLOSE")
    peer = End(host, host.family)
    walk.peer(peer, PASSIVE + " CLOSE")
    peer.connect()
    listener.close()


@both
def active_close(host, walk):
    """closing first: FIN_WAIT1, FIN_WAIT2, TIME_WAIT, in all the ways there are"""
    path = ACTIVE + " FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE"
    # The full socket waits for the FIN, or the mini-socket does.
    sock, peer = fin_wait2(host)
    walk.peer(peer, path, sock=sock)
    peer.fin()
    equal(state(sock), "CLOSE", "state")
    sock, peer = fin_wait2(host)
    walk.peer(peer, path, sock=sock)
    sock.close()
    peer.fin()
    # One segment brings the ACK and the FIN, for either.
    sock, peer = fin_wait1(host)
    walk.peer(peer, path, sock=sock)
    peer.fin()
    sock, peer = fin_wait1(host)
    walk.peer(peer, path, sock=sock)
    sock.close()
    peer.fin()


@both
def fin_wait1_ends(host, walk):
    """FIN_WAIT1 to CLOSE: RST, abort, timeout; FIN_WAIT2 is passed by late data"""
    host.sysctl("ipv4/tcp_orphan_retries", 1)
    path = ACTIVE + " FIN_WAIT1 CLOSE"

    def linger2(sock, peer):
        sock.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
        sock.close()
        peer.send(ACK)

    def late(sock, peer):
        sock.close()
        peer.data()

    def orphan(sock, peer):
        sock.close()
        wait(10)

    for end, more in ((lambda s, p: p.reset(), ""), (lambda s, p: abort(s), ""),
                      (lambda s, p: connect_to_nobody(s), ""), (orphan, ""),
                      (linger2, " FIN_WAIT2"), (late, " FIN_WAIT2")):
        sock, peer = fin_wait1(host)
        walk.peer(peer, ACTIVE + " FIN_WAIT1" + more + " CLOSE", sock=sock)
        end(sock, peer)
        sock.close()
    sock, peer = fin_wait1(host)
    walk.peer(peer, path, sock=sock)
    sock.close()
    # It did not acknowledge the FIN, and sends what nobody will read.
    peer.send(PSH | ACK, data=b"late", ack=peer.ack - 1)


@both
def fin_wait2_ends(host, walk):
    """FIN_WAIT2 to CLOSE: RST, abort, timers, late data; full and mini-socket"""
    path = ACTIVE + " FIN_WAIT1 FIN_WAIT2 CLOSE"

    def linger2(value):
        def end(sock, peer):
            sock.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, value)
            sock.close()
        return end

    def mini_reset(sock, peer):
        sock.close()
        peer.reset()

    def mini_late(sock, peer):
        sock.close()
        peer.data()

    def full_orphan(sock, peer):
        # More than 60 s: a full socket waits for what is above that.
        sock.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, 100)
        sock.close()
        peer.data()

    for end in (lambda s, p: p.reset(), lambda s, p: abort(s),
                lambda s, p: connect_to_nobody(s), linger2(-1), linger2(3),
                linger2(100), mini_reset, mini_late, full_orphan):
        sock, peer = fin_wait2(host)
        walk.peer(peer, path, sock=sock)
        end(sock, peer)
        sock.close()
    wait(60)


@both
def simultaneous_close(host, walk):
    """CLOSING: to TIME_WAIT by an ACK; to CLOSE by RST, timeout, abort"""
    host.sysctl("ipv4/tcp_orphan_retries", 1)
    path = ACTIVE + " FIN_WAIT1 CLOSING "

    def orphan(sock, peer):
        sock.close()
        wait(10)

    for end, last in ((lambda s, p: p.send(ACK), "TIME_WAIT CLOSE"),
                      (lambda s, p: p.reset(), "CLOSE"),
                      (lambda s, p: abort(s), "CLOSE"), (orphan, "CLOSE")):
        sock, peer = closing(host)
        walk.peer(peer, path + last, sock=sock)
        end(sock, peer)
        sock.close()


@both
def passive_close(host, walk):
    """CLOSE_WAIT and LAST_ACK, and their ends: ACK, RST, timeout, abort, unread"""
    host.sysctl("ipv4/tcp_orphan_retries", 1)

    def unread(sock, peer):
        sock.close()

    for end in (lambda s, p: p.reset(), lambda s, p: abort(s),
                lambda s, p: connect_to_nobody(s)):
        sock, peer = close_wait(host)
        walk.peer(peer, ACTIVE + " CLOSE_WAIT CLOSE", sock=sock)
        end(sock, peer)
        sock.close()
    sock, peer = active(host)
    walk.peer(peer, ACTIVE + " CLOSE_WAIT CLOSE", sock=sock)
    peer.data()
    peer.fin()
    unread(sock, peer)

    def orphan(sock, peer):
        sock.close()
        wait(10)

    for end in (lambda s, p: p.send(ACK), lambda s, p: p.reset(),
                lambda s, p: abort(s), orphan):
        sock, peer = last_ack(host)
        walk.peer(peer, ACTIVE + " CLOSE_WAIT LAST_ACK CLOSE", sock=sock)
        end(sock, peer)
        sock.close()
    # The same for a socket that was accepted.
    listener = host.listen(host.family)
    walk.listener(listener, "CLOSE LISTEN CLOSE")
    sock, peer = passive(host, listener)
    walk.peer(peer, PASSIVE + " CLOSE_WAIT LAST_ACK CLOSE", sock=sock)
    listener.close()
    peer.fin()
    sock.close()
    peer.take(FIN)
    peer.send(ACK)


@both
def time_wait(host, walk):
    """TIME_WAIT to CLOSE: RST; a SYN that begins the next connection; no room"""
    sock, peer = fin_wait2(host)
    walk.peer(peer, ACTIVE + " FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE", sock=sock)
    peer.fin()
    peer.reset()
    listener = host.listen(host.family)
    walk.listener(listener, "CLOSE LISTEN CLOSE")
    sock, peer = passive(host, listener)
    walk.peer(peer, PASSIVE + " FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE",
              PASSIVE + " CLOSE", sock=sock)
    first = cookie(sock)
    sock.close()
    peer.take(FIN)
    peer.send(ACK)
    peer.fin()
    peer.drain()
    peer.seq += 100000
    peer.connect()
    sock = listener.accept()[0]
    assert cookie(sock) != first, "the new connection has the old one's cookie"
    abort(sock)
    listener.close()
    host.sysctl("ipv4/tcp_max_tw_buckets", 0)
    before = host.nstat()
    sock, peer = fin_wait2(host)
    walk.peer(peer, ACTIVE + " FIN_WAIT1 FIN_WAIT2 CLOSE", sock=sock)
    peer.fin()
    sock, peer = closing(host)
    walk.peer(peer, ACTIVE + " FIN_WAIT1 CLOSING CLOSE", sock=sock)
    peer.send(ACK)
    equal(host.nstat()["TcpExtTCPTimeWaitOverflow"] -
          before["TcpExtTCPTimeWaitOverflow"], 2, "TCPTimeWaitOverflow")


@both
def repair(host, walk):
    """TCP_REPAIR: a connection comes and goes without a packet"""
    sock = host.socket(host.family)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.bind((HOST[host.family], 5000))
    port = next(host.ports)
    sock.connect((PEER[host.family], port))
    walk.peer(End(host, host.family, 5000, port), ACTIVE + " CLOSE", sock=sock)
    sock.close()


# Both ends are the kernel's


def check_ends(family, client, server, close, setup=None):
    path = Path(delay_ms=50)
    with Walk(path.client, path.server) as walk:
        listener = path.listen(family)
        ends = path.connect(listener, family)
        names = [sock.getsockname()[:2] for sock in ends]
        nobody = ("::" if family == 6 else "0.0.0.0", 0)
        walk.expect(listener.getsockname()[:2], nobody, "CLOSE LISTEN CLOSE",
                    sock=listener, inum=path.server.inum)
        listener.close()
        walk.expect(names[0], names[1], f"{ACTIVE} {client} CLOSE",
                    sock=ends[0], inum=path.client.inum)
        walk.expect(names[1], names[0], f"{PASSIVE} {server} CLOSE",
                    sock=ends[1], inum=path.server.inum)
        close(*ends)


def in_turn(client, server):
    client.close()
    wait_closed(server)
    server.close()


def at_once(client, server):
    client.close()
    server.close()


def two_ends():
    """both ends: closed in turn, at once, by a RST; IPv4 and IPv6"""
    for family in (4, 6):
        check_ends(family, "FIN_WAIT1 FIN_WAIT2 TIME_WAIT",
                   "CLOSE_WAIT LAST_ACK", in_turn)
        check_ends(family, "FIN_WAIT1 CLOSING TIME_WAIT",
                   "FIN_WAIT1 CLOSING TIME_WAIT", at_once)
        check_ends(family, "", "", lambda client, server: abort(client))


def two_crossed():
    """both ends: connect() at once, SYNs that cross; then closed at once, too"""
    for family in (4, 6):
        path = Path(delay_ms=50)
        with Walk(path.client, path.server) as walk:
            ends = [path.socket(family, end=end)
                    for end in (path.client, path.server)]
            names = [(address, 6000) for address in path.ADDR[family]]
            for sock, name in zip(ends, names):
                sock.setblocking(False)
                sock.bind(name)
            for sock, name in zip(ends, reversed(names)):
                sock.connect_ex(name)
            wait(1)
            for sock, here, there, end in zip(ends, names, reversed(names),
                                              (path.client, path.server)):
                equal(state(sock), "ESTABLISHED", "state")
                walk.expect(here, there, CROSSED + " ESTABLISHED FIN_WAIT1 "
                            "CLOSING TIME_WAIT CLOSE", sock=sock, inum=end.inum)
            at_once(*ends)


def dual_stack():
    """IPv4 at an IPv6 listener: the connection is IPv4's from beginning to end"""
    path = Path()
    with Walk(path.client, path.server) as walk:
        with path.server:
            listener = socket.socket(socket.AF_INET6)
        listener.bind(("::", 5000))
        listener.listen()
        walk.expect(("::", 5000), ("::", 0), "CLOSE LISTEN CLOSE",
                    sock=listener, inum=path.server.inum)
        client, server = path.connect(listener, 4)
        listener.close()
        here, there = (path.ADDR[4][0], client.getsockname()[1]), \
            (path.ADDR[4][1], 5000)
        walk.expect(here, there, ACTIVE + " FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE",
                    sock=client, inum=path.client.inum)
        walk.expect(there, here, PASSIVE + " CLOSE_WAIT LAST_ACK CLOSE",
                    sock=server, inum=path.server.inum)
        in_turn(client, server)


def multipath():
    """MPTCP: what walks is the subflow, a TCP socket; the rest makes no events"""
    path = Path()
    for family in (4, 6):
        with Walk(path.client, path.server) as walk:
            try:
                with path.server:
                    listener = socket.socket(AF[family], socket.SOCK_STREAM,
                                             IPPROTO_MPTCP)
            except OSError:
                raise Skip("this kernel has no MPTCP")
            for end in (path.client, path.server):
                end.sysctl("mptcp/enabled", 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((path.ADDR[family][1], 5000))
            listener.listen()
            with path.client:
                client = socket.socket(AF[family], socket.SOCK_STREAM,
                                       IPPROTO_MPTCP)
            client.connect((path.ADDR[family][1], 5000))
            server = listener.accept()[0]
            client.send(b"x")
            equal(server.recv(1), b"x", "data")
            names = [sock.getsockname()[:2] for sock in (client, server)]
            nobody = ("::" if family == 6 else "0.0.0.0", 0)
            walk.expect(names[1], nobody, "CLOSE LISTEN CLOSE",
                        inum=path.server.inum)
            walk.expect(*names, ACTIVE + " FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE",
                        inum=path.client.inum)
            walk.expect(*reversed(names),
                        PASSIVE + " CLOSE_WAIT LAST_ACK CLOSE",
                        inum=path.server.inum)
            listener.close()
            in_turn(client, server)


def every_edge():
    """the edges that were walked are those of the table: none missing, none more"""
    if sys.argv[1:]:
        raise Skip("only some of the walks were chosen")
    equal(sorted(EDGES - seen), [], "edges that nobody walked")
    equal(sorted(seen - EDGES), [], "edges that are not in the table")


run(listening, connecting, connecting_again, unsent, crossing, requests,
    syn_cookies, fast_open, established, active_close, fin_wait1_ends,
    fin_wait2_ends, simultaneous_close, passive_close, time_wait, repair,
    two_ends, two_crossed, dual_stack, multipath, every_edge)
