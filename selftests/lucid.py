# SPDX-License-Identifier: GPL-2.0-only
"""What the suites share: a path between namespaces, the events of the module,
packets as tcpdump saw them, and the kernel's own counters.

The path, and the names that the suites use for its parts:

    client                  router                    server
    10.0.1.1  c0 ---- rc  10.0.1.254
    fd01::1               fd01::fe
                            rs  10.0.2.254 ---- s0  10.0.2.1
                                fd02::fe            fd02::1

Segmentation offload is off everywhere, so that a packet is a segment, and all
delay, loss and rate limits are the router's.
"""

import contextlib
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.environ.get("KSFT", "/usr/src/kselftest"),
                                "kselftest"))
import ksft  # noqa: E402  (kselftest's own)

TRACEFS = "/sys/kernel/tracing"
SO_COOKIE = 57
CLONE_NEWNET = 0x40000000

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))

libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """The kernel or the machine lacks what a test needs; says what."""


def sh(command, check=True, netns=None, stdin=""):
    """Run a shell command and return what it printed."""
    enter = ["ip", "netns", "exec", netns] if netns else []
    done = subprocess.run([*enter, "sh", "-c", command], text=True, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.stdout.strip()}")
    return done.stdout


def equal(got, want, what):
    """Fail, and say both, unless got is want."""
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def near(got, want, tolerance, what):
    """Fail, and say all, unless got is within tolerance of want."""
    assert abs(got - want) <= tolerance, \
        f"{what}: got {got}, want {want} within {tolerance}"


# How much stress there is, compared with the usual (endure.py).
SCALE = float(os.environ.get("LUCID_STRESS", 1))
# More than any test lets pass in the lab's virtual time, where idling is free.
TEST_SECONDS = int(3600 * max(SCALE, 1))


def stuck(_, frame):
    """Of SIGALRM: a test that waits for what never comes says for what, at once:
    what tidies up after it may wait for the same. That is cut off, too.
    """
    where = "".join(traceback.format_stack(frame)).rstrip()
    ksft.print_msg(where.replace("\n", "\n# "))
    signal.alarm(60)
    raise AssertionError("it would wait for ever, as above")


def run(*tests):
    """Run test functions as one KTAP suite; a docstring names the behaviour.

    Names of functions on the command line choose some of them.
    """
    if sys.argv[1:]:
        named = {test.__name__: test for test in tests}
        unknown = [name for name in sys.argv[1:] if name not in named]
        if unknown:
            sys.exit(f"no test {' '.join(unknown)} among {' '.join(named)}")
        tests = [named[name] for name in named if name in sys.argv[1:]]
    sys.stdout.reconfigure(line_buffering=True)
    ksft.print_header()
    if os.geteuid():
        print("1..0 # SKIP needs root")
        sys.exit(ksft.KSFT_SKIP)
    if not os.path.isdir(f"{TRACEFS}/events/tcp_lucid"):
        print("1..0 # SKIP needs tcp_lucid: modprobe tcp_lucid")
        sys.exit(ksft.KSFT_SKIP)
    ksft.set_plan(len(tests))
    signal.signal(signal.SIGALRM, stuck)
    for test in tests:
        name = " ".join(test.__doc__.split())
        signal.alarm(TEST_SECONDS)
        try:
            test()
        except Skip as why:
            ksft.test_result_skip(f"{name} # {why}")
            continue
        except AssertionError as why:
            ksft.print_msg(str(why).replace("\n", "\n# "))
            ksft.test_result_fail(name)
            continue
        except Exception:  # a broken test is a failed test
            ksft.print_msg(traceback.format_exc().replace("\n", "\n# "))
            ksft.test_result_fail(name)
            continue
        ksft.test_result_pass(name)
    ksft.finished()


# Namespaces and sockets


def _setns(path):
    with open(path) as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")


class Netns:
    """Inside a "with": this process is in the namespace."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        self.inum = os.stat(self.path).st_ino

    def __enter__(self):
        _setns(self.path)
        return self

    def __exit__(self, *_):
        _setns("/proc/1/ns/net")

    def sh(self, command, check=True, stdin=""):
        return sh(command, check, self.name, stdin)

    def sysctl(self, key, value):
        with self, open(f"/proc/sys/net/{key}", "w") as file:
            file.write(str(value))

    def nstat(self):
        """Every counter of the namespace, by the name that nstat gives it."""
        counters = {}
        with self:
            for table in ("snmp", "netstat"):
                with open(f"/proc/thread-self/net/{table}") as file:
                    lines = file.read().splitlines()
                for names, values in zip(lines[::2], lines[1::2]):
                    prefix, names = names.split(":")
                    values = values.split(":")[1]
                    for name, value in zip(names.split(), values.split()):
                        counters[prefix + name] = int(value)
        return counters


class Path:
    """client - router - server; delay_ms each way and a rate on the router."""

    ADDR = {4: ("10.0.1.1", "10.0.2.1"), 6: ("fd01::1", "fd02::1")}

    def __init__(self, delay_ms=10, rate="", limit=10000, loss="", cc=None):
        # Let the last test's connections finish closing, while they can.
        wait(0.5)
        for name in ("client", "router", "server"):
            sh(f"ip netns del {name} 2>/dev/null", check=False)
            sh(f"ip netns add {name}")
            sh(f"ip -n {name} link set lo up")
        self.client, self.router, self.server = (
            Netns(name) for name in ("client", "router", "server"))
        self._link("client", "c0", "rc", 1)
        self._link("server", "s0", "rs", 2)
        for family in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            self.router.sysctl(family, 1)
        for end in (self.client, self.server):
            end.sysctl("ipv4/tcp_no_metrics_save", 1)
            if cc:
                end.sysctl("ipv4/tcp_congestion_control", cc)
        # Neighbours are resolved now, not while something is being measured.
        for address in self.ADDR[4][1], self.ADDR[6][1]:
            self.client.sh(f"ping -c 1 -W 5 {address}")
        netem = f"limit {limit} delay {delay_ms}ms"
        self.netem(netem, "rc")
        self.netem(netem + (rate and f" rate {rate}") + (loss and f" {loss}"), "rs")

    def _link(self, end, dev, router_dev, net):
        sh(f"ip link add {dev} netns {end} type veth peer {router_dev}"
           " netns router")
        for name, ns, host4, host6 in ((dev, end, "1", "1"),
                                       (router_dev, "router", "254", "fe")):
            sh(f"ip netns exec {ns} ethtool -K {name} tso off gso off gro off")
            sh(f"ip -n {ns} addr add 10.0.{net}.{host4}/24 dev {name}")
            sh(f"ip -n {ns} addr add fd0{net}::{host6}/64 dev {name} nodad")
            sh(f"ip -n {ns} link set {name} up")
        sh(f"ip -n {end} route add default via 10.0.{net}.254")
        sh(f"ip -n {end} route add default via fd0{net}::fe")

    def netem(self, how, *devs):
        """What netem does, each way or at these of the router's devices. It is a
        new one: one that is told anew keeps the corruption and reordering it had.
        """
        for dev in devs or ("rc", "rs"):
            self.router.sh(f"tc qdisc del dev {dev} root 2>/dev/null;"
                           f" tc qdisc add dev {dev} root netem {how}")

    def drop(self, rule):
        """Let the router drop what an nftables match says, until undrop()."""
        self.router.sh("nft -f -", stdin=f"""
            table inet t {{
                chain f {{
                    type filter hook forward priority 0;
                    {rule} drop
                }}
            }}""")

    def undrop(self):
        self.router.sh("nft delete table inet t")

    def listen(self, family=4, port=5000, backlog=16, addr=None):
        with self.server:
            sock = socket.socket(socket.AF_INET if family == 4 else
                                 socket.AF_INET6)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((addr or self.ADDR[family][1], port))
        sock.listen(backlog)
        return sock

    def socket(self, family=4, cc=None, end=None):
        with end or self.client:
            sock = socket.socket(socket.AF_INET if family == 4 else
                                 socket.AF_INET6)
        if cc:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                            cc.encode())
        return sock

    def connect(self, listener, family=4, cc=None, port=5000):
        """A connection: its client's and its server's socket."""
        sock = self.socket(family, cc)
        sock.connect((self.ADDR[family][1], port))
        return sock, listener.accept()[0]

    def pair(self, family=4, cc=None, port=5000):
        """listen(), connect(), and the listener gone."""
        listener = self.listen(family, port)
        ends = self.connect(listener, family, cc, port)
        listener.close()
        return ends


def cookie(sock):
    return struct.unpack("Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


# Of struct tcp_info: where, and how wide.
TCP_INFO = {"ca_state": ("B", 1), "rto_us": ("I", 8),
            "rtt_us": ("I", 68), "mdev_us": ("I", 72),
            "ssthresh": ("I", 76), "cwnd": ("I", 80), "resent": ("I", 100),
            "bytes_acked": ("Q", 120), "bytes_received": ("Q", 128),
            "segs_out": ("I", 136), "segs_in": ("I", 140),
            "min_rtt_us": ("I", 148), "data_segs_in": ("I", 152),
            "data_segs_out": ("I", 156), "busy_us": ("Q", 168),
            "rwnd_limited_us": ("Q", 176), "sndbuf_limited_us": ("Q", 184),
            "bytes_sent": ("Q", 200), "dsack_dups": ("I", 216),
            "reordered": ("I", 220), "out_of_order": ("I", 224)}


def tcp_info(sock):
    """What TCP_INFO says of a socket, by the names that the events have."""
    data = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return {name: struct.unpack_from(kind, data, at)[0]
            for name, (kind, at) in TCP_INFO.items()}


def connect_to_nobody(sock):
    """connect() to AF_UNSPEC: the socket can connect again, or be closed."""
    equal(libc.connect(sock.fileno(), ctypes.create_string_buffer(16), 16), 0,
          f"connect() to AF_UNSPEC: errno {ctypes.get_errno()}")


def wait(seconds):
    """Let time pass; it costs nothing in the lab's virtual time."""
    time.sleep(seconds)


@contextlib.contextmanager
def load_by_route(control):
    """Have a route load the module by the name of a control.

    Loading takes its time, and "ip route" holds RTNL as it waits for it: so a
    namespace waits for RTNL, and the module for that. Gives the names of two.
    """
    with open("/etc/modprobe.d/slow.conf", "w") as file:
        file.write("install tcp_lucid sleep 2; "
                   "modprobe --ignore-install tcp_lucid\n")
    sh("ip netns add first")
    try:
        route = subprocess.Popen(["ip", "-n", "first", "route", "add", "blackhole",
                                  "10.9.9.0/24", "congctl", control])
        wait(1)
        other = subprocess.Popen(["ip", "netns", "add", "other"])
        wait(1)
        equal((route.poll(), other.poll()), (None, None), "both wait")
        wait(20)
        equal((route.poll(), other.poll()), (0, 0), "ip route and ip netns")
        yield "first", "other"
    finally:
        os.remove("/etc/modprobe.d/slow.conf")
        sh("ip netns del first; ip netns del other")


def wait_closed(sock):
    """Read until the peer's FIN; return what came before it."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


class Flow:
    """A transfer from client to server: of size bytes, or until stop().

    Inside a "with" it is stopped whatever happens.
    """

    def __init__(self, path, cc=None, family=4, size=None):
        self.client, self.server = path.pair(family, cc)
        self.cookie = cookie(self.client)
        self.running = True
        self.threads = [threading.Thread(target=self._send, args=(size,)),
                        threading.Thread(target=self._receive)]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _send(self, size):
        try:
            if size:
                self.client.sendall(bytes(size))
            while self.running and not size:
                self.client.sendall(bytes(65536))
        except BrokenPipeError:
            pass        # stop() found it waiting

    def _receive(self):
        try:
            wait_closed(self.server)
        except ConnectionError:
            pass

    def finish(self):
        """Until all of size is sent and received."""
        self.threads[0].join()
        self.client.shutdown(socket.SHUT_WR)
        self.threads[1].join()

    def stop(self):
        self.running = False
        try:
            self.client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass        # closed already
        for thread in self.threads:
            thread.join()
        self.client.close()
        self.server.close()


# Events

# All hooks are there only while somebody listens. Those of a connection's life
# come together, with the first of its events; some of the functions:
LIFE = {"__tcp_close", "tcp_make_synack", "tcp_time_wait"}
# Those that see every packet come with the one event that needs them.
ON_DEMAND = {"ecn": {"__tcp_transmit_skb"},
             "flow_control": {"tcp_in_ack_event", "tcp_xmit_probe_skb"},
             "limited": {"tcp_chrono_stop", "tcp_write_xmit"},
             "rtt": {"tcp_ack_update_rtt", "tcp_newly_delivered"}}


# What our controls tell of themselves needs no hooks.
UNHOOKED = {"window", "epoch", "region", "slow_start", "reduction", "undo",
            "unused", "sample", "ack", "suppressed"}


def hooked(functions=frozenset().union(*ON_DEMAND.values())):
    """Which of these functions are hooked now."""
    lines = sh(f"cat {TRACEFS}/enabled_functions").splitlines()
    return {line.split()[0] for line in lines} & functions


def hooks_of(event):
    """Functions that are hooked while the event has a user."""
    hooks = set(ON_DEMAND.get(event, ()))
    if event not in UNHOOKED | {"ecn", "rtt"}:
        hooks |= LIFE
    return hooks


def wait_for_hooks(events):
    """Until events that were switched on really tell; False if they do not."""
    hooks = set().union(*map(hooks_of, events))
    if hooks <= hooked(hooks):
        return True
    for _ in range(100):
        wait(0.1)
        if hooks <= hooked(hooks):
            # Tracepoints are attached after functions.
            wait(0.1)
            return True
    return False


class Event(dict):
    """One trace record: its fields, and .name and .time (seconds)."""

    def __init__(self, name, stamp, fields):
        super().__init__(fields)
        self.name = name
        self.time = stamp

    def __getattr__(self, key):
        return self[key]


class RawTrace:
    """Inside a "with": any event, system and name, goes to a private buffer."""

    def __init__(self, event, only=""):
        self.dir = f"{TRACEFS}/instances/raw"
        self.event, self.only = event, only

    def __enter__(self):
        os.mkdir(self.dir)
        self._write("buffer_size_kb", 8192)
        if self.only:
            self._write(f"events/{self.event}/filter", self.only)
        self._write(f"events/{self.event}/enable", 1)
        return self

    def __exit__(self, *_):
        self._write(f"events/{self.event}/enable", 0)
        os.rmdir(self.dir)

    def _write(self, name, value):
        with open(f"{self.dir}/{name}", "w") as file:
            file.write(str(value))

    def read(self):
        """Its lines, as tracefs has them."""
        with open(f"{self.dir}/trace") as file:
            return file.read()


class Trace:
    """Inside a "with": events of tcp_lucid go to a private buffer.

    Without names: all but those whose hooks see every packet. The hooks are there
    when it begins.
    """

    LINE = re.compile(r"^.{22} +\[\d+\] \S+ +([\d.]+): (\w+): (.*)$")

    def __init__(self, *events, buffer_kb=65536):
        self.dir = f"{TRACEFS}/instances/selftest"
        self.events = events or sorted(
            {name for name in os.listdir(f"{TRACEFS}/events/tcp_lucid")
             if os.path.isdir(f"{TRACEFS}/events/tcp_lucid/{name}")} -
            set(ON_DEMAND))
        self.buffer_kb = buffer_kb

    def __enter__(self):
        os.mkdir(self.dir)
        try:
            self._write("buffer_size_kb", self.buffer_kb)
            for event in self.events:
                self._write(f"events/tcp_lucid/{event}/enable", 1)
            assert wait_for_hooks(self.events), \
                f"hooks of {self.events} do not come"
        except BaseException:  # or the next test finds the instance
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._write("events/tcp_lucid/enable", 0)
        os.rmdir(self.dir)

    def _write(self, name, value):
        with open(f"{self.dir}/{name}", "w") as file:
            file.write(str(value))

    def read(self, name=None, **match):
        """Events so far, oldest first, whose fields are as given."""
        found = []
        with open(f"{self.dir}/trace") as file:
            for line in file:
                parts = self.LINE.match(line)
                if not parts:
                    assert line.startswith("#") or not line.strip(), line
                    assert "entries-in-buffer" not in line or \
                        line.split(":")[1].split()[0].split("/")[0] == \
                        line.split(":")[1].split()[0].split("/")[1], \
                        f"events were lost: {line}"
                    continue
                if name in (None, parts[2]):
                    found.append(Event(parts[2], float(parts[1]),
                                       self._fields(parts[3])))
        return [event for event in found
                if all(event.get(key) == value for key, value in match.items())]

    def _fields(self, text):
        fields = {}
        # A word without "=" belongs to a value that has spaces in it.
        for word in text.split(" "):
            key, equals, value = word.partition("=")
            if equals:
                last = key
                fields[key] = value
            else:
                fields[last] += " " + word
        for key, value in fields.items():
            if value.isdigit():
                fields[key] = int(value)
            elif value.startswith("0x") or value[1:].isdigit():
                fields[key] = int(value, 0) if value[0] in "0-" else value
            else:
                fields[key] = value.strip('"')
        return fields


# Packets


class Packet:
    """A TCP segment from a capture."""

    def __init__(self, stamp, frame):
        self.time = stamp
        if frame[12:14] == b"\x08\x00":
            ip, header = frame[14:], (frame[14] & 15) * 4
            self.src, self.dst = (socket.inet_ntop(socket.AF_INET, ip[at:at + 4])
                                  for at in (12, 16))
            total = struct.unpack(">H", ip[2:4])[0]
        else:
            ip, header = frame[14:], 40
            self.src, self.dst = (socket.inet_ntop(socket.AF_INET6,
                                                   ip[at:at + 16])
                                  for at in (8, 24))
            total = struct.unpack(">H", ip[4:6])[0] + 40
        tcp = ip[header:]
        (self.sport, self.dport, self.seq, self.ack, offset, self.flags,
         self.window) = struct.unpack(">HHIIBBH", tcp[:16])
        offset = (offset >> 4) * 4
        self.len = total - header - offset
        self.options = self._options(tcp[20:offset])

    @staticmethod
    def _options(data):
        found = {}
        while data and data[0]:
            if data[0] == 1:
                data = data[1:]
                continue
            found[data[0]] = data[2:data[1]]
            data = data[data[1]:]
        return found

    @property
    def mss(self):
        return struct.unpack(">H", self.options[2])[0] if 2 in self.options else 0

    @property
    def wscale(self):
        return self.options[3][0] if 3 in self.options else 255


class Capture:
    """Inside a "with": tcpdump writes down every TCP segment on a device."""

    def __init__(self, netns, dev):
        self.file = f"/tmp/{netns.name}-{dev}.pcap"
        self.command = ["ip", "netns", "exec", netns.name, "tcpdump", "-i", dev,
                        "--immediate-mode", "-U", "-s", "200", "-w", self.file,
                        "tcp"]

    def __enter__(self):
        self.proc = subprocess.Popen(self.command, stderr=subprocess.PIPE,
                                     text=True)
        while "listening on" not in (line := self.proc.stderr.readline()):
            assert line, "tcpdump does not start"
        return self

    def __exit__(self, *_):
        if self.proc.poll() is None:
            self.stop()

    def stop(self):
        wait(0.1)
        self.proc.terminate()
        self.proc.communicate()

    def read(self):
        """Stop, and return all packets in order."""
        self.stop()
        with open(self.file, "rb") as file:
            data = file.read()
        os.unlink(self.file)
        packets, at = [], 24
        while at < len(data):
            sec, usec, have, _ = struct.unpack("<4I", data[at:at + 16])
            packets.append(Packet(sec + usec / 1e6,
                                  data[at + 16:at + 16 + have]))
            at += 16 + have
        return packets
