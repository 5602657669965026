# SPDX-License-Identifier: GPL-2.0-only
"""For suites that ask a control what it decided: the events of a transfer, and each
of its windows computed again (arithmetic/replay.c)."""

import math
import os
import socket
import subprocess
import threading

from lucid import Trace, cookie, equal, wait_closed

REPLAY = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "arithmetic/replay")
EVENTS = ("sample", "ack", "reduction", "undo", "unused", "epoch", "region",
          "slow_start")
CAUSES = {"LOSS": 1, "RTO": 2, "ECE": 3, "LOCAL": 4, "RTO_AGAIN": 5}
UNUSED, PACED = 2, 16


def transfer(path, cc, work, events=EVENTS):
    """The events of a connection from client to server, while work(sock)."""
    with Trace(*events) as trace:
        client, server = path.pair(cc=cc)
        reader = threading.Thread(target=wait_closed, args=(server,))
        reader.start()
        own = cookie(client)
        try:
            work(client)
        finally:
            client.shutdown(socket.SHUT_WR)
            reader.join()
            client.close()
            server.close()
        return trace.read(cookie=own)


def calls(events, begin):
    """What the arithmetic was given, one call a line (arithmetic/replay.c)."""
    yield begin
    for e in events:
        if e.name == "sample":
            yield (f"sample {e.now_us} {e.rtt_us} {e.snd_una} {e.snd_nxt}"
                   f" {e['cwnd']} {e.paced}")
        elif e.name == "ack":
            yield (f"ack {e.now_us} {e.srtt_us} {e.acked} {e.old_cwnd}"
                   f" {e['cwnd']} {e.frac} {e.ssthresh}"
                   f" {int(bool(e.flags & UNUSED))}"
                   f" {int(bool(e.flags & PACED))}")
        elif e.name == "reduction":
            yield f"reduction {CAUSES[e.cause]} {e['cwnd']} {e.ssthresh}"
        elif e.name == "undo":
            yield f"undo {e.old_cwnd} {e['cwnd']} {e.ssthresh}"
        elif e.name == "unused" and e.what == "IDLE":
            yield f"idle {e.now_us}"


def replay(events, begin="cubic 700 700 400 1 1 1"):
    """Every ACK leads to the same window again; how many there are."""
    done = subprocess.run([REPLAY], input="\n".join(calls(events, begin)) + "\n",
                          stdout=subprocess.PIPE, text=True)
    assert not done.returncode, done.stdout
    acks = sum(e.name == "ack" for e in events)
    equal(done.stdout.strip(), f"replayed {acks} ACKs", "replay")
    return acks


def leaves(cut, beta, what):
    """A reduction says beta, and multiplies the window by it."""
    equal(cut.beta, beta, f"{what}: beta")
    want = {math.floor(w * beta / 1000) for w in (cut["cwnd"], cut["cwnd"] + 1)}
    assert cut.ssthresh in want, f"{what}: {dict(cut)}"
