#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Why a window was reduced: each cause that the core has and does not tell."""

from lucid import Path, equal, run, wait
from replaying import EVENTS, leaves, replay, transfer

CONTROLS = {"lucid": ("cubic 700 700 400 1 1 1", 700),
            "lucid_reno": ("reno 500 500", 500)}


def causes(events):
    return [e.cause for e in events if e.name == "reduction"]


def marking(rules, **path):
    """A path whose ends speak ECN, ABE on, and whose router has these rules."""
    path = Path(delay_ms=10, **path)
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_ecn", 1)
    path.client.sysctl("ipv4/tcp_lucid/abe", 1)
    rules = "\n".join("ip saddr 10.0.1.1 ip length > 600 numgen inc mod " + rule
                      for rule in rules)
    path.router.sh("nft -f -", stdin=f"""
        table inet t {{
            chain f {{
                type filter hook forward priority 0;
                {rules}
            }}
        }}""")
    return path


def tail_loss():
    """the last packet is lost and its probe repairs it: a loss (RFC 8985, 7.4.2)"""
    for cc, (begin, beta) in CONTROLS.items():
        path = Path(delay_ms=10)
        path.client.sysctl("ipv4/tcp_slow_start_after_idle", 0)
        before = path.client.nstat()

        def work(sock):
            sock.sendall(bytes(100 * 1448))
            wait(1)
            # The probe's copy goes through, and its ACK says no more than that.
            path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 1000 == 9")
            sock.sendall(bytes(10 * 1448))
            wait(1)
            path.undrop()
            sock.sendall(bytes(30 * 1448))
            wait(1)
        events = transfer(path, cc, work)
        after = path.client.nstat()
        for name in "TcpExtTCPLossProbes", "TcpExtTCPLossProbeRecovery":
            equal(after[name] - before[name], 1, f"{cc}: {name}")
        equal(causes(events), ["LOSS"], f"{cc}: causes")
        for e in events:
            if e.name == "reduction":
                leaves(e, beta, cc)
        replay(events, begin)


def local_queue():
    """this host's own queue is full: LOCAL, before any ACK tells of the loss"""
    for cc, (begin, beta) in CONTROLS.items():
        path = Path(delay_ms=10)
        path.client.sh("tc qdisc add dev c0 root tbf rate 20mbit burst 3000"
                       " limit 6000")
        events = transfer(path, cc, lambda sock: sock.sendall(bytes(600000)),
                          (*EVENTS, "ecn"))
        assert "ecn" not in {e.name for e in events}, f"{cc}: nobody marked it"
        assert "LOCAL" in causes(events), f"{cc}: {causes(events)}"
        equal(causes(events)[0], "LOCAL", f"{cc}: the first cause")
        for e in events:
            if e.name == "reduction" and e.cause == "LOCAL":
                leaves(e, beta, cc)
        replay(events, begin)


def timeout_in_recovery():
    """an RTO while fast recovery is under way: RTO_AGAIN, ssthresh stays as it is"""
    for cc, (begin, _) in CONTROLS.items():
        path = Path(delay_ms=50)
        path.client.sysctl("ipv4/tcp_slow_start_after_idle", 0)

        def work(sock):
            sock.sendall(bytes(200 * 1448))
            wait(2)
            path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 1000 == 5")
            sock.sendall(bytes(60 * 1448))
            wait(0.05)  # all have passed the router, no ACK has come yet
            path.undrop()
            path.drop("ip saddr 10.0.1.1")
            wait(1)
            path.undrop()
            sock.sendall(bytes(100 * 1448))
        events = transfer(path, cc, work)
        told = causes(events)
        equal(told[:2], ["LOSS", "RTO_AGAIN"], f"{cc}: causes")
        cuts = [e for e in events if e.name == "reduction"]
        for field in ("ssthresh", "cwnd", "old_w_max_milli"):
            equal(cuts[1][field], cuts[0][field], f"{cc}: {field}")
        if cc == "lucid":
            equal(cuts[1].w_max_milli, 0, "RFC 9438, 4.8: W_max")
        replay(events, begin)


def loss_with_mark():
    """a loss and a mark on one ACK are a loss, with ABE too (RFC 8511, 3.1)"""
    for cc, (_, beta) in CONTROLS.items():
        # The third packet beyond the lost one comes back with the SACK that
        # makes it three, and with the only mark.
        path = marking(("10000 == 50 drop", "10000 == 52 ip ecn set ce"))
        before = path.client.nstat()["TcpExtTCPDeliveredCE"]
        events = transfer(path, cc, lambda sock: sock.sendall(bytes(150000)))
        assert path.client.nstat()["TcpExtTCPDeliveredCE"] > before, "no mark"
        equal(causes(events)[0], "LOSS", f"{cc}: cause")
        leaves(next(e for e in events if e.name == "reduction"), beta, cc)


def replay_marks():
    """a trace with marks, ABE on, replayed, gives the same window at every ACK"""
    for cc, begin in (("lucid", "cubic 700 850 400 1 1 1"),
                      ("lucid_reno", "reno 500 800")):
        path = marking(("400 399 ip ecn set ce", ), rate="20mbit", limit=1000)
        events = transfer(path, cc, lambda sock: sock.sendall(bytes(3000000)))
        equal(set(causes(events)), {"ECE"}, f"{cc}: causes")
        assert len(causes(events)) >= 3, f"{cc}: {causes(events)}"
        replay(events, begin)


def undone_in_slow_start():
    """reordering in the first slow start, taken for loss: slow start goes on"""
    path = Path(delay_ms=20, rate="20mbit", limit=1000)
    # One packet in 60 overtakes all that are under way.
    path.netem("limit 1000 delay 20ms rate 20mbit reorder 100% gap 60", "rs")

    def work(sock):
        sock.sendall(bytes(100 * 1448))
        wait(1)
        path.netem("limit 1000 delay 20ms rate 20mbit", "rs")
        sock.sendall(bytes(2000 * 1448))
    path.client.sysctl("ipv4/tcp_slow_start_after_idle", 0)
    events = transfer(path, "lucid", work)
    names = [e.name for e in events]
    assert "undo" in names, "nothing was undone"
    undo = events[names.index("undo")]
    equal(undo.ssthresh, 0x7fffffff, "ssthresh of the first slow start")
    turns = [e.what for e in events[names.index("undo"):]
             if e.name == "slow_start"]
    assert set(turns) & {"exit: DELAY", "exit: TRAIN"}, f"turns: {turns}"
    replay(events)


run(undone_in_slow_start, tail_loss, local_queue, timeout_in_recovery,
    loss_with_mark, replay_marks)
