#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connections in great numbers: N at once, ten times N one after another. No event is
lost without being counted, and all memory comes back: of no slab cache does an
object stay for one connection in twenty (or a hundred). See endure.py. N is 500:

LUCID_STRESS=200 ./many.py, in "lab run --timeout 7200 --", is 100,000 and 1,000,000.
"""

import resource

from counting import Watch, load
from endure import (Quiet, growth, left_behind, memory, times, unload_soon)
from endure import load as load_module
from lucid import Path, Trace, cookie, equal, ksft, run, wait

AT_ONCE = times(500)
IN_ALL = 10 * AT_ONCE
# What kfree_rcu() frees waits on its CPU, in 7.2, until there are 60 of a size.
FEW = max(AT_ONCE // 20, 100)


def the_path(rate):
    path = Path(delay_ms=1)
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_lucid/syn_event_rate", rate)
    path.client.sysctl("ipv4/ip_local_port_range", "10000 65000")
    path.client.sysctl("ipv4/tcp_tw_reuse", 1)
    return path


def settle():
    """Memory when all that waits has waited long enough."""
    wait(130)
    return memory()


def hold(path, count):
    """So many connections, all open; both ends of each."""
    files = 2 * count + 1024
    most = max(files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    ends, listener, port = [], None, 4999
    for number in range(count):
        if number % 20000 == 0:
            port += 1
            listener = path.listen(port=port, backlog=4096)
        ends.append(path.connect(listener, port=port,
                                 cc=("lucid", "lucid_reno")[number % 2]))
    return ends


def at_once():
    """N connections open at once: each has its account, which goes with it"""
    path = the_path(0)
    hold(path, 1)
    with Quiet(), Trace("summary", buffer_kb=max(65536, 2 * AT_ONCE)) as trace:
        before = settle()
        ends = hold(path, AT_ONCE)
        numbers = {cookie(sock) for pair in ends for sock in pair}
        equal(len(numbers), 2 * AT_ONCE, "cookies")
        during = growth(before, memory(), AT_ONCE)
        assert any(name.startswith("TCP") for name in during), during
        equal(trace.read("summary"), [], "summaries of what is open")
        for pair in ends:
            for sock in pair:
                sock.close()
        del ends
        after = settle()
        told = {event.cookie for event in trace.read("summary")}
        equal(numbers - told, set(), "connections without a summary")
    ksft.print_msg(f"{AT_ONCE} open: objects more than before {during}")
    ksft.print_msg(f"closed: {growth(before, after, 3)}")
    equal(growth(before, after, FEW), {},
          "objects that stayed")


def in_turn(path):
    """Memory before and after ten times N connections."""
    load(path, 200, size=500, at_once=50)
    before = settle()
    load(path, IN_ALL, size=500, at_once=50)
    return before, settle()


def one_by_one():
    """10 N connections: every event is told or counted, all memory comes back"""
    path = the_path(0)
    with Quiet(), Watch(path.client, path.server, buffer_kb=64) as watch:
        before, after = in_turn(path)
    equal(watch.counted["client"]["TcpActiveOpens"], IN_ALL + 200, "opened")
    stayed = growth(before, after, IN_ALL // 20)
    ksft.print_msg(f"MemFree {after[1]['MemFree'] - before[1]['MemFree']} kB, "
                   f"objects {stayed}")
    unload_soon(60)
    equal(left_behind(), [], "left behind")
    if stayed:
        # Is it the kernel that keeps them?
        before, after = in_turn(path)
        for name in growth(before, after, IN_ALL // 20):
            stayed.pop(name, None)
    equal(load_module(), 0, "error of finit_module()")
    equal(stayed, {}, "objects that stayed, and do not without the module")


def few_told():
    """10 N connections, few of which may be told of: told and hidden are all"""
    path = the_path(50)
    with Quiet(), Watch(path.client, path.server) as watch:
        load(path, IN_ALL // 4, size=500, at_once=50)
    told, count = watch.told["server"], watch.counted["server"]["TcpPassiveOpens"]
    hidden = told.hits("suppressed", "handshake", add=True)
    equal(told.hits("handshake") + hidden, 3 * count,
          "handshake, shown and hidden")
    state = told.hits("suppressed", "state", add=True)
    equal(told.hits("state", "LISTEN", "NEW_SYN_RECV") + state, count,
          "NEW_SYN_RECV, shown and hidden")
    assert hidden > count, f"only {hidden} were hidden"
    ksft.print_msg(f"{count} connections; {hidden} events of handshakes hidden")


run(at_once, one_by_one, few_told)
