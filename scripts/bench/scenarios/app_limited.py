# SPDX-License-Identifier: GPL-2.0-only
"""An application that sends a little for long, and then much at once."""

from bottleneck import MSS, growth, watch
from path import RECEIVER, Link
from flow import AHEAD, Flow
from scenarios import CONTROLS

RTT = 40
QUIET = 30

TITLE = (f"{RTT} ms, no bottleneck. After a few losses the application sends a"
         f" packet every 10 ms for {QUIET} s, so that some are always in"
         " flight, and then as much as it can. No more losses.")
EXPECT = ("RFC 9438, 4.2: time in which the application limits the flow MUST"
          " NOT count. The window grows afterwards as it did before: by"
          " single packets in a round trip, not by half the window.")
COLUMNS = ("control", "cwnd_before", "growth_per_RTT_before", "cwnd_after_quiet",
           "largest_growth_per_RTT_after", "cwnd_2_s_later")


def rows(quick):
    link = Link()
    link.set(RTT)
    for cc in CONTROLS:
        link.lose(200)
        with Flow(link.sender, link.receiver, RECEIVER, cc,
                      ahead=AHEAD) as flow:
            watch(flow, 3, 0.1)
            link.lose(0)
            before = watch(flow, 1, RTT / 1000)
            flow.trickle = (MSS, 0.01)
            quiet = watch(flow, QUIET, 1)
            flow.trickle = None
            after = watch(flow, 2, RTT / 1000)
        yield (cc, before[-1]["cwnd"], growth(before[-10:]), quiet[-1]["cwnd"],
               growth([quiet[-1], *after]), after[-1]["cwnd"])
