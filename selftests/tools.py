#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The bpftrace tools: each runs, says what happened, and ends on Ctrl-C."""

import os
import signal
import socket
import subprocess

from lucid import SYN, Path, Skip, equal, run, sh, wait, wait_closed
from peer import HOST, Host, Peer

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../scripts")
SO_SNDBUFFORCE = 32
TOOLS = ("handshake", "retransmit", "timewait", "watch", "listen", "limits")


class Tool:
    """Inside a "with": a tool is running; output() stops it as Ctrl-C would."""

    def __init__(self, name, *args):
        if not sh("command -v bpftrace", check=False):
            raise Skip("needs bpftrace")
        self.command = ["bpftrace", f"{SCRIPTS}/{name}.bt", *args]

    def __enter__(self):
        self.log = open("/tmp/tool.log", "w+")
        self.proc = subprocess.Popen(self.command, stdout=self.log,
                                     stderr=subprocess.STDOUT)
        # Attached when every program of the script is: the header is out.
        for _ in range(600):
            wait(0.1)
            assert self.proc.poll() is None, f"it ended: {self.said()}"
            if self.attached():
                wait(1)
                return self
        raise AssertionError("it does not start")

    def attached(self):
        return len(self.said().splitlines()) > 1

    def __exit__(self, *_):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()

    def said(self):
        self.log.flush()
        with open("/tmp/tool.log") as file:
            return file.read()

    def output(self):
        wait(2)
        self.proc.send_signal(signal.SIGINT)
        equal(self.proc.wait(60), 0, "exit code")
        said = self.said()
        assert "ERROR" not in said, said
        for line in said.splitlines():
            assert len(line) <= 120, f"longer than 120 columns: {line}"
        return said


def has(said, *words):
    """Some line of the output has all of these words in this order."""
    for line in said.splitlines():
        at = 0
        for word in words:
            at = line.find(word, at) + 1
            if not at:
                break
        else:
            return
    raise AssertionError(f"no line with {words} in:\n{said}")


def talk(path, family=4, size=20000):
    """A connection with some data, closed by the client."""
    client, server = path.pair(family, cc="lucid")
    client.sendall(bytes(size))
    wait(0.5)
    client.close()
    wait_closed(server)
    server.close()
    wait(0.5)


def silent():
    """with nothing to tell, every tool starts, ends on Ctrl-C and is content"""
    for name in TOOLS:
        with Tool(name) as tool:
            tool.output()


def handshake():
    """handshake.bt shows all six steps, over IPv4 and IPv6"""
    path = Path(delay_ms=20)
    with Tool("handshake") as tool:
        talk(path, 4)
        talk(path, 6)
        said = tool.output()
    for client, server in (path.ADDR[4], path.ADDR[6]):
        for step in ("SYN", "SYN-ACK", "ACK"):
            has(said, step, client, server)
            has(said, step, server, client)


def retransmit():
    """retransmit.bt names the reason of each retransmission and counts them"""
    path = Path(delay_ms=10)
    with Tool("retransmit") as tool:
        path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 10 3")
        talk(path, size=60000)
        said = tool.output()
    has(said, "FAST")


def timewait():
    """timewait.bt shows who enters and who leaves TIME_WAIT, and why"""
    path = Path()
    with Tool("timewait") as tool:
        talk(path)
        wait(70)
        said = tool.output()
    has(said, "ENTER")
    has(said, "TIMER")


def watch():
    """watch.bt tells one connection's whole life, and of no other port"""
    path = Path()
    with Tool("watch", "5000") as tool:
        talk(path)
        other, peer = path.pair(port=5001)
        other.close()
        peer.close()
        wait(70)
        said = tool.output()
    for words in ("SYN", "ESTABLISHED", "FIN", "TIME_WAIT"):
        has(said, words)
    assert "5001" not in said, f"another port's events:\n{said}"


def listen():
    """listen.bt shows a queue that is full, and SYN cookies, over IPv4 and IPv6"""
    with Host() as host:
        host.sysctl("ipv4/tcp_lucid/syn_event_rate", 20)
        with Tool("listen") as tool:
            for family in (4, 6):
                host.sysctl("ipv4/tcp_syncookies", 1)
                listener = host.listen(family, 2)
                for _ in range(3):
                    Peer(host, family).connect()
                Peer(host, family).syn()
                listener.close()
                listener = host.listen(family, 2)
                for _ in range(4):
                    Peer(host, family).syn()
                listener.close()
            listener = host.listen(4, 2)
            for _ in range(100):
                Peer(host, 4).send(SYN, ack=0)
            wait(2)
            listener.close()
            said = tool.output()
    for family in (4, 6):
        for words in (("SYN_DROP", "ACCEPT_QUEUE"),
                      ("COOKIE_SENT", "SYN_QUEUE"), ("CLOSED",)):
            has(said, *words, f" {host.inum} ", f"{HOST[family]}:5000 <")
    has(said, "not shown")
    has(said, "@count[5000, COOKIE_SENT, SYN_QUEUE]")


def limits():
    """limits.bt shows closed windows and probes, and what limited whom"""
    for family in (4, 6):
        path = Path(delay_ms=10)
        with Tool("limits", "5000") as tool:
            client, server = path.pair(family)
            other, peer = path.pair(family, port=5001)
            client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4000000)
            client.sendall(bytes(1500000))
            wait(2)
            left = 1500000
            while left:
                left -= len(server.recv(65536))
            for sock in (client, server, other, peer):
                sock.close()
            wait(0.5)
            said = tool.output()
        ends = f"{path.ADDR[family][0]}:", f"{path.ADDR[family][1]}:5000"
        for words in (("ZERO_WINDOW_RECEIVED",), ("PROBE",),
                      ("WINDOW_RECEIVED",), ("CLOSED",)):
            has(said, *words, f" {path.client.inum} ", *ends)
        has(said, "ZERO_WINDOW_SENT", f" {path.server.inum} ", ends[1], ends[0])
        has(said, "@ms[", ", 5000, RWND]")
        assert "5001" not in said, f"another port's events:\n{said}"


run(silent, handshake, retransmit, timewait, watch, listen, limits)
