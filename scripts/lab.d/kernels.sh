# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # other rooms use the variables
# The kernels of the lab. Each is the cloud kernel of a Debian release, with
# that release's own user space: what people really run together.

readonly LAB_KERNELS=(6.1 6.12 7.2)
# And 6.12 in other flavours, for the same user space: one in which all may be
# preempted (PREEMPT_RT), and three that find mistakes (debug.sh).
readonly LAB_DEBUG=(debug kcsan gcov)
readonly LAB_SELECTABLE=("${LAB_KERNELS[@]}" rt "${LAB_DEBUG[@]}")

# kernel_select NAME: sets KERNEL, SUITE (the release), KERNEL_FROM (the archive
# that its kernel comes from) and KERNEL_IS (version and flavour there).
kernel_select() {
	KERNEL=$1 KERNEL_IS="$1 cloud"
	case $KERNEL in
	6.1)	SUITE=bookworm KERNEL_FROM=bookworm ;;
	6.12)	SUITE=trixie KERNEL_FROM=trixie ;;
	7.2)	SUITE=trixie KERNEL_FROM=trixie-backports ;;
	rt)	SUITE=trixie KERNEL_FROM=trixie KERNEL_IS='6.12 rt' ;;
	debug|kcsan|gcov) SUITE=trixie KERNEL_FROM=trixie KERNEL_IS='6.12 cloud' ;;
	*)	die "no kernel '$KERNEL' here: --kernel takes one of ${LAB_SELECTABLE[*]}" ;;
	esac
	KERNEL_BUILD=$LAB_BUILD/$KERNEL
}

# kernel_finds NAME: is it one that finds mistakes?
kernel_finds() {
	[[ " ${LAB_DEBUG[*]} " == *" $1 "* ]]
}

# kernel_counts NAME: is it one that counts which lines of the module it runs?
kernel_counts() {
	[[ $1 == debug || $1 == gcov ]]
}
