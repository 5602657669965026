#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How connections close with FINs, at both ends, step by step."""

import os
import socket

from lucid import ACK, FIN, PSH, Path, cookie, equal, run, wait, wait_closed
from peer import PEER, Peer
from closing import U32, Conn, Watch, both, brief, same_segment


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
    # One segment that acknowledges our FIN and is the peer's.
    conn = Conn(host, family, watch)
    conn.sock.close()
    conn.until(FIN)
    conn.new()
    conn.fin()
    conn.expect("FIN_ACKED FIN_WAIT1", "FIN_RECEIVED FIN_WAIT2",
                "ENDED CLEAN_ACTIVE FIN_WAIT2", what="in one segment")


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
def said_early(host, family, watch):
    """shutdown() before a Fast Open handshake is over is told once, as it was said"""
    host.sysctl("ipv4/tcp_fastopen", 0x202)
    listener = host.listen(family)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    peer = Peer(host, family)
    peer.syn(data=b"early")
    peer.seq += 5
    sock = listener.accept()[0]
    equal(sock.recv(10), b"early", "data")
    sock.shutdown(socket.SHUT_RDWR)
    peer.final_ack()
    equal([brief(e) for e in watch.read(dport=peer.sport)],
          ["APP_SHUTDOWN SHUT_RDWR SYN_RECV", "FIN_SENT SHUTDOWN FIN_WAIT1"],
          "events")
    sock.close()
    listener.close()


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
    equal(conn.until(PSH).len, 10, "data after their FIN")
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
def fin_wait2(host, family, watch):
    """the peer never closes: HALF, after tcp_fin_timeout, short or long"""
    # What is beyond 60 s the kernel waits for twice, and nothing else.
    for timeout, seconds in ((5, 5), (70, 20)):
        host.sysctl("ipv4/tcp_fin_timeout", timeout)
        conn = Conn(host, family, watch)
        conn.sock.close()
        conn.ack_fin()
        start = conn.new()[-1].time
        wait(90)
        event = conn.expect("ENDED HALF FIN_WAIT2 FIN_WAIT2 (TIME_WAIT)")[0]
        took = event.time - start
        assert seconds <= took <= seconds * 9 / 8 + 1, \
            f"{took} s at a timeout of {timeout}"


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


def check_path(family):
    path = Path(delay_ms=10)
    with Watch(path.client, path.server) as watch:
        client, server = path.pair(family)
        names = cookie(client), cookie(server)
        client.sendall(bytes(50000))
        client.close()
        wait_closed(server)
        # The server's ACK is on its way, without a FIN.
        wait(0.1)
        server.close()
        wait(1)
        told = [[brief(e) for e in watch.read(cookie=name)] for name in names]
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


run(active, passive, simultaneous, said_early, half_ours, half_theirs,
    shutdown_then_close, exits, fin_wait2, overflow, both_ends)
