# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL is set by kernels.sh
#
# Three things are made once from Debian packages and kept in LAB_CACHE, each
# in a folder named after a hash of its recipe:
#
#   guest-KERNEL      root.ext4, vmlinuz, initrd, release, modules/
#   toolchain-KERNEL  a root folder with compiler, headers and linters, entered
#                     with bubblewrap: native speed, no root needed
#   kselftest         kselftest and checkpatch from linux-source-6.12

# The time of whatever is made here: just before guests believe to boot.
readonly LAB_EPOCH=1704000000
readonly LAB_UUID=4c756369-6400-4000-8000-000000000000

GUEST_PACKAGES=(
	busybox-static kmod procps iputils-ping
	iproute2 ethtool nftables iperf3 socat tcpdump
	bpftrace trace-cmd linux-perf strace
	python3 jq make gawk
)
TOOLCHAIN_PACKAGES=(
	gcc libc6-dev make bc libelf-dev dwarves kmod
	sparse shellcheck perl python3
)

# artefact NAME RECIPE MAKER: sets ARTEFACT to the folder, made by `MAKER DIR`
# if there is none for this recipe (any text that says what it is made of).
artefact() {
	local name=$1 recipe=$2 maker=$3 hash

	hash=$({ echo "$recipe"; declare -f "$maker"; } | sha256sum | cut -c1-12)
	ARTEFACT=$LAB_CACHE/$name-$hash
	[ -e "$ARTEFACT" ] ||
		locked "$LAB_CACHE/.lock-$name" artefact_make "$name" "$maker"
	touch "$ARTEFACT" 2>/dev/null || :
}

# Under the lock. A folder gets its final name only when it is complete.
artefact_make() {
	local name=$1 maker=$2

	[ ! -e "$ARTEFACT" ] || return 0
	disk_ready "$LAB_CACHE"
	# We hold the lock: what is there was left by a lab that was killed.
	remove_tree "$LAB_CACHE/.new-$name"
	ARTEFACT_NEW=$LAB_CACHE/.new-$name
	CLEANUP+=(artefact_cleanup)
	mkdir -p "$ARTEFACT_NEW"
	"$maker" "$ARTEFACT_NEW" || die "could not make the $name artefact"
	mv "$ARTEFACT_NEW" "$ARTEFACT"
	ARTEFACT_NEW=''
	# Yesterday's recipes, unless somebody still works with them.
	find "$LAB_CACHE" -maxdepth 1 -name "$name-*" -mtime +7 \
		-exec chmod -R u+w {} + -exec rm -rf {} + 2>/dev/null || :
}

artefact_cleanup() {
	[ -z "$ARTEFACT_NEW" ] || remove_tree "$ARTEFACT_NEW"
}

# Debian has folders that not even their owner may write to.
remove_tree() {
	[ -e "$1" ] || return 0
	chmod -R u+w "$1" && rm -rf "$1"
}

# What the host's apt was told about its network holds for ours too.
host_apt_options() {
	apt-config dump 2>/dev/null |
		grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) ' || :
}

# debian_root DIR SUITE MMDEBSTRAP-OPTION...: unpack a Debian root into DIR.
# Everything in it belongs to whoever runs this, and there are no devices, so
# it needs no root to make, to read or to remove.
debian_root() {
	local dir=$1 suite=$2 mode=unshare option sources
	local -a options=()

	shift 2
	[ "$(id -u)" -ne 0 ] || mode=root
	while read -r option; do
		[ -z "$option" ] || options+=(--aptopt="$option")
	done <<<"$(host_apt_options)"
	sources="deb $MIRROR $suite main"
	[ "$KERNEL_FROM" = "$SUITE" ] || [ "$suite" != "$SUITE" ] ||
		sources+=$'\n'"deb $MIRROR $KERNEL_FROM main"
	mkdir -p "$dir"
	# INITRD=No: no initramfs from Debian's hooks, the lab has its own.
	INITRD=No mmdebstrap --mode=$mode --format=tar "${options[@]}" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/lib/udev/hwdb.d/*' \
		"$@" "$suite" - - <<<"$sources" |
		bsdtar -xpf - -C "$dir" --no-same-owner --exclude './dev/*' ||
		return
	mkdir -p "$dir"/{dev,proc,sys,run,tmp}
}

comma_list() {
	local IFS=,
	echo "$*"
}

# A package of the kernel's own archive, in apt's words.
kernel_package() {
	if [ "$KERNEL_FROM" = "$SUITE" ]; then
		echo "$1"
	else
		echo "$1/$KERNEL_FROM"
	fi
}

# The newest image of $KERNEL in its archive. Debian's own linux-image-cloud-amd64
# is the newest of all, which in backports is soon another kernel.
kernel_image() {
	local index name version flavour

	read -r version flavour <<<"$KERNEL_IS"
	index=$(mktemp)
	/usr/lib/apt/apt-helper -o Acquire::Retries=1 download-file \
		"$MIRROR/dists/$KERNEL_FROM/main/binary-amd64/Packages.xz" \
		"$index" >/dev/null 2>&1 || :
	name=$(bsdcat "$index" 2>/dev/null | awk -v kernel="$version." \
		-v flavour="[0-9]-$flavour-amd64\$" '
		$1 == "Package:" && index($2, "linux-image-" kernel) == 1 &&
		$2 ~ flavour { print $2 }' | sort -V | tail -n 1)
	rm -f "$index"
	[ -n "$name" ] || die "$MIRROR has no Linux $version ($flavour) in $KERNEL_FROM"
	echo "$name"
}

### guest image

guest_image() {
	artefact "guest-$KERNEL" \
		"$SUITE $KERNEL_FROM ${GUEST_PACKAGES[*]} $(cat "$LAB_D/initramfs-init")
		$(declare -f debian_root kernel_image guest_pack guest_same guest_initrd guest_disk)" \
		guest_make
	GUEST=$ARTEFACT
	RELEASE=$(cat "$GUEST/release")
}

guest_make() {
	local dir=$1 root=$1/root log=$LAB_BUILD/log/guest-$KERNEL.log kernel

	touch "$dir/started"
	MIRROR=$(lab_mirror) || exit
	kernel=$(kernel_image) || exit
	step "guest image: Debian $SUITE with Linux $KERNEL_IS from $MIRROR" "$log" \
		debian_root "$root" "$SUITE" --variant=minbase --include="$(comma_list \
			"$(kernel_package "$kernel")" \
			"${GUEST_PACKAGES[@]}")" || return
	kernel=${kernel#linux-image-}
	echo "$kernel" >"$dir/release"
	cp "$root/boot/vmlinuz-$kernel" "$dir/vmlinuz" 2>/dev/null ||
		cp "$root/usr/lib/modules/$kernel/vmlinuz" "$dir/vmlinuz" || return
	rm -rf "${root:?}"/boot/* "$root"/var/cache/* "$root"/var/lib/apt/* \
		"$root"/usr/lib/udev/hwdb.bin "$root/usr/lib/modules/$kernel/vmlinuz"
	step 'guest image: packing' "$log.pack" guest_pack "$dir" "$root" "$kernel"
}

guest_pack() {
	local dir=$1 root=$2 kernel=$3

	guest_same "$root" "$dir/started"
	guest_initrd "$root" "$dir" "$kernel" && guest_disk "$root" "$dir" || return
	rm "$dir/started"
	# depmod (build.sh) wants to see them.
	mkdir -p "$dir/modules/lib/modules"
	mv "$root/usr/lib/modules/$kernel" "$dir/modules/lib/modules/" || return
	remove_tree "$root"
}

# Equal packages make equal images, on every machine: nothing of the host, and
# one time for all that was not in a package but made by installing them.
guest_same() {
	local root=$1 started=$2

	echo lab >"$root/etc/hostname"
	printf '%s\n' '127.0.0.1 localhost lab' '::1 localhost' >"$root/etc/hosts"
	: >"$root/etc/resolv.conf"
	sed -i 's/^\([^:]*:[^:]*\):[0-9]*:/\1:19723:/' "$root/etc/shadow"
	rm -f "$root"/etc/*- "$root/etc/apt/sources.list"
	# Unpacked by an ordinary user these are gone already.
	find "$root" -perm /6000 ! -type l -exec chmod a-s {} +
	find "$root" -newer "$started" -exec touch -h -d @"$LAB_EPOCH" {} +
}

# Just enough to find the root file system: busybox and a few modules,
# uncompressed, in the order of their dependencies.
guest_initrd() {
	local root=$1 dir=$2 kernel=$3 tree=$2/initramfs
	local modules=$1/usr/lib/modules/$3 module path

	mkdir -p "$tree"/{bin,modules,dev,root}
	cp "$root/usr/bin/busybox" "$tree/bin/" 2>/dev/null ||
		cp "$root/bin/busybox" "$tree/bin/" || return
	cp "$LAB_D/initramfs-init" "$tree/init"
	# ext4 asks for crc32c when it mounts.
	for module in crc32c_generic ext4 nd_pmem nfit; do
		# A line is "MODULE: DEPENDENCY...", nearest first. Built in: no line.
		while read -r path; do
			module=$(basename "${path%.ko*}").ko
			[ ! -e "$tree/modules/$module" ] || continue
			bsdcat "$modules/$path" >"$tree/modules/$module" || return
			echo "$module"
		done < <(awk -F '[: ]+' -v m="/$module\\\\.ko" '$1 ~ m {
			for (i = NF; i; i--) if ($i) print $i
		}' "$modules/modules.dep")
	done >"$tree/modules/order"
	# Through GNU tar, which can sort and forget times and owners.
	tar -cf "$dir/initrd.tar" -C "$tree" --sort=name --mtime=@"$LAB_EPOCH" \
		--owner=0 --group=0 --numeric-owner init bin modules dev root &&
		bsdtar -cf "$dir/initrd" --format=newc "@$dir/initrd.tar" || return
	rm -rf "$tree" "$dir/initrd.tar"
}

# The root file system as an image with free space. Guests map it privately:
# each may write to it, none changes it.
guest_disk() {
	local root=$1 dir=$2
	local -a owner=()

	# What mke2fs finds must belong to root, also when we are not.
	[ "$(id -u)" -eq 0 ] ||
		owner=(bwrap --unshare-user --uid 0 --gid 0 --dev-bind / /)
	truncate -s 1G "$dir/root.ext4"
	# Where files end up depends on the order of their names and on a hash.
	E2FSPROGS_FAKE_TIME=$LAB_EPOCH "${owner[@]}" mke2fs -q -F -t ext4 -b 4096 \
		-m 0 -U "$LAB_UUID" -O ^has_journal,^resize_inode,^metadata_csum \
		-E root_owner=0:0,lazy_itable_init=0,hash_seed="$LAB_UUID" \
		-d "$root" "$dir/root.ext4"
}

### toolchain

toolchain() {
	artefact "toolchain-$KERNEL" \
		"$SUITE $KERNEL_FROM $RELEASE ${TOOLCHAIN_PACKAGES[*]}
		$(declare -f debian_root)" toolchain_make
	TOOLCHAIN=$ARTEFACT
}

toolchain_make() {
	MIRROR=$(lab_mirror) || exit
	step "toolchain: compiler and headers of $RELEASE" \
		"$LAB_BUILD/log/toolchain-$KERNEL.log" \
		debian_root "$1" "$SUITE" --variant=minbase --include="$(comma_list \
			"$(kernel_package "linux-headers-$RELEASE")" \
			"${TOOLCHAIN_PACKAGES[@]}")" || return
	mkdir -p "$1/src" "$1/usr/src/kselftest" "$1/usr/src/checkpatch"
}

# in_toolchain DIR COMMAND...: run it there, with DIR as its /src.
in_toolchain() {
	local dir=$1
	local -a alone=(--unshare-all) tree=()

	shift
	[ "${KERNEL_TREE:-}" != /mnt ] || tree=(--ro-bind "$BOOT/build" /mnt)
	# In a user namespace root could not read a user's private home.
	[ "$(id -u)" -ne 0 ] || alone=(--cap-add ALL --unshare-ipc --unshare-pid
		--unshare-net --unshare-uts)
	bwrap "${alone[@]}" --die-with-parent --clearenv \
		--ro-bind "$TOOLCHAIN" / --proc /proc --dev /dev --tmpfs /tmp \
		--ro-bind "$KSELFTEST/kselftest" /usr/src/kselftest \
		--ro-bind "$KSELFTEST/checkpatch" /usr/src/checkpatch \
		--bind "$dir" /src --chdir /src "${tree[@]}" \
		--setenv PATH /usr/sbin:/usr/bin:/sbin:/bin \
		--setenv HOME /tmp --setenv LC_ALL C.UTF-8 \
		"$@"
}

### kselftest

# The 6.12 copy serves every kernel: 6.1 has no ktap_helpers.sh.
kselftest() {
	artefact kselftest 'linux-source-6.12 from trixie' kselftest_make
	KSELFTEST=$ARTEFACT
}

kselftest_make() {
	local SUITE=trixie log=$LAB_BUILD/log/kselftest.log

	MIRROR=$(lab_mirror) || exit
	step 'kselftest and checkpatch from linux-source-6.12' "$log" \
		kselftest_unpack "$1"
}

kselftest_unpack() {
	local dir=$1 root=$1/root
	local KERNEL_FROM=$SUITE

	# Nothing is installed: the packages are only unpacked.
	debian_root "$root" trixie --variant=extract --include=linux-source-6.12 ||
		return
	bsdtar -xf "$root/usr/src/linux-source-6.12.tar.xz" -C "$root" \
		'*/tools/testing/selftests/lib.mk' \
		'*/tools/testing/selftests/*kselftest*' \
		'*/tools/testing/selftests/net/lib.sh' \
		'*/tools/testing/selftests/net/lib/*' \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' || return
	mv "$root"/linux-source-*/tools/testing/selftests "$dir/kselftest" &&
		mv "$root"/linux-source-*/scripts "$dir/checkpatch" || return
	remove_tree "$root"
}
