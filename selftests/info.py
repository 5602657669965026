#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""getsockopt(TCP_CC_INFO): what a program can ask of a connection."""

import os
import socket
import struct
import subprocess
import threading

from lucid import Flow, Path, Trace, equal, run, sh, wait

TCP_CC_INFO = 26
SOCK_DIAG, SOCK_DIAG_BY_FAMILY, INET_DIAG_INFO = 4, 20, 2
ESTABLISHED = 1
PHASES = ("-", "SLOW_START", "AVOIDANCE", "RENO_FRIENDLY", "CONCAVE", "CONVEX",
          "CWR", "RECOVERY", "LOSS")
CC_INFO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cc_info")


def info(sock):
    """struct tcp_lucid_info, from include/uapi/linux/tcp_lucid.h"""
    data = sock.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, 64)
    equal(len(data), 20, "bytes of the answer")
    phase, slow_start, flags, w_max, w_est, k_ms, epoch_ms = \
        struct.unpack("<BBHIIII", data)
    return {"phase": PHASES[phase], "slow_start": slow_start, "flags": flags,
            "w_max": w_max, "w_est": w_est, "k_ms": k_ms, "epoch_ms": epoch_ms}


def agrees(told, epochs, acks, unused):
    """What was told is how some ACK left the connection."""
    epochs = [e for e in epochs if e.w_max_milli // 1000 == told["w_max"] and
              e.k_us // 1000 == told["k_ms"]]
    assert epochs, f"no epoch has this W_max and K: {told}"
    acks = [ack for ack in acks if ack.phase == told["phase"] and
            ack.w_est_milli // 1000 == told["w_est"]]
    for epoch in epochs:
        for ack in acks:
            age_ms = (ack.now_us - epoch.now_us) / 1000
            # Time without full use does not count for t, and sending moves it
            # on, too.
            if abs(age_ms - told["epoch_ms"]) <= 1 or \
                    any(epoch.now_us < e.now_us <= ack.now_us for e in unused):
                return
    raise AssertionError(f"no ACK left it like this: {told}")


def matches_events():
    """what it says is what the events say: phase, W_max, W_est, K, t"""
    path = Path(delay_ms=40, rate="50mbit", limit=100)
    answers = []
    with Trace("epoch", "ack", "unused") as trace:
        with Flow(path, "lucid") as flow:
            for _ in range(24):
                wait(0.41)
                answers.append(info(flow.client))
        # Only now: to read takes time, in which there would be more to read.
        events = [trace.read(name, cookie=flow.cookie)
                  for name in ("epoch", "ack", "unused")]
    for told in answers:
        if told["flags"] & 1:
            agrees(told, *events)
    seen = {told["phase"] for told in answers}
    assert seen >= {"CONCAVE", "RENO_FRIENDLY"}, f"phases: {seen}"


def take(sock, left):
    while left:
        left -= len(sock.recv(65536))


def only_receiving():
    """while it only receives, the age of its stage stands still"""
    path = Path(delay_ms=20, rate="40mbit", limit=60)
    client, server = path.pair(cc="lucid")
    reader = threading.Thread(target=take, args=(server, 4000000))
    reader.start()
    client.sendall(bytes(4000000))
    reader.join()
    wait(3)
    before = info(client)
    assert before["flags"] & 1, "no stage is under way"
    for _ in range(20):
        server.send(bytes(1000))
        wait(0.5)
        client.recv(1000)
    equal(info(client)["epoch_ms"], before["epoch_ms"], "epoch_ms")
    client.close()
    server.close()


def of_reno():
    """lucid_reno tells its phase, and nothing of CUBIC"""
    path = Path(delay_ms=10, rate="20mbit", limit=30)
    with Flow(path, "lucid_reno") as flow:
        wait(2)
        told = info(flow.client)
    assert told["phase"] in ("AVOIDANCE", "RECOVERY"), told
    equal([told[key] for key in ("w_max", "w_est", "k_ms", "epoch_ms")],
          [0] * 4, "CUBIC's members")


def short_buffer():
    """a shorter buffer gets as much as it holds, other controls answer theirs"""
    path = Path()
    client, server = path.pair(cc="lucid")
    whole = client.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, 20)
    for size in (1, 4, 19):
        equal(client.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, size),
              whole[:size], f"{size} bytes")
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    equal(client.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, 20), b"",
          "in-tree reno's answer")
    client.close()
    server.close()


def diag(netns):
    """Types of the attributes that sock_diag tells of established sockets."""
    with netns:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG)
    # struct nlmsghdr (request, dump), struct inet_diag_req_v2 (wants it all)
    sock.send(struct.pack("=IHHII", 72, SOCK_DIAG_BY_FAMILY, 0x301, 1, 0) +
              struct.pack("=BBBxI48x", socket.AF_INET, socket.IPPROTO_TCP, 0xff,
                          1 << ESTABLISHED))
    data, found = sock.recv(65536), []
    while data:
        length, kind = struct.unpack_from("=IH", data)
        at = 16 + 72                # behind struct inet_diag_msg
        while kind == SOCK_DIAG_BY_FAMILY and at < length:
            size, attribute = struct.unpack_from("=HH", data, at)
            found.append(attribute)
            at += (size + 3) & ~3
        data = data[length:]
    return found


def ss_not_confused():
    """sock_diag says nothing of ours, and ss -i shows no Vegas, DCTCP or BBR"""
    path = Path()
    client, server = path.pair(cc="lucid")
    shown = path.client.sh("ss -Htine state established")
    assert " lucid " in shown, shown
    for word in ("vegas", "dctcp", "bbr", "bw:", "ce_state"):
        assert word not in shown, f"{word} in {shown}"
    told = {}
    for cc in ("lucid", "reno"):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, cc.encode())
        told[cc] = diag(path.client)
    assert INET_DIAG_INFO in told["lucid"], told
    equal(told["lucid"], told["reno"], "attributes")
    client.close()
    server.close()


def example():
    """the example in C prints the same of another process's connection"""
    path = Path(delay_ms=40, rate="50mbit", limit=100)
    with Flow(path, "lucid") as flow:
        wait(6)
        command = [CC_INFO, str(os.getpid()), str(flow.client.fileno())]
        told = info(flow.client)
        shown = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        assert shown.startswith(f"lucid: {told['phase']}, cwnd "), shown
        assert f"W_max {told['w_max']} packets" in shown, shown
        flow.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                               b"reno")
        refused = sh(" ".join(command), check=False)
    assert "is on reno" in refused, refused


run(matches_events, only_receiving, of_reno, short_buffer, ss_not_confused, example)
