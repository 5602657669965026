#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Both controls over paths and between ends that make TCP hard: all data arrives as
it was sent, both ways, over IPv4 and IPv6; events are what the kernel counts; and
the log is silent. See endure.py and counting.py.
"""

import errno
import functools
import random
import re
import socket
import struct

from counting import Watch
from endure import (CONTROLS, Quiet, Worker, exchange, get_control,
                    noise, set_control, times)
from lucid import (ACK, RST, SYN, Path, RawTrace, Skip, Trace, cookie, equal, ksft,
                   run, sh, wait)
from peer import AF, segment

SIZE = times(120000)
SO_SNDBUF, SO_RCVBUF = socket.SO_SNDBUF, socket.SO_RCVBUF
SO_RCVBUFFORCE = 33
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_REPAIR_OPTIONS = 19, 20, 21, 22
MSG_FASTOPEN = 0x20000000
IPPROTO_MPTCP = 262


@functools.lru_cache(None)
def the_path():
    return Path()


class Stage:
    """Inside a "with": the path as netem is told to make it, each way, with these
    sysctls at both ends; all as it was before at the end. Data crosses it, and
    what it does to events and counters is checked.
    """

    def __init__(self, netem="delay 5ms", watch=True, **sysctls):
        self.path = the_path()
        self.netem = netem
        self.sysctls = {"tcp_lucid/syn_event_rate": 0, **sysctls}
        self.kept = {}
        self.quiet = Quiet()
        self.watch = Watch(self.path.client, self.path.server) if watch else None
        self.trace = Trace("summary", "state")
        self.ports = iter(range(5000, 60000))
        self.known = {}

    def __enter__(self):
        self.quiet.__enter__()
        self.path.netem(f"limit 10000 {self.netem}")
        for end in self.path.client, self.path.server:
            for key, value in self.sysctls.items():
                with end, open(f"/proc/sys/net/ipv4/{key}") as file:
                    self.kept[(end, key)] = file.read()
                end.sysctl(f"ipv4/{key}", value)
        self.corrupted = self._corrupted()
        if self.watch:
            self.watch.__enter__()
        self.trace.__enter__()
        return self

    def _corrupted(self):
        return [end.nstat()["TcpInCsumErrors"]
                for end in (self.path.client, self.path.server)]

    def __exit__(self, kind, *why):
        try:
            wait(3)
            if kind is None:
                self._summaries()
            self.trace.__exit__()
            if self.watch:
                self.watch.__exit__(kind, *why)
            if kind is None and "corrupt" not in self.netem:
                equal(self._corrupted(), self.corrupted, "corrupted segments")
        finally:
            # A worker, which is another process, must not restore.
            for (end, key), value in self.kept.items():
                end.sysctl(f"ipv4/{key}", value)
            self.path.netem("limit 10000 delay 5ms")
        self.quiet.__exit__(kind, *why)

    def counted(self, end, name):
        return self.watch.counted[end][name]

    def pair(self, family, cc, prepare=None, mptcp=False):
        port = next(self.ports)
        return self._connect(family, cc, port, prepare, mptcp)

    def _connect(self, family, cc, port, prepare, mptcp):
        listener = self._socket(self.path.server, family, mptcp)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client = self._socket(self.path.client, family, mptcp)
        for sock in listener, client:
            equal(set_control(sock, cc), 0, f"{cc}: error")
            if prepare:
                prepare(sock)
        listener.bind((Path.ADDR[family][1], port))
        listener.listen()
        client.connect((Path.ADDR[family][1], port))
        server = listener.accept()[0]
        listener.close()
        for sock in client, server:
            equal(get_control(sock), cc, "control")
        return client, server

    @staticmethod
    def _socket(netns, family, mptcp):
        with netns:
            return socket.socket(AF[family], socket.SOCK_STREAM,
                                 IPPROTO_MPTCP if mptcp else 0)

    def cross(self, client, server, size=SIZE, meanwhile=None, told=True,
              **how):
        """Data both ways, to the end of the connection."""
        there, back = noise(size, size), noise(size // 5, size)
        if told:
            for sock, out, into in ((client, there, back),
                                    (server, back, there)):
                self.known[cookie(sock)] = len(out), len(into)
        exchange(client, server, there, back, meanwhile, **how)
        client.close()
        server.close()

    def all(self, prepare=None, size=SIZE, **more):
        """Both controls, both families."""
        for family in (4, 6):
            for cc in CONTROLS:
                self.cross(*self.pair(family, cc, prepare), size, **more)
        return self

    def _summaries(self):
        """Each connection has one, which knows how much has crossed."""
        for number, (out, into) in self.known.items():
            # A last FIN may have been lost more than once.
            for _ in range(60):
                found = self.trace.read("summary", cookie=number)
                if found:
                    break
                wait(1)
            equal(len(found), 1, "summaries of a connection")
            # SYN and FIN count for a byte each.
            assert out <= found[0].bytes_acked <= out + 2 and \
                into <= found[0].bytes_received <= into + 1, \
                f"{out} bytes sent, {into} received: {found[0]}"


def loss():
    """5 % loss, at random and in bursts"""
    with Stage("delay 5ms loss 5%") as stage:
        stage.all()
    assert stage.counted("client", "TcpRetransSegs"), "nothing was lost"
    with Stage("delay 5ms loss gemodel 1% 20%") as stage:
        stage.all()
    assert stage.counted("client", "TcpRetransSegs"), "nothing was lost"


def reordering():
    """a fifth of all packets overtakes others"""
    with Stage("delay 10ms 5ms reorder 20% 50%") as stage:
        stage.all()
    assert stage.counted("client", "TcpExtTCPDSACKRecv"), "no reordering"


def duplication():
    """a fifth of all packets comes twice"""
    with Stage("delay 5ms duplicate 20%") as stage:
        stage.all()
    assert stage.counted("server", "TcpExtTCPDSACKOldSent") or \
        stage.counted("server", "TcpExtTCPDSACKOfoSent"), "no duplicates"


def corruption():
    """3 % of all packets have a wrong bit; none of them is data"""
    with Stage("delay 5ms corrupt 3%") as stage:
        stage.all()
    assert stage.counted("server", "TcpInCsumErrors"), "nothing was corrupted"


def all_of_it():
    """loss, reordering, duplication and corruption together"""
    with Stage("delay 8ms 4ms loss 3% duplicate 3% corrupt 1%") as stage:
        stage.all()
    assert stage.counted("client", "TcpRetransSegs"), "nothing was lost"


def tiny_windows():
    """the smallest buffers that there are, with and without loss"""
    def tiny(sock):
        for name in SO_RCVBUF, SO_SNDBUF:
            sock.setsockopt(socket.SOL_SOCKET, name, 1)
    for netem in "delay 1ms", "delay 1ms loss 2%":
        with Stage(netem, watch=False) as stage:
            stage.all(tiny, 30000)


def window_scaling():
    """windows that are not scaled, and as far as is possible: by 14 bits"""
    with Stage("delay 5ms loss 1%", tcp_window_scaling=0) as stage:
        ends = stage.pair(4, "lucid")
        equal(scales(ends[0]), (0, 0), "window scales")
        stage.cross(*ends)
        stage.all()

    def huge(sock):
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 2 ** 30)
    with Stage("delay 5ms loss 1%") as stage:
        ends = stage.pair(6, "lucid_reno", huge)
        equal(scales(ends[0]), (14, 14), "window scales")
        stage.cross(*ends)
        stage.all(huge)


def scales(sock):
    """Of what is received, and what is sent: from struct tcp_info's 7th byte."""
    byte = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[6]
    return byte & 15, byte >> 4


def small_segments():
    """segments of 88 bytes, and of an MTU of 1280, with loss"""
    def mss(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 88)
    with Stage("delay 5ms loss 1%") as stage:
        stage.all(mss, 60000)
    assert stage.counted("client", "TcpOutSegs") > 4 * 60000 / 88, \
        "segments were larger"
    with Mtu(1280), Stage("delay 5ms loss 1%") as stage:
        stage.all()


class Mtu:
    """Inside a "with": every link of the path has this MTU, and these are 192 KiB."""

    def __init__(self, mtu, *sizes):
        self.mtu, self.sizes = mtu, sizes

    def __enter__(self):
        self._set(self.mtu, 196608)

    def __exit__(self, *_):
        self._set(1500, 65536)

    def _set(self, mtu, size):
        more = " ".join(f"{key} {size}" for key in self.sizes)
        path = the_path()
        for end, dev in ((path.client, "c0"), (path.router, "rc"),
                         (path.router, "rs"), (path.server, "s0")):
            end.sh(f"ip link set {dev} mtu {mtu} {more}")


def jumbo():
    """an MTU of 9000, and of 65535: a segment as large as can be"""
    for mtu in 9000, 65535:
        with Mtu(mtu), Stage("delay 5ms loss 1%") as stage:
            stage.all(size=4 * SIZE)
            ends = stage.pair(6, "lucid")
            # TCP_INFO: tcpi_snd_mss
            mss = struct.unpack_from("I", ends[0].getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, 32), 16)[0]
            # No more than half the window that the handshake can offer.
            assert mss > min(mtu * 0.9, 32000), f"segments of {mss} bytes"
            stage.cross(*ends)


class Offload:
    """Inside a "with": the ends hand many segments to their links as one."""

    def __enter__(self):
        self._set("on")

    def __exit__(self, *_):
        self._set("off")

    @staticmethod
    def _set(how):
        path = the_path()
        for end, dev in ((path.client, "c0"), (path.router, "rc"),
                         (path.router, "rs"), (path.server, "s0")):
            end.sh(f"ethtool -K {dev} tso {how} gso {how} gro {how}")


def offload():
    """segmentation offload, and BIG TCP where the kernel has it"""
    with Offload(), Stage("delay 5ms loss 1%") as stage:
        stage.all(size=4 * SIZE)
    # IPv6 since 5.19, IPv4 since 6.3, and ip as old.
    kinds = {"gso_max_size gro_max_size": "0x86dd",
             "gso_ipv4_max_size gro_ipv4_max_size": "0x0800"}
    known = sh("ip link help 2>&1; true")
    kinds = {keys: kind for keys, kind in kinds.items() if keys.split()[0] in known}
    if not kinds:
        raise Skip("ip without BIG TCP")
    keys = " ".join(kinds).split()
    with Mtu(1500, *keys), Offload(), Stage("loss 0.2%") as stage, \
            RawTrace("net/net_dev_start_xmit", "len > 66000") as trace:
        stage.all(size=8 * SIZE, chunk=4 * 65536)
        large = set(re.findall(r"protocol=(0x\w+)", trace.read()))
    equal(large, set(kinds.values()), "protocols that sent more than 64 KiB at once")


def last_link(mtu):
    """Of both its ends, as a link of the kind drops what is larger."""
    the_path().router.sh(f"ip link set rs mtu {mtu}")
    the_path().server.sh(f"ip link set s0 mtu {mtu}")


def path_mtu():
    """the path's MTU becomes smaller in mid-flow, and ICMP says so"""
    path = the_path()
    for family, cc in ((4, "lucid"), (6, "lucid"), (4, "lucid_reno"),
                       (6, "lucid_reno")):
        with Stage("delay 5ms") as stage:
            ends = stage.pair(family, cc)
            calls = []

            def shrink():
                calls.append(1)
                if len(calls) == 4:
                    last_link(1300)
            try:
                stage.cross(*ends, 2 * SIZE, shrink)
                assert len(calls) > 4, "the MTU never changed"
            finally:
                last_link(1500)
                for end in path.client, path.server:
                    end.sh("ip route flush cache; ip -6 route flush cache")
        assert stage.watch.told["client"].segs("RESIZE"), \
            "nothing was sent again in smaller segments"


def plain():
    """without SACK, without timestamps, without both, with loss"""
    for sack, stamps in ((0, 1), (1, 0), (0, 0)):
        with Stage("delay 5ms loss 3%", tcp_sack=sack,
                   tcp_timestamps=stamps) as stage:
            stage.all()
        assert stage.counted("client", "TcpRetransSegs"), "nothing was lost"
        equal(bool(stage.watch.told["client"].segs("FAST_DUPACKS")), not sack,
              "fast retransmits after duplicate ACKs")


def ecn():
    """marks in place of losses, with ECN, and with Accurate ECN if it is there"""
    values = [1]
    try:
        with Stage(watch=False, tcp_ecn=3):
            values.append(3)
    except OSError as why:
        equal(why.errno, errno.EINVAL, "error")
    for value in values:
        with Stage("delay 5ms loss 3% ecn", tcp_ecn=value) as stage, \
                RawTrace("tcp_lucid/reduction") as trace:
            stage.all()
            reduced = set(re.findall(r"cause=(\w+)", trace.read()))
        assert stage.counted("server", "IpExtInCEPkts"), "no marks"
        assert "ECE" in reduced, f"tcp_ecn={value}: {reduced}"
    ksft.print_msg(f"tcp_ecn = {values}")


def multipath():
    """MPTCP sockets, with loss and reordering"""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP).close()
    except OSError as why:
        raise Skip("kernel without MPTCP") from why
    with Stage("delay 5ms 2ms loss 2%") as stage:
        for family in (4, 6):
            for cc in CONTROLS:
                ends = stage.pair(family, cc, mptcp=True)
                stage.cross(*ends, told=False)
    with the_path().client, open("/proc/net/netstat") as file:
        table = [line.split()[1:] for line in file if line.startswith("MPTcp")]
    assert int(dict(zip(*table))["MPCapableSYNACKRX"]) >= 4, "no MPTCP"


def fast_open():
    """data in the SYN: without a cookie, with one, and lost"""
    for netem in "delay 5ms", "delay 5ms loss 10%":
        with Stage(netem, tcp_fastopen=3) as stage:
            for family in (4, 6):
                for number in range(6):
                    opened(stage, family, CONTROLS[number % 2])
        assert stage.counted("server", "TcpExtTCPFastOpenPassive") > 4, \
            "no data came in a SYN"


def opened(stage, family, cc):
    """A connection whose first 500 bytes go into the SYN."""
    address = Path.ADDR[family][1], 4999
    with stage.path.server:
        listener = socket.socket(AF[family])
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    listener.listen()
    with stage.path.client:
        client = socket.socket(AF[family])
    for sock in listener, client:
        equal(set_control(sock, cc), 0, f"{cc}: error")
    data = noise(50000, 1)
    sent = client.sendto(data[:500], MSG_FASTOPEN, address)
    server = listener.accept()[0]
    got = b""
    while len(got) < sent:
        got += server.recv(sent - len(got))
    assert got == data[:sent], "what came in the SYN"
    listener.close()
    exchange(client, server, data, noise(1000, 2))
    client.close()
    server.close()


class Forger:
    """Sends any segment into the path from the client's link."""

    def __init__(self, path):
        self.socks = {}
        with path.client:
            for family, level in ((4, socket.IPPROTO_RAW), (6, socket.IPPROTO_RAW)):
                self.socks[family] = socket.socket(AF[family], socket.SOCK_RAW,
                                                   level)

    def send(self, family, packet, to):
        self.socks[family].sendto(packet, (to, 0))


def flood():
    """connections go through a SYN flood, with SYN cookies and without"""
    path = the_path()
    path.router.sh("ip route replace blackhole 10.99.0.0/16;"
                   " ip -6 route replace blackhole fd99::/64")
    forger = Forger(path)

    def attack(running):
        dice, count = random.Random(1), 0
        while running():
            wait(0.02)
            # Without cookies nobody gets in before the queue is empty again.
            if count >= 400:
                continue
            for family, host in ((4, f"10.99.0.{dice.randrange(1, 255)}"),
                                 (6, f"fd99::{dice.randrange(1, 9999)}")):
                for _ in range(20):
                    forger.send(family, segment(
                        family, host, Path.ADDR[family][1],
                        dice.randrange(1024, 65536), 5000,
                        dice.getrandbits(32), 0, SYN, b"\x02\x04\x05\xb4"),
                        Path.ADDR[family][1])
                count += 20
        return count
    for cookies in (1, 2, 0):
        with Stage("delay 5ms", watch=False, tcp_syncookies=cookies,
                   tcp_max_syn_backlog=64, tcp_synack_retries=1,
                   **{"tcp_lucid/syn_event_rate": 100}) as stage:
            before = path.server.nstat()
            for family in (4, 6):
                listener = path.listen(family, 5000, 64)
                with Worker(attack) as attacker:
                    wait(0.3)
                    for cc in CONTROLS:
                        client = path.socket(family, cc)
                        client.connect((Path.ADDR[family][1], 5000))
                        client.settimeout(None)
                        exchange(client, listener.accept()[0], noise(50000, 3))
                        client.close()
                listener.close()
                assert attacker.result > 100, "no flood"
            after = path.server.nstat()
            sent = after["TcpExtSyncookiesSent"] - before["TcpExtSyncookiesSent"]
            equal(sent > 0, cookies > 0, f"{sent} SYN cookies sent")
            assert stage


def resets():
    """forged RSTs by the thousand end no connection, and the right one does"""
    path = the_path()
    forger = Forger(path)
    dice = random.Random(2)
    forged = 0
    with Stage("delay 5ms") as stage:
        for family in (4, 6):
            for cc in CONTROLS:
                client, server = stage.pair(family, cc)
                src, dst = client.getsockname()[:2], server.getsockname()[:2]

                def storm():
                    nonlocal forged
                    forged += 150
                    for _ in range(150):
                        forger.send(family, segment(
                            family, src[0], dst[0], src[1], dst[1],
                            dice.getrandbits(32), dice.getrandbits(32),
                            dice.choice((RST, RST | ACK))), dst[0])
                stage.cross(client, server, meanwhile=storm)
    sent = stage.counted("client", "TcpRetransSegs")
    arrived = stage.counted("server", "TcpInSegs")
    ksft.print_msg(f"{forged} RSTs forged, {arrived} segments arrived, "
                   f"{sent} sent again")
    assert arrived > forged > 1000, "no storm"
    with Stage("delay 5ms"):
        for family in (4, 6):
            client, server = path.pair(family, "lucid")
            client.sendall(bytes(1000))
            equal(len(server.recv(1000)), 1000, "bytes")
            for sock in client, server:
                sock.settimeout(5)
            rst_exactly(path, server, client, family)
            try:
                server.recv(1)
                raise AssertionError("the RST changed nothing")
            except ConnectionResetError:
                pass
            client.close()
            server.close()


def rst_exactly(path, server, client, family):
    """A RST that the server must believe: its next sequence number."""
    repaired = {}
    for queue in (1, 2):        # TCP_RECV_QUEUE, TCP_SEND_QUEUE
        server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        repaired[queue] = server.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) \
            & 0xffffffff
    # -1: back, without a probe of the window.
    server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)
    src, dst = client.getsockname()[:2], server.getsockname()[:2]
    Forger(path).send(family, segment(family, src[0], dst[0], src[1], dst[1],
                                      repaired[1], repaired[2], RST | ACK),
                      dst[0])
    wait(0.1)


def wrapped():
    """sequence numbers that wrap in mid-flow, in both directions, with loss"""
    with Stage("delay 5ms loss 2%", watch=False) as stage:
        for family in (4, 6):
            for cc in CONTROLS:
                for stamps in (True, False):
                    ends = repaired_pair(stage, family, cc, stamps)
                    stage.cross(*ends, told=False)


def repaired_pair(stage, family, cc, stamps):
    """A connection that is made by hand, so that its numbers soon wrap."""
    first = {"client": 2 ** 32 - 100000, "server": 2 ** 32 - 20000}
    path = stage.path
    socks = [path.socket(family, cc, end) for end in (path.client, path.server)]
    ports = next(stage.ports), next(stage.ports)
    for sock, mine, its, me in zip(socks, ("client", "server"),
                                   ("server", "client"), (0, 1)):
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((Path.ADDR[family][me], ports[me]))
        for queue, number in ((2, first[mine]), (1, first[its])):
            sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
            sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ,
                            struct.pack("I", number))
        sock.connect((Path.ADDR[family][1 - me], ports[1 - me]))
        # MSS, window scale, SACK, timestamps: as in a SYN.
        for code, value in ((2, 1400), (3, 7 | 7 << 16), (4, 0),
                            *(((8, 0), ) if stamps else ())):
            sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_OPTIONS,
                            struct.pack("II", code, value))
    for sock in socks:
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
        equal(get_control(sock), cc, "control")
    return socks


run(loss, reordering, duplication, corruption, all_of_it, tiny_windows,
    window_scaling, small_segments, jumbo, offload, path_mtu, plain, ecn,
    multipath, fast_open, flood, resets, wrapped)
