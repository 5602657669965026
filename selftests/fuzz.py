#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hostile input: whatever the module lets anybody write to or ask for, with values
that make no sense, by those who may and by those who may not. The numbers that
net.ipv4.tcp_lucid.* take are params.py's; see endure.py.
"""

import ctypes
import errno
import fcntl
import os
import random
import re
import socket
import struct

from endure import (CONTROLS, MODULE, NOBODY, SYS_DELETE_MODULE,
                    SYS_FINIT_MODULE, Quiet, Worker, capabilities, get_control,
                    left_behind, load, module_file, noise, set_control, syscall,
                    times, unload_soon)
from lucid import (TRACEFS, Path, Skip, Trace, equal, ksft, libc, run, sh,
                   wait)
from params import DIR, NUMBERS, WORDS, Fresh, read, write

EVENTS = f"{TRACEFS}/events/tcp_lucid"
PARAMETER = f"{MODULE}/parameters/capabilities"
TCP_CC_INFO, TCP_CONGESTION = 26, socket.TCP_CONGESTION
SYS_PERF_EVENT_OPEN = 298
NAMES = [*NUMBERS, "slow_start"]


def refused(function, *args):
    """The error number of a call that should not work, 0 if it does."""
    try:
        function(*args)
    except OSError as why:
        return why.errno
    return 0


def offsets():
    """a parameter is written at its beginning and in one piece, or not at all"""
    dice = random.Random(1)
    pieces = [b"", b"1", b"7", b"70", b"700", b"700\n", b"hystart", b"\0", b" "]
    with Fresh(), Quiet():
        for _ in range(times(2000)):
            name, piece = dice.choice(NAMES), dice.choice(pieces)
            at = dice.choice((1, 2, 3, 23, 24, 4095, 4096, 2 ** 31, 2 ** 40,
                              2 ** 62))
            before = read(name)
            fd = os.open(f"{DIR}/{name}", os.O_RDWR)
            equal(refused(os.pwrite, fd, piece, at), errno.EINVAL,
                  f"{piece!r} at {at} to {name}")
            # In many pieces, of which the first may be a value.
            parts = [dice.choice(pieces) for _ in range(dice.randint(2, 9))]
            whole = b"".join(parts)
            why = write(name, whole)
            now = read(name)
            if why:
                equal(now, before, f"{name} after {whole!r}")
            # Of nothing at all the kernel does not even tell the module.
            equal(refused(os.writev, fd, parts), why if whole else 0,
                  f"{parts} to {name}")
            equal(read(name), now, f"{name} after {parts}")
            os.close(fd)


def sizes():
    """what is longer than a value can be is refused, up to megabytes of it"""
    with Fresh(), Quiet():
        for name in NAMES:
            before = read(name)
            for size in (24, 25, 63, 64, 255, 4095, 4096, 4097, 65536, 10 ** 6,
                         2 ** 22):
                for text in (b"0" * size, b" " * size, b"\0" * size,
                             b" " * (size - 3) + b"700", b"7" + b" " * (size - 1)):
                    why = write(name, text)
                    assert why in (errno.EINVAL, errno.ENOMEM), \
                        f"{size} bytes to {name}: {why}"
            equal(read(name), before, name)


def other_calls():
    """a parameter is no other kind of file, and nobody can change what it is"""
    with Fresh(), Quiet():
        for name in NAMES:
            file, before = f"{DIR}/{name}", read(name)
            fd = os.open(file, os.O_RDWR)
            for call, args in (
                    (os.unlink, (file, )), (os.rename, (file, f"{DIR}/x")),
                    (os.chmod, (file, 0o666)), (os.chown, (file, NOBODY, NOBODY)),
                    (os.link, (file, f"{DIR}/x")), (os.mkdir, (f"{DIR}/x", )),
                    (os.rmdir, (DIR, )), (os.symlink, (file, f"{DIR}/x")),
                    (os.open, (f"{DIR}/x", os.O_CREAT | os.O_RDWR)),
                    (os.setxattr, (file, "user.x", b"x")),
                    (os.posix_fallocate, (fd, 0, 4096)),
                    (fcntl.ioctl, (fd, 0x5401, b"" * 64))):
                assert refused(call, *args), f"{call.__name__} of {name}"
            os.close(fd)
            equal((read(name), os.stat(file).st_mode & 0o7777), (before, 0o644),
                  name)
        equal(sorted(os.listdir(DIR)), sorted(NAMES), "parameters")


def caller(running):
    """Connections, which take the parameters as they are at the moment."""
    listener = socket.create_server(("127.0.0.1", 5000))
    count = 0
    while running():
        sock = socket.socket()
        equal(set_control(sock, CONTROLS[count % 2]), 0, "error")
        sock.connect(("127.0.0.1", 5000))
        peer = listener.accept()[0]
        sock.sendall(bytes(20000))
        sock.close()
        peer.close()
        count += 1
    return count


def together():
    """many write and read one parameter at once: each reads what one has written"""
    values = {name: sorted({least, most, first})
              for name, (first, least, most) in NUMBERS.items()}
    values["slow_start"] = list(WORDS)
    known = {name: {str(value) for value in some}
             for name, some in values.items()}

    def writer(seed):
        dice = random.Random(seed)

        def work(running):
            count = 0
            while running():
                name = dice.choice(NAMES)
                good = dice.random() < 0.7
                value = dice.choice(values[name]) if good else "7 7"
                equal(write(name, value), 0 if good else errno.EINVAL,
                      f"{name}={value}")
                count += 1
            return count
        return work

    def reader(running):
        count, found = 0, {name: set() for name in NAMES}
        while running():
            for name in NAMES:
                found[name].add(read(name))
                count += 1
        for name, some in found.items():
            assert some <= known[name], f"{name}: {some - known[name]}"
        return count, max(map(len, found.values()))

    with Fresh("fuzz") as ns:
        sh("ip link set lo up", netns="fuzz")
        with Quiet(), Worker(writer(1), ns) as one, \
                Worker(writer(2), ns) as other, \
                Worker(reader, ns) as reads, Worker(caller, ns) as calls:
            wait(times(2))
    ksft.print_msg(f"{one.result + other.result} writes, {reads.result[0]} "
                   f"reads, {calls.result} connections")
    assert min(one.result, other.result, reads.result[0]) > times(300)
    assert reads.result[1] == 3 and calls.result > times(20)


def module_parameter():
    """the module's own parameter cannot be set, neither now nor at load time"""
    with Quiet():
        before = capabilities()
        for text in (b"", b"0", b"1", b"0xffffffffffffffffffff", b"-1", b"\0",
                     b"x" * 4096):
            fd = -1
            try:
                fd = os.open(PARAMETER, os.O_WRONLY)
                why = refused(os.write, fd, text)
            except OSError as error:
                why = error.errno
            finally:
                if fd >= 0:
                    os.close(fd)
            assert why in (errno.EACCES, errno.EPERM, errno.EIO), \
                f"{text[:20]!r}: {why}"
        equal(os.stat(PARAMETER).st_mode & 0o7777, 0o444, "mode")
        unload_soon(20)
        fd = os.open(module_file(), os.O_RDONLY)
        for text in ("capabilities=0", "capabilities=", "capabilities=-1",
                     "capabilities=0x1 capabilities=2", 'capabilities="0 0"'):
            equal(syscall(SYS_FINIT_MODULE, fd, text.encode(), 0), errno.EPERM,
                  f"insmod {text}")
            equal(left_behind(), [], f"left behind by insmod {text}")
        # Without a value it is the kernel that refuses, and says so.
        equal(syscall(SYS_FINIT_MODULE, fd, b"capabilities", 0), errno.EINVAL,
              "insmod capabilities")
        # The kernel warns of what it does not know, and goes on.
        equal(syscall(SYS_FINIT_MODULE, fd, b" \t ", 0), 0, "insmod of blanks")
        os.close(fd)
        equal(capabilities(), before, "capabilities")


def half_a_module():
    """a module file that is cut off is refused, and leaves nothing behind"""
    with open(module_file(), "rb") as file:
        whole = file.read()
    dice = random.Random(2)
    unload_soon(20)
    for number in range(times(20)):
        fd = os.memfd_create("module")
        size = dice.randrange(len(whole) - 1) if number else 0
        os.write(fd, whole[:size])
        # The kernel reads from an open file that nobody can write to.
        readable = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
        os.close(fd)
        why = syscall(SYS_FINIT_MODULE, readable, b"", 0)
        os.close(readable)
        assert why, f"{size} of {len(whole)} bytes were taken"
        equal(left_behind(), [], "left behind")
    equal(load(), 0, "error of finit_module()")
    equal(capabilities(), 0xfff3f, "capabilities")


def control_names():
    """TCP_CONGESTION with any bytes: the kernel's names, and no other, are taken"""
    with open("/proc/sys/net/ipv4/tcp_allowed_congestion_control") as file:
        allowed = file.read().split()
    assert set(CONTROLS) <= set(allowed), allowed

    def work(running):
        dice = random.Random(3)
        socks = [socket.socket(), socket.socket(socket.AF_INET6)]
        taken = 0
        for number in range(times(20000)):
            sock = socks[number % 2]
            name = dice.choice(allowed).encode()
            text = (lambda: name, lambda: name + b"\0" + noise(9, number),
                    lambda: name[:dice.randrange(len(name) + 1)],
                    lambda: name + dice.choice((b" ", b"\n", b"_", b"x", b"2")),
                    lambda: name.upper(),
                    lambda: noise(dice.choice((1, 5, 15, 16, 17, 100)), number),
                    lambda: name.ljust(dice.choice((15, 16, 17, 5000)), b"\0"),
                    lambda: b"")[number % 8]()
            means = text[:15].split(b"\0")[0].decode("latin-1")
            want = errno.EINVAL if not text else \
                0 if means in allowed else errno.ENOENT
            before = get_control(sock)
            # Some are the kernel's, but not for everybody.
            why = set_control(sock, text)
            if why == errno.EPERM:
                want = why
            equal(why, want, f"{text[:40]!r}")
            equal(get_control(sock), before if why else means, f"{text[:40]!r}")
            taken += not why
        return taken
    with Quiet(), Worker(work, user=NOBODY) as worker:
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    ksft.print_msg(f"{worker.result} of {times(20000)} were taken")
    assert worker.result > times(2000), "hardly any was taken"


def raw_sockopt(sock, get, name, buffer, length):
    """The error number of getsockopt() or setsockopt() with any arguments, and
    the length that getsockopt() has written."""
    ctypes.set_errno(0)
    size = ctypes.c_int(length)
    if get:
        done = libc.getsockopt(sock.fileno(), socket.IPPROTO_TCP, name,
                               buffer, ctypes.byref(size))
    else:
        done = libc.setsockopt(sock.fileno(), socket.IPPROTO_TCP, name,
                               buffer, ctypes.c_uint(length))
    return ctypes.get_errno() if done else 0, size.value


def cc_info_lengths():
    """TCP_CC_INFO of every length, also none and below 0, to any address"""
    path = Path()
    idle = path.socket(cc="lucid")
    listener = path.listen()
    set_control(listener, "lucid_reno")
    ends = path.pair(cc="lucid", port=5001)
    buffer = ctypes.create_string_buffer(300)
    with Quiet():
        for sock in (idle, listener, *ends):
            ours = get_control(sock) in CONTROLS
            for length in range(0, 200):
                buffer.raw = b"\xaa" * 300
                why, size = raw_sockopt(sock, True, TCP_CC_INFO, buffer, length)
                equal(why, 0, f"error with {length} bytes")
                if ours:
                    equal(size, min(length, 20), f"answer to {length}")
                equal(buffer.raw[size:], b"\xaa" * (300 - size),
                      f"what is behind {size} bytes")
            for length in (-1, -2 ** 31):
                equal(raw_sockopt(sock, True, TCP_CC_INFO, buffer, length)[0],
                      errno.EINVAL, f"error with {length} bytes")
            for length in (2 ** 31 - 1, 10 ** 6):
                why, size = raw_sockopt(sock, True, TCP_CC_INFO, buffer, length)
                equal((why, size if ours else 20), (0, 20), f"{length} bytes")
            for where in (None, ctypes.c_void_p(1), ctypes.c_void_p(2 ** 47),
                          ctypes.c_void_p(2 ** 64 - 4096)):
                if ours:
                    equal(raw_sockopt(sock, True, TCP_CC_INFO, where, 20)[0],
                          errno.EFAULT, f"error with {where}")
                equal(raw_sockopt(sock, True, TCP_CONGESTION, where, 16)[0],
                      errno.EFAULT, f"error with {where}")
                equal(raw_sockopt(sock, False, TCP_CONGESTION, where, 16)[0],
                      errno.EFAULT, f"error with {where}")
            equal(raw_sockopt(sock, False, TCP_CC_INFO, buffer, 20)[0],
                  errno.ENOPROTOOPT, "setting TCP_CC_INFO")
    for sock in (idle, listener, *ends):
        sock.close()


def fields(event):
    """Names and types of an event's own fields."""
    with open(f"{EVENTS}/{event}/format") as file:
        found = re.findall(r"^\tfield:(.*?) ?(\w+)(\[\d*\])?;", file.read(), re.M)
    return [(name, kind, bool(array)) for kind, name, array in found
            if not name.startswith("common_")]


def event_names():
    return sorted(name for name in os.listdir(EVENTS)
                  if os.path.isdir(f"{EVENTS}/{name}"))


def put(file, data):
    """The error number of one write to a file of tracefs."""
    fd = os.open(file, os.O_WRONLY)
    try:
        return refused(os.write, fd, data)
    finally:
        os.close(fd)


def event_files():
    """junk in each file of each event is refused, and none is on after it"""
    junk = [b"2", b"-1", b"x", b"\0", b"1 1", b"y" * 5000, b"\xff\xfe",
            b"99999999999999999999"]
    with Quiet():
        for event in event_names():
            for text in junk:
                assert put(f"{EVENTS}/{event}/enable", text), \
                    f"{text[:20]!r} to {event}/enable"
            for text in (b"(", b"sport ==", b"== 5000", b"nosuch == 1",
                         b"sport ~ 'x'", b"sport == 5000)",
                         b"!", b"((((" * 500, b"\xff" * 4000, b"x" * 8000):
                assert put(f"{EVENTS}/{event}/filter", text), \
                    f"{text[:20]!r} to {event}/filter"
            for text in (b"hist", b"hist:keys=", b"hist:keys=nosuch",
                         b"hist:keys=sport:vals=nosuch", b"x", b"hist:keys=sport"
                         b":size=-1", b"traceon:x", b"enable_event:tcp_lucid:x",
                         b"hist:keys=" + b"sport," * 900):
                assert put(f"{EVENTS}/{event}/trigger", text), \
                    f"{text[:20]!r} to {event}/trigger"
            for file in ("format", "id"):
                assert refused(os.open, f"{EVENTS}/{event}/{file}",
                               os.O_WRONLY) or put(f"{EVENTS}/{event}/{file}",
                                                   b"1"), f"{event}/{file}"
            # After a filter that is none the file has what was wrong with it.
            equal(put(f"{EVENTS}/{event}/filter", b"0"), 0, "filter cleared")
            untouched(event)
        for text in junk:
            assert put(f"{EVENTS}/enable", text), f"{text[:20]!r} to enable"


def untouched(event):
    """It is off, with no filter and no trigger."""
    with open(f"{EVENTS}/{event}/enable") as file:
        equal(file.read(), "0\n", f"{event}/enable")
    with open(f"{EVENTS}/{event}/filter") as file:
        equal(file.read(), "none\n", f"{event}/filter")
    with open(f"{EVENTS}/{event}/trigger") as file:
        equal([line for line in file if line[0] != "#"], [], f"{event}/trigger")


def files_together():
    """many write and read the files of events and the capabilities at once, under
    traffic"""
    names = event_names()
    # What may be said of each: a trigger may be there already, or be gone.
    writes = {("enable", b"1"): {0}, ("enable", b"0"): {0},
              ("enable", b"7 7"): {errno.EINVAL},
              ("filter", b"common_pid > 1"): {0}, ("filter", b"0"): {0},
              ("filter", b"nosuch == 1"): {errno.EINVAL},
              ("trigger", b"hist:keys=common_pid"): {0, errno.EEXIST},
              ("trigger", b"!hist:keys=common_pid"): {0, errno.ENOENT}}

    def writer(seed):
        def work(running):
            dice, count = random.Random(seed), 0
            while running():
                (file, text), may = dice.choice(list(writes.items()))
                # "": all of them at once, where no error is told.
                event = dice.choice(names if file == "trigger" or b"nosuch" in text
                                    else [*names, ""])
                why = put(f"{EVENTS}/{event}/{file}", text)
                assert why in may, f"{event}/{file}: error {why} of {text}"
                count += 1
            return count
        return work

    def reader(running):
        count = 0
        files = [f"{EVENTS}/{event}/{file}" for event in names
                 for file in ("enable", "filter", "format", "hist", "id", "trigger")
                 if os.path.exists(f"{EVENTS}/{event}/{file}")]
        while running():
            for file in (*files, f"{EVENTS}/enable", f"{EVENTS}/filter", PARAMETER):
                with open(file) as lines:
                    assert lines.read() or file.endswith("hist"), f"{file}: empty"
                count += 1
            equal(capabilities(), 0xfff3f, "capabilities")
        return count

    with Fresh("fuzz") as ns:
        sh("ip link set lo up", netns="fuzz")
        with Quiet(), Worker(writer(1)) as one, Worker(writer(2)) as other, \
                Worker(reader) as reads, Worker(caller, ns) as calls:
            wait(times(2))
        for event in names:
            put(f"{EVENTS}/{event}/trigger", b"!hist:keys=common_pid")
        equal((put(f"{EVENTS}/filter", b"0"), put(f"{EVENTS}/enable", b"0")), (0, 0),
              "errors")
        for event in names:
            untouched(event)
    ksft.print_msg(f"{one.result + other.result} writes, {reads.result} reads, "
                   f"{calls.result} connections")
    assert min(one.result, other.result, reads.result) > times(10)
    assert calls.result > times(20)


def filters():
    """a filter on any field of any event, with any value, under traffic"""
    path = Path(delay_ms=1)
    dice = random.Random(4)
    numbers = ("0", "-1", "1", "0xffffffff", "4294967295", "-2147483648",
               "18446744073709551615", "0x7fffffffffffffff")
    count = 0
    with Quiet(), Trace("state", "handshake", "summary", "window", "close"):
        for event in event_names():
            for name, kind, array in fields(event):
                if array or "char" in kind:
                    text = f'{name} {dice.choice(("==", "!=", "~"))} "*a*"' \
                        if "char" in kind else None
                else:
                    text = f"{name} {dice.choice(('==', '<', '>=', '&', '!='))} " \
                        f"{dice.choice(numbers)}"
                if text and not put(f"{EVENTS}/{event}/filter", text.encode()):
                    count += 1
            if event in ("state", "handshake", "window"):
                client, server = path.pair(cc="lucid")
                client.close()
                server.close()
            equal(put(f"{EVENTS}/{event}/filter", b"0"), 0, "filter cleared")
    ksft.print_msg(f"{count} filters")
    assert count > 200, f"only {count} filters were taken"


def injected():
    """events with any values in their fields are printed, whatever they mean"""
    if not os.path.exists(f"{EVENTS}/state/inject"):
        raise Skip("kernel without CONFIG_TRACE_EVENT_INJECT")
    dice = random.Random(5)
    values = 0, 1, 255, 2 ** 31, 2 ** 64 - 1
    # A number beyond the largest signed one the kernel does not read.
    signed = *values[:-1], -1, -2 ** 63
    # Until an event is switched on the buffer has room for a few only.
    put(f"{TRACEFS}/buffer_size_kb", b"1408")
    with Quiet():
        for event in event_names():
            scalars = [(name, signed if kind.startswith("__s") else values)
                       for name, kind, array in fields(event)
                       if not array and "char" not in kind]
            for _ in range(times(20)):
                text = " ".join(f"{name}={dice.choice(choices)}"
                                for name, choices in scalars)
                equal(put(f"{EVENTS}/{event}/inject", text.encode()), 0, text)
        shown = sh(f"cat {TRACEFS}/trace; echo > {TRACEFS}/trace")
    for event in event_names():
        assert f" {event}: " in shown, f"{event} was not printed"


def as_nobody(command, *unshare):
    """What a command prints as nobody, in new namespaces if told to."""
    return sh(f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "
              "--bounding-set=-all --inh-caps=-all "
              f"{' '.join(unshare)} sh -c {shell_quote(command)} 2>&1",
              check=False).strip()


def shell_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


SHOW = f"cd {DIR}; for f in *; do echo $f is $(cat $f); done"


def shown(said):
    """Parameters as SHOW has shown them."""
    return dict(re.findall(r"^(\w+) is (\S*)$", said, re.M))


def nobody():
    """who has no privileges reads parameters, and has nothing else of the module"""
    with Quiet():
        equal(shown(as_nobody(SHOW)), {name: read(name) for name in NAMES},
              "what nobody reads")
        said = as_nobody(f"cd {DIR}; for f in *; do echo 1 >$f; done")
        equal(said.count("ermission denied"), len(NAMES), f"refused: {said}")
        for file in (EVENTS, f"{EVENTS}/state/format", f"{TRACEFS}/trace",
                     "/sys/kernel/debug/tracing"):
            assert "ermission denied" in as_nobody(f"ls {file}"), file
            assert "ermission denied" in as_nobody(f"cat {file}"), file
        equal(as_nobody(f"cat {PARAMETER}"), str(capabilities()), PARAMETER)
        # Where the module is in memory is no business of theirs.
        said = as_nobody(f"cat {MODULE}/sections/.text")
        assert "ermission denied" in said, said
        equal({line.split()[0].strip("0") for line in
               as_nobody("grep tcp_lucid /proc/kallsyms").splitlines()}, {""},
              "addresses in /proc/kallsyms")

        with open(f"{EVENTS}/state/id") as file:
            number = int(file.read())

        def perf(_):
            # A tracepoint of this process alone; and of all, on CPU 0.
            attr = struct.pack("=IIQQQQQ80x", 2, 128, number, 1, 1024, 0, 0)
            return [syscall(SYS_PERF_EVENT_OPEN, attr, pid, cpu, -1, 0)
                    for pid, cpu in ((0, -1), (-1, 0))] + \
                [syscall(SYS_DELETE_MODULE, b"tcp_lucid", os.O_NONBLOCK)]
        equal(len(struct.pack("=IIQQQQQ80x", *[0] * 7)), 128, "perf_event_attr")
        with Worker(perf, user=NOBODY) as worker:
            pass
    equal([why in (errno.EACCES, errno.EPERM) for why in worker.result],
          [True] * 3, f"perf_event_open(), delete_module(): {worker.result}")


def user_namespace():
    """root of a user namespace has the parameters of its own network, no more"""
    own, shared = ("unshare", "-Urn"), ("unshare", "-Ur")
    with Quiet():
        before = {name: read(name) for name in NAMES}
        equal(sorted(as_nobody(f"ls {DIR}", *own).split()), sorted(NAMES),
              "parameters")
        said = as_nobody(f"cd {DIR}; for f in *; do stat -c '%n %a' $f; done",
                         *own)
        equal(set(said.splitlines()), {f"{name} 644" for name in NAMES}, "modes")
        small = f"cd {DIR}; for f in *; do echo 1 >$f; done; " \
            "echo classic >slow_start; "
        equal(shown(as_nobody(small + SHOW, *own)),
              {name: "classic" if name == "slow_start" else "1"
               for name in NAMES}, "parameters of its own")
        equal(shown(as_nobody(f"cd {DIR}; for f in *; do echo -1 >$f; done;"
                              + SHOW, *own)),
              {name: str(NUMBERS[name][0]) if name in NUMBERS else "hystart"
               for name in NAMES}, "its own, after -1")
        said = as_nobody(small, *shared)
        equal(said.count("ermission denied"), len(NAMES) + 1,
              f"the host's, refused: {said}")
        equal({name: read(name) for name in NAMES}, before, "the host's")
        for inside in own, shared, ("unshare", "-Urnm"):
            for command in (f"ls {EVENTS}", f"cat {TRACEFS}/trace",
                            f"echo 1 >{EVENTS}/enable",
                            "mount -t tracefs none /mnt && ls /mnt/events",
                            "mount -t debugfs none /mnt && ls /mnt/tracing",
                            "rmmod tcp_lucid", "modprobe tcp_lucid && "
                            "rmmod tcp_lucid"):
                said = as_nobody(command, *inside)
                assert re.search("ermi(ssion denied|tted)", said), \
                    f"{command} in {inside}: {said}"
        assert os.path.isdir(MODULE), "the module is gone"


def no_autoload():
    """root of a user namespace cannot have the module loaded by naming a control"""
    command = ("sysctl -w net.ipv4.tcp_congestion_control=NAME; "
               "python3 -c 'import socket\ns = socket.socket()\n"
               "s.setsockopt(6, 13, b\"NAME\")'; ip link set lo up; ip route "
               "add 10.0.0.0/8 dev lo congctl NAME")
    with Quiet():
        unload_soon(20)
        for name in CONTROLS:
            as_nobody(command.replace("NAME", name), "unshare", "-Urn")
            equal(left_behind(), [], f"loaded by naming {name}")
        equal(load(), 0, "error of finit_module()")
        # The same, when it is there: both are for everybody.
        for name in CONTROLS:
            said = as_nobody(command.replace("NAME", name) + "; cat /proc/sys/"
                             "net/ipv4/tcp_congestion_control; ip route",
                             "unshare", "-Urn")
            assert "rror" not in said, said
            equal(said.count(name), 3, f"{name} in {said}")


run(offsets, sizes, other_calls, together, module_parameter, half_a_module,
    control_names, cc_info_lengths, event_files, files_together, filters, injected,
    nobody, user_namespace, no_autoload)
