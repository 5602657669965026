#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a transfer goes through: why a segment is sent again, reductions that
were needless, reordering. The far end is made by hand; counts are nstat's."""

import errno
import re
import socket
import struct

from lucid import (ACK, SYN, FIN, TRACEFS, Path, RawTrace, Skip, Trace, cookie, equal,
                   run, wait)
from peer import HOST, PEER, Receiver, both, segment

SO_MAX_PACING_RATE = 47
MSG_FASTOPEN = 0x20000000


class Watch:
    """Inside a "with": a transfer's events, and what the kernel counted."""

    def __init__(self, host, *events):
        self.host = host
        self.trace = Trace(*(events or ("retransmit", "fast_retransmit",
                                        "retransmit_failed", "spurious",
                                        "reordering")))

    def __enter__(self):
        self.trace.__enter__()
        self.before = self.host.nstat()
        return self

    def __exit__(self, *args):
        self.trace.__exit__(*args)

    def read(self, name=None, **match):
        return self.trace.read(name, netns=self.host.inum, **match)

    def counted(self, *names):
        """What counters have gained."""
        after = self.host.nstat()
        return [after[name] - self.before[name] for name in names]

    def resent(self, peer):
        """(reason, segment number, attempt) of what was sent again."""
        events = self.read("retransmit")
        equal(sum(e.segs for e in events), self.counted("TcpRetransSegs")[0],
              "TcpRetransSegs")
        return [(e.reason, (e.seq - peer.first) // peer.len, e.attempt)
                for e in events]


# Why it is sent again


@both
def fast(host, family):
    """SACK: the first of a recovery is FAST, the others are RECOVERY"""
    peer = Receiver(host, family)
    peer.warm()
    with Watch(host) as watch:
        peer.write(10)
        for end in (2, 3, 4):
            peer.acknowledge(0, (1, end))
        equal([p.seq for p in peer.collect()], [peer.at(0)], "on the wire")
        # Number 5 is missing, too.
        for end in (7, 8, 9):
            peer.acknowledge(0, (6, end), (1, 5))
        peer.collect()
        peer.acknowledge(10)
        equal(watch.resent(peer), [("FAST", 0, 1), ("RECOVERY", 5, 1)],
              "sent again")
        equal(watch.counted("TcpExtTCPFastRetrans", "TcpExtTCPSackRecovery"),
              [2, 1], "TCPFastRetrans, TCPSackRecovery")
    peer.close()


@both
def fast_dupacks(host, family):
    """without SACK: FAST_DUPACKS on the third duplicate, then RECOVERY"""
    peer = Receiver(host, family, sack=False)
    peer.warm()
    with Watch(host) as watch:
        peer.write(10)
        for _ in range(2):
            peer.acknowledge(0)
        equal(peer.collect(), [], "after two duplicates")
        peer.acknowledge(0)
        peer.collect()
        peer.acknowledge(5)
        peer.collect()
        peer.acknowledge(10)
        equal(watch.resent(peer), [("FAST_DUPACKS", 0, 1), ("RECOVERY", 5, 1)],
              "sent again")
        equal(watch.counted("TcpExtTCPFastRetrans", "TcpExtTCPRenoRecovery"),
              [2, 1], "TCPFastRetrans, TCPRenoRecovery")
    peer.close()


@both
def fast_timer(host, family):
    """too few SACKs to be sure: the reordering timer sends it, FAST_TIMER"""
    peer = Receiver(host, family)
    peer.warm()
    with Watch(host) as watch:
        peer.write(5)
        wait(0.02)
        peer.acknowledge(0, (1, 2))
        peer.collect(0.1)
        peer.acknowledge(5)
        equal(watch.resent(peer), [("FAST_TIMER", 0, 1)], "sent again")
        equal(watch.read("fast_retransmit")[0].how, "began: REORDER_TIMER",
              "recovery")
    peer.close()


@both
def timers(host, family):
    """no ACK: TLP of the last, RTO of the first, once more, then the others"""
    peer = Receiver(host, family)
    peer.warm(probes=True)
    with Watch(host) as watch:
        peer.write(3)
        peer.collect(0.15)
        peer.collect(0.35)
        peer.collect(0.6)
        peer.acknowledge(1)
        peer.collect()
        peer.acknowledge(3)
        sent = watch.resent(peer)
        equal([s[:2] for s in sent][:3], [("TLP", 2), ("RTO", 0), ("RTO", 0)],
              "sent again")
        equal([s[2] for s in sent][:3], [1, 1, 2], "attempts")
        equal({s[0] for s in sent[3:]}, {"AFTER_RTO"}, "the rest")
        equal(watch.counted("TcpExtTCPLossProbes", "TcpExtTCPTimeouts",
                            "TcpExtTCPSlowStartRetrans"),
              [1, 2, len(sent) - 3],
              "TCPLossProbes, TCPTimeouts, TCPSlowStartRetrans")
    peer.close()


@both
def zero_window(host, family):
    """the peer takes its window back: ZERO_WINDOW, no timeout, however often"""
    peer = Receiver(host, family)
    peer.warm()
    with Watch(host) as watch:
        peer.write(4)
        peer.acknowledge(1, window=0)
        peer.collect(0.5)
        peer.collect(0.8)
        sent = watch.resent(peer)
        assert len(sent) >= 2, sent
        equal(sent, [("ZERO_WINDOW", 1, i + 1) for i in range(len(sent))],
              "sent again")
        equal(watch.counted("TcpExtTCPTimeouts"), [0], "TCPTimeouts")
        peer.acknowledge(1)
        peer.collect()
    peer.close()


def all_again(peer, watch):
    """What was sent again when all of six segments has been, and is counted."""
    peer.collect()
    again = watch.read("retransmit")
    # Only so many have room; the others wait for ACKs and go likewise.
    for _ in range(20):
        last = again[-1].seq + again[-1].len & 0xffffffff
        if last == peer.at(6):
            break
        peer.send(ACK, ack=last)
        peer.collect()
        again = watch.read("retransmit")
    equal(last, peer.at(6), "all of it went again")
    equal(sum(e.segs for e in again), watch.counted("TcpRetransSegs")[0],
          "TcpRetransSegs")
    return again


@both
def resize(host, family):
    """ICMP says a packet was too large: all that are go again, RESIZE"""
    mtu = 1300
    room = mtu - {4: 40, 6: 60}[family]
    peer = Receiver(host, family, mss=1400)
    peer.warm()
    with Watch(host) as watch:
        sent = peer.write(6)
        equal([p.len for p in sent], [1400] * 6, "packets")
        host.icmp(family, sent[0], *{4: (3, 4), 6: (2, 0)}[family], mtu)
        again = all_again(peer, watch)
        equal({e.reason for e in again}, {"RESIZE"}, "reasons")
        assert all(e.len <= room * e.segs for e in again), again
        equal(watch.counted("TcpExtTCPTimeouts"), [0], "TCPTimeouts")
        peer.acknowledge(6)
    peer.close()


@both
def resize_late(host, family):
    """ICMP that answers what a timer sent again: RESIZE from there on, nothing else"""
    for timer, number in (("RTO", 0), ("TLP", 5)):
        peer = Receiver(host, family, mss=1400)
        peer.warm(probes=timer == "TLP")
        with Watch(host) as watch:
            peer.write(6)
            sent = []
            while not sent:
                sent = peer.collect()
            equal([(e.reason, e.seq) for e in watch.read("retransmit")],
                  [(timer, peer.at(number))], "by the timer")
            host.icmp(family, sent[0], *{4: (3, 4), 6: (2, 0)}[family], 1300)
            again = all_again(peer, watch)
            equal([e.reason for e in again],
                  [timer] + ["RESIZE"] * (len(again) - 1), "reasons")
            equal(watch.counted("TcpExtTCPTimeouts", "TcpExtTCPLossProbes"),
                  [int(timer == "RTO"), int(timer == "TLP")],
                  "TCPTimeouts, TCPLossProbes")
            peer.acknowledge(6)
        peer.close()
        # The host has learned the path's MTU.
        host.netns.sh("ip route flush cache; ip -6 route flush cache")


def resize_in_use():
    """ICMP that comes while its socket is in use is put off, and RESIZE too"""
    path = Path()
    # The router answers within the call that sends.
    path.router.sh("tc qdisc del dev rc root")
    for family in (4, 6):
        with Trace("retransmit") as trace:
            client, server = path.pair(family)
            path.router.sh("ip link set rs mtu 1300")
            path.server.sh("ip link set s0 mtu 1300")
            client.sendall(bytes(10000))
            wait(1)
            equal({e.reason for e in trace.read(cookie=cookie(client))},
                  {"RESIZE"}, f"reasons on IPv{family}")
        client.close()
        server.close()
        path.router.sh("ip link set rs mtu 1500")
        path.server.sh("ip link set s0 mtu 1500")


@both
def mtu_probe(host, family):
    """a probe of the path MTU is lost: it goes again in parts, MTU_PROBE"""
    host.sysctl("ipv4/tcp_mtu_probing", 2)
    host.sysctl("ipv4/tcp_base_mss", 600)
    host.sysctl("ipv4/tcp_early_retrans", 0)
    peer = Receiver(host, family)
    # That has the connection look at its MTU again, and begin with the least.
    host.netns.sh("ip link set tun0 mtu 1490")
    with Watch(host) as watch:
        peer.sock.sendall(bytes(40000))
        probe, beyond = None, []
        while packet := peer.receive(0.1):
            if not packet.len:
                continue
            end = packet.seq + packet.len & 0xffffffff
            if probe:
                beyond.append(end)
            elif packet.len > 700:
                probe = packet
            else:
                peer.send(ACK, ack=end)
            if len(beyond) == 4:
                break
        assert probe, "the kernel did not probe"
        first = probe.seq + probe.len & 0xffffffff
        peer.send(ACK, struct.pack(">BBII", 5, 10, first, beyond[-1]),
                  ack=probe.seq)
        peer.collect()
        again = watch.read("retransmit")
        equal({e.reason for e in again}, {"MTU_PROBE"}, "reasons")
        equal(again[0].seq, probe.seq, "what went again")
        equal(watch.counted("TcpExtTCPMTUPFail"), [1], "TCPMTUPFail")
    peer.close()


@both
def fast_open(host, family):
    """the SYN-ACK leaves the SYN's data out: it goes again, FAST_OPEN"""
    host.sysctl("ipv4/tcp_fastopen", 5)
    sock = host.socket(family)
    sock.setblocking(False)
    with Watch(host) as watch:
        sock.sendto(bytes(500), MSG_FASTOPEN, (PEER[family], 5000))
        syn = host.receive(lambda p: p.flags & SYN)
        equal(syn.len, 500, "data in the SYN")
        host.send(segment(family, PEER[family], HOST[family], 5000, syn.sport,
                          7000, syn.seq + 1, SYN | ACK, b"\x02\x04\x04\xb0"))
        host.receive(lambda p: p.len == 500)
        again = watch.read("retransmit")
        equal([(e.reason, e.len, e.attempt) for e in again],
              [("FAST_OPEN", 500, 1)], "sent again")
        equal(watch.counted("TcpExtTCPFastOpenActiveFail"), [1],
              "TCPFastOpenActiveFail")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


@both
def fin(host, family):
    """a lost FIN, alone or with data: the event has its flag and its length"""
    for size in (0, 100):
        peer = Receiver(host, family)
        peer.warm(probes=not size)
        with Watch(host) as watch:
            if size:
                peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                peer.sock.send(bytes(size))
            peer.sock.close()
            peer.collect(0.5)
            again = watch.read("retransmit")
            equal({e.reason for e in again} - {"TLP", "RTO"}, set(), "reasons")
            assert len(again) >= 2, again
            equal({(e.flags & FIN, e.len) for e in again}, {(FIN, size)},
                  "FIN, length")
        peer.send(0x04, seq=peer.seq)     # RST


def refused():
    """what the host refuses, or has not sent yet: retransmit_failed, counted"""
    path = Path(delay_ms=10)
    path.client.sysctl("ipv4/tcp_early_retrans", 0)
    client, server = path.pair()
    client.sendall(bytes(20000))
    wait(0.3)
    before = path.client.nstat()
    with Trace("retransmit", "retransmit_failed") as trace:
        path.drop("ip saddr 10.0.1.1 ip length > 600")
        client.sendall(bytes(5000))
        wait(0.1)
        path.client.sh("nft -f -", stdin="""
            table inet t {
                chain f {
                    type filter hook output priority 0;
                    ip length > 600 drop
                }
            }""")
        wait(3)
        failed = trace.read("retransmit_failed", cookie=cookie(client))
        after = path.client.nstat()
        equal(sum(e.segs for e in failed), after["TcpExtTCPRetransFail"] -
              before["TcpExtTCPRetransFail"], "TCPRetransFail")
        assert len(failed) >= 3, failed
        equal({e.reason for e in failed}, {"RTO"}, "reasons")
        assert {e.err for e in failed} <= {0, errno.EPERM}, failed
        equal({e.len for e in failed}, {1448}, "length")
        equal(trace.read("retransmit"), [], "what was sent again")
        path.client.sh("nft delete table inet t")
        path.undrop()
        wait(6)
        # A queue that holds the first transmission back: no second one.
        before = path.client.nstat()
        path.client.sh("tc qdisc replace dev c0 root tbf rate 8kbit"
                       " burst 2000 limit 1000000")
        client.sendall(bytes(5000))
        wait(1.2)
        failed = trace.read("retransmit_failed", err=errno.EBUSY)
        path.client.sh("tc qdisc del dev c0 root")
        after = path.client.nstat()
        equal(len(failed), after["TcpExtTCPSpuriousRtxHostQueues"] -
              before["TcpExtTCPSpuriousRtxHostQueues"],
              "TCPSpuriousRtxHostQueues")
        assert failed, "none was held back"
        wait(6)
        # A queue that takes nothing. Only 7.2 tells the module that it did not.
        path.drop("ip saddr 10.0.1.1")
        client.sendall(bytes(1000))
        wait(0.1)
        path.client.sh("tc qdisc replace dev c0 root pfifo limit 0")
        before = path.client.nstat()
        seen = len(trace.read("retransmit_failed"))
        wait(2)
        failed = trace.read("retransmit_failed")[seen:]
        path.client.sh("tc qdisc del dev c0 root")
        path.undrop()
        after = path.client.nstat()
        equal(sum(e.segs for e in failed), after["TcpExtTCPRetransFail"] -
              before["TcpExtTCPRetransFail"], "TCPRetransFail")
        assert failed and {e.err for e in failed} <= {0, errno.ENOBUFS}, failed
    client.close()
    server.close()


def depths(raw, event):
    """How many sections without preemption such events were recorded in."""
    found = re.findall(rf"\] ...([.\da-f])\S* +[\d.]+: {event}: .* reason=RTO ",
                       raw.read())
    return {int(depth.replace(".", "0"), 16) for depth in found}


def not_preempted():
    """where a probe may be preempted, this one is not while it looks at an attempt"""
    with open(f"{TRACEFS}/events/tcp/tcp_retransmit_skb/format") as file:
        if "field:int err;" not in file.read():
            raise Skip("kernel whose tracepoints keep preemption off")
    path = Path(delay_ms=10)
    client, server = path.pair()
    with Trace("retransmit", "retransmit_failed"), RawTrace("tcp_lucid") as raw:
        path.drop("ip saddr 10.0.1.1")
        client.sendall(bytes(1000))
        wait(0.1)
        path.client.sh("tc qdisc replace dev c0 root pfifo limit 0")
        wait(2)
        path.client.sh("tc qdisc del dev c0 root")
        path.undrop()
        wait(5)
        # What was sent is told after such a section, what was not inside it.
        sent, failed = (depths(raw, event)
                        for event in ("retransmit", "retransmit_failed"))
        assert sent and failed, raw.read()
        if sent | failed == {0}:
            raise Skip("kernel that does not count them")
        equal(failed, {depth + 1 for depth in sent}, "sections it was told in")
    client.close()
    server.close()


# Reductions that were needless


UNDOS = ("TcpExtTCPFullUndo", "TcpExtTCPPartialUndo", "TcpExtTCPDSACKUndo",
         "TcpExtTCPLossUndo", "TcpExtTCPSpuriousRTOs")


def undone(watch, kind, ca_state, whole, counted):
    """One undo of this kind, and the kernel counts it as this one of UNDOS."""
    events = watch.read("spurious")
    equal([(e.kind, e.ca_state, e.whole) for e in events],
          [(kind, ca_state, whole)], "kind, state, whole")
    event = events[0]
    want = [name == counted for name in UNDOS[:4]] + [kind == "FRTO"]
    equal(watch.counted(*UNDOS), want, "Full, Partial, DSACK, Loss, RTOs")
    assert event["cwnd"] >= event.old_cwnd, event
    assert event.ssthresh > event.old_ssthresh, event
    return event


def recovering(host, family, **kind):
    """A connection that has just sent its segment 0 of 10 again."""
    peer = Receiver(host, family, **kind)
    peer.warm()
    peer.write(10)
    old = peer.echo
    for end in (2, 3, 4):
        peer.acknowledge(0, (1, end))
    equal(len(peer.collect()), 1, "sent again")
    return peer, old


@both
def dsack_late(host, family):
    """D-SACK after the recovery: undone from Open"""
    with Watch(host) as watch:
        peer, _ = recovering(host, family)
        peer.acknowledge(10)
        peer.acknowledge(10, (0, 1))
        wait(0.01)
        event = undone(watch, "DSACK", "OPEN", 1, "TcpExtTCPDSACKUndo")
        equal(event["cwnd"], 20, "cwnd, as before the reduction")
    peer.close()


@both
def dsack_at_the_end(host, family):
    """D-SACK with the ACK that ends the recovery: undone from Recovery"""
    with Watch(host) as watch:
        peer, _ = recovering(host, family)
        peer.acknowledge(10, (0, 1))
        wait(0.01)
        undone(watch, "DSACK", "RECOVERY", 1, "TcpExtTCPFullUndo")
    peer.close()


@both
def dsack_amid(host, family):
    """D-SACK before the end of the recovery: undone, not whole"""
    with Watch(host) as watch:
        peer, _ = recovering(host, family)
        peer.acknowledge(5, (0, 1))
        wait(0.01)
        undone(watch, "DSACK", "RECOVERY", 0, "TcpExtTCPDSACKUndo")
    peer.close()


@both
def eifel(host, family):
    """an old timestamp ends the recovery (RFC 3522): undone from Recovery"""
    with Watch(host) as watch:
        peer, old = recovering(host, family, stamps=True)
        peer.acknowledge(10, echo=old)
        wait(0.01)
        undone(watch, "TIMESTAMPS", "RECOVERY", 1, "TcpExtTCPFullUndo")
    peer.close()


@both
def eifel_amid(host, family):
    """an old timestamp amid the recovery: undone, and a sign of reordering"""
    with Watch(host) as watch:
        peer, old = recovering(host, family, stamps=True)
        peer.acknowledge(4, echo=old)
        wait(0.01)
        undone(watch, "TIMESTAMPS", "RECOVERY", 0, "TcpExtTCPPartialUndo")
        equal(counts(watch), [("TIMESTAMPS", 3, 4, 4)], "reordering")
    peer.close()


def lost(host, family, **kind):
    """A connection that has just sent segment 0 of 5 again, for a timeout."""
    peer = Receiver(host, family, **kind)
    peer.warm()
    peer.write(5)
    old = peer.echo
    equal(len(peer.collect(0.3)), 1, "sent again")
    return peer, old


@both
def eifel_timeout(host, family):
    """an old timestamp after a timeout: undone from Loss"""
    with Watch(host) as watch:
        peer, old = lost(host, family, stamps=True)
        peer.acknowledge(1, echo=old)
        wait(0.01)
        undone(watch, "TIMESTAMPS", "LOSS", 0, "TcpExtTCPLossUndo")
    peer.close()


@both
def frto(host, family):
    """after a timeout, an ACK of what was not sent again (RFC 5682): undone"""
    with Watch(host) as watch:
        peer, _ = lost(host, family)
        peer.acknowledge(3)
        wait(0.01)
        undone(watch, "FRTO", "LOSS", 0, "TcpExtTCPLossUndo")
    peer.close()


@both
def unsent(host, family):
    """an ACK before pacing let the retransmission go: undone, UNSENT"""
    with Watch(host) as watch:
        peer = Receiver(host, family)
        peer.warm()
        peer.sock.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, 20000)
        peer.sock.sendall(bytes(6 * peer.len))
        while len(peer.packets) < 6:
            peer.collect(0.02)
        for end in (2, 3, 4):
            peer.acknowledge(0, (1, end))
        wait(0.002)
        equal([e.how for e in watch.read("fast_retransmit")], ["began: SACK"],
              "recovery")
        peer.acknowledge(6)
        wait(0.01)
        equal(watch.read("retransmit"), [], "sent again")
        undone(watch, "UNSENT", "RECOVERY", 1, "TcpExtTCPFullUndo")
    peer.close()


# Reordering


def counts(watch):
    """Events are as many as the kernel counts."""
    events = watch.read("reordering")
    equal([sum(e.by in by for e in events) for by in
           (("SACK", "ACK", "DSACK"), ("TIMESTAMPS",), ("RENO",))],
          watch.counted("TcpExtTCPSACKReorder", "TcpExtTCPTSReorder",
                        "TcpExtTCPRenoReorder"), "SACK, TS and Reno reordering")
    equal([e.seen for e in events], list(range(1, len(events) + 1)), "seen")
    return [(e.by, e.old_degree, e.degree, e.distance) for e in events]


@both
def reordered(host, family):
    """out of order, shown by SACK, then by the ACK: with the distance"""
    peer = Receiver(host, family)
    peer.warm()
    with Watch(host) as watch:
        peer.write(10)
        # At once: soon the reordering timer would have the first ones sent
        # again, and an ACK of what was sent again says nothing about order.
        peer.acknowledge(0, (4, 5))
        peer.acknowledge(0, (1, 2), (4, 5))
        peer.acknowledge(2, (4, 5))
        wait(0.001)
        equal(counts(watch), [("SACK", 3, 4, 4), ("ACK", 4, 5, 5)],
              "by SACK, by the ACK")
    peer.close()


@both
def reordered_dsack(host, family):
    """a D-SACK of what was sent again shows that the first was only late"""
    peer, _ = recovering(host, family)
    with Watch(host) as watch:
        peer.acknowledge(0, (1, 9))
        peer.collect()
        equal(watch.read("reordering"), [], "so far")
    peer.close()
    peer = Receiver(host, family)
    peer.warm()
    with Watch(host) as watch:
        peer.write(10)
        for end in (3, 4, 5, 6):
            peer.acknowledge(0, (2, end))
        equal([p.seq for p in peer.collect()], [peer.at(0), peer.at(1)],
              "sent again")
        peer.acknowledge(0, (1, 6))
        peer.acknowledge(0, (1, 2), (1, 6))
        wait(0.001)
        equal(counts(watch), [("DSACK", 3, 5, 5)], "by D-SACK")
    peer.close()


@both
def reordered_reno(host, family):
    """without SACK: as many duplicates as segments, so none was lost"""
    peer = Receiver(host, family, sack=False)
    peer.warm()
    with Watch(host) as watch:
        peer.write(2)
        peer.acknowledge(0)
        peer.acknowledge(0)
        wait(0.001)
        equal(counts(watch), [("RENO", 3, 2, 0)], "by duplicate ACKs")
    peer.close()


def bulk():
    """2 % reordering by netem, 4 controls: the counts are the kernel's own"""
    seen = []
    for family, cc in ((4, "lucid"), (6, "cubic"), (4, "reno"), (6, "lucid_reno")):
        path = Path(delay_ms=10, rate="20mbit")
        path.netem("limit 10000 rate 20mbit delay 10ms 3ms reorder 98%", "rs")
        client, server = path.pair(family, cc)
        path.inum, path.nstat = path.client.inum, path.client.nstat
        with Watch(path) as watch:
            client.sendall(bytes(100000))
            wait(1)
            for _ in range(20):
                client.sendall(bytes(50000))
                wait(0.3)
                server.recv(1 << 20, socket.MSG_DONTWAIT)
            counts(watch)
            spurious = watch.read("spurious")
            equal(sum(watch.counted(*UNDOS[:4])), len(spurious), "undone")
            events = watch.read("retransmit")
            equal(sum(e.segs for e in events),
                  watch.counted("TcpRetransSegs")[0], "TcpRetransSegs")
            assert "UNKNOWN" not in {e.reason for e in events}, cc
            seen += watch.read("reordering")
        client.close()
        server.close()
    # How often it is noticed is netem's dice, and no control's doing.
    assert len(seen) > 3, f"hardly anything was reordered: {seen}"


run(fast, fast_dupacks, fast_timer, timers, zero_window, resize, resize_late,
    resize_in_use, mtu_probe,
    fast_open, fin, refused, not_preempted, dsack_late, dsack_at_the_end,
    dsack_amid, eifel, eifel_amid, eifel_timeout, frto, unsent, reordered,
    reordered_dsack, reordered_reno, bulk)
