# SPDX-License-Identifier: GPL-2.0-only
"""The average window under deterministic loss, as RFC 9438, section 5, has it:
one flow, a constant round-trip time, every 1/p-th packet lost.

The window is measured by Little's law: packets delivered per second, times the
mean round-trip time. Both are of the same whole loss cycles, after the first
few. The mean of cwnd, where it was looked at, is beside it.

In-tree reno is measured twice, on other connections: what the two differ by is
what no comparison here can tell.
"""

import math
import time

from flow import Flow
from path import RECEIVER, Link

# What to measure in each cell: control, phase, and its name in the table.
CONTROLS = (("lucid", 0, "lucid"), ("lucid_reno", 0, "lucid_reno"),
            ("cubic", 0, "cubic"), ("reno", 0, "reno"), ("reno", 1, "reno2"))
RTTS = (1, 4, 10, 40, 100)		# ms
LOSSES = (100, 1000, 10000)		# 1/p
CELLS = [(rtt, every) for every in LOSSES for rtt in RTTS]
QUICK = [(1, 100), (4, 100), (10, 100), (1, 1000), (10, 1000), (100, 1000)]

# Connections for each cell and control, for each the loss cycles that are not
# measured, and then those that are. A cycle of Reno forgets three quarters of
# the one before, of CUBIC half. Small windows fall into one of several rhythms
# of losses and delayed ACKs, and stay in it: hence many short connections.
CYCLES = {100: (24, 10, 20), 1000: (4, 6, 16), 10000: (2, 5, 8)}
QUICK_CYCLES = {100: (6, 10, 20), 1000: (2, 6, 12)}

COLUMNS = ("rtt_ms", "every", "control", "window", "cwnd", "packets_per_s",
           "rtt_us", "losses", "seconds")


class Sum:
    """What was measured so far, over all connections of a cell."""

    def __init__(self):
        self.seconds = self.delivered = self.losses = 0
        self.rtts, self.cwnds = [], []

    def sample(self, info):
        self.rtts.append(info["rtt"])
        self.cwnds.append(info["cwnd"])

    def add(self, begin, end):
        self.seconds += end["time"] - begin["time"]
        self.delivered += end["delivered"] - begin["delivered"]
        self.losses += end["total_retrans"] - begin["total_retrans"]

    def row(self):
        rate = self.delivered / self.seconds
        rtt_us = sum(self.rtts) / len(self.rtts)
        return (round(rate * rtt_us / 1e6, 3),
                round(sum(self.cwnds) / len(self.cwnds), 3), round(rate, 1),
                round(rtt_us, 1), self.losses, round(self.seconds, 3))


def average_window(link, cc, rtt_ms, every, phase=0,
                   cycles=None):
    """One cell for one control: a row of COLUMNS, as a dict.

    Another phase is other connections, which lose other packets.
    """
    connections, warm, measured = cycles or CYCLES[every]
    # About ten looks in a loss cycle, out of step with everything.
    step = max(0.003, rtt_ms / 1000 * math.sqrt(every) / 12)
    total = Sum()

    link.set(rtt_ms)
    for number in range(connections):
        # Slow start goes on until the first loss. Were that the N-th packet,
        # it would take many cycles to forget the window it led to.
        first = 2 * math.sqrt(1.5 * every) + 1 + number + connections * phase
        link.lose(min(every, int(first)))
        with Flow(link.sender, link.receiver, RECEIVER, cc) as flow:
            now = until(flow, step, 1)
            link.lose(every)
            begin = until(flow, step, now["total_retrans"] + warm)
            end = until(flow, step, begin["total_retrans"] + measured, total)
            total.add(begin, end)
    return dict(zip(COLUMNS, (rtt_ms, every, cc, *total.row())))


def until(flow, step, retransmissions, total=None):
    """Poll until so many losses were repaired; may sample all the way."""
    while True:
        time.sleep(step)
        info = flow.poll()
        if total:
            total.sample(info)
        if info["total_retrans"] >= retransmissions:
            return info


def cell(rtt_ms, every, quick=False):
    """All controls in one cell, one after the other, in the same guest."""
    link = Link()
    cycles = QUICK_CYCLES[every] if quick else CYCLES[every]
    for cc, phase, name in CONTROLS:
        row = average_window(link, cc, rtt_ms, every, phase, cycles)
        row["control"] = name
        yield tuple(row.values())
