#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The formats of the events: what every bpftrace from 0.17 on can read."""

import re
import subprocess

from lucid import (TRACEFS, Path, Skip, Trace, equal, run, sh, wait,
                   wait_closed)

EVENTS = ("ack", "close", "connect_failed", "ecn", "epoch", "fast_open",
          "fast_retransmit", "flow_control", "handshake", "limited", "listen",
          "reduction", "region", "reordering", "retransmit",
          "retransmit_failed", "rtt", "sample", "slow_start", "spurious",
          "state", "summary", "suppressed", "time_wait", "undo", "unused",
          "window")
FIELD = re.compile(r"field:(.+?) (\w+)(\[\d+\])?;\s+offset:(\d+);\s+size:(\d+);")
CONN = [("__u64", "cookie", ""), ("__u32", "netns", ""),
        ("__u16", "family", ""), ("__u16", "sport", ""), ("__u16", "dport", ""),
        ("__u8", "saddr", "[4]"), ("__u8", "daddr", "[4]"),
        ("__u8", "saddr_v6", "[16]"), ("__u8", "daddr_v6", "[16]")]


def fields(event):
    """(type, name, dimension, offset, size) of an event's own fields."""
    with open(f"{TRACEFS}/events/tcp_lucid/{event}/format") as file:
        found = FIELD.findall(file.read())
    return [(kind, name, dim, int(offset), int(size))
            for kind, name, dim, offset, size in found
            if not name.startswith("common_")]


def all_there():
    """the events are there, and no others"""
    equal(sh(f"cd {TRACEFS}/events/tcp_lucid && ls -d */").split(),
          [f"{event}/" for event in EVENTS], "events")


def plain():
    """fields are fixed-width integers and arrays: no pointer, enum or string"""
    for event in EVENTS:
        for kind, name, dim, _, _ in fields(event):
            good = kind in ("__u8", "__u16", "__u32", "__u64", "__s32") or \
                (kind == "char" and dim)
            assert good, f"{event}.{name} is a {kind}{dim}"


def same_start():
    """every event begins with whose it is, in the same place"""
    for event in EVENTS:
        equal([(kind, name, dim) for kind, name, dim, _, _ in
               fields(event)[:len(CONN)]], CONN, f"{event}: first fields")
        equal(fields(event)[len(CONN) - 1][3:],
              fields(EVENTS[0])[len(CONN) - 1][3:], f"{event}: offsets")


def named():
    """codes have names for perf and trace-cmd, and the names resolve"""
    for event in EVENTS:
        with open(f"{TRACEFS}/events/tcp_lucid/{event}/format") as file:
            printed = file.read().split("print fmt:")[1]
        assert "TCP_" not in printed, f"{event}: a name without its number"
        assert "state=%u" not in printed, f"{event}: a state without its name"


def connection():
    """From the first SYN to TIME_WAIT."""
    client, server = Path().pair()
    client.close()
    wait_closed(server)
    server.close()
    wait(0.5)


def has_names(said):
    for words in ("step=SYN-ACK received", "newstate=ESTABLISHED",
                  "what=ENTER", "saddr=::ffff:10.0.1.1"):
        assert words in said, f"no {words!r} in:\n{said}"


def trace_cmd():
    """trace-cmd shows a connection's events with names, not numbers"""
    sh("trace-cmd start -e tcp_lucid")
    connection()
    sh("trace-cmd stop; trace-cmd extract -o /tmp/trace.dat; trace-cmd reset")
    has_names(sh("trace-cmd report -i /tmp/trace.dat"))


def perf():
    """perf record -e 'tcp_lucid:*' does so as well"""
    if not sh("command -v perf", check=False):
        raise Skip("needs perf")
    command = ("perf", "record", "-a", "-e", "tcp_lucid:*", "-o",
               "/tmp/perf.data", "--", "sleep", "60")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as recording:
        wait(20)
        connection()
    equal(recording.returncode, 0, "perf record: exit code")
    has_names(sh("perf script -i /tmp/perf.data 2>/dev/null"))


def no_pointer():
    """nothing that looks like a kernel address is printed"""
    path = Path(delay_ms=10, loss="loss 5%")
    with Trace(*EVENTS) as trace:
        client, server = path.pair(cc="lucid")
        client.sendall(bytes(100000))
        wait(2)
        client.close()
        server.close()
        wait(1)
        events = trace.read()
    assert len(events) > 20, "too few events"
    for event in events:
        for key, value in event.items():
            if isinstance(value, int):
                assert value < 1 << 48, f"{event.name}.{key} = {value:#x}"
            assert not re.search(r"ffff[89a-f][0-9a-f]{11}", str(value)), event


run(all_there, plain, same_start, named, trace_cmd, perf, no_pointer)
