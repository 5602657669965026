#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""As many events as the kernel counts, exactly: under loss, and in great numbers.
See counting.py.

CONNECTIONS=100000 ./counts.py many, in "lab run --clock real --cpus 2 --", is
the big run.
"""

import os

from counting import Watch, load
from lucid import Path, equal, ksft, run, wait
from peer import Host, Peer

CONNECTIONS = int(os.environ.get("CONNECTIONS", 1200))


def lossy(netem, family, count, *some):
    path = Path()
    path.netem(f"limit 100000 {netem}")
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
    with Watch(path.client, path.server) as watch:
        load(path, count, family)
    for end, name in some:
        assert watch.counted[end][name], f"no {name} at the {end}"


def loss_1():
    """1 % loss: every counter that has an event is the number of its events"""
    lossy("delay 5ms loss 1%", 4, CONNECTIONS // 2,
          ("client", "TcpRetransSegs"), ("server", "TcpRetransSegs"))


def loss_10():
    """10 % loss: every counter that has an event is the number of its events"""
    lossy("delay 5ms loss 10%", 6, CONNECTIONS // 4,
          ("client", "TcpExtTCPFastRetrans"), ("client", "TcpExtTCPTimeouts"),
          ("server", "TcpExtTCPSynRetrans"))


def reordered():
    """reordering: every counter that has an event is the number of its events"""
    lossy("delay 20ms 8ms reorder 25% 50%", 4, CONNECTIONS // 4,
          ("client", "TcpExtTCPDSACKRecv"))


def duplicated():
    """duplication: every counter that has an event is the number of its events"""
    lossy("delay 5ms duplicate 20%", 6, CONNECTIONS // 4,
          ("client", "TcpEstabResets"))


def corrupted():
    """corruption: every counter that has an event is the number of its events"""
    lossy("delay 5ms corrupt 5%", 4, CONNECTIONS // 4,
          ("client", "TcpInCsumErrors"), ("client", "TcpRetransSegs"))


def all_at_once():
    """all of it: loss, reordering, duplication, corruption, few ports, few buckets"""
    path = Path()
    path.netem("limit 100000 delay 10ms 4ms loss 3% duplicate 3% corrupt 1%")
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
    path.client.sysctl("ipv4/ip_local_port_range", "20000 20019")
    path.client.sysctl("ipv4/tcp_tw_reuse", 1)
    with Watch(path.client, path.server) as watch:
        load(path, CONNECTIONS // 2)
    assert watch.counted["client"]["TcpExtTWRecycled"], "nothing was recycled"
    assert watch.told["server"].hits("time_wait", "EXIT", "NEW_SYN"), \
        "no SYN took over from a mini-socket"


def no_buckets():
    """more to wait for than there is room: TCPTimeWaitOverflow"""
    path = Path(delay_ms=1)
    path.client.sysctl("ipv4/tcp_max_tw_buckets", 20)
    with Watch(path.client, path.server) as watch:
        load(path, 600)
    told, counted = watch.told["client"], watch.counted["client"]
    # No FIN is lost here, so that no mini-socket ends in FIN_WAIT2.
    over = told.hits("state", ("FIN_WAIT2", "CLOSING"), "CLOSE")
    equal(counted["TcpExtTCPTimeWaitOverflow"], over, "TCPTimeWaitOverflow")
    assert over > 20, f"only {over} did not fit"


def accept_all(listener):
    try:
        while True:
            listener.accept()[0].close()
    except BlockingIOError:
        pass


def flooded():
    """SYNs without end: queues overflow, cookies go out, come back, are forged"""
    for family in (4, 6):
        with Host() as host:
            host.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
            host.name = "host"
            listener = host.listen(family, 8)
            listener.setblocking(False)
            with Watch(host) as watch:
                for cookies in (0, 1, 2):
                    host.sysctl("ipv4/tcp_syncookies", cookies)
                    for number in range(100):
                        peer = Peer(host, family)
                        if peer.syn():
                            peer.ack += number % 5 == 0
                            if number % 3:
                                peer.final_ack()
                        if number % 20 == 19:
                            accept_all(listener)
                wait(200)
            for name in ("ListenDrops", "ListenOverflows", "TCPReqQFullDrop",
                         "SyncookiesSent", "SyncookiesRecv", "SyncookiesFailed",
                         "TCPTimeouts"):
                assert watch.counted["host"][f"TcpExt{name}"], f"no {name}"
            listener.close()


def many():
    """many connections: all are counted, and what the ring buffer loses is said"""
    path = Path(delay_ms=1)
    for end in (path.client, path.server):
        end.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
    path.client.sysctl("ipv4/ip_local_port_range", "10000 60999")
    with Watch(path.client, path.server, buffer_kb=64) as watch:
        load(path, CONNECTIONS, at_once=200)
    equal(watch.counted["client"]["TcpActiveOpens"], CONNECTIONS, "opened")
    for name, told in watch.told.items():
        ksft.print_msg(f"{name}: " + ", ".join(
            f"{key[2]} -> {key[3]} {value[0]}" for key, value in
            sorted(told.found.items()) if key[0] == "state"))
    assert watch.lost, "the ring buffer is too big to see that loss is counted"


run(loss_1, loss_10, reordered, duplicated, corrupted, all_at_once, no_buckets,
    flooded, many)
