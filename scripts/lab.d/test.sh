# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL is set by kernels.sh
#
# lab test: the whole verdict, as KTAP with one subtest per suite, closed by
# "N passed, N failed". Suites run in guests of their own, as many at once as
# there are processors, and report in a fixed order. A suite is called
# KERNEL/NAME, or host/NAME if it is one of the lab's own, which need no kernel.

lab_test() {
	local kernel='' what=suites cpus=''
	local -a kernels built=() others=() only=()

	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) need_value "$1" $#; kernel=$2; shift 2 ;;
		--cpus)	need_value "$1" $#; need_number "$1" "$2"; cpus=$2; shift 2 ;;
		--builds) what=builds; shift ;;
		--install) what=install; shift ;;
		--upstream) what=upstream; shift ;;
		-*)	die "lab test does not know '$1'" ;;
		*)	only+=("$(test_named "$1")") || exit; shift ;;
		esac
	done
	[ ${#only[@]} -eq 0 ] || [ $what = suites ] ||
		die "--$what runs no suites: leave out --$what or their names"
	[ -z "$cpus" ] || [ ${#only[@]} -gt 0 ] ||
		die '--cpus is for suites that need no exact times: name them'
	# Unless told which, all of them; those that are not booted have to
	# compile at least.
	[ -n "$kernel" ] || [ ${#only[@]} -gt 0 ] || others=("${LAB_KERNELS[@]}")
	: "${kernel:=6.12}"
	if [ $what != suites ] && { [ "$kernel" = rt ] || kernel_finds "$kernel"; }; then
		die "the $kernel kernel runs suites only: leave out --$what or --kernel $kernel"
	fi
	kernels=("$kernel")
	[ "$kernel" != all ] || kernels=("${LAB_KERNELS[@]}")
	kernel_select "${kernels[0]}"
	host_ready
	# What cannot be had is said before anything is tested.
	for kernel in "${kernels[@]}"; do
		kernel_select "$kernel"
		test_artefacts
	done

	TEST_DIR=$(mktemp -d)
	TEST_PASSED=0 TEST_FAILED=0 TEST_SKIPPED=0 TEST_NUMBER=0
	# pid -> suite that runs; suite -> exit code of one that ran; suites not
	# reported yet, in order.
	declare -gA TEST_PIDS=() TEST_CODES=()
	TEST_QUEUE=()
	CLEANUP+=(test_cleanup)

	echo 'TAP version 13'
	"test_all_$what"

	echo "1..$TEST_NUMBER"
	printf '%d passed, %d failed' $TEST_PASSED $TEST_FAILED
	[ $TEST_SKIPPED -eq 0 ] || printf ', %d skipped' $TEST_SKIPPED
	printf '\n'
	[ $TEST_FAILED -eq 0 ] || exit 1
	exit 0
}

# These share the variables of lab_test.
test_artefacts() {
	case $what in
	builds)	kselftest; headers ;;
	install) install_artefacts ;;
	upstream) artefacts; upstream ;;
	*)	artefacts ;;
	esac
}

test_all_suites() {
	[ ${#only[@]} -gt 0 ] || test_lint
	for kernel in "${kernels[@]}"; do
		test_select "$kernel"
		if [ ${#only[@]} -gt 0 ]; then
			locked "$KERNEL_BUILD/.lock" build_all
			built+=("$kernel")
		elif test_build; then
			built+=("$kernel")
		fi
	done
	for kernel in "${others[@]}"; do
		[[ " ${kernels[*]} " == *" $kernel "* ]] || test_elsewhere "$kernel"
	done
	test_suites "${built[@]}"
	! kernel_counts "${built[*]}" || coverage_print | sed 's/^/# /'
}

test_all_builds() {
	for kernel in "${kernels[@]}"; do
		kernel_select "$kernel"
		test_artefacts
		builds_kernel
	done
}

# test_named NAME: the suite of that name as make knows it, close.py for close.
test_named() {
	local dir=$LAB_TOP/selftests

	if [ -e "$dir/$1.py" ]; then
		echo "$1.py"
	elif [ -f "$dir/$1" ] || [ -f "$dir/$1.c" ]; then
		echo "$1"
	else
		die "no suite '$1' in selftests/"
	fi
}

# test_asked: of the suites on stdin, those that were asked for by name.
test_asked() {
	if [ ${#only[@]} -gt 0 ]; then
		grep -xF "$(printf '%s\n' "${only[@]}")" || :
	else
		cat
	fi
}

# test_select KERNEL: it is the one to build for.
test_select() {
	kernel_select "$1"
	artefacts
}

test_cleanup() {
	local pid

	for pid in "${!TEST_PIDS[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null || :
	done
	# They take their guests with them.
	wait
	rm -rf "$TEST_DIR"
}

# test_result GOOD NAME: one line of the top level.
test_result() {
	TEST_NUMBER=$((TEST_NUMBER + 1))
	[ "$1" = yes ] || printf 'not '
	printf 'ok %d %s\n' $TEST_NUMBER "$2"
}

### what needs no guest

# test_check NAME COMMAND...: passes if COMMAND succeeds; its output is shown
# if it does not.
test_check() {
	local name=$1 good=yes log=$TEST_DIR/check

	shift
	if quietly "$log" "$@"; then
		TEST_PASSED=$((TEST_PASSED + 1))
	else
		good=no
		TEST_FAILED=$((TEST_FAILED + 1))
		sed 's/^/# /' "$log"
	fi
	test_result $good "$name"
}

# test_skip NAME WHY: cannot be had here.
test_skip() {
	TEST_SKIPPED=$((TEST_SKIPPED + 1))
	test_result yes "$1 # SKIP $2"
}

# The text of the sources, which is the same for every kernel.
test_lint() {
	local dir=$TEST_DIR/lint

	sync_sources "$dir"
	test_check 'checkpatch --strict' test_checkpatch "$dir"
	test_check 'shellcheck' test_shellcheck "$dir"
	test_check 'mutations find their lines' in_toolchain "$dir" \
		python3 -B selftests/mutations/run --check
}

# What the compilers say with this kernel's headers, and the build that its
# guests get. Without a module there is nothing to run suites on: that is said
# here, and leaves the other kernels their verdict.
test_build() {
	local dir=$TEST_DIR/check-$KERNEL

	test_module "$dir"
	test_check "$KERNEL/sparse has nothing to say (C=2)" \
		without_warnings module_make "$dir" C=2
	test_check "$KERNEL/selftests build without warnings" \
		without_warnings selftests_make "$dir"
	if [ ! -e "$dir/tcp_lucid.ko" ]; then
		say "no module for Linux $KERNEL: its suites cannot run"
		return 1
	fi
	locked "$KERNEL_BUILD/.lock" build_all
}

# test_module DIR: a copy of its own: everything is compiled, whatever was before
# and whoever else tests.
test_module() {
	sync_sources "$1"
	test_check "$KERNEL/module builds without warnings (W=1)" \
		without_warnings module_make "$1" W=1
}

# test_elsewhere KERNEL: it is not booted, and of its archive only the compiler
# and the headers are wanted. Without them, or a network, there is no saying.
test_elsewhere() {
	local image MIRROR RELEASE KERNEL_TREE why=$TEST_DIR/why
	local -a MODULE_FLAGS=()

	kernel_select "$1"
	if ! { MIRROR=$(lab_mirror) && image=$(kernel_image); } 2>"$why"; then
		test_skip "$KERNEL/module builds without warnings (W=1)" \
			"$(sed 's/^lab: //' "$why")"
		return
	fi
	RELEASE=${image#linux-image-}
	KERNEL_TREE=/lib/modules/$RELEASE/build
	toolchain
	test_module "$TEST_DIR/check-$KERNEL"
}

without_warnings() {
	local out=$TEST_DIR/build found

	"$@" >"$out" 2>&1 || { cat "$out"; return 1; }
	found=$(with_rest '(warning|error|WARNING|ERROR):' 3 <"$out") &&
		none_of "$found" 60
}

# A trace header is a table written in macros. No tracepoint of the kernel
# passes these checks, and there are no calls in it to which they apply.
TRACE_HEADER_IGNORE=COMPLEX_MACRO,MACRO_ARG_UNUSED,MACRO_ARG_REUSE
TRACE_HEADER_IGNORE+=,TRAILING_SEMICOLON,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
TRACE_HEADER_IGNORE+=,CAMELCASE

test_checkpatch() {
	local -a code trace

	mapfile -t code < <(cd "$1" && find module include scripts selftests \
		-name '*.[ch]' ! -path 'include/trace/*' | sort)
	mapfile -t trace < <(cd "$1" && find include/trace -name '*.h' | sort)
	checkpatch "$1" -f "${code[@]}" &&
		checkpatch "$1" --ignore "$TRACE_HEADER_IGNORE" -f "${trace[@]}"
}

checkpatch() {
	in_toolchain "$1" perl /usr/src/checkpatch/checkpatch.pl --no-tree \
		--strict --terse --show-types --no-summary "${@:2}"
}

# Every file that begins with a shell's name. The rooms of the lab come in
# through scripts/lab.
test_shellcheck() {
	local -a files

	mapfile -t files < <(cd "$1" &&
		grep -rlE '^#!.*[ /](ba|da)?sh$' scripts selftests | sort)
	in_toolchain "$1" shellcheck -x "${files[@]}"
}

### suites

# Suites as make knows them, one per line, from /src/selftests.
test_list() {
	# shellcheck disable=SC2016 # make expands it
	selftests_make "$KERNEL_BUILD/src" -s --no-print-directory --eval \
		'lab-suites: ; @printf "%s\n" $(TEST_GEN_PROGS) $(TEST_PROGS)' \
		lab-suites | sed 's,^/src/selftests/,,' |
		if kernel_finds "$KERNEL"; then debug_suites; else cat; fi
}

# test_suites KERNEL...
test_suites() {
	local kernel suite
	local -a suites=() names=()

	# The lab's own come first: they take longest. Kernels that find
	# mistakes have nothing to say to them.
	kernel_finds "$*" || mapfile -t suites < \
		<(cd "$LAB_TOP/selftests" && ls host/*.sh 2>/dev/null | test_asked)
	for kernel in "$@"; do
		test_select "$kernel"
		[ -e "$KERNEL_BUILD/src/selftests/Makefile" ] || continue
		mapfile -t names < <(test_list)
		[ ${#names[@]} -gt 0 ] || die 'selftests/Makefile names no suites'
		mapfile -t names < <(printf '%s\n' "${names[@]}" | test_asked)
		suites+=("${names[@]/#/$kernel/}")
	done
	for suite in "${only[@]}"; do
		[[ " ${suites[*]} " == *[\ /]"$suite "* ]] ||
			die "$suite is no suite that runs on $*"
	done

	for suite in "${suites[@]}"; do
		[ ${#TEST_PIDS[@]} -lt "$(nproc)" ] || test_wait
		test_start "$suite"
	done
	while [ ${#TEST_PIDS[@]} -gt 0 ]; do
		test_wait
	done
}

# test_start SUITE: in the background, its output in files.
test_start() {
	local suite=$1 at cpus=$cpus
	local -a wants=()

	at=$TEST_DIR/${suite//\//:}
	# Races on data want two that race.
	[[ $suite != kcsan/* ]] || : "${cpus:=2}"
	[ -z "$cpus" ] || wants=(--clock real --cpus "$cpus")
	say "running $suite"
	# Process groups of their own, to stop all of it (test_cleanup).
	set -m
	if [[ $suite == host/* ]]; then
		"$LAB_TOP/selftests/$suite" </dev/null >"$at.out" 2>"$at.err" &
	else
		# shellcheck disable=SC2016 # the guest expands it
		"$LAB_TOP/scripts/lab" run --kernel "${suite%%/*}" \
			--timeout "$(test_timeout "${suite%%/*}")" "${wants[@]}" -- \
			sh -c 'cd selftests && cd "$(dirname "$1")" &&
				exec "./$(basename "$1")"' sh "${suite#*/}" \
			</dev/null >"$at.out" 2>"$at.err" &
	fi
	set +m
	TEST_PIDS[$!]=$suite
	TEST_QUEUE+=("$suite")
}

# test_timeout KERNEL: seconds on the wall that a suite may take.
test_timeout() {
	if kernel_finds "$1"; then echo 7200; else echo 1500; fi
}

# test_reap: until one of those that run has ended; its exit code is kept.
test_reap() {
	local ENDED ENDED_CODE pid

	wait_for_one "${!TEST_PIDS[@]}"
	pid=$ENDED
	TEST_CODES[${TEST_PIDS[$pid]}]=$ENDED_CODE
	unset "TEST_PIDS[$pid]"
}

# test_wait: until one suite has ended; report from the head of the queue.
test_wait() {
	local suite

	test_reap
	while [ ${#TEST_QUEUE[@]} -gt 0 ]; do
		suite=${TEST_QUEUE[0]}
		[ -n "${TEST_CODES[$suite]:-}" ] || break
		TEST_QUEUE=("${TEST_QUEUE[@]:1}")
		test_report "$suite" "${TEST_CODES[$suite]}"
	done
}

test_report() {
	local suite=$1 rc=$2 at=$TEST_DIR/${1//\//:}
	local passed failed skipped why good=yes untimed

	read -r passed failed skipped why < <(awk -v rc="$rc" \
		-f "$LAB_D/ktap.awk" "$at.out")
	if untimed=$(debug_untimed "$suite"); then
		# One test: the kernel has nothing to say, and the suite came
		# to its end and was of some use.
		echo "# $suite: judged by what the kernel reports, not by its own $passed passed, $failed failed:$untimed"
		if [ "$rc" -gt 1 ] || [ -n "$why" ] || [ "$passed" -eq 0 ]; then
			passed=0 failed=1
		else
			passed=1 failed=0
		fi
		skipped=0
	fi
	echo "  # Subtest: $suite"
	sed 's/^/  /' "$at.out"
	if [ "$failed" -gt 0 ]; then
		good=no
		sed 's/^/  # /' "$at.err"
		[ -z "$why" ] || echo "  # $suite: $why"
	fi
	TEST_PASSED=$((TEST_PASSED + passed))
	TEST_FAILED=$((TEST_FAILED + failed))
	TEST_SKIPPED=$((TEST_SKIPPED + skipped))
	test_result $good "$suite"
}
