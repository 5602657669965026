#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The module comes and goes, again and again, while connections open, transfer and
close, tracing starts and stops, and namespaces come and go; see endure.py.
"""

import errno
import os
import random
import re
import socket
import struct
import subprocess

from counting import LOAD
from endure import (CONTROLS, NOBODY, Quiet, Worker, capabilities, exchange,
                    get_control, growth, left_behind, load, memory, module_file,
                    noise, set_control, times, unload, unload_soon)
from lucid import (CLONE_NEWNET, TRACEFS, Path, Trace, equal, ksft, libc, run,
                   sh, wait, wait_closed, wait_for_hooks)

CYCLES = times(6)
DIR = "/proc/sys/net/ipv4/tcp_lucid"
FILE = module_file()
# kB that a cycle may take: less than a page, but for what is counted in pages
# wherever they lie.
LIMITS = {"VmallocUsed": 4, "Percpu": 4, "SUnreclaim": 4, "MemFree": 16}


def gone():
    """Of a module that is unloaded there is nothing left."""
    equal(left_behind(), [], "left behind")


def back():
    """Loaded again, it is whole."""
    equal(load(FILE), 0, "error of finit_module()")
    equal(capabilities(), 0xfff3f, "capabilities")


def works():
    """It tells of a handshake, and both controls carry data."""
    path = Path()
    with Trace("handshake") as trace:
        client, server = path.pair()
        wait(0.3)
        equal(len(trace.read()), 6, "handshake events")
    client.close()
    server.close()
    for name in CONTROLS:
        ends = path.pair(cc=name)
        equal(get_control(ends[0]), name, "control")
        exchange(*ends, noise(200000, 1))
        for sock in ends:
            sock.close()


# What goes on meanwhile; each returns how much of it there was.


def traffic(path):
    """Connections of all kinds, of all ends."""
    def work(running):
        done = 0
        while running():
            said = sh(f"{LOAD} connect {path.ADDR[4][1]} 7000 20000 40 20")
            done += sum(map(int, re.findall(r"(?:done|failed) (\d+)", said)))
            wait(0.3)
        return done
    return Worker(work, path.client)


def choosers(path, port=6000):
    """Connections on a control of ours whenever there is one, data checked."""
    listener = path.listen(port=port)
    dice = random.Random(port)

    def work(running):
        chosen = refused = 0
        while running():
            sock = socket.socket()
            why = set_control(sock, dice.choice(CONTROLS))
            # EBUSY: it is there still, and goes.
            assert why in (0, errno.ENOENT, errno.EBUSY), \
                f"setsockopt: {os.strerror(why)}"
            chosen += not why
            refused += bool(why)
            sock.connect((path.ADDR[4][1], port))
            peer = listener.accept()[0]
            exchange(sock, peer, noise(dice.randrange(30000), port),
                     noise(dice.randrange(1000), port))
            sock.close()
            peer.close()
            wait(dice.random() / 4)
        return chosen, refused
    # Root would have the kernel load the module.
    return Worker(work, path.client, NOBODY)


def tracers():
    """Events are switched on and off, here and in an instance."""
    inst = f"{TRACEFS}/instances/stress"
    dice = random.Random(2)

    def write(file, value):
        try:
            with open(file, "w") as out:
                out.write(value)
        except OSError as why:
            # The events have gone, or go at this moment: EINVAL, the folder of
            # all is there still, with none in it.
            assert why.errno in (errno.ENOENT, errno.ENODEV, errno.EINVAL), \
                f"{file}: {why}"
            return 0
        return 1

    def work(running):
        switched = 0
        os.mkdir(inst)
        try:
            while running():
                where = dice.choice((TRACEFS, inst))
                event = dice.choice(("", "state/", "rtt/", "flow_control/",
                                     "limited/", "summary/", "window/"))
                switched += write(f"{where}/events/tcp_lucid/{event}enable",
                                  dice.choice("01"))
                if dice.random() < 0.1:
                    with open(f"{where}/trace") as file:
                        file.read(10000)
                wait(dice.random() / 5)
        finally:
            for where in (TRACEFS, inst):
                write(f"{where}/events/tcp_lucid/enable", "0")
            os.rmdir(inst)
        return switched
    return Worker(work)


def tinkerers(path):
    """Parameters are read and written, and the files of the events read."""
    dice = random.Random(3)

    def work(running):
        good = 0
        while running():
            name = dice.choice(("beta", "c", "abe", "slow_start"))
            try:
                with open(f"{DIR}/{name}") as file:
                    value = file.read()
                with open(f"{DIR}/{name}", "w") as file:
                    file.write(value)
                with open(f"{TRACEFS}/events/tcp_lucid/state/format") as file:
                    file.read()
                good += 1
            except OSError as why:
                assert why.errno in (errno.ENOENT, errno.ENODEV), why
            wait(dice.random() / 20)
        return good
    return Worker(work, path.client)


def settlers():
    """Namespaces come, with connections in them, and go."""
    def work(running):
        made = 0
        while running():
            equal(libc.unshare(CLONE_NEWNET), 0, "unshare()")
            sh("ip link set lo up")
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            sock = socket.socket()
            sock.connect(listener.getsockname())
            sock.send(bytes(1000))
            # The namespace goes with what is in its queues.
            listener.close()
            sock.close()
            made += 1
            wait(0.2)
        return made
    return Worker(work)


class Server:
    """Inside a "with": the other end of traffic()."""

    def __init__(self, path):
        self.command = ["ip", "netns", "exec", "server", LOAD, "serve",
                        path.ADDR[4][1], "7000", "20000"]

    def __enter__(self):
        self.proc = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                     text=True)
        equal(self.proc.stdout.readline(), "ready\n", "the server")
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.communicate()


def cycles():
    """loaded and unloaded throughout, under traffic, tracing and tinkering"""
    path = Path(delay_ms=2, loss="loss 1%")
    refused = 0
    with Quiet(), Server(path), traffic(path) as some, \
            choosers(path) as choose, tracers() as trace, \
            tinkerers(path) as tinker, settlers() as settle:
        dice = random.Random(4)
        for _ in range(CYCLES):
            refused += unload_soon()
            gone()
            wait(dice.random() / 10)
            back()
            wait(dice.random() / 2)
        waiting = path.client.sh("ss -Htan state time-wait | wc -l")
        refused += unload_soon()
        gone()
        back()
    done = {"connections": some.result, "switched": trace.result,
            "tinkered": tinker.result, "namespaces": settle.result,
            "chosen": choose.result[0], "gone": choose.result[1],
            "in TIME_WAIT": int(waiting)}
    ksft.print_msg(f"{CYCLES} cycles, unloading refused {refused} times; {done}")
    for what, count in done.items():
        assert count > CYCLES // 4, f"hardly any {what}: {count}"
    works()


def memory_stays():
    """idle, no cycle costs a single object of any slab cache, nor any page"""
    for name in ("client", "router", "server"):
        sh(f"ip netns del {name}", check=False)

    def turn(count):
        for _ in range(count):
            unload_soon()
            back()
        wait(1)
        return memory()
    # Whatever is made once and kept is made now.
    turn(3)
    count = max(CYCLES, 10)
    before = turn(1)
    # What leaks does so every time; others too take memory now and then.
    suspects = None
    for _ in range(3):
        after = turn(count)
        objects = growth(before, after, count)
        grown = {name: after[1][name] - before[1][name]
                 for name in ("VmallocUsed", "Percpu", "SUnreclaim")}
        grown["MemFree"] = before[1]["MemFree"] - after[1]["MemFree"]
        ksft.print_msg(f"{count} cycles took {grown} kB; objects {objects}")
        found = {*objects, *(name for name, kb in grown.items()
                             if kb >= LIMITS[name] * count)}
        suspects = found if suspects is None else suspects & found
        if not suspects:
            return
        before = after
    raise AssertionError(f"they grew three times: {suspects}")


def loaders_race():
    """two that load and unload at once: one of them wins, none does harm"""
    # EINTR: told to stop while it waits for the other's load.
    allowed = {0, errno.EEXIST, errno.EAGAIN, errno.ENOENT, errno.EBUSY,
               errno.EINTR}

    def race(seed):
        dice = random.Random(seed)

        def work(running):
            won = 0
            while running():
                why = load(FILE) if dice.random() < 0.5 else unload()
                assert why in allowed, os.strerror(why)
                won += not why
            return won
        return Worker(work)
    with Quiet():
        with race(1) as one, race(2) as other:
            wait(times(6))
        load(FILE)
        equal(unload_soon(), 0, "refused")
        gone()
        back()
    ksft.print_msg(f"{one.result} and {other.result} times won")
    assert min(one.result, other.result) > 3, "there was no race"


def time_wait():
    """TIME_WAIT after a connection on our controls does not keep the module"""
    path = Path(delay_ms=1)
    with Quiet(), Trace("time_wait", "state") as trace:
        for number in range(20):
            client, server = path.pair(cc=CONTROLS[number % 2])
            client.close()
            wait_closed(server)
            server.close()
        wait(0.5)
        assert trace.read("time_wait", what="ENTER"), "no TIME_WAIT"
        equal(int(path.client.sh("ss -Htan state time-wait | wc -l")), 20,
              "sockets in TIME_WAIT")
        equal(unload_soon(5), 0, "refused")
        gone()
        # A SYN takes the place of one that our controls once had.
        for number in range(20):
            client, server = path.pair()
            client.close()
            server.close()
        back()


def bpftrace():
    """while bpftrace listens unloading is refused; when it has gone, it is clean"""
    path = Path(delay_ms=1)
    with Quiet(), subprocess.Popen(
            ["bpftrace", "-e", 'BEGIN { printf("ready\\n") } '
             'tracepoint:tcp_lucid:state { @[args->newstate] = count(); }'],
            stdout=subprocess.PIPE, text=True) as proc:
        while "ready" not in (line := proc.stdout.readline()):
            assert line, "bpftrace does not start"
        assert wait_for_hooks(["state"]), "no hooks"
        for _ in range(20):
            equal(unload(), errno.EAGAIN, "error of delete_module()")
            client, server = path.pair()
            client.close()
            server.close()
        wait(0.5)
        proc.send_signal(2)
        said = proc.communicate()[0]
        counts = re.findall(r"@\[\d+\]: (\d+)", said)
        equal(max(map(int, counts), default=0) >= 40, True,
              f"what bpftrace counted ({said})")
        equal(unload_soon(5), 0, "refused after bpftrace")
        gone()
        back()


def bpftrace_killed():
    """bpftrace is killed outright, and the module unloaded at that moment"""
    for _ in range(2):
        with Quiet(), subprocess.Popen(
                ["bpftrace", "-e", 'BEGIN { printf("ready\\n") } '
                 'tracepoint:tcp_lucid:* { @ = count(); }'],
                stdout=subprocess.PIPE, text=True) as proc:
            while "ready" not in (line := proc.stdout.readline()):
                assert line, "bpftrace does not start"
            proc.kill()
            unload_soon(10)
            gone()
            back()


def instances():
    """unloading with events on in instances, with filters, after triggers: all clean"""
    path = Path(delay_ms=1)
    names = [f"{TRACEFS}/instances/stress{number}" for number in range(3)]
    trigger = f"{names[2]}/events/tcp_lucid/state/trigger"
    for _ in range(2):
        for name in names:
            os.mkdir(name)
        try:
            sh(f"echo 1 > {names[0]}/events/tcp_lucid/enable;"
               f"echo 'sport == 5000' > {names[1]}/events/tcp_lucid/state/filter;"
               f"echo 1 > {names[1]}/events/tcp_lucid/state/enable;"
               f"echo 'hist:keys=newstate' > {trigger}")
            assert wait_for_hooks(["state", "rtt"]), "no hooks"
            with Quiet():
                ends = path.pair()
                wait(0.2)
                for name in names[:2]:
                    assert "oldstate=" in sh(f"cat {name}/trace"), name
                # Of a trigger that is still there as a module goes the kernel
                # leaves the probe attached, and warns: docs/robustness.md.
                sh(f"echo '!hist:keys=newstate' > {trigger}")
                equal(unload_soon(5), 0, "refused")
                gone()
                for name in names:
                    assert "oldstate=" not in sh(f"cat {name}/trace"), name
                    equal(os.path.exists(f"{name}/events/tcp_lucid"), False,
                          "events of nobody")
                for sock in ends:
                    sock.close()
                back()
                for name in names:
                    equal(sh(f"cat {name}/events/tcp_lucid/state/enable"),
                          "0\n", "an event that nobody has switched on")
        finally:
            for name in names:
                os.rmdir(name)


def reader_stays():
    """somebody reads trace_pipe while the module goes and comes"""
    path = Path(delay_ms=1)
    inst = f"{TRACEFS}/instances/stress"
    os.mkdir(inst)

    def work(running):
        lines = 0
        fd = os.open(f"{inst}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        while running():
            try:
                lines += os.read(fd, 4096).count(b"\n")
            except BlockingIOError:
                wait(0.01)
        os.close(fd)
        return lines
    with Quiet(), Worker(work) as reader:
        for _ in range(5):
            sh(f"echo 1 > {inst}/events/tcp_lucid/enable")
            assert wait_for_hooks(["state"]), "no hooks"
            client, server = path.pair()
            client.close()
            server.close()
            unload_soon(5)
            back()
    os.rmdir(inst)
    assert reader.result > 50, f"only {reader.result} lines"


def namespaces():
    """loaded and unloaded from inside a namespace: all of them have it, or none"""
    path = Path()
    ends = path.client, path.router, path.server

    def seen():
        found = []
        for ns in ends:
            with ns:
                found.append(os.path.isdir(DIR))
        return found
    for cycle in range(4):
        with ends[cycle % 3]:
            equal(unload_soon(5), 0, "refused")
            gone()
        equal(seen(), [False] * 3, "parameters while it is unloaded")
        sh("ip netns add between; ip netns exec between true")
        with ends[(cycle + 1) % 3]:
            back()
        equal(seen(), [True] * 3, "parameters")
        # One that was made before, and one after.
        sh("ip netns add after")
        for name in ("between", "after"):
            equal(sh(f"cat {DIR}/beta", netns=name), "700\n", name)
            sh(f"ip netns del {name}")


def destroyed():
    """namespaces are destroyed under traffic on our controls, which is traced"""
    with Quiet():
        for turn in range(3):
            path = Path(delay_ms=5, loss="loss 2%")
            for end in (path.client, path.server):
                # Who has lost its owner and its path gives up soon.
                end.sysctl("ipv4/tcp_orphan_retries", 1)
                end.sysctl("ipv4/tcp_fin_timeout", 1)
            with Trace("state", "retransmit", "summary", "close"):
                pairs = [path.pair(cc=CONTROLS[number % 2], port=5000 + number)
                         for number in range(6)]
                for client, _ in pairs:
                    client.setblocking(False)
                    try:
                        while True:
                            client.send(bytes(65536))
                    except BlockingIOError:
                        pass
                wait(0.05)
                equal(unload(), errno.EAGAIN, "unloading under traffic")
                order = ["client", "router", "server"]
                for name in order[turn:] + order[:turn]:
                    sh(f"ip netns del {name}")
                for client, server in pairs[::2]:
                    client.close()
                    server.close()
                wait(0.2)
                for client, server in pairs[1::2]:
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
                    server.close()
                    client.close()
                unload_soon(60)
                gone()
                back()
    works()


run(cycles, memory_stays, loaders_race, time_wait, bpftrace, bpftrace_killed,
    instances, reader_stays, namespaces, destroyed)
