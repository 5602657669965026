# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # other rooms use the variables
# lab run and lab shell: one guest, one command.

lab_run() {
	local JOB_MODULE=yes JOB_TTY=no
	local -a JOB_ADD=() JOB_COMMAND=()
	local kernel=6.12 clock=virtual cpus='' seed=1 out='' timeout=1800

	run_options "$@"
	[ ${#JOB_COMMAND[@]} -gt 0 ] ||
		die 'run what? (scripts/lab run [OPTIONS] -- COMMAND...)'
	run_job
}

lab_shell() {
	local JOB_MODULE=yes JOB_TTY=yes
	local -a JOB_ADD=() JOB_COMMAND=()
	local kernel=6.12 clock=real cpus='' seed=1 out='' timeout=infinity

	run_options "$@"
	[ -t 0 ] || die 'lab shell needs a terminal (lab run runs commands)'
	[ ${#JOB_COMMAND[@]} -gt 0 ] || JOB_COMMAND=(bash)
	run_job
}

# Sets the local variables of lab_run and lab_shell.
run_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel)	need_value "$1" $#; kernel=$2; shift ;;
		--clock)	need_value "$1" $#; clock=$2; shift ;;
		--cpus)		need_value "$1" $#; need_number "$1" "$2"; cpus=$2; shift ;;
		--seed)		need_value "$1" $#; need_number "$1" "$2"; seed=$2; shift ;;
		--timeout)	need_value "$1" $#; need_number "$1" "$2"; timeout=$2; shift ;;
		--add)		need_value "$1" $#; JOB_ADD+=("$2"); shift ;;
		--out)		need_value "$1" $#; out=$2; shift ;;
		--no-module)	JOB_MODULE=no ;;
		--)		shift; JOB_COMMAND=("$@"); break ;;
		*)		die "unknown option '$1' (see scripts/lab help)" ;;
		esac
		shift
	done
	kernel_select "$kernel"
	case $clock in
	virtual | real) ;;
	*)	die "--clock takes virtual or real, not '$clock'" ;;
	esac
	cpus=${cpus:-1}
	[ "$cpus" -ge 1 ] || die '--cpus takes at least 1'
	if [ "$clock" = virtual ] && [ "$cpus" -gt 1 ]; then
		die "--cpus $cpus needs --clock real: virtual time counts the instructions of one CPU"
	fi
	job_check_adds
}

run_job() {
	local run status

	host_ready
	artefacts
	mkdir -p "$LAB_BUILD/runs" || die "cannot write to $LAB_BUILD"
	runs_sweep
	run=$(mktemp -d "$LAB_BUILD/runs/$$.XXXXXX")
	RUN_DIR=$run
	CLEANUP+=(guest_kill run_cleanup)
	locked "$KERNEL_BUILD/.lock" run_prepare "$run"

	if [ "$JOB_TTY" = yes ]; then
		say "Linux $RELEASE, $clock clock, ${LAB_ACCEL:-tcg}; 'exit' leaves"
	fi
	guest_boot "$run" "$clock" "$cpus" "$seed" "$timeout"

	case $GUEST_END in
	timeout)
		tail -n 25 "$run/console" | tr -d '\r' | sed 's/^/    /' >&2
		cat "$run/where" >&2
		say "out of time after $timeout s; the last lines of the console are above"
		exit "$LAB_TIMED_OUT"
		;;
	unread)	exit 141 ;;
	esac
	status=$(results_status "$run/results")
	case $status in
	'')		guest_failed "$run" ;;
	too-big)	die "what the command left in /out is more than $LAB_RESULTS" ;;
	no-module)
		tail -n 8 "$run/console" | tr -d '\r' >&2
		die 'tcp_lucid.ko does not load'
		;;
	no-*)		die "guest failed: $status" ;;
	esac
	[ -z "$out" ] || results_unpack "$run/results" "$out"
	! kernel_counts "$KERNEL" || coverage_add "$run/results"
	if kernel_finds "$KERNEL"; then
		debug_reports "$run/console" >&2 || {
			say "the $KERNEL kernel had something to report (above)"
			status=$LAB_REPORTED
		}
	fi
	exit "$status"
}

# Under the lock: the tree must not change while it is copied.
run_prepare() {
	build_all
	[ "$JOB_MODULE" = no ] || [ -e "$KERNEL_BUILD/src/tcp_lucid.ko" ] ||
		die 'there is no module to load (--no-module does without)'
	job_stage "$1/root"
	job_pack "$1/root" "$1/job"
	rm -rf "$1/root"
}

run_cleanup() {
	if [ -n "${LAB_KEEP:-}" ]; then
		mkdir -p "$LAB_BUILD/kept" && mv "$RUN_DIR" "$LAB_BUILD/kept/" &&
			say "kept in $LAB_BUILD/kept/${RUN_DIR##*/}"
	else
		rm -rf "$RUN_DIR"
	fi
}

# What labs that were killed outright left behind; names begin with their pid.
runs_sweep() {
	local dir pid

	for dir in "$LAB_BUILD"/runs/*; do
		pid=${dir##*/}
		[ -e "/proc/${pid%%.*}" ] || rm -rf "$dir"
	done
}
