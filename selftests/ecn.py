#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the controls do about ECN marks: RFC 3168, RFC 8511, RFC 9438 4.6."""

import socket
import struct
import time

from lucid import (ACK, CWR, ECE, Capture, Flow, Path, Trace, cookie, equal, near,
                   run, tcp_info, wait)
from peer import Receiver, both
from replaying import leaves

TCP_CONGESTION = 13
TCP_CC_INFO, BACKOFF, PACED = 26, 8, 16
# Seconds that a wait may last.
LONGEST = 8


class Marked:
    """A path whose ends speak ECN and whose router marks what mark() says."""

    def __init__(self):
        self.path = Path(delay_ms=10, rate="20mbit", limit=1000)
        for end in (self.path.client, self.path.server):
            end.sysctl("ipv4/tcp_ecn", 1)

    def mark(self, match=""):
        self.path.router.sh("nft -f -", stdin=f"""
            table inet m {{
                chain f {{
                    type filter hook forward priority 0;
                    ip saddr 10.0.1.1 ip ecn != not-ect {match} ip ecn set ce
                }}
            }}""")

    def unmark(self):
        self.path.router.sh("nft delete table inet m", check=False)

    def bulk(self, cc, seconds, during=None):
        """Reductions of a transfer; during(client) comes after some seconds."""
        with Trace("reduction") as trace, Flow(self.path, cc) as flow:
            wait(seconds)
            try:
                if during:
                    during(flow.client)
                return trace.read(cookie=flow.cookie)
            finally:
                # What is still queued would leave one packet at a time.
                self.unmark()


def held(client):
    """The flags of struct tcp_lucid_info."""
    return struct.unpack_from("<2xH", client.getsockopt(
        socket.IPPROTO_TCP, TCP_CC_INFO, 20))[0]


def first_mark(cc, abe, key=None, value=None):
    """The reduction that the 400th packet, marked, brings about."""
    lab = Marked()
    lab.path.client.sysctl("ipv4/tcp_lucid/abe", abe)
    if key:
        lab.path.client.sysctl(f"ipv4/tcp_lucid/{key}", value)
    lab.mark("ip length > 600 numgen inc mod 400 399")
    cuts = lab.bulk(cc, 2)
    assert cuts, f"{cc}: no reduction"
    equal({e.cause for e in cuts}, {"ECE"}, f"{cc}: causes")
    return cuts


def abe_off():
    """without ABE a mark counts like a loss: 0.7 and 0.5 of the window stay"""
    for cc, beta in (("lucid", 700), ("lucid_reno", 500)):
        for cut in first_mark(cc, 0):
            leaves(cut, beta, cc)


def abe_on():
    """with ABE a mark leaves 0.85 (CUBIC) and 0.8 (Reno), or what is set"""
    for cc, beta, key, value in (("lucid", 850, None, None),
                                 ("lucid_reno", 800, None, None),
                                 ("lucid", 900, "beta_ecn", 900),
                                 ("lucid_reno", 600, "reno_beta_ecn", 600)):
        for cut in first_mark(cc, 1, key, value):
            leaves(cut, beta, f"{cc}: RFC 8511, 3.1")


def abe_only_for_marks():
    """with ABE a loss still leaves 0.7 and 0.5"""
    for cc, beta in (("lucid", 700), ("lucid_reno", 500)):
        lab = Marked()
        lab.path.client.sysctl("ipv4/tcp_lucid/abe", 1)
        lab.path.drop("ip saddr 10.0.1.1 ip length > 600"
                      " numgen inc mod 400 399")
        cuts = lab.bulk(cc, 2)
        assert cuts, f"{cc}: no reduction"
        for cut in cuts:
            equal(cut.cause, "LOSS", f"{cc}: cause")
            leaves(cut, beta, cc)


def counted():
    """each mark is one reduction for each window, as in-tree reno's"""
    found = {}
    for cc in ("lucid_reno", "reno"):
        lab = Marked()
        lab.mark("ip length > 600 numgen inc mod 200 199")
        with Capture(lab.path.server, "s0") as capture:
            with Flow(lab.path, cc, size=7000000) as flow:
                flow.finish()
            sent = [p for p in capture.read() if p.src == "10.0.1.1"]
        found[cc] = (sum(bool(p.flags & CWR) and p.len > 0 for p in sent),
                     sum(p.len > 0 for p in sent))
    assert found["reno"][0] > 15, found
    equal(found["lucid_reno"], found["reno"], "packets with CWR, packets")


def down_to_one():
    """marks on every packet: down to one packet, then a wait that doubles"""
    lab = Marked()
    with Capture(lab.path.server, "s0") as capture:
        def marks(client):
            lab.mark()
            wait(20)
            info = tcp_info(client)
            equal(info["cwnd"], 1, "RFC 9438, 4.6: window")
        cuts = lab.bulk("lucid", 0.5, marks)
        sent = [p for p in capture.read() if p.src == "10.0.1.1" and p.len]
    equal(cuts[-1].cause, "ECE", "cause")
    # The last packets come alone, each after twice the time.
    gaps = [b.time - a.time for a, b in zip(sent, sent[1:])]
    alone = [i for i, gap in enumerate(gaps) if gap > 0.15]
    waits = gaps[alone[0]:alone[-1] + 1]
    assert 4 <= len(waits) <= 9, f"waits: {waits}"
    equal(len(waits), len(alone), "packets from the first wait to the last")
    for a, b in zip(waits[1:], waits[2:]):
        near(b / min(2 * a, LONGEST), 1, 0.125,
             "RFC 3168, 6.1.2: each wait against twice the last")


def ends_with_the_marks():
    """the first packet that comes back unmarked ends the wait"""
    lab = Marked()

    def marks(client):
        lab.mark()
        wait(5)
        equal(tcp_info(client)["cwnd"], 1, "window under marks")
        assert held(client) & BACKOFF, "TCP_CC_INFO: no backing off"
        lab.unmark()
        wait(10)
        info = tcp_info(client)
        assert info["cwnd"] > 20, f"10 s after the last mark: {info}"
        equal(info["ssthresh"], 2, "RFC 9438, 4.6: ssthresh is never below 2")
        equal(held(client) & (BACKOFF | PACED), 0,
              "backing off, and pacing that was for its sake")
    lab.bulk("lucid", 0.5, marks)


def talks_ecn(host, family, stamps=False):
    """A connection of `lucid` that speaks ECN; the receiver is made by hand."""
    host.sysctl("ipv4/tcp_ecn", 1)
    peer = Receiver(host, family, stamps=stamps, ecn=True)
    peer.sock.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, b"lucid")
    return peer


@both
def amid_recovery(host, family):
    """an echo amid a recovery from losses begins no wait: it has been answered"""
    peer = talks_ecn(host, family)
    peer.warm()
    peer.write(10)
    while not peer.collect():
        pass
    equal(tcp_info(peer.sock)["cwnd"], 1, "window after a timeout")
    peer.acknowledge(1, flags=ACK | ECE)
    equal(len(peer.collect(0.02)), 2, "segments that are sent again at once")
    equal(held(peer.sock) & BACKOFF, 0, "a wait")
    peer.close()
    # The only one in flight, and so the end of the recovery.
    peer = talks_ecn(host, family)
    peer.warm()
    peer.write(1)
    while not peer.collect():
        pass
    peer.acknowledge(1, flags=ACK | ECE)
    wait(0.001)
    equal((tcp_info(peer.sock)["cwnd"], held(peer.sock) & BACKOFF), (1, 0),
          "window, and a wait after one packet")
    equal(len(peer.write(1)), 1, "segments that are sent at once")
    peer.close()


def down_by_hand(host, family, what, stamps=False):
    """Such a connection, its window or ssthresh just down to one packet, and what
    is acknowledged by then."""
    host.netns.sh("ip route add 10.9.0.2 dev tun0 initcwnd 2;"
                  " ip route add fd09::2 dev tun0 initcwnd 2")
    peer = talks_ecn(host, family, stamps)
    peer.write(20)
    number = 0
    while tcp_info(peer.sock)[what] > 1:
        number += 1
        assert number < 15, tcp_info(peer.sock)
        peer.acknowledge(number, flags=ACK | ECE)
        peer.collect(0.02)
    return peer, number


@both
def timeout_amid_marks(host, family):
    """a timeout that cuts a reduction short leaves no ssthresh below two packets"""
    host.sysctl("ipv4/tcp_early_retrans", 0)
    # What was sent before the reduction is not acknowledged yet.
    peer, _ = down_by_hand(host, family, "ssthresh")
    while not peer.collect():
        pass
    equal(tcp_info(peer.sock)["ssthresh"], 2, "RFC 5681, equation (4): ssthresh")
    peer.close()


@both
def said_twice(host, family):
    """an echo of which nothing is new begins no wait; one that is does"""
    peer, number = down_by_hand(host, family, "cwnd")
    peer.acknowledge(number, flags=ACK | ECE, window=60000)
    wait(0.001)
    equal(held(peer.sock) & BACKOFF, 0, "what was known")
    peer.acknowledge(number + 1, flags=ACK | ECE)
    wait(0.001)
    equal(held(peer.sock) & BACKOFF, BACKOFF, "what was new")
    peer.close()


def waiting(host, family, stamps=False):
    """Such a connection that waits, as one more packet came back marked."""
    peer, number = down_by_hand(host, family, "cwnd", stamps)
    number += 1
    peer.acknowledge(number, flags=ACK | ECE)
    equal(peer.collect(0.02), [], "sent during a wait")
    equal(held(peer.sock) & BACKOFF, BACKOFF, "a wait")
    return peer, number


@both
def wait_cut_short(host, family):
    """a wait that ends early: round trips are what they are"""
    peer, number = waiting(host, family)
    with Trace("rtt") as trace:
        # Not one more segment, but no mark either.
        peer.acknowledge(number, window=60000)
        sent = peer.collect(0.02)
        equal(held(peer.sock) & BACKOFF, 0, "the wait")
        assert sent, "nothing is sent after it"
        peer.acknowledge(number + len(sent))
        wait(0.001)
        found = [e.rtt_us for e in trace.read(cookie=cookie(peer.sock))]
    equal(len(found), 1, "round trips")
    # collect() looks for 20 ms if there is more.
    near(found[0], 20000, 2000, "its time")
    peer.close()


@both
def stamps_never_go_back(host, family):
    """ACKs during a wait have the time of its end: it does not end before, or what
    is sent then would look old to the peer (RFC 7323, 5.3)"""
    peer, number = waiting(host, family, stamps=True)
    peer.send(ACK | ECE, peer.stamp(peer.echo), b"x", ack=peer.at(number))
    peer.seq += 1
    sent = [peer.receive()]
    assert sent[0] and not sent[0].len, "no ACK"
    with Trace("rtt") as trace:
        peer.acknowledge(number, window=60000)
        equal(held(peer.sock) & BACKOFF, 0, "waits in a row")
        while not sent[-1].len:
            sent.append(peer.receive(0.3))
            assert sent[-1], "nothing is sent after it"
        wait(0.02)
        peer.acknowledge(number + 1, echo=peer.stamp_of(sent[-1]))
        wait(0.001)
        found = [e.rtt_us for e in trace.read(cookie=cookie(peer.sock))]
    near(found[-1], 20000, 2000, "the round trip")
    stamps = [peer.stamp_of(packet) for packet in sent]
    equal(stamps, sorted(stamps), "timestamps")
    equal(held(peer.sock) & PACED, 0, "pacing that was for the wait's sake")
    peer.close()


@both
def control_exchanged(host, family):
    """a control that takes over does not wait as the one before it did"""
    peer, number = waiting(host, family)
    peer.sock.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, b"cubic")
    peer.acknowledge(number, window=60000)
    assert peer.collect(0.02), "nothing is sent at once"
    peer.close()


@both
def longest_wait(host, family):
    """no wait is longer than 8 s, however many marks come in a row"""
    peer, number = down_by_hand(host, family, "cwnd")
    peer.sock.sendall(bytes(10 * peer.len))
    waits = []
    for _ in range(8):
        number += 1
        start = time.monotonic()
        peer.acknowledge(number, flags=ACK | ECE)
        while not peer.receive(0.2):
            pass
        waits.append(time.monotonic() - start)
    near(waits[1] / waits[0], 2, 0.25, "the second wait against the first")
    for longest in waits[-2:]:
        near(longest, LONGEST, 0.05, "longest wait, s")
    peer.close()


def talkative_peer():
    """what the peer says meanwhile does not make the wait longer, nor ACKs late"""
    for qdisc, least in (("", 3), ("fq", 10)):
        lab = Marked()
        if qdisc:
            lab.path.client.sh(f"tc qdisc add dev c0 root {qdisc}")
        with Trace() as trace, Flow(lab.path, "lucid") as flow:
            wait(0.5)
            lab.mark()
            with Capture(lab.path.server, "s0") as capture:
                for _ in range(160):
                    flow.server.send(bytes(100))
                    wait(0.05)
                    flow.client.recv(100)
                sent = [p for p in capture.read() if p.src == "10.0.1.1"]
            info = tcp_info(flow.client)
            again = trace.read("retransmit", cookie=cookie(flow.server))
            lab.unmark()
        equal(info["cwnd"], 1, "window")
        late = [p.time for p in sent if p.len and p.time > sent[0].time + 1]
        assert len(late) >= least, f"{qdisc}: only {len(late)} packets of data"
        gaps = [b.time - a.time for a, b in zip(sent, sent[1:])]
        assert max(gaps) < 0.5, f"{qdisc}: no ACK for {max(gaps)} s"
        equal(again, [], f"{qdisc}: the peer had to send again")


def under_fq():
    """where fq paces, a wait is short: nothing is beyond its horizon"""
    lab = Marked()
    lab.path.client.sh("tc qdisc add dev c0 root fq")

    def marks(client):
        lab.mark()
        with Capture(lab.path.server, "s0") as capture:
            wait(30)
            sent = [p for p in capture.read() if p.src == "10.0.1.1" and p.len]
        equal(tcp_info(client)["cwnd"], 1, "window")
        gaps = [b.time - a.time for a, b in zip(sent, sent[1:])]
        near(max(gaps[5:]), 0.2, 0.05, "longest wait, s")
        said = lab.path.client.sh("tc -s qdisc show dev c0")
        assert "dropped 0," in said, said
        equal(tcp_info(client)["resent"], 0, "packets sent again")
    lab.bulk("lucid", 0.5, marks)


def reno_floor():
    """lucid_reno keeps to two packets, as in-tree reno"""
    lab = Marked()

    def marks(client):
        lab.mark()
        wait(5)
        equal(tcp_info(client)["ssthresh"], 2, "RFC 5681, equation 4")
    lab.bulk("lucid_reno", 0.5, marks)


run(abe_off, abe_on, abe_only_for_marks, counted, down_to_one,
    ends_with_the_marks, timeout_amid_marks, amid_recovery, said_twice,
    wait_cut_short, stamps_never_go_back, control_exchanged, longest_wait,
    talkative_peer, under_fq, reno_floor)
