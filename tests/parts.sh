# SPDX-License-Identifier: MIT
# The parts of "./run test", which sources this. Each part is a function that reports its results
# with "count"; a part that only builds counts as one.
# shellcheck shell=bash

parts='unit variants windows install packaging doc dist vm'
parts_by_name='foreign debian faults allocation kernels soak' # only where they are asked for

part_list() {
	cat <<'TEXT'
      unit      the test programs, under the address and undefined-behaviour sanitizers
      variants  built and tested without epoll and json-c, and without all libraries
      windows   built for Windows, the conformance cases and what else is plain C run under wine
      install   the installed tree: program, library, header, pkg-config, the README's example;
                the size of the library, the same octets from two folders
      packaging the recipes of packaging/: static with musl, for arm64; OpenWrt's makefile
      doc       the reference pages, made by doxygen without a warning
      dist      make distcheck with clang, without a warning
      vm        scripts on Debian's kernels 6.1 and 6.12 with virtual controllers, under qemu
and only where it is asked for
      foreign   built for s390x (big endian), armhf (32 bits) and arm64, the test programs run
                under qemu; the cross recipe for armhf
      debian    Debian's packages, built and looked at by lintian
      faults    all of the sweep of which "unit" runs a sample: every procedure with every fault
      allocation  the same, with every allocation of the conformance cases failing in turn
      kernels   all of the cases of which "vm" runs a sample
      soak      on each kernel 8 peers that are kept connected, for 10 minutes, while they are
                killed, cut off and the adapter is reset; 50 rounds beside bluetoothd
TEXT
}

packages_test="$packages_build libcunit1-dev libglib2.0-dev g++ clang xz-utils man-db
	zsh fish cmake"
packages_vm='qemu-system-x86 busybox-static cpio kmod gzip xz-utils dbus bluez
	bluez-test-tools|bluez-tests libcap2-bin procps debian-archive-keyring'

packages_doc=doxygen
packages_packaging='musl-tools gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user'
packages_debian='debhelper dpkg-dev lintian'
packages_windows='gcc-mingw-w64-x86-64-win32 wine wine64'

passed=0 failed=0 skipped=0

count() { # PASSED FAILED SKIPPED
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
}

# tally LOG RESULT: "passed failed skipped" of one test program: the sums of CUnit or of the plain
# runner; if there are none, the lines that start with "ok", "FAIL:" or "not ok", and "SKIP:" or
# "ok ... # SKIP"; otherwise the program is one case. A program that failed counts at least one
# failure, whatever it printed.
tally() {
	awk -v result="$2" '
		/^Run Summary:/ { summary = 1 }
		summary && $1 == "tests" { p += $4; f += $5; s += $6; sums = 1; summary = 0 }
		/^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3; sums = 1 }
		/^SKIP:|^ok .*# SKIP/ { s++; lines = 1; next }
		/^ok[: ]/ { ok++; lines = 1 }
		/^FAIL:|^not ok / { bad++; lines = 1 }
		END {
			if (!sums) { p = ok; f = bad }
			if (result == "PASS" && !sums && !lines) p = 1
			if (result == "SKIP" && !s) s = 1
			if (result != "PASS" && result != "SKIP" && !f) f = 1
			print p + 0, f + 0, s + 0
		}' "$1"
}

# count_checks NAME: counts the tests of make check in build/NAME. Prints the log of those that
# failed, and why others were left out.
count_checks() {
	local result test log sums

	while read -r result test; do
		log=build/$1/${test%.exe}.log
		sums=$(tally "$log" "$result")
		count $sums
		[ "${sums% 0 *}" != "$sums" ] ||
			{ say; grep -v '\.\.\.passed' "$log" | tail -n 40 | sed "s|^|    |"
			  say "    ($test failed; all of it is in $root/$log)"; } >&2
		if [ "$result" = SKIP ]; then
			printf '    left out in %s: %s: %s\n' "$1" "$test" "$(head -n 1 "$log" | sed 's/^# *//')"
		else
			grep -E '^SKIP:|^ok .*# SKIP' "$log" | sed 's/^/    /'
		fi >&2
	done < <(sed -n 's/^\(PASS\|FAIL\|SKIP\|ERROR\|XPASS\): \([^ ]*\)$/\1 \2/p' "$logs/$1-check.log")
}

# tests_of FOLDER: the tests of the Makefile in there
tests_of() {
	printf 'include Makefile\nprint_tests:\n\t@printf "%%s\\n" $(TESTS)\n' |
		make -s --no-print-directory -C "$1" -f - print_tests
}

# What "unit" proves for every build: that procedures survive every fault, that the shells complete
# what they should, that the harness finds faults, that the map fits the cases.
once='faults|allocation|map.sh|cli-completion.sh|selftest.sh'

# checked NAME ["VARIABLE=VALUE..."] -- OPTIONS...: builds and runs make check in build/NAME. Tests
# wait more than they work, so there are more of them at a time than of compilers. $left_to_unit is
# a pattern of tests that are left out here.
checked() {
	local name=$1 variable='' failed_before=$failed tests=()
	shift
	[ "$1" = -- ] || { variable=$1; shift; }
	shift
	build "$name" "check TESTS=" -- "$@" || { count 0 1 0; return; }
	[ -z "${left_to_unit-}" ] ||
		tests=("TESTS=$(tests_of "build/$name" | grep -vxE "tests/($left_to_unit)" | tr '\n' ' ')")
	logged "$name-check" make -C "build/$name" -j$((4 * $(nproc))) check $variable "${tests[@]}" &&
		{ count_checks "$name"; return; }
	count_checks "$name"
	# If a test failed, its own log was printed.
	[ $failed -ne $failed_before ] || { show_log "$name-check"; count 0 1 0; }
}

sanitize='--enable-sanitize --enable-werror --disable-static'

part_unit() { checked sanitize -- $sanitize; }

# A sweep with all its cases instead of a sample; prints each line of sums.
whole_sweep() {
	build sanitize "check TESTS=" -- $sanitize || { count 0 1 0; return; }
	logged "$1" env -C build/sanitize BLEWIRE_SWEEP=whole "tests/$1" && set -- "$1" PASS ||
		set -- "$1" FAIL
	count $(tally "$logs/$1.log" "$2")
	grep -E '^(faults|allocations):' "$logs/$1.log" | sed 's/^/    /'
	[ "$2" = PASS ] || show_log "$1"
}

part_faults() { whole_sweep faults; }

part_allocation() { whole_sweep allocation; }

# Two that leave out everything between them: a variant for each switch would prove no more.
part_variants() {
	local left_to_unit=$once
	local -x BLEWIRE_OFFENCES=no

	checked poll -- --enable-werror --disable-static --without-hci --disable-epoll \
		--without-json --disable-company-names
	missing_libraries
}

# A machine that has none of the libraries, nor CUnit: configure says what it left out, and the
# rest works. Only here is pkg-config told to look into an empty folder.
missing_libraries() {
	local summary left_to_unit="$once|threads.sh"

	make_scratch
	mkdir -p "$scratch/no-libraries"
	local -x PKG_CONFIG_LIBDIR=$scratch/no-libraries PKG_CONFIG_PATH='' ac_cv_header_bluetooth_hci_h=no
	# As in a fresh folder: one target makes what it needs, the table of names as well.
	rm -f build/without-all/base/names-table.h build/without-all/base/*names.* \
		build/without-all/base/.deps/*names.*
	build without-all blewire -- --enable-werror --disable-static || { count 0 1 0; return; }
	summary=$(sed -n '/^blewire /,$p' "$logs/without-all-configure.log")
	case $summary in
	*"libbluetooth's headers not found"*"libserialport not found"*"json-c not found"*"libedit not found"*"libcap-ng not found"*) ;;
	*) say "    configure does not say what is missing: $summary" >&2; count 0 1 0; return ;;
	esac
	build/without-all/blewire -a sim read C0:FF:EE:00:18:1A 2a24 -f text \
		>"$logs/without-all-run.log" 2>&1 9>&- && count 1 0 0 ||
		{ show_log without-all-run; count 0 1 0; }
	checked without-all -- --enable-werror --disable-static
}

# -- Windows ----------------------------------------------------------------------------------

windows_obstacle() {
	local name
	[ "$(uname -m)" = x86_64 ] || { say "wine runs its programs only on x86_64"; return; }
	for name in x86_64-w64-mingw32-gcc x86_64-w64-mingw32-dlltool wine wineserver; do
		command -v $name >/dev/null || { say "$name is not installed"; return; }
	done
}

# Debian has no libraries for Windows. The headers are the same; libserialport's DLL is loaded at
# its first call, which no test makes.
windows_libraries() {
	local lib=build/windows-libraries/lib
	rm -rf build/windows-libraries
	mkdir -p build/windows-libraries/include $lib
	cp /usr/include/uthash.h /usr/include/libserialport.h build/windows-libraries/include/ &&
	{
		printf 'LIBRARY "libserialport-0.dll"\nEXPORTS\n'
		grep -oE '\bsp_[a-z_0-9]+\(' /usr/include/libserialport.h | tr -d '(' | sort -u
	} >$lib/libserialport.def &&
	x86_64-w64-mingw32-dlltool -d $lib/libserialport.def -y $lib/libserialport.dll.a
}

# The test programs, and the README's with the DLL.
windows_run() {
	export WINEPREFIX=$root/build/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winedbg.exe='
	unset DISPLAY WAYLAND_DISPLAY
	rm -rf build/wine
	logged wine wine cmd /c exit || { show_log wine; count 0 1 0; return; }
	checked windows LOG_COMPILER=wine -- "$@"
	logged windows-first wine build/windows/examples/first.exe &&
		grep -q '^Sim Environment: 21.00 degrees' "$logs/windows-first.log" && count 1 0 0 ||
		{ show_log windows-first; count 0 1 0; }
	wineserver -k 9>&-
	wineserver -w 9>&-
	rm -rf build/wine
}

part_windows() {
	local obstacle
	local -x CC=x86_64-w64-mingw32-gcc CFLAGS='-g -O2' LDFLAGS='' \
		CPPFLAGS=-I../windows-libraries/include \
		SERIALPORT_CFLAGS=-I../windows-libraries/include \
		SERIALPORT_LIBS='-L../windows-libraries/lib -lserialport' \
		PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR="$root/build/windows-libraries"

	obstacle=$(windows_obstacle)
	[ -z "$obstacle" ] || { left_out windows "$obstacle"; return; }
	windows_libraries || { count 0 1 0; return; }
	windows_run --host=x86_64-w64-mingw32 --enable-werror --disable-static --without-json
}

# -- Other machines -----------------------------------------------------------------------------

packages_foreign='gcc-s390x-linux-gnu libc6-dev-s390x-cross gcc-arm-linux-gnueabihf
	libc6-dev-armhf-cross gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user'

# foreign_libraries ARCHITECTURE: Debian's, unpacked in build/foreign, so that this machine needs
# no second architecture
foreign_libraries() {
	local root_of=build/foreign/$1 lists=$root/build/foreign/lists name
	local wanted='libbluetooth-dev libbluetooth3 libserialport-dev libserialport0
		libjson-c-dev libjson-c5 libc-bin'
	local options="-o Dir::State::Lists=$lists -o APT::Architectures::=$(dpkg --print-architecture)
		-o APT::Architectures::=$1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o APT::Sandbox::User=root -q"
	[ "$wanted" != "$(cat "$root_of/complete" 2>/dev/null)" ] || return 0
	rm -rf "$root_of"
	mkdir -p "$root_of/packages" "$lists/partial"
	set -- "$1" $wanted
	logged "foreign-$1" sh -c "apt-get $(echo $options) update
		cd $root_of/packages && apt-get $(echo $options) download $(printf "%s:$1 " "${@:2}")"
	for name in "$root_of"/packages/*.deb; do
		dpkg -x "$name" "$root_of" || return
	done
	cp /usr/include/uthash.h "$root_of/usr/include/" && printf %s "$wanted" >"$root_of/complete"
}

# foreign_run ARCHITECTURE TRIPLET EMULATOR
foreign_run() {
	local libraries=$root/build/foreign/$1 name=foreign-$1 child target
	local -x CC=$2-gcc CFLAGS='-g -O2' CPPFLAGS="-isystem $libraries/usr/include" \
		LDFLAGS=-Wl,-rpath-link,$libraries/usr/lib/$2 \
		PKG_CONFIG_PATH='' PKG_CONFIG_SYSROOT_DIR=$libraries \
		PKG_CONFIG_LIBDIR=$libraries/usr/lib/$2/pkgconfig:$libraries/usr/share/pkgconfig \
		QEMU_LD_PREFIX=/usr/$2 QEMU_SET_ENV=LD_LIBRARY_PATH=$libraries/usr/lib/$2,LOCPATH=$libraries/usr/lib/locale
	set -- "$@" -- "--host=$2" --enable-werror --disable-static --without-cunit --without-libedit
	build "$name" "check TESTS=" "${@:4}" || { count 0 1 0; return; }
	# What tests start is started by the emulator.
	for child in blewire-dongle-emulator tests/reference_dongle; do
		[ "$(head -c 2 "build/$name/$child")" = '#!' ] && continue
		mv "build/$name/$child" "build/$name/$child.foreign"
		printf '#!/bin/sh\nexec %s "$0.foreign" "$@"\n' "$3" >"build/$name/$child"
		chmod +x "build/$name/$child"
	done
	checked "$name" "LOG_COMPILER=$3 TESTS=\$(UNIT_TESTS)" "${@:4}"
	for target in $(fuzz_targets); do
		logged "$name-$target" "$3" "build/$name/tests/fuzz/$target" "tests/fuzz/corpus/$target" &&
			count 1 0 0 || { show_log "$name-$target"; count 0 1 0; }
	done
}

part_foreign() {
	local architecture triplet emulator

	while read -r architecture triplet emulator; do
		if ! command -v "$emulator" "$triplet-gcc" >"$logs/foreign-tools.log"; then
			left_out foreign "no $triplet-gcc or no $emulator"
		elif ! foreign_libraries "$architecture"; then
			left_out foreign "no libraries for $architecture: see $logs/foreign-$architecture.log"
		else
			foreign_run "$architecture" "$triplet" "$emulator"
		fi
	done <<-'TEXT'
		s390x s390x-linux-gnu qemu-s390x
		armhf arm-linux-gnueabihf qemu-arm
		arm64 aarch64-linux-gnu qemu-aarch64
	TEXT
	recipes cross:arm-linux-gnueabihf
}

# recipes NAME...: see tests/packaging.sh
recipes() {
	logged "recipes-$1" tests/packaging.sh "$@" && set -- "$1" PASS || set -- "$1" FAIL
	count $(tally "$logs/recipes-$1.log" "$2")
	grep '^SKIP' "$logs/recipes-$1.log" >&2
	sed -n 's/^ *\([0-9]* blewire\|[0-9]* examples.first\)$/    static: \1/p' "$logs/recipes-$1.log" >&2
	[ "$2" = PASS ] || show_log "recipes-$1" 60
}

part_packaging() { recipes musl cross:aarch64-linux-gnu openwrt; }

part_debian() { recipes debian; }

part_install() {
	local test

	make_scratch
	build plain all -- --enable-werror --prefix=/nonexistent/blewire || { count 0 1 0; return; }
	logged install tests/install.sh build/plain "$scratch" && set -- PASS || set -- FAIL
	count $(tally "$logs/install.log" "$1")
	[ "$1" = PASS ] || show_log install
	build nameless "libblewire.la tests/test_names tests/test_base tests/test_scan" -- \
		--enable-werror --disable-static --disable-names || { count 0 1 0; return; }
	for test in names base scan; do
		logged nameless-$test build/nameless/tests/test_$test && set -- PASS || set -- FAIL
		count $(tally "$logs/nameless-$test.log" "$1")
		[ "$1" = PASS ] || show_log nameless-$test
	done
	logged size tests/size.sh build/plain build/nameless && set -- PASS || set -- FAIL
	count $(tally "$logs/size.log" "$1")
	show_log size
}

# Also checks that every exported function is in the reference.
part_doc() {
	command -v doxygen >/dev/null || { left_out doc "doxygen is not installed"; return; }
	make_scratch
	logged doc doc/reference.sh "$scratch/reference" && count 1 0 0 ||
		{ show_log doc; count 0 1 0; return; }
	sed -n 's/^[[:space:]]*\(ble_[a-z0-9_]*\);.*/\1/p' api/libblewire.sym |
		while read -r name; do
			grep -qE ">$name(&#160;|</a>)" "$scratch"/reference/html/group__*.html || say "$name"
		done >"$logs/doc.log"
	[ -s "$logs/doc.log" ] && { say "no reference of:" >&2; show_log doc; count 0 1 0; return; }
	count 1 0 0
}

# libtool installs to no path with a space, so this builds beside the checkout.
# clang builds all of it there. Of the tests those run that read what the tarball has to contain;
# the others have to be in it.
part_dist() {
	local dist scripts=''

	make_scratch
	dist=$scratch/dist
	ln -s "$root" "$scratch/source" && mkdir "$dist"
	logged dist-configure env -C "$dist" ../source/configure ||
		{ show_log dist-configure; count 0 1 0; return; }
	scripts=$(tests_of "$dist" | grep -xE 'tests/(readme|map|names|examples)\.sh' | tr '\n' ' ')
	[ "$(wc -w <<<"$scripts")" -eq 4 ] ||
		{ say "    of the scripts only: $scripts" >&2; count 0 1 0; return; }
	logged dist make -C "$dist" -j$((4 * $(nproc))) distcheck "TESTS=$scripts" \
		DISTCHECK_CONFIGURE_FLAGS='--enable-werror --disable-static CC=clang' &&
		set -- 1 0 || set -- 0 1
	count "$1" "$2" 0
	[ "$1" = 1 ] || { show_log dist 60; return; }
	files_of_tests_are_in "$dist" >"$logs/dist-files.log" && count 1 0 0 ||
		{ show_log dist-files; count 0 1 0; }
}

# files_of_tests_are_in FOLDER: that all files of tests/ are in the tarball there; prints the others
files_of_tests_are_in() {
	local tarball
	tarball=$(echo "$1"/blewire-*.tar.xz)
	! find tests -type f | LC_ALL=C sort |
		LC_ALL=C comm -23 - <(tar -tf "$tarball" | sed 's|^[^/]*/||' | LC_ALL=C sort) | grep .
}

# -- The virtual machines -------------------------------------------------------------------

vm_obstacle() {
	[ "$(uname -sm)" = "Linux x86_64" ] || { say "its kernels need Linux on x86_64"; return; }
	[ -x tests/vm/all ] || { say "tests/vm/all is not there"; return; }
	command -v qemu-system-x86_64 >/dev/null || say "qemu-system-x86_64 is not installed"
}

part_kernels() { BLEWIRE_VM_WHOLE=yes part_vm kernels; }

part_soak() {
	BLEWIRE_VM_LONG=yes part_vm soak
	grep -E '^  (seed|after|bluetoothd)|^# Linux' "$logs/soak.log" | sed 's/^/    /' >&2
}

# part_vm [NAME]: NAME is the part's, "vm", "kernels" or "soak"
part_vm() {
	local obstacle part=${1:-vm}

	obstacle=$(vm_obstacle)
	if [ -z "$obstacle" ]; then
		logged vm-prepare tests/vm/vm prepare 6.1 6.12 ||
			obstacle="no kernels: $(tail -n 1 "$logs/vm-prepare.log")"
	fi
	if [ -n "$obstacle" ]; then
		left_out "$part" "$obstacle"
		return
	fi
	# The programs that run there have the sanitizers too.
	build sanitize "check TESTS=" -- $sanitize || { count 0 1 0; return; }
	logged "$part" env BLEWIRE_BUILD="$root/build/sanitize" tests/vm/all && set -- PASS || set -- FAIL
	count $(tally "$logs/$part.log" "$1")
	[ "$1" = PASS ] && return
	say >&2
	awk '/^not ok / { print; why = 1; next } /^ *#/ { if (why) print; next } { why = 0 }' \
		"$logs/$part.log" | sed 's/^/    /' >&2
	say "run: all of it is in $logs/$part.log" >&2
}

# left_out PART WHY: prints it where it is seen; with CI=true it is a failure
left_out() {
	say
	say "    ########################################################################"
	say "    LEFT OUT: $1: $2"
	say "    ########################################################################"
	if [ "${CI-}" = true ]; then count 0 1 0; else count 0 0 1; fi
} >&2

# -- All ------------------------------------------------------------------------------------

# Those that build in folders of their own run two at a time: tests wait more than they work.
# The others have the machine to themselves.
parts_beside='unit variants windows install packaging doc dist'

# has WORD LIST
has() { [[ " $2 " = *" $1 "* ]]; }

is_part() { has "$1" "$parts $parts_by_name"; }

# run_part NAME: runs in a process of its own, "./run part NAME". Writes its output to its log, and
# its sums to a file beside it.
run_part() {
	local started=$SECONDS words
	exec >"$logs/part-$1.log" 2>&1

	"part_$1"
	words="$passed passed, $failed failed"
	[ $skipped -eq 0 ] || words="$words, $skipped skipped"
	printf '%-9s %-40s %4d s\n' "$1" "$words" $((SECONDS - started))
	say "$passed $failed $skipped" >"$logs/part-$1.sums"
	[ $failed -eq 0 ]
}

# tell_parts: prints the output of parts that ended since the last call, and which are running
tell_parts() {
	local part left=

	[ ! -t 1 ] || printf '%57s\r' ''
	for part in $untold; do
		if [ -e "$logs/part-$part.sums" ]; then
			sed '$d' "$logs/part-$part.log" >&2
			tail -n 1 "$logs/part-$part.log"
		else
			left="$left $part"
		fi
	done
	untold=$left
	[ ! -t 1 ] || [ -z "$left" ] || printf '%.57s\r' "${left# } ..."
}

# let_end MOST: waits until no more parts than this are running
let_end() {
	tell_parts
	while children=$(jobs -pr) && [ "$(wc -w <<<"$children")" -gt "$1" ]; do
		wait -n
		tell_parts
	done
}

# run_parts NAME...
run_parts() {
	local part most untold=

	for part; do
		rm -f "$logs/part-$part.sums"
		has "$part" "$parts_beside" && most=1 || most=0
		let_end $most
		set -m
		setpriv --pdeathsig TERM -- "$root/run" part "$part" </dev/null >/dev/null 2>&1 &
		set +m
		children="$children $!"
		untold="$untold $part"
		[ $most -gt 0 ] || let_end 0
	done
	let_end 0
}

# sums_of NAME: of a part that ran
sums_of() {
	cat "$logs/part-$1.sums" 2>/dev/null && return
	show_log "part-$1"
	say "run: the part $1 did not come to its end" >&2
	say 0 1 0
}

test_parts() {
	local part wanted=

	for part in ${*:-$parts}; do
		is_part "$part" || {
			say "run: \"$part\" is no part of the tests; there are: $parts $parts_by_name" >&2
			exit 2
		}
		has "$part" "$wanted" || wanted="$wanted $part"
	done
	prepare_folder
	packages $packages_test
	# If packages are still missing then, the parts say so.
	! has doc "$wanted" || (packages $packages_doc)
	! has packaging "$wanted" || (packages $packages_packaging)
	! has debian "$wanted" || (packages $packages_debian)
	! has foreign "$wanted" || (packages $packages_foreign)
	if [ "$(uname -m)" = x86_64 ]; then
		! has windows "$wanted" || (packages $packages_windows)
		! has vm "$wanted" && ! has kernels "$wanted" || (packages $packages_vm)
	fi
	autotools || die "without configure nothing can be built"
	run_parts $wanted
	for part in $wanted; do
		count $(sums_of "$part")
	done
	printf '%d passed, %d failed' $passed $failed
	[ $skipped -eq 0 ] || printf ', %d skipped' $skipped
	echo
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
}
