# SPDX-License-Identifier: GPL-2.0-only
"""A route change that makes the path shorter."""

import time

from bottleneck import Bottleneck, bdp, mbits, mean, watch
from scenarios import CONTROLS

MBIT, LONG, SHORT = 25, 100, 20

TITLE = (f"{MBIT} Mbit/s, a queue of one BDP; in mid-flow the round-trip time"
         f" falls from {LONG} ms to {SHORT} ms.")
EXPECT = ("RFC 9438, 4.2: the target follows the smoothed RTT. The link stays"
          " full; no timeout, and losses only as the queue overflows.")
COLUMNS = ("control", "Mbit/s_before", "Mbit/s_first_2_s", "Mbit/s_after",
           "cwnd_before", "cwnd_after", "retrans_first_2_s", "retrans_after",
           "timeouts")


def rows(quick):
    seconds = 10 if quick else 20
    for cc in CONTROLS:
        path = Bottleneck(MBIT, bdp(MBIT, LONG), LONG)
        with path.flow(cc) as flow:
            time.sleep(10)
            before = watch(flow, 5, 0.1)
            counters = path.client.nstat()
            path.rtt(SHORT)
            first = watch(flow, 2, 0.1)
            after = watch(flow, seconds, 0.1)
            timeouts = (path.client.nstat()["TcpExtTCPTimeouts"] -
                        counters["TcpExtTCPTimeouts"])
        yield (cc, *(f"{mbits(seen[0], seen[-1]):.1f}"
                     for seen in (before, first, after)),
               f"{mean(before):.0f}", f"{mean(after):.0f}",
               *(seen[-1]["total_retrans"] - seen[0]["total_retrans"]
                 for seen in (first, after)), timeouts)
