#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the architecture: which folder includes which, the exported symbols, the
# functions that the library never calls, that blewire.h compiles alone, that the
# versions agree. Each check must then find a fault in a small tree made for it, unless
# BLEWIRE_OFFENCES=no: that is the same whatever was configured.
#
# Runs in the build directory; srcdir, CC, CXX and NM come from make check.

LC_ALL=C
export LC_ALL
srcdir=${srcdir:-.}
cc=${CC:-cc}
nm=${NM:-nm}
library=${LIBRARY:-.libs/libblewire.so}
folders="base att gatt hci sim bgapi api cli"
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

# The C files of the folders below a tree.
sources() {
	for folder in $folders; do
		[ ! -d "$1/$folder" ] || find "$1/$folder" -name '*.[ch]'
	done
}

# -- Includes point down ------------------------------------------------------

check_includes() {
	sources "$1" | sort >"$dir/sources"
	[ -s "$dir/sources" ] || { echo "$1: no sources"; return 1; }
	awk -v top="$1/" '
	BEGIN {
		rank["base"] = 0; rank["att"] = 1; rank["gatt"] = 2
		rank["hci"] = rank["sim"] = rank["bgapi"] = 3
		rank["api"] = 4; rank["cli"] = 5
	}
	function check(file, line, text,   from, name, to) {
		from = substr(file, length(top) + 1)
		sub(/\/.*/, "", from)
		name = text
		sub(/^[ \t]*#[ \t]*include[ \t]*"/, "", name)
		sub(/".*/, "", name)
		if (name == "blewire.h" || name == "config.h")
			return
		to = name
		if (!sub(/\/.*/, "", to) || !(to in rank) || name ~ /\.\./ ||
		    name == "api/blewire.h") {
			printf "%s:%d: include it by folder/name: %s\n", file, line, name
			bad = 1
		} else if (to != from && (from == "cli" || rank[to] >= rank[from])) {
			printf "%s:%d: %s/ must not include %s\n", file, line, from, name
			bad = 1
		}
	}
	{
		file = $0
		n = 0
		while ((got = (getline text < file)) > 0) {
			n++
			if (text ~ /^[ \t]*#[ \t]*include[ \t]*"/)
				check(file, n, text)
		}
		if (got < 0) {
			printf "%s: cannot be read\n", file
			bad = 1
		}
		close(file)
	}
	END { exit bad }' "$dir/sources"
}

# -- Linux stays in hci/ and in one file of the loop ----------------------------

check_linux() {
	linux='linux/|asm/|bluetooth/|sys/(epoll|timerfd|eventfd|signalfd|inotify|prctl|capability)\.h'
	for file in $(sources "$1"); do
		case $file in
		"$1"/hci/* | "$1"/base/epoll.c | "$1"/cli/privileges.c) continue ;;
		esac
		grep -En "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($linux)" \
			"$file" /dev/null
	done | grep . && return 1
	return 0
}

# -- What is POSIX stays in few files, so that the rest builds on Windows ----------

check_posix() {
	posix='(unistd|poll|fcntl|strings|termios|pthread|dirent|dlfcn|glob|grp|pwd|semaphore|spawn|syslog|endian|byteswap|langinfo|alloca)\.h|sys/|net/|netinet/|arpa/'
	for file in $(sources "$1"); do
		case $file in
		"$1"/hci/* | "$1"/cli/* | "$1"/base/epoll.c | "$1"/base/poll.c | "$1"/base/process.c | "$1"/base/store.c) continue ;;
		"$1"/bgapi/fd.c | "$1"/bgapi/tty.c | "$1"/bgapi/usb.c | "$1"/sim/json.c) continue ;;
		esac
		grep -En "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($posix)" \
			"$file" /dev/null
	done | grep . && return 1
	return 0
}

# -- The library shows what blewire.h declares ------------------------------------

# Functions: a name and a bracket, outside of all brackets and braces.
declared() {
	awk '
	/^[ \t]*#/ { going = /\\$/; next }
	going { going = /\\$/; next }
	/extern "C"/ { next }
	{ text = text $0 "\n" }
	END {
		while (i = index(text, "/*")) {
			rest = substr(text, i + 2)
			text = substr(text, 1, i - 1) " " substr(rest, index(rest, "*/") + 2)
		}
		while (length(text)) {
			c = substr(text, 1, 1)
			if (match(text, /^[A-Za-z_][A-Za-z_0-9]*/)) {
				word = substr(text, 1, RLENGTH)
				text = substr(text, RLENGTH + 1)
				if (!deep && text ~ /^[ \t\n]*\(/ && word ~ /^ble_/)
					print word
				continue
			}
			deep += (c == "(" || c == "{") - (c == ")" || c == "}")
			if (deep < 0)
				deep = 0
			text = substr(text, 2)
		}
	}' "$1" | sort
}

# Symbols between "global:" and "local:" of the symbol file.
listed() {
	awk '/local:/ { on = 0 } on { gsub(/[ \t;]/, ""); if ($0) print } /global:/ { on = 1 }' \
		"$1" | sort
}

exported() {
	$nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

same() { # WHAT FILE WHAT FILE
	[ -s "$2" ] || { echo "$1 names nothing"; return 1; }
	cmp -s "$2" "$4" && return 0
	comm -23 "$2" "$4" | sed "s|\$|: in $1, not in $3|"
	comm -13 "$2" "$4" | sed "s|\$|: in $3, not in $1|"
	return 1
}

check_listed() {
	declared "$1/api/blewire.h" >"$dir/declared"
	listed "$1/api/libblewire.sym" >"$dir/listed"
	same blewire.h "$dir/declared" libblewire.sym "$dir/listed"
}

check_exported() {
	listed "$1/api/libblewire.sym" >"$dir/listed"
	exported "$2" >"$dir/exported"
	same libblewire.sym "$dir/listed" "the library" "$dir/exported"
}

# -- It never prints, exits, aborts, starts threads or takes signals ---------------

check_calls() {
	$nm -D --undefined-only "$1" >"$dir/undefined" || return 1
	[ -s "$dir/undefined" ] || { echo "$1 calls nothing at all"; return 1; }
	awk '{
		name = $NF
		sub(/@.*/, "", name)
		if (name ~ /^(v?printf|v?fprintf|v?dprintf|puts|fputs|putc|fputc|putchar|fwrite|perror|psignal|__v?f?printf_chk|_?exit|_Exit|quick_exit|abort|__assert_fail|err|errx|warn|warnx|syslog|signal|sigaction|sigprocmask|pthread_create|thrd_create|fork|vfork|system|popen|stdout|stderr)$/) {
			print "the library must not use " name
			bad = 1
		}
	}
	END { exit bad }' "$dir/undefined"
}

# -- Files call each other in no circle -----------------------------------------------

# Two or three files that are one idea may call each other: a section of doc/architecture.md
# has a line for each such circle, with its reason.
permitted_circles() {
	sed -n '/^## Files that call each other/,/^## [^F]/s/^- \(`[^:]*`\):.*/\1/p' \
		"$1/doc/architecture.md" | tr -d '\140,'
}

# check_circles TREE BUILD: what calls what is read from the objects.
check_circles() {
	permitted=$(permitted_circles "$1")
	echo "$permitted" | awk 'NF > 3 { print "more than three files:", $0; bad = 1 } END { exit bad }' ||
		return 1
	shift
	for folder in $folders; do
		[ ! -d "$1/$folder" ] || find "$1/$folder" -name 'lib*.o' -path '*/.libs/*'
		[ ! -d "$1/$folder" ] || find "$1/$folder" -name 'blewire-*.o'
	done >"$dir/objects"
	[ -s "$dir/objects" ] || { echo "$1: no objects"; return 1; }
	while read -r object; do
		name=$(echo "${object#"$1"/}" | sed 's|/\.libs/lib[a-z]*_la-|/|; s|/\.libs/|/|; s|/blewire-|/|; s|\.o$||')
		$nm "$object" | awk -v file="$name" '
			$(NF - 1) ~ /^[TDBRVWC]$/ { print "D", $NF, file }
			$(NF - 1) == "U" { print "U", $NF, file }'
	done <"$dir/objects" | permitted=$permitted awk '
	$1 == "D" { where[$2] = $3; object[$3] }
	$1 == "U" { symbol[++n] = $2; from[n] = $3 }
	function reach(start,   stack, top, next_, count, i) {
		stack[top = 1] = start
		while (top) {
			count = split(calls[stack[top--]], next_, " ")
			for (i = 1; i <= count; i++)
				if (!((start, next_[i]) in reached)) {
					reached[start, next_[i]]
					stack[++top] = next_[i]
				}
		}
	}
	# Whether a line of the list has all of the files.
	function is_permitted(files,   lines, names, i, k, all) {
		for (i = split(ENVIRON["permitted"], lines, "\n"); i > 0; i--) {
			all = 1
			for (k = split(files, names, " "); k > 0; k--)
				if (index(" " lines[i] " ", " " names[k] " ") == 0) all = 0
			if (all) return used[lines[i]] = 1
		}
		return 0
	}
	END {
		for (i = 1; i <= n; i++) {
			to = where[symbol[i]]
			if (to == "" || to == from[i]) continue
			if (!((from[i], to) in tie)) calls[from[i]] = calls[from[i]] " " to
			tie[from[i], to] = tie[from[i], to] " " symbol[i]
		}
		for (file in calls) reach(file)
		for (file in calls) {
			if (file in done || !((file, file) in reached)) continue
			files = ""
			for (other in calls)
				if ((file, other) in reached && (other, file) in reached) {
					done[other]
					files = files " " other
				}
			if (is_permitted(files)) continue
			bad = 1
			print "files that call each other in a circle:" files
			count = split(files, names, " ")
			for (i = 1; i <= count; i++)
				for (k = 1; k <= count; k++)
					if ((names[i], names[k]) in tie)
						print "    " names[i] " calls " names[k] ":" tie[names[i], names[k]]
		}
		# What is listed and built, and no circle any more
		for (i = split(ENVIRON["permitted"], lines, "\n"); i > 0; i--) {
			built = count = split(lines[i], names, " ")
			for (k = count; k > 0; k--)
				if (!(names[k] in object)) built = 0
			if (!built || lines[i] in used) continue
			bad = 1
			print "listed, but no circle: " lines[i]
		}
		exit bad
	}'
}

# -- blewire.h compiles alone ------------------------------------------------------

check_c() {
	echo '#include "blewire.h"' >"$dir/alone.c"
	$cc -std=c11 -pedantic-errors -Wall -Wextra -Werror -I"$1/api" \
		-fsyntax-only "$dir/alone.c"
}

check_cxx() {
	echo '#include "blewire.h"' >"$dir/alone.cc"
	$cxx -std=c++11 -pedantic-errors -Wall -Wextra -Werror -I"$1/api" \
		-fsyntax-only "$dir/alone.cc"
}

# Of members that a designated initializer leaves out no compiler warns.
check_cxx20() {
	cat >"$dir/cxx20.cc" <<-'END'
	#include "blewire.h"
	extern const ble_scan_params scan = { .name = "lamp", .keep = 3 };
	extern const ble_connect_params connection = { .mtu = 100, .link = { .latency = 2 } };
	extern const ble_link_params link_params = { .interval_min = 6, .interval_max = 12 };
	extern const ble_write write_params = { .handle = 3 };
	extern const ble_advertisement advertisement = { .rssi = -40 };
	extern const ble_scan_params all_zero{};
	END
	$cxx20 -std=c++20 -pedantic-errors -Wall -Wextra -Wmissing-field-initializers -Werror \
		-I"$1/api" -fsyntax-only "$dir/cxx20.cc"
}

# -- Words that agree, words that are not left behind --------------------------------

check_version() {
	a=$(sed -n 's/^AC_INIT(\[[^]]*\], \[\([^]]*\)\].*/\1/p' "$1/configure.ac")
	b=$(sed -n 's/^#define BLE_VERSION "\(.*\)"$/\1/p' "$1/api/blewire.h")
	c=$(sed -n 's/^#define BLE_VERSION_MAJOR \([0-9]*\)$/\1/p' "$1/api/blewire.h")
	c=$c.$(sed -n 's/^#define BLE_VERSION_MINOR \([0-9]*\)$/\1/p' "$1/api/blewire.h")
	c=$c.$(sed -n 's/^#define BLE_VERSION_PATCH \([0-9]*\)$/\1/p' "$1/api/blewire.h")
	[ -n "$a" ] && [ "$a" = "$b" ] && [ "$a" = "$c" ] && return 0
	echo "configure.ac says version '$a', blewire.h says '$b', in numbers '$c'"
	return 1
}

# Each call that takes or drops a reference or frees an object is in the test that calls it with NULL.
check_null() {
	declared "$1/api/blewire.h" | grep -E '_(ref|unref|free|free_sync|cancel)$' >"$dir/freeing"
	sed -n 's/.*CALL(\(ble_[a-z_]*\)).*/&/p' "$1/tests/test_base.c" | tr ',' '\n' |
		sed -n 's/.*CALL(\(ble_[a-z_]*\)).*/\1/p' | sort >"$dir/called"
	same blewire.h "$dir/freeing" test_base.c "$dir/called"
}

check_left_behind() {
	marks='TO''DO|FIX''ME|XX''X'
	set -- "$1"/*.md "$1"/*.ac "$1"/*.am \
		$(for folder in $folders doc tests; do echo "$1/$folder"; done)
	for place; do
		[ ! -e "$place" ] || find "$place" -type f ! -name '*.o' ! -name '*.lo' \
			! -name '*.log' ! -name '*.trs' -size -2000 \
			-exec grep -EIn "(^|[^A-Za-z_])($marks)([^A-Za-z_]|\$)" /dev/null {} +
	done |
		grep . && return 1
	return 0
}

# -- The offences -----------------------------------------------------------------------

# offence CHECK WORDS FILE TEXT...: with TEXT at the end of FILE in a good tree,
# CHECK fails and says WORDS.
offence() {
	check=$1 words=$2 file=$3
	shift 3
	rm -rf "$dir/tree"
	good_tree
	printf '%s\n' "$@" >>"$dir/tree/$file"
	if output=$($check "$dir/tree" 2>&1); then
		fail "$check lets pass in $file: $*"
	elif ! printf '%s\n' "$output" | grep -q -e "$words"; then
		fail "$check says of $file: $output"
	fi
	offences=$((offences + 1))
}

good_tree() {
	for folder in $folders tests; do
		mkdir -p "$dir/tree/$folder"
	done
	cat >"$dir/tree/api/blewire.h" <<-'END'
	#ifdef __cplusplus
	extern "C" {
	#endif
	#define BLE_VERSION "1.2.3"
	#define BLE_VERSION_MAJOR 1
	#define BLE_VERSION_MINOR 2
	#define BLE_VERSION_PATCH 3
	/* ble_remark(int) is one */
	typedef void (*ble_func)(int a);
	struct ble_one { int (*ble_member)(void); };
	int ble_call(int (*ble_argument)(int), ble_func b);
	const struct ble_one *
	ble_other(void);
	void ble_thing_free(int a);
	#ifdef __cplusplus
	}
	#endif
	END
	echo 'CALL(ble_thing_free),' >"$dir/tree/tests/test_base.c"
	printf '%s\n' 'V {' 'global:' '	ble_call;' '	ble_other;' '	ble_thing_free;' 'local:' '	*;' '};' \
		>"$dir/tree/api/libblewire.sym"
	echo 'AC_INIT([it], [1.2.3], [])' >"$dir/tree/configure.ac"
	echo '#include "blewire.h"' >"$dir/tree/base/list.h"
	printf '%s\n' '#include <sys/epoll.h>' '#include "base/list.h"' >"$dir/tree/base/epoll.c"
	echo '#include <unistd.h>' >"$dir/tree/bgapi/fd.c"
	echo '#include "base/list.h"' >"$dir/tree/att/att.h"
	echo '#include "att/att.h"' >"$dir/tree/gatt/gatt.c"
	printf '%s\n' '#include "gatt/gatt.h"' '#include <bluetooth/hci.h>' >"$dir/tree/hci/scan.c"
	echo '#include "att/att.h"' >"$dir/tree/sim/sim.c"
	printf '%s\n' '#include "config.h"' '#include "hci/hci.h"' >"$dir/tree/api/client.c"
	printf '%s\n' '#include "cli/cli.h"' '#include "blewire.h"' '#include <stdio.h>' \
		>"$dir/tree/cli/main.c"
	printf '%s\n' 'static int kept; int ble_call(void);' \
		'const void *ble_other(void); void ble_thing_free(int a) { kept = a; }' 'int ble_call(void) { return kept; }' \
		'const void *ble_other(void) { return &kept; }' >"$dir/tree/library.c"
	mkdir -p "$dir/tree/doc"
	printf '%s\n' '## Files that call each other' '- `base/one`, `base/two`: one idea' \
		'## Next' '- `base/one`, `att/three`: none' >"$dir/tree/doc/architecture.md"
	echo 'int two(void); int one(void) { return two(); }' >"$dir/tree/base/one.c"
	echo 'int one(void); int two(void) { return one(); }' >"$dir/tree/base/two.c"
	echo 'int two(void); int three(void) { return two(); }' >"$dir/tree/att/three.c"
}

# The check of a library, built of library.c and its offence.
build_tree() {
	$cc -shared -fPIC -w -o "$1/library.so" "$1/library.c"
}
exported_of_tree() { build_tree "$1" && check_exported "$1" "$1/library.so"; }
calls_of_tree() { build_tree "$1" && check_calls "$1/library.so"; }
circles_of_tree() {
	for name in base/one base/two att/three; do
		mkdir -p "$1/${name%/*}/.libs"
		$cc -c -w -o "$1/${name%/*}/.libs/libinside_la-${name#*/}.o" "$1/$name.c" || return 1
	done
	check_circles "$1" "$1"
}

offences() {
	good_tree
	for check in check_includes check_linux check_posix check_listed check_c \
		check_version check_null check_left_behind exported_of_tree calls_of_tree circles_of_tree \
		${cxx:+check_cxx}; do
		$check "$dir/tree" || fail "$check: finds fault with a good tree"
	done
	offence check_includes 'base/ must not include att/att.h' base/list.h '#include "att/att.h"'
	offence check_includes 'att/ must not' att/att.h '# include "gatt/gatt.h"'
	offence check_includes 'gatt/ must not' gatt/gatt.c '#include "hci/hci.h"'
	offence check_includes 'hci/ must not include sim' hci/scan.c '	#include "sim/sim.h"'
	offence check_includes 'sim/ must not include hci' sim/sim.c '#include "hci/hci.h"'
	offence check_includes 'sim/ must not include bgapi' sim/sim.c '#include "bgapi/frame.h"'
	offence check_includes 'hci/ must not include api' hci/scan.c '#include "api/internal.h"'
	offence check_includes 'cli/ must not include api' cli/main.c '#include "api/internal.h"'
	offence check_includes 'cli/ must not include base' cli/main.c '#include "base/list.h"'
	offence check_includes 'by folder' gatt/gatt.c '#include "gatt.h"'
	offence check_includes 'by folder' gatt/gatt.c '#include "../base/list.h"'
	offence check_includes 'by folder' gatt/gatt.c '#include "att/../api/internal.h"'
	offence check_includes 'by folder' gatt/gatt.c '#include "tests/harness.h"'
	offence check_includes 'by folder' gatt/gatt.c '#include "api/blewire.h"'
	offence check_linux 'gatt.c:2' gatt/gatt.c '#include <linux/types.h>'
	offence check_linux 'sim.c:2' sim/sim.c '# include <bluetooth/hci.h>'
	offence check_linux 'list.h:2' base/list.h '#include <sys/timerfd.h>'
	offence check_linux 'main.c:4' cli/main.c '#include <sys/eventfd.h>'
	offence check_linux 'att.h:2' att/att.h '#include <sys/epoll.h>'
	offence check_posix 'list.h:2' base/list.h '#include <unistd.h>'
	offence check_posix 'sim.c:2' sim/sim.c ' #include <sys/socket.h>'
	offence check_posix 'client.c:3' api/client.c '# include <poll.h>'
	offence check_posix 'serial.c:1' bgapi/serial.c '#include <termios.h>'
	offence check_listed 'ble_more: in blewire.h' api/blewire.h 'int ble_more(int);'
	offence check_listed 'ble_gone: in libblewire.sym' api/libblewire.sym 'W { global:' 'ble_gone;' '};'
	offence exported_of_tree 'ble_more: in the library' library.c 'int ble_more;'
	offence exported_of_tree 'ble_gone: in libblewire.sym' api/libblewire.sym 'W { global:' 'ble_gone;' '};'
	offence calls_of_tree 'must not use puts' library.c 'int puts(const char *); int f(void) { return puts(""); }'
	offence calls_of_tree 'must not use exit' library.c 'void exit(int); void f(void) { exit(1); }'
	offence calls_of_tree 'must not use abort' library.c 'void abort(void); void f(void) { abort(); }'
	offence calls_of_tree 'must not use stderr' library.c 'extern void *stderr; void *f(void) { return stderr; }'
	offence calls_of_tree 'must not use sigaction' library.c 'int sigaction(); int f(void) { return sigaction(); }'
	offence circles_of_tree 'more than three files: att/a' doc/architecture.md \
		'## Files that call each other' '- `att/a`, `att/b`, `att/c`, `att/d`: too many'
	offence circles_of_tree 'no circle: base/one att/three' doc/architecture.md \
		'## Files that call each other' '- `base/one`, `att/three`: none'
	offence circles_of_tree 'two calls att/three: three' base/two.c 'int three(void); int f(void) { return three(); }'
	offence check_c 'error' api/blewire.h 'uint8_t ble_octet(void);'
	offence check_c 'error' api/blewire.h 'int ble_c(int a) { return 0; }'
	[ -z "$cxx" ] || offence check_cxx 'error' api/blewire.h 'int ble_class(int class);'
	if [ -n "$cxx20" ]; then
		rm -rf "$dir/tree"
		mkdir -p "$dir/tree/api"
		sed 's/int timeout_ms BLE_ZERO/int timeout_ms/' "$srcdir/api/blewire.h" >"$dir/tree/api/blewire.h"
		! check_cxx20 "$dir/tree" 2>/dev/null || fail "check_cxx20 lets a warning pass"
		offences=$((offences + 1))
	fi
	offence check_version "blewire.h says '1.2.3" api/blewire.h '#define BLE_VERSION "1.2.4"'
	offence check_null 'ble_thing_ref: in blewire.h' api/blewire.h 'void *ble_thing_ref(int);'
	offence check_null 'ble_thing_unref: in blewire.h' api/blewire.h 'void ble_thing_unref(int);'
	offence check_version "in numbers '1" api/blewire.h '#define BLE_VERSION_MINOR 3'
	offence check_version "version '1.2.3" configure.ac 'AC_INIT([it], [1.2.4], [])'
	offence check_left_behind 'gatt.c:2' gatt/gatt.c "/* TO""DO: the rest */"
	offence check_left_behind 'gatt.c:2' gatt/gatt.c "// FIX""ME"
	offence check_left_behind 'configure.ac:2' configure.ac "dnl XX""X"
}

# -- All of it ---------------------------------------------------------------------------

status=0
offences=0
fail() {
	echo "FAIL: $*"
	status=1
}

# What cannot be checked here is said aloud, and must not happen in CI.
left_out() {
	echo "NOT CHECKED: $*"
	[ "${CI:-false}" != true ] || fail "not checked in CI"
}

cxx=
for candidate in ${CXX:+"$CXX"} g++ clang++ c++; do
	if [ -z "$cxx" ] && echo 'int x;' | $candidate -fsyntax-only -x c++ - 2>/dev/null; then
		cxx=$candidate
	fi
done

cxx20=
for candidate in $cxx g++ clang++; do
	if [ -z "$cxx20" ] && echo 'struct x { int a, b; } y = { .a = 1, .b = 2 };' |
		$candidate -std=c++20 -pedantic-errors -fsyntax-only -x c++ - 2>/dev/null; then
		cxx20=$candidate
	fi
done

[ "${BLEWIRE_OFFENCES-}" = no ] || offences
for check in check_includes check_linux check_posix check_listed check_c check_version \
	check_null check_left_behind; do
	$check "$srcdir" || fail $check
done
if [ -n "$cxx" ]; then
	check_cxx "$srcdir" || fail check_cxx
else
	left_out "that blewire.h is C++, too: no C++ compiler"
fi
if [ -n "$cxx20" ]; then
	check_cxx20 "$srcdir" || fail check_cxx20
else
	left_out "designated initializers of C++20: no compiler has them"
fi
if [ -d base/.libs ]; then
	check_circles "$srcdir" . || fail check_circles
else
	left_out "which files call each other: no objects here"
fi
if [ -f "$library" ]; then
	check_exported "$srcdir" "$library" || fail check_exported
	check_calls "$library" || fail check_calls
else
	left_out "what the shared library exports: $library was not built"
fi
[ $status -ne 0 ] || echo "all hold, $offences offences caught"
exit $status
