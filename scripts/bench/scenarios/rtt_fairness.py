# SPDX-License-Identifier: GPL-2.0-only
"""Two flows, one further away than the other."""

import time

from bottleneck import Bottleneck, bdp, mbits
from scenarios import CONTROLS

MBIT, NEAR = 10, 20

TITLE = (f"{MBIT} Mbit/s, a queue of one BDP of {2 * NEAR} ms; two flows of the"
         f" same control, one over {NEAR} ms, the other over 1, 2 and 4 times"
         " that. Without the time they need to settle.")
EXPECT = ("RFC 9438, 4.3 and 6.2: CUBIC is no less fair to long paths than"
          " Reno; the farther flow's share is at least that of reno.")
COLUMNS = ("control", "RTT_ratio", "near_Mbit/s", "far_Mbit/s", "near/far",
           "jain", "used")


def rows(quick):
    seconds = 20 if quick else 60
    for ratio in (1, 2, 4):
        for cc in CONTROLS:
            path = Bottleneck(MBIT, bdp(MBIT, 2 * NEAR), NEAR, NEAR * ratio)
            with path.flow(cc) as near, path.flow(cc, 1) as far:
                time.sleep(seconds / 3)
                begin = near.poll(), far.poll()
                time.sleep(seconds)
                end = near.poll(), far.poll()
            rates = [mbits(*pair) for pair in zip(begin, end)]
            jain = sum(rates) ** 2 / 2 / sum(rate ** 2 for rate in rates)
            yield (cc, f"1:{ratio}", *(f"{rate:.2f}" for rate in rates),
                   f"{rates[0] / rates[1]:.2f}", f"{jain:.3f}",
                   f"{sum(rates) / (MBIT * 1448 / 1514):.0%}")
