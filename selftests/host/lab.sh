#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does scripts/lab keep its promises? Runs on the host, KTAP out, no root.
# Everything that needs a guest boots one (10 s each on an idle machine).

lab=$(cd "$(dirname "$0")/../.." && pwd)/scripts/lab
here=$(mktemp -d)
# shellcheck disable=SC2046 # one word per job
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$here"' EXIT
trap 'exit 143' TERM
number=0 failures=0

# check NAME COMMAND...: one test case.
check() {
	local name=$1

	shift
	number=$((number + 1))
	if "$@" >"$here/check.log" 2>&1; then
		echo "ok $number $name"
	else
		failures=$((failures + 1))
		sed 's/^/# /' "$here/check.log"
		echo "not ok $number $name"
	fi
}

# says CODE TEXT COMMAND...: it exits with CODE and its last line, of all it
# prints, has TEXT in it.
says() {
	local code=$1 text=$2 rc=0

	shift 2
	"$@" >"$here/says.out" 2>&1 </dev/null || rc=$?
	cat "$here/says.out"
	[ $rc -eq "$code" ] || { echo "exit code $rc, not $code"; return 1; }
	tail -n 1 "$here/says.out" | grep -qF -- "$text" ||
		{ echo "no '$text' in its last line"; return 1; }
}

### options that cannot be

options() {
	says 125 "no kernel '8' here" "$lab" run --kernel 8 -- true &&
	says 125 "no kernel 'all' here" "$lab" run --kernel all -- true &&
	says 125 "no kernel '7' here" "$lab" test --kernel 7 &&
	says 125 'leave out --upstream' "$lab" test --upstream --kernel debug &&
	says 125 'leave out --builds' "$lab" test --builds close &&
	says 125 "no suite 'dance'" "$lab" test dance &&
	says 125 "lab test does not know '--nope'" "$lab" test --nope &&
	says 125 '--cpus is for suites that need no exact times' "$lab" test --cpus 2 &&
	says 125 'needs --clock real' "$lab" run --cpus 2 -- true &&
	says 125 "unknown option '--nope'" "$lab" run --nope -- true &&
	says 125 '--seed takes a number' "$lab" run --seed x -- true &&
	says 125 '--out needs a value' "$lab" run --out &&
	says 125 'run what?' "$lab" run &&
	says 125 'cannot read /nonexistent' "$lab" run --add /nonexistent:/x -- true &&
	says 125 'takes HOST:GUEST' "$lab" run --add /etc/hostname -- true &&
	says 125 "lab bench has no 'dance'" "$lab" bench dance &&
	says 125 "lab bench does not know '--nope'" "$lab" bench --nope &&
	says 125 "unknown command 'dance'" "$lab" dance
}

### hosts that are not ready

# A PATH without bubblewrap, and with what the caller puts first.
poor_host() {
	rm -rf "${here:?}/bin"
	mkdir "$here/bin"
	find /usr/bin /bin -maxdepth 1 ! -type d ! -name bwrap ! -name sudo \
		-exec ln -sf -t "$here/bin" {} + 2>/dev/null
}

# fake NAME: the script on stdin takes the place of a program.
fake() {
	rm -f "$here/bin/$1"
	cat >"$here/bin/$1"
	chmod +x "$here/bin/$1"
}

debian='ID=debian'
on_poor_host() {
	echo "$debian" >"$here/os-release"
	env PATH="$here/bin" LAB_OS_RELEASE="$here/os-release" \
		LAB_BUILD="$here/build" "$lab" run -- true
}

not_debian() {
	poor_host
	debian='ID=fedora' says 125 'not a Debian or Ubuntu machine: install these yourself: bubblewrap' on_poor_host
}

no_sudo() {
	poor_host
	fake id <<<$'#!/bin/sh\necho 1000'
	says 125 'no sudo here: as root, run apt-get install bubblewrap' on_poor_host
}

sudo_wants_a_password() {
	poor_host
	fake id <<<$'#!/bin/sh\necho 1000'
	fake sudo <<<$'#!/bin/sh\nexit 1'
	says 125 'sudo wants a password' on_poor_host
}

apt_fails() {
	poor_host
	fake id <<<$'#!/bin/sh\necho 0'
	fake apt-get <<<$'#!/bin/sh\necho "E: Unable to fetch" >&2\nexit 100'
	says 125 'apt-get could not install bubblewrap' on_poor_host
}

no_space_to_begin() {
	mkdir -p "$here/bin"
	fake df <<<$'#!/bin/sh\necho F S U A C M\necho /dev/x 9 9 100 1% /'
	says 125 'has 100 MB free, the lab needs' env PATH="$here/bin:$PATH" \
		LAB_BUILD="$here/build" LAB_CACHE="$here/cache" "$lab" run -- true
}

no_space_midway() {
	mkdir -p "$here/bin"
	fake df <<<$'#!/bin/sh\necho F S U A C M\necho /dev/x 9 9 99999 1% /'
	fake mmdebstrap <<<$'#!/bin/sh\necho "tar: write: No space left on device" >&2\nexit 1'
	# As much of a mirror as is read before mmdebstrap; bsdcat takes plain text.
	mkdir -p "$here/mirror/dists/trixie/main/binary-amd64"
	: >"$here/mirror/dists/trixie/InRelease"
	echo 'Package: linux-image-6.12.9-cloud-amd64' \
		>"$here/mirror/dists/trixie/main/binary-amd64/Packages.xz"
	says 125 'no space left on device' env PATH="$here/bin:$PATH" \
		LAB_MIRROR="file://$here/mirror" \
		LAB_BUILD="$here/build" LAB_CACHE="$here/cache" "$lab" run -- true &&
		[ -z "$(find "$here/cache" -maxdepth 1 -name 'guest*')" ]
}

no_network() {
	says 125 'no network' env LAB_MIRROR=http://127.0.0.1:9/debian \
		LAB_BUILD="$here/build" LAB_CACHE="$here/cache" "$lab" run -- true
}

### determinism; also: several labs at once

# Packets and events with their times, ISNs and ports, random bytes, the log.
cat >"$here/fingerprint" <<'EOF'
#!/bin/bash
tcpdump -i lo -U -w /tmp/pcap 2>/dev/null &
echo 1 >/sys/kernel/tracing/events/tcp_lucid/enable
sleep 1
iperf3 -s -D >/dev/null
sleep 0.5
iperf3 -c 127.0.0.1 -n 1M >/dev/null
iperf3 -c ::1 -n 1M >/dev/null
sleep 1
kill %1
wait
tcpdump -S -n -r /tmp/pcap -c 2 2>/dev/null
md5sum /tmp/pcap
grep -m 1 'handshake:' /sys/kernel/tracing/trace
md5sum </sys/kernel/tracing/trace
cat /proc/sys/kernel/random/uuid
date +%s.%N
dmesg | md5sum
EOF
chmod +x "$here/fingerprint"

three_runs() {
	local run pids=()

	for run in 1a 1b 2; do
		"$lab" run --seed "${run%[ab]}" --add "$here/fingerprint:/fingerprint" \
			-- /fingerprint >"$here/run.$run" </dev/null &
		pids+=($!)
	done
	wait "${pids[0]}" && wait "${pids[1]}" && wait "${pids[2]}"
}

same_seed() {
	cat "$here/run.1a"
	[ "$(wc -l <"$here/run.1a")" -eq 8 ] &&
		diff "$here/run.1a" "$here/run.1b"
}

# Every line differs: packets, capture, events, uuid, time, log.
other_seed() {
	paste -d '\n' "$here/run.1a" "$here/run.2"
	! grep -qxFf "$here/run.1a" "$here/run.2"
}

### what goes in and what comes out

# shellcheck disable=SC2016 # the guest expands it
in_and_out() {
	local rc=0

	rm -rf "$here/folder" "$here/out"
	mkdir -p "$here/folder/deep" "$here/folder/empty"
	echo one >"$here/folder/deep/file"
	ln -s deep/file "$here/folder/link"
	echo two >"$here/plain"
	# What is relative is so to where the lab is called.
	(cd "$here" && exec "$lab" run --no-module --add folder:/data/folder \
		--add ./plain:relative --out out -- bash -c '
		echo "output $# $1|$2|$3"
		echo errors >&2
		cat /data/folder/link relative
		[ -d /data/folder/empty ] || echo no empty folder
		pwd
		id -un
		read -r || echo no input
		lsmod | grep -c tcp_lucid
		mkdir -p "/out/a b" && echo back >"/out/a b/c" && ln -s c "/out/a b/l"
		printf "%s" "no newline"
		exit 7' bash 'two  blanks' "quotes' \"\$HOME" $'line\nbreak é') \
		>"$here/stdout" 2>"$here/stderr" </dev/null || rc=$?
	echo "exit code $rc"
	cat "$here/stdout" "$here/stderr"
	[ $rc -eq 7 ]
}

streams() {
	diff "$here/stdout" <(cat <<'EOF'
output 3 two  blanks|quotes' "$HOME|line
break é
one
two
/src
root
no input
0
EOF
	printf '%s' 'no newline') && [ "$(grep -v '^lab: ' "$here/stderr")" = errors ]
}

came_back() {
	(cd "$here/out" && find . | sort)
	[ "$(cat "$here/out/a b/c")" = back ] &&
		[ "$(readlink "$here/out/a b/l")" = c ] &&
		[ "$(cd "$here/out" && find . | wc -l)" -eq 4 ]
}

loaded() {
	"$lab" run -- sh -c 'lsmod | grep tcp_lucid &&
		sysctl net.ipv4.tcp_available_congestion_control' </dev/null |
		tee /dev/stderr | grep lucid_reno
}

real_clock() {
	[ "$("$lab" run --clock real --cpus 2 -- nproc </dev/null)" = 2 ]
}

### guests that come to a bad end

panic() {
	says 125 'guest panicked: sysrq triggered crash' \
		"$lab" run -- sh -c 'echo c >/proc/sysrq-trigger; sleep 9'
}

poweroff() {
	says 125 'guest died' "$lab" run -- sh -c 'echo o >/proc/sysrq-trigger; sleep 9'
}

timeout() {
	says 124 'out of time after 20 s' "$lab" run --timeout 20 -- sleep infinity
}

### verdicts

# room COMMAND...: with the functions of those rooms of the lab that judge.
room() {
	bash -c 'set -euo pipefail
		LAB_D=$1
		. "$LAB_D/common.sh"
		. "$LAB_D/debug.sh"
		shift
		"$@"' room "$(dirname "$lab")/lab.d" "$@"
}

# ktap CODE TEXT: how a suite is judged that printed TEXT.
ktap() {
	printf '%b' "$2" | awk -v rc="$1" -f "$(dirname "$lab")/lab.d/ktap.awk"
}

tested_nothing() {
	ktap 0 '1..0\n'
	ktap 4 '1..0 # SKIP needs tcp_lucid\n'
	[ "$(ktap 0 '1..0\n')" = '0 1 1 it tested nothing' ] &&
		[ "$(ktap 4 '1..1\nok 1 a # SKIP b\n')" = '0 1 1 it tested nothing' ] &&
		[ "$(ktap 0 '1..2\nok 1 a # SKIP b\nok 2 c\n')" = '1 0 1 ' ] &&
		[ "$(ktap 0 '1..2\nok 1 a\n')" = '1 1 0 planned 2 tests, reported 1' ]
}

reports() {
	printf 'all is well\r\n' >"$here/well"
	printf 'BUG: KASAN: use-after-free in it\r\nand more\r\n' >"$here/ill"
	room debug_reports "$here/well" || return
	! room debug_reports "$here/ill" >"$here/shown" || return
	diff "$here/shown" <(tr -d '\r' <"$here/ill") &&
		! room debug_reports "$here/ill" >/dev/full &&
		! room debug_reports "$here/nonexistent"
}

# own_sources install|uninstall: where the sources are what DKMS would throw away.
own_sources() {
	local -a root=()

	[ "$(id -u)" -eq 0 ] || root=(--unshare-user --uid 0 --gid 0)
	rm -rf "$here/kept"
	mkdir -p "$here/kept/scripts"
	cp "$(dirname "$lab")/dkms.sh" "$here/kept/scripts/"
	says 1 'is no copy of DKMS' bwrap "${root[@]}" --dev-bind / / --tmpfs /usr/src \
		--bind "$here/kept" /usr/src/tcp_lucid-0.1.0 \
		sh /usr/src/tcp_lucid-0.1.0/scripts/dkms.sh "$1" 0.1.0 none &&
		[ -e "$here/kept/scripts/dkms.sh" ]
}

# Of three one ends while it is waited for, two before: one of these by a signal.
# shellcheck disable=SC2016 # the inner shell expands it
killed_early() {
	room eval 'one() {
			local ENDED ENDED_CODE
			wait_for_one "${!codes[@]}"
			echo "$ENDED:$ENDED_CODE"
			unset "codes[$ENDED]"
			seen+=" $ENDED:$ENDED_CODE "
		}
		declare -A codes
		seen=""
		set -m
		sleep 1 & codes[$!]=
		set +m
		one
		set -m
		sleep 100 & killed=$!
		(exit 3) & ended=$!
		set +m
		codes[$killed]= codes[$ended]=
		kill -KILL $killed
		sleep 0.5
		one
		one
		[[ $seen == *" $killed:1"[23]"7 "* && $seen == *" $ended:3 "* ]]'
}

### labs that are interrupted

# qemu_of PID: the guest of that lab.
qemu_of() {
	pgrep -P "$1" qemu-system
}

# A zombie that nobody has buried yet is not alive.
alive() {
	grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null
}

# interrupt SIGNAL CODE
interrupt() {
	local pid qemu='' rc=0 tries=300

	# With job control, or bash would start it deaf to SIGINT.
	set -m
	# --default-signal: whoever runs us may ignore SIGINT.
	env --default-signal=INT "$lab" run -- sleep infinity </dev/null \
		>/dev/null &
	pid=$!
	set +m
	until qemu=$(qemu_of $pid) || [ $((tries--)) -eq 0 ]; do
		sleep 0.2
	done
	sleep 2
	kill "-$1" $pid
	wait $pid || rc=$?
	echo "exit code $rc, qemu was '$qemu'"
	sleep 0.5
	[ $rc -eq "$2" ] && [ -n "$qemu" ] && ! alive "$qemu"
}

reader_leaves() {
	[ "$("$lab" run -- yes </dev/null | head -n 1)" = y ]
}

echo 'TAP version 13'
check 'impossible options: one line each' options
check 'not a Debian or Ubuntu host' not_debian
check 'no sudo' no_sudo
check 'sudo wants a password and nobody is there' sudo_wants_a_password
check 'apt-get fails' apt_fails
check 'no disk space to begin with' no_space_to_begin
check 'disk full midway, nothing half-made stays' no_space_midway
check 'no network' no_network
check 'three labs at once' three_runs
check 'same seed, same bytes' same_seed
check 'other seed, other packets' other_seed
check 'exit code of the command' in_and_out
check 'its arguments, output and errors, --add, --no-module' streams
check '--out brings /out back' came_back
check 'the module is loaded' loaded
check 'real clock, two processors' real_clock
check 'a panic is an error' panic
check 'a guest that goes away is an error' poweroff
check 'a guest that hangs is an error' timeout
check 'a suite that tests nothing has failed' tested_nothing
check 'what cannot be looked through for reports is no good' reports
check 'make install leaves sources in /usr/src alone' own_sources install
check 'so does make uninstall' own_sources uninstall
check 'one that is killed before it is waited for is noticed' killed_early
check 'SIGINT leaves no QEMU' interrupt INT 130
check 'SIGTERM leaves no QEMU' interrupt TERM 143
check 'SIGKILL leaves no QEMU' interrupt KILL 137
check 'a reader that leaves ends the run' reader_leaves
echo "1..$number"
[ $failures -eq 0 ]
