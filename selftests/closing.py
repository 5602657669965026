# SPDX-License-Identifier: GPL-2.0-only
"""What the suites on closing share: a connection whose other end is made by hand
(peer.py), so that it knows what it sent and sees what is sent to it, and the
kernel's own counters as the oracle beside it.
"""

from lucid import ACK, FIN, Trace, cookie, equal, wait
from peer import Host, Peer

TIMEOUTS = ("RETRANS", "KEEPALIVE", "ZERO_WINDOW", "USER_TIMEOUT")
U32 = 0xffffffff


def check_counters(before, after, events):
    """Every counter that has an event is the number of these events."""
    close = [e for e in events if e.name == "close"]
    ended = [e for e in close if e.what == "ENDED"]

    def count(*why):
        return sum(e.why in why and (e.kind == "FULL" or e.why != "DATA")
                   for e in ended)

    hidden = sum(e["count"] for e in events
                 if e.name == "suppressed" and e.event == "close")
    for names, want in (
            (("TcpOutRsts",), sum(e.what == "RST_SENT" for e in close) + hidden),
            (("TcpEstabResets",), sum(e.state in ("ESTABLISHED", "CLOSE_WAIT")
                                      for e in ended)),
            (("TcpExtTCPAbortOnClose",), count("UNREAD")),
            (("TcpExtTCPAbortOnData", "TcpExtTCPAbortOnLinger"),
             count("LINGER0", "LINGER2", "DATA")),
            (("TcpExtTCPAbortOnMemory",), count("ORPHANS")),
            (("TcpExtTCPAbortOnTimeout",), count(*TIMEOUTS)),
            (("TcpExtTCPTimeWaitOverflow",), count("TW_OVERFLOW"))):
        equal(want, sum(after[name] - before[name] for name in names),
              " + ".join(names))


class Watch:
    """Inside a "with": events and counters of namespaces, compared at the end."""

    def __init__(self, *namespaces):
        self.namespaces = namespaces
        self.trace = Trace("close", "suppressed")

    def __enter__(self):
        self.before = [netns.nstat() for netns in self.namespaces]
        self.trace.__enter__()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                wait(0.1)
                self.check()
        finally:
            self.trace.__exit__()

    def check(self):
        for netns, before in zip(self.namespaces, self.before):
            events = self.trace.read(netns=netns.inum)
            check_counters(before, netns.nstat(), events)
            ended = [e.cookie for e in events if e.name == "close" and
                     e.what == "ENDED" and e.why != "DISCONNECT"]
            equal(len(ended), len(set(ended)), "one end for each connection")

    def read(self, **match):
        return [event for event in self.trace.read("close", **match)
                if event.netns in [netns.inum for netns in self.namespaces]]


def brief(event):
    """One event in some words."""
    words = [event.what, event.why, event.state]
    if event.what == "ENDED":
        words.insert(1, event.verdict)
    if event.kind != "FULL":
        words.append(f"({event.kind})")
    return " ".join(word for word in words if word != "-")


class Conn:
    """A connection whose other end is made by hand."""

    def __init__(self, host, family, watch=None):
        self.host, self.watch = host, watch
        self.listener = host.listen(family)
        self.peer = Peer(host, family).connect()
        self.sock = self.listener.accept()[0]
        self.cookie = cookie(self.sock)
        self.listener.close()
        self.told = 0

    def until(self, flag, timeout=0.5):
        """The next segment from the kernel with that flag; it is remembered."""
        packet = self.host.receive(lambda p: p.dport == self.peer.sport and
                                   p.flags & flag, timeout)
        assert packet, f"no segment with flag {flag}"
        self.peer.ack = packet.seq + packet.len + bool(packet.flags & FIN)
        return packet

    def ack_fin(self):
        packet = self.until(FIN)
        self.peer.send(ACK)
        return packet

    def fin(self, **fields):
        self.peer.send(FIN | ACK, **fields)
        self.peer.seq += 1

    def data(self, data=b"data"):
        self.peer.send(ACK, data=data)
        self.peer.seq += len(data)

    def shut_window(self):
        """No room any more. Old kernels believe that of new segments only."""
        self.data()
        self.peer.send(ACK, window=0)

    def new(self):
        """What happened since the last look."""
        events = self.watch.read(cookie=self.cookie)[self.told:]
        self.told += len(events)
        return events

    def expect(self, *want, what="events"):
        got = self.new()
        equal([brief(e) for e in got], list(want), what)
        return got


def same_segment(event, packet, what):
    """An event has the numbers of a segment that was seen on the wire."""
    equal((event.seq, event.ack if packet.flags & ACK else 0),
          (packet.seq, packet.ack if packet.flags & ACK else 0), what)


def both(test):
    """The test over IPv4, then over IPv6, each with a host of its own."""
    def twice():
        for family in (4, 6):
            with Host() as host, Watch(host.netns) as watch:
                test(host, family, watch)
    twice.__doc__ = test.__doc__
    twice.__name__ = test.__name__
    return twice
