# SPDX-License-Identifier: GPL-2.0-only
"""A path that costs little per packet, for windows and nothing else.

    sender                    receiver
    10.0.0.1  s0 ------- r0   10.0.0.2

In virtual time an instruction takes a nanosecond, so what a packet costs the
processor is time on the path. Hence one link and no router: data crosses it at
once, every N-th packet is dropped where it comes in, and ACKs wait for the whole
round trip where they leave. There is no queue on the sender's side, where it
would hold the sender back (TSQ).

Segmentation and merging offloads are off: a packet is a segment.
"""

from lucid import Netns, sh

SENDER, RECEIVER = "10.0.0.1", "10.0.0.2"

# Buffers that no window here fills, in bytes.
BUFFERS = "4096 8000000 60000000"


def quiet(*namespaces):
    """No memory of earlier connections, no limit by buffers."""
    for netns in namespaces:
        netns.sysctl("ipv4/tcp_no_metrics_save", 1)
        netns.sysctl("ipv4/tcp_rmem", BUFFERS)
        netns.sysctl("ipv4/tcp_wmem", BUFFERS)


class Link:
    """sender - receiver; rtt_ms of delay, every N-th data packet lost."""

    def __init__(self):
        for name in ("sender", "receiver"):
            sh(f"ip netns del {name} 2>/dev/null", check=False)
            sh(f"ip netns add {name}")
        self.sender, self.receiver = Netns("sender"), Netns("receiver")
        sh("ip link add s0 netns sender type veth peer r0 netns receiver")
        for netns, dev, address in ((self.sender, "s0", SENDER),
                                    (self.receiver, "r0", RECEIVER)):
            netns.sh(f"ethtool -K {dev} tso off gso off gro off")
            netns.sh(f"ip addr add {address}/24 dev {dev};"
                     f" ip link set {dev} up; ip link set lo up")
        quiet(self.sender, self.receiver)
        # Neighbours are known for good: no packet is counted but the flow's.
        for netns, dev, address, peer in (
                (self.sender, "s0", RECEIVER, self._mac("receiver", "r0")),
                (self.receiver, "r0", SENDER, self._mac("sender", "s0"))):
            netns.sh(f"ip neigh replace {address} lladdr {peer} dev {dev}"
                     " nud permanent")
        self.receiver.sh("tc qdisc add dev r0 clsact")

    @staticmethod
    def _mac(netns, dev):
        return sh(f"ip netns exec {netns} cat /sys/class/net/{dev}/address"
                  ).strip()

    def set(self, rtt_ms):
        sh(f"tc -n receiver qdisc replace dev r0 root netem limit 100000"
           f" delay {rtt_ms}ms")

    def lose(self, every):
        """Drop every N-th packet from now on; 0: none."""
        # The action must go with its filter, or its count would go on.
        sh("tc -n receiver filter del dev r0 ingress 2>/dev/null", check=False)
        if every:
            sh("tc -n receiver filter add dev r0 ingress matchall action"
               f" pass random determ drop {every}")
