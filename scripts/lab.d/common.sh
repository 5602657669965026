# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # other rooms use the variables
# Messages, locks, and long steps that keep their output in a log.

# Exit codes of the lab itself; anything else is the command's own.
readonly LAB_REPORTED=123 LAB_TIMED_OUT=124 LAB_FAILED=125

# Whatever ends this lab, nothing of it stays: not a step in the middle, not
# its guests, not its scratch files. Rooms add what they have to CLEANUP.
CLEANUP=(step_kill)
STEP_PID=''

lab_cleanup() {
	local function

	trap '' INT TERM HUP PIPE
	for function in "${CLEANUP[@]}"; do
		"$function"
	done
}

trap lab_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

step_kill() {
	[ -n "$STEP_PID" ] || return 0
	[ -z "$STEP_OPEN" ] || printf '\n' >&2
	kill -TERM -- "-$STEP_PID" 2>/dev/null || :
	wait "$STEP_PID" 2>/dev/null || :
}

# STEP_OPEN: a step's line has begun and waits for its "ok".
STEP_OPEN=''

say() {
	[ -z "$STEP_OPEN" ] || printf '\n' >&2
	STEP_OPEN=''
	printf 'lab: %s\n' "$*" >&2
}

die() {
	say "$@"
	exit "$LAB_FAILED"
}

# quietly LOG COMMAND...: run it with its output in LOG. A full disk gets its
# own words here, because every tool says it differently and at length.
quietly() {
	local log=$1 rc=0

	shift
	mkdir -p "$(dirname "$log")" || die "cannot write to $LAB_BUILD"
	# A process group of its own, so that all of it can be stopped.
	set -m
	("$@") </dev/null >"$log" 2>&1 &
	STEP_PID=$!
	set +m
	wait $STEP_PID || rc=$?
	STEP_PID=''
	if [ $rc -ne 0 ] && grep -q 'No space left on device' "$log"; then
		die "no space left on device (see $log)"
	fi
	return $rc
}

# step TEXT LOG COMMAND...: the same, announced in one line with its duration.
# On failure the end of the log is shown.
step() {
	local text=$1 log=$2 start=$SECONDS

	shift 2
	printf 'lab: %s ... ' "$text" >&2
	STEP_OPEN=yes
	if quietly "$log" "$@"; then
		STEP_OPEN=''
		printf 'ok (%d s)\n' $((SECONDS - start)) >&2
	else
		STEP_OPEN=''
		printf 'failed\n' >&2
		tail -n 40 "$log" >&2
		return 1
	fi
}

# locked FILE COMMAND...: two labs may run at once, but only one may make a
# given thing. The lock is held by a file descriptor, so it dies with us.
locked() {
	local file=$1 fd rc=0

	shift
	mkdir -p "$(dirname "$file")" 2>/dev/null ||
		die "cannot write to $(dirname "$file")"
	exec {fd}>"$file"
	if ! flock -w 2 "$fd"; then
		say "waiting for another lab (it holds $file)"
		flock "$fd"
	fi
	"$@" || rc=$?
	exec {fd}>&-
	return $rc
}

# wait_for_one PID...: until one of them is over; sets ENDED and ENDED_CODE. Of those
# that were over before, wait -n may know nothing any more (one that was killed by
# a signal), and unsets what it was to set.
wait_for_one() {
	local pid one=''

	ENDED_CODE=0
	wait -n -p one "$@" 2>/dev/null || ENDED_CODE=$?
	ENDED=${one:-}
	[ -z "$ENDED" ] || return 0
	for pid in "$@"; do
		kill -0 "$pid" 2>/dev/null || ENDED=$pid
	done
	[ -n "$ENDED" ] || die "there is no waiting for $*"
	ENDED_CODE=0
	wait "$ENDED" || ENDED_CODE=$?
}

# with_rest PATTERN COUNT: lines of stdin that match, and COUNT lines after each.
# Unlike grep -A it succeeds if there are none, so that failure is failure.
with_rest() {
	awk -v pattern="$1" -v count="$2" '
		$0 ~ pattern { left = count + 1 }
		left > 0 { print; left-- }'
}

# none_of LINES MAXIMUM: whether there are none; if not, the first are shown.
none_of() {
	[ -z "$1" ] || { head -n "$2" <<<"$1"; return 1; }
}

# need_value OPTION COUNT: COUNT arguments are left, OPTION included.
need_value() {
	[ "$2" -ge 2 ] || die "$1 needs a value"
}

need_number() {
	case $2 in
	'' | *[!0-9]*) die "$1 takes a number, not '$2'" ;;
	esac
}
