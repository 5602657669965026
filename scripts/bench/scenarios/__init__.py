# SPDX-License-Identifier: GPL-2.0-only
"""The scenarios of `lab bench`, a file each. Each has

    TITLE     the path and what happens on it
    EXPECT    what is to be seen, and which RFC says so
    COLUMNS   names for what rows() yields
    rows(quick)
"""

import importlib
import pkgutil

CONTROLS = ("lucid", "lucid_reno", "cubic", "reno")

SCENARIOS = {}


def load():
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        SCENARIOS[module.name] = importlib.import_module(
            f"scenarios.{module.name}")
