# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
lab_demo() { die 'not yet'; }
