#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How connections open, and what comes in between: queues, cookies, Fast Open.

The peer is made by hand (peer.py), so that it knows what it sent; besides it,
the kernel's own counters are the oracle.
"""

import errno
import socket
import struct

from lucid import (ACK, RST, SYN, Path, Skip, Trace, cookie, equal, near,
                   run, wait)
from peer import HOST, PEER, Peer, both

TCP_FASTOPEN, TCP_FASTOPEN_CONNECT = 23, 30
MSG_FASTOPEN = 0x20000000


def count(events, *what, why=None):
    return sum(e.what in what and (why is None or e.why in why) for e in events)


def check_counters(before, after, events):
    """Every counter that has an event is the number of these events."""
    listen = [e for e in events if e.name == "listen"]
    fast = [e for e in events if e.name == "fast_open"]
    failed = [e for e in events if e.name == "connect_failed"]
    full = ("ACCEPT_QUEUE",)
    for name, want in (
            ("ListenDrops", count(listen, "SYN_DROP", "ACK_DROP") +
             count(listen, "REQUEST_DROP", why=("ICMP",))),
            ("ListenOverflows", count(listen, "SYN_DROP", "ACK_DROP", why=full)),
            ("TCPReqQFullDrop", count(listen, "SYN_DROP", why=("SYN_QUEUE",))),
            ("TCPReqQFullDoCookies", count(listen, "COOKIE_SENT")),
            ("SyncookiesSent", count(listen, "COOKIE_SENT")),
            ("SyncookiesRecv", count(listen, "COOKIE_VALID", "COOKIE_LOST")),
            ("SyncookiesFailed", count(listen, "COOKIE_BAD")),
            ("EmbryonicRsts", count(listen, "REQUEST_DROP",
                                    why=("RST", "BAD_SYN", "ACCEPT_QUEUE"))),
            ("TCPFastOpenPassive", count(fast, "ACCEPTED")),
            ("TCPFastOpenCookieReqd", count(fast, "REQUESTED")),
            ("TCPFastOpenPassiveFail", count(fast, "BAD_COOKIE")),
            ("TCPFastOpenListenOverflow", count(fast, "OVERFLOW")),
            ("TCPFastOpenActive", count(fast, "DATA_ACKED")),
            ("TCPFastOpenActiveFail", count(fast, "DATA_REFUSED", "BLACKHOLE"))):
        equal(want, after[f"TcpExt{name}"] - before[f"TcpExt{name}"], name)
    fails = sum(e.why not in ("CLOSED", "LOCAL") for e in failed) + \
        count(listen, "REQUEST_DROP", why=("RST", "BAD_SYN"))
    equal(fails, after["TcpAttemptFails"] - before["TcpAttemptFails"],
          "TcpAttemptFails")


class Watch:
    """Inside a "with": events and counters of the host, compared at the end."""

    def __init__(self, host):
        self.host = host
        self.trace = Trace("connect_failed", "fast_open", "handshake", "listen",
                           "retransmit", "state", "suppressed", "time_wait")

    def __enter__(self):
        self.before = self.host.nstat()
        self.trace.__enter__()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                wait(0.1)
                check_counters(self.before, self.host.nstat(), self.read())
        finally:
            self.trace.__exit__()

    def read(self, name=None, **match):
        return self.trace.read(name, netns=self.host.inum, **match)

    def whats(self, peer=None):
        """what, or what/why, of the listen events, of one peer or of all."""
        return [e.what if e.why == "-" else f"{e.what}/{e.why}"
                for e in self.read("listen")
                if peer is None or e.dport == peer.sport]


def mapped(address):
    return address if ":" in address else f"::ffff:{address}"


@both
def request(host, family):
    """a SYN makes a request, with the queue's length; the final ACK ends it"""
    listener = host.listen(family, 7)
    with Watch(host) as watch:
        peers = [Peer(host, family) for _ in range(3)]
        for peer in peers:
            peer.syn()
        made = watch.read("listen")
        peers[0].final_ack()
        server = listener.accept()[0]
        equal([e.cookie for e in watch.read("state", newstate="ESTABLISHED")],
              [cookie(server)], "established")
        events = watch.read("listen")
    equal(made[0].netns, host.inum, "netns")
    equal([(e.what, e.why, e.syn_queue, e.accept_queue, e.backlog)
           for e in events], [("REQUEST", "-", n, 0, 7) for n in (1, 2, 3)],
          "events")
    equal(events[0].cookie, cookie(server), "cookie of request and connection")
    for event, peer in zip(events, peers):
        equal((event.saddr, event.sport, event.daddr, event.dport),
              (mapped(HOST[family]), 5000, mapped(PEER[family]), peer.sport),
              "addresses")
        equal(event.listener, cookie(listener), "listener")
    server.close()
    listener.close()


@both
def dropped(host, family):
    """a request is dropped by RST, a bad SYN, ICMP; each is told apart"""
    listener = host.listen(family)
    with Watch(host) as watch:
        peer = Peer(host, family)
        peer.syn()
        peer.send(RST, seq=peer.seq + 1)
        equal(watch.whats(peer), ["REQUEST", "REQUEST_DROP/RST"], "RST")
        peer = Peer(host, family)
        peer.syn()
        peer.send(SYN, seq=peer.seq + 9)
        equal(watch.whats(peer), ["REQUEST", "REQUEST_DROP/BAD_SYN"], "SYN")
        peer = Peer(host, family)
        host.icmp(family, peer.syn(), *((3, 1) if family == 4 else (1, 4)))
        equal(watch.whats(peer), ["REQUEST", "REQUEST_DROP/ICMP"], "ICMP")
        for event in watch.read("listen", what="REQUEST_DROP"):
            equal((event.synacks, event.syn_queue), (1, 1), "SYN-ACKs, queue")
            assert event.since_syn_us, "no age"
        equal([(e.oldstate, e.newstate) for e in watch.read("state")],
              [("LISTEN", "NEW_SYN_RECV"), ("NEW_SYN_RECV", "CLOSE")] * 3,
              "states")
    listener.close()


@both
def timed_out(host, family):
    """an unanswered request ends by its timer, after as many SYN-ACKs as said"""
    host.sysctl("ipv4/tcp_synack_retries", 2)
    listener = host.listen(family)
    before = host.nstat()
    with Watch(host) as watch:
        peer = Peer(host, family)
        peer.syn()
        wait(10)
        drop = watch.read("listen", what="REQUEST_DROP")
        again = watch.read("retransmit", reason="SYNACK")
        synacks = 1
        while peer.receive(0.01):
            synacks += 1
    after = host.nstat()
    equal([(e.why, e.synacks) for e in drop], [("TIMEOUT", synacks)], "drop")
    equal((synacks, len(again)), (3, 2), "SYN-ACKs in all, and again")
    equal(after["TcpExtTCPTimeouts"] - before["TcpExtTCPTimeouts"],
          len(again) + len(drop), "TCPTimeouts")
    near(drop[0].since_syn_us, 7e6, 1e6, "age of the request")
    listener.close()


@both
def attempts(host, family):
    """SYN-ACKs sent again: how often the timer ran out; for a SYN, once or more"""
    listener = host.listen(family)
    with Watch(host) as watch:
        peer = Peer(host, family)
        peer.syn()
        peer.syn()
        wait(1.5)
        peer.syn()
        wait(3)
        equal([(e.reason, e.attempt) for e in watch.read("retransmit")],
              [("SYNACK_DUP", 1), ("SYNACK", 1), ("SYNACK_DUP", 2),
               ("SYNACK", 2)], "sent again")
        listener.close()


@both
def pruned(host, family):
    """old requests of a queue more than half full are dropped earlier"""
    listener = host.listen(family, 8)
    with Watch(host) as watch:
        for _ in range(7):
            Peer(host, family).syn()
        wait(200)
        drops = watch.read("listen", what="REQUEST_DROP")
    equal(sorted({e.why for e in drops}), ["PRUNED", "TIMEOUT"], "reasons")
    for event in drops:
        equal(event.why, "TIMEOUT" if event.synacks == 6 else "PRUNED",
              f"{event.synacks} SYN-ACKs")
        if event.why == "PRUNED":
            assert event.syn_queue * 2 > 8, f"queue: {event.syn_queue}"
    equal(len(drops), 7, "drops")
    listener.close()


@both
def stopped(host, family):
    """a listener that closes says what it leaves, and its requests end"""
    listener = host.listen(family)
    with Watch(host) as watch:
        Peer(host, family).connect()
        waiting = [Peer(host, family) for _ in range(2)]
        for peer in waiting:
            peer.syn()
        listener.close()
        closed = watch.read("listen", what="CLOSED")
        wait(3)
        equal([(e.accept_queue, e.syn_queue, e.sport) for e in closed],
              [(1, 2, 5000)], "what the listener left")
        for peer in waiting:
            equal(watch.whats(peer), ["REQUEST", "REQUEST_DROP/STOPPED"],
                  "request")


@both
def syn_queue(host, family):
    """without SYN cookies, a full SYN queue drops SYNs, and it is said to"""
    host.sysctl("ipv4/tcp_syncookies", 0)
    host.sysctl("ipv4/tcp_max_syn_backlog", 1000)
    listener = host.listen(family, 4)
    with Watch(host) as watch:
        answered = sum(Peer(host, family).syn() is not None for _ in range(9))
        events = watch.read("listen")
        equal([f"{e.what}/{e.why}" for e in events], ["REQUEST/-"] * answered +
              ["SYN_DROP/SYN_QUEUE"] * (9 - answered), "events")
        assert 4 <= answered <= 5, f"{answered} SYNs were answered"
        for event in events[answered:]:
            equal((event.syn_queue, event.accept_queue, event.backlog,
                   event.cookie), (answered, 0, 4, 0), "queues and cookie")
            equal((event.saddr, event.daddr, event.sport),
                  (mapped(HOST[family]), mapped(PEER[family]), 5000), "tuple")
    listener.close()


@both
def unproven(host, family):
    """without SYN cookies, unknown peers do not get the queue's last quarter"""
    host.sysctl("ipv4/tcp_syncookies", 0)
    host.sysctl("ipv4/tcp_max_syn_backlog", 8)
    listener = host.listen(family, 64)
    with Watch(host) as watch:
        answered = sum(Peer(host, family).syn() is not None for _ in range(12))
        equal(watch.whats(), ["REQUEST"] * answered +
              ["SYN_DROP/UNPROVEN"] * (12 - answered), "events")
        equal(answered, 7, "answered")
    listener.close()


def overflow(host, family):
    """More connections than a backlog of 3 takes: the last, and one too many."""
    for _ in range(3):
        Peer(host, family).connect()
    last, late = Peer(host, family), Peer(host, family)
    last.syn()
    late.syn()
    last.final_ack()
    late.final_ack()
    return last, late


@both
def accept_queue(host, family):
    """a full accept queue: dropped at the SYN, and at the final ACK"""
    host.sysctl("ipv4/tcp_syncookies", 0)
    listener = host.listen(family, 3)
    with Watch(host) as watch:
        last, late = overflow(host, family)
        refused = Peer(host, family)
        equal(refused.syn(), None, "answer to a SYN")
        equal(watch.whats(last), ["REQUEST"], "the last that fits")
        equal(watch.whats(late), ["REQUEST", "ACK_DROP/ACCEPT_QUEUE"],
              "the first that does not")
        equal(watch.whats(refused), ["SYN_DROP/ACCEPT_QUEUE"], "the SYN")
        for event in watch.read("listen", why="ACCEPT_QUEUE"):
            equal((event.accept_queue, event.backlog), (4, 3), "queue")
        ids = {e.cookie for e in watch.read("listen") if e.dport == late.sport}
        equal(len(ids), 1, "cookies of request and drop")
        # It may still get in: the request is there, and so is the ACK.
        listener.accept()[0].close()
        late.send(ACK)
        equal(watch.read("state", newstate="ESTABLISHED")[-1].dport, late.sport,
              "established in the end")
    listener.close()


@both
def abort_on_overflow(host, family):
    """tcp_abort_on_overflow: the final ACK is dropped, then the request"""
    host.sysctl("ipv4/tcp_abort_on_overflow", 1)
    listener = host.listen(family, 3)
    with Watch(host) as watch:
        last, late = overflow(host, family)
        equal(watch.whats(late), ["REQUEST", "ACK_DROP/ACCEPT_QUEUE",
                                  "REQUEST_DROP/ACCEPT_QUEUE"], "events")
        assert late.receive().flags & RST, "no RST"
    listener.close()


@both
def cookies(host, family):
    """SYN cookies: sent, brought back, forged; the connection has one number"""
    listener = host.listen(family, 8)
    for mode, why in ((1, "SYN_QUEUE"), (2, "ALWAYS")):
        host.sysctl("ipv4/tcp_syncookies", mode)
        with Watch(host) as watch:
            if mode == 1:
                for _ in range(9):
                    Peer(host, family).syn()
            peer = Peer(host, family)
            peer.syn()
            peer.final_ack()
            server = listener.accept()[0]
            equal(watch.whats(peer), [f"COOKIE_SENT/{why}", "COOKIE_VALID"],
                  "events")
            equal([(e.oldstate, e.newstate) for e in
                   watch.read("state", cookie=cookie(server))],
                  [("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED")],
                  "states")
            equal(watch.read("listen", what="COOKIE_VALID")[0].cookie,
                  cookie(server), "cookie")
            forger = Peer(host, family)
            forger.ack = 12345
            forger.send(ACK)
            equal(watch.whats(forger), ["COOKIE_BAD"], "a forged cookie")
            assert forger.receive().flags & RST, "no RST"
            server.close()
    listener.close()


@both
def cookie_overflow(host, family):
    """a good SYN cookie that meets a full accept queue is dropped, and told"""
    host.sysctl("ipv4/tcp_syncookies", 2)
    listener = host.listen(family, 1)
    with Watch(host) as watch:
        peers = [Peer(host, family) for _ in range(3)]
        for peer in peers:
            peer.syn()
        for peer in peers:
            peer.final_ack()
        equal([watch.whats(peer)[1:] for peer in peers],
              [["COOKIE_VALID"], ["COOKIE_VALID"],
               ["COOKIE_VALID", "ACK_DROP/ACCEPT_QUEUE"]], "events")
    listener.close()


@both
def fast_open_server(host, family):
    """Fast Open at the server: asked, accepted, forged, too many, switched off"""
    host.sysctl("ipv4/tcp_fastopen", 3)
    listener = host.listen(family)
    with Watch(host) as watch:
        def told(peer):
            return [(e.what, e.data_len, e.acked_len, e.cookie_len)
                    for e in watch.read("fast_open") if e.dport == peer.sport]

        peer = Peer(host, family)
        peer.syn(b"\x22\x02")
        equal(told(peer), [("REQUESTED", 0, 0, 0)], "asked, switched off")
        peer = Peer(host, family)
        peer.syn(b"\x22\x0a" + bytes(8), b"early")
        equal(told(peer), [("IGNORED", 5, 0, 0)], "data, switched off")
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 2)
        peer = Peer(host, family)
        given = peer.syn(b"\x22\x02").options[34]
        equal(told(peer), [("REQUESTED", 0, 0, len(given))], "asked")
        option = struct.pack("BB", 34, 2 + len(given))
        peer = Peer(host, family)
        peer.syn(option + bytes(len(given)), b"early")
        equal(told(peer), [("BAD_COOKIE", 5, 0, len(given))], "forged")
        for _ in range(2):
            peer = Peer(host, family)
            answer = peer.syn(option + given, b"early")
            equal(answer.ack, peer.seq + 6 & 0xffffffff, "acknowledged")
            equal(told(peer), [("ACCEPTED", 5, 5, 0)], "accepted")
        late = Peer(host, family)
        answer = late.syn(option + given, b"early")
        equal(answer.ack, late.seq + 1 & 0xffffffff, "acknowledged")
        equal(told(late), [("OVERFLOW", 5, 0, 0)], "too many")
        event = watch.read("fast_open", what="OVERFLOW")[0]
        equal((event.queue, event.queue_max), (2, 2), "queue")
        server = listener.accept()[0]
        equal(server.recv(10), b"early", "data")
        equal([e.cookie for e in watch.read("fast_open", what="ACCEPTED")][0],
              cookie(server), "cookie")
        server.close()
    listener.close()


def fast_open(sock, addr, data):
    sock.sendto(data, MSG_FASTOPEN, addr)


def fast_open_both():
    """Fast Open between real sockets: a cookie is got, used, and refused"""
    for family in (4, 6):
        path = Path(delay_ms=5)
        path.server.sysctl("ipv4/tcp_fastopen", 3)
        path.client.sysctl("ipv4/tcp_no_metrics_save", 0)
        addr = path.ADDR[family][1], 5000
        listener = path.listen(family)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        ends = path.client, path.server
        before = [end.nstat() for end in ends]
        with Trace() as trace:
            def told(sock, what):
                equal([(e.what, e.data_len, e.acked_len) for e in
                       trace.read("fast_open", cookie=cookie(sock))], what,
                      what[0][0])

            for ours, theirs, length in (("COOKIE", "REQUESTED", 0),
                                         ("DATA_ACKED", "ACCEPTED", 5)):
                client = path.socket(family)
                fast_open(client, addr, b"early")
                server = listener.accept()[0]
                equal(server.recv(10), b"early", "data")
                told(client, [(ours, length, length)])
                told(server, [(theirs, length, length)])
                client.close()
                server.close()
            path.server.sysctl("ipv4/tcp_fastopen", 0)
            client = path.socket(family)
            fast_open(client, addr, b"early")
            server = listener.accept()[0]
            equal(server.recv(10), b"early", "data")
            told(client, [("DATA_REFUSED", 5, 0)])
            told(server, [("IGNORED", 5, 0)])
            client.close()
            server.close()
            # An unknown server, and nothing comes through: after some tries the
            # kernel gives the path the blame.
            path.drop("tcp flags & (syn|ack) == syn")
            path.client.sysctl("ipv4/tcp_syn_retries", 3)
            client = path.socket(family)
            try:
                fast_open(client, addr, b"early")
            except TimeoutError:
                pass
            equal([e.what for e in trace.read("fast_open",
                                              cookie=cookie(client))],
                  ["BLACKHOLE"], "no answer")
            client.close()
            path.undrop()
            for end, old in zip(ends, before):
                check_counters(old, end.nstat(), trace.read(netns=end.inum))
        listener.close()


@both
def refused(host, family):
    """a refused connect(): RST, its errno, and how long it took"""
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        equal(sock.connect_ex((PEER[family], 5000)), errno.EINPROGRESS,
              "connect()")
        syn = host.receive()
        wait(0.05)
        host.send_reply(family, syn, RST | ACK)
        equal([(e.why, e.err, e.syns, e.state, e.dport) for e in
               watch.read("connect_failed", cookie=cookie(sock))],
              [("RST", errno.ECONNREFUSED, 1, "SYN_SENT", 5000)], "event")
        near(watch.read("connect_failed")[0].since_syn_us, 50000, 5000, "time")
        sock.close()


@both
def second_try(host, family):
    """a socket's second connect(), which nobody saw begin: for how long is not known"""
    host.sysctl("ipv4/tcp_syn_retries", 1)
    sock = host.socket(family)
    sock.setblocking(False)
    with Watch(host):
        sock.connect_ex((PEER[family], 5000))
        host.send_reply(family, host.receive(), RST | ACK)
    # Until the hooks are gone.
    wait(12)
    equal([sock.connect_ex((PEER[family], 5000)) for _ in range(2)],
          [errno.ECONNREFUSED, errno.EINPROGRESS], "connect()")
    with Watch(host) as watch:
        wait(10)
        equal([(e.why, e.since_syn_us) for e in watch.read("connect_failed")],
              [("TIMEOUT", 0)], "event")
    sock.close()


@both
def way_lost(host, family):
    """a connect() that loses its way after its first SYN: it has sent one"""
    host.sysctl("ipv4/tcp_syn_retries", 2)
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        sock.connect_ex((PEER[family], 5000))
        assert host.receive(), "no SYN"
        host.netns.sh("ip link set tun0 down")
        wait(60)
        equal([e.syns for e in watch.read("connect_failed")], [1], "SYNs")
        sock.close()


@both
def no_answer(host, family):
    """a connect() that nobody answers: TIMEOUT, and the number of its SYNs"""
    host.sysctl("ipv4/tcp_syn_retries", 2)
    before = host.nstat()
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        sock.connect_ex((PEER[family], 5000))
        wait(60)
        syns = 0
        while host.receive(timeout=0.01):
            syns += 1
        equal([(e.why, e.err, e.syns) for e in watch.read("connect_failed")],
              [("TIMEOUT", errno.ETIMEDOUT, syns)], "event")
        again = len(watch.read("retransmit", reason="SYN"))
    equal(again, syns - 1, "sent again")
    after = host.nstat()
    equal(after["TcpExtTCPTimeouts"] - before["TcpExtTCPTimeouts"],
          again + 1, "TCPTimeouts")
    equal(after["TcpExtTCPAbortOnTimeout"] - before["TcpExtTCPAbortOnTimeout"],
          1, "TCPAbortOnTimeout")
    sock.close()


@both
def icmp(host, family):
    """a connect() that an ICMP error ends: its type and code"""
    for kind, code, err in (((3, 1, errno.EHOSTUNREACH),
                             (3, 3, errno.ECONNREFUSED)) if family == 4 else
                            ((1, 0, errno.ENETUNREACH),
                             (1, 4, errno.ECONNREFUSED))):
        with Watch(host) as watch:
            sock = host.socket(family)
            sock.setblocking(False)
            sock.connect_ex((PEER[family], 5000))
            host.icmp(family, host.receive(), kind, code)
            equal([(e.why, e.err, e.icmp_type, e.icmp_code) for e in
                   watch.read("connect_failed", cookie=cookie(sock))],
                  [("ICMP", err, kind, code)], "event")
            sock.close()


@both
def icmp_and_reset(host, family):
    """a RST right behind an ICMP message that ends nothing: it was the RST"""
    kind, code = {4: (5, 1), 6: (2, 0)}[family]
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        sock.connect_ex((PEER[family], 5000))
        syn = host.receive()
        host.icmp(family, syn, kind, code)
        host.send_reply(family, syn, RST | ACK)
        equal([(e.why, e.err, e.icmp_type) for e in
               watch.read("connect_failed", cookie=cookie(sock))],
              [("RST", errno.ECONNREFUSED, 0)], "event")
        sock.close()


@both
def own_firewall(host, family):
    """ICMP from the host itself, which the first SYN does not heed, the second does"""
    rules = """table inet t { chain o { type filter hook output priority 0;
               tcp dport 5000 reject with icmpx port-unreachable; }; }"""
    kind, code = {4: (3, 3), 6: (1, 4)}[family]
    for reset in (False, True):
        host.netns.sh("nft -f -", stdin=rules)
        with Watch(host) as watch:
            sock = host.socket(family)
            sock.setblocking(False)
            sock.connect_ex((PEER[family], 5000))
            equal(watch.read("connect_failed"), [], "while connect() has it")
            if reset:
                host.netns.sh("nft flush ruleset")
                syn = host.receive(timeout=1.5)
                host.send_reply(family, syn, RST | ACK)
            wait(1.5)
            equal([(e.why, e.err, e.syns, e.icmp_type, e.icmp_code) for e in
                   watch.read("connect_failed")],
                  [("RST", errno.ECONNREFUSED, 2, 0, 0) if reset else
                   ("ICMP", errno.ECONNREFUSED, 2, kind, code)], "event")
            sock.close()
        host.netns.sh("nft flush ruleset")


@both
def own_fault(host, family):
    """a connect() without a port to use, and some that are closed meanwhile"""
    host.sysctl("ipv4/ip_local_port_range", "30000 30000")
    with Watch(host) as watch:
        first = host.socket(family)
        first.setblocking(False)
        first.connect_ex((PEER[family], 5000))
        second = host.socket(family)
        equal(second.connect_ex((PEER[family], 5000)), errno.EADDRNOTAVAIL,
              "connect()")
        first.close()
        # connect() succeeds, and leaves the SYN to the first write.
        host.sysctl("ipv4/tcp_fastopen", 5)
        third = host.socket(family)
        third.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        equal(third.connect_ex((PEER[family], 5000)), 0, "connect() without SYN")
        third.close()
        # Once it writes there is no way any more.
        fourth = host.socket(family)
        fourth.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        equal(fourth.connect_ex((PEER[family], 5000)), 0, "connect() without SYN")
        host.netns.sh(f"ip -{family} route flush dev tun0")
        try:
            fourth.send(b"early")
            raise AssertionError("it could be sent")
        except OSError:
            pass
        equal([(e.why, e.syns) for e in watch.read("connect_failed")],
              [("LOCAL", 0), ("CLOSED", 1), ("CLOSED", 0), ("LOCAL", 0)],
              "events")
        for sock in (second, fourth):
            sock.close()


@both
def killed(host, family):
    """a connect() that an administrator ends (ss -K)"""
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        sock.connect_ex((PEER[family], 5000))
        host.netns.sh(f"ss -K dst '[{PEER[family]}]'" if family == 6 else
                      f"ss -K dst {PEER[family]}")
        found = [(e.why, e.err) for e in watch.read("connect_failed")]
        sock.close()
        if not found:
            raise Skip("this kernel cannot kill sockets")
        equal(found, [("KILLED", errno.ECONNABORTED)], "event")


@both
def crossed(host, family):
    """simultaneous open: SYN received and SYN-ACK sent by a socket that connects"""
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        sock.connect_ex((PEER[family], 5000))
        syn = host.receive()
        peer = Peer(host, family, port=syn.sport, sport=5000)
        peer.send(SYN, b"\x02\x04\x05\x00", ack=0)
        synack = peer.receive()
        equal(synack.flags, SYN | ACK, "flags of the answer")
        equal(peer.receive(1.5).flags, SYN | ACK, "flags of its second time")
        peer.ack = synack.seq + 1
        peer.send(SYN | ACK, b"\x02\x04\x05\x00")
        events = watch.read(cookie=cookie(sock))
        steps = [e for e in events if e.name == "handshake"]
        equal([e.step for e in steps],
              ["SYN sent", "SYN received", "SYN-ACK sent", "SYN-ACK sent",
               "ACK received"], "steps")
        equal([e.attempt for e in steps], [1, 1, 1, 2, 2], "attempts")
        equal([(e.oldstate, e.newstate) for e in events if e.name == "state"],
              [("CLOSE", "SYN_SENT"), ("SYN_SENT", "SYN_RECV"),
               ("SYN_RECV", "ESTABLISHED")], "states")
        for event in steps:
            equal(event.isn, syn.seq, f"{event.step}: ISN")
        for event in steps[1:]:
            equal(event.peer_isn, peer.seq, f"{event.step}: peer's ISN")
        equal((steps[1].mss, steps[1].wscale, steps[1].sack,
               steps[1].timestamps, steps[1].ecn), (1280, 255, 0, 0, 0),
              "the peer's options")
        for event in steps[2:4]:
            equal((event.mss, event.wscale, event.flags),
                  (synack.mss, synack.wscale, steps[2].flags), "our options")
        sock.close()
    with Watch(host) as watch:
        sock = host.socket(family)
        sock.setblocking(False)
        sock.connect_ex((PEER[family], 5000))
        syn = host.receive(lambda p: p.flags == SYN)
        peer = Peer(host, family, port=syn.sport, sport=5000)
        peer.send(SYN, ack=0)
        peer.send(RST, seq=peer.seq + 1)
        equal([(e.why, e.state) for e in watch.read("connect_failed")],
              [("RST", "SYN_RECV")], "reset half-way")
        sock.close()


@both
def flood(host, family):
    """a SYN flood: some SYNs are told of, all others are counted, none is lost"""
    syns, rate = 300, 10
    host.sysctl("ipv4/tcp_lucid/syn_event_rate", rate)
    host.sysctl("ipv4/tcp_syncookies", 1)
    listener = host.listen(family, 8)
    before = host.nstat()
    with Trace() as trace:
        for _ in range(syns):
            Peer(host, family).send(SYN, ack=0)
        wait(3)
        after = host.nstat()
        events = trace.read(netns=host.inum)
        hidden = {event: sum(e["count"] for e in events if
                             e.name == "suppressed" and e.event == event)
                  for event in ("handshake", "state", "listen", "fast_open")}
        shown = {name: [e for e in events if e.name == name]
                 for name in ("handshake", "state", "listen")}
        sent = after["TcpExtSyncookiesSent"] - before["TcpExtSyncookiesSent"]
        made = syns - sent
        retransmitted = [e for e in events if e.name == "retransmit"]
        equal(len(shown["handshake"]) + hidden["handshake"],
              2 * syns + len(retransmitted), "handshake, shown and hidden")
        equal(len(shown["state"]) + hidden["state"], made, "state")
        equal(len(shown["listen"]) + hidden["listen"], syns, "listen")
        assert hidden["listen"] > syns / 2, f"hidden: {hidden}"
        told = len(shown["listen"])
        assert rate <= told <= rate * 4, f"{told} SYNs were told of"
        equal(hidden["fast_open"], 0, "fast_open")
        # It is quiet now: the next one is told of in full.
        peer = Peer(host, family)
        peer.syn()
        equal([e.what for e in trace.read("listen") if e.dport == peer.sport],
              ["COOKIE_SENT"], "after the flood")
        host.sysctl("ipv4/tcp_lucid/syn_event_rate", 0)
        for _ in range(syns):
            Peer(host, family).send(SYN, ack=0)
        wait(2)
        equal(len(trace.read("suppressed")), len(
            [e for e in events if e.name == "suppressed"]), "without a limit")
    listener.close()


@both
def flood_at_requests(host, family):
    """what meets a request and is no final ACK counts as a SYN does, in a flood"""
    times, rate = 100, 5
    host.sysctl("ipv4/tcp_lucid/syn_event_rate", rate)
    listener = host.listen(family)
    names = ("handshake", "listen", "close", "state", "suppressed")

    def told(trace, name):
        """Events of that name: so many shown, so many hidden."""
        return len(trace.read(name, netns=host.inum)), sum(
            e["count"] for e in trace.read("suppressed", netns=host.inum)
            if e.event == name)

    with Trace(*names) as trace:
        # The same SYN again and again: it is answered at times.
        peer = Peer(host, family)
        for _ in range(times + 1):
            peer.send(SYN, ack=0)
        wait(2)
        answered = len([p for p in iter(lambda: host.receive(timeout=0.01), None)])
        shown, hidden = told(trace, "handshake")
        equal(shown + hidden, times + 1 + answered, "SYNs that came, and answers")
        assert 2 <= shown <= 4 * rate, f"{shown} events of a handshake"
    with Trace(*names) as trace:
        # ACKs that acknowledge what was never sent: each gets a RST.
        peer = Peer(host, family)
        peer.syn()
        for n in range(times):
            peer.send(ACK, seq=peer.seq + 1, ack=peer.ack + 1000 + n)
        wait(2)
        shown, hidden = told(trace, "close")
        equal(shown + hidden, times, "RSTs")
        assert 1 <= shown <= 3 * rate, f"{shown} RSTs were told of"
        # The final ACK itself is no flood.
        peer.final_ack()
        equal([e.step for e in trace.read("handshake")][-1], "ACK received",
              "after that")
    # A SYN, and the RST that takes it back; or another SYN in its window, which
    # gets a RST. Either way the request is gone.
    for flags, made in ((RST, (("handshake", 2), ("listen", 2), ("close", 1),
                               ("state", 2))),
                        (SYN, (("listen", 2), ("close", 1), ("state", 2)))):
        with Trace(*names) as trace:
            for _ in range(times):
                peer = Peer(host, family)
                peer.send(SYN, ack=0)
                peer.send(flags, seq=peer.seq + 1, ack=0)
            wait(2)
            for name, want in made:
                shown, hidden = told(trace, name)
                equal(shown + hidden, want * times, f"{flags:#x}: {name}")
                assert 1 <= shown <= 4 * rate * want, f"{shown} of {name}"
    listener.close()
    both_or_neither(host, family, told)


def both_or_neither(host, family, told):
    """In a flood of final ACKs for which there is no room, each is told of as a
    RST and as the end of a request, or not at all; whatever is listened to."""
    host.sysctl("ipv4/tcp_syncookies", 0)
    host.sysctl("ipv4/tcp_abort_on_overflow", 1)
    room = 50
    for names in ("state", "close"), ("state",):
        listener = host.listen(family, room)
        for _ in range(room):
            Peer(host, family).connect()
        late = [Peer(host, family) for _ in range(room)]
        for peer in late:
            peer.syn()
        wait(2)
        # For one of them there is room.
        with Trace("suppressed", *names) as trace:
            for peer in late:
                peer.final_ack()
            wait(2)
            hidden = told(trace, "state")[1]
            # Not those of an earlier flood, whose time is over.
            shown = len([e for e in trace.read("state", newstate="CLOSE")
                         if e.dport in {peer.sport for peer in late}])
            equal(shown + hidden, room - 1, f"{names}: requests that end")
            assert shown and hidden, f"{names}: {shown} shown, {hidden} hidden"
            if "close" in names:
                equal(told(trace, "close"), (shown, hidden), "RSTs")
        listener.close()


run(request, dropped, timed_out, attempts, pruned, stopped, syn_queue, unproven,
    accept_queue, abort_on_overflow, cookies, cookie_overflow,
    fast_open_server, fast_open_both, refused, second_try, way_lost, no_answer,
    icmp, icmp_and_reset, own_firewall, own_fault, killed, crossed, flood,
    flood_at_requests)
