#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""One scripted run, seen by many tools at once: what docs/comparison.md is
made of.

    apt-get download libbpf-tools && dpkg-deb -x libbpf-tools_*.deb DIR
    scripts/lab run --add DIR/usr/sbin:/usr/local/sbin --out OUT -- \\
        scripts/compare.py

Leaves what each tool said in /out, NAME.txt, and what the script did, with the
times, in script.txt. A tool that is not there is left out.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../selftests"))

from lucid import TRACEFS, Path, sh, wait, wait_closed  # noqa: E402

OUT = "/out"
DATA = "ip saddr 10.0.1.1 ip length > 600"

TOOLS = {
    **{f"lucid-{name}": ["bpftrace", f"{HERE}/{name}.bt"] for name in
       ("watch", "listen", "close", "limits", "retransmit")},
    **{f"bpftrace-{name}": ["bpftrace", f"{name}.bt"] for name in
       ("tcplife", "tcpconnect", "tcpaccept", "tcpretrans", "tcpdrop")},
    **{f"libbpf-{name}": [f"{name}-libbpf"] for name in
       ("tcplife", "tcpstates", "tcpconnect", "tcpconnlat", "tcptracer")},
}
# What the kernel brings itself, in the order of the documents.
IN_TREE = ("sock/inet_sock_set_state", "tcp/tcp_retransmit_skb",
           "tcp/tcp_retransmit_synack", "tcp/tcp_receive_reset",
           "tcp/tcp_send_reset", "tcp/tcp_cong_state_set",
           "tcp/tcp_destroy_sock")


class Buffer:
    """Events in a trace buffer of their own."""

    def __init__(self, name, *events):
        self.name = name
        self.dir = f"{TRACEFS}/instances/{name}"
        os.mkdir(self.dir)
        with open(f"{self.dir}/buffer_size_kb", "w") as file:
            file.write("16384")
        for event in events:
            with open(f"{self.dir}/events/{event}/enable", "w") as file:
                file.write("1")

    def end(self):
        with open(f"{self.dir}/events/enable", "w") as file:
            file.write("0")
        shutil.copyfile(f"{self.dir}/trace", f"{OUT}/{self.name}.txt")
        os.rmdir(self.dir)


class Tool:
    def __init__(self, name, command):
        self.log = open(f"{OUT}/{name}.txt", "w")
        self.proc = subprocess.Popen(command, stdout=self.log,
                                     stderr=subprocess.STDOUT)

    def end(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait()


def tools():
    for name, (*command, last) in TOOLS.items():
        path = shutil.which(last)
        if path:
            yield Tool(name, [*command, path])


def say(what):
    with open(f"{OUT}/script.txt", "a") as file:
        print(f"{time.monotonic():12.6f} {what}", file=file)


def look(path, what):
    with open(f"{OUT}/ss.txt", "a") as file:
        print(f"{time.monotonic():12.6f} {what}", file=file)
        print(path.client.sh("ss -tanie | grep -v '^State'"), file=file)
        print(path.server.sh("ss -tanie | grep -v '^State'"), file=file)


def script(path):
    listener = path.listen()
    client = path.socket(cc="lucid")

    say("connect; the first SYN is lost")
    path.drop("tcp flags syn numgen inc mod 100000 0")
    client.connect((path.ADDR[4][1], 5000))
    server = listener.accept()[0]
    path.undrop()

    say("60 KB; the 15th segment is lost: fast retransmit")
    path.drop(f"{DATA} numgen inc mod 100000 14")
    client.sendall(bytes(60000))
    got = 0
    while got < 60000:
        got += len(server.recv(65536))
    wait(1)
    path.undrop()

    say("1000 bytes, lost: tail loss probe")
    path.drop(f"{DATA} numgen inc mod 100000 0")
    client.sendall(bytes(1000))
    server.recv(65536)
    wait(1)
    path.undrop()

    say("1000 bytes, and the path is cut for 0.5 s: RTO")
    path.drop(DATA)
    client.sendall(bytes(1000))
    wait(0.5)
    look(path, "cut")
    path.undrop()
    server.recv(65536)
    wait(1)

    say("the server does not read: zero window for 2 s")
    client.setblocking(False)
    sent, full = 0, 0
    while full < 20:
        try:
            sent += client.send(bytes(65536))
        except BlockingIOError:
            full += 1
            wait(0.1)
    look(path, "zero window")
    while sent:
        sent -= len(server.recv(65536))
    client.setblocking(True)

    say("close: the client first")
    client.close()
    wait_closed(server)
    server.close()
    wait(0.5)
    look(path, "closed")

    say("another connection, which the server resets")
    client = path.socket()
    client.connect((path.ADDR[4][1], 5000))
    server = listener.accept()[0]
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))
    server.close()
    wait(0.5)
    client.close()
    listener.close()

    say("a listener with backlog 1, four connect(), no accept()")
    listener = path.listen(port=5001, backlog=1)
    clients = []
    for _ in range(4):
        client = path.socket()
        client.settimeout(2)
        clients.append(client)
        try:
            client.connect((path.ADDR[4][1], 5001))
        except TimeoutError:
            pass
    look(path, "overflow")
    for client in clients:
        client.close()
    listener.close()
    say("nothing more; TIME_WAIT ends after 60 s")
    wait(70)


def main():
    os.makedirs(OUT, exist_ok=True)
    path = Path(delay_ms=10)
    watching = list(tools())
    # Until all of them are compiled and attached.
    wait(240)
    watching += [Buffer("lucid-events", "tcp_lucid"),
                 Buffer("in-tree-events", *IN_TREE)]
    # Hooks that need a user are attached when they have one.
    wait(1)
    before = path.client.nstat(), path.server.nstat()
    script(path)
    for who in reversed(watching):
        who.end()
    with open(f"{OUT}/nstat.txt", "w") as file:
        for name, netns, old in zip(("client", "server"),
                                    (path.client, path.server), before):
            for key, value in netns.nstat().items():
                if key.startswith("Tcp") and value != old[key]:
                    print(name, key, value - old[key], file=file)
    sh(f"wc -l {OUT}/*")


if __name__ == "__main__":
    main()
