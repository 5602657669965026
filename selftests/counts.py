#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""As many events as the kernel counts, exactly: under loss, and in great numbers.

The kernel counts the events itself, in histograms, which lose nothing however
many there are (Documentation/trace/histogram.rst); what they say is compared
with the counters of the namespace in which the events happened, and with what
is in the ring buffer or is said to be lost from it.

CONNECTIONS=100000 ./counts.py many, in "lab run --clock real --cpus 2 --", is
the big run.
"""

import os
import re
import subprocess

from lucid import (SYN, TRACEFS, Path, Skip, equal, ksft, run, wait,
                   wait_for_hooks)
from peer import Host, Peer

LOAD = f"{os.path.dirname(os.path.abspath(__file__))}/load"
CONNECTIONS = int(os.environ.get("CONNECTIONS", 1200))

# Of each event, what tells its kinds apart, and what is summed up besides.
KEYS = {
    "handshake": ("step", ),
    "state": ("oldstate", "newstate"),
    "retransmit": ("reason", "flags"),
    "fast_retransmit": ("how", ),
    "time_wait": ("what", "why"),
    "listen": ("what", "why"),
    "fast_open": ("what", ),
    "connect_failed": ("why", ),
    "suppressed": ("event", ),
}
SUMS = {"retransmit": "segs", "suppressed": "count"}


def names(event, field):
    """What a field's numbers mean, as the event's own format says."""
    with open(f"{TRACEFS}/events/tcp_lucid/{event}/format") as file:
        symbols = re.search(rf"__print_symbolic\(REC->{field}, (.*?)\)",
                            file.read())
    return {int(number): name for number, name in
            re.findall(r'\{ *(\d+), *"([^"]*)" *\}', symbols[1])} \
        if symbols else {}


class Counts:
    """Inside a "with": every event is counted, by namespace and by kind."""

    def __init__(self, buffer_kb=4096):
        self.dir = f"{TRACEFS}/instances/counts"
        self.buffer_kb = buffer_kb
        self.names = {event: [names(event, key) for key in keys]
                      for event, keys in KEYS.items()}

    def __enter__(self):
        if not os.path.exists(f"{TRACEFS}/events/tcp_lucid/state/hist"):
            raise Skip("kernel without CONFIG_HIST_TRIGGERS")
        os.mkdir(self.dir)
        self._write("buffer_size_kb", self.buffer_kb)
        for event in KEYS:
            self._write(f"events/tcp_lucid/{event}/trigger", self._hist(event))
            self._write(f"events/tcp_lucid/{event}/enable", 1)
        if not wait_for_hooks(KEYS):
            self.__exit__()
            raise AssertionError("hooks do not come")
        return self

    def __exit__(self, *_):
        self._write("events/tcp_lucid/enable", 0)
        for event in KEYS:
            self._write(f"events/tcp_lucid/{event}/trigger",
                        "!" + self._hist(event))
        os.rmdir(self.dir)

    def _hist(self, event):
        added = f":vals={SUMS[event]}" if event in SUMS else ""
        return f"hist:keys=netns,{','.join(KEYS[event])}{added}:size=2048"

    def _write(self, name, value):
        with open(f"{self.dir}/{name}", "w") as file:
            file.write(str(value))

    def read(self):
        """{(event, netns, key...): [hits, sum]}, and how many hits in all."""
        found, total = {}, 0
        for event in KEYS:
            with open(f"{self.dir}/events/tcp_lucid/{event}/hist") as file:
                text = file.read()
            equal(re.findall(r"Dropped: (\d+)", text), ["0"],
                  f"what the histogram of {event} left out")
            total += int(re.search(r"Hits: (\d+)", text)[1])
            for keys, hits, more in re.findall(
                    r"^\{ (.*?) *\} +hitcount: +(\d+)(.*)$", text, re.M):
                keys = [int(key) for key in re.findall(r": +(\d+)", keys)]
                symbols = [table.get(key, key) for table, key in
                           zip(self.names[event], keys[1:])]
                added = re.findall(r"\d+", more)
                found[(event, keys[0], *symbols)] = \
                    [int(hits), int(added[0]) if added else 0]
        return found, total

    def buffer(self):
        """What became of the events in the ring buffer, over all CPUs."""
        sums = {}
        for cpu in os.listdir(f"{self.dir}/per_cpu"):
            with open(f"{self.dir}/per_cpu/{cpu}/stats") as file:
                for name, value in re.findall(r"^(.*): (\d+)$", file.read(),
                                              re.M):
                    sums[name] = sums.get(name, 0) + int(value)
        return sums


class Told:
    """What the events of one namespace add up to."""

    def __init__(self, found, netns):
        self.found = {key: value for key, value in found.items()
                      if key[1] == netns}

    def hits(self, event, *wanted, add=False):
        """How many there were: each key a name, a tuple of names, or None."""
        return sum(value[add] for key, value in self.found.items()
                   if key[0] == event and all(
                       want is None or have in
                       (want if isinstance(want, tuple) else (want, ))
                       for have, want in zip(key[2:], wanted)))

    def segs(self, *reasons):
        return self.hits("retransmit", reasons or None, add=True)

    def counters(self, counted):
        """What the kernel's counters should be, if each event has happened.

        Two are told by no event and taken as they are: connections given up
        by the retransmission timer, and retransmissions that came to nothing.
        """
        hits, segs = self.hits, self.segs
        queue = ("SYN_DROP", "ACK_DROP")
        return {
            "TcpActiveOpens": hits("state", "CLOSE", "SYN_SENT"),
            "TcpPassiveOpens": hits("state", ("LISTEN", "NEW_SYN_RECV"),
                                    "SYN_RECV"),
            "TcpAttemptFails":
                sum(hits("connect_failed", why) for why in
                    ("RST", "TIMEOUT", "ICMP", "KILLED", "OTHER")) +
                hits("listen", "REQUEST_DROP", ("RST", "BAD_SYN")),
            "TcpEstabResets": hits("state", ("ESTABLISHED", "CLOSE_WAIT"),
                                   "CLOSE"),
            "TcpCurrEstab":
                hits("state", None, "ESTABLISHED") -
                hits("state", "ESTABLISHED", ("FIN_WAIT1", "CLOSE")) -
                hits("state", "CLOSE_WAIT", None),
            "TcpRetransSegs": segs() + counted["TcpExtTCPRetransFail"],
            "TcpExtTCPSynRetrans": sum(
                value[0] for key, value in self.found.items()
                if key[0] == "retransmit" and key[3] & SYN),
            "TcpExtTCPTimeouts":
                segs("RTO", "SYN", "SYNACK") +
                hits("listen", "REQUEST_DROP", ("TIMEOUT", "PRUNED")) +
                counted["TcpExtTCPAbortOnTimeout"],
            "TcpExtTCPFastRetrans": segs("FAST", "FAST_DUPACKS", "FAST_TIMER",
                                         "RECOVERY"),
            "TcpExtTCPSlowStartRetrans": segs("AFTER_RTO", "RESIZE",
                                              "MTU_PROBE", "FAST_OPEN"),
            "TcpExtTCPSackRecovery": hits("fast_retransmit", (
                "began: SACK", "began: REORDER_TIMER")),
            "TcpExtTCPRenoRecovery": hits("fast_retransmit", "began: DUPACKS"),
            "TcpExtTW + TcpExtTWKilled": hits("time_wait", "ENTER"),
            "TcpExtTWRecycled": hits("time_wait", "EXIT", "REUSED"),
            "TcpExtListenDrops": hits("listen", queue) +
                hits("listen", "REQUEST_DROP", "ICMP"),
            "TcpExtListenOverflows": hits("listen", queue, "ACCEPT_QUEUE"),
            "TcpExtTCPReqQFullDrop": hits("listen", "SYN_DROP", "SYN_QUEUE"),
            "TcpExtSyncookiesSent": hits("listen", "COOKIE_SENT"),
            "TcpExtSyncookiesRecv": hits("listen", ("COOKIE_VALID",
                                                    "COOKIE_LOST")),
            "TcpExtSyncookiesFailed": hits("listen", "COOKIE_BAD"),
            "TcpExtEmbryonicRsts": hits("listen", "REQUEST_DROP",
                                        ("RST", "BAD_SYN", "ACCEPT_QUEUE")),
        }


class Watch:
    """Inside a "with": events and counters of namespaces, compared at the end."""

    def __init__(self, *netns, buffer_kb=4096):
        self.netns = netns
        self.counts = Counts(buffer_kb)

    def __enter__(self):
        self.counts.__enter__()
        self.before = [ns.nstat() for ns in self.netns]
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.compare()
        finally:
            self.counts.__exit__()

    def still(self):
        """Events and counters of one moment: nothing happens in between."""
        wait(3)
        while True:
            found, total = self.counts.read()
            after = [ns.nstat() for ns in self.netns]
            buffer = self.counts.buffer()
            if self.counts.read() == (found, total):
                return found, total, after, buffer
            wait(0.2)

    def compare(self):
        found, total, after, buffer = self.still()
        self.told, self.counted = {}, {}
        for ns, old, new in zip(self.netns, self.before, after):
            told = self.told[ns.name] = Told(found, ns.inum)
            counted = self.counted[ns.name] = {
                name: new[name] - old.get(name, 0) for name in new}
            counted["TcpExtTW + TcpExtTWKilled"] = \
                counted["TcpExtTW"] + counted["TcpExtTWKilled"]
            want = told.counters(counted)
            equal({name: counted[name] for name in want}, want,
                  f"counters of the {ns.name}")
            equal(told.segs("UNKNOWN"), 0, "retransmissions without a reason")
            # A probe may also be data that was not sent before.
            assert told.segs("TLP") <= counted["TcpExtTCPLossProbes"], "probes"
            equal(told.hits("handshake", "SYN sent"),
                  counted["TcpActiveOpens"] + told.segs("SYN"), "SYNs")
            ksft.print_msg(f"{ns.name}: " + ", ".join(
                f"{name.removeprefix('TcpExt').removeprefix('Tcp')} {count}"
                for name, count in want.items() if count))
        kept = sum(buffer[name] for name in (
            "entries", "overrun", "commit overrun", "dropped events"))
        equal(kept, total, "events in the ring buffer and lost from it")
        lost = kept - buffer["entries"]
        ksft.print_msg(f"{total} events; {lost} of them lost from the ring "
                       "buffer, and said to be")
        self.lost = lost


def load(path, count, family=4, size=4000, at_once=50):
    """So many connections of all kinds; what the two ends say about them."""
    addr = path.ADDR[family][1]
    serve = ["ip", "netns", "exec", "server", LOAD, "serve", addr, "7000",
             str(size)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        equal(server.stdout.readline(), "ready\n", "the server")
        try:
            said = path.client.sh(f"{LOAD} connect {addr} 7000 {size} {count} "
                                  f"{at_once}")
        finally:
            server.terminate()
    ended = [int(number) for number in re.findall(r"(?:done|failed) (\d+)", said)]
    equal(sum(ended), count, f"connections ({said.strip()})")


def lossy(netem, family, count, *some):
    path = Path()
    for dev in ("rc", "rs"):
        path.router.sh(f"tc qdisc replace dev {dev} root netem limit 100000 "
                       f"{netem}")
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
    for dev in ("rc", "rs"):
        path.router.sh(f"tc qdisc replace dev {dev} root netem limit 100000 "
                       "delay 10ms 4ms loss 3% duplicate 3% corrupt 1%")
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
