# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2153 # other rooms use and set the variables
#
# lab test --install: does installing work, as on a real machine? A Debian with
# systemd on a disk that keeps what is written to it, booted four times:
# install and upgrade the kernel, upgrade the module, refuse and then trust a
# signature, uninstall. What each boot does is in install-guest.
#
#   install       root.ext4, the disk as it is before the first boot, with the
#                 packages of 7.2 in /debs; root/, the same as a folder, with
#                 7.2's headers unpacked; boot-6.12/, boot-7.2/; ovmf/
#   packager      a clean root that has what debian/control asks for

INSTALL_PACKAGES=(
	systemd systemd-sysv udev busybox-static kmod procps iproute2
	dkms make gcc openssl ccache xz-utils
	python3-virt-firmware
)
PACKAGER_PACKAGES=(build-essential debhelper dh-dkms)

### the artefacts

install_artefacts() {
	kernel_select 7.2
	artefact packager "$SUITE ${PACKAGER_PACKAGES[*]}
		$(declare -f debian_root)" packager_make
	PACKAGER=$ARTEFACT
	artefact install \
		"$SUITE $KERNEL_FROM ${INSTALL_PACKAGES[*]} $(cat "$LAB_D/initramfs-init")
		$(declare -f debian_root kernel_image guest_same guest_initrd \
			install_fetch install_pack install_disk install_boot)" \
		install_make
	INSTALL=$ARTEFACT
}

packager_make() {
	MIRROR=$(lab_mirror) || exit
	step 'a clean root that builds Debian packages' \
		"$LAB_BUILD/log/packager.log" \
		debian_root "$1" "$SUITE" --variant=minbase \
			--include="$(comma_list "${PACKAGER_PACKAGES[@]}")" || return
	mkdir -p "$1/src"
}

install_make() {
	local dir=$1 log=$LAB_BUILD/log/install.log old new

	touch "$dir/started"
	MIRROR=$(lab_mirror) || exit
	new=$(kernel_image) || exit
	old=$(kernel_select 6.12 && kernel_image) || exit
	new=${new#linux-image-} old=${old#linux-image-}
	step "a machine with systemd, DKMS, Linux $old, and packages of $new" "$log" \
		debian_root "$dir/root" "$SUITE" --variant=minbase --include="$(comma_list \
			"linux-image-$old" "linux-headers-$old" \
			"${INSTALL_PACKAGES[@]}")" \
		--customize-hook="chroot \"\$1\" sh -euc '$(install_fetch)' sh $new $KERNEL_FROM" ||
		return
	step 'packing it' "$log.pack" install_pack "$dir" "$old" "$new"
}

# A script for the new root; it must do without single quotes. What a machine
# without a network needs to install the next kernel, and a UEFI firmware.
install_fetch() {
	cat <<-'END'
		mkdir -p /debs/partial /ovmf
		apt-get install -y --download-only --no-install-recommends \
			-o Dir::Cache::archives=/debs \
			linux-image-$1/$2 linux-headers-$1/$2
		rm -r /debs/partial /debs/lock
		cd /tmp
		apt-get download ovmf
		dpkg-deb -x ovmf_*.deb /ovmf
		rm ovmf_*.deb
		# Compiled once, then found: emulated, it takes a quarter of an hour.
		ln -s ../../bin/ccache /usr/local/bin/x86_64-linux-gnu-gcc-14
		echo "cache_dir = /var/cache/ccache
		compiler_check = content
		sloppiness = include_file_mtime, include_file_ctime" >/etc/ccache.conf
	END
}

install_pack() {
	local dir=$1 root=$1/root old=$2 new=$3

	mkdir "$dir/ovmf"
	mv "$root"/ovmf/usr/share/OVMF/OVMF_{CODE,VARS}_4M.fd "$dir/ovmf/" || return
	rm -rf "$root/ovmf" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
	# An empty one means a first boot, which asks questions.
	echo 4c75636964004000800000000000beef >"$root/etc/machine-id"
	guest_same "$root" "$dir/started"
	install_disk "$root" "$dir/root.ext4" || return

	# From here on the folder is for compiling and for the other initramfs.
	bwrap --bind "$root" / --dev /dev --proc /proc sh -euc '
		for deb in /debs/linux-headers-* /debs/linux-kbuild-* \
			/debs/linux-modules-*; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x -C / --no-same-owner --keep-directory-symlink
		done
		depmod "$1"' sh "$new" || return
	install_boot "$root" "$dir/boot-6.12" "$old" &&
		install_boot "$root" "$dir/boot-7.2" "$new" || return
	cp "$root/boot/vmlinuz-$old" "$dir/boot-6.12/vmlinuz" || return
	rm -rf "$root/debs" "$root"/boot/*
}

install_boot() {
	mkdir -p "$2"
	echo "$3" >"$2/release"
	guest_initrd "$1" "$2" "$3"
}

# Like guest_disk, but larger, and with a journal: it is written to and stays.
install_disk() {
	local -a owner=()

	[ "$(id -u)" -eq 0 ] ||
		owner=(bwrap --unshare-user --uid 0 --gid 0 --dev-bind / /)
	truncate -s 4G "$2"
	"${owner[@]}" mke2fs -q -F -t ext4 -b 4096 -m 0 \
		-E root_owner=0:0,lazy_itable_init=0 -d "$1" "$2"
}

### what the guest gets

install_version() {
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$1/dkms.conf"
}

# The sources, as folders: this version; a later one, which has nothing in it but
# its number, as it takes long enough to compile one; and one after that, which
# does not compile.
install_sources() {
	local dir=$1

	rm -rf "$dir"
	sync_sources "$dir/now"
	cp -r "$dir/now" "$dir/later"
	sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="998"/' \
		"$dir/later/dkms.conf"
	sed -i '/^tcp_lucid-y/d; /call lucid-probe,/d
		s,^obj-m .*,&\ntcp_lucid-y := module/main.o,' "$dir/later/Kbuild"
	printf '%s\n' '#include <linux/module.h>' 'MODULE_LICENSE("GPL");' \
		'MODULE_DESCRIPTION("later");' \
		'MODULE_VERSION(LUCID_VERSION);' >"$dir/later/module/main.c"
	cp -r "$dir/later" "$dir/broken"
	sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="999"/' \
		"$dir/broken/dkms.conf"
	sed -i '1i #include "not_there.h"' "$dir/broken/module/main.c"
}

# The package, made where nothing is but what debian/control asks for.
install_package() {
	local dir=$KERNEL_BUILD/install

	rm -rf "$dir/package"
	mkdir -p "$dir/package"
	cp -r "$dir/src/now" "$dir/package/tcp-lucid"
	in_root "$PACKAGER" --bind "$dir/package" /src --chdir /src/tcp-lucid -- \
		dpkg-buildpackage -b -us -uc &&
		cp "$dir"/package/*.deb "$dir/src/"
}

# in_root ROOT BWRAP-OPTION... -- COMMAND...
in_root() {
	local root=$1

	shift
	bwrap --ro-bind "$root" / --proc /proc --dev /dev --tmpfs /tmp \
		--die-with-parent --unshare-pid --clearenv \
		--setenv PATH /usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		--setenv HOME /tmp --setenv LC_ALL C.UTF-8 \
		--setenv CCACHE_NOHASHDIR yes "$@"
}

# What DKMS in the guest is going to compile, compiled here, in the same place
# with the same compiler and headers: ccache brings it there.
install_compile() {
	local dir=$KERNEL_BUILD/install version kernel at

	version=$(install_version "$dir/src/now")
	at=/var/lib/dkms/tcp_lucid/$version/build
	for kernel in "$INSTALL"/boot-*/release; do
		kernel=$(cat "$kernel")
		rm -rf "$dir/build"
		in_root "$INSTALL/root" --bind "$dir" /mnt -- \
			make -s -C /mnt/src/now sources DESTDIR=/mnt/build &&
			in_root "$INSTALL/root" --tmpfs /var/cache --tmpfs /var/lib/dkms \
				--bind "$dir/ccache" /var/cache/ccache \
				--bind "$dir"/build/usr/src/* "$at" --chdir "$at" -- \
				make -j "$(nproc)" KERNELRELEASE="$kernel" \
				KDIR="/lib/modules/$kernel/build" modules || return
	done
}

### booting it

# install_boots: one subtest for each boot, in the order in which they build on
# each other: once one fails, the rest would tell nothing.
install_boots() {
	local dir=$KERNEL_BUILD/install

	cp --sparse=always "$INSTALL/root.ext4" "$dir/root.ext4" &&
		cp "$INSTALL/ovmf/OVMF_VARS_4M.fd" "$dir/vars" || return
	install_one "$dir" 6.12 install '' &&
		install_one "$dir" 7.2 upgrade '' &&
		install_one "$dir" 6.12 refuse uefi module.sig_enforce=1 &&
		test_check 'the key of DKMS comes into the firmware' \
			install_enroll "$dir" &&
		install_one "$dir" 6.12 trust uefi module.sig_enforce=1 ||
		say 'the boots after this one were left out'
	rm -f "$dir/root.ext4"
}

# The key that DKMS made in the guest comes into the firmware's db, as its owner
# would bring it there: Linux trusts what is in it, Secure Boot or not.
install_enroll() {
	debugfs -R "dump /var/lib/dkms/mok.pub $1/mok.der" "$1/root.ext4" \
		2>/dev/null
	# shellcheck disable=SC2016 # the inner shell expands it
	in_root "$INSTALL/root" --bind "$1" /mnt -- sh -euc '
		openssl x509 -inform DER -in /mnt/mok.der -out /mnt/mok.pem
		virt-fw-vars --inplace /mnt/vars --add-db "$1" /mnt/mok.pem' \
		sh "$LAB_UUID"
}

# install_one DIR KERNEL STEP FIRMWARE KERNEL-ARGUMENT...
install_one() {
	local dir=$1 kernel=$2 step=$3 firmware=$4 run=$TEST_DIR/run start=$SECONDS
	local at=$TEST_DIR/install:$step failed=$TEST_FAILED status
	local JOB_TTY=no BOOT=$INSTALL/boot-$kernel GUEST=$dir GUEST_SHARE=on
	local LAB_MEMORY=3G
	local -a GUEST_ARGS=("${@:5}" quiet systemd.show_status=0) GUEST_OPTIONS=()

	rm -rf "$run"
	mkdir -p "$run/root/lab"
	cp "$LAB_D/install-guest" "$run/root/lab/"
	cp "$LAB_D/install-init" "$run/root/lab/init"
	chmod 755 "$run/root/lab/init"
	echo "$step" >"$run/root/lab/step"
	if [ "$step" = install ]; then
		mkdir -p "$run/root/var/cache"
		cp -r "$dir/src" "$run/root/lab/src"
		cp -r "$dir/ccache" "$run/root/var/cache/"
	fi
	job_pack "$run/root" "$run/job"
	rm -r "$run/root"
	if [ ! -e "$BOOT/vmlinuz" ]; then
		# The one that the guest installed.
		BOOT=$run/boot
		cp -r "$INSTALL/boot-$kernel" "$BOOT"
		debugfs -R "dump /usr/lib/modules/$(cat "$BOOT/release")/vmlinuz $BOOT/vmlinuz" \
			"$dir/root.ext4" 2>/dev/null
	fi
	[ -z "$firmware" ] || GUEST_OPTIONS=(
		-drive "if=pflash,unit=0,format=raw,readonly=on,file=$INSTALL/ovmf/OVMF_CODE_4M.fd"
		-drive "if=pflash,unit=1,format=raw,file=$dir/vars"
	)

	say "booting Linux $kernel: $step"
	guest_boot "$run" real 1 1 10800 >"$at.out" 2>"$at.err"
	# UEFI talks on every serial line, and ends none.
	sed -i -n '/TAP version/,$ { s/^.*TAP version/TAP version/; p }' "$at.out"
	status=$(results_status "$run/results")
	if [ -z "$status" ]; then
		tail -n 40 "$run/console" | tr -d '\r' >>"$at.err"
		[ "$GUEST_END" != timeout ] || cat "$run/where" >>"$at.err"
		status=1
	fi
	[ -z "${LAB_KEEP:-}" ] || cp "$run/console" "$KERNEL_BUILD/install/console.$step"
	test_report "install:$step" "$status"
	say "$step took $((SECONDS - start)) s"
	[ "$TEST_FAILED" -eq "$failed" ]
}

test_all_install() {
	local dir=$KERNEL_BUILD/install

	# Before test_cleanup, which waits for all that was started.
	CLEANUP=(guest_kill "${CLEANUP[@]}")
	mkdir -p "$dir/ccache"
	install_sources "$dir/src"
	test_check 'the package has the version of dkms.conf' \
		install_same_version "$dir/src/now"
	test_check 'dpkg-buildpackage -b makes tcp-lucid-dkms in a clean Debian' \
		install_package
	test_check 'it compiles for both kernels, where DKMS will' install_compile
	[ "$TEST_FAILED" -gt 0 ] || install_boots
}

install_same_version() {
	local packaged

	packaged=$(sed -n '1s/^tcp-lucid (\([^-)]*\).*/\1/p' "$1/debian/changelog")
	echo "dkms.conf: $(install_version "$1"), debian/changelog: $packaged"
	[ "$packaged" = "$(install_version "$1")" ]
}
