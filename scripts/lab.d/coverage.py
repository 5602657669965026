#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Add up the counters of /src/run.*/ and print what they reached of module/.

/src/sum has the .gcno files, the compiler's notes on the same build.
"""

import glob
import json
import os
import shutil
import subprocess

SUM = "/src/sum"


def add_up():
    """Merge every run's counters into those beside the notes."""
    total = None
    for number, run in enumerate(sorted(glob.glob("/src/run.*"))):
        if total is None:
            total = run
            continue
        merged = f"/tmp/{number}"
        subprocess.run(["gcov-tool", "merge", "-o", merged, total, run],
                       check=True, stdout=subprocess.DEVNULL)
        total = merged
    for file in glob.glob(f"{total}/*.gcda"):
        shutil.copy(file, SUM)


def read():
    """Return {file: {line: [count, branches taken, branches]}}."""
    files = {}
    for name in sorted(glob.glob(f"{SUM}/*.gcno")):
        text = subprocess.run(["gcov", "-b", "-j", "-t", name], cwd=SUM,
                              check=True, text=True, capture_output=True).stdout
        for report in map(json.loads, text.splitlines()):
            for file in report["files"]:
                path = os.path.normpath(file["file"]).removeprefix("/src/")
                if not path.startswith("module/"):
                    continue
                lines = files.setdefault(path, {})
                for line in file["lines"]:
                    add_line(lines, line)
    return files


def add_line(lines, line):
    """An inline function is in several objects: reached in one is reached."""
    taken = [branch["count"] > 0 for branch in line["branches"]]
    had = lines.get(line["line_number"], (0, []))
    if len(had[1]) == len(taken):
        taken = [a or b for a, b in zip(had[1], taken)]
    elif len(had[1]) > len(taken):
        taken = had[1]
    lines[line["line_number"]] = (had[0] + line["count"], taken)


def ranges(numbers):
    """1,2,3,7 as 1-3 7."""
    out = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return " ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in out)


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "-"


def main():
    add_up()
    files = read()
    print(f"{'file':28} {'lines':>6} {'%':>6} {'branches':>9} {'%':>6}  "
          "lines not reached")
    sums = [0] * 4
    for path, lines in sorted(files.items()):
        missed = [number for number, (count, _) in lines.items() if not count]
        branches = [taken for _, all_of in lines.values() for taken in all_of]
        row = [len(lines) - len(missed), len(lines),
               sum(branches), len(branches)]
        sums = [a + b for a, b in zip(sums, row)]
        print(f"{path:28} {row[1]:6} {percent(*row[:2]):>6} {row[3]:9} "
              f"{percent(*row[2:]):>6}  {ranges(missed)}".rstrip())
    print(f"{'all of the module':28} {sums[1]:6} {percent(*sums[:2]):>6} "
          f"{sums[3]:9} {percent(*sums[2:]):>6}")


main()
