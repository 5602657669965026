# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL_BUILD is set by kernels.sh
#
# lab coverage: the lines and branches of the module that runs on the gcov (or
# debug) kernel have reached since the module was last built. Each run leaves
# its counters here; they are added up when somebody asks.

# coverage_add RESULTS: what this run reached.
coverage_add() {
	local dir=$KERNEL_BUILD/coverage

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
	local kernel=gcov

	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) need_value "$1" $#; kernel=$2; shift 2 ;;
		*)	die "lab coverage does not know '$1'" ;;
		esac
	done
	kernel_counts "$kernel" ||
		die "lab coverage: --kernel takes gcov or debug"
	kernel_select "$kernel"
	host_ready
	artefacts
	locked "$KERNEL_BUILD/.lock" build_all
	coverage_print
}

# coverage_print: after build_all, so that sources and counters belong together.
coverage_print() {
	local dir=$KERNEL_BUILD/coverage

	cmp -s "$KERNEL_BUILD/built" "$dir/built" ||
		die "this build has not run yet: scripts/lab run --kernel $KERNEL -- ..."
	rm -rf "$dir/sum"
	mkdir "$dir/sum"
	cp "$LAB_D/coverage.py" "$dir/"
	find "$KERNEL_BUILD/src/module" -name '*.gcno' -exec cp -t "$dir/sum" {} +
	in_toolchain "$dir" /src/coverage.py
}
