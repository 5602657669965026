#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the two controls do with the window, and that the event tells it."""

import re
import socket

from lucid import Flow, Path, Trace, equal, near, run, tcp_info, wait


def rounds(events, rtt):
    """The window at the end of each round trip since the first event."""
    start, at_end = events[0].time, {}
    for event in events:
        at_end[int((event.time - start) / rtt + 0.02)] = event.cwnd
    return [at_end[n] for n in sorted(at_end)]


def big_buffers(path):
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_wmem", "4096 4000000 60000000")
        end.sysctl("ipv4/tcp_rmem", "4096 4000000 60000000")


def slow_start(cc):
    path = Path(delay_ms=50)
    big_buffers(path)
    # Sent at once; a window's ACKs are back before the next window's.
    with Trace("window") as trace:
        flow = Flow(path, cc, size=2000000)
        wait(1)
        events = trace.read(cookie=flow.cookie)
        flow.stop()
    equal({e.phase for e in events}, {"SLOW_START"}, f"{cc}: phases")
    equal(events[0].cwnd, 10, f"{cc}: RFC 6928: the initial window")
    windows = rounds(events, 0.1)
    equal(windows[1:5], [20, 40, 80, 160], f"{cc}: window after each round trip")
    for event in events:
        equal((event.ca, event.ssthresh), (cc, 0x7fffffff), f"{cc}: event")


def slow_start_doubles():
    """slow start: both controls double the window in each round trip"""
    for cc in ("lucid", "lucid_reno"):
        slow_start(cc)


def one_loss(cc, number, seconds):
    """Events of a flow over 100 ms that loses one packet, by its number."""
    path = Path(delay_ms=50)
    big_buffers(path)
    path.drop(f"ip saddr 10.0.1.1 ip length > 600 numgen inc mod 1000000 {number}")
    with Trace("window") as trace:
        flow = Flow(path, cc)
        wait(seconds)
        events = trace.read(cookie=flow.cookie)
        flow.stop()
    before = [e for e in events if e.phase == "SLOW_START"][-1].cwnd
    cut = [e for e in events if e.phase == "RECOVERY"][-1].ssthresh
    grown = events[[e.phase for e in events].index("RECOVERY"):]
    return before, cut, [e for e in grown if e.phase != "RECOVERY"]


def reno_adds_one():
    """congestion avoidance: lucid_reno adds one packet in each round trip"""
    before, cut, grown = one_loss("lucid_reno", 100, 4)
    equal(cut, before // 2, "RFC 5681: half of the window before")
    equal({e.phase for e in grown}, {"AVOIDANCE"}, "phases after recovery")
    equal(grown[0].cwnd, cut, "starts at ssthresh")
    steps = [b.cwnd - a.cwnd for a, b in zip(grown, grown[1:])]
    equal(set(steps), {1}, "steps of one packet")
    gaps = [b.time - a.time for a, b in zip(grown[1:], grown[2:])]
    assert len(gaps) > 20, f"only {len(gaps)} steps"
    for gap, event in zip(gaps, grown[1:]):
        near(gap, event.srtt_us / 1e6, 0.006,
             "time between steps is a round trip")


def cubic_after_loss():
    """CUBIC: 0.7 of the window is left, then the curve back to W_max and beyond"""
    before, cut, grown = one_loss("lucid", 100, 12)
    equal(cut, before * 7 // 10, "RFC 9438, 4.6: ssthresh")
    epoch, last = grown[0].time, grown[-1].time
    grown = [e for e in grown if e.phase != "RENO_FRIENDLY"]
    # RFC 9438, 4.2, in double precision. What the window aims at is the curve
    # a round trip ahead. A window's ACKs come together, and bring it 1 - 1/e of
    # the way (4.4): to the curve of now at least, where it stays for a round trip.
    k = ((before - 0.7 * before) / 0.4) ** (1 / 3)
    assert last - epoch > k + 2, f"the flow does not get far beyond K, {k:.2f} s"
    for event in grown:
        t, rtt = event.time - epoch, event.srtt_us / 1e6
        behind, ahead = (0.4 * (when - k) ** 3 + before
                         for when in (t - rtt, t + rtt))
        if t > 0.5:
            assert behind - 1 < event.cwnd < ahead + 1, \
                f"window {event.cwnd} {t:.2f} s into the epoch (K is " \
                f"{k:.2f} s), not between {behind:.1f} and {ahead:.1f}"
        # The ACK that reaches W_max is still told as concave.
        want = {"CONCAVE"} if event.cwnd < before else \
            {"CONVEX"} if event.cwnd > before else {"CONCAVE", "CONVEX"}
        assert event.phase in want, f"{event.phase} {t:.2f} s into the epoch"


def matches_ss():
    """ss -tie shows the cookie, cwnd and ssthresh of the last event"""
    for family in (4, 6):
        for cc in ("lucid", "lucid_reno"):
            path = Path(delay_ms=10, rate="10mbit", limit=30)
            with Trace("window") as trace:
                flow = Flow(path, cc, family, size=3000000)
                wait(10)
                last = trace.read(cookie=flow.cookie)[-1]
                shown = path.client.sh("ss -Htine state established")
                assert f"sk:{flow.cookie:x} " in shown, f"cookie: {shown}"
                assert f" {cc} " in shown, f"{cc}: {shown}"
                now = tcp_info(flow.client)
                for key in ("cwnd", "ssthresh"):
                    found = re.search(rf"\b{key}:(\d+)", shown)
                    equal(int(found[1]), last[key], f"{cc}: ss's {key}")
                    equal(now[key], last[key], f"{cc}: TCP_INFO's {key}")
                flow.stop()


def every_change():
    """the event tells every change: each follows from the one before"""
    path = Path(delay_ms=10, rate="10mbit", limit=30, loss="loss 1%")
    with Trace("window") as trace:
        flow = Flow(path, "lucid", size=6000000)
        wait(20)
        events = trace.read(cookie=flow.cookie)
        flow.stop()
    for last, this in zip(events, events[1:]):
        assert (last.cwnd, last.ssthresh, last.phase) != \
            (this.cwnd, this.ssthresh, this.phase), f"nothing new: {this}"
        if last.phase in ("CONCAVE", "CONVEX", "RENO_FRIENDLY") == this.phase:
            near(this.cwnd, last.cwnd, 1, "avoidance moves a packet at a time")
    phases = {e.phase for e in events}
    assert {"SLOW_START", "RECOVERY"} <= phases, f"phases: {phases}"


def idle_restart():
    """after a pause of many RTOs the window starts again from the initial one"""
    for cc in ("lucid", "lucid_reno", "cubic"):
        path = Path(delay_ms=10)
        flow = Flow(path, cc, size=200000)
        wait(1)
        before = tcp_info(flow.client)["cwnd"]
        assert before > 40, f"{cc}: the window has grown to {before} only"
        wait(30)
        flow.client.sendall(bytes(100))
        equal(tcp_info(flow.client)["cwnd"], 10, f"{cc}: RFC 5681, 4.1: window")
        flow.stop()


def pause_does_not_count():
    """CUBIC: the curve goes on after a pause where it was, not where the clock is"""
    path = Path(delay_ms=50)
    big_buffers(path)
    path.client.sysctl("ipv4/tcp_slow_start_after_idle", 0)
    path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 1000000 100")
    with Trace("window") as trace:
        flow = Flow(path, "lucid", size=3000000)
        wait(30)
        flow.client.sendall(bytes(2000000))
        wait(5)
        events = trace.read(cookie=flow.cookie)
        flow.stop()
    in_recovery = [n for n, e in enumerate(events) if e.phase == "RECOVERY"]
    w_max = events[in_recovery[0] - 1].cwnd
    grown = events[in_recovery[-1] + 1:]
    gap, resumed = max((b.time - a.time, n + 1)
                       for n, (a, b) in enumerate(zip(grown, grown[1:])))
    assert gap > 20, f"no pause: {gap} s at most between two events"
    # RFC 9438, 4.2, in double precision: t is the time without the pause.
    k = (0.3 * w_max / 0.4) ** (1 / 3)
    used = grown[resumed - 1].time - grown[0].time
    for event in grown[resumed:]:
        t = used + event.time - grown[resumed].time + 2 * event.srtt_us / 1e6
        limit = max(0.4 * (t - k) ** 3 + w_max, grown[resumed - 1].cwnd) + 2
        assert event.cwnd <= limit, \
            f"window {event.cwnd} after {t:.2f} s of use (K is {k:.2f} s), " \
            f"not {limit:.1f} at most"


def delivered(cc):
    """Segments sent, and sent again, in 20 s; every 200th packet is lost."""
    path = Path(delay_ms=10)
    path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 200 199")
    before = path.client.nstat()
    flow = Flow(path, cc)
    wait(20)
    after = path.client.nstat()
    flow.stop()
    return [after[name] - before[name]
            for name in ("TcpOutSegs", "TcpRetransSegs")]


def same_as_reno():
    """lucid_reno sends as much as in-tree reno under the same losses"""
    ours, reno = delivered("lucid_reno"), delivered("reno")
    near(ours[0], reno[0], 0.05 * reno[0], "segments sent")
    near(ours[1], reno[1], 0.05 * reno[1], "retransmissions")


def switched_in_recovery():
    """a control that is chosen amid fast recovery says so at once"""
    path = Path(delay_ms=50)
    path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 1000000 100")
    with Trace("window") as trace:
        flow = Flow(path, "reno")
        for _ in range(2000):
            wait(0.001)
            if tcp_info(flow.client)["ca_state"] == 3:
                break
        for cc in ("lucid", "reno", "lucid_reno"):
            flow.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                                   cc.encode())
        equal(tcp_info(flow.client)["ca_state"], 3, "TCP_CA_Recovery")
        wait(1)
        events = trace.read(cookie=flow.cookie)
        flow.stop()
    first = [[e.phase for e in events if e.ca == cc][0]
             for cc in ("lucid", "lucid_reno")]
    equal(first, ["RECOVERY"] * 2, "phase of the first event of each")


run(slow_start_doubles, reno_adds_one, cubic_after_loss, matches_ss,
    every_change, switched_in_recovery, idle_restart, pause_does_not_count,
    same_as_reno)
