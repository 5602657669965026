#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""net.ipv4.tcp_lucid.*: the parameters of each network namespace."""

import errno
import os
import random

from lucid import Flow, Netns, Path, Trace, equal, run, sh

DIR = "/proc/sys/net/ipv4/tcp_lucid"
# name: RFC's value, least, most
NUMBERS = {
    "beta": (700, 1, 999),              # RFC 9438, 4.6
    "beta_ecn": (850, 1, 999),          # RFC 8511, 3.1
    "c": (400, 1, 65535),               # RFC 9438, 5
    "fast_convergence": (1, 0, 1),      # RFC 9438, 4.7
    "reno_friendly": (1, 0, 1),         # RFC 9438, 4.3
    "abe": (0, 0, 1),                   # RFC 8511
    "reno_beta": (500, 1, 999),         # RFC 5681, 3.1
    "reno_beta_ecn": (800, 1, 999),     # RFC 8511, 3.1
    "syn_event_rate": (10000, 0, 1000000000),
}
WORDS = ("classic", "hystart", "hystartpp")


def read(name):
    with open(f"{DIR}/{name}") as file:
        return file.read().rstrip("\n")


def write(name, value):
    """0, or the error number; one write(), as sysctl(8) and echo do."""
    fd = os.open(f"{DIR}/{name}", os.O_WRONLY)
    try:
        os.write(fd, value if isinstance(value, bytes) else str(value).encode())
    except OSError as why:
        return why.errno
    finally:
        os.close(fd)
    return 0


class Fresh(Netns):
    """A namespace of its own, gone at the end."""

    def __init__(self, name="params"):
        sh(f"ip netns del {name} 2>/dev/null", check=False)
        sh(f"ip netns add {name}")
        super().__init__(name)

    def __exit__(self, *_):
        super().__exit__()
        sh(f"ip netns del {self.name}")


def defaults():
    """a new namespace has what the RFCs say, and nothing else is there"""
    with Fresh():
        equal(sorted(os.listdir(DIR)), sorted([*NUMBERS, "slow_start"]),
              "parameters")
        for name, (value, _, _) in NUMBERS.items():
            equal(read(name), str(value), name)
        equal(read("slow_start"), "hystart", "slow_start")


def short():
    """a short read has the beginning of a value, as the kernel's own parameters"""
    with Fresh():
        for name in (*NUMBERS, "slow_start", "../tcp_reordering"):
            with open(f"{DIR}/{name}", "rb") as file:
                whole = file.read()
            for size in 1, 2, 3, 64:
                fd = os.open(f"{DIR}/{name}", os.O_RDONLY)
                equal([os.read(fd, size), os.read(fd, size)],
                      [whole[:size], b""], f"{name}, {size} bytes")
                os.close(fd)


def bounds():
    """each takes its least and its most, refuses one beyond, and stays"""
    with Fresh():
        for name, (_, least, most) in NUMBERS.items():
            for value in (least, most):
                equal(write(name, value), 0, f"{name}={value}")
                equal(read(name), str(value), name)
                for bad in (least - 1, most + 1):
                    equal(write(name, bad), errno.EINVAL, f"{name}={bad}")
                    equal(read(name), str(value), f"{name} after {bad}")
        for word in WORDS:
            equal(write("slow_start", word), 0, word)
            equal(read("slow_start"), word, "slow_start")


def junk():
    """what is not a value is refused, whole, and nothing changes"""
    bad = ["", "\n", " ", "x", "7 7", "700x", "-", "+", "--1", "0x", "1e2",
           "700.0", "99999999999999999999", "-99999999999999999999", "classic2",
           "CLASSIC", "hystart hystart", b"\0", b"700\0", b"5\0005", b"\xff\xfe",
           "7" * 100, "7" * 5000, " " * 5000, "1\n2\n"]
    with Fresh():
        for name in [*NUMBERS, "slow_start"]:
            before = read(name)
            for text in bad:
                equal(write(name, text), errno.EINVAL, f"{name}={text!r:.40}")
                equal(read(name), before, f"{name} after {text!r:.40}")


def fuzz():
    """100,000 writes: each is taken whole or refused whole"""
    dice = random.Random(1)
    alphabet = b"0123456789-+x \n\tcalsihytr\0\xff"

    def text():
        kind = dice.randrange(4)
        if kind == 0:
            return str(dice.randint(-70000, 70000)).encode()
        if kind == 1:
            return str(dice.randint(-2 ** 70, 2 ** 70)).encode()
        if kind == 2:
            return bytes(dice.choice(alphabet)
                         for _ in range(dice.randint(1, 30)))
        return dice.choice(WORDS).encode() + dice.choice((b"", b"\n", b"x"))

    def number(data):
        """What strtol(3) in base 0 makes of all of it, or None."""
        try:
            stripped = data.decode("ascii").strip(" \n\t")
            if stripped.startswith("-+") or "_" in stripped or "\0" in stripped:
                return None
            digits = stripped.lstrip("+-")
            if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
                return int(stripped, 8)
            return int(stripped, 0)
        except (UnicodeDecodeError, ValueError):
            return None

    with Fresh():
        want = {name: read(name) for name in [*NUMBERS, "slow_start"]}
        taken = 0
        for _ in range(100000):
            name = dice.choice(list(want))
            data = text()
            if name == "slow_start":
                word = data.decode("latin-1").strip(" \n\t")
                good, value = word in WORDS, word
            else:
                value = number(data)
                good = value is not None and len(data) < 24 and \
                    NUMBERS[name][1] <= value <= NUMBERS[name][2]
            equal(write(name, data), 0 if good else errno.EINVAL,
                  f"{name}={data!r}")
            if good:
                want[name] = str(value)
                taken += 1
            if dice.randrange(20) == 0:
                equal(read(name), want[name], f"{name} after {data!r}")
        for name, value in want.items():
            equal(read(name), value, name)
        assert taken > 3000, f"only {taken} writes were good"


def isolated():
    """a namespace's parameters are its own"""
    with Fresh("params"):
        before = read("beta")
        with Fresh("params2") as other:
            equal(write("beta", 123), 0, "beta=123")
            equal(read("beta"), "123", "in the namespace")
        with Netns("params"):
            equal(read("beta"), before, "in another")
            assert other.name != "params"


def unprivileged():
    """who may not administrate a namespace reads, and cannot write"""
    with Fresh():
        refused = sh(f"setpriv --reuid 65534 --clear-groups --bounding-set=-all"
                     f" --inh-caps=-all sh -c 'cat {DIR}/beta;"
                     f" echo 1 >{DIR}/beta'", check=False)
        assert "700" in refused and "ermission denied" in refused, refused
        equal(read("beta"), "700", "beta")
    # Root of a user namespace administrates only what is its own.
    for inside, want in (("unshare -Urn", "100"), ("unshare -Ur", "700")):
        got = sh(f"setpriv --reuid 65534 --clear-groups {inside} sh -c"
                 f" 'echo 100 >{DIR}/beta; cat {DIR}/beta' 2>&1", check=False)
        equal(got.split()[-1], want, inside)
    equal(read("beta"), "700", "beta of the host")


def reduction(beta, change=None):
    """ssthresh / cwnd of the first loss of a connection begun with beta."""
    path = Path(delay_ms=10, rate="20mbit", limit=60)
    path.client.sysctl("ipv4/tcp_lucid/beta", beta)
    # It goes on until something is lost.
    path.client.sysctl("ipv4/tcp_lucid/slow_start", "classic")
    with Trace("reduction") as trace:
        flow = Flow(path, "lucid", size=1500000)
        if change:
            path.client.sysctl("ipv4/tcp_lucid/beta", change)
        flow.finish()
        flow.stop()
        cut = trace.read("reduction", cookie=flow.cookie)[0]
    return cut.beta, cut.ssthresh, cut["cwnd"]


def taken_at_start():
    """a connection keeps the beta it began with, whatever comes after"""
    for beta, change in ((500, None), (800, None), (800, 300)):
        got, ssthresh, cwnd = reduction(beta, change)
        equal(got, beta, "beta in force")
        equal(ssthresh, cwnd * beta // 1000, "ssthresh")


if __name__ == "__main__":
    run(defaults, short, bounds, junk, fuzz, isolated, unprivileged,
        taken_at_start)
