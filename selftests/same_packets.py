#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""lucid_reno sends what in-tree reno sends: the same packets in the same order at
the same times, with the same window at each ACK; with no loss, and with one that
is the same for both. In-tree reno is compared with itself first, or else what is
equal would prove little and what is not would prove nothing.

The sender has all its data before the first ACK comes, and the receiver reads when
all is there, so that nothing but ACKs decides what is sent when; and a segment is
0.6 ms of the bottleneck's time, which no difference in instructions comes near.
"""

import functools
import os
import re
import socket

from endure import Quiet, get_control, noise, set_control, sha
from lucid import (FIN, SYN, TRACEFS, Capture, RawTrace, Path, Trace, equal,
                   ksft, run, wait)
from peer import AF

SIZE = 600000
HALF = SIZE // 2 // 1448
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
# Microseconds by which two runs may differ that are meant to be the same: half of
# a segment's. In-tree reno and itself were 128 apart once, over IPv6.
CLOSE = 300
# Which data packets are lost: as nftables counts those that pass the router.
LOSSES = {
    "none": "",
    "one": "100",
    "two of a window": "100, 130",
    "in slow start": "20",
    "a burst, and one a round trip later": "100-110, 195-205",
    "half a window": "100-150",
    "again and again": "60, 61, 62, 120, 180, 240, 300",
}
# The last before the pause, the tail loss probe and what three timeouts send again.
TIMEOUTS = f"{HALF - 3}-{HALF + 3}"


def windows(probe, first):
    """What is acknowledged, cwnd and ssthresh, at each segment that comes to port
    4000; first: the sequence number that counts as 0."""
    found = re.findall(r"src=\S+:4000 dest=.*snd_una=0x(\w+) "
                       r"snd_cwnd=(\d+) ssthresh=(\d+)", probe.read())
    return [(int(una, 16) - first & 0xffffffff, int(cwnd), int(ssthresh))
            for una, cwnd, ssthresh in found]


class Sent:
    """One transfer: its data packets, its windows, and when they were."""

    def __init__(self, path, cc, family, pause):
        data = noise(SIZE, 1)
        first = HALF * 1448 if pause else SIZE
        with path.server:
            listener = socket.socket(AF[family])
        with path.client:
            sock = socket.socket(AF[family])
        for end, port, address in ((listener, 5000, Path.ADDR[family][1]),
                                   (sock, 4000, Path.ADDR[family][0])):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            end.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 * SIZE)
            end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 * SIZE)
            equal(set_control(end, cc), 0, "error")
            end.bind((address, port))
        listener.listen()
        with RawTrace("tcp/tcp_probe") as probe, Capture(path.client, "c0") as capture:
            sock.connect((Path.ADDR[family][1], 5000))
            peer = listener.accept()[0]
            sock.setblocking(False)
            equal(sock.send(data[:first]), first, "bytes that the sender has")
            wait(pause)
            if pause:
                equal(sock.send(data[first:]), SIZE - first, "and after a pause")
            wait(10)
            equal(get_control(sock), cc, "control")
            # An RST: no TIME_WAIT that would have the ports.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
            got = b""
            while len(got) < SIZE:
                chunk = peer.recv(SIZE)
                assert chunk, f"the end after {len(got)} bytes"
                got += chunk
            equal(sha(got), sha(data), "data")
            sock.close()
            peer.close()
            listener.close()
            packets = capture.read()
            syn = next(p for p in packets if p.flags & SYN and p.sport == 4000)
            self.windows = windows(probe, syn.seq + 1)
        out = [p for p in packets if p.sport == 4000 and p.len]
        assert not any(p.flags & FIN for p in out), "a FIN"
        self.packets = [(p.seq - syn.seq & 0xffffffff, p.len) for p in out]
        self.times = [round((p.time - syn.time) * 1e6) for p in out]
        seen = set()
        self.again = sum(p in seen or seen.add(p) or False for p in self.packets)


@functools.lru_cache(None)
def the_path():
    path = Path()
    # Two segments that the window has not come up to yet are sent together if
    # the next ACK is near, by microseconds (tcp_tso_should_defer): a single one
    # never waits.
    path.client.sh("ip link set c0 gso_max_segs 1")
    return path


def lose(path, which, family):
    """Drop the data packets of these numbers, counted from the first, once."""
    verdicts = ", ".join(f"{part} : drop" for part in which.split(", "))
    path.router.sh("nft -f -", stdin="flush ruleset" if not which else f"""
        flush ruleset
        table inet t {{
            chain f {{
                type filter hook forward priority 0;
                {"ip saddr 10.0.1.1" if family == 4 else "ip6 saddr fd01::1"} \
tcp sport 4000 meta length > 600 numgen inc mod 100000 vmap {{ {verdicts} }}
            }}
        }}""")


def transfer(cc, which="", family=4, delay_ms=20, sack=1, pause=0):
    """Like every other: the path's queues and counters, too, are new."""
    path = the_path()
    path.client.sysctl("ipv4/tcp_sack", sack)
    path.netem(f"limit 1000 delay {delay_ms}ms", "rc")
    path.netem(f"limit 1000 delay {delay_ms}ms rate 20mbit", "rs")
    lose(path, which, family)
    return Sent(path, cc, family, pause)


def differences(one, other):
    """Where two transfers part, "" if they do not; and by how much in time."""
    for what in "packets", "windows":
        mine, its = getattr(one, what), getattr(other, what)
        for at, pair in enumerate(zip(mine, its)):
            if pair[0] != pair[1]:
                return f"{what}[{at}]: {pair[0]}, {pair[1]}", 0
        if len(mine) != len(its):
            return f"{what}: {len(mine)}, {len(its)}", 0
    return "", max(abs(a - b) for a, b in zip(one.times, other.times))


def same(name, which="", times=True, **how):
    """reno, reno and lucid_reno: no difference. Times are not compared where they
    are those of the sender's pause, or of long timers, which the kernel rounds."""
    runs = [transfer(cc, which, **how) for cc in ("reno", "reno", "lucid_reno")]
    control, within = differences(runs[0], runs[1])
    ours, apart = differences(runs[0], runs[2])
    equal(control, "", f"{name}: reno and reno differ")
    equal(ours, "", f"{name}: reno and lucid_reno differ")
    ksft.print_msg(f"{name}: {len(runs[0].packets)} packets, {runs[0].again} of "
                   f"them sent again, {len(runs[0].windows)} windows; reno and "
                   f"reno {within} us apart at most, reno and lucid_reno {apart}")
    if times:
        assert within <= CLOSE, f"{name}: reno and reno {within} us apart"
        assert apart <= CLOSE, f"{name}: reno and lucid_reno {apart} us apart"
    assert bool(which) == bool(runs[0].again), "what was to be lost"
    return runs


def no_loss():
    """slow start from ten packets: the same packets, times and windows"""
    with Quiet():
        runs = same("none", LOSSES["none"])
        equal(runs[0].windows[0][1], 10, "initial window")
        assert max(cwnd for _, cwnd, _ in runs[0].windows) > 100, "window"


def losses():
    """losses that are the same for both, of many kinds: nothing differs"""
    with Quiet():
        for name, which in LOSSES.items():
            if which:
                same(name, which)


def ipv6():
    """the same over IPv6, on a longer path"""
    with Quiet():
        same("IPv6, one", LOSSES["one"], family=6, delay_ms=50)


def no_sack():
    """the same without SACK: duplicate ACKs are all that tells of a loss"""
    with Quiet():
        for name in "one", "a burst, and one a round trip later":
            same(f"no SACK, {name}", LOSSES[name], sack=0)


def pauses():
    """a sender that pauses, and one whose last packets come through by a timeout"""
    with Quiet():
        runs = same("a pause", times=False, pause=4)
        # RFC 5681, 4.1: what is sent after it begins with the initial window.
        assert [cwnd for _, cwnd, _ in runs[0].windows].count(10) > 1, "no restart"
        before = the_path().client.nstat()
        runs = same("timeouts, a pause", TIMEOUTS, times=False, pause=4)
        after = the_path().client.nstat()
        equal(after["TcpExtTCPTimeouts"] - before["TcpExtTCPTimeouts"], 4 * 3,
              "timeouts of three transfers")


def watched():
    """while all events are listened to, lucid_reno's packets are the same"""
    with Quiet():
        alone = transfer("lucid_reno", LOSSES["one"])
        with Trace(*sorted(name for name in os.listdir(
                f"{TRACEFS}/events/tcp_lucid") if os.path.isdir(
                f"{TRACEFS}/events/tcp_lucid/{name}"))):
            seen = transfer("lucid_reno", LOSSES["one"])
        differ, apart = differences(alone, seen)
        equal(differ, "", "watched and not watched differ")
        ksft.print_msg(f"watched: {apart} us apart at most")
        assert apart <= CLOSE, f"{apart} us apart"


def cubic_differs():
    """as proof that it could fail: in-tree cubic does not pass for reno"""
    differ, _ = differences(transfer("reno", LOSSES["one"]),
                            transfer("cubic", LOSSES["one"]))
    assert differ, "cubic is taken for reno"
    ksft.print_msg(f"reno and cubic differ: {differ}")


run(no_loss, losses, ipv6, no_sack, pauses, watched, cubic_differs)
