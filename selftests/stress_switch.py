#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Controls switched in mid-flow, between ours and all of the kernel's, and sockets
that several processes and threads use, shut down and close at once; see endure.py.
"""

import errno
import os
import random
import socket
import struct
import threading

from counting import Watch
from endure import (CONTROLS, Quiet, Worker, exchange, get_control, load, noise,
                    set_control, times, tree_controls, unload_soon)
from lucid import (Path, Trace, connect_to_nobody, cookie, equal, ksft, run,
                   tcp_info, wait, wait_closed)

TCP_CC_INFO = 26
SWITCHES = times(4000)
ROUNDS = times(100)


def close(*socks):
    for sock in socks:
        sock.close()


def switch(sock, name):
    """To a control, which must be in force then."""
    equal(set_control(sock, name), 0, f"{name}: error")
    # Without ECN DCTCP has Reno stand in, under a name of its own.
    assert get_control(sock) in (name, f"{name}-reno"), \
        f"{name}: {get_control(sock)}"


def lossy(**more):
    return Path(delay_ms=5, rate="40mbit", limit=60, loss="loss 1%", **more)


def unused_then():
    """No socket is left that would keep the module."""
    unload_soon(120)
    equal(load(), 0, "error of finit_module()")


def every_pair():
    """from every control of the kernel to each of ours and back, in mid-flow"""
    path = lossy()
    names = tree_controls()
    assert len(names) > 1, f"only {names}"
    with Quiet(), Trace("window", "reduction", "undo"):
        for mine in CONTROLS:
            client, server = path.pair()
            steps = iter([step for name in names
                          for step in (name, mine, name, mine)])
            last = []

            def step():
                if name := next(steps, None):
                    switch(client, name)
                    last.append(name)
            while len(last) < 4 * len(names):
                exchange(client, server, noise(len(names) * 4 * 20000, 1),
                         meanwhile=step)
                close(client, server)
                client, server = path.pair()
            close(client, server)
    ksft.print_msg(f"between ours and {' '.join(names)}")


def thousands():
    """thousands of switches in four flows at once, at random; the data is whole"""
    path = lossy()
    names = [*CONTROLS * 6, *tree_controls()]
    dice = random.Random(1)
    switched = []
    with Quiet(), Trace("window"):
        for family in (4, 6):
            client, server = path.pair(family)

            def some():
                # Now and then, faster than ACKs come.
                for _ in range(dice.choice((0, 1, 1, 50))):
                    switch(client, dice.choice(names))
                    switched.append(1)
            while len(switched) < SWITCHES // 2 * (1 + (family == 6)):
                exchange(client, server, noise(1000000, 2), noise(50000, 3),
                         meanwhile=some)
                close(client, server)
                client, server = path.pair(family)
            close(client, server)
    ksft.print_msg(f"{len(switched)} switches")


def from_elsewhere():
    """another process switches, a third asks for TCP_CC_INFO, as data flows"""
    path = lossy()
    names = [*CONTROLS * 3, *tree_controls()]
    client, server = path.pair()

    def switcher(running):
        dice, count = random.Random(5), 0
        while running():
            equal(set_control(client, dice.choice(names)), 0, "error")
            count += 1
            if count % 50 == 0:
                wait(0.001)
        return count

    def asker(running):
        dice, count, kinds = random.Random(6), 0, set()
        while running():
            size = dice.choice((0, 1, 4, 8, 16, 19, 20, 21, 64, 500))
            said = client.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, size) \
                if size else b""
            assert len(said) <= size, f"{len(said)} bytes for {size}"
            kinds.add(len(said))
            tcp_info(client)
            count += 1
            if count % 50 == 0:
                wait(0.001)
        return count, kinds
    with Quiet(), Worker(switcher) as switches, Worker(asker) as asks:
        exchange(client, server, noise(times(2000000), 7), noise(100000, 8))
    close(client, server)
    ksft.print_msg(f"{switches.result} switches, {asks.result} answers")
    assert switches.result > 500, "hardly any switches"
    assert asks.result[0] > 500 and 20 in asks.result[1], "hardly any answers"
    unused_then()


def states():
    """a switch in every state a socket can be in; the next connection has it"""
    path = Path(delay_ms=20)
    names = [*CONTROLS, "cubic", "reno"]

    def all_of(sock, what):
        for name in names * 2:
            equal(set_control(sock, name), 0, f"{what}, {name}")
            equal(get_control(sock), name, what)
    with Quiet(), Trace():
        for mine in CONTROLS:
            listener = path.listen()
            all_of(listener, "LISTEN")
            switch(listener, mine)
            sock = path.socket()
            all_of(sock, "CLOSE")
            switch(sock, mine)
            sock.setblocking(False)
            equal(sock.connect_ex(("10.0.2.1", 5000)), errno.EINPROGRESS,
                  "connect()")
            all_of(sock, "SYN_SENT")
            switch(sock, mine)
            wait(0.2)
            peer = listener.accept()[0]
            equal((get_control(sock), get_control(peer)), (mine, mine),
                  "in force")
            listener.close()
            sock.shutdown(socket.SHUT_WR)
            all_of(sock, "FIN_WAIT1")
            wait(0.2)
            all_of(sock, "FIN_WAIT2")
            all_of(peer, "CLOSE_WAIT")
            # An orphan that still has data, on a control of ours.
            switch(peer, mine)
            peer.send(bytes(50000))
            peer.shutdown(socket.SHUT_WR)
            all_of(peer, "LAST_ACK")
            switch(peer, mine)
            equal(len(read_all(sock)), 50000, "bytes")
            all_of(sock, "CLOSE behind TIME_WAIT")
            close(sock, peer)
    unused_then()


def read_all(sock):
    sock.setblocking(True)
    return wait_closed(sock)


def disconnected():
    """connect() to AF_UNSPEC in mid-flow, a switch, and connected again"""
    path = Path(delay_ms=5)
    sock = path.socket()
    listener = path.listen()
    with Quiet():
        for number in range(times(20)):
            switch(sock, CONTROLS[number % 2])
            sock.connect(("10.0.2.1", 5000))
            peer = listener.accept()[0]
            exchange_some(sock, peer)
            connect_to_nobody(sock)
            switch(sock, ("cubic", "reno", *CONTROLS)[number % 4])
            peer.close()
    close(sock, listener)


def exchange_some(sock, peer):
    data = noise(100000, 9)
    sender = threading.Thread(target=sock.sendall, args=(data, ))
    sender.start()
    got = b""
    while len(got) < len(data):
        got += peer.recv(65536)
    sender.join()
    assert got == data, "data is not what was sent"


class Closers:
    """Inside a "with": processes that are given sockets, and close them, or shut
    them down and close them, all at the same moment."""

    HOW = (b"c", b"s", b"w", b"r")

    def __init__(self, count=4):
        self.count, self.ends = count, []

    def __enter__(self):
        for _ in range(self.count):
            ours, theirs = socket.socketpair(socket.AF_UNIX,
                                             socket.SOCK_SEQPACKET)
            if not os.fork():
                ours.close()
                self._child(theirs)
            theirs.close()
            self.ends.append(ours)
        return self

    def _child(self, theirs):
        try:
            while True:
                said, fds, _, _ = socket.recv_fds(theirs, 10, 1)
                if not said:
                    os._exit(0)
                sock = socket.socket(fileno=fds[0])
                theirs.send(b"ready")
                theirs.recv(10)
                try:
                    if said != b"c":
                        sock.shutdown({b"s": socket.SHUT_RDWR,
                                       b"w": socket.SHUT_WR,
                                       b"r": socket.SHUT_RD}[said])
                except OSError:
                    pass        # another one has shut it down
                sock.close()
                theirs.send(b"done")
        finally:
            os._exit(1)

    def all_close(self, sock, dice):
        for end in self.ends:
            socket.send_fds(end, [dice.choice(self.HOW)], [sock.fileno()])
            equal(end.recv(10), b"ready", "a closer")
        sock.close()
        for end in self.ends:
            end.send(b"go")

    def wait(self):
        for end in self.ends:
            equal(end.recv(10), b"done", "a closer")

    def __exit__(self, *_):
        for end in self.ends:
            end.close()
        for _ in self.ends:
            os.wait()


def shared():
    """a socket that four processes share and close at once, with data under way"""
    path = Path(delay_ms=2)
    dice = random.Random(10)
    with Quiet(), Trace("summary", "state") as trace, Closers() as closers:
        known = []
        for number in range(ROUNDS):
            client, server = path.pair(cc=CONTROLS[number % 2])
            server.settimeout(20)
            known += [cookie(client), cookie(server)]
            data = noise(dice.choice((0, 100, 100000)), number)
            client.setblocking(False)
            sent = client.send(data) if data else 0
            wait(dice.choice((0, 0.001, 0.01)))
            closers.all_close(client, dice)
            closers.wait()
            # Nobody has lost a byte: it is a close(), however many do it.
            got = wait_closed(server)
            assert got == data[:sent], f"{len(got)} of {sent} bytes"
            server.close()
        wait(5)
        ended = {number: 0 for number in known}
        for event in trace.read("summary"):
            if event.cookie in ended:
                ended[event.cookie] += 1
        equal(set(ended.values()), {1}, "summaries of a connection")
        left = {number: "" for number in known}
        for event in trace.read("state"):
            if event.cookie in left:
                equal(left[event.cookie] in ("", event.oldstate), True,
                      f"{left[event.cookie]}, then {dict(event)}")
                left[event.cookie] = event.newstate
        assert set(left.values()) <= {"CLOSE", "TIME_WAIT"}, left
    unused_then()


def closed_while_connecting():
    """close() at any moment of connect(), with loss: events are the counters"""
    path = Path(delay_ms=3, loss="loss 5%")
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
        end.sysctl("ipv4/tcp_syn_retries", 2)
        end.sysctl("ipv4/tcp_synack_retries", 2)
    dice = random.Random(11)
    listener = path.listen(backlog=512)
    with Quiet(), Watch(path.client, path.server) as watch:
        for number in range(ROUNDS * 2):
            sock = path.socket(cc=CONTROLS[number % 2])
            sock.setblocking(False)
            equal(sock.connect_ex(("10.0.2.1", 5000)), errno.EINPROGRESS,
                  "connect()")
            wait(dice.random() * 0.008)
            if number % 3 == 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            sock.close()
            if number % 50 == 49:
                # What waits to be accepted is reset with its listener.
                listener.close()
                listener = path.listen(backlog=dice.choice((0, 2, 512)))
        wait(100)
        listener.close()
    counted = watch.counted["client"]
    equal(counted["TcpActiveOpens"], ROUNDS * 2, "connections begun")
    assert counted["TcpAttemptFails"] or watch.told["client"].hits(
        "connect_failed"), "none was closed while it connected"
    unused_then()


def accept_races():
    """threads accept, close what they have, and one closes the listener"""
    path = Path(delay_ms=1)
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
    accepted = []

    def accept(listener):
        try:
            while True:
                sock = listener.accept()[0]
                accepted.append(1)
                sock.close()
        except OSError:
            pass        # it is closed
    with Quiet(), Watch(path.client, path.server):
        for number in range(max(ROUNDS // 10, 5)):
            listener = path.listen(backlog=64)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                                CONTROLS[number % 2].encode())
            threads = [threading.Thread(target=accept, args=(listener, ))
                       for _ in range(3)]
            for thread in threads:
                thread.start()
            socks = [path.socket() for _ in range(12)]
            for sock in socks:
                sock.setblocking(False)
                sock.connect_ex(("10.0.2.1", 5000))
            wait(0.0015 + 0.0005 * (number % 7))
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for thread in threads:
                thread.join()
            close(*socks)
        wait(70)
    assert len(accepted) > ROUNDS // 10, f"only {len(accepted)} accepted"
    unused_then()


def shut_down_elsewhere():
    """another thread shuts down while two send and receive: a prefix arrives"""
    path = lossy()
    dice = random.Random(12)
    ends = {}
    with Quiet(), Trace("close", "summary", "state"):
        for number in range(ROUNDS // 3):
            client, server = path.pair(4 + 2 * (number % 2),
                                       cc=CONTROLS[number % 2])
            data = noise(500000, number)
            how = dice.choice((socket.SHUT_WR, socket.SHUT_RDWR,
                               socket.SHUT_RD))

            def send():
                try:
                    client.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            got = []
            threads = [threading.Thread(target=send), threading.Thread(
                target=lambda: got.append(wait_closed(server)))]
            for thread in threads:
                thread.start()
            wait(dice.random() * 0.1)
            client.shutdown(how)
            if how == socket.SHUT_RD:
                threads[0].join()
                client.shutdown(socket.SHUT_WR)
            for thread in threads:
                thread.join()
            assert got[0] == data[:len(got[0])], "not a prefix"
            if how == socket.SHUT_RD:
                equal(len(got[0]), len(data), "bytes")
            ends[how] = ends.get(how, 0) + (0 < len(got[0]) < len(data))
            close(client, server)
    ksft.print_msg(f"cut short, by how: {ends}")
    assert sum(ends.values()) > ROUNDS // 10, "hardly any was cut short"
    unused_then()


run(every_pair, thousands, from_elsewhere, states, disconnected, shared,
    closed_while_connecting, accept_races, shut_down_elsewhere)
