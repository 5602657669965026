#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms.sh install|uninstall VERSION KERNEL: what make does with DKMS. A new
# version is built for every kernel that has an old one before anything is put
# in its place: one that does not compile changes nothing.

set -eu
name=tcp_lucid version=$2 kernel=$3
tree=/var/lib/dkms/$name
cd "$(dirname "$0")/.."

die() {
	echo "make: $*" >&2
	exit 1
}

# "VERSION KERNEL" of what DKMS has built.
built() {
	dkms status $name | sed -n "s|^$name/\([^,]*\), \([^,]*\), .*|\1 \2|p"
}

# The versions that DKMS knows are its folders.
versions() {
	for dir in "$tree"/*/; do
		[ ! -e "$dir/source" ] || basename "$dir"
	done
}

# forget VERSION DKMS-OPTION...: for some kernels, and wholly if none is left.
forget() {
	old=$1
	shift
	dkms remove "$name/$old" "$@"
	[ -e "$tree/$old" ] || rm -rf "/usr/src/$name-$old"
}

# DKMS has no room for the same version twice, so it is compiled elsewhere
# before the one that works is given up.
try_out() {
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	make -s sources DESTDIR="$dir"
	for each in $kernels; do
		make -C "$dir/usr/src/$name-$version" KVER="$each" clean &&
			make -C "$dir/usr/src/$name-$version" KVER="$each" \
				modules || return
	done
}

install() {
	[ -e "/lib/modules/$kernel/build" ] ||
		die "no kernel headers here: apt install linux-headers-$kernel"
	kernels=$kernel
	for each in $(built | sed 's/.* //' | sort -u); do
		if [ "$each" = "$kernel" ]; then
			continue
		elif [ -e "/lib/modules/$each/build" ]; then
			kernels="$kernels $each"
		else
			echo "make: $each keeps what it has: no headers"
		fi
	done

	if [ -e "$tree/$version/source" ]; then
		try_out || die "$version does not compile: nothing has changed"
		forget "$version" --all
	fi
	rm -rf "/usr/src/$name-$version"
	make -s sources
	dkms add "$name/$version"
	for each in $kernels; do
		dkms build "$name/$version" -k "$each" || {
			grep -m 5 'error' "$tree/$version/build/make.log" >&2 || :
			forget "$version" --all
			die "$version is not for Linux $each: what was there before stays"
		}
	done
	for each in $kernels; do
		# --force: an older version may follow a newer one.
		dkms install --force "$name/$version" -k "$each"
		for old in $(versions | grep -vxF "$version"); do
			forget "$old" -k "$each"
		done
	done
}

uninstall() {
	for each in $(versions); do
		forget "$each" --all
	done
	# Also what an install that was interrupted has left.
	rm -rf "$tree" /usr/src/$name-[0-9]*
}

[ "$(id -u)" -eq 0 ] || die 'this needs root: sudo make'
# What follows replaces and removes such folders.
for dir in /usr/src/"$name"-[0-9]*; do
	if [ -e "$dir/scripts" ] || [ -e "$dir/.git" ]; then
		die "$dir is no copy of DKMS', which keeps its own there: move it"
	fi
done
command -v dkms >/dev/null || die 'this needs dkms: apt install dkms'
[ -z "${DESTDIR:-}" ] ||
	die "DKMS works on this machine, not in DESTDIR: make sources copies"
# Its files are dpkg's, also of one that was only half configured.
case $(dpkg-query -W -f '${db:Status-Status}' tcp-lucid-dkms 2>/dev/null) in
'' | not-installed | config-files) ;;
*) die 'the package tcp-lucid-dkms is here: apt purge tcp-lucid-dkms' ;;
esac
# What was said to the make that came here is not meant for those below.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES KDIR
"$1"
