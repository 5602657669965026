# SPDX-License-Identifier: GPL-2.0-only
"""A peer that sends any segment one likes: the far end of a TUN device.

    namespace "host"                this process
    10.9.0.1, fd09::1  tun0 ------- 10.9.0.2, fd09::2

The kernel's end has real sockets; what comes from the other is made by hand.
"""

import fcntl
import os
import random
import select
import socket
import struct

from lucid import ACK, CWR, ECE, FIN, SYN, Netns, Packet, sh, wait

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
HOST = {4: "10.9.0.1", 6: "fd09::1"}
PEER = {4: "10.9.0.2", 6: "fd09::2"}
AF = {4: socket.AF_INET, 6: socket.AF_INET6}


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(family, protocol, src, dst, payload):
    """A packet of either version around a payload."""
    src, dst = (socket.inet_pton(AF[family], address) for address in (src, dst))
    if family == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + \
            src + dst + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64,
                       protocol, 0) + src + dst
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def pseudo(family, protocol, src, dst, length):
    src, dst = (socket.inet_pton(AF[family], address) for address in (src, dst))
    return src + dst + struct.pack(">II", length, protocol)


def segment(family, src, dst, sport, dport, seq, ack, flags, options=b"",
            data=b"", window=65535):
    """A TCP segment as an IP packet, with a good checksum."""
    options += b"\x01" * (-len(options) % 4)
    head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xffffffff,
                       ack & 0xffffffff, (20 + len(options)) << 2, flags,
                       window, 0, 0) + options + data
    good = checksum(pseudo(family, 6, src, dst, len(head)) + head)
    return ip(family, 6, src, dst,
              head[:16] + struct.pack(">H", good) + head[18:])


class Host:
    """The namespace and its TUN device; in a "with", gone at the end."""

    def __init__(self):
        sh("modprobe tun", check=False)
        sh("ip netns del host 2>/dev/null", check=False)
        sh("ip netns add host")
        self.netns = Netns("host")
        with self.netns:
            self.tun = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.tun, TUNSETIFF,
                        struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
        sh("ip -n host link set lo up; ip -n host addr add 10.9.0.1/24 dev tun0;"
           " ip -n host addr add fd09::1/64 dev tun0 nodad;"
           " ip -n host link set tun0 up")
        self.inum = self.netns.inum
        self.sysctl = self.netns.sysctl
        self.nstat = self.netns.nstat
        self.sysctl("ipv4/tcp_no_metrics_save", 1)
        self.ports = iter(range(20000, 60000))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.tun)
        sh("ip netns del host")

    def socket(self, family):
        with self.netns:
            return socket.socket(AF[family])

    def listen(self, family, backlog=16, port=5000):
        sock = self.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST[family], port))
        sock.listen(backlog)
        return sock

    def send(self, packet):
        os.write(self.tun, packet)

    def receive(self, match=lambda packet: True, timeout=0.2):
        """The next TCP segment from the kernel that matches, or None."""
        while select.select([self.tun], [], [], timeout)[0]:
            raw = os.read(self.tun, 65536)
            version = raw[0] >> 4
            if raw[9 if version == 4 else 6] != 6:
                continue
            kind = b"\x08\x00" if version == 4 else b"\x86\xdd"
            packet = Packet(0, bytes(12) + kind + raw)
            packet.raw = raw
            if match(packet):
                return packet
        return None

    def send_reply(self, family, packet, flags):
        """A bare segment that answers one from the kernel."""
        self.send(segment(family, PEER[family], HOST[family], packet.dport,
                          packet.sport, 0, packet.seq + 1, flags))

    def icmp(self, family, packet, kind, code, mtu=0):
        """An ICMP error about a packet that came from the kernel."""
        body = struct.pack(">BBHI", kind, code, 0, mtu) + packet.raw[:128]
        if family == 6:
            good = checksum(pseudo(6, 58, PEER[6], HOST[6], len(body)) + body)
        else:
            good = checksum(body)
        body = body[:2] + struct.pack(">H", good) + body[4:]
        self.send(ip(family, 58 if family == 6 else 1, PEER[family],
                     HOST[family], body))


def both(test):
    """The test over IPv4, then over IPv6, each with a host of its own."""
    def twice():
        for family in (4, 6):
            with Host() as host:
                test(host, family)
    twice.__doc__ = test.__doc__
    twice.__name__ = test.__name__
    return twice


class Peer:
    """One connection, as seen by the hand-made end of it."""

    def __init__(self, host, family, port=5000, sport=None):
        self.host, self.family, self.port = host, family, port
        self.sport = sport or next(host.ports)
        self.seq = random.getrandbits(32)
        self.ack = 0

    def send(self, flags, options=b"", data=b"", seq=None, ack=None,
             window=65535):
        self.host.send(segment(self.family, PEER[self.family],
                               HOST[self.family], self.sport, self.port,
                               self.seq if seq is None else seq,
                               self.ack if ack is None else ack, flags, options,
                               data, window))

    def receive(self, timeout=0.2):
        return self.host.receive(lambda p: p.dport == self.sport, timeout)

    def syn(self, options=b"", data=b"", flags=SYN):
        """Send a SYN, return what the kernel answers."""
        self.send(flags, options, data, ack=0)
        answer = self.receive()
        if answer and answer.flags & SYN:
            self.ack = answer.seq + 1
        return answer

    def final_ack(self):
        self.seq += 1
        self.send(ACK)

    def connect(self):
        """The whole handshake; the kernel's end is in the accept queue then."""
        self.syn()
        self.final_ack()
        return self


class Receiver(Peer):
    """The hand-made end of a connection on which a real socket sends data.

    Segments are numbered from 0; those that come are kept in .packets.
    """

    def __init__(self, host, family, sack=True, stamps=False, mss=1200,
                 port=5000, ecn=False):
        super().__init__(host, family, port)
        self.stamps = stamps
        self.clock = 1000
        self.packets = []
        listener = host.listen(family, port=port)
        options = struct.pack(">BBH", 2, 4, mss) + \
            (b"\x04\x02" if sack else b"") + self.stamp(0)
        answer = self.syn(options, flags=SYN | ECE | CWR if ecn else SYN)
        self.first = answer.seq + 1
        self.echo = self.stamp_of(answer)
        self.seq += 1
        self.send(ACK, self.stamp(self.echo))
        self.sock = listener.accept()[0]
        listener.close()
        # With timestamps, 12 bytes less.
        self.len = mss - (12 if stamps else 0)

    def stamp(self, echo):
        if not self.stamps:
            return b""
        self.clock += 1
        return struct.pack(">BBII", 8, 10, self.clock, echo)

    @staticmethod
    def stamp_of(packet):
        return struct.unpack(">I", packet.options[8][:4])[0] \
            if 8 in packet.options else 0

    def at(self, number):
        """The sequence number at which a segment begins."""
        return self.first + number * self.len & 0xffffffff

    def collect(self, timeout=0.01):
        """Take in what has come, and return it."""
        new = []
        while packet := self.receive(timeout):
            if packet.len or packet.flags & FIN:
                new.append(packet)
                self.echo = self.stamp_of(packet)
        self.packets += new
        return new

    def write(self, segments):
        """Have the socket send so many segments, and take them in."""
        self.sock.sendall(bytes(segments * self.len))
        return self.collect()

    def acknowledge(self, number, *blocks, echo=None, window=65535, flags=ACK):
        """ACK of all before a segment, with SACK of those in each (from, to)."""
        options = self.stamp(self.echo if echo is None else echo)
        if blocks:
            edges = [self.at(edge) for block in blocks for edge in block]
            options += struct.pack(f">BB{len(edges)}I", 5, 2 + 4 * len(edges),
                                   *edges)
        self.send(flags, options, ack=self.at(number), window=window)

    def warm(self, segments=10, probes=False):
        """So many segments, all acknowledged 20 ms after they came.

        Tail loss probes, which would come before that, are off until here, or
        for good.
        """
        self.host.sysctl("ipv4/tcp_early_retrans", 0)
        self.write(segments)
        wait(0.02)
        self.acknowledge(segments)
        wait(0.02)
        if probes:
            self.host.sysctl("ipv4/tcp_early_retrans", 3)
        self.first = self.at(segments)
        self.packets = []

    def close(self):
        """Leave nothing behind."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()
