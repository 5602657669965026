#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guest's part of `lab bench`: run.py [--quick] [--part I/N] NAME...

NAME is grid or a scenario. Leaves NAME.tsv in /out, for table.py. Work is
dealt out to N guests, always the same to each, because what runs before in a
guest has an influence, however small, on what runs after.
"""

import argparse
import os
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../selftests")]

import grid  # noqa: E402
import scenarios  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

OUT = "/out"


def write(name, columns, rows):
    """Append rows to a table, its first line the names of the columns."""
    path = f"{OUT}/{name}.tsv"
    new = not os.path.exists(path)
    with open(path, "a") as file:
        if new:
            print(*columns, sep="\t", file=file)
        for row in rows:
            print(*row, sep="\t", file=file, flush=True)


def uptime():
    """Seconds since boot, on the guest's clock."""
    with open("/proc/uptime") as file:
        return float(file.read().split()[0])


def explain(name):
    """What the table of a scenario is about, for those who read it."""
    scenario = SCENARIOS[name]
    with open(f"{OUT}/{name}.txt", "w") as file:
        print(scenario.TITLE, f"Expected: {scenario.EXPECT}", sep="\n\n",
              file=file)


def units(names, quick):
    """All work there is, as (title, table, columns, function that gives rows)."""
    for name in names:
        if name == "grid":
            for rtt, every in grid.QUICK if quick else grid.CELLS:
                yield (f"grid {rtt} ms, 1/{every}", "grid", grid.COLUMNS,
                       lambda rtt=rtt, every=every: grid.cell(rtt, every, quick))
        else:
            scenario = SCENARIOS[name]
            yield (name, name, scenario.COLUMNS,
                   lambda scenario=scenario: scenario.rows(quick))


def main():
    scenarios.load()
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--part", default="1/1")
    parser.add_argument("names", nargs="+", metavar="NAME",
                        choices=["grid", *SCENARIOS])
    args = parser.parse_args()
    part, parts = (int(number) for number in args.part.split("/"))

    failed = False
    for title, table, columns, rows in list(
            units(args.names, args.quick))[part - 1::parts]:
        began = uptime()
        try:
            write(table, columns, rows())
            if table in SCENARIOS:
                explain(table)
        except Exception:  # the others are still worth having
            traceback.print_exc()
            failed = True
        print(f"{title}: {uptime() - began:.1f} s of the guest's time",
              flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
