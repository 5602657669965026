# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL is set by kernels.sh
# Compiling the module and the selftests, in the toolchain, on a copy of the
# sources: the checkout stays clean and kernels do not fight over object files.

# Everything the build or the guest needs.
readonly LAB_SOURCES='module include selftests scripts Kbuild Makefile dkms.conf debian'

# Names of the source files, one per line. Git knows which files are sources;
# without it, leave out what compilers make: it has a known name or is no text.
source_list() (
	local -a parts
	local list file

	# In a subshell: what is relative is so to where the lab was called.
	cd "$LAB_TOP" || exit
	read -ra parts <<<"$LAB_SOURCES"
	list=$(git ls-files -co --exclude-standard -- "${parts[@]}" 2>/dev/null) || :
	[ -n "$list" ] || list=$(find "${parts[@]}" -type f \
		! -name '*.mod' ! -name '*.mod.c' ! -name '.*.cmd' \
		! -name 'modules.order' ! -name 'Module.symvers' \
		\( -empty -o -exec grep -Iq . {} \; \) -print 2>/dev/null) || :
	while IFS= read -r file; do
		# Git still lists what was removed but not committed.
		[ ! -e "$file" ] || printf '%s\n' "$file"
	done <<<"$list" | sort
)

# sync_sources DIR: make DIR a copy of the sources, keeping what was compiled
# there. Only what differs is copied, and dated now: a branch may bring back old
# files with old dates, and make must see that they are news. Files that are
# gone are forgotten.
sync_sources() {
	local dir=$1 list=$1/.sources file

	mkdir -p "$dir"
	source_list >"$list.new"
	if [ -e "$list" ]; then
		comm -23 "$list" "$list.new" | (cd "$dir" && xargs -r -d '\n' rm -f)
	fi
	while IFS= read -r file; do
		if ! same_file "$LAB_TOP/$file" "$dir/$file"; then
			mkdir -p "$dir/$(dirname "$file")"
			cp --remove-destination --preserve=mode "$LAB_TOP/$file" \
				"$dir/$file" || die "cannot copy the sources to $dir"
		fi
	done <"$list.new"
	mv "$list.new" "$list"
}

same_file() {
	cmp -s "$1" "$2" || return
	if [ -x "$1" ]; then [ -x "$2" ]; else [ ! -x "$2" ]; fi
}

module_make() {
	in_toolchain "$1" make -j "$(nproc)" \
		KVER="$RELEASE" KDIR="$KERNEL_TREE" "${MODULE_FLAGS[@]}" \
		"${@:2}" modules
}

selftests_make() {
	in_toolchain "$1" make -C selftests KSFT=/usr/src/kselftest \
		KVER="$RELEASE" KDIR="$KERNEL_TREE" "${@:2}"
}

# modprobe in the guest finds modules through depmod's tables. depmod here
# takes two seconds, and a minute in the guest.
module_install() {
	local dir=$1 tree=$1/modules ko=$1/src/tcp_lucid.ko

	rm -rf "$tree"
	mkdir -p "$tree"
	cp -a "$BOOT/modules/lib" "$tree/"
	mkdir -p "$tree/lib/modules/$RELEASE/extra"
	cp "$ko" "$tree/lib/modules/$RELEASE/extra/"
	in_toolchain "$tree" depmod -b /src "$RELEASE" || return
	# Only what is new goes into the job.
	rm -rf "$tree/lib/modules/$RELEASE/kernel"
}

# What the last build was made of: sources by name, time and size, and tools.
build_recipe() {
	echo "$TOOLCHAIN $KSELFTEST $GUEST $BOOT"
	(cd "$1" && xargs -d '\n' stat -c '%n %y %s' <.sources)
	declare -f module_make selftests_make module_install
}

# Everything a guest needs, up to date: images, module, selftests.
# Call it under the lock of this kernel's build folder.
build_all() {
	local src=$KERNEL_BUILD/src log=$LAB_BUILD/log built=$KERNEL_BUILD/built recipe

	# make does not know that the compiler or the headers changed.
	if [ "$(cat "$KERNEL_BUILD/toolchain" 2>/dev/null)" != "$TOOLCHAIN $BOOT" ]; then
		rm -rf "$src" "$built"
		mkdir -p "$KERNEL_BUILD"
		echo "$TOOLCHAIN $BOOT" >"$KERNEL_BUILD/toolchain"
	fi
	sync_sources "$src"
	recipe=$(build_recipe "$src" | sha256sum)
	[ "$recipe" != "$(cat "$built" 2>/dev/null)" ] || return 0
	rm -f "$built"
	if [ -e "$src/Kbuild" ]; then
		step "building tcp_lucid.ko for $RELEASE" "$log/module-$KERNEL.log" \
			module_make "$src" || die 'the module does not build'
		quietly "$log/depmod-$KERNEL.log" module_install "$KERNEL_BUILD" ||
			die "depmod failed (see $log/depmod-$KERNEL.log)"
	fi
	if [ -e "$src/selftests/Makefile" ]; then
		step "building selftests for $RELEASE" "$log/selftests-$KERNEL.log" \
			selftests_make "$src" || die 'the selftests do not build'
	fi
	echo "$recipe" >"$built"
}

# Sets GUEST (the root file system), KSELFTEST and TOOLCHAIN; BOOT is the folder
# of the kernel, KERNEL_TREE what modules are built against, in the toolchain.
artefacts() {
	local asked=$KERNEL

	# What finds mistakes borrows all but itself.
	! kernel_finds "$asked" || KERNEL=6.12
	guest_image
	kselftest
	toolchain
	KERNEL=$asked
	BOOT=$GUEST
	KERNEL_TREE=/lib/modules/$RELEASE/build
	MODULE_FLAGS=()
	! kernel_finds "$KERNEL" || debug_kernel
	! kernel_counts "$KERNEL" || MODULE_FLAGS=(GCOV_PROFILE=y)
}

lab_build() {
	local kernel=6.12

	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) need_value "$1" $#; kernel=$2; shift 2 ;;
		*)	die "lab build does not know '$1'" ;;
		esac
	done
	kernel_select "$kernel"
	host_ready
	artefacts
	locked "$KERNEL_BUILD/.lock" build_all
	say "see $KERNEL_BUILD/src"
}
