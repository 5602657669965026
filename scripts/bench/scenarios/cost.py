# SPDX-License-Identifier: GPL-2.0-only
"""What watching costs, ours and others', to the instruction."""

import os
import re
import shutil
import signal
import statistics
import subprocess
import time

from lucid import TRACEFS, Netns, sh
from path import RECEIVER, Link

HERE = os.path.dirname(os.path.abspath(__file__))
LOAD = os.path.join(HERE, "../../../selftests/connections")
SCRIPTS = os.path.join(HERE, "../..")

LIFECYCLE = ("state", "handshake", "retransmit", "retransmit_failed",
             "fast_retransmit", "time_wait", "listen", "fast_open",
             "connect_failed", "close", "summary", "spurious", "reordering")
PER_PACKET = ("flow_control", "limited", "ecn", "rtt")

# Name, segmentation offload, connections, bytes of each.
LOADS = (("connection", "on", 1000, 0),
         ("with 100 KB", "on", 1000, 100_000),
         ("bulk", "off", 1, 32_000_000))

TITLE = ("Two namespaces on one host, one connection after the other: opened,"
         " closed, and its TIME_WAIT ended by its successor; the same with"
         " 100 KB sent; and one long transfer without segmentation offload, for"
         " the cost of an ACK. In virtual time a nanosecond is an instruction,"
         " of the kernel's and of all processes': a tool's own reading and"
         " printing counts. There is no cache and no second processor, and the"
         " tools write to memory. +% and +ns: above the same load with nobody"
         " watching and the module not loaded, in the same round; the median"
         " of all rounds, and the range if there were several.")
EXPECT = ("tcp_lucid loaded and nobody listening: at most +1 % for a connection,"
          " nothing for an ACK. All events of a connection's life into the"
          " trace buffer: at most +5 % for a connection with 100 KB.")
COLUMNS = ("watcher", "lines_each", "connection_ns", "+%", "range",
           "with_100_KB_ns", "+%", "range", "bulk_ACK_ns", "+ns", "range")


class Watcher:
    """Inside a "with": somebody watches, or is at least there."""

    module = True

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        # No hooks stay of who watched before.
        sh("modprobe -r tcp_lucid")
        if self.module:
            sh("modprobe tcp_lucid")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        pass

    def stop(self):
        pass

    def lines(self):
        """How much it has told so far."""
        return 0

    def worked_ns(self):
        """The processor's time that its processes have had."""
        return 0


class Nobody(Watcher):
    module = False


class Buffer(Watcher):
    """Events into a trace buffer that nobody reads."""

    def __init__(self, name, *events):
        super().__init__(name)
        self.events = events
        self.dir = f"{TRACEFS}/instances/cost"

    def start(self):
        os.mkdir(self.dir)
        for name, value in (("buffer_size_kb", 8192),
                            *((f"events/{event}/enable", 1)
                              for event in self.events)):
            with open(f"{self.dir}/{name}", "w") as file:
                file.write(str(value))

    def stop(self):
        with open(f"{self.dir}/events/enable", "w") as file:
            file.write("0")
        os.rmdir(self.dir)

    def lines(self):
        with open(f"{self.dir}/per_cpu/cpu0/stats") as file:
            stats = dict(re.findall(r"^(.+): (\d+)$", file.read(), re.M))
        return int(stats["entries"]) + int(stats["overrun"])


class KernelsOwn(Buffer):
    module = False


class Tool(Watcher):
    """A program whose output goes to a file in memory."""

    def __init__(self, name, *command):
        super().__init__(name)
        self.command = command
        self.log = "/tmp/cost.log"

    def start(self):
        with open(self.log, "w") as log:
            self.proc = subprocess.Popen(self.command, stdout=log,
                                         stderr=subprocess.STDOUT)
        # Compiling and attaching, and then nothing more.
        time.sleep(40)
        if self.proc.poll() is not None:
            raise RuntimeError(f"{self.name}: {open(self.log).read()}")

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait()

    def lines(self):
        with open(self.log) as file:
            return sum(1 for line in file)

    def worked_ns(self):
        total = 0
        for task in os.listdir(f"/proc/{self.proc.pid}/task"):
            with open(f"/proc/{self.proc.pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total


class OthersTool(Tool):
    module = False


def always():
    """What is measured in every round."""
    yield Nobody("nobody")
    yield Watcher("tcp_lucid, nobody listens")
    yield Buffer(f"{len(LIFECYCLE)} lifecycle events, buffer",
                 *(f"tcp_lucid/{event}" for event in LIFECYCLE))
    yield KernelsOwn("sock:inet_sock_set_state, buffer",
                     "sock/inet_sock_set_state")


def once():
    """What is measured in the last round only: all that this guest has."""
    for event in (*LIFECYCLE, *PER_PACKET):
        yield Buffer(f"tcp_lucid:{event}, buffer", f"tcp_lucid/{event}")
    yield Tool("watch.bt", "bpftrace", f"{SCRIPTS}/watch.bt")
    for name in ("tcplife.bt", "tcpconnect.bt", "tcpaccept.bt"):
        if path := shutil.which(name):
            yield OthersTool(f"bpftrace's {name}", "bpftrace", path)
    for name in ("tcplife", "tcpstates", "tcpconnect", "tcptracer"):
        if path := shutil.which(f"{name}-libbpf"):
            yield OthersTool(f"libbpf-tools' {name}", path)


class Bench:
    def __init__(self):
        Link()      # for its namespaces
        self.client, self.server = Netns("sender"), Netns("receiver")
        self.server.sh("tc qdisc del dev r0 root 2>/dev/null", check=False)
        self.server.sh("tc qdisc del dev r0 clsact")
        self.client.sysctl("ipv4/tcp_tw_reuse", 1)

    def offload(self, switch):
        for netns, dev in ((self.client, "s0"), (self.server, "r0")):
            netns.sh(f"ethtool -K {dev} tso {switch} gso {switch} gro {switch}")

    def run(self, watcher, connections, size):
        """Nanoseconds, and ACKs that the client got."""
        time.sleep(2)       # tcp_tw_reuse wants to see the second change
        before = self.client.nstat()["TcpInSegs"]
        spent, waits = (int(word) for word in sh(
            f"{LOAD} sender receiver {RECEIVER} {connections} {size}").split())
        if waits:
            raise RuntimeError(f"{watcher.name}: it had to wait")
        worked = watcher.worked_ns()
        time.sleep(2)       # until it has told all
        spent += watcher.worked_ns() - worked
        return spent, self.client.nstat()["TcpInSegs"] - before

    def round(self, watcher):
        """What one of each costs, and how many lines that gave."""
        costs, lines = {}, 0
        with watcher:
            for name, offload, connections, size in LOADS:
                self.offload(offload)
                told = watcher.lines()
                spent, acks = self.run(watcher, connections, size)
                if name == "bulk":
                    costs[name] = spent / acks
                else:
                    costs[name] = spent / connections
                    lines = (watcher.lines() - told) / connections
        return costs, lines


def spread(values, digits):
    if len(values) == 1:
        return "-"
    return f"{min(values):+.{digits}f} to {max(values):+.{digits}f}"


def rows(quick):
    bench = Bench()
    found = {}
    with Nobody("warm-up") as nobody:
        for _, offload, connections, size in LOADS:
            bench.offload(offload)
            bench.run(nobody, connections, size)
    last = (2 if quick else 3) - 1
    for number in range(last + 1):
        for watcher in (*always(), *(once() if number == last and not quick
                                     else ())):
            found.setdefault(watcher.name, []).append(bench.round(watcher))
    sh("modprobe tcp_lucid")
    for name, rounds in found.items():
        row = [name, f"{rounds[-1][1]:.1f}"]
        for load, *_ in LOADS:
            mine = [costs[load] for costs, _ in rounds]
            # The last rounds, if this was measured in the last only.
            base = [costs[load] for costs, _ in
                    found["nobody"][-len(rounds):]]
            if load == "bulk":
                above, digits = [a - b for a, b in zip(mine, base)], 1
            else:
                above = [100 * (a / b - 1) for a, b in zip(mine, base)]
                digits = 2
            row += [f"{statistics.median(mine):.0f}",
                    f"{statistics.median(above):+.{digits}f}",
                    spread(above, digits)]
        yield row
