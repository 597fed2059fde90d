#!/bin/bash
# SPDX-License-Identifier: MIT
# What "make install" puts there, used as a stranger would.
# usage: install.sh BUILD SCRATCH; BUILD, below the sources, is configured for a prefix that does
# not exist. All of it is installed with DESTDIR, which is what a sysroot is to pkg-config; "make
# distcheck" installs without it.
set -u
build=$1 scratch=$2
staged=$scratch/staged
prefix=$staged$(sed -n 's/^prefix = //p' "$build/Makefile")
source=$(cd "$(dirname "$0")/.." && pwd)
. "$source/tests/patience.sh"
. "$source/tests/report.sh"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$staged LC_ALL=C.UTF-8

files='bin/blewire
bin/blewire-dongle-emulator
include/blewire.h
lib/libblewire.a
lib/libblewire.la
lib/libblewire.so
lib/libblewire.so.0
lib/libblewire.so.0.0.0
lib/pkgconfig/blewire.pc
lib/udev/rules.d/70-blewire.rules
share/bash-completion/completions/blewire
share/doc/blewire/CHANGELOG.md
share/doc/blewire/README.md
share/doc/blewire/doc/architecture.md
share/doc/blewire/doc/dongle.md
share/doc/blewire/doc/example-peripherals.json
share/doc/blewire/doc/from-bleak-and-pygatt.md
share/doc/blewire/doc/json.md
share/doc/blewire/doc/proof.md
share/doc/blewire/doc/simulator.md
share/doc/blewire/examples/first.c
share/doc/blewire/examples/gateway/README.md
share/doc/blewire/examples/gateway/blewire-gateway@.service
share/doc/blewire/examples/gateway/example.conf
share/doc/blewire/examples/glib.c
share/doc/blewire/examples/keep.c
share/doc/blewire/examples/many.c
share/doc/blewire/examples/poll.c
share/doc/blewire/examples/print.c
share/doc/blewire/examples/scan.c
share/doc/blewire/examples/subscribe.c
share/fish/vendor_completions.d/blewire.fish
share/man/man1/blewire-dongle-emulator.1
share/man/man1/blewire.1
share/zsh/site-functions/_blewire'

tree() { (cd "$1" && find . ! -type d | sed 's|^\./||' | LC_ALL=C sort); }
same_files() { diff <(printf '%s\n' "$files") <(tree "$1"); }
only_the_prefix() { [ "$(tree "$staged" | wc -l)" -eq "$(tree "$prefix" | wc -l)" ]; }
no_files() { [ -z "$(tree "$1")" ] || { tree "$1"; false; }; }

make_quietly() { make -C "$build" "$@" >"$scratch/make.log" 2>&1 || { tail -n 20 "$scratch/make.log"; false; }; }

# The program would look for its library where it was configured for.
installed() { LD_LIBRARY_PATH=$prefix/lib "$prefix/bin/$1" "${@:2}"; }

version() {
	[ "$(installed blewire --version)" = "blewire $(pkg-config --modversion blewire)" ]
}

first() { # NAME FLAG...: the README's program, built with these
	local name=$1
	shift
	${CC:-gcc} -std=c11 -Wall -Wextra -Werror -o "$scratch/$name" "$source/examples/first.c" "$@" &&
		"$scratch/$name" | grep 'degrees Celsius'
}

shared() {
	# shellcheck disable=SC2046
	first shared $(pkg-config --cflags --libs blewire) -Wl,-rpath,"$prefix/lib" &&
		readelf -d "$scratch/shared" | grep -q 'NEEDED.*libblewire\.so\.0'
}

# Only files of the simulator need json-c, and it is loaded for them.
needs_no_json() {
	! readelf -d "$prefix/lib/libblewire.so" | grep 'NEEDED.*json' &&
		! pkg-config --static --libs blewire | grep json
}

# Of libbluetooth only the headers are used.
needs_no_libbluetooth() {
	! readelf -d "$prefix/lib/libblewire.so" "$prefix/bin/blewire" | grep 'NEEDED.*libbluetooth' &&
		! pkg-config --static --libs blewire | grep -e -lbluetooth
}

loads_json() {
	cat >"$scratch/file.c" <<-'END'
	#include <blewire.h>
	#include <stdio.h>
	int main(int argc, char **argv)
	{
		struct ble_loop *loop;
		struct ble_adapter *adapter;
		int error = argc == 2 ? ble_loop_new(&loop) : -1;

		if (!error)
			error = ble_adapter_open(loop, argv[1], &adapter);
		if (error) {
			printf("%s\n", ble_error_text(loop, error));
			return 1;
		}
		ble_adapter_unref(adapter);
		ble_loop_unref(loop);
		return 0;
	}
	END
	# shellcheck disable=SC2046
	${CC:-gcc} -std=c11 -o "$scratch/file" "$scratch/file.c" \
		$(pkg-config --cflags --libs blewire) -Wl,-rpath,"$prefix/lib" &&
		! ldd "$scratch/file" | grep json &&
		"$scratch/file" "sim:$source/doc/example-peripherals.json"
}

# Where there is only the archive, as after configure --disable-shared
static() {
	mkdir -p "$staged/static" && cp "$prefix/lib/libblewire.a" "$staged/static" || return
	# shellcheck disable=SC2046
	first archive $(pkg-config --static --define-variable=libdir=/static --cflags --libs blewire) &&
		! readelf -d "$scratch/archive" | grep 'NEEDED.*libblewire'
}

# The examples by the installed header alone; glib.c where GLib is
examples() {
	local file flags
	for file in "$source"/examples/*.c; do
		flags=$(pkg-config --cflags --libs blewire)
		if [ "${file##*/}" = glib.c ]; then
			env -u PKG_CONFIG_SYSROOT_DIR pkg-config --exists glib-2.0 || continue
			flags="$flags $(env -u PKG_CONFIG_SYSROOT_DIR pkg-config --cflags --libs glib-2.0)"
		fi
		# shellcheck disable=SC2086
		${CC:-gcc} -std=gnu11 -Wall -Wextra -Werror -o "$scratch/example" "$file" $flags || return
	done
}

# The lines of the README, between a project of two lines and a program
cmake_project() {
	local project=$scratch/cmake
	mkdir -p "$project" && cp "$source/examples/first.c" "$project/" || return
	{
		echo 'cmake_minimum_required(VERSION 3.16)'
		echo 'project(first C)'
		sed -n '/^```cmake$/,/^```$/p' "$source/README.md" | sed '/^```/d'
	} >"$project/CMakeLists.txt"
	cmake -S "$project" -B "$project/build" && cmake --build "$project/build" &&
		"$project/build/first" | grep 'degrees Celsius'
}

# The same octets, debugging information included, from a folder elsewhere, with another name
# for the sources, at another time. A ccache that makes names relative would do so to ours.
again() {
	local folder=$scratch/again/elsewhere file
	local -x CCACHE_BASEDIR=
	mkdir -p "$folder" || return
	(cd "$folder" && eval "$source/configure $("$source/$build/config.status" --config)" &&
		make -j"$(nproc)" blewire) >"$scratch/again.log" 2>&1 ||
		{ tail -n 20 "$scratch/again.log"; return 1; }
	for file in .libs/libblewire.so .libs/libblewire.a .libs/blewire; do
		cmp "$source/$build/$file" "$folder/$file" || return
		! grep -aF -e "$source" -e "$scratch/again" "$folder/$file" ||
			{ echo "$file has the name of a folder"; return 1; }
	done
}

header() {
	echo '#include <blewire.h>' >"$scratch/header.c"
	# shellcheck disable=SC2046
	set -- $(pkg-config --cflags blewire) -Wall -Wextra -Wpedantic -Werror -fsyntax-only
	gcc -std=c11 "$@" "$scratch/header.c" && g++ -std=c++11 -x c++ "$@" "$scratch/header.c"
}

symbols() {
	diff <(sed -n 's/^[[:space:]]*\(ble_[a-z0-9_]*\);.*/\1/p' "$source/api/libblewire.sym" | LC_ALL=C sort) \
		<(nm -D --defined-only "$prefix/lib/libblewire.so" | sed -n 's/.* T \([^@]*\).*/\1/p' | LC_ALL=C sort)
}

manual() {
	local page warnings
	for page in "$prefix"/share/man/man1/*; do
		warnings=$(man --warnings -l "$page" 2>&1 >/dev/null)
		[ -z "$warnings" ] || { echo "$page: $warnings"; return 1; }
	done
}

there_or_gone() { [ -S "$1" ] || ! kill -0 "$2"; }

# The program over the emulator, both installed
emulator() {
	local child good
	LD_LIBRARY_PATH=$prefix/lib "$prefix/bin/blewire-dongle-emulator" "$scratch/dongle" &
	child=$!
	wait_until there_or_gone "$scratch/dongle" $child
	[ "$(LD_LIBRARY_PATH=$prefix/lib bounded "$prefix/bin/blewire" -a "$scratch/dongle" read C0:FF:EE:00:18:0D/random 2a24 -f text)" = "Heart Rate Belt" ]
	good=$?
	kill $child && wait $child && [ $good -eq 0 ]
}

# What they do is in tests/cli-completion.sh.
completion() { bash -c '. "$1" && complete -p blewire' - "$prefix/share/bash-completion/completions/blewire"; }
zsh_completion() {
	! command -v zsh >/dev/null || zsh -fc 'fpath=($1 $fpath); autoload -U compinit; compinit -uD
		[ "$_comps[blewire]" = _blewire ]' - "$prefix/share/zsh/site-functions"
}
fish_completion() {
	! command -v fish >/dev/null || env XDG_DATA_DIRS="$prefix/share" HOME="$scratch" PATH="$prefix/bin:$PATH" \
		LD_LIBRARY_PATH="$prefix/lib" fish -c 'complete -C "blewire scan --dup"' | grep '^--duplicates'
}

# udevadm checks rules from version 254 on.
rule() {
	local file=$prefix/lib/udev/rules.d/70-blewire.rules
	grep -q '2458.*ID_MM_PORT_IGNORE' "$file" &&
		{ ! udevadm verify --help >/dev/null 2>&1 || udevadm verify "$file"; }
}

check "make blewire in another folder gives the same octets" again
check "make install DESTDIR=" make_quietly install DESTDIR="$staged"
check "its files, no more and no less" same_files "$prefix"
check "and none beside its prefix" only_the_prefix
check "the program runs from there, and version and blewire.pc agree" version
check "blewire.h as C11 and as C++11" header
check "only the symbols of libblewire.sym are exported" symbols
check "the first program with pkg-config" shared
check "the first program with pkg-config --static" static
check "the first program with the README's lines for CMake" cmake_project
check "the library needs no json-c" needs_no_json
check "the library needs no libbluetooth" needs_no_libbluetooth
check "and loads it for a file of the simulator" loads_json
check "the examples with pkg-config" examples
check "the man pages have no warnings" manual
check "the program over the dongle emulator" emulator
check "the completion loads" completion
check "that of zsh is found" zsh_completion
check "that of fish is found" fish_completion
check "the udev rule" rule
rm -r "$staged/static"
check "make uninstall DESTDIR=" make_quietly uninstall DESTDIR="$staged"
check "which leaves nothing" no_files "$staged"
exit $status
