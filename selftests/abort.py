#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How connections end otherwise: thrown away, given up, killed."""

import errno
import socket
import struct

from lucid import (ACK, FIN, RST, SYN, Path, Skip, Trace, connect_to_nobody,
                   equal, run, sh, wait)
from peer import PEER, Host, Peer
from closing import Conn, Watch, both, brief, same_segment

TCP_LINGER2, TCP_USER_TIMEOUT, TCP_REPAIR = 8, 18, 19
IPPROTO_MPTCP = 262
TCP_FASTOPEN = 23


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
    """connect() to AF_UNSPEC: ABORT; the socket's second life may end well"""
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"unacknowledged")
    connect_to_nobody(conn.sock)
    events = conn.expect("ENDED ABORT DISCONNECT ESTABLISHED",
                         "RST_SENT DISCONNECT ESTABLISHED")
    equal([(e.unacked, e.orphan) for e in events], [(14, 0)] * 2,
          "unacked, orphan")
    same_segment(events[1], conn.until(RST), "RST")
    conn.sock.setblocking(False)
    conn.sock.connect_ex((PEER[family], 5001))
    syn = host.receive(lambda p: p.flags == SYN)
    conn.peer = Peer(host, family, port=syn.sport, sport=5001)
    conn.peer.ack = syn.seq + 1
    conn.peer.send(SYN | ACK)
    conn.peer.seq += 1
    conn.fin()
    conn.sock.close()
    conn.ack_fin()
    conn.expect("FIN_RECEIVED ESTABLISHED", "APP_CLOSE CLOSE CLOSE_WAIT",
                "FIN_SENT CLOSE LAST_ACK", "FIN_ACKED LAST_ACK",
                "ENDED CLEAN_PASSIVE LAST_ACK", what="the second life")


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
def retransmissions(host, family, watch):
    """retransmissions exhausted: TIMEOUT; what was never acknowledged, and err"""
    host.sysctl("ipv4/tcp_retries2", 3)
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"into the void")
    wait(10)
    event = conn.expect("ENDED TIMEOUT RETRANS ESTABLISHED")[0]
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
                        "ENDED TIMEOUT RETRANS FIN_WAIT1")[2]
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
    conn.shut_window()
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
    conn.shut_window()
    conn.sock.sendall(b"no room")
    wait(20)
    event = conn.expect("ENDED TIMEOUT ZERO_WINDOW ESTABLISHED")[0]
    equal((event.unsent, event.unacked, event.probes), (7, 0, 3),
          "unsent, unacked, probes")
    conn = Conn(host, family, watch)
    conn.sock.sendall(b"taken back")
    conn.shut_window()
    wait(600)
    event = conn.expect("ENDED TIMEOUT ZERO_WINDOW ESTABLISHED",
                        what="taken back")[0]
    equal((event.unsent, event.unacked), (0, 10), "unsent, unacked")


@both
def icmp(host, family, watch):
    """an ICMP error ends a connection only before it is one: in SYN_RECV"""
    # With Fast Open there is a socket before the handshake is over.
    host.sysctl("ipv4/tcp_fastopen", 0x202)
    listener = host.listen(family)
    listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 5)
    peer = Peer(host, family)
    synack = peer.syn(data=b"early")
    host.icmp(family, synack, *((3, 3) if family == 4 else (1, 4)))
    equal([brief(e) for e in watch.read(dport=peer.sport)],
          ["ENDED ICMP ICMP SYN_RECV"], "events")
    listener.close()


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


def mptcp_socket(netns):
    with netns:
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)


def mptcp_listen(path):
    """A listener; MPTCP is enabled at both ends. What else is set for it counts for
    sockets that are made after that."""
    try:
        listener = mptcp_socket(path.server)
    except OSError as why:
        raise Skip("this kernel has no MPTCP") from why
    for end in (path.client, path.server):
        end.sysctl("mptcp/enabled", 1)
        end.sh("ip mptcp limits set subflows 2")
    listener.bind((path.ADDR[4][1], 5000))
    listener.listen()
    return listener


def mptcp_connect(path, listener, client):
    """Connect, and send until both ends know that the other has MPTCP."""
    client.connect((path.ADDR[4][1], 5000))
    server = listener.accept()[0]
    for sender, receiver in ((client, server), (server, client)) * 2:
        sender.send(b"x")
        equal(receiver.recv(1), b"x", "data")
    return server


def fastclose():
    """MPTCP throws its subflows away when it is closed with data unread: MPTCP"""
    path = Path()
    listener, client = mptcp_listen(path), mptcp_socket(path.client)
    with Watch(path.server) as watch:
        server = mptcp_connect(path, listener, client)
        client.send(bytes(1000))
        wait(1)
        server.close()
        wait(1)
        equal([brief(e) for e in watch.read() if e.what in ("RST_SENT", "ENDED")],
              ["RST_SENT MPTCP ESTABLISHED",
               "ENDED RST_BY_US MPTCP ESTABLISHED"], "the subflow")
    for sock in (client, listener):
        sock.close()


def clean_subflow():
    """MPTCP closes its subflows when its connection is over: MPTCP, no shutdown()"""
    path = Path()
    listener, client = mptcp_listen(path), mptcp_socket(path.client)
    with Watch(path.server) as watch:
        server = mptcp_connect(path, listener, client)
        client.close()
        equal(server.recv(10), b"", "end of file")
        server.close()
        wait(1)
        equal([(e.what, e.why) for e in watch.read()
               if e.what in ("APP_SHUTDOWN", "FIN_SENT")],
              [("FIN_SENT", "MPTCP")], "the subflow")
    listener.close()


def fallen_back():
    """MPTCP that talks to a peer without it passes shutdown() on"""
    path = Path()
    mptcp_listen(path).close()
    listener, client = path.listen(port=5001), mptcp_socket(path.client)
    with Watch(path.client) as watch:
        client.connect((path.ADDR[4][1], 5001))
        server = listener.accept()[0]
        client.send(b"x")
        equal(server.recv(10), b"x", "data")
        server.send(b"y")
        equal(client.recv(10), b"y", "data")
        client.shutdown(socket.SHUT_WR)
        wait(1)
        equal([(e.what, e.why) for e in watch.read()],
              [("APP_SHUTDOWN", "SHUT_WR"), ("FIN_SENT", "SHUTDOWN"),
               ("FIN_ACKED", "-")], "events")
    for sock in (client, server, listener):
        sock.close()


def subflow():
    """MPTCP throws a subflow away whose SYN-ACK has lost its option: MPTCP"""
    path = Path()
    listener = mptcp_listen(path)
    path.client.sh("ip addr add 10.0.1.2/24 dev c0;"
                   " ip mptcp endpoint add 10.0.1.2 dev c0 subflow")
    path.router.sh("nft -f -", stdin="""table ip t { chain f {
        type filter hook forward priority 0;
        ip daddr 10.0.1.2 tcp flags & (syn | ack) == syn | ack \\
            reset tcp option mptcp; }; }""")
    client = mptcp_socket(path.client)
    with Watch(path.client) as watch:
        server = mptcp_connect(path, listener, client)
        wait(1)
        equal([brief(e) for e in watch.read(saddr="::ffff:10.0.1.2")],
              ["RST_SENT MPTCP ESTABLISHED",
               "ENDED RST_BY_US MPTCP ESTABLISHED"], "the subflow")
    for sock in (client, server, listener):
        sock.close()


run(unread, linger0, linger2, disconnect, repair, listener_closed,
    retransmissions, keepalive, user_timeout, zero_window, icmp, killed,
    orphans, namespace, subflow, clean_subflow, fallen_back,
    fastclose)
