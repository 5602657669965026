#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel refuses: memory, hooks, registrations, at every step."""

import contextlib
import errno
import functools
import itertools
import os
import re

import endure
from lucid import (LIFE, TRACEFS, Path, Trace, Skip, equal, hooked,
                   load_by_route, run, sh, wait, wait_closed)

FAIL = "fail/lucid_fail.ko"
ENOMEM, EINVAL = -errno.ENOMEM, -errno.EINVAL
# Of the functions that are hooked, which are refused; LUCID_STRESS=19: each.
EVERY = max(19 // endure.times(1), 1)
# Errors of the calls that a load cannot do without, or of how many of them; 0 is a
# NULL pointer. Kernels call some of them by another name.
NEEDED = (("register_pernet_subsys", ENOMEM),
          ("rhashtable_init_noprof rhashtable_init", ENOMEM),
          ("__kmalloc_noprof __kmalloc", 0),
          ("tcp_register_congestion_control", EINVAL, 1),
          ("register_net_sysctl_sz register_net_sysctl", 0))
SYSCTLS = "/proc/sys/net/ipv4/tcp_lucid"
MODULE = "/sys/module/tcp_lucid"
CAPABILITIES = 0xfff3f
# Of the kernel's, those that the module's probes are on.
TRACEPOINTS = ("inet_sock_set_state", "tcp_cong_state_set", "tcp_retransmit_skb",
               "tcp_retransmit_synack", "tcp_send_reset")


@functools.lru_cache(None)
def symbol(names):
    """Which of these names this kernel has for a function."""
    for name in names.split():
        # grep reads 100,000 lines faster than Python.
        if sh(f"grep -m 1 ' {name}$' /proc/kallsyms", check=False):
            return name
    raise Skip(f"no function {names} here")


@contextlib.contextmanager
def failing(names, error, nth=1, times=1):
    """Inside: such a call of the module's fails. Gives a counter of calls."""
    function = symbol(names)
    # An optimised kprobe, which is a jump, cannot lead elsewhere.
    sh("sysctl -w debug.kprobes-optimization=0")
    try:
        said = sh(f"insmod {FAIL} function={function} error={error} nth={nth} "
                  f"times={times}", check=False).strip()
        # What kprobes say of a function that they will not have, or hooks.
        if re.search("Invalid parameters|not supported", said):
            raise Skip(f"{names} cannot be made to fail: {said}")
        equal(said, "", "what insmod said")
        try:
            yield lambda: int(sh("cat /sys/module/lucid_fail/parameters/calls"))
        finally:
            sh("rmmod lucid_fail")
    finally:
        sh("sysctl -w debug.kprobes-optimization=1")


def unload():
    if os.path.exists(MODULE):
        sh("rmmod tcp_lucid")


def log_since(mark):
    """What the module said in the log since the mark was put there."""
    lines = sh("dmesg").splitlines()
    at = max(i for i, line in enumerate(lines) if mark in line)
    return [line.split("tcp_lucid: ")[1] for line in lines[at:]
            if "tcp_lucid: " in line and
            not re.search("out-of-tree|module verification", line)]


def mark():
    """Put a mark in the kernel's log."""
    mark.count = getattr(mark, "count", 0) + 1
    text = f"faults mark {mark.count}"
    with open("/dev/kmsg", "w") as file:
        file.write(text)
    return text


def nothing_left():
    """Of a module that did not load the kernel knows nothing any more."""
    assert not os.path.exists(MODULE), "the module is there"
    assert not os.path.exists(SYSCTLS), "its sysctls are there"
    assert not os.path.exists(f"{TRACEFS}/events/tcp_lucid"), "its events are"
    known = sh("sysctl -n net.ipv4.tcp_available_congestion_control")
    assert "lucid" not in known, f"its controls are known: {known}"
    for file in ("/sys/kernel/debug/kprobes/list",
                 f"{TRACEFS}/enabled_functions"):
        equal(sh(f"cat {file}"), "", file)


def probed():
    """Those of TRACEPOINTS that anybody's probe is on."""
    tell = "".join(f"if ((uint64)((struct tracepoint *)kaddr(\"__tracepoint_{name}\"))"
                   f"->funcs) {{ printf(\"probed {name}\\n\"); }} "
                   for name in TRACEPOINTS)
    said = sh(f"bpftrace -e 'BEGIN {{ {tell} exit(); }}' 2>&1")
    return tuple(line.split()[1] for line in said.splitlines()
                 if line.startswith("probed "))


def works(life=True):
    """Loaded, it tells of a connection, and a control carries it."""
    path = Path(cc="lucid")
    with Trace("handshake") as trace:
        client, server = path.pair()
        client.sendall(bytes(5000))
        client.close()
        equal(len(wait_closed(server)), 5000, "bytes received")
        server.close()
        wait(0.5)
        equal(len(trace.read()), 6 if life else 0, "handshake events")
    for name in ("client", "router", "server"):
        sh(f"ip netns del {name}")
    wait(0.5)


def fail_each(names, error, most=None):
    """Fail the first such call of a load, the second...; how many there are."""
    for nth in itertools.count(1):
        if nth - 1 == most:
            return most
        unload()
        with failing(names, error, nth) as calls:
            said = sh("modprobe tcp_lucid", check=False)
            if calls() < nth:
                equal(said, "", f"{names}: load that was left alone")
                return nth - 1
            reason = "Invalid argument" if error == EINVAL else \
                "Cannot allocate memory"
            assert reason in said, f"{names}, call {nth}: modprobe said {said!r}"
        nothing_left()


def load_fails():
    """a load that fails, at whichever step, says so and leaves nothing behind"""
    equal([fail_each(*what) for what in NEEDED],
          [2, 1, 15, 1, 1 + len(namespaces())], "calls that were made to fail")
    unload()
    equal(probed(), (), "probes that stay")
    sh("modprobe tcp_lucid")
    works()


def name_taken():
    """a control that cannot be registered is said to be missing, no more: the other may
    be in use by then"""
    unload()
    since = mark()
    with failing("tcp_register_congestion_control", EINVAL, 2):
        sh("modprobe tcp_lucid")
    equal(log_since(since), [f"lucid_reno is not to be had (error {EINVAL})"],
          "the log")
    known = sh("sysctl -n net.ipv4.tcp_available_congestion_control").split()
    equal(("lucid" in known, "lucid_reno" in known), (True, False), "controls")
    works()
    unload()
    nothing_left()


def no_way_back():
    """with namespaces busy, a load goes on without lucid: it cannot be undone then"""
    unload()
    since = mark()
    with failing("tcp_register_congestion_control", EINVAL, 1), \
            load_by_route("lucid_reno"):
        equal(log_since(since), [
            "namespaces are busy: their parameters come later",
            f"lucid is not to be had (error {EINVAL})"], "the log")
    known = sh("sysctl -n net.ipv4.tcp_available_congestion_control").split()
    equal(("lucid" in known, "lucid_reno" in known), (False, True), "controls")
    unload()
    nothing_left()
    sh("modprobe tcp_lucid")


def namespaces():
    """Network namespaces besides the first."""
    return sh("ip netns list").split()


def hooks_lost():
    """a function that cannot be hooked costs its events and a line in the log"""
    refused = set()
    for names in ("register_kprobe", "ftrace_set_filter_ip"):
        for nth in range(1, 200, EVERY):
            unload()
            since = mark()
            with failing(names, EINVAL, nth) as calls:
                sh("modprobe tcp_lucid")
                if calls() < nth:
                    break
            has = int(sh(f"cat {MODULE}/parameters/capabilities"))
            said = log_since(since)
            # Some only help others, and have no events of their own.
            equal(len(said), int(has != CAPABILITIES), f"{names}: lines {said}")
            assert not has & ~CAPABILITIES, f"capabilities {has:#x}"
            if said:
                assert re.fullmatch(r"function \S+ is not to be had \(error "
                                    r"-\d+\): its events stay silent", said[0])
                refused.add(said[0].split()[1])
    assert len(refused) >= 3, f"only {refused} were refused"
    unload()
    sh("modprobe tcp_lucid")
    works()


def all_hooks_lost():
    """without any function to hook the module loads, and its controls work"""
    unload()
    with failing("register_kprobe", EINVAL, 1, 1000):
        sh("modprobe tcp_lucid")
    path = Path(cc="lucid")
    since = mark()
    client, server = path.pair()
    sh(f"echo 1 > {TRACEFS}/events/tcp_lucid/enable")
    wait(0.5)
    client.sendall(bytes(5000))
    client.close()
    equal(len(wait_closed(server)), 5000, "bytes received")
    server.close()
    sh(f"echo 0 > {TRACEFS}/events/tcp_lucid/enable")
    assert any("functions cannot be hooked" in line for line in log_since(since)), \
        "the log is silent"
    equal(hooked(LIFE), set(), "hooks")
    for name in ("client", "router", "server"):
        sh(f"ip netns del {name}")
    wait(12)
    unload()
    nothing_left()
    sh("modprobe tcp_lucid")


def attach_fails():
    """hooks that cannot be attached are left out and said, and the next user gets them"""
    for names, times in (("register_ftrace_function", 1),
                         ("tracepoint_probe_register", 4)):
        unload()
        sh("modprobe tcp_lucid")
        since = mark()
        with failing(names, ENOMEM, 1, times) as calls:
            sh(f"echo 1 > {TRACEFS}/events/tcp_lucid/summary/enable")
            wait(1)
            equal(calls() >= times, True, f"{names}: called")
            sh(f"echo 0 > {TRACEFS}/events/tcp_lucid/summary/enable")
            said = log_since(since)
            equal(len(said), times, f"{names}: lines in the log: {said}")
            assert all("error -12" in line for line in said), said
            # Until what was attached is let go of.
            wait(12)
        works()
        unload()
        nothing_left()
        equal(probed(), (), f"{names}: probes that stay")
    sh("modprobe tcp_lucid")
    sh(f"echo 1 > {TRACEFS}/events/tcp_lucid/enable")
    wait(1)
    equal(probed(), TRACEPOINTS, "probes while all events are on")
    unload()
    equal(probed(), (), "probes that stay")
    sh("modprobe tcp_lucid")


def tracing_off():
    """where ftrace is switched off nothing is told by halves, and the log says why"""
    unload()
    sh("modprobe tcp_lucid")
    sh("sysctl -w kernel.ftrace_enabled=0")
    try:
        since = mark()
        sh(f"echo 1 > {TRACEFS}/events/tcp_lucid/summary/enable")
        wait(1)
        sh(f"echo 0 > {TRACEFS}/events/tcp_lucid/summary/enable")
        wait(12)
        # Who waits for it gets it, soon after it is switched on again.
        sh(f"echo 1 > {TRACEFS}/events/tcp_lucid/summary/enable")
        wait(25)
        sh("sysctl -w kernel.ftrace_enabled=1")
        wait(11)
        assert hooked(LIFE), "nothing is hooked"
        sh(f"echo 0 > {TRACEFS}/events/tcp_lucid/summary/enable")
        equal(log_since(since), [f"functions cannot be hooked (error "
                                 f"-{errno.EBUSY})"] * 2, "the log")
    finally:
        sh(f"echo 0 > {TRACEFS}/events/tcp_lucid/summary/enable")
        sh("sysctl -w kernel.ftrace_enabled=1")
    wait(12)
    with Trace("handshake"):
        said = sh("sysctl -w kernel.ftrace_enabled=0", check=False)
        assert "busy" in said, f"sysctl said {said!r}"
    works()


def account_fails():
    """no memory for a connection's account: its summary has what the socket knows"""
    path = Path(cc="cubic")
    with Trace("summary") as trace:
        with failing("__kmalloc_cache_noprof kmalloc_trace", 0, 1, 2) as calls:
            for _ in range(3):
                client, server = path.pair()
                client.close()
                wait_closed(server)
                server.close()
            wait(2)
            equal(calls(), 6, "accounts asked for")
        told = trace.read()
        equal(len(told), 6, "summaries of six ends")
        equal([event.role for event in told].count("UNKNOWN"), 2,
              "ends of which nothing could be kept")
        equal({event.verdict for event in told},
              {"CLEAN_ACTIVE", "CLEAN_PASSIVE"}, "verdicts")


def namespace_fails():
    """no memory for a namespace's parameters: it is not made, the others live on"""
    path = Path(cc="lucid")
    client, server = path.pair()
    before = namespaces()
    with failing("register_net_sysctl_sz register_net_sysctl", 0):
        said = sh("ip netns add nomem", check=False)
        assert "Cannot allocate memory" in said, f"ip said {said!r}"
    sh("ip netns del nomem", check=False)
    equal(namespaces(), before, "namespaces")
    sh("ip netns add mem; ip netns exec mem sysctl -n net.ipv4.tcp_lucid.beta; "
       "ip netns del mem")
    client.sendall(bytes(5000))
    client.close()
    equal(len(wait_closed(server)), 5000, "bytes received")
    server.close()


run(load_fails, name_taken, no_way_back, hooks_lost, all_hooks_lost, attach_fails,
    tracing_off, account_fails, namespace_fails)
