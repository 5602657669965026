# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2153 # other rooms use and set the variables
#
# Kernels that watch themselves: debug has KASAN and lockdep, kcsan has KCSAN, and
# gcov no more than what costs little, so that the suites keep their times on it.
# They are built once, from Debian's linux-source-6.12 and debug*.config, and
# boot the root file system of the 6.12 guest. Whatever they report fails the
# run, whichever command ran.
#
#   kernel-KERNEL   vmlinuz, initrd, release, modules/, and build/, the tree
#                   that modules are compiled against

DEBUG_PACKAGES=(flex bison cpio xz-utils linux-source-6.12)

# Sets BOOT and KERNEL_TREE; the guest and the toolchain are those of 6.12.
debug_kernel() {
	artefact "kernel-$KERNEL" \
		"${DEBUG_PACKAGES[*]} ${TOOLCHAIN_PACKAGES[*]}
		$(debug_config; cat "$LAB_D/initramfs-init")
		$(declare -f debian_root debug_sources debug_compile debug_pack)" \
		debug_make
	BOOT=$ARTEFACT
	KERNEL_TREE=/mnt
	RELEASE=$(cat "$BOOT/release")
}

debug_config() {
	local -A what=([debug]='kasan gcov' [kcsan]=kcsan [gcov]=gcov)
	local part

	cat "$LAB_D/debug.config"
	for part in ${what[$KERNEL]}; do
		cat "$LAB_D/debug-$part.config"
	done
	echo "CONFIG_LOCALVERSION=\"-lucid-$KERNEL\""
}

debug_make() {
	local dir=$1 log=$LAB_BUILD/log/kernel-$KERNEL.log

	MIRROR=$(lab_mirror) || exit
	step "$KERNEL kernel: compiler and sources" "$log" debug_sources "$dir" &&
		step "$KERNEL kernel: compiling, a quarter of an hour or more" \
			"$log.make" debug_compile "$dir" &&
		step "$KERNEL kernel: packing" "$log.pack" debug_pack "$dir"
}

debug_sources() {
	local dir=$1 root=$1/root
	local KERNEL_FROM=$SUITE

	debian_root "$root" "$SUITE" --variant=minbase --include="$(comma_list \
		"${TOOLCHAIN_PACKAGES[@]}" "${DEBUG_PACKAGES[@]}")" || return
	mkdir -p "$root/src" "$dir/build"
	bsdtar -xf "$root/usr/src/linux-source-6.12.tar.xz" -C "$dir/build" \
		--strip-components 1 || return
	debug_config >"$dir/build/kernel/configs/lucid.config"
}

# in_debug_root DIR COMMAND...: where the kernel itself is compiled.
in_debug_root() {
	local dir=$1
	local -a alone=(--unshare-all)

	shift
	[ "$(id -u)" -ne 0 ] || alone=(--cap-add ALL --unshare-ipc --unshare-pid
		--unshare-net --unshare-uts)
	bwrap "${alone[@]}" --die-with-parent --clearenv \
		--ro-bind "$dir/root" / --proc /proc --dev /dev --tmpfs /tmp \
		--bind "$dir/build" /src --chdir /src \
		--setenv PATH /usr/sbin:/usr/bin:/sbin:/bin \
		--setenv HOME /tmp --setenv LC_ALL C.UTF-8 \
		--setenv KBUILD_BUILD_TIMESTAMP "@$LAB_EPOCH" \
		--setenv KBUILD_BUILD_USER lab --setenv KBUILD_BUILD_HOST lab \
		"$@"
}

debug_compile() {
	local dir=$1 lost

	in_debug_root "$dir" make -s ARCH=x86_64 tinyconfig lucid.config || return
	# Kconfig says nothing of a line that it did not follow.
	lost=$(grep -E '^CONFIG_' "$dir/build/kernel/configs/lucid.config" |
		grep -vxFf "$dir/build/.config" || :)
	[ -z "$lost" ] || { echo "not to be had: $lost"; return 1; }
	in_debug_root "$dir" nice make -s ARCH=x86_64 -j "$(nproc)" bzImage modules
}

# What modules need stays: headers, scripts, objtool, symbols' versions, and of
# vmlinux its BTF. The objects are gigabytes.
debug_pack() {
	local dir=$1 build=$1/build release modules

	release=$(cat "$build/include/config/kernel.release") || return
	echo "$release" >"$dir/release"
	modules=$dir/modules/lib/modules/$release
	mkdir -p "$modules" "$dir/initramfs/modules"
	cp "$build/arch/x86/boot/bzImage" "$dir/vmlinuz" &&
		cp "$build"/modules.{builtin,builtin.modinfo,order} "$modules/" ||
		return

	# The 6.12 guest's initramfs, but there are no modules to load.
	: >"$dir/initramfs/modules/order"
	bsdtar -cf "$dir/initrd.order" --format=newc -C "$dir/initramfs" modules &&
		cat "$GUEST/initrd" "$dir/initrd.order" >"$dir/initrd" || return
	rm -r "$dir/initramfs" "$dir/initrd.order"

	in_debug_root "$dir" objcopy --only-section=.BTF vmlinux vmlinux.btf &&
		mv "$build/vmlinux.btf" "$build/vmlinux" || return
	find "$build" -mindepth 1 -maxdepth 1 -type d ! -name arch ! -name include \
		! -name scripts ! -name tools -exec rm -rf {} +
	find "$build/arch" -mindepth 1 -maxdepth 1 -type d ! -name x86 \
		-exec rm -rf {} +
	find "$build/tools" -mindepth 1 -maxdepth 1 -type d ! -name objtool \
		! -name bpf ! -name include -exec rm -rf {} +
	find "$build" -type f \( -name '*.o' -o -name '*.a' -o -name '*.cmd' \
		-o -name 'vmlinux?*' \) ! -path '*/scripts/module*' -delete
	rm -rf "$build/arch/x86/boot"
	remove_tree "$dir/root"
}

### reports

# Words that begin a report of KASAN, UBSAN, lockdep, RCU, debug objects,
# kmemleak and of everybody who warns.
DEBUG_REPORT='BUG: |WARNING: |INFO: |UBSAN: |ODEBUG: |Oops: |kernel BUG at'
DEBUG_REPORT+='|general protection|Kernel panic|unreferenced object'
DEBUG_REPORT+='|possible (circular|recursive) locking|suspicious RCU usage'
DEBUG_REPORT+='|refcount_t: |list_(add|del) corruption|kernel stack overflow'
DEBUG_REPORT+='|ref_tracker: |unregister_netdevice: waiting'
DEBUG_REPORT+='|lab: tcp_lucid does not unload'

# debug_reports CONSOLE: each with what follows it; fails if there are any, or no
# saying.
debug_reports() {
	local found

	found=$(tr -d '\r' <"$1" | debug_races | with_rest "$DEBUG_REPORT" 45) &&
		none_of "$found" 400
}

# Leaves out the races of KCSAN in which the module's code is on neither side:
# the kernel has many of its own. Each report is between two lines of "=". The
# other processor may say something in its midst, which is then shown with it.
debug_races() {
	awk '
		/=================$/ { inside = !inside }
		!inside && !/=================$/ { print; next }
		{ block = block $0 "\n" }
		/(BUG|WARNING|INFO|UBSAN|ODEBUG|Oops): / && !/BUG: KCSAN/ { ours = 1 }
		/ by (task|interrupt)/ { top = 1; next }
		top && /\+0x[0-9a-f]+\/0x/ {
			if (/\[tcp_lucid\]/)
				ours = 1
			top = 0
		}
		!inside {
			if (block !~ /BUG: KCSAN/ || ours)
				printf "%s", block
			block = ""
			ours = top = 0
		}
		END { printf "%s", block }'
}

### suites

# debug_suites: of the suites on stdin, those that KERNEL runs: not arithmetic,
# which never enters it; where every second is a real one, those of races; and not
# bench on a slow processor, where it compares windows for hours over round trips
# of 1 ms that take 9, and does nothing that other suites do not.
debug_suites() {
	case $KERNEL in
	kcsan)	grep -xF "$KCSAN_SUITES" || : ;;
	debug)	grep -v -e '^arithmetic/' -e '^bench\.py$' ;;
	*)	grep -v '^arithmetic/' ;;
	esac
}

KCSAN_SUITES='counts.py
fuzz.py
many.py
stress_switch.py
stress_load.py'

# Suites whose times or numbers this kernel cannot keep: "NAME WHY" per line.
# They run, and the kernel is to report nothing; what their own tests say is not
# asked.
DEBUG_UNTIMED='handshake.py exact round trips, which its slow processor makes longer
summary.py exact round trips
decisions.py the queue of a long path, which its slow processor never fills
path_signals.py one event for each round trip, which is longer here
causes.py a local queue that a slow sender does not fill, and a timeout it is to be in time for
same_packets.py two runs of in-tree reno, which differ there as well
retransmit.py a rule of nftables that is to be there before a timeout
transfer.py the same
window.py how far the window is after so many round trips
ecn.py its packets are compared with another run, one by one
flow_control.py exact times between probes
many.py objects in slabs, where the checks keep their own'

# debug_untimed KERNEL/SUITE: prints why its tests are not asked; fails if they
# are.
debug_untimed() {
	case $1 in
	kcsan/*) echo ' real time, on a slow machine' ;;
	debug/*) awk -v suite="${1#*/}" '
		$1 == suite { $1 = ""; print; found = 1 }
		END { exit !found }' <<<"$DEBUG_UNTIMED" ;;
	*)	return 1 ;;
	esac
}
