#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Why segments are sent again, one cause at a time and all of them counted."""

import threading

from lucid import (Path, Trace, cookie, equal, run, tcp_info, wait,
                   wait_closed)

MSS = 1448
FAST = ("FAST", "FAST_DUPACKS", "FAST_TIMER", "RECOVERY")


def transfer(path, size, family=4, cc=None):
    """Send size bytes client to server and close; return the client's cookie."""
    client, server = path.pair(family, cc)
    mine = cookie(client)
    got = []
    reader = threading.Thread(target=lambda: got.append(len(wait_closed(server))))
    reader.start()
    client.sendall(bytes(size))
    client.close()
    reader.join()
    server.close()
    equal(got, [size], "bytes received")
    return mine


def segs(events, *reasons):
    return sum(e.segs for e in events if e.reason in reasons)


def check_counts(path, events, before, after, what):
    """The sums of segs by reason are the kernel's own counters."""
    for name, reasons in (
            ("TcpRetransSegs", {e.reason for e in events}),
            ("TcpExtTCPFastRetrans", FAST),
            ("TcpExtTCPSlowStartRetrans", ("AFTER_RTO",)),
            ("TcpExtTCPTimeouts", ("RTO", "SYN", "SYNACK"))):
        equal(segs(events, *reasons), after[name] - before[name],
              f"{what}: {name}")
    equal(segs(events, "UNKNOWN"), 0, f"{what}: without a reason")


def check_recoveries(events, before, after, what):
    """Recoveries begin as often as the kernel says, and each one ends."""
    began = [e for e in events if e.how.startswith("began")]
    ended = [e for e in events if e.how.startswith("ended")]
    equal(len([e for e in began if e.how != "began: DUPACKS"]),
          after["TcpExtTCPSackRecovery"] - before["TcpExtTCPSackRecovery"],
          f"{what}: TCPSackRecovery")
    equal(len([e for e in began if e.how == "began: DUPACKS"]),
          after["TcpExtTCPRenoRecovery"] - before["TcpExtTCPRenoRecovery"],
          f"{what}: TCPRenoRecovery")
    equal(len(began), len(ended), f"{what}: recoveries ended")


def lossy(family, cc):
    path = Path(delay_ms=10, rate="20mbit", loss="loss 2%")
    before = path.client.nstat()
    with Trace() as trace:
        mine = transfer(path, 4000000, family, cc)
        wait(5)
        events = trace.read("retransmit", netns=path.client.inum)
        recoveries = trace.read("fast_retransmit", cookie=mine)
    after = path.client.nstat()
    what = f"{cc} on IPv{family}"
    check_counts(path, events, before, after, what)
    check_recoveries(recoveries, before, after, what)
    assert segs(events, *FAST) > 10, f"{what}: too few losses to tell"
    probes = after["TcpExtTCPLossProbes"] - before["TcpExtTCPLossProbes"]
    assert segs(events, "TLP") <= probes, f"{what}: TCPLossProbes"


def counts_ipv4():
    """IPv4, 2 % loss: events by reason equal the kernel's counters, 4 controls"""
    for cc in ("lucid", "lucid_reno", "cubic", "reno"):
        lossy(4, cc)


def counts_ipv6():
    """IPv6, 2 % loss: events by reason equal the kernel's counters, 2 controls"""
    for cc in ("lucid", "cubic"):
        lossy(6, cc)


class Stream:
    """A connection whose client has sent some, all of it acknowledged."""

    def __init__(self, path, warm=20, cc="lucid"):
        self.path = path
        self.client, self.server = path.pair(cc=cc)
        self.send(warm)
        self.cookie = cookie(self.client)

    def send(self, segments, settle=0.3):
        self.client.sendall(bytes(segments * MSS))
        wait(settle)

    def lose(self, match, segments, settle=0.3):
        """Send with the first segments that match lost."""
        self.path.drop(f"ip saddr 10.0.1.1 ip length > 600 {match}")
        self.send(segments, settle)

    def close(self):
        self.client.close()
        self.server.close()


FIRST = "numgen inc mod 100000 0"


def fast():
    """one segment lost amid others: one fast retransmit, of just that segment"""
    path = Path(delay_ms=10)
    stream = Stream(path)
    with Trace() as trace:
        stream.lose(FIRST, 10)
        sent = trace.read("retransmit", cookie=stream.cookie)
        recovery = trace.read("fast_retransmit", cookie=stream.cookie)
    equal([(e.reason, e.len, e.segs, e.attempt, e.ca_state) for e in sent],
          [("FAST", MSS, 1, 1, "RECOVERY")], "retransmissions")
    equal([e.how for e in recovery], ["began: SACK", "ended: COMPLETE"],
          "recovery")
    equal(sent[0].seq, recovery[0].snd_una, "the lost segment is the oldest")
    begin, end = recovery
    equal(begin.recover, begin.snd_una + 10 * MSS & 0xffffffff, "recover")
    equal(end.snd_una, begin.recover, "recovery ends when recover is acked")
    equal(end.cwnd, begin.ssthresh, "window at the end")
    equal(begin.ssthresh, begin.prior_cwnd * 7 // 10, "RFC 9438: beta is 0.7")
    stream.close()


def fast_newreno():
    """without SACK, three duplicate ACKs begin the recovery (RFC 6582)"""
    path = Path(delay_ms=10)
    path.client.sysctl("ipv4/tcp_sack", 0)
    stream = Stream(path)
    with Trace() as trace:
        stream.lose(FIRST, 10)
        sent = trace.read("retransmit", cookie=stream.cookie)
        recovery = trace.read("fast_retransmit", cookie=stream.cookie)
    equal([(e.reason, e.len) for e in sent], [("FAST_DUPACKS", MSS)],
          "retransmissions")
    equal(recovery[0].how, "began: DUPACKS", "recovery")
    stream.close()


def tail():
    """the last segment lost: a tail loss probe sends it again, no timeout"""
    path = Path(delay_ms=10)
    stream = Stream(path)
    before = path.client.nstat()
    with Trace() as trace:
        stream.lose("numgen inc mod 100000 9", 10)
        sent = trace.read("retransmit", cookie=stream.cookie)
    after = path.client.nstat()
    equal([(e.reason, e.len, e.attempt) for e in sent], [("TLP", MSS, 1)],
          "retransmissions")
    equal(after["TcpExtTCPLossProbes"] - before["TcpExtTCPLossProbes"], 1,
          "TCPLossProbes")
    equal(after["TcpExtTCPTimeouts"] - before["TcpExtTCPTimeouts"], 0,
          "TCPTimeouts")
    stream.close()


def timeout():
    """a dead path: timeouts 1, 2, 3..., each waiting twice as long as the last"""
    path = Path(delay_ms=10)
    path.client.sysctl("ipv4/tcp_early_retrans", 0)
    stream = Stream(path)
    before = path.client.nstat()
    with Trace() as trace:
        stream.lose("", 5, settle=4)
        path.undrop()
        wait(4)
        sent = trace.read("retransmit", cookie=stream.cookie)
    after = path.client.nstat()
    timeouts = [e for e in sent if e.reason == "RTO"]
    equal([e.attempt for e in timeouts], list(range(1, len(timeouts) + 1)),
          "attempts")
    equal(len(timeouts),
          after["TcpExtTCPTimeouts"] - before["TcpExtTCPTimeouts"],
          "TCPTimeouts")
    assert len(timeouts) >= 4, f"only {len(timeouts)} timeouts"
    for last, this in zip(timeouts, timeouts[1:]):
        equal(this.rto_us, 2 * last.rto_us, "RFC 6298, 5.5: the timer doubles")
        # The kernel's timers are up to an eighth late.
        late = (this.time - last.time) * 1e6 - this.rto_us
        assert 0 <= late <= this.rto_us / 8 + 4000, \
            f"timer of {this.rto_us} us was {late} us late"
    equal(timeouts[0].cwnd, 1, "RFC 5681: the loss window is one segment")
    equal({e.reason for e in sent}, {"RTO", "AFTER_RTO"}, "reasons")
    equal(segs(sent, "AFTER_RTO"), 4, "the rest of the window goes again too")
    stream.close()


def refused():
    """what the host itself refuses to send is no retransmission: RetransFail"""
    path = Path(delay_ms=10)
    path.client.sysctl("ipv4/tcp_early_retrans", 0)
    stream = Stream(path)
    before = path.client.nstat()
    with Trace() as trace:
        stream.lose("", 5, settle=0.1)
        path.client.sh("nft -f -", stdin="""
            table inet t {
                chain f {
                    type filter hook output priority 0;
                    ip length > 600 drop
                }
            }""")
        wait(3)
        equal(trace.read("retransmit"), [], "events of refused attempts")
        path.client.sh("nft delete table inet t")
        path.undrop()
        wait(5)
        sent = trace.read("retransmit", cookie=stream.cookie)
    after = path.client.nstat()
    tried, failed = (after[name] - before[name]
                     for name in ("TcpRetransSegs", "TcpExtTCPRetransFail"))
    assert failed >= 3, f"only {failed} attempts were refused"
    equal(segs(sent, "RTO", "AFTER_RTO"), tried - failed,
          "TcpRetransSegs without those that failed")
    stream.close()


def recovery_ends_in_timeout():
    """the path dies during recovery: it ends with a timeout"""
    path = Path(delay_ms=10)
    stream = Stream(path)
    with Trace() as trace:
        # Three of ten arrive, as many as it takes; after them nothing.
        stream.lose("numgen inc mod 100000 != 1-3", 10, settle=3)
        path.undrop()
        wait(3)
        recovery = trace.read("fast_retransmit", cookie=stream.cookie)
    equal([e.how for e in recovery][:2],
          ["began: SACK", "ended: TIMEOUT"], "recovery")
    equal(recovery[0].sacked_out, 3, "received beyond the loss")
    stream.close()


def fin():
    """a lost FIN: sent again by the timer, with the FIN flag"""
    path = Path(delay_ms=10)
    stream = Stream(path)
    with Trace() as trace:
        path.drop("ip saddr 10.0.1.1 tcp flags & fin == fin")
        stream.client.close()
        wait(1)
        path.undrop()
        wait(3)
        sent = trace.read("retransmit", cookie=stream.cookie)
    assert sent, "the FIN was not sent again"
    for event in sent:
        equal((event.flags & 1, event.len), (1, 0), "FIN flag and length")
        assert event.reason in ("TLP", "RTO"), event
    stream.server.close()


def info():
    """TCP_INFO has the cwnd and ssthresh that the events say"""
    path = Path(delay_ms=10)
    stream = Stream(path)
    with Trace() as trace:
        stream.lose(FIRST, 10)
        end = trace.read("fast_retransmit", cookie=stream.cookie)[-1]
    equal(tcp_info(stream.client)["ssthresh"], end.ssthresh, "ssthresh")
    equal(tcp_info(stream.client)["cwnd"], end.cwnd, "cwnd")
    stream.close()


run(counts_ipv4, counts_ipv6, fast, fast_newreno, tail, timeout, refused,
    recovery_ends_in_timeout, fin, info)
