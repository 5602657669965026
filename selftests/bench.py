#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A few cells of the grid that `scripts/lab bench` measures whole: average
windows under deterministic loss, beside in-tree reno and the oracle's RFC 9438.
"""

import functools
import os
import sys

from lucid import Skip, equal, near, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scripts/bench"))
try:
    import grid
    import oracle
    from path import Link
except ModuleNotFoundError as error:
    if error.name not in ("grid", "oracle", "path"):
        raise
    grid = None

# RTT in ms, 1/p.
CELLS = ((1, 100), (10, 100), (1, 1000))


@functools.lru_cache(None)
def measured(cc, rtt, every):
    """A control's row of the table, measured once."""
    if not grid:
        raise Skip("needs scripts/bench of the source tree")
    return grid.average_window(link(), cc, rtt, every)


@functools.lru_cache(None)
def link():
    return Link()


def over_reno(cc, rtt, every):
    return measured(cc, rtt, every)["window"] / \
        measured("reno", rtt, every)["window"]


def path_is_right():
    """the round trip is the nominal one, and every N-th packet is lost"""
    for rtt, every in CELLS:
        row = measured("reno", rtt, every)
        assert rtt <= row["rtt_us"] / 1000 <= 1.2 * rtt, f"RTT: {row}"
        near(row["packets_per_s"] * row["seconds"] / row["losses"], every,
             0.1 * every, f"packets for each loss: {row}")
        equal(row["control"], "reno", "control")


def lucid_reno_is_reno():
    """lucid_reno has in-tree reno's average window, within 2 %"""
    for rtt, every in CELLS:
        near(over_reno("lucid_reno", rtt, every), 1, 0.02,
             f"{rtt} ms, 1/{every}: lucid_reno/reno")


def not_below_reno():
    """RFC 9438, 4.3: where Reno sets the pace lucid has at least 0.98 of it"""
    for rtt, every in CELLS:
        assert oracle.reno_region(rtt / 1000, every), "not a cell of Reno's"
        ratio = over_reno("lucid", rtt, every)
        assert ratio >= 0.98, f"{rtt} ms, 1/{every}: lucid/reno {ratio:.3f}"


def as_the_oracle():
    """lucid/reno is within 10 % of what RFC 9438 and RFC 5681 lead to"""
    for rtt, every in CELLS:
        low, high = oracle.ratio_range(rtt / 1000, every)
        ratio = over_reno("lucid", rtt, every)
        assert 0.9 * low <= ratio <= 1.1 * high, \
            f"{rtt} ms, 1/{every}: lucid/reno {ratio:.3f}, RFC {low:.3f}" \
            f" to {high:.3f}"


def oracle_agrees_with_tables():
    """the oracle itself has the average windows of RFC 9438, Tables 1 and 2"""
    if not grid:
        raise Skip("needs scripts/bench of the source tree")
    for rtt, every, published in ((0.1, 100, 12), (0.1, 1000, 38),
                                  (0.01, 100, 12), (0.01, 1000, 38)):
        near(oracle.average_window(oracle.Cubic, rtt, every), published,
             0.06 * published, f"CUBIC at {rtt} s, 1/{every}")
        near(oracle.average_window(oracle.Reno, rtt, every), published,
             0.03 * published, f"Reno at {rtt} s, 1/{every}")


run(oracle_agrees_with_tables, path_is_right, lucid_reno_is_reno,
    not_below_reno, as_the_oracle)
