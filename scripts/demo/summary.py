#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sum up the demo: what the trace says about one connection, for people.

usage: summary.py TRACE PORT BYTES

TRACE is the text of a tracefs instance, PORT the sender's, BYTES what was sent.
"""

import re
import sys

LINE = re.compile(r"^.{16,}? +\[\d+\] \S+ +(\d+\.\d+): (\w+): (.*)$")
FIELD = re.compile(r'(\w+)=("[^"]*"|.*?)(?= \w+=|$)')
UNSET = 2147483647

REASONS = {
    "SYN": "nobody answered a SYN in time",
    "SYNACK": "nobody answered a SYN-ACK in time",
    "SYNACK_DUP": "the SYN came again",
    "RTO": "the retransmission timer ran out: no ACK at all for that long",
    "AFTER_RTO": "lost in the same window as the one that timed out",
    "FAST": "fast retransmit: ACKs for later packets gave the loss away",
    "FAST_DUPACKS": "fast retransmit: three duplicate ACKs",
    "FAST_TIMER": "fast retransmit: out of order for too long",
    "RECOVERY": "lost with the one that was fast retransmitted",
    "TLP": "tail loss probe: no ACK for about two round trips, so ask",
}


def number(text):
    try:
        return int(text, 0)
    except ValueError:
        return text.strip('"')


def read(path):
    """Yield every event as a dictionary of its fields."""
    with open(path, encoding="ascii", errors="replace") as trace:
        for line in trace:
            match = LINE.match(line)
            if not match:
                continue
            time, name, rest = match.groups()
            event = {key: number(value) for key, value in FIELD.findall(rest)}
            event["time"] = float(time)
            event["event"] = name
            yield event


def named(events, name, **wanted):
    return [e for e in events if e["event"] == name and
            all(e.get(key) == value for key, value in wanted.items())]


class Report:
    """Lines of a name, a value, and what that is."""

    def __init__(self):
        self.lines = []

    def say(self, name, value, *notes):
        self.lines.append(f"  {name:<17} {value}")
        self.lines += [f"  {'':<17} {note}" for note in notes]

    def show(self):
        print("\n".join(self.lines))


def transfer(report, theirs, size):
    """From the receiver's first moment in ESTABLISHED to the sender's FIN."""
    begin = named(theirs, "state", newstate="ESTABLISHED")
    end = named(theirs, "state", newstate="CLOSE_WAIT")
    if not begin or not end:
        report.say("Transfer", "incomplete: no FIN came after it")
        return
    seconds = end[0]["time"] - begin[0]["time"]
    report.say("Transfer", f"{size / 2**20:.1f} MiB in {seconds:.2f} s: "
               f"{size * 8 / seconds / 1e6:.2f} Mbit/s",
               "(the path carries 10 Mbit/s, headers included)")


def handshake(report, mine):
    syns = named(mine, "handshake", step="SYN sent")
    done = named(mine, "handshake", step="ACK sent")
    if not done:
        report.say("Handshake", f"failed after {len(syns)} SYN")
        return
    report.say("Handshake", f"{done[0]['rtt_us'] / 1000:.1f} ms round trip, "
               f"{len(syns)} SYN",
               "SYN, SYN-ACK, ACK: both ends agree where their sequence numbers",
               "start and on options; the first measurement of the path")


def slow_start(report, mine, start):
    windows = named(mine, "window")
    left = next((e for e in windows if e["phase"] != "SLOW_START"), None)
    if left is None:
        report.say("Slow start", "never left")
        return
    before = [e["cwnd"] for e in windows if e["time"] <= left["time"]]
    why = {"RECOVERY": "on the first loss: it had filled the queue",
           "LOSS": "when a timer ran out",
           "CWR": "on a congestion mark"}.get(left["phase"], "before any loss")
    report.say("Slow start", f"left after {left['time'] - start:.2f} s at cwnd "
               f"{max(before)}, {why}",
               f"cwnd starts at {windows[0]['cwnd']} and doubles each round trip; "
               "from now on",
               f"ssthresh, here {left['ssthresh']}, says where doubling ends and the",
               "sender feels its way forward instead: congestion avoidance")


def losses(report, mine):
    again = named(mine, "retransmit")
    total = sum(e["segs"] for e in again)
    report.say("Sent again", f"{total} packets, because")
    for reason in dict.fromkeys(e["reason"] for e in again):
        count = sum(e["segs"] for e in again if e["reason"] == reason)
        report.lines.append(f"  {'':<17} {count:4} {reason:<12} "
                            f"{REASONS.get(reason, '')}")
    begins = [e for e in named(mine, "fast_retransmit")
              if e["how"].startswith("began")]
    timeouts = named(mine, "retransmit", reason="RTO")
    report.say("Reductions", f"{len(begins)} by fast recovery, "
               f"{len(timeouts)} by a timeout",
               "fast recovery shrinks cwnd to 70 %, a timeout (RTO) to 1")


def extremes(report, mine):
    windows = named(mine, "window")
    largest = max(windows, key=lambda e: e["cwnd"])
    trips = [e["srtt_us"] for e in windows if e["srtt_us"]]
    report.say("Largest cwnd", f"{largest['cwnd']} packets",
               "the path holds 33 and the queue 40 more; what is beyond is lost")
    report.say("Round trip", f"{min(trips) / 1000:.1f} ms with the queue empty, "
               f"{max(trips) / 1000:.1f} ms at most (smoothed)")


def closing(report, mine, theirs):
    def when(events, state):
        found = named(events, "state", newstate=state)
        return found[0]["time"] if found else None

    if when(mine, "FIN_WAIT1") is None and when(theirs, "FIN_WAIT1") is None:
        report.say("Closing", "cut: reset, no FIN at all")
        return
    first = "sender" if when(mine, "FIN_WAIT1") else "receiver"
    events = mine if first == "sender" else theirs
    cut = [e for e in mine + theirs if e["event"] == "state" and
           e["newstate"] == "CLOSE" and
           e["oldstate"] not in ("LAST_ACK", "TIME_WAIT")]
    if cut:
        report.say("Closing", f"the {first} sent its FIN first, and a reset followed",
                   "an end was closed while data was still on its way to it")
    else:
        report.say("Closing", f"clean; the {first} sent its FIN first, the other "
                   "end followed", "each direction is closed by a FIN of its own")
    enter = named(events, "time_wait", what="ENTER")
    leave = named(events, "time_wait", what="EXIT")
    if enter and leave:
        report.say("TIME_WAIT", f"{leave[0]['time'] - enter[0]['time']:.1f} s at the "
                   f"{first}, ended by {leave[0]['why']}",
                   "who closes first stays behind, for packets that are late")


def chart(mine, start, marks, width=66, height=12):
    """The window over time; in each column the largest value."""
    windows = named(mine, "window")
    end = max(e["time"] for e in windows)
    step = (end - start) / width
    columns = []
    cwnd = 0
    queue = list(windows)
    for column in range(width):
        until = start + (column + 1) * step
        highest = cwnd
        while queue and queue[0]["time"] <= until:
            cwnd = queue.pop(0)["cwnd"]
            highest = max(highest, cwnd)
        columns.append(highest)
    top = max(columns)
    print("  cwnd, the packets that may be under way, over time\n")
    for row in range(height, 0, -1):
        floor = (row - 1) * top / height
        label = f"{row * top / height:6.0f}" if row % 3 == 0 else ""
        bars = "".join("#" if high > floor else " " for high in columns)
        print(f"  {label:>6} |{bars}".rstrip())
    print(f"  {'':>6} +{'-' * width}")
    below = [" "] * width
    for begin, until, mark in marks:
        for column in range(int((begin - start) / step),
                            min(width, int((until - start) / step) + 1)):
            below[column] = mark
    print(f"  {'':>6}  {''.join(below)}".rstrip())
    print(f"  {'':>6}  0{f'{end - start:.1f} s':>{width - 1}}")
    print(f"  {'':>6}  F fast recovery begins   T timeout   = path cut")


def main():
    trace, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    events = list(read(trace))
    mine = [e for e in events if e.get("sport") == port]
    theirs = [e for e in events if e.get("dport") == port]
    start = mine[0]["time"]

    said = [e["time"] for e in named(events, "tracing_mark_write")]
    marks = [(begin, until, "=") for begin, until in zip(said[::2], said[1::2])]
    marks += [(e["time"], e["time"], "F") for e in named(mine, "fast_retransmit")
              if e["how"].startswith("began")]
    marks += [(e["time"], e["time"], "T")
              for e in named(mine, "retransmit", reason="RTO")]
    chart(mine, start, marks)
    print()
    report = Report()
    transfer(report, theirs, size)
    handshake(report, mine)
    slow_start(report, mine, start)
    extremes(report, mine)
    losses(report, mine)
    closing(report, mine, theirs)
    report.show()


if __name__ == "__main__":
    main()
