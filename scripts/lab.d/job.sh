# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # other rooms use the variables
#
# The job is a tar archive that the guest unpacks over its root: this checkout
# as /src, what --add brings, the command. Equal jobs are equal byte for byte,
# or two runs would not be two runs of the same thing.

# Room for /out.
readonly LAB_RESULTS=1G

# job_stage DIR: what the guest gets, laid out as the guest will see it.
# Reads JOB_COMMAND (array), JOB_ADD (array), JOB_MODULE, JOB_TTY.
job_stage() {
	local root=$1 src=$KERNEL_BUILD/src add

	mkdir -p "$root/lab" "$root/src" "$root/usr/src/kselftest"
	cp "$LAB_D/guest-init" "$root/lab/init"
	! kernel_finds "$KERNEL" || cp "$LAB_D/guest-debug" "$root/lab/last"

	# Objects of the module are of no use there, the rest of the tree is.
	tar -cf - -C "$src" --exclude='./.sources' --exclude='.*.cmd' \
		--exclude='./module/*.o' --exclude='./*.o' --exclude='./*.mod*' . |
		tar -xf - -C "$root/src"
	cp -a "$KSELFTEST/kselftest/." "$root/usr/src/kselftest/"
	if [ -e "$KERNEL_BUILD/modules/lib" ]; then
		cp -a "$KERNEL_BUILD/modules/lib" "$root/usr/"
	fi

	{
		echo '#!/bin/bash'
		echo "exec ${JOB_COMMAND[*]@Q}"
	} >"$root/lab/command"
	{
		echo "LAB_MODULE=$JOB_MODULE"
		echo "LAB_TTY=$JOB_TTY"
		[ "$JOB_TTY" = no ] || job_terminal
	} >"$root/lab/settings"
	chmod 755 "$root/lab/init" "$root/lab/command"

	for add in "${JOB_ADD[@]}"; do
		job_add "$root" "${add%:*}" "${add##*:}"
	done
}

# The terminal that lab shell runs on.
job_terminal() {
	local rows=25 cols=80

	[ ! -t 0 ] || read -r rows cols < <(stty size)
	printf 'LAB_TERM=%s LAB_ROWS=%d LAB_COLS=%d\n' \
		"${TERM:-dumb}" "$rows" "$cols"
}

# job_add ROOT HOST GUEST: GUEST names the file or folder itself, from /src if
# it is relative.
job_add() {
	local root=$1 host=$2 guest=$3

	case $guest in
	/*)	guest=$(realpath -ms "$guest") ;;
	*)	guest=$(realpath -ms "/src/$guest") ;;
	esac
	mkdir -p "$root$(dirname "$guest")"
	# -T: into a folder that is there already means over it, not below it.
	cp -rTH --preserve=mode "$host" "$root$guest" ||
		die "cannot copy $host into the guest"
}

# job_check_adds: complain before anything is built.
job_check_adds() {
	local add

	for add in "${JOB_ADD[@]}"; do
		case $add in
		?*:?*)	;;
		*)	die "--add takes HOST:GUEST, not '$add'" ;;
		esac
		[ -r "${add%:*}" ] || die "--add: cannot read ${add%:*}"
	done
}

# job_pack ROOT FILE: the archive, without anything that depends on when or by
# whom it is made. Folders come into being with what is in them, so that those
# which the guest already has keep their modes.
job_pack() {
	local root=$1 file=$2

	(cd "$root" && find . -mindepth 1 \( ! -type d -o -empty \) -print0 |
		sort -z | tar -cf "$file" --format=gnu --no-recursion --null -T - \
		--owner=0 --group=0 --numeric-owner --mtime=@"$LAB_EPOCH" \
		--mode=u+w,go-w,a+rX) || die "cannot pack the job into $file"
	# An NVDIMM of whole huge pages.
	truncate -s %2M "$file"
}

# results_status FILE: the command's exit code, or nothing if the guest did not
# live to write it.
results_status() {
	bsdtar -xOf "$1" lab/status 2>/dev/null || :
}

# results_coverage FILE DIR: what the run reached of the module.
results_coverage() {
	bsdtar -xf "$1" -C "$2" --strip-components 2 'lab/coverage/*' 2>/dev/null
}

# results_unpack FILE DIR: bsdtar follows no links and leaves no DIR.
results_unpack() {
	mkdir -p "$2" || die "cannot write to $2"
	bsdtar -xf "$1" -C "$2" --strip-components 1 \
		--no-same-owner --no-same-permissions 'out/*' 2>/dev/null ||
		[ -z "$(bsdtar -tf "$1" 'out/*' 2>/dev/null)" ] ||
		die "cannot unpack the results into $2"
}
