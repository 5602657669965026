#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Choosing a control, in every way people do, and unloading the module."""

import errno
import os
import re
import socket

from lucid import (LIFE, TRACEFS, Path, Trace, equal, hooked, load_by_route, run,
                   sh, wait, wait_closed)

CONTROLS = ("lucid", "lucid_reno")


def control_of(sock):
    name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    return name.rstrip(b"\0").decode()


def module_busy():
    """Try to unload; return what rmmod said, "" if the module is gone."""
    return sh("rmmod tcp_lucid", check=False).strip()


def unloaded():
    assert not os.path.exists("/sys/module/tcp_lucid"), "module is still there"
    equal(ours_hooked(), [], "function hooks that were left behind")
    sh("modprobe tcp_lucid")


def idle():
    """Nobody uses a control: no namespace of an earlier test, no socket."""
    Path()
    for name in ("client", "router", "server"):
        sh(f"ip netns del {name}")
    for _ in range(100):
        if sh("cat /sys/module/tcp_lucid/refcnt").strip() == "0":
            return
        wait(0.1)


def registered():
    """both controls are available, and every user may choose them"""
    for key in ("available", "allowed"):
        with open(f"/proc/sys/net/ipv4/tcp_{key}_congestion_control") as file:
            names = file.read().split()
        for name in CONTROLS:
            assert name in names, f"{name} is not {key}: {names}"


def sysctl():
    """sysctl: the namespace's default, taken by the connections that follow"""
    for name in CONTROLS:
        path = Path(cc=name)
        client, server = path.pair()
        equal((control_of(client), control_of(server)), (name, name), "control")
        client.close()
        server.close()


def sockopt():
    """setsockopt(TCP_CONGESTION): a socket's own, also in mid-flow"""
    path = Path()
    client, server = path.pair()
    for name in (*CONTROLS, "cubic", "reno") * 3:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                          name.encode())
        equal(control_of(client), name, "control")
        client.sendall(bytes(20000))
        wait(0.2)
        equal(len(server.recv(65536)), 20000, "bytes received")
    client.close()
    server.close()


def route():
    """ip route ... congctl: a destination's, without any sysctl"""
    for name in CONTROLS:
        path = Path()
        path.client.sh(f"ip route replace 10.0.2.0/24 via 10.0.1.254 "
                       f"congctl {name}")
        client, server = path.pair()
        equal(control_of(client), name, "control")
        equal(control_of(server), "cubic", "control of the other end")
        client.close()
        server.close()


def unprivileged():
    """a user without privileges may choose both controls"""
    for name in CONTROLS:
        said = sh("setpriv --reuid 65534 --regid 65534 --clear-groups "
                  "--bounding-set -all python3 -c 'import socket\n"
                  "s = socket.socket()\n"
                  "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, "
                  f"b\"{name}\")'", check=False)
        equal(said, "", f"{name}: what was said")


def autoload():
    """naming a control that is not loaded loads the module, by either name"""
    for name in CONTROLS:
        idle()
        equal(module_busy(), "", "rmmod")
        default = sh("sysctl -n net.ipv4.tcp_congestion_control")
        sh(f"sysctl -w net.ipv4.tcp_congestion_control={name}")
        assert os.path.exists("/sys/module/tcp_lucid"), f"{name} loads nothing"
        sh(f"sysctl -w net.ipv4.tcp_congestion_control={default}")


def loaded_by_route():
    """a route that names a control loads it, though a namespace begins meanwhile"""
    idle()
    equal(module_busy(), "", "rmmod")
    with load_by_route("lucid") as names:
        assert "tcp_lucid: namespaces are busy" in sh("dmesg"), "the log is silent"
        for name in names:
            equal(sh(f"ip netns exec {name} sysctl -n net.ipv4.tcp_lucid.beta"),
                  "700\n", f"{name}: beta")


def in_use():
    """unloading is refused while a socket or a namespace uses a control"""
    idle()
    for name in CONTROLS:
        path = Path()
        client, server = path.pair(cc=name)
        assert "in use" in module_busy(), "unloaded under a socket"
        client.close()
        server.close()
        wait(0.5)
        path.client.sysctl("ipv4/tcp_congestion_control", name)
        assert "in use" in module_busy(), "unloaded under a namespace"
        path.client.sysctl("ipv4/tcp_congestion_control", "cubic")
        wait(0.5)
        equal(module_busy(), "", "rmmod")
        unloaded()


def unload_while_tracing():
    """unloading with tracing on, connections open and in TIME_WAIT is clean"""
    idle()
    path = Path()
    client, server = path.pair(cc="cubic")
    other, peer = path.pair(cc="cubic", port=5001)
    other.close()
    wait_closed(peer)
    peer.close()
    sh(f"echo 1 > {TRACEFS}/events/tcp_lucid/enable")
    client.sendall(bytes(10000))
    equal(module_busy(), "", "rmmod")
    client.sendall(bytes(10000))
    wait(1)
    unloaded()
    client.sendall(bytes(10000))
    client.close()
    wait_closed(server)
    server.close()
    wait(70)


def unload_again():
    """a module loaded five times in a row still tells a whole handshake"""
    idle()
    for _ in range(5):
        equal(module_busy(), "", "rmmod")
        unloaded()
    path = Path()
    with Trace("handshake") as trace:
        client, server = path.pair()
        wait(0.2)
        equal(len(trace.read()), 6, "handshake events")
    client.close()
    server.close()


def ours_hooked():
    """Lines of enabled_functions that name the module."""
    return [line for line in
            sh(f"cat {TRACEFS}/enabled_functions").splitlines()
            if "tcp_lucid" in line]


def nobody_listens():
    """with nobody listening nothing is hooked, and what was is let go of"""
    for _ in range(2):
        for _ in range(200):
            if not ours_hooked():
                break
            wait(0.1)
        equal(ours_hooked(), [], "hooks while nobody listens")
        with Trace("state"):
            equal(hooked(LIFE), LIFE, "hooks while somebody listens to state")
        assert ours_hooked(), "hooks are gone at once: trace-cmd would give up"


def capabilities():
    """this kernel lets the module see everything, and the log complains of nothing"""
    with open("/sys/module/tcp_lucid/parameters/capabilities") as file:
        equal(int(file.read()), 0xfff3f, "capabilities")
    said = [line for line in sh("dmesg").splitlines()
            if re.search(r"tcp_lucid: (?!loading out-of-tree|module verification)",
                         line)]
    equal(said, [], "log")


def bad_names():
    """a name that no control has is refused and changes nothing"""
    path = Path(cc="lucid")
    sock = path.socket()
    for name in (b"lucid_", b"lucid_reno2", b"LUCID", b"x" * 16):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
        except OSError as error:
            equal(error.errno, errno.ENOENT, f"{name}: error")
        else:
            raise AssertionError(f"{name} was accepted")
        equal(control_of(sock), "lucid", "control")
    sock.close()


run(registered, sysctl, sockopt, route, unprivileged, autoload, in_use,
    unload_while_tracing, unload_again, nobody_listens, capabilities, bad_names,
    loaded_by_route)
