# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2153 # KERNEL is set by kernels.sh
#
# lab test --builds: does the module compile, warning-free, for the kernels that
# people run and the lab does not boot? Flavours, processors, compilers, and a
# header tree as patched kernels ship it. The headers come from Debian and are
# kept as the artefact headers-KERNEL: a root like the toolchain's, with every
# compiler and every tree in it.

# One clang for all: bookworm's own, 14, lacks options that its kernel wants.
HEADERS_CLANG=19
HEADERS_PACKAGES=(
	make bc libelf-dev perl dwarves
	gcc gcc-aarch64-linux-gnu
	"clang-$HEADERS_CLANG" "lld-$HEADERS_CLANG" "llvm-$HEADERS_CLANG"
)
HEADERS_ARCHS=(amd64 arm64 i386)

# "NAME ARCH CROSS COMPILER TREE", one build per line. TREE is the name of a
# folder in /usr/src, as the shell matches it; "-" is no prefix. Not 32-bit ARM:
# its kernels cannot tell an observer a function's arguments.
builds_list() {
	cat <<-'END'
		amd64       x86   -                    gcc   linux-headers-*[0-9]-amd64
		cloud       x86   -                    gcc   linux-headers-*-cloud-amd64
		rt          x86   -                    gcc   linux-headers-*-rt-amd64
		patched     x86   -                    gcc   patched-headers
		clang       x86   -                    clang clang-headers
		arm64       arm64 aarch64-linux-gnu-   gcc   linux-headers-*[0-9]-arm64
		i386        i386  -                    gcc   linux-headers-*-686-pae
	END
}

### the headers

headers() {
	artefact "headers-$KERNEL" \
		"$SUITE $KERNEL_FROM ${HEADERS_PACKAGES[*]} ${HEADERS_ARCHS[*]}
		$(declare -f debian_root headers_root headers_fetch headers_patched \
			headers_clang)" \
		headers_make
	HEADERS=$ARTEFACT
}

headers_make() {
	local log=$LAB_BUILD/log/headers-$KERNEL.log

	MIRROR=$(lab_mirror) || exit
	step "headers of every Linux $KERNEL, and compilers for them" "$log" \
		headers_root "$1" || return
	mkdir -p "$1/src" "$1/usr/src/kselftest" "$1/usr/src/checkpatch"
}

# All of them, or if a mirror has no whole index of one, as happens to those that
# few people use, those that most use. /archs says which.
headers_root() {
	local archs

	for archs in "$(comma_list "${HEADERS_ARCHS[@]}")" amd64,arm64; do
		rm -rf "$1"
		debian_root "$1" "$SUITE" --variant=minbase \
			--architectures="$archs" \
			--include="$(comma_list "${HEADERS_PACKAGES[@]}")" \
			--customize-hook="chroot \"\$1\" sh -euc '$(headers_fetch)' sh $KERNEL" \
			--customize-hook="chroot \"\$1\" sh -euc '$(headers_patched)'" \
			--customize-hook="chroot \"\$1\" sh -euc '$(headers_clang)' sh $HEADERS_CLANG" &&
			echo "$archs" >"$1/archs" && return
	done
	return 1
}

# A script for the new root; it must do without single quotes. Packages are
# only unpacked: installed, they would bring their kernels. The newest there is
# of each flavour, as archives of other processors may lag. What the tools of a
# kernel (linux-kbuild) run on is our own processor, whatever they compile for.
headers_fetch() {
	cat <<-'END'
		apt-cache dumpavail | sed -n "/^Package: linux-/{
			s/^Package: //; h; n
			: next
			/^Architecture: /{ s///; H; x; s/\n/:/p; b }
			n; b next
		}" | sort -uV >/tmp/known
		mkdir /tmp/debs
		cd /tmp/debs
		for flavour in amd64:amd64 cloud-amd64:amd64 rt-amd64:amd64 \
			arm64:arm64 686-pae:i386; do
			grep "^linux-headers-$1\.[^-]*\(-[0-9]*\)\?-$flavour\$" \
				/tmp/known | tail -n 1
		done >/tmp/wanted
		while read -r headers; do
			abi=$(echo "$headers" |
				sed "s/^linux-headers-\([^-]*\(-[0-9]*\)\?\)-.*/\1/")
			for common in common common-rt; do
				grep "^linux-headers-$abi-$common:" /tmp/known || :
			done
			grep "^linux-kbuild-\($abi\|$1\):amd64\$" /tmp/known
		done </tmp/wanted >/tmp/more
		sort -u /tmp/wanted /tmp/more | tee /tmp/all
		apt-get download $(cat /tmp/all)
		for deb in *.deb; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x -C / --keep-directory-symlink
		done
		rm -rf /tmp/debs
	END
}

# Headers as kernels for BBRv3 and L4S ship them: another callback, one more, and
# more room for private state; Accurate ECN, with ways to agree on ECN and a ninth
# flag, on kernels that came before it. A copy of the cloud flavour's.
headers_patched() {
	cat <<-'END'
		cd /usr/src
		cloud=$(ls -d linux-headers-*-cloud-amd64)
		common=$(sed -n "s,^include /usr/src/\(.*\)/Makefile,\1,p" $cloud/Makefile)
		cp -a $cloud patched-headers
		cp -a $common patched-common
		sed -i "s,/usr/src/$cloud,/usr/src/patched-headers,
			s,/usr/src/$common,/usr/src/patched-common," \
			patched-headers/Makefile
		sed -i "s/u32 (\*min_tso_segs)(struct sock \*sk);/u32 (*tso_segs)(struct sock *sk, unsigned int mss_now);\nvoid (*skb_marked_lost)(struct sock *sk, const struct sk_buff *skb);/" \
			patched-common/include/net/tcp.h
		sed -i "s/^#define\tTCP_ECN_OK\t.*/static inline bool tcp_ecn_mode_any(const struct tcp_sock *tp)\n{ return tp->ecn_flags \& 5; }\nstatic inline bool tcp_ecn_mode_rfc3168(const struct tcp_sock *tp)\n{ return (tp->ecn_flags \& 5) == 1; }/
			s/__u8\(\t*tcp_flags;\)/__u16\1/" \
			patched-common/include/net/tcp.h
		sed -i "s/icsk_ca_priv\[[0-9]* /icsk_ca_priv[184 /" \
			patched-common/include/net/inet_connection_sock.h
		grep -q "(\*tso_segs)" patched-common/include/net/tcp.h
		grep -q "bool tcp_ecn_mode_rfc3168(" patched-common/include/net/tcp.h
		grep -q "__u16.*tcp_flags;" patched-common/include/net/tcp.h
		grep -q "icsk_ca_priv.184 " \
			patched-common/include/net/inet_connection_sock.h
	END
}

# Headers as a kernel has them that clang has compiled: Debian's are configured
# for gcc, and would give clang options that it lacks. A copy of the cloud
# flavour's, with the answers that Kconfig gets from clang and its linker.
headers_clang() {
	cat <<-'END'
		cd /usr/src
		version=$(echo __clang_major__ __clang_minor__ __clang_patchlevel__ |
			clang-$1 -E -P - |
			while read -r a b c; do echo $((a * 10000 + b * 100 + c)); done)
		cloud=$(ls -d linux-headers-*-cloud-amd64)
		cp -a $cloud clang-headers
		sed -i "s,/usr/src/$cloud,/usr/src/clang-headers," clang-headers/Makefile
		cd clang-headers/include
		sed -i "s/^CONFIG_CC_IS_GCC=/CONFIG_CC_IS_CLANG=/
			s/^CONFIG_AS_IS_GNU=/CONFIG_AS_IS_LLVM=/
			s/^CONFIG_LD_IS_BFD=/CONFIG_LD_IS_LLD=/
			s/^\(CONFIG_\(GCC\|LD\)_VERSION\)=.*/\1=0/
			s/^\(CONFIG_\(CLANG\|LLD\|AS\)_VERSION\)=.*/\1=$version/
			s/^\(CONFIG_CC_IMPLICIT_FALLTHROUGH\)=.*/\1=-Wimplicit-fallthrough/
			s/^\(CONFIG_FTRACE_MCOUNT_USE_\)CC=/\1OBJTOOL=/
			s/^\(CONFIG\(_CC_HAS\)\?_UBSAN\)_BOUNDS_STRICT/\1_ARRAY_BOUNDS/
			/^CONFIG_CC_OPT_INLINE_MEMSET/d
			/^CONFIG_\(CC\|GCC\)_NO_STRINGOP/d
			/^CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT/d
			/^CONFIG_CC_HAS_NAMED_AS/d
			/^CONFIG_USE_X86_SEG_SUPPORT/d" config/auto.conf
		sed -i "s/CONFIG_CC_IS_GCC/CONFIG_CC_IS_CLANG/
			/CONFIG_CC_HAS_NAMED_AS/d
			/CONFIG_USE_X86_SEG_SUPPORT/d" generated/autoconf.h
		grep -q CC_IS_CLANG config/auto.conf
	END
}

### the builds

# builds_kernel: for the kernel that is selected, one line of KTAP for each build.
builds_kernel() {
	local name arch cross compiler tree title
	local dir=$KERNEL_BUILD/builds
	local -a trees

	while read -r name arch cross compiler tree; do
		mapfile -t trees < <(cd "$HEADERS/usr/src" &&
			compgen -G "$tree" | sort -V)
		title="$KERNEL/$name builds without warnings (W=1)"
		if [ ${#trees[@]} -eq 0 ]; then
			test_skip "$title" \
				"$KERNEL_FROM ($(cat "$HEADERS/archs")) has no package $tree"
			continue
		fi
		tree=${trees[-1]}
		rm -rf "$dir"
		sync_sources "$dir"
		test_check "$title: ${tree#linux-headers-}, $compiler" \
			builds_one "$dir" "$tree" "$arch" "$cross" "$compiler"
	done < <(builds_list)
	rm -rf "$dir"
}

# What no kernel has for its modules: division of 64 bits on 32.
readonly BUILDS_FORBIDDEN='__u?(div|mod)di3|__aeabi_u?l(div|)mod'

builds_one() {
	local dir=$1 tree=$2 TOOLCHAIN=$HEADERS
	# BTF would need the vmlinux of every one of them.
	local -a options=(W=1 ARCH="$3" CONFIG_DEBUG_INFO_BTF_MODULES=)

	# Debian's trees name their own gcc: the prefix is all that they need.
	[ "$4" = - ] || options+=(CROSS_COMPILE="$4")
	[ "$5" != clang ] ||
		options+=("LLVM=-$HEADERS_CLANG" "CC=clang-$HEADERS_CLANG")
	without_warnings in_toolchain "$dir" make -j "$(nproc)" \
		KDIR="/usr/src/$tree" "${options[@]}" modules || return
	in_toolchain "$dir" "llvm-nm-$HEADERS_CLANG" -u tcp_lucid.ko \
		>"$TEST_DIR/symbols" || return
	! grep -E "$BUILDS_FORBIDDEN" "$TEST_DIR/symbols"
}
