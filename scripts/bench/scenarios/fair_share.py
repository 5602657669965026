# SPDX-License-Identifier: GPL-2.0-only
"""A newcomer whose first packet is lost, beside a Reno flow."""

import time

from bottleneck import Bottleneck, bdp, mbits
from scenarios import CONTROLS

MBIT, RTT = 100, 4
STEP = 0.25		# seconds between two looks

TITLE = (f"{MBIT} Mbit/s, {RTT} ms, a queue of one BDP, a reno flow at full"
         " speed. A second flow begins and loses its first data packet, which"
         " ends its slow start at once.")
EXPECT = ("RFC 9438, 4.3: in this region CUBIC has at least the throughput of"
          " Reno, so the second flow gets to its half about as fast as a"
          " second reno does, and does not take more.")
COLUMNS = ("second_flow", "s_to_40%", "share_first_s", "share_5_to_15_s",
           "share_last_third",
           "reno_Mbit/s", "second_Mbit/s", "second_retrans")


def rows(quick):
    seconds = 18 if quick else 30
    for cc in CONTROLS:
        path = Bottleneck(MBIT, bdp(MBIT, RTT), RTT, RTT)
        with path.flow("reno") as old:
            time.sleep(3)
            # Counted from its first data packet on: that is number 0.
            path.drop("tcp dport 5001 ip length > 600"
                      " numgen inc mod 100000000 0")
            with path.flow(cc, 1) as new:
                seen = []
                for _ in range(int(seconds / STEP)):
                    seen.append((old.poll(), new.poll()))
                    time.sleep(STEP)
                seen.append((old.poll(), new.poll()))

        def share(begin, end):
            both = [mbits(*pair) for pair in zip(seen[int(begin / STEP)],
                                                 seen[int(end / STEP)])]
            return both[1] / sum(both), both

        reached = [at * STEP for at in range(1, len(seen))
                   if share((at - 1) * STEP, at * STEP)[0] >= 0.4]
        last, both = share(seconds * 2 // 3, seconds)
        yield (cc, reached[0] if reached else "never", f"{share(0, 1)[0]:.0%}",
               f"{share(5, 15)[0]:.0%}", f"{last:.0%}",
               *(f"{rate:.1f}" for rate in both),
               seen[-1][1]["total_retrans"])
