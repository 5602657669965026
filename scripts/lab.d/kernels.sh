# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # other rooms use the variables
# The kernels of the lab. Each is the cloud kernel of a Debian release, with
# that release's own user space: what people really run together.

readonly LAB_KERNELS=(6.1 6.12 7.2)
# And two that find mistakes, for the user space of 6.12 (debug.sh).
readonly LAB_DEBUG=(debug kcsan)

# kernel_select VERSION: sets KERNEL, SUITE (the release) and KERNEL_FROM (the
# archive that its kernel comes from).
kernel_select() {
	KERNEL=$1
	case $KERNEL in
	6.1)	SUITE=bookworm KERNEL_FROM=bookworm ;;
	6.12)	SUITE=trixie KERNEL_FROM=trixie ;;
	7.2)	SUITE=trixie KERNEL_FROM=trixie-backports ;;
	debug|kcsan) SUITE=trixie KERNEL_FROM=trixie ;;
	*)	die "no kernel '$KERNEL' here: --kernel takes one of ${LAB_KERNELS[*]} ${LAB_DEBUG[*]}" ;;
	esac
	KERNEL_BUILD=$LAB_BUILD/$KERNEL
}

# kernel_finds NAME: is it one that finds mistakes?
kernel_finds() {
	[[ " ${LAB_DEBUG[*]} " == *" $1 "* ]]
}
