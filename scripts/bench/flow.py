# SPDX-License-Identifier: GPL-2.0-only
"""A bulk transfer that costs next to nothing outside TCP, and its TCP_INFO."""

import mmap
import socket
import struct
import threading
import time

# Zeroes to send, and room to receive that is never touched.
CHUNK = mmap.mmap(-1, 16 << 20)

# Sent at once, so much ahead of the window. A flow that is to change its ways
# must not have megabytes waiting.
PIECE = memoryview(CHUNK)[:1 << 18]
AHEAD = 1 << 17

# The reader wakes up for so many bytes, or its wake-ups would cost more than
# TCP does.
LOWAT = 65536

TCP_INFO_LAYOUT = struct.Struct("<8B 24I 4Q 2I 4I 4Q 2I 2Q 4I")
TCP_INFO_NAMES = """
    state ca_state retransmits probes backoff options wscale flags
    rto ato snd_mss rcv_mss unacked sacked lost retrans fackets
    last_data_sent last_ack_sent last_data_recv last_ack_recv
    pmtu rcv_ssthresh rtt rttvar ssthresh cwnd advmss reordering
    rcv_rtt rcv_space total_retrans
    pacing_rate max_pacing_rate bytes_acked bytes_received
    segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out
    delivery_rate busy_time rwnd_limited sndbuf_limited
    delivered delivered_ce bytes_sent bytes_retrans
    dsack_dups reord_seen rcv_ooopack snd_wnd""".split()


def tcp_info(sock):
    """All of struct tcp_info (linux/tcp.h), times in microseconds."""
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                          TCP_INFO_LAYOUT.size)
    return dict(zip(TCP_INFO_NAMES, TCP_INFO_LAYOUT.unpack(raw)))


class Flow:
    """Data from one namespace to another until stop(), or size bytes.

    Inside a "with" it runs; samples come from poll().
    """

    def __init__(self, sender, receiver, address, cc, port=5000, size=None,
                 ahead=0):
        with receiver:
            listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, LOWAT)
        listener.bind((address, port))
        listener.listen(1)
        with sender:
            self.sock = socket.socket()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                             cc.encode())
        if ahead:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT,
                                 ahead)
        self.sock.connect((address, port))
        self.peer = listener.accept()[0]
        listener.close()
        # A name that was not taken would be measured under a wrong one.
        name = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                                    16).rstrip(b"\0").decode()
        if name != cc:
            raise RuntimeError(f"asked for {cc}, got {name}")
        self.cc = cc
        self.size = size
        # (bytes, seconds): send so much, wait so long, instead of all at once.
        self.trickle = None
        self.running = True
        self.threads = [threading.Thread(target=work)
                        for work in (self._send, self._receive)]

    def start(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _send(self):
        try:
            if self.size:
                for at in range(0, self.size, len(CHUNK)):
                    self.sock.sendall(memoryview(CHUNK)[:self.size - at])
                return
            while self.running:
                if self.trickle:
                    amount, pause = self.trickle
                    self.sock.send(memoryview(CHUNK)[:amount])
                    time.sleep(pause)
                else:
                    self.sock.send(PIECE)
        except OSError:
            pass  # stop() has cut it

    def _receive(self):
        try:
            while self.peer.recv_into(CHUNK, 0, socket.MSG_TRUNC):
                pass
        except OSError:
            pass
        self.ended = time.monotonic()

    def poll(self):
        """TCP_INFO now, with "time" in seconds."""
        info = tcp_info(self.sock)
        info["time"] = time.monotonic()
        return info

    def stop(self):
        """End at once: what is still to be sent is of no use to anybody."""
        self.running = False
        self.peer.shutdown(socket.SHUT_RD)
        self.threads[1].join()
        # With data unread, or yet to come, this is a reset.
        self.peer.close()
        self.threads[0].join()
        self.sock.close()

    def wait(self):
        """Until all of size has arrived; returns the seconds that took."""
        self.threads[0].join()
        self.sock.shutdown(socket.SHUT_WR)
        self.threads[1].join()
        self.sock.close()
        self.peer.close()
        return self.ended - self.began
