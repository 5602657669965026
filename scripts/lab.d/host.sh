# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the lab needs on this machine, and how it gets there.

# Bytes that the first run of a kernel takes, in MiB, with room for the job.
readonly LAB_DISK_MB=3000

# For tests: the file that names the distribution.
LAB_OS_RELEASE=${LAB_OS_RELEASE:-/etc/os-release}

have() {
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]
}

# Debian packages that this machine lacks, one per line.
missing_packages() {
	local tool package

	while read -r tool package; do
		have "$tool" || echo "$package"
	done <<-EOF
		qemu-system-x86_64 qemu-system-x86
		mmdebstrap mmdebstrap
		bwrap bubblewrap
		bsdtar libarchive-tools
		mke2fs e2fsprogs
		flock util-linux
	EOF
	# Without root, mmdebstrap works in a user namespace.
	[ "$(id -u)" -eq 0 ] || have newuidmap || echo uidmap
	# QEMU's BIOS is only recommended by its package.
	[ -e /usr/share/seabios/bios-256k.bin ] ||
		[ -e /usr/share/qemu/bios-256k.bin ] || echo seabios
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		echo debian-archive-keyring
}

# Any Debian or Ubuntu, or what says it is like them and has apt.
host_is_debian() {
	local ID='' ID_LIKE=''

	[ -r "$LAB_OS_RELEASE" ] || return 1
	# shellcheck source=/dev/null
	. "$LAB_OS_RELEASE"
	case " $ID $ID_LIKE " in
	*' debian '* | *' ubuntu '*) have apt-get ;;
	*) return 1 ;;
	esac
}

apt_as_root() {
	$AS_ROOT env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 "$@"
}

host_ready() {
	local packages AS_ROOT='' log=$LAB_BUILD/log/apt.log

	[ "$(uname -m)" = x86_64 ] ||
		die "the lab's guests are amd64, this machine is $(uname -m)"
	# mke2fs lives in sbin, which ordinary users may not have.
	PATH=$PATH:/usr/sbin:/sbin

	packages=$(missing_packages | sort -u | tr '\n' ' ')
	packages=${packages% }
	[ -n "$packages" ] || return 0

	host_is_debian ||
		die "not a Debian or Ubuntu machine: install these yourself: $packages"
	if [ "$(id -u)" -ne 0 ]; then
		have sudo ||
			die "no sudo here: as root, run apt-get install $packages"
		AS_ROOT=sudo
	fi
	say "installing $packages"
	if [ -n "$AS_ROOT" ] && ! sudo -n true 2>/dev/null; then
		# Ask now, in plain view, not from inside a log file.
		[ -t 0 ] || die "sudo wants a password: run sudo apt-get install $packages"
		sudo -v || die "sudo refused: as root, run apt-get install $packages"
	fi
	# A stale or partly unreachable index may still be good enough.
	step 'reading package lists' "$log" apt_as_root update ||
		say 'apt-get update failed, trying what is known already'
	# seabios and the keyring count; what is recommended otherwise does not.
	# shellcheck disable=SC2086
	step "apt-get install" "$log" \
		apt_as_root install --no-install-recommends $packages ||
		die "apt-get could not install $packages (see $log)"
}

# disk_ready DIR: room for an image there, or one clear line.
disk_ready() {
	local free

	mkdir -p "$1" 2>/dev/null || die "cannot write to $1"
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "${free:-0}" -ge $LAB_DISK_MB ] ||
		die "not enough disk space: $1 has $free MB free, the lab needs $LAB_DISK_MB"
}

# The Debian mirror: LAB_MIRROR, else the one this machine already uses if it
# is a Debian one, else the world's. Answers only after the mirror did.
lab_mirror() {
	local probe mirror default=http://deb.debian.org/debian

	probe=$(mktemp)
	for mirror in "${LAB_MIRROR:-$(host_mirror)}" "${LAB_MIRROR:-$default}"; do
		[ -n "$mirror" ] || continue
		if /usr/lib/apt/apt-helper -o Acquire::Retries=1 \
			-o Acquire::http::Timeout=20 \
			download-file "$mirror/dists/$SUITE/InRelease" "$probe" \
			>/dev/null 2>&1; then
			rm -f "$probe"
			echo "$mirror"
			return
		fi
	done
	rm -f "$probe"
	die "no network: cannot read $mirror (LAB_MIRROR names another mirror)"
}

host_mirror() {
	# shellcheck disable=SC2016
	{ apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 2>/dev/null || :; } |
		awk '$2 == "Debian" && $1 ~ /^http/ && $1 !~ /security|snapshot/ {
			sub("/$", "", $1); print $1; exit }'
}
