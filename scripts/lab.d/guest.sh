# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # other rooms use the variables
# Booting the guest and watching it until it is done.

LAB_MEMORY=3G

# What makes two runs the same run, and why:
#   -icount shift=0,sleep=off   the clock counts instructions, 1 ns each, and
#                               jumps over idle time
#   -cpu                        no hardware randomness, the same choices in
#                               every library on every host; and no cx16:
#                               QEMU 7.2 leaves rubbish in the flags after
#                               CMPXCHG16B, and an interrupt right there is a
#                               double fault (slab uses it all the time)
#   pc-i440fx-6.2               the same machine from every QEMU since 2021
#   no disk, no network         both answer when the host finds time
GUEST_VIRTUAL=(
	-accel "tcg,thread=single" -icount "shift=0,sleep=off"
	-rtc "base=2024-01-01,clock=vm"
)
GUEST_CPU=qemu64,-cx16,-rdrand,-rdseed

GUEST_KERNEL_ARGS=(
	console=ttyS0 panic=-1 oops=panic panic_on_warn=1
	nokaslr random.trust_cpu=off random.trust_bootloader=off
	# Spectre means nothing here, retpolines would cost a tenth of the speed.
	mitigations=off
)

# What other rooms may want besides: arguments of the kernel, options of QEMU,
# and a disk that keeps what is written to it.
GUEST_ARGS=() GUEST_OPTIONS=() GUEST_SHARE=off

# guest_qemu RUN CLOCK CPUS SEED: sets QEMU to the command line.
guest_qemu() {
	local run=$1 clock=$2 cpus=$3 seed=$4 stdout
	local -a kargs=("${GUEST_KERNEL_ARGS[@]}")

	# The command line is hashed into the kernel's random pool.
	kargs+=("lab.seed=$seed" "${GUEST_ARGS[@]}")
	# It goes on after a report: there may be more, and all are shown.
	! kernel_finds "$KERNEL" || kargs+=(panic_on_warn=0 kasan_multi_shot)
	QEMU=(
		qemu-system-x86_64 -nodefaults -no-user-config -display none
		-no-reboot -machine "pc-i440fx-6.2,nvdimm=on" -smp "$cpus"
		-seed "$seed"
	)
	if [ "$clock" = virtual ]; then
		QEMU+=("${GUEST_VIRTUAL[@]}" -cpu "$GUEST_CPU")
		# Calibrating the LAPIC timer reads the clock in a tight loop for
		# 0.2 s, which counting instructions makes a third of the boot;
		# the HPET's frequency is known. And nothing can stall a counted
		# clock but the kernel itself, so a lockup is no false alarm.
		kargs+=(nolapic_timer softlockup_panic=1)
	elif [ "${LAB_ACCEL:-tcg}" = kvm ]; then
		QEMU+=(-accel kvm -cpu host)
	else
		# One thread for all CPUs, in turn. With a thread for each there
		# was once an oops, an int3 where the kernel had patched its text
		# (a static key): it may be that QEMU kept what it had translated
		# of the old text. That is suspected, not proved.
		QEMU+=(-accel "tcg,thread=single" -cpu "$GUEST_CPU")
	fi

	stdout="file,id=out,path=$run/stdout"
	[ "$JOB_TTY" = no ] || stdout='stdio,id=out,signal=off'
	# shellcheck disable=SC2054
	QEMU+=(
		-m "$LAB_MEMORY,slots=4,maxmem=16G"
		-kernel "$BOOT/vmlinuz" -initrd "$BOOT/initrd"
		-append "${kargs[*]}"
		# share=off: the guest writes to its own copy.
		-object "memory-backend-file,id=m0,share=$GUEST_SHARE,mem-path=$GUEST/root.ext4,size=$(stat -Lc %s "$GUEST/root.ext4")"
		-device nvdimm,memdev=m0
		-object "memory-backend-file,id=m1,share=off,mem-path=$run/job,size=$(stat -c %s "$run/job")"
		-device nvdimm,memdev=m1
		-object "memory-backend-file,id=m2,share=on,mem-path=$run/results,size=$(stat -c %s "$run/results")"
		-device nvdimm,memdev=m2
		# Files never block, so a slow reader cannot stop the clock.
		-chardev "file,id=console,path=$run/console"
		-chardev "$stdout"
		-chardev "file,id=err,path=$run/stderr"
		-chardev "pipe,id=monitor,path=$run/monitor" -mon monitor
		-serial chardev:console -serial chardev:out -serial chardev:err
		"${GUEST_OPTIONS[@]}"
	)
}

# guest_boot RUN CLOCK CPUS SEED TIMEOUT: boot, show the command's output as it
# comes, wait for the end. Sets GUEST_END to over, timeout or unread.
guest_boot() {
	local run=$1 timeout=$5 rc=0 first

	# The guest knows this disk by its first words.
	echo 'lab results' >"$run/results"
	truncate -s "$LAB_RESULTS" "$run/results"
	: >"$run/stdout"
	: >"$run/stderr"
	: >"$run/console"
	mkfifo "$run/monitor.in" "$run/monitor.out"
	guest_qemu "$run" "$2" "$3" "$4"

	if [ "$JOB_TTY" = yes ]; then
		setpriv --pdeathsig KILL "${QEMU[@]}" <&0 2>"$run/qemu.log" &
	else
		# pdeathsig: whatever becomes of this shell, no QEMU survives it.
		setpriv --pdeathsig KILL "${QEMU[@]}" </dev/null >"$run/qemu.log" 2>&1 &
	fi
	QEMU_PID=$!
	setpriv --pdeathsig KILL tail -c +1 -s 0.1 -f --pid=$QEMU_PID \
		"$run/stdout" &
	TAIL_OUT=$!
	setpriv --pdeathsig KILL tail -c +1 -s 0.1 -f --pid=$QEMU_PID \
		"$run/stderr" >&2 &
	TAIL_ERR=$!
	setpriv --pdeathsig KILL sleep "$timeout" &
	SLEEPER=$!

	wait -n -p first $QEMU_PID $TAIL_OUT $TAIL_ERR $SLEEPER 2>/dev/null || rc=$?
	case $first in
	"$QEMU_PID")	GUEST_END=over ;;
	"$SLEEPER")
		GUEST_END=timeout
		guest_where "$run" >"$run/where"
		;;
	*)
		# Nobody reads any more, as in `lab run -- yes | head`; unless
		# tail saw QEMU's end first.
		if [ $rc -eq 0 ]; then
			wait $QEMU_PID 2>/dev/null || rc=$?
			GUEST_END=over
		else
			GUEST_END=unread
		fi
		;;
	esac
	# SIGBUS: the file behind a guest's memory could not grow.
	if [ "$GUEST_END" = over ] && [ $rc -eq $((128 + 7)) ]; then
		die "no space left on device for the guest in $LAB_BUILD"
	fi
	guest_kill
	# Let them show the last bytes.
	wait $TAIL_OUT $TAIL_ERR 2>/dev/null || :
}

# guest_where RUN: what the processors of a guest that does not end are doing,
# three times: addresses, and whether they wait for an interrupt (HLT=1). Should
# QEMU be gone, nothing waits: not even for the other end of the FIFO.
guest_where() {
	local run=$1 _

	for _ in 1 2 3; do
		echo 'info registers -a'
		sleep 0.5
	done 1<>"$run/monitor.in" &
	timeout 3 cat "$run/monitor.out" | tr -d '\r' |
		grep -oE 'CPU#[0-9]+|[RE]IP=[0-9a-f]+|CPL=[0-9]|HLT=[0-9]' |
		paste -sd ' ' | sed 's/ *CPU#/\n    CPU /2g; s/^CPU#/    CPU /' || :
	echo "    QEMU has used $(ps -o time= -p "$QEMU_PID") of processor time"
}

# By number, and only our own children.
guest_kill() {
	local pid

	for pid in ${SLEEPER:-} ${QEMU_PID:-}; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	SLEEPER='' QEMU_PID=''
}

# guest_failed RUN: the guest left no status. Say why, show its last words.
guest_failed() {
	local run=$1 why

	# A panic often says no more than "Fatal exception": the first
	# complaint before it is the reason.
	why=$(tr -d '\r' <"$run/console" | sed -n 's/^\[[ 0-9.]*\] //
		/^\(BUG\|WARNING\|Oops\|lab\|kernel BUG at.*\): /{p;q;}
		/^general protection/{p;q;}
		/^watchdog: BUG/{p;q;}
		/^Kernel panic - /{p;q;}')
	tail -n 25 "$run/console" | tr -d '\r' | sed 's/^/    /' >&2
	if [ -s "$run/qemu.log" ]; then
		tail -n 5 "$run/qemu.log" >&2
		[ -n "$why" ] || die 'QEMU failed (its words above)'
	fi
	case $why in
	'lab: '*) die "guest failed: ${why#lab: }" ;;
	'')	die 'guest died without a word of why' ;;
	*)	die "guest panicked: ${why#Kernel panic - not syncing: }" ;;
	esac
}
