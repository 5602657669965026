# SPDX-License-Identifier: GPL-2.0-only
"""A path with a bottleneck and its queue, for flows that meet there.

    client ------ router [queue] --- rate ---> server
           <--- a delay for each flow --------

Made of the suites' path (selftests/lucid.py). Data waits for nothing but the
bottleneck; the round-trip time is where ACKs leave the router, and each flow,
known by its port, can have its own. So the queue holds what its limit says, and
not what is on the way as well.
"""

import time

from flow import Flow
from lucid import Path, sh
from path import quiet

SERVER = "10.0.2.1"
PORT = 5000

# Packets of 1500 bytes, as links and queues count them with Ethernet's header.
FRAME = 1514
MSS = 1448


def bdp(mbit, rtt_ms):
    """What fits into a path without a queue, in packets."""
    return round(mbit * 1e3 * rtt_ms / 8 / FRAME)


class Bottleneck(Path):
    """rtts: in ms, of the flows on PORT, PORT + 1 and so on."""

    def __init__(self, mbit, queue, *rtts):
        super().__init__(delay_ms=0)
        quiet(self.client, self.server)
        # Bands of ACKs, by the port that they come from.
        self.router.sh(
            "tc qdisc replace dev rc root handle 1: prio bands"
            f" {max(2, len(rtts))} priomap {' '.join('0' * 16)}")
        for band, rtt in enumerate(rtts, 1):
            self.router.sh(
                f"tc qdisc replace dev rc parent 1:{band} handle {band}0:"
                f" netem limit 100000 delay {rtt}ms")
            self.router.sh(
                "tc filter add dev rc parent 1: protocol ip u32 match ip sport"
                f" {PORT + band - 1} 0xffff flowid 1:{band}")
        self.rate(mbit, queue)

    def rate(self, mbit, queue, more=""):
        """Change the bottleneck; more is in netem's words."""
        self.router.sh(f"tc qdisc replace dev rs root netem rate {mbit}mbit"
                       f" limit {queue} {more}")

    def rtt(self, rtt_ms, number=0):
        self.router.sh(f"tc qdisc change dev rc parent 1:{number + 1} handle"
                       f" {number + 1}0: netem limit 100000 delay {rtt_ms}ms")

    def flow(self, cc, number=0, **options):
        return Flow(self.client, self.server, SERVER, cc, PORT + number,
                    **options)


def watch(flow, seconds, step):
    """TCP_INFO every step seconds, from now on."""
    end = time.monotonic() + seconds
    seen = [flow.poll()]
    while time.monotonic() < end:
        time.sleep(step)
        seen.append(flow.poll())
    return seen


def mbits(first, last):
    """Throughput between two samples, Mbit/s of payload."""
    return ((last["delivered"] - first["delivered"]) * MSS * 8 /
            (last["time"] - first["time"]) / 1e6)


def mean(samples, field="cwnd"):
    return sum(info[field] for info in samples) / len(samples)


def growth(samples):
    """The largest step of the window from one sample to the next, packets."""
    return max(b["cwnd"] - a["cwnd"] for a, b in zip(samples, samples[1:]))


def since(before, after, name):
    """How far a counter of the kernel (nstat) has come."""
    return after.get(name, 0) - before.get(name, 0)


def parameter(netns, name, value):
    """Set net.ipv4.tcp_lucid.NAME, if there is one: says whether."""
    done = sh(f"sysctl -qw net.ipv4.tcp_lucid.{name}={value} 2>&1",
              check=False, netns=netns.name)
    return not done.strip()
