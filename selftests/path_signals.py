#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the path tells a transfer: ECN marks, and round-trip times."""

from lucid import (ACK, CWR, ON_DEMAND, TRACEFS, Capture, Flow, Path, Skip, Trace,
                   cookie, equal, hooked, near, run, tcp_info, wait)
from peer import Receiver, both

MSS = {4: 1448, 6: 1428}


def marked_path(family, every, skip=""):
    """A path whose router marks each such data packet of the client's."""
    path = Path(delay_ms=10, rate="20mbit", limit=1000)
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_ecn", 1)
    ip, addr, length = {4: ("ip", "10.0.1.1", "ip length"),
                        6: ("ip6", "fd01::1", "ip6 length")}[family]
    path.router.sh("nft -f -", stdin=f"""
        table inet m {{
            chain f {{
                type filter hook forward priority 0;
                {ip} saddr {addr} {length} > 600 {ip} ecn != not-ect {skip} numgen inc mod {every} {every // 2} {ip} ecn set ce
            }}
        }}""")
    return path


def marks_received(end, family):
    """How many packets with CE an end has got."""
    if family == 4:
        return end.nstat()["IpExtInCEPkts"]
    said = end.sh("cat /proc/net/snmp6")
    return int(said.split("Ip6InCEPkts")[1].split()[0])


def marks():
    """CE, ECE, CWR sent and received: each as often as packets and nstat say"""
    for family, cc in ((4, "lucid"), (4, "reno"), (6, "cubic")):
        path = marked_path(family, 100)
        before = marks_received(path.server, family)
        with Trace("ecn") as trace, Capture(path.server, "s0") as capture:
            with Flow(path, cc, family, size=1500000) as flow:
                flow.finish()
            wait(0.5)
            mine = trace.read(netns=path.client.inum, cookie=flow.cookie)
            theirs = trace.read(netns=path.server.inum)
            sent = [p for p in capture.read()
                    if p.src == path.ADDR[family][0] and p.len]
        what = f"{cc} on IPv{family}"
        if family == 6 and marks_received(path.server, family) == before:
            equal((mine, theirs), ([], []), f"{what}: events without a mark")
            raise Skip("nftables does not mark IPv6 packets on this kernel")
        cwrs = [p for p in sent if p.flags & CWR]
        assert len(cwrs) >= 5, f"{what}: {len(cwrs)} reductions"
        equal([e.seq for e in theirs if e.what == "CWR_RECEIVED"],
              [p.seq for p in cwrs], f"{what}: CWR that was received")
        equal([e.seq for e in mine if e.what == "CWR_SENT"],
              [p.seq for p in cwrs], f"{what}: CWR that was sent")
        if mine[-1].what == "ECE_RECEIVED":
            mine.pop()      # there was nothing left to send a CWR with
        equal([e.what for e in mine], ["ECE_RECEIVED", "CWR_SENT"] *
              len(cwrs), f"{what}: at the sender")
        assert {e.what for e in theirs} == {"CE_RECEIVED", "CWR_RECEIVED"}, \
            theirs
        first = [e for e in theirs if e.what == "CE_RECEIVED"]
        # Marks of runs that a CWR has ended, and what came after the last.
        counted = sum(e["count"] for e in theirs if e.what == "CWR_RECEIVED")
        got = marks_received(path.server, family) - before
        if theirs[-1].what == "CWR_RECEIVED":
            equal(counted, got, f"{what}: InCEPkts")
        else:
            assert counted < got, f"{what}: {counted} of {got} marks"
        assert len(first) <= got, f"{what}: {len(first)} runs of {got} marks"
        for echo, cwr in zip(mine[::2], mine[1::2]):
            assert echo.ssthresh < echo["cwnd"], f"{what}: {echo}"
            equal(echo.ca_state in ("OPEN", "DISORDER"), True,
                  f"{what}: state before")
            assert cwr.time >= echo.time, f"{what}: {cwr}"


def marks_run():
    """marks until a CWR comes are one CE_RECEIVED, and are counted"""
    path = marked_path(4, 2)
    with Trace("ecn") as trace:
        client, server = path.pair(cc="reno")
        client.sendall(bytes(20 * MSS[4]))
        wait(0.5)
        theirs = trace.read(netns=path.server.inum)
        counted = path.client.nstat()["TcpExtTCPDeliveredCE"]
    assert max([e["count"] for e in theirs if e.what == "CWR_RECEIVED"]
               + [0]) > 1, theirs
    kinds = [e.what for e in theirs]
    equal(kinds[0], "CE_RECEIVED", "first")
    for one, other in zip(kinds, kinds[1:]):
        assert (one, other) != ("CE_RECEIVED",) * 2, f"no CWR between: {kinds}"
    assert counted > 0, "the sender heard of no mark"
    client.close()
    server.close()


def no_marks():
    """no ECN, or a reduction for a loss: no mark is told of"""
    path = Path(delay_ms=10, rate="20mbit")
    with Trace("ecn") as trace:
        with Flow(path, "reno", size=200000) as flow:
            flow.finish()
        equal(trace.read(), [], "events without ECN")
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_ecn", 1)
    path.drop("ip saddr 10.0.1.1 ip length > 600 numgen inc mod 100 99")
    with Trace("ecn") as trace:
        with Flow(path, "reno", size=600000) as flow:
            flow.finish()
        wait(0.2)
        kinds = {e.what for e in trace.read()}
    equal(kinds, {"CWR_SENT", "CWR_RECEIVED"}, "events of a loss")


@both
def cwr_without_data(host, family):
    """CWR on a bare ACK is told, as the kernel takes it; on an old one it is not"""
    host.sysctl("ipv4/tcp_ecn", 1)
    peer = Receiver(host, family, ecn=True)
    peer.write(4)
    peer.acknowledge(2)
    with Trace("ecn") as trace:
        peer.acknowledge(2, flags=ACK | CWR)
        wait(0.1)
        equal([e.what for e in trace.read()], ["CWR_RECEIVED"], "a bare ACK")
        peer.send(ACK | CWR, data=b"late", ack=peer.at(1))
        wait(0.1)
        equal(len(trace.read()), 1, "events after an old acknowledgement")
    equal(peer.sock.recv(10), b"late", "its data")
    peer.close()


def tail_loss():
    """the loss of a tail, which its probe repairs, is no mark (IPv4, IPv6, ECN, none)"""
    for family, ip, mss, ecn in ((4, "ip", 1448, 0), (6, "ip6", 1428, 1)):
        path = Path(delay_ms=10)
        for end in (path.client, path.server):
            end.sysctl("ipv4/tcp_ecn", ecn)
        with Trace("ecn") as trace:
            client, server = path.pair(family, "cubic")
            before = path.client.nstat()
            path.drop(f"{ip} saddr {path.ADDR[family][0]} {ip} length > 600"
                      " numgen inc mod 1000 == 9")
            client.sendall(bytes(10 * mss))
            wait(1)
            client.sendall(bytes(3 * mss))
            wait(1)
            path.undrop()
            after = path.client.nstat()
            name = "TcpExtTCPLossProbeRecovery"
            equal(after[name] - before[name], 1, name)
            kinds = {e.what for e in trace.read()}
        assert "ECE_RECEIVED" not in kinds, kinds
        client.close()
        server.close()


def samples():
    """a segment at a time: each round trip is an event, as TCP_INFO, on the wire"""
    for family in (4, 6):
        path = Path(delay_ms=10)
        client, server = path.pair(family)
        with Trace("rtt") as trace, Capture(path.client, "c0") as capture:
            for i in range(6):
                path.router.sh(f"tc qdisc change dev rs root netem limit 10000"
                               f" delay {10 + 3 * i}ms")
                client.sendall(bytes(100))
                wait(0.2)
                event = trace.read(cookie=cookie(client))[-1]
                info = tcp_info(client)
                equal((event.rto_us, event.srtt_us, event.mdev_us,
                       event.min_rtt_us),
                      (info["rto_us"], info["rtt_us"], info["mdev_us"],
                       info["min_rtt_us"]), "rto, srtt, mdev, min_rtt")
                # RFC 6298: RTO is SRTT + 4 * RTTVAR, in ticks of a clock.
                near(event.rto_us, event.srtt_us + 4 * event.rttvar_us, 8000,
                     "rto")
            events = trace.read(cookie=cookie(client))
            packets = capture.read()
        equal(len(events), 6, "events")
        sent = [p for p in packets if p.len and p.sport != 5000]
        for event, packet in zip(events, sent):
            answer = next(p for p in packets if p.sport == 5000 and
                          p.ack == packet.seq + 100 & 0xffffffff)
            near(event.rtt_us, (answer.time - packet.time) * 1e6, 500,
                 "measured, and on the wire")
        client.close()
        server.close()


def once_a_round_trip():
    """a bulk transfer: one event for each round trip, not for each ACK"""
    path = Path(delay_ms=20, rate="20mbit")
    with Trace("rtt") as trace, Capture(path.client, "c0") as capture:
        with Flow(path, "lucid", size=4000000) as flow:
            flow.finish()
        events = trace.read(cookie=flow.cookie)
        acks = sum(p.sport == 5000 for p in capture.read())
    assert len(events) > 10, events
    assert acks > 10 * len(events), f"{acks} ACKs, {len(events)} events"
    for last, this in zip(events, events[1:]):
        assert this.time - last.time > 0.9 * this.min_rtt_us / 1e6, \
            f"{last}, {this}"
        near(this.srtt_us, last.srtt_us, 200000, "srtt")
        assert this.min_rtt_us <= this.rtt_us, this


def only_when_heard():
    """the hooks that see every packet are there only while somebody listens"""
    def soon(names, what):
        for _ in range(200):
            if hooked() == names:
                return
            wait(0.1)
        equal(hooked(), names, what)
    soon(set(), "hooked before")
    with Trace("rtt"):
        soon(ON_DEMAND["rtt"], "rtt")
        with open(f"{TRACEFS}/instances/selftest/events/tcp_lucid/ecn/enable",
                  "w") as file:
            file.write("1")
        soon(ON_DEMAND["rtt"] | ON_DEMAND["ecn"], "rtt and ecn")
    soon(set(), "hooked after")


run(marks, marks_run, no_marks, cwr_without_data, tail_loss, samples, once_a_round_trip, only_when_heard)
