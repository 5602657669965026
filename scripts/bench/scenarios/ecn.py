# SPDX-License-Identifier: GPL-2.0-only
"""Marks in place of losses."""

import time

from bottleneck import Bottleneck, mbits, mean, parameter, since, watch
from scenarios import CONTROLS

MBIT, RTT, EVERY = 20, 20, 500

TITLE = (f"{MBIT} Mbit/s, {RTT} ms, a queue that is never full. Every"
         f" {EVERY}th packet is marked CE; then every packet. With and without"
         " net.ipv4.tcp_lucid.abe, where there is one.")
EXPECT = ("RFC 8511: with ABE a mark costs less than a loss, so the window is"
          " larger. RFC 9438, 4.6 and RFC 3168, 6.1.2: when every packet is"
          " marked the window falls to one segment, and then a segment is sent"
          " each time that a timer, which backs off, runs out.")
COLUMNS = ("control", "marks", "abe", "Mbit/s", "mean_cwnd", "cwnd_at_end",
           "packets_last_5_s", "retrans")


def rows(quick):
    seconds = 15 if quick else 30
    for marks in (EVERY, 1):
        for cc in CONTROLS:
            for abe in ("off", "on"):
                path = Bottleneck(MBIT, 1000, RTT)
                if abe == "on" and not (cc.startswith("lucid") and
                                        parameter(path.client, "abe", 1)):
                    continue
                if abe == "off" and cc.startswith("lucid"):
                    parameter(path.client, "abe", 0)
                yield cc, f"1/{marks}", abe, *run(path, cc, marks, seconds)


def run(path, cc, marks, seconds):
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_ecn", 1)
    path.router.sh("nft -f -", stdin=f"""
        table inet marks {{
            chain forward {{
                type filter hook forward priority 0;
                ip ecn != not-ect numgen inc mod {marks} 0 ip ecn set ce
            }}
        }}""")
    before = path.client.nstat()
    with path.flow(cc) as flow:
        time.sleep(2)
        seen = watch(flow, seconds, 0.1)
        after = path.client.nstat()
    late = [info for info in seen if info["time"] > seen[-1]["time"] - 5]
    if not since(before, after, "TcpInSegs"):
        raise RuntimeError("nothing was acknowledged")
    return (f"{mbits(seen[0], seen[-1]):.2f}", f"{mean(seen):.1f}",
            seen[-1]["cwnd"], late[-1]["delivered"] - late[0]["delivered"],
            seen[-1]["total_retrans"])
