# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL is set by kernels.sh
#
# lab test --upstream: the kernel's own tests, with each control in turn as the
# default of its guest, and ours held to what the kernel's say. They come from
# Debian's linux-source of the same kernel, and are kept, compiled, as the
# artefact upstream-KERNEL. Which are run, and how, is in upstream-guest.

# Those that are compiled: all that need no more than the C library. mptcp/ is
# compiled as a whole.
UPSTREAM_PROGRAMS=(
	tcp_inq tcp_fastopen_backup_key msg_zerocopy io_uring_zerocopy_tx
	fin_ack_lat tls reuseport_bpf sk_so_peek_off
)

# "THEIRS OURS", one pair per line.
upstream_pairs() {
	cat <<-'END'
		cubic lucid
		reno  lucid_reno
	END
}

### the tests

# Call it after artefacts.
upstream() {
	artefact "upstream-$KERNEL" \
		"$SUITE $KERNEL_FROM $TOOLCHAIN ${UPSTREAM_PROGRAMS[*]}
		$(declare -f debian_root upstream_unpack upstream_compile)" \
		upstream_make
	UPSTREAM=$ARTEFACT
}

upstream_make() {
	local dir=$1 log=$LAB_BUILD/log/upstream-$KERNEL.log

	MIRROR=$(lab_mirror) || exit
	step "the kernel's own tests, from linux-source-$KERNEL" "$log" \
		upstream_unpack "$dir" || return
	step 'compiling them' "$log.make" upstream_compile "$dir"
}

# Nothing is installed: the packages are only unpacked. linux-libc-dev is what
# "make headers" would leave in usr/include.
upstream_unpack() {
	local dir=$1 root=$1/root
	local tests='*/tools/testing/selftests'

	debian_root "$root" "$SUITE" --variant=extract \
		--include="$(comma_list \
			"$(kernel_package "linux-source-$KERNEL")" \
			"$(kernel_package linux-libc-dev)")" || return
	bsdtar -xf "$root/usr/src/linux-source-$KERNEL.tar.xz" -C "$dir" \
		--strip-components 1 "$tests/lib.mk" "$tests/*kselftest*" \
		"$tests/net" "$tests/ftrace" '*/tools/include' || return
	find "$dir/tools/testing/selftests/net" -mindepth 1 -maxdepth 1 -type d \
		! -name mptcp -exec rm -r {} +
	mkdir "$dir/usr"
	mv "$root/usr/include" "$dir/usr/" || return
	remove_tree "$root"
}

# What does not compile is missing, and the guest says so: sources of a stable
# kernel may hold tests that were not brought back whole.
upstream_compile() {
	local net=/src/tools/testing/selftests/net

	in_toolchain "$1" make -k -j "$(nproc)" -C "$net/mptcp" || :
	in_toolchain "$1" make -k -j "$(nproc)" -C "$net" \
		"${UPSTREAM_PROGRAMS[@]/#/$net/}" || :
	[ -x "$1/tools/testing/selftests/net/mptcp/mptcp_connect" ]
}

### running them

test_all_upstream() {
	for kernel in "${kernels[@]}"; do
		kernel_select "$kernel"
		test_artefacts
		upstream_kernel
	done
}

# Guests first, as many at once as there are processors; then the verdicts.
upstream_kernel() {
	local theirs ours control

	while read -r theirs ours; do
		for control in "$theirs" "$ours"; do
			[ ${#TEST_PIDS[@]} -lt "$(nproc)" ] || test_reap
			upstream_start "$control"
		done
	done < <(upstream_pairs)
	while [ ${#TEST_PIDS[@]} -gt 0 ]; do
		test_reap
	done
	while read -r theirs ours; do
		upstream_report "$theirs" "$ours"
	done < <(upstream_pairs)
}

# The kernel's controls are measured without the module. What is said stays in
# build/KERNEL/upstream.
upstream_start() {
	local control=$1 at=$KERNEL_BUILD/upstream/$1
	local -a module=()

	mkdir -p "$KERNEL_BUILD/upstream"
	[[ $control == lucid* ]] || module=(--no-module)
	say "running the kernel's own tests on $KERNEL with $control"
	set -m
	"$LAB_TOP/scripts/lab" run --kernel "$KERNEL" --timeout 7200 \
		--add "$UPSTREAM/tools/testing/selftests:/upstream" \
		"${module[@]}" -- scripts/lab.d/upstream-guest "$control" \
		</dev/null >"$at.out" 2>"$at.err" &
	set +m
	TEST_PIDS[$!]=$KERNEL/$control
}

# upstream_report THEIRS OURS: one subtest for the pair.
upstream_report() {
	local theirs=$1 ours=$2 suite="$KERNEL/$2 as $1" dir=$KERNEL_BUILD/upstream
	local at rc

	at=$TEST_DIR/${suite//\//:}
	awk -v theirs="$theirs" -v ours="$ours" -f "$LAB_D/upstream.awk" \
		"$dir/$theirs.out" "$dir/$ours.out" >"$at.out"
	cat "$dir/$theirs.err" "$dir/$ours.err" >"$at.err"
	rc=${TEST_CODES[$KERNEL/$theirs]}
	[ "$rc" -ne 0 ] || rc=${TEST_CODES[$KERNEL/$ours]}
	test_report "$suite" "$rc"
}
