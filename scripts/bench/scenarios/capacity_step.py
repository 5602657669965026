# SPDX-License-Identifier: GPL-2.0-only
"""A bottleneck that opens, and closes again."""

import time

from bottleneck import Bottleneck, bdp, mbits, since, watch
from scenarios import CONTROLS

LOW, HIGH, RTT = 10, 50, 40

TITLE = (f"{RTT} ms, a queue of one BDP of the lower rate; the bottleneck goes"
         f" from {LOW} to {HIGH} Mbit/s and back.")
EXPECT = ("RFC 9438, 4.5: past W_max the window grows faster and faster, so"
          " CUBIC fills the new capacity before Reno does; the step down costs"
          " losses but no collapse.")
COLUMNS = ("control", "s_to_90%_of_step_up", "Mbit/s_while_high",
           "retrans_up", "retrans_step_down", "timeouts_step_down",
           "Mbit/s_after_down")


def rows(quick):
    seconds = 10 if quick else 20
    queue = bdp(LOW, RTT)
    for cc in CONTROLS:
        path = Bottleneck(LOW, queue, RTT)
        with path.flow(cc) as flow:
            time.sleep(15)
            path.rate(HIGH, queue)
            high = watch(flow, seconds, 0.2)
            before = path.client.nstat()
            path.rate(LOW, queue)
            low = watch(flow, 10, 0.2)
            after = path.client.nstat()
        full = [that["time"] - high[0]["time"]
                for this, that in zip(high, high[1:])
                if mbits(this, that) > 0.9 * HIGH * 1448 / 1514]
        yield (cc, f"{full[0]:.1f}" if full else f"over {seconds}",
               f"{mbits(high[0], high[-1]):.1f}",
               high[-1]["total_retrans"] - high[0]["total_retrans"],
               low[-1]["total_retrans"] - low[0]["total_retrans"],
               since(before, after, "TcpExtTCPTimeouts"),
               f"{mbits(low[0], low[-1]):.2f}")
