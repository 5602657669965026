#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The events that tell what a control decides: true, complete, and enough to
compute every window again."""

import math
import socket
import threading

from lucid import Path, Trace, equal, near, run, wait, wait_closed
from replaying import UNUSED, replay, transfer


def bulk(size):
    return lambda sock: sock.sendall(bytes(size))


def eventful(path):
    """Bulk, a pause, a trickle with data in flight, an RTO, bulk again."""
    def work(sock):
        sock.sendall(bytes(3000000))
        wait(5)
        for _ in range(300):
            sock.send(bytes(3000))
            wait(0.01)
        path.drop("ip saddr 10.0.1.1")
        sock.sendall(bytes(20000))
        wait(1)
        path.undrop()
        sock.sendall(bytes(3000000))
    return work


def replay_cubic():
    """a trace of lucid, replayed, gives the same window at every ACK"""
    path = Path(delay_ms=10, rate="20mbit", limit=40, loss="loss 0.2%")
    path.client.sysctl("ipv4/tcp_lucid/slow_start", "classic")
    events = transfer(path, "lucid", eventful(path))
    assert replay(events, "cubic 700 700 400 1 1 0") > 1000, "too few ACKs to prove anything"
    kinds = {(e.name, e.get("what") or e.get("cause") or e.get("to"))
             for e in events}
    for kind in (("reduction", "LOSS"), ("reduction", "RTO"),
                 ("unused", "IDLE"), ("unused", "BEGAN"), ("unused", "ENDED"),
                 ("region", "RENO_FRIENDLY"),
                 ("slow_start", "exit: CONGESTION"),
                 ("slow_start", "exit: SSTHRESH")):
        assert kind in kinds, f"the flow never met {kind}: {sorted(kinds)}"


def replay_long_path():
    """the same in the concave region and after an RTO, with other parameters"""
    path = Path(delay_ms=50, rate="20mbit", limit=60)
    for key, value in (("beta", 600), ("c", 4000), ("fast_convergence", 0),
                       ("reno_friendly", 0)):
        path.client.sysctl(f"ipv4/tcp_lucid/{key}", value)

    def work(sock):
        sock.sendall(bytes(9000000))
        wait(3)         # no recovery under way: a timeout would end that
        sock.sendall(bytes(200000))
        path.drop("ip saddr 10.0.1.1")
        wait(1.5)
        path.undrop()
        sock.sendall(bytes(6000000))
    events = transfer(path, "lucid", work)
    replay(events, "cubic 600 600 4000 0 0 1")
    assert any(e.name == "region" and e.to == "CONCAVE" for e in events), \
        "the flow never was in the concave region"
    # With other parameters than these it is Reno that leads after an RTO.
    names = [e.get("cause") or e.name for e in events]
    assert "epoch" in names[names.index("RTO"):], "no stage after the RTO"
    # As proof that it could fail: with one parameter wrong it does.
    try:
        replay(events, "cubic 600 600 4001 0 0 1")
    except AssertionError:
        return
    raise AssertionError("C = 4.001 gives the same windows as C = 4")


def replay_slow_starts():
    """the same with HyStart and HyStart++, whose exits the samples explain"""
    for kind, number in (("hystart", 1), ("hystartpp", 2)):
        path = Path(delay_ms=50, rate="50mbit", limit=1000)
        path.client.sysctl("ipv4/tcp_lucid/slow_start", kind)
        events = transfer(path, "lucid", bulk(7000000))
        replay(events, f"cubic 700 700 400 1 1 {number}")
        turns = [e for e in events if e.name == "slow_start"]
        assert turns, f"{kind}: slow start takes no turn"
        for e in turns:
            if e.what in ("exit: DELAY", "CSS: ENTER"):
                # RFC 9406, 4.2, and HyStart's eta
                want = min(max(e.base_us // 8, 4000), 16000)
                equal(e.threshold_us, want, f"{kind}: threshold")
                if e.what == "exit: DELAY":
                    assert e.round_min_us > e.base_us + want, dict(e)
                assert e.samples >= 8, f"{kind}: {e.samples} samples"
            if e.what == "exit: CSS_ROUNDS":
                equal(e.rounds, 5, "rounds of CSS")
            if e.what == "exit: TRAIN":
                assert e.train_us > e.base_us // 2, dict(e)


def lost_syn(chosen):
    """How slow start ends if a SYN was lost, lucid chosen so many seconds after."""
    path = Path(delay_ms=50, rate="50mbit", limit=1000)
    listener = path.listen()
    sock = path.socket(cc="reno")
    sock.setblocking(False)
    path.drop("tcp flags syn")
    with Trace("slow_start") as trace:
        sock.connect_ex((path.ADDR[4][1], 5000))
        wait(chosen)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"lucid")
        wait(1.5 - chosen)
        path.undrop()
        server = listener.accept()[0]
        sock.setblocking(True)
        reader = threading.Thread(target=wait_closed, args=(server,))
        reader.start()
        sock.sendall(bytes(7000000))
        sock.close()
        reader.join()
        turns = [e.what for e in trace.read("slow_start")]
    server.close()
    listener.close()
    return turns


def after_a_lost_syn():
    """lucid, chosen while a SYN is waited for, leaves its slow start in time"""
    for chosen in (0.5, 1.5):
        turns = lost_syn(chosen)
        assert turns[0] in ("exit: DELAY", "exit: TRAIN"), \
            f"chosen after {chosen} s: {turns}"


def replay_reno():
    """a trace of lucid_reno, replayed, gives the same window at every ACK"""
    path = Path(delay_ms=10, rate="20mbit", limit=40, loss="loss 0.2%")
    events = transfer(path, "lucid_reno", eventful(path))
    assert replay(events, "reno 500 500") > 1000, "too few ACKs"
    met = {e.get("cause") or e.get("what") for e in events}
    assert met > {"LOSS", "RTO", "IDLE", "BEGAN", "ENDED"}, met


def epoch_follows():
    """an epoch's K is the cube root of its own fields, by double precision"""
    path = Path(delay_ms=20, rate="40mbit", limit=60)
    events = transfer(path, "lucid", bulk(30000000), ("epoch", "reduction"))
    epochs = [e for e in events if e.name == "epoch"]
    assert len(epochs) > 3, f"{len(epochs)} epochs"
    for e in epochs:
        rest = max(e.w_max_milli - e.cwnd_milli, 0) / 1000
        # The windows are rounded to thousandths, K to 2^-16 s.
        k = (rest / (e.c / 1000)) ** (1 / 3)
        near(e.k_us / 1e6, k, 0.002 if rest > 1 else 0.02,
             "RFC 9438, 4.2: K")
    cut = None
    for e in events:
        if e.name == "reduction":
            if cut:
                equal(e.old_w_max_milli, cut.w_max_milli, "W_max in a chain")
            cut = e
        elif cut:
            equal(e.w_max_milli, cut.w_max_milli, "W_max from the reduction")
            equal(e.cwnd_prior, cut["cwnd"], "cwnd_prior")


def regions_follow():
    """a region is what its own fields say: 4.3 below W_est, 4.4, 4.5 at W_max"""
    path = Path(delay_ms=40, rate="20mbit", limit=50)
    path.client.sysctl("ipv4/tcp_lucid/c", 4000)
    events = transfer(path, "lucid", bulk(15000000))
    regions = [e for e in events if e.name == "region"]
    assert {e.to for e in regions} >= {"RENO_FRIENDLY", "CONCAVE", "CONVEX"}, \
        f"regions: {[e.to for e in regions]}"
    for e in regions:
        if e.to == "RENO_FRIENDLY":
            assert e.w_cubic_milli <= e.w_est_milli, dict(e)
        else:
            assert e.w_cubic_milli >= e.w_est_milli, dict(e)
    for e in events:
        if e.name == "ack" and e.phase == "RENO_FRIENDLY" and \
                not e.flags & UNUSED:
            assert e["cwnd"] + 1 > e.w_est_milli / 1000, \
                f"4.3: the window is W_est: {dict(e)}"


def unused_stops_the_clock():
    """while the window is not in full use, t stands still"""
    path = Path(delay_ms=20)
    # The stage must outlive the pause: slow start would end it.
    path.client.sysctl("ipv4/tcp_slow_start_after_idle", 0)

    def work(sock):
        sock.sendall(bytes(4000000))
        wait(2)
        path.undrop()
        for _ in range(1000):   # 20 s, some packets always in flight
            sock.send(bytes(5000))
            wait(0.02)
        sock.sendall(bytes(2000000))
    path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 700 699")
    events = transfer(path, "lucid", work)
    replay(events)
    spans, began = [], None
    for e in events:
        if e.name == "epoch" or e.name == "reduction":
            began = None
        if e.name == "unused" and e.what == "BEGAN":
            began = e
        if e.name == "unused" and e.what == "ENDED" and began and began.t_us:
            spans.append((began, e))
    longest = max((b.now_us - a.now_us for a, b in spans), default=0)
    assert longest > 1000000, f"longest span within a stage: {longest} us"
    for a, b in spans:
        # The ACK that ends it finds the time since the last one counting.
        near(b.t_us, a.t_us, 50000, "t over a span without use")


def undo_restores():
    """reordering taken for loss: the whole state before it comes back"""
    path = Path(delay_ms=20, rate="40mbit", limit=200)

    def work(sock):
        sock.sendall(bytes(4000000))
        # A packet in a hundred overtakes all that wait: DSACK will tell.
        path.router.sh("tc qdisc change dev rs root netem limit 400 delay 20ms"
                       " rate 40mbit reorder 99% gap 50")
        sock.sendall(bytes(4000000))
    events = transfer(path, "lucid", work)
    replay(events)
    undone = [i for i, e in enumerate(events) if e.name == "undo"]
    assert undone, "nothing was undone"
    for i in undone:
        cut = next(e for e in reversed(events[:i]) if e.name == "reduction")
        undo = events[i]
        equal(undo["cwnd"], max(cut["cwnd"], undo.old_cwnd), "4.9.2: cwnd")
        if undo.old_cwnd <= cut["cwnd"]:
            equal(undo.w_max_milli, cut.old_w_max_milli, "4.9.2: W_max")
        assert undo.ssthresh >= cut.ssthresh, "4.9.2: ssthresh"


def fast_convergence():
    """W_max gives way to newcomers: (1 + beta) / 2 of a window below the last"""
    path = Path(delay_ms=20, rate="40mbit", limit=100)
    events = transfer(path, "lucid", bulk(40000000), ("reduction",))
    cuts = [e for e in events if e.name == "reduction"]
    converged = [e for e in cuts if e.w_max_milli < e["cwnd"] * 1000]
    assert converged, f"no fast convergence in {len(cuts)} reductions"
    for e in cuts:
        before = e["cwnd"]          # and a fraction that the event leaves out
        if e.w_max_milli < before * 1000:
            # W_max is kept in steps of 1/256, rounded down.
            assert before * 850 - 4 <= e.w_max_milli < (before + 1) * 850, \
                f"RFC 9438, 4.7: {dict(e)}"
            assert before * 1000 < e.old_w_max_milli, dict(e)
        else:
            assert (before + 1) * 1000 >= e.old_w_max_milli, dict(e)
        equal(e.ssthresh in (math.floor(before * 0.7),
                             math.floor((before + 1) * 0.7)), True,
              f"RFC 9438, 4.6: {dict(e)}")


run(replay_cubic, replay_long_path, replay_slow_starts, after_a_lost_syn, replay_reno,
    epoch_follows, regions_follow, unused_stops_the_clock, undo_restores,
    fast_convergence)
