# SPDX-License-Identifier: GPL-2.0-only
"""Packets that overtake others: losses that were none."""

import time

from bottleneck import Bottleneck, mbits, mean, since, watch
from scenarios import CONTROLS

MBIT, RTT, LATE, EVERY = 200, 40, 20, 2000

TITLE = (f"{MBIT} Mbit/s, more than is used, {RTT} ms and {LATE} ms that every"
         f" {EVERY}th packet does not take: it arrives early, what it overtook"
         " looks lost. One packet really is, in slow start.")
EXPECT = ("RFC 9438, 4.9.2 and RFC 3708: when DSACKs tell that nothing was"
          " lost, cwnd, ssthresh, W_max and the stage are as before, so the"
          " mean window is that of a path without losses (last lines: every"
          f" {EVERY}th packet really lost).")
COLUMNS = ("control", "event", "Mbit/s", "mean_cwnd", "least_cwnd", "retrans",
           "undone", "reductions_kept")


def rows(quick):
    seconds = 8 if quick else 20
    for event in ("reordered", "lost"):
        for cc in CONTROLS:
            path = Bottleneck(MBIT, 10000, RTT)
            reorder = f"reorder 100% gap {EVERY}" if event == "reordered" else ""
            path.rate(MBIT, 10000, f"delay {LATE}ms {reorder}")
            path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod"
                      f" {10**8 if reorder else EVERY} 150")
            with path.flow(cc) as flow:
                time.sleep(2)
                before = path.client.nstat()
                seen = watch(flow, seconds, 0.1)
                after = path.client.nstat()
            undone = sum(since(before, after, f"TcpExtTCP{kind}Undo")
                         for kind in ("Full", "DSACK", "Partial", "Loss"))
            entered = since(before, after, "TcpExtTCPSackRecovery")
            yield (cc, event, f"{mbits(seen[0], seen[-1]):.1f}",
                   f"{mean(seen):.0f}", min(info["cwnd"] for info in seen),
                   seen[-1]["total_retrans"] - seen[0]["total_retrans"],
                   undone, entered - undone)
