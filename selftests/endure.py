# SPDX-License-Identifier: GPL-2.0-only
"""What the suites of stress and of hostile input share: how much of it there is,
work that goes on in other processes meanwhile, data that must arrive as it was
sent, the module coming and going, and what may not be left behind.

LUCID_STRESS=N in the environment makes every count N times as large.
"""

import ctypes
import errno
import hashlib
import os
import pickle
import random
import re
import select
import signal
import socket
import sys
import traceback

from lucid import SCALE, TRACEFS, equal, libc, sh, wait

CONTROLS = ("lucid", "lucid_reno")
NOBODY = 65534
MODULE = "/sys/module/tcp_lucid"
SYS_FINIT_MODULE, SYS_DELETE_MODULE = 313, 176

# What the kernel may say while nothing is wrong.
HARMLESS = re.compile("|".join((
    "tcp_lucid: loading out-of-tree", "tcp_lucid: module verification",
    "tcp_lucid: `.*' invalid for parameter `capabilities'",
    "IPv6: ADDRCONF", "link becomes ready", "Possible SYN flooding",
    "Dropping request", "tun: Universal TUN/TAP", "MPTCP", "eth0",
    "drop_caches", "netem: version", "random: crng", "hrtimer: interrupt took",
    "TCP cdg", "clocksource: (timekeeping watchdog|wd-tsc-wd)",
    "perf: interrupt took too long",
    "Automounting of tracing to debugfs is deprecated",
    "entered (promiscuous|allmulticast) mode",
    "left (promiscuous|allmulticast) mode")))


def times(count):
    """So many, as LUCID_STRESS scales it."""
    return max(int(count * SCALE), 1)


# Work beside the test


class Worker:
    """Inside a "with": work(running) in a process of its own, until the end.

    running() is true until then. What work returns is .result; what it raises
    fails the test. user: who it is to be, with no capabilities, if not root.
    netns: where it is.
    """

    def __init__(self, work, netns=None, user=None):
        self.work, self.netns, self.user = work, netns, user
        self.stopped = False

    def __enter__(self):
        out, self.into = os.pipe()
        sys.stdout.flush()
        # It may be told to stop before it can listen.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        self.pid = os.fork()
        if not self.pid:
            os.close(out)
            self._child()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        os.close(self.into)
        self.out = os.fdopen(out, "rb")
        return self

    def _child(self):
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        try:
            if self.netns:
                self.netns.__enter__()
            if self.user:
                os.setgroups([])
                os.setresgid(*[self.user] * 3)
                os.setresuid(*[self.user] * 3)
            said = (self.work(lambda: not self.stopped), None)
        except BaseException:  # pylint: disable=broad-except
            said = (None, traceback.format_exc())
        with os.fdopen(self.into, "wb") as file:
            pickle.dump(said, file)
        os._exit(0)

    def __exit__(self, kind, *_):
        os.kill(self.pid, signal.SIGTERM)
        data = self.out.read()
        self.out.close()
        os.waitpid(self.pid, 0)
        if kind is None:
            assert data, "a worker died"
            self.result, why = pickle.loads(data)
            assert why is None, f"a worker failed: {why}"


# Data


def noise(size, seed):
    """Bytes that no two places of which look alike."""
    return random.Random(seed).randbytes(size)


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Crossing:
    """Data from one socket to another, as far as it has come."""

    def __init__(self, source, sink, data, chunk):
        self.source, self.sink, self.data = source, sink, data
        self.chunk = chunk
        self.sent, self.got, self.hash = 0, 0, hashlib.sha256()
        self.over = False
        source.setblocking(False)
        sink.setblocking(False)

    def push(self):
        try:
            self.sent += self.source.send(self.data[self.sent:
                                                    self.sent + self.chunk])
        except BlockingIOError:
            return
        if self.sent == len(self.data):
            self.source.shutdown(socket.SHUT_WR)

    def pull(self):
        try:
            data = self.sink.recv(262144)
        except BlockingIOError:
            return
        self.hash.update(data)
        self.got += len(data)
        self.over = not data

    def check(self, what):
        equal((self.got, self.hash.hexdigest()),
              (len(self.data), sha(self.data)), f"{what}: what arrived")


def exchange(one, other, there, back=b"", meanwhile=None, seconds=600,
             chunk=65536):
    """Send there from one to other and back the other way, both at once, to the
    FIN of each; what arrives must be what was sent.

    meanwhile() is called now and then, about once for every chunk of it.
    """
    ways = [Crossing(one, other, there, chunk), Crossing(other, one, back, chunk)]
    for way in ways:
        if not way.data:
            way.source.shutdown(socket.SHUT_WR)
    while not all(way.over for way in ways):
        # Who has nothing left to do would say POLLHUP for ever.
        poll = select.poll()
        for sock, out, into in ((one, ways[0], ways[1]),
                                (other, ways[1], ways[0])):
            what = (select.POLLOUT if out.sent < len(out.data) else 0) \
                | (0 if into.over else select.POLLIN)
            if what:
                poll.register(sock, what)
        ready = poll.poll(seconds * 1000)
        assert ready, f"nothing moves for {seconds} s: " \
            f"{[(way.sent, way.got) for way in ways]}"
        for fd, what in ready:
            assert not what & select.POLLNVAL, "a socket is closed"
            for way in ways:
                if fd == way.source.fileno() and what & select.POLLOUT:
                    way.push()
                if fd == way.sink.fileno() and \
                        what & (select.POLLIN | select.POLLHUP | select.POLLERR) \
                        and not way.over:
                    way.pull()
        if meanwhile:
            meanwhile()
    for way, what in zip(ways, ("there", "back")):
        way.check(what)
    return ways[0].got + ways[1].got


def set_control(sock, name):
    """0, or the error number."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                        name if isinstance(name, bytes) else name.encode())
    except OSError as why:
        return why.errno
    return 0


def get_control(sock):
    name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    return name.rstrip(b"\0").decode()


# The module


def module_file():
    return sh("modinfo -n tcp_lucid").strip()


def load(path=None):
    """Load the module; 0, or the error number."""
    fd = os.open(path or module_file(), os.O_RDONLY | os.O_CLOEXEC)
    try:
        return syscall(SYS_FINIT_MODULE, fd, b"", 0)
    finally:
        os.close(fd)


def unload():
    """Unload the module, as rmmod does; 0, or the error number."""
    return syscall(SYS_DELETE_MODULE, b"tcp_lucid", os.O_NONBLOCK)


def syscall(*args):
    """The error number of a system call, 0 if there is none."""
    ctypes.set_errno(0)
    return ctypes.get_errno() if libc.syscall(*args) else 0


def unload_soon(seconds=30):
    """unload(), as often as it is refused; how often that was."""
    for refused in range(seconds * 50):
        why = unload()
        if not why:
            return refused
        equal(why, errno.EAGAIN, "error of delete_module()")
        wait(0.02)
    raise AssertionError(f"still in use after {seconds} s: "
                         + sh(f"cat {MODULE}/refcnt; ss -tanie"))


def left_behind():
    """What names the module although it is not there."""
    found = []
    for file in f"{TRACEFS}/enabled_functions", "/sys/kernel/debug/kprobes/list":
        if not os.path.exists(file):
            continue
        with open(file) as lines:
            # Nobody else hooks anything here.
            found += [line.strip() for line in lines]
    for file in MODULE, f"{TRACEFS}/events/tcp_lucid", \
            "/proc/sys/net/ipv4/tcp_lucid":
        if os.path.exists(file):
            found.append(file)
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as file:
        found += [name for name in file.read().split() if name in CONTROLS]
    return found


def capabilities():
    with open(f"{MODULE}/parameters/capabilities") as file:
        return int(file.read())


# What stays


class Quiet:
    """Inside a "with": the kernel's log has nothing to complain of."""

    def __enter__(self):
        self.before = sh("dmesg").splitlines()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.check()

    def check(self):
        said = sh("dmesg").splitlines()
        last = self.before[-1] if self.before else None
        new = said[said.index(last) + 1:] if last in said else said
        equal([line for line in new if not HARMLESS.search(line)], [],
              "what the kernel said")


def tree_controls():
    """Every control of this kernel but ours, loaded."""
    folder = f"/lib/modules/{os.uname().release}/kernel/net/ipv4"
    names = {file.split(".")[0] for file in os.listdir(folder)} \
        if os.path.isdir(folder) else set()
    for name in sorted(names):
        if name.startswith("tcp_") and name != "tcp_diag":
            sh(f"modprobe {name}")
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as file:
        return [name for name in file.read().split() if name not in CONTROLS]


def memory():
    """What the kernel has taken: objects of each slab cache, and kB of memory.

    What it only keeps in store is given back before, so that the numbers of
    objects are of those in use.
    """
    for _ in range(4):
        # What was used of late survives the first time.
        sh("echo 3 > /proc/sys/vm/drop_caches")
        wait(0.2)
    for cache in os.listdir("/sys/kernel/slab"):
        try:
            with open(f"/sys/kernel/slab/{cache}/shrink", "w") as file:
                file.write("1")
        except OSError:
            pass        # it went meanwhile
    slabs, used = {}, {}
    with open("/proc/slabinfo") as file:
        for line in file.read().splitlines()[2:]:
            words = line.split()
            slabs[words[0]] = int(words[1])
    with open("/proc/meminfo") as file:
        for name, kb in re.findall(r"^(\w+): +(\d+) kB", file.read(), re.M):
            used[name] = int(kb)
    return slabs, used


def growth(before, after, least):
    """Caches that have grown by at least so many objects."""
    return {name: after[0][name] - count for name, count in before[0].items()
            if after[0].get(name, 0) - count >= least}
