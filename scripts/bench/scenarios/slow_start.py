# SPDX-License-Identifier: GPL-2.0-only
"""How slow start ends."""

import time

from bottleneck import MSS, Bottleneck, bdp, parameter
from scenarios import CONTROLS

MBIT = 50
UNLIMITED = 0x7fffffff		# ssthresh before anything has set it
AMOUNT, FIRST = 20 * 10**6, 5 * 10**6

TITLE = (f"{MBIT} Mbit/s, a queue of one BDP, {AMOUNT // 10**6} MB."
         " net.ipv4.tcp_lucid.slow_start as named, where there is one.")
EXPECT = ("RFC 9438, 4.10: a slow start that ends before the queue is full, and"
          " not before the path is (BDP; the queue holds as much again).")
COLUMNS = ("control", "slow_start", "RTT", "BDP", "cwnd_at_exit", "retrans",
           "s_for_5_MB", "s_for_20_MB")


def rows(quick):
    for rtt in (100,) if quick else (100, 150):
        for cc in CONTROLS:
            kinds = ("classic", "hystart", "hystartpp") \
                if cc == "lucid" else ("only",)
            for kind in kinds:
                path = Bottleneck(MBIT, bdp(MBIT, rtt), rtt)
                if kind != "only" and \
                        not parameter(path.client, "slow_start", kind):
                    if kind != kinds[0]:
                        continue
                    kind = "default"
                yield cc, kind, f"{rtt} ms", bdp(MBIT, rtt), *run(path, cc)


def run(path, cc):
    flow = path.flow(cc, size=AMOUNT)
    flow.start()
    seen = []
    while not seen or seen[-1]["delivered"] * MSS < AMOUNT - 10**6:
        seen.append(flow.poll())
        time.sleep(0.005)
    # The last packets may be lost too.
    total = flow.wait()
    slow = [info for info in seen if info["ssthresh"] >= UNLIMITED]
    first = next(info["time"] for info in seen
                 if info["delivered"] * MSS >= FIRST)
    return (slow[-1]["cwnd"], seen[-1]["total_retrans"],
            f"{first - flow.began:.2f}", f"{total:.2f}")
