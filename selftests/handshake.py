#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every step of the three-way handshake, against the packets on the wire."""

import errno
import hashlib
import socket
import struct

from lucid import (ACK, CWR, ECE, SYN, Capture, Path, Skip, Trace, cookie,
                   equal, near, run, wait)
from peer import AF, HOST, PEER, Host, Peer

TCP_MD5SIG = 14
MD5_KEY = b"a secret of two"

STEPS = {
    "client": ["SYN sent", "SYN-ACK received", "ACK sent"],
    "server": ["SYN received", "SYN-ACK sent", "ACK received"],
}


def check_segment(event, packet, what):
    """What a SYN or SYN-ACK event says of its segment is what was captured."""
    equal(event.flags, packet.flags, f"{what}: flags")
    equal(event.mss, packet.mss, f"{what}: MSS")
    equal(event.wscale, packet.wscale, f"{what}: window scale")
    equal(event.sack, int(4 in packet.options), f"{what}: SACK permitted")
    equal(event.timestamps, int(8 in packet.options), f"{what}: timestamps")
    ecn = packet.flags & (ECE | CWR)
    want = ecn == ECE | CWR if packet.flags & ACK == 0 else ecn == ECE
    equal(event.ecn, int(want), f"{what}: ECN")


def check_names(path, events, sock, family):
    """Cookie, namespace, addresses and ports, the same at every step."""
    client, server = path.ADDR[family]
    ours = sock.getsockname()[0] == client
    netns = path.client if ours else path.server
    prefix = "" if family == 6 else "::ffff:"
    for event in events:
        equal(event.cookie, cookie(sock), f"{event.step}: cookie")
        equal(event.netns, netns.inum, f"{event.step}: netns")
        equal(event.saddr, prefix + (client if ours else server),
              f"{event.step}: local address")
        equal(event.daddr, prefix + (server if ours else client),
              f"{event.step}: remote address")
        equal(event.sport, sock.getsockname()[1], f"{event.step}: local port")
        equal(event.dport, sock.getpeername()[1], f"{event.step}: remote port")


def check_handshake(path, family):
    listener = path.listen(family)
    with Trace("handshake") as trace, Capture(path.client, "c0") as capture:
        ends = dict(zip(("client", "server"), path.connect(listener, family)))
        wait(0.1)
        events = trace.read()
        syn, synack, ack = capture.read()[:3]
    equal([p.flags & ~(ECE | CWR) for p in (syn, synack, ack)],
          [SYN, SYN | ACK, ACK], "three packets")
    for end, sock in ends.items():
        mine = [e for e in events if e.cookie == cookie(sock)]
        equal([e.step for e in mine], STEPS[end], f"steps of the {end}")
        check_names(path, mine, sock, family)
        for event, packet in zip(mine, (syn, synack)):
            check_segment(event, packet, event.step)
        for event in mine:
            equal(event.attempt, 1, f"{event.step}: attempt")
        isn, peer = ((syn.seq, synack.seq) if end == "client" else
                     (synack.seq, syn.seq))
        equal([e.isn for e in mine], [isn] * 3, f"ISNs of the {end}")
        equal(mine[-1].peer_isn, peer, f"peer's ISN at the {end}")
        equal(mine[1].peer_isn, peer, f"peer's ISN at the {end}")
    equal((ack.seq, ack.ack), (syn.seq + 1 & 0xffffffff,
                               synack.seq + 1 & 0xffffffff), "the final ACK")
    equal(len(events), 6, "events in all")
    done = {e.step: e for e in events}
    wire_us = (synack.time - syn.time) * 1e6
    near(done["ACK sent"].rtt_us, wire_us, 300, "RTT of the active side")
    near(done["ACK sent"].since_syn_us, wire_us, 300, "since the SYN was sent")
    near(done["ACK received"].rtt_us, wire_us, 300, "RTT of the passive side")
    near(done["ACK received"].since_syn_us, wire_us, 300,
         "since the SYN was received")
    for sock in (*ends.values(), listener):
        sock.close()


def ipv4():
    """IPv4: six steps with the numbers and options that tcpdump saw"""
    check_handshake(Path(delay_ms=20), 4)


def ipv6():
    """IPv6: six steps with the numbers and options that tcpdump saw"""
    check_handshake(Path(delay_ms=20), 6)


def options():
    """options that are switched off, and ECN asked for, show as they are"""
    for key, value in (("window_scaling", 0), ("sack", 0), ("timestamps", 0),
                       ("ecn", 1)):
        path = Path(delay_ms=20)
        path.client.sysctl(f"ipv4/tcp_{key}", value)
        check_handshake(path, 4)


def accurate_ecn():
    """where Accurate ECN is known: its SYN asks for ECN as well, and that shows"""
    path = Path(delay_ms=20)
    for value in (3, 4):
        try:
            path.client.sysctl("ipv4/tcp_ecn", value)
        except OSError as why:
            raise Skip("this kernel has no Accurate ECN") from why
        check_handshake(path, 4)


def md5_key(sock, family, peer):
    """TCP-MD5 (RFC 2385) between a socket and an address."""
    address = socket.inet_pton(AF[family], peer)
    storage = struct.pack("=H2x", AF[family]) + \
        (bytes(4) if family == 6 else b"") + address
    sock.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, struct.pack(
        "128sBBHi80s", storage, 0, 0, len(MD5_KEY), 0, MD5_KEY))


def md5_signed(peer, options):
    """Options of a SYN from a peer made by hand, with its signature (RFC 2385)."""
    head = struct.pack(">HHIIBBHHH", peer.sport, peer.port, peer.seq, 0,
                       (20 + len(options) + 20) << 2, SYN, 65535, 0, 0)
    src, dst = (socket.inet_pton(AF[peer.family], address) for address in
                (PEER[peer.family], HOST[peer.family]))
    length = len(head) + len(options) + 20
    pseudo = src + dst + (struct.pack(">BBH", 0, 6, length) if peer.family == 4
                          else struct.pack(">II", length, 6))
    return options + b"\x01\x01\x13\x12" + \
        hashlib.md5(pseudo + head + MD5_KEY).digest()


def md5():
    """TCP-MD5 leaves no room for timestamps: not in a SYN, nor beside SACK"""
    for family in (4, 6):
        path = Path(delay_ms=20)
        listener = path.listen(family)
        client = path.socket(family)
        for sock, peer in ((listener, 0), (client, 1)):
            md5_key(sock, family, path.ADDR[family][peer])
        with Trace("handshake") as trace, Capture(path.client, "c0") as capture:
            client.connect((path.ADDR[family][1], 5000))
            server = listener.accept()[0]
            wait(0.1)
            events = trace.read()
            packets = capture.read()[:2]
        equal([8 in packet.options for packet in packets], [False, False],
              "timestamps on the wire")
        equal([e.step for e in events if e.flags & SYN],
              ["SYN sent", "SYN received", "SYN-ACK sent", "SYN-ACK received"],
              "steps")
        for event in events:
            if event.flags & SYN:
                check_segment(event, packets[bool(event.flags & ACK)],
                              event.step)
        for sock in (client, server, listener):
            sock.close()
        # A peer that asks for timestamps and SACK gets SACK; one that does not
        # ask for SACK gets timestamps.
        for options, stamps in ((b"\x04\x02", 0), (b"\x01\x01", 1)):
            with Host() as host:
                listener = host.listen(family)
                md5_key(listener, family, PEER[family])
                with Trace("handshake") as trace:
                    peer = Peer(host, family)
                    answer = peer.syn(md5_signed(peer, options + struct.pack(
                        ">BBII", 8, 10, 1, 0)))
                    told = trace.read(step="SYN-ACK sent")
                equal(int(8 in answer.options), stamps, "on the wire")
                equal(len(told), 1, "SYN-ACKs")
                equal(told[0].timestamps, stamps, "timestamps")
                listener.close()


def mapped():
    """IPv4 to an IPv6 listener: both ends say IPv4, with the same addresses"""
    path = Path()
    listener = path.listen(6, addr="::")
    with Trace("handshake", "state", "connect_failed") as trace:
        client = path.socket()
        client.connect((path.ADDR[4][1], 5000))
        server = listener.accept()[0]
        wait(0.1)
        ours = trace.read("handshake", cookie=cookie(client))
        theirs = trace.read("handshake", cookie=cookie(server))
        states = trace.read("state", cookie=cookie(server))
    equal([e.step for e in theirs], STEPS["server"], "steps of the server")
    for event in (*theirs, *states):
        equal((event.saddr, event.daddr, event.sport, event.dport),
              (ours[0].daddr, ours[0].saddr, ours[0].dport, ours[0].sport),
              "the server's addresses are the client's, the other way round")


def syn_lost():
    """a lost SYN: sent again as attempt 2 after a second, both times reported"""
    path = Path(delay_ms=20)
    listener = path.listen()
    before = path.client.nstat()
    path.drop("tcp flags & (syn|ack) == syn numgen inc mod 2 0")
    with Trace() as trace, Capture(path.client, "c0") as capture:
        client, server = path.connect(listener)
        wait(0.1)
        steps = trace.read("handshake", cookie=cookie(client))
        again = trace.read("retransmit", cookie=cookie(client))
        packets = capture.read()
    after = path.client.nstat()
    equal([(e.step, e.attempt) for e in steps],
          [("SYN sent", 1), ("SYN sent", 2), ("SYN-ACK received", 1),
           ("ACK sent", 2)], "steps")
    syns = [p for p in packets if p.flags == SYN]
    for event, packet in zip(steps, syns):
        equal(event.isn, packet.seq, "ISN")
        check_segment(event, packet, event.step)
    # The kernel's timers are up to an eighth late.
    late = steps[1].time - steps[0].time - 1
    assert 0 <= late < 0.125, f"time between the SYNs: {1 + late} s"
    near(steps[-1].since_syn_us, (1.04 + late) * 1e6, 500,
         "time since the first SYN")
    equal([(e.reason, e.attempt, e.segs, e.state) for e in again],
          [("SYN", 1, 1, "SYN_SENT")], "retransmissions")
    for name, want in (("TcpRetransSegs", 1), ("TcpExtTCPSynRetrans", 1),
                       ("TcpExtTCPTimeouts", 1), ("TcpActiveOpens", 1)):
        equal(after[name] - before[name], want, name)
    for sock in (client, server, listener):
        sock.close()


def synack_lost():
    """a lost SYN-ACK: each end's second attempt, and why, is reported"""
    path = Path(delay_ms=20)
    listener = path.listen()
    before = path.server.nstat()
    path.drop("tcp flags & (syn|ack) == (syn|ack) numgen inc mod 2 0")
    with Trace() as trace, Capture(path.server, "s0") as capture:
        client, server = path.connect(listener)
        wait(2)
        steps = trace.read("handshake", cookie=cookie(server))
        again = trace.read("retransmit", cookie=cookie(server))
        packets = capture.read()
    after = path.server.nstat()
    synacks = [p for p in packets if p.flags == SYN | ACK]
    syns = [p for p in packets if p.flags == SYN]
    equal([e.attempt for e in steps if e.step == "SYN-ACK sent"],
          list(range(1, len(synacks) + 1)), "SYN-ACKs sent")
    equal([e.attempt for e in steps if e.step == "SYN received"],
          list(range(1, len(syns) + 1)), "SYNs received")
    assert len(synacks) > 1, "no SYN-ACK was sent again"
    for event in steps:
        if event.step == "SYN-ACK sent":
            check_segment(event, synacks[0], event.step)
    for event in again:
        assert event.reason in ("SYNACK", "SYNACK_DUP"), event
        equal(event.seq, synacks[0].seq, "sequence number of the SYN-ACK")
    equal(sum(e.segs for e in again),
          after["TcpRetransSegs"] - before["TcpRetransSegs"], "TcpRetransSegs")
    equal(sum(e.reason == "SYNACK" for e in again),
          after["TcpExtTCPTimeouts"] - before["TcpExtTCPTimeouts"],
          "TCPTimeouts")
    for sock in (client, server, listener):
        sock.close()


def refused():
    """a refused connection: the SYN, CLOSE and why, and AttemptFails agrees"""
    path = Path()
    before = path.client.nstat()
    with Trace("handshake", "state", "connect_failed") as trace:
        client = path.socket()
        mine = cookie(client)
        equal(client.connect_ex((path.ADDR[4][1], 5000)), errno.ECONNREFUSED,
              "connect()")
        events = trace.read(cookie=mine)
    after = path.client.nstat()
    equal([(e.name, e.get("step") or e.get("oldstate") or e.get("why"),
            e.get("newstate")) for e in events],
          [("state", "CLOSE", "SYN_SENT"), ("handshake", "SYN sent", None),
           ("state", "SYN_SENT", "CLOSE"), ("connect_failed", "RST", None)],
          "events")
    assert all(e.sport and e.dport == 5000 for e in events), "ports"
    equal(after["TcpAttemptFails"] - before["TcpAttemptFails"], 1,
          "TcpAttemptFails")
    client.close()


def unreachable():
    """a connect() that cannot send anything leaves no event"""
    path = Path()
    path.client.sh("ip route del default")
    with Trace("handshake", "state", "connect_failed") as trace:
        client = path.socket()
        equal(client.connect_ex((path.ADDR[4][1], 5000)), errno.ENETUNREACH,
              "connect()")
        client.close()
        equal(trace.read(), [], "events")


def syn_cookie():
    """a SYN cookie: SYN received, SYN-ACK sent, and the child has no request"""
    path = Path()
    path.server.sysctl("ipv4/tcp_syncookies", 2)
    listener = path.listen()
    with Trace() as trace, Capture(path.client, "c0") as capture:
        client, server = path.connect(listener)
        wait(0.1)
        events = trace.read(netns=path.server.inum)
        syn, synack = capture.read()[:2]
    steps = [e for e in events if e.name == "handshake"]
    equal([e.step for e in steps], STEPS["server"], "steps")
    for event, packet in zip(steps, (syn, synack)):
        check_segment(event, packet, event.step)
        equal((event.isn, event.peer_isn), (synack.seq, syn.seq), "ISNs")
    equal(steps[2].isn, synack.seq, "ISN of the established socket")
    equal([(e.oldstate, e.newstate) for e in events if e.name == "state"],
          [("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED")], "states")
    for sock in (client, server, listener):
        sock.close()


run(ipv4, ipv6, options, accurate_ecn, md5, mapped, syn_lost, synack_lost, refused, unreachable,
    syn_cookie)
