# SPDX-License-Identifier: GPL-2.0-only
"""A pause with nothing in flight, and then much at once."""

from bottleneck import growth, watch
from flow import AHEAD, Flow
from path import RECEIVER, Link
from scenarios import CONTROLS

RTT = 40
PAUSE = 30

TITLE = (f"{RTT} ms, no bottleneck. After a few losses nothing is sent for"
         f" {PAUSE} s, then as much as can be. No more losses. With and"
         " without net.ipv4.tcp_slow_start_after_idle.")
EXPECT = ("RFC 5681, 4.1: a new start from the initial window, in slow start"
          " to ssthresh. Without it, RFC 9438, 4.2: the pause does not count,"
          " the window goes on from where it was.")
COLUMNS = ("control", "slow_start_after_idle", "cwnd_before", "cwnd_at_restart",
           "ssthresh", "cwnd_1_s_later", "largest_growth_per_RTT")


def rows(quick):
    link = Link()
    link.set(RTT)
    for again in (1, 0):
        link.sender.sysctl("ipv4/tcp_slow_start_after_idle", again)
        for cc in CONTROLS:
            link.lose(200)
            with Flow(link.sender, link.receiver, RECEIVER, cc,
                          ahead=AHEAD) as flow:
                watch(flow, 3, 0.1)
                link.lose(0)
                before = watch(flow, 1, RTT / 1000)
                flow.trickle = (0, PAUSE)
                watch(flow, PAUSE - 5, 1)
                flow.trickle = None
                # The pause ends while this looks on.
                after = watch(flow, 10, RTT / 1000)
            start = next(at for at, info in enumerate(after)
                         if info["unacked"])
            after = after[start:start + 1000 // RTT]
            yield (cc, "yes" if again else "no", before[-1]["cwnd"],
                   after[0]["cwnd"], after[0]["ssthresh"], after[-1]["cwnd"],
                   growth(after))
