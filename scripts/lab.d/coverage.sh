# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL_BUILD is set by kernels.sh
#
# lab coverage: the lines and branches of the module that runs on the debug
# kernel have reached since the module was last built. Each run leaves its
# counters here; they are added up when somebody asks.

# coverage_add RESULTS: what this run reached.
coverage_add() {
	local dir=$LAB_BUILD/coverage

	locked "$dir/.lock" coverage_unpack "$1" "$dir"
}

# Counters of another build of the module count other lines.
coverage_unpack() {
	local dir=$2 run

	if ! cmp -s "$KERNEL_BUILD/built" "$dir/built"; then
		rm -rf "$dir"/run.*
		cp "$KERNEL_BUILD/built" "$dir/"
	fi
	run=$(mktemp -d "$dir/run.XXXXXX")
	results_coverage "$1" "$run" && [ -n "$(ls "$run")" ] || rm -rf "$run"
}

lab_coverage() {
	[ $# -eq 0 ] || die "lab coverage does not know '$1'"
	kernel_select debug
	host_ready
	artefacts
	locked "$KERNEL_BUILD/.lock" build_all
	coverage_print
}

# coverage_print: after build_all, so that sources and counters belong together.
coverage_print() {
	local dir=$LAB_BUILD/coverage

	cmp -s "$KERNEL_BUILD/built" "$dir/built" ||
		die 'this build has not run yet: scripts/lab run --kernel debug -- ...'
	rm -rf "$dir/sum"
	mkdir "$dir/sum"
	cp "$LAB_D/coverage.py" "$dir/"
	find "$KERNEL_BUILD/src/module" -name '*.gcno' -exec cp -t "$dir/sum" {} +
	in_toolchain "$dir" /src/coverage.py
}
