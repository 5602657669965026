# SPDX-License-Identifier: GPL-2.0-only
"""Every event counted by the kernel itself, in histograms, which lose nothing
however many there are (Documentation/trace/histogram.rst), to be compared with
the counters of the namespace in which they happened, and with what is in the
ring buffer or is said to be lost from it.
"""

import os
import re
import subprocess

from lucid import SYN, TRACEFS, Skip, equal, ksft, wait, wait_for_hooks

LOAD = f"{os.path.dirname(os.path.abspath(__file__))}/load"

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
    "close": ("what", "why"),
    "spurious": ("kind", ),
    "reordering": ("by", ),
    "flow_control": ("what", ),
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

        One is taken as it is: of what could not be sent again, retransmit_failed
        tells more than the kernel counts.
        """
        hits, segs = self.hits, self.segs
        queue = ("SYN_DROP", "ACK_DROP")
        given_up = hits("close", "ENDED", ("RETRANS", "USER_TIMEOUT")) + \
            hits("connect_failed", "TIMEOUT")
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
                given_up,
            "TcpExtTCPAbortOnTimeout": given_up +
                hits("close", "ENDED", ("KEEPALIVE", "ZERO_WINDOW")),
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
            "TcpOutRsts": hits("close", "RST_SENT") +
                hits("suppressed", "close", add=True),
            "TcpExtTCPAbortOnClose": hits("close", "ENDED", "UNREAD"),
            "TcpExtTCPAbortOnMemory": hits("close", "ENDED", "ORPHANS"),
            "TcpExtTCPTimeWaitOverflow": hits("close", "ENDED", "TW_OVERFLOW"),
            "TcpExtTCPFullUndo + TcpExtTCPPartialUndo + TcpExtTCPDSACKUndo + "
            "TcpExtTCPLossUndo": hits("spurious"),
            "TcpExtTCPSpuriousRTOs": hits("spurious", "FRTO"),
            "TcpExtTCPSACKReorder": hits("reordering", ("SACK", "ACK", "DSACK")),
            "TcpExtTCPTSReorder": hits("reordering", "TIMESTAMPS"),
            "TcpExtTCPRenoReorder": hits("reordering", "RENO"),
            "TcpExtTCPToZeroWindowAdv": hits("flow_control", "ZERO_WINDOW_SENT"),
            # Not TCPFromZeroWindowAdv: a subflow of MPTCP counts it all the time.
            "TcpExtTCPWinProbe": hits("flow_control", "PROBE"),
            "TcpExtTCPKeepAlive": hits("flow_control", "KEEPALIVE"),
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
            want = told.counters(counted)
            counted.update({name: sum(counted[part] for part in name.split(" + "))
                            for name in want if " + " in name})
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
