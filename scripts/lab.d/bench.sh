# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL is set by kernels.sh
#
# lab bench: the side-by-side tables, into build/bench/KERNEL/. The guest's part
# is scripts/bench/run.py, the tables are made by scripts/bench/table.py.

# Into how many guests the work is dealt, on every machine.
readonly BENCH_PARTS=2

lab_bench() {
	local kernel=6.12 quick='' guests status=0
	local -a names=() kernels=() add=()

	guests=$(nproc)
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel)	need_value "$1" $#; kernel=$2; shift ;;
		--guests)	need_value "$1" $#; need_number "$1" "$2"; guests=$2; shift ;;
		--add)		need_value "$1" $#; add+=(--add "$2"); shift ;;
		--quick)	quick=--quick ;;
		-*)		die "lab bench does not know '$1'" ;;
		*)		names+=("$1") ;;
		esac
		shift
	done
	[ "$guests" -ge 1 ] || die '--guests takes at least 1'
	bench_names
	kernels=("$kernel")
	[ "$kernel" != all ] || kernels=("${LAB_KERNELS[@]}")
	# Both before anything long is begun.
	for kernel in "${kernels[@]}"; do
		kernel_select "$kernel"
	done

	CLEANUP+=(bench_cleanup)
	for kernel in "${kernels[@]}"; do
		bench_kernel "$kernel" || status=1
	done
	exit $status
}

# Checks names, or makes it all there are. Scenarios are files.
bench_names() {
	local name
	local -a all=(grid)

	for name in "$LAB_TOP"/scripts/bench/scenarios/[a-z]*.py; do
		[ ! -e "$name" ] || all+=("$(basename "$name" .py)")
	done
	for name in "${names[@]}"; do
		[[ " ${all[*]} " == *" $name "* ]] ||
			die "lab bench has no '$name', but: ${all[*]}"
	done
	[ ${#names[@]} -gt 0 ] || names=("${all[@]}")
}

bench_kernel() {
	local dir=$LAB_BUILD/bench/$1 part name start=$SECONDS failed=0

	kernel_select "$1"
	host_ready
	artefacts
	locked "$KERNEL_BUILD/.lock" build_all
	rm -rf "$dir/parts"
	mkdir -p "$dir/parts"
	for name in "${names[@]}"; do
		rm -f "$dir/$name.tsv" "$dir/$name.md"
	done

	BENCH_PIDS=()
	for ((part = 1; part <= BENCH_PARTS; part++)); do
		[ ${#BENCH_PIDS[@]} -lt "$guests" ] || bench_wait || failed=1
		bench_start "$dir/parts" "$part"
	done
	while [ ${#BENCH_PIDS[@]} -gt 0 ]; do
		bench_wait || failed=1
	done

	bench_merge "$dir"
	bench_tables "$dir" || failed=1
	say "Linux $RELEASE: $((SECONDS - start)) s; tables are in $dir"
	return $failed
}

# bench_start DIR PART: in the background, in a process group of its own.
bench_start() {
	set -m
	# shellcheck disable=SC2086 # $quick is an option or nothing
	"$LAB_TOP/scripts/lab" run --kernel "$KERNEL" --timeout 3600 \
		"${add[@]}" --out "$1/$2" -- scripts/bench/run.py $quick \
		--part "$2/$BENCH_PARTS" "${names[@]}" \
		</dev/null >"$1/$2.log" 2>&1 &
	set +m
	BENCH_PIDS[$!]=$1/$2.log
	say "guest $2 of $BENCH_PARTS is at work (see $1/$2.log)"
}

# bench_wait: until one guest is done.
bench_wait() {
	local ENDED ENDED_CODE log

	wait_for_one "${!BENCH_PIDS[@]}"
	log=${BENCH_PIDS[$ENDED]}
	unset "BENCH_PIDS[$ENDED]"
	if [ "$ENDED_CODE" -ne 0 ]; then
		sed 's/^/    /' "$log" >&2
		say "a guest failed (its words above)"
	fi
	return "$ENDED_CODE"
}

bench_cleanup() {
	local pid

	for pid in "${!BENCH_PIDS[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null || :
	done
	wait
}

# bench_merge DIR: the parts of a table have the same first line.
bench_merge() {
	local name
	local -a parts

	for name in "${names[@]}"; do
		mapfile -t parts < <(find "$1/parts" -name "$name.tsv" | sort)
		[ ${#parts[@]} -eq 0 ] ||
			awk 'FNR > 1 || NR == 1' "${parts[@]}" >"$1/$name.tsv"
		find "$1/parts" -name "$name.txt" -exec cp {} "$1/" \;
	done
}

# bench_tables DIR: the toolchain sees one folder as /src. It gets a copy of
# what it needs, and has a Python for sure.
bench_tables() {
	local work=$1/work name rc=0

	rm -rf "$work"
	mkdir -p "$work"
	cp -r "$LAB_TOP/scripts/bench" "$work/"
	cp "$1"/*.tsv "$1"/*.txt "$work/" 2>/dev/null || :
	in_toolchain "$work" python3 -B /src/bench/table.py /src "${names[@]}" ||
		rc=$?
	cp "$work"/*.md "$1/" 2>/dev/null || rc=1
	rm -rf "$work"
	return $rc
}
