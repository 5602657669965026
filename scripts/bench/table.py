#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The host's part of `lab bench`: table.py DIR TABLE...

Reads DIR/TABLE.tsv (and .txt, what a scenario is about), writes DIR/TABLE.md
and to the terminal. Of the grid it passes a verdict: exits with 1 if a target is
missed.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import oracle  # noqa: E402

# Targets, as parts of one.
ORACLE_TOLERANCE = 0.10		# lucid/reno off the oracle's CUBIC/Reno
RENO_AT_LEAST = 0.98		# lucid/reno where RFC 9438's Reno region applies
SAME_AS_RENO = 0.02		# lucid_reno/reno off one
RTT_TOLERANCE = 0.10		# measured RTT above nominal: said, not judged


def read(path):
    with open(path) as file:
        names, *rows = (line.rstrip("\n").split("\t") for line in file)
    return names, rows


def markdown(names, rows):
    """A table with columns of even width."""
    rows = [[str(field) for field in row] for row in rows]
    widths = [max(len(row[at]) for row in [names, *rows])
              for at in range(len(names))]
    lines = [names, ["-" * (width - 1) + ":" for width in widths], *rows]
    return "".join("| " + " | ".join(field.rjust(width) for field, width
                                     in zip(line, widths)) + " |\n"
                   for line in lines)


class Cell:
    """One path of the grid: every control's row, and what the RFCs expect."""

    def __init__(self, rtt_ms, every):
        self.rtt_ms, self.every = rtt_ms, every
        self.rows = {}

    def window(self, control):
        return float(self.rows[control]["window"])

    def ratio(self, control):
        """To in-tree reno in the same guest: the mean of both its runs."""
        return self.window(control) / (
            (self.window("reno") + self.window("reno2")) / 2)

    def verdicts(self):
        """Names of the targets that are missed."""
        low, high = oracle.ratio_range(self.rtt_ms / 1000, self.every)
        lucid = self.ratio("lucid")
        if lucid < low * (1 - ORACLE_TOLERANCE):
            yield "below oracle"
        if lucid > high * (1 + ORACLE_TOLERANCE):
            yield "above oracle"
        if lucid < RENO_AT_LEAST and \
                oracle.reno_region(self.rtt_ms / 1000, self.every):
            yield "below Reno"
        if abs(self.ratio("lucid_reno") - 1) > SAME_AS_RENO:
            yield "lucid_reno"

    def line(self):
        rtt = max(float(row["rtt_us"]) for row in self.rows.values()) / 1000
        far = rtt > self.rtt_ms * (1 + RTT_TOLERANCE)
        low, high = oracle.ratio_range(self.rtt_ms / 1000, self.every)
        missed = list(self.verdicts())
        return [
            self.rtt_ms, f"1/{self.every}", f"{rtt:.2f}{'!' if far else ''}",
            *(f"{self.window(control):.2f}"
              for control in ("reno", "lucid_reno", "cubic", "lucid")),
            f"{100 * abs(self.window('reno2') / self.window('reno') - 1):.1f} %",
            f"{self.ratio('lucid_reno'):.3f}", f"{self.ratio('cubic'):.3f}",
            f"{self.ratio('lucid'):.3f}",
            f"{low:.2f}" if high - low < 0.01 else f"{low:.2f}-{high:.2f}",
            "MISS: " + ", ".join(missed) if missed else "PASS"]


GRID_COLUMNS = ["RTT", "p", "seen", "reno", "lucid_reno", "cubic", "lucid",
                "noise", "lucid_reno/reno", "cubic/reno", "lucid/reno",
                "RFC", "targets"]

GRID_TEXT = f"""\
Average window in packets: packets delivered per second times the mean measured
RTT (ms; the largest of all controls is in "seen", with a ! if it is more than
{RTT_TOLERANCE:.0%} above nominal: the guest's processor, 1 instruction per ns,
is part of the path then). "noise" is what two measurements of in-tree reno
differ by, "/reno" is relative to the mean of both. "RFC" is CUBIC over Reno in
oracle.py: a range where the rules lead to several cycles.
Targets: lucid/reno within {ORACLE_TOLERANCE:.0%} of RFC, and at least \
{RENO_AT_LEAST} where RFC 9438's
Reno region applies; lucid_reno/reno within {SAME_AS_RENO:.0%} of 1.
"""


def grid_table(directory):
    names, rows = read(f"{directory}/grid.tsv")
    cells = {}
    for row in rows:
        row = dict(zip(names, row))
        key = int(row["every"]), int(row["rtt_ms"])
        cells.setdefault(key, Cell(key[1], key[0])).rows[row["control"]] = row
    cells = [cells[key] for key in sorted(cells)]
    missed = sum(any(cell.verdicts()) for cell in cells)
    text = (f"## grid\n\n{GRID_TEXT}\n" +
            markdown(GRID_COLUMNS, [cell.line() for cell in cells]) +
            f"\n{len(cells) - missed} of {len(cells)} cells meet all targets.\n")
    return text, missed


def scenario_table(directory, name):
    names, rows = read(f"{directory}/{name}.tsv")
    with open(f"{directory}/{name}.txt") as file:
        about = file.read()
    return f"## {name}\n\n{about}\n" + markdown(names, rows)


def main():
    directory, *tables = sys.argv[1:]
    missed = 0
    for name in tables:
        if not os.path.exists(f"{directory}/{name}.tsv"):
            continue
        if name == "grid":
            text, missed = grid_table(directory)
        else:
            text = scenario_table(directory, name)
        with open(f"{directory}/{name}.md", "w") as file:
            file.write(text)
        print(text)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
