# SPDX-License-Identifier: GPL-2.0-only
"""Random loss beyond what TCP is made for."""

from bottleneck import Bottleneck, mbits, mean, since, watch
from scenarios import CONTROLS

MBIT, RTT = 10, 20

TITLE = f"{MBIT} Mbit/s, {RTT} ms, 10 to 30 % of the data packets lost at random."
EXPECT = ("RFC 9438, 4.6 and 4.8: every control survives, with a window of a"
          " few packets and timeouts, and none takes a multiple of another's"
          " share: at such losses all are near Reno.")
COLUMNS = ("control", "loss", "kbit/s", "mean_cwnd", "retrans", "timeouts",
           "longest_silence_s")


def rows(quick):
    seconds = 20 if quick else 60
    for loss in (10, 20, 30):
        for cc in CONTROLS:
            path = Bottleneck(MBIT, 100, RTT)
            try:
                path.rate(MBIT, 100, f"loss {loss}% seed 1")
            except AssertionError:  # 6.1 has no seed; the guest's is fixed
                path.rate(MBIT, 100, f"loss {loss}%")
            before = path.client.nstat()
            with path.flow(cc) as flow:
                seen = watch(flow, seconds, 0.05)
                after = path.client.nstat()
            silence = longest = 0
            for this, that in zip(seen, seen[1:]):
                silence = 0 if that["delivered"] > this["delivered"] else \
                    silence + that["time"] - this["time"]
                longest = max(longest, silence)
            yield (cc, f"{loss} %", f"{1000 * mbits(seen[0], seen[-1]):.0f}",
                   f"{mean(seen):.1f}", seen[-1]["total_retrans"],
                   since(before, after, "TcpExtTCPTimeouts"), f"{longest:.1f}")
