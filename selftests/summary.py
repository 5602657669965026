#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The summary of a connection: everything that was counted, in one event."""

import errno
import socket
import struct
import threading

from lucid import (ACK, FIN, RST, SYN, Capture, Flow, Path, Trace, cookie,
                   equal, near, run, sh, tcp_info, wait, wait_closed)
from peer import PEER, Host, Peer

TCP_FASTOPEN = 23
# Of what TCP_INFO tells, what the event has under the same name.
COUNTED = ("resent", "bytes_acked", "bytes_received", "segs_out", "segs_in",
           "min_rtt_us", "data_segs_in", "data_segs_out", "busy_us",
           "rwnd_limited_us", "sndbuf_limited_us", "bytes_sent", "dsack_dups",
           "reordered", "out_of_order")
BY_CAUSE = ("resent_rto", "resent_fast", "resent_tlp", "resent_other")


def both(test):
    """The same over IPv4 and IPv6."""
    def wrapped():
        for family in (4, 6):
            try:
                test(family)
            except AssertionError as why:
                raise AssertionError(f"IPv{family}: {why}") from None
    wrapped.__doc__, wrapped.__name__ = test.__doc__, test.__name__
    return wrapped


def the(trace, number):
    """The one summary of a connection."""
    found = trace.read("summary", cookie=number)
    equal(len(found), 1, f"summaries of {number}")
    return found[0]


def same(event, before, **more):
    """All that TCP_INFO knew before, and what the closing has added to it."""
    want = {name: before[name] + more.get(name, 0) for name in COUNTED}
    # A FIN is outstanding for a round trip, and that is busy.
    near(event.busy_us, want.pop("busy_us"), 25000, f"{event.role}: busy")
    # The FIN's round trip may be the shortest, by some microseconds.
    shortest = want.pop("min_rtt_us")
    assert shortest - 50 <= event.min_rtt_us <= shortest, \
        f"{event.role}: min_rtt_us {event.min_rtt_us}, was {shortest}"
    equal({name: event[name] for name in want}, want, f"{event.role}")


@both
def counted(family):
    """what the socket counted, as TCP_INFO had it, and what the FINs added"""
    path = Path(delay_ms=10, rate="20mbit", limit=30)
    with Trace("summary", "state") as trace, \
            Capture(path.client, "c0") as capture:
        client, server = path.pair(family)
        numbers = cookie(client), cookie(server)
        # More than two buffers hold, of some kernels: it is read meanwhile.
        reader = threading.Thread(target=wait_closed, args=(server,))
        reader.start()
        client.sendall(bytes(300000))
        client.shutdown(socket.SHUT_WR)
        reader.join()
        server.sendall(bytes(5000))
        wait(1)
        mine, its = tcp_info(client), tcp_info(server)
        server.close()
        wait(1)
        active, passive = (the(trace, number) for number in numbers)
        client.close()
        packets = capture.read()
        states = {e.newstate: e.time
                  for e in trace.read("state", cookie=numbers[0])}
    # The client: a FIN came, an ACK went. The server the other way round.
    same(active, mine, bytes_received=1, segs_in=1, segs_out=1)
    same(passive, its, bytes_acked=1, segs_in=1, segs_out=1)
    equal((active.role, active.state, active.verdict),
          ("ACTIVE", "FIN_WAIT2", "CLEAN_ACTIVE"), "client")
    equal((passive.role, passive.state, passive.verdict),
          ("PASSIVE", "LAST_ACK", "CLEAN_PASSIVE"), "server")
    out = [p for p in packets if p.dport == 5000]
    equal((active.segs_out, active.segs_in),
          (len(out), len(packets) - len(out)), "segments on the wire")
    equal(active.bytes_sent, sum(p.len for p in out), "payload on the wire")
    near(active.duration_us, (states["TIME_WAIT"] - states["SYN_SENT"]) * 1e6,
         300, "duration")
    for event in active, passive:
        near(event.handshake_rtt_us, 20000, 500, "round trip of the handshake")
        equal(sum(event[name] for name in BY_CAUSE), event.resent,
              "sent again, by cause")
    assert active.resent > 0, "nothing was lost: it proves nothing"


@both
def causes(family):
    """what was sent again by cause, as the retransmit events tell it"""
    path = Path(delay_ms=10, rate="20mbit", limit=100, loss="loss 3%")
    before = path.client.nstat()
    with Trace("summary", "retransmit") as trace:
        with Flow(path, "cubic", family, size=2000000) as flow:
            path.drop(f"{'ip' if family == 4 else 'ip6'} saddr"
                      f" {path.ADDR[family][0]}")
            wait(1)
            path.undrop()
            flow.finish()
        wait(2)
        event = the(trace, flow.cookie)
        sent = trace.read("retransmit", cookie=flow.cookie)
    # The path may well lose the SYN: that is the handshake's.
    syns = [e for e in sent if e.reason == "SYN"]
    equal(event.handshake_resent, len(syns), "SYNs sent again")
    by = dict.fromkeys(BY_CAUSE, 0)
    for e in sent:
        if e in syns:
            continue
        kind = {"RTO": "rto", "AFTER_RTO": "rto", "TLP": "tlp",
                "FAST": "fast", "FAST_TIMER": "fast",
                "RECOVERY": "fast"}.get(e.reason, "other")
        by[f"resent_{kind}"] += e.segs
    equal({name: event[name] for name in by}, by, "sent again, by cause")
    after = path.client.nstat()
    equal(event.resent, after["TcpRetransSegs"] - before["TcpRetransSegs"],
          "TcpRetransSegs")
    assert by["resent_rto"] and by["resent_fast"], by


def handshake():
    """a SYN and a SYN-ACK that were sent again are counted, and the time they took"""
    path = Path(delay_ms=10)
    listener = path.listen()
    with Trace("summary") as trace:
        path.drop("tcp flags & (syn|ack) == syn")
        client = path.socket()
        client.setblocking(False)
        client.connect_ex((path.ADDR[4][1], 5000))
        wait(0.5)
        path.undrop()
        wait(0.6)
        path.drop("ip saddr 10.0.1.1")
        wait(0.1)
        path.undrop()
        server = listener.accept()[0]
        numbers = cookie(client), cookie(server)
        client.close()
        server.close()
        wait(1)
        active, passive = (the(trace, number) for number in numbers)
    equal(active.handshake_resent, 1, "SYNs sent again")
    assert active.duration_us > 1000000, f"{active.duration_us} us"
    equal((active.resent, passive.handshake_resent), (1, 0), "the others")
    listener.close()


def crossed():
    """after a simultaneous open the role is BOTH"""
    with Host() as host, Trace("summary") as trace:
        sock = host.socket(4)
        sock.setblocking(False)
        sock.connect_ex((PEER[4], 5000))
        syn = host.receive()
        peer = Peer(host, 4, port=syn.sport, sport=5000)
        peer.send(SYN, b"\x02\x04\x05\x00", ack=0)
        peer.ack = peer.receive().seq + 1
        peer.send(SYN | ACK, b"\x02\x04\x05\x00")
        number = cookie(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.close()
        wait(0.1)
        event = the(trace, number)
    equal((event.role, event.state, event.verdict),
          ("BOTH", "ESTABLISHED", "ABORT"), "role, state, verdict")


def limits():
    """how long the peer's window held the sender back, as TCP_INFO has it"""
    path = Path(delay_ms=10)
    with Trace("summary") as trace:
        client, server = path.pair()
        number = cookie(client)
        client.setblocking(False)
        # Until the server's window is full, and then 3 s more.
        for _ in range(40):
            try:
                while True:
                    client.send(bytes(65536))
            except BlockingIOError:
                wait(0.1)
        server.setblocking(False)
        try:
            while server.recv(1 << 20) or True:
                wait(0.05)
        except BlockingIOError:
            pass
        wait(2)
        before = tcp_info(client)
        client.close()
        server.close()
        wait(1)
        event = the(trace, number)
    assert before["rwnd_limited_us"] > 2000000, before
    equal(event.rwnd_limited_us, before["rwnd_limited_us"], "rwnd_limited")
    near(event.busy_us, before["busy_us"], 25000, "busy")


def largest():
    """the largest window, as the control's own events tell it"""
    path = Path(delay_ms=20, rate="20mbit", limit=60)
    with Trace("summary", "window") as trace:
        with Flow(path, "lucid", size=4000000) as flow:
            flow.finish()
        wait(1)
        event = the(trace, flow.cookie)
        windows = [e["cwnd"] for e in trace.read("window", cookie=flow.cookie)]
    assert max(windows) > event["cwnd"], "the window never was reduced"
    equal(event.cwnd_max, max(windows), "largest window")


def not_known():
    """of a connection that was there before, what only watching tells is 0"""
    path = Path(delay_ms=10)
    client, server = path.pair()
    number = cookie(client)
    client.sendall(bytes(10000))
    wait(0.5)
    before = tcp_info(client)
    with Trace("summary") as trace:
        client.close()
        server.close()
        wait(1)
        event = the(trace, number)
    equal((event.role, event.duration_us, event.handshake_rtt_us),
          ("UNKNOWN", 0, 0), "role, duration, round trip of the handshake")
    equal(event.bytes_sent, before["bytes_sent"], "bytes_sent")
    equal(event.min_rtt_us, before["min_rtt_us"], "min_rtt_us")


def interrupted():
    """if nobody listened for a while, what only watching tells is 0, too"""
    path = Path(delay_ms=10)
    with Trace("summary", "state") as trace:
        on = f"{trace.dir}/events/tcp_lucid/summary/enable"
        whole, client = path.pair(port=6000), path.pair()
        number = cookie(client[0])
        whole[0].close()
        whole[1].close()
        wait(1)
        equal({e.role for e in trace.read("summary")}, {"ACTIVE", "PASSIVE"},
              "roles of the one that was watched")
        sh(f"echo 0 > {on}")
        path.drop("ip saddr 10.0.1.1")
        client[0].sendall(bytes(100))
        wait(1)
        path.undrop()
        wait(2)
        sh(f"echo 1 > {on}")
        before = tcp_info(client[0])
        client[0].close()
        client[1].close()
        wait(1)
        event = the(trace, number)
    assert before["resent"], "nothing was sent again"
    equal((event.role, event.duration_us, event.resent),
          ("UNKNOWN", 0, before["resent"]), "role, duration, sent again")
    equal(sum(event[cause] for cause in BY_CAUSE), 0, "by cause")


def early_close():
    """a Fast Open server that closes before the handshake is over has all in it"""
    for crossing in (False, True):
        with Host() as host:
            host.sysctl("ipv4/tcp_fastopen", 0x202)
            with Trace("summary") as trace:
                if crossing:
                    sock = host.socket(4)
                    sock.setblocking(False)
                    sock.connect_ex((PEER[4], 5000))
                    peer = Peer(host, 4, port=host.receive().sport, sport=5000)
                    peer.send(SYN, ack=0)
                    peer.ack = peer.receive().seq + 1
                else:
                    listener = host.listen(4)
                    listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 5)
                    peer = Peer(host, 4)
                    peer.syn(data=b"early")
                    peer.seq += 5
                    sock = listener.accept()[0]
                    equal(sock.recv(10), b"early", "data")
                number = cookie(sock)
                wait(0.5)
                sock.close()
                peer.seq += 1
                peer.ack += 1
                peer.send(ACK | FIN)
                wait(1)
                event = the(trace, number)
            equal((event.role, event.verdict),
                  ("BOTH" if crossing else "PASSIVE", "CLEAN_ACTIVE"), "event")
            near(event.duration_us, 500000, 50000, "duration")


def reset_early():
    """a Fast Open connection that is reset in the handshake was one: it has its end"""
    for banner in (b"", b"banner"):
        with Host() as host:
            host.sysctl("ipv4/tcp_fastopen", 0x202)
            listener = host.listen(4)
            listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 5)
            with Trace("summary", "close", "connect_failed") as trace:
                peer = Peer(host, 4)
                # It asks for a cookie, and has no data.
                peer.syn(b"\x22\x02")
                sock = listener.accept()[0]
                sock.send(banner)
                peer.send(RST, seq=peer.seq + 1)
                wait(0.5)
                equal([e.get("verdict") or e.name for e in trace.read()
                       if e.name != "close" or e.what == "ENDED"],
                      ["RST_BY_PEER"] * 2, f"after {banner}")
            sock.close()
            listener.close()


def not_a_connection():
    """a listener and a connect() that fails have no summary, and no end is told"""
    path = Path()
    with Trace("summary") as trace:
        listener = path.listen()
        listener.close()
        sock = path.socket()
        equal(sock.connect_ex((path.ADDR[4][1], 5000)), 111, "connect()")
        sock.close()
        equal(trace.read(), [], "summaries")
    with Host() as host, Trace("summary", "close", "connect_failed") as trace:
        sock = host.socket(4)
        sock.setblocking(False)
        sock.connect_ex((PEER[4], 5000))
        peer = Peer(host, 4, port=host.receive().sport, sport=5000)
        # The other end's SYN crosses ours, and is taken back.
        peer.send(SYN, ack=0)
        peer.send(RST, seq=peer.seq + 1)
        sock.close()
        equal([e.get("what") or e.name for e in trace.read()],
              ["RST_RECEIVED", "connect_failed"], "a simultaneous open")


def second_life():
    """a socket that connects again ends as its second life does, not its first"""
    path = Path()
    with Trace("summary") as trace:
        for family in (4, 6):
            sock = path.socket(family)
            address = path.ADDR[family][1], 5000
            equal(sock.connect_ex(address), errno.ECONNREFUSED, "connect()")
            listener = path.listen(family)
            sock.connect(address)
            server = listener.accept()[0]
            listener.close()
            server.close()
            wait_closed(sock)
            number = cookie(sock)
            sock.close()
            wait(0.5)
            equal(the(trace, number).verdict, "CLEAN_PASSIVE", "verdict")


def forgotten():
    """accounts outlive their listeners and the module takes them along"""
    path = Path(cc="reno")
    with Trace("summary"):
        pairs = [path.pair(port=6000 + n) for n in range(50)]
    for end in pairs[0]:
        end.close()
    wait(1)
    sh("rmmod tcp_lucid && modprobe tcp_lucid")
    with Trace("summary") as trace:
        client, server = pairs[1]
        number = cookie(client)
        client.close()
        wait_closed(server)
        server.close()
        wait(1)
        equal(the(trace, number).role, "UNKNOWN", "role")
    for pair in pairs[2:]:
        for end in pair:
            end.close()


run(counted, causes, handshake, crossed, limits, largest, not_known,
    interrupted, early_close, reset_early, not_a_connection, second_life, forgotten)
