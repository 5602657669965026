# SPDX-License-Identifier: GPL-2.0-only
"""RFC 5681 and RFC 9438 in double precision, under deterministic loss.

Written from the text of the RFCs, in their units: segments and seconds. Shares
no code with module/. Every N-th segment is lost. The loss is found at once, and
the window is reduced at once; with recovery=True the round trip that fast
recovery takes passes too, in which a reduced window is sent and does not grow.
"""

import functools


class Reno:
    """RFC 5681, section 3.1, congestion avoidance."""

    reno_region = True

    def __init__(self, cwnd):
        self.cwnd = cwnd

    def ack(self, now, rtt):
        self.cwnd += 1 / self.cwnd

    def loss(self):
        self.cwnd = max(self.cwnd / 2, 2)


class Cubic:
    """RFC 9438, sections 4.2 to 4.7."""

    BETA = 0.7
    C = 0.4

    def __init__(self, cwnd, fast_convergence=True):
        self.fast_convergence = fast_convergence
        self.cwnd = self.w_max = self.cwnd_prior = cwnd
        self.t_epoch = None
        self.reno_region = False

    def _w_cubic(self, t):
        return self.C * (t - self.k) ** 3 + self.w_max

    def ack(self, now, rtt):
        if self.t_epoch is None:
            self.t_epoch = now
            self.w_est = self.cwnd
            self.w_max = max(self.w_max, self.cwnd)
            self.k = ((self.w_max - self.cwnd) / self.C) ** (1 / 3)
        t = now - self.t_epoch

        # 4.3
        alpha = 3 * (1 - self.BETA) / (1 + self.BETA)
        if self.w_est >= self.cwnd_prior:
            alpha = 1
        self.w_est += alpha / self.cwnd
        self.reno_region = self._w_cubic(t) < self.w_est
        if self.reno_region:
            self.cwnd = max(self.cwnd, self.w_est)
            return

        # 4.2, 4.4, 4.5
        target = min(max(self._w_cubic(t + rtt), self.cwnd), 1.5 * self.cwnd)
        self.cwnd += (target - self.cwnd) / self.cwnd

    def loss(self):
        # 4.7, 4.6
        if self.fast_convergence and self.cwnd < self.w_max:
            self.w_max = self.cwnd * (1 + self.BETA) / 2
        else:
            self.w_max = self.cwnd
        self.cwnd_prior = self.cwnd
        self.cwnd = max(self.cwnd * self.BETA, 2)
        self.t_epoch = None


def formula(rtt, every):
    """Average windows of Reno and CUBIC, RFC 9438, sections 5.1 and 5.2."""
    beta, c = Cubic.BETA, Cubic.C
    return ((1.5 * every) ** 0.5,
            (c * (3 + beta) / (4 * (1 - beta))) ** 0.25 *
            (rtt * every) ** 0.75)


def reno_region(rtt, every):
    """Is this a path where Reno is the faster of the two?"""
    reno, cubic = formula(rtt, every)
    return reno >= cubic


def average_window(model, rtt, every, start=1.0, recovery=False, cycles=8,
                   warm=12, **options):
    """Segments sent per round trip, over whole loss cycles.

    start: the first window, as a multiple of what the formulas say.
    """
    flow = model(start * max(formula(rtt, every)), **options)
    now = 1.0
    for cycle in range(warm + cycles):
        if cycle == warm:
            begin = now
        left = float(every)
        if recovery:
            # The window that is left is sent once, and does not grow.
            now += rtt
            left -= flow.cwnd
        while left > 0:
            now += rtt / flow.cwnd
            flow.ack(now, rtt)
            left -= 1
        flow.loss()
    return cycles * every * rtt / (now - begin)


@functools.lru_cache(None)
def ratio_range(rtt, every):
    """CUBIC's average window as a multiple of Reno's: the least and the most.

    Fast convergence has no single steady state: a flow that came from below
    stays below one that came from above.
    """
    reno = average_window(Reno, rtt, every)
    starts = (1,) if reno_region(rtt, every) else (0.5, 1, 2)
    ratios = [average_window(Cubic, rtt, every, start) / reno
              for start in starts]
    return min(ratios), max(ratios)
