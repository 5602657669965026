#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every RST: whose it is, in which state, and why."""

import errno
import socket
import struct

from lucid import ACK, FIN, RST, SYN, TRACEFS, cookie, equal, run, wait
from peer import HOST, PEER, Peer
from closing import U32, Conn, both, brief, same_segment


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
    listener = host.listen(family, 4)

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
    for _ in range(4):
        Peer(host, family).connect()
    last, late = Peer(host, family), Peer(host, family)
    last.syn()
    late.syn()
    last.final_ack()
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
    # A kernel that does not say why has us say what it nearly always is.
    with open(f"{TRACEFS}/events/tcp/tcp_send_reset/format") as file:
        why = "PAWS" if "reason" in file.read() else "BAD_ACK"
    equal(brief(event), f"RST_SENT {why} SYN_SENT", "the timestamp is bad")
    equal(len(watch.read(cookie=cookie(sock))), 2, "RSTs")
    peer.send(RST | ACK, ack=syn.seq + 1)
    equal(brief(watch.read(cookie=cookie(sock))[-1]), "RST_RECEIVED SYN_SENT",
          "refused in the end")
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
def flood(host, family, watch):
    """RSTs for anybody's segments: some are told, the rest counted, none lost"""
    host.sysctl("ipv4/tcp_lucid/syn_event_rate", 10)
    for _ in range(200):
        Peer(host, family, port=5999).send(SYN, ack=0)
    wait(3)
    shown = len(watch.read(what="RST_SENT"))
    assert 10 <= shown <= 40, f"{shown} RSTs were told of"


run(rst_received, rst_received_mini, rst_embryo, rst_nobody, rst_handshake,
    data_after_close, flood)
