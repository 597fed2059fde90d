# SPDX-License-Identifier: MIT
# "./run fuzz" and "./run analyse"; run sources this.
# shellcheck shell=bash

# -- Fuzzing ----------------------------------------------------------------------------------

build_fuzz() {
	packages $packages_build clang
	CC=clang CFLAGS='-g -O1' build fuzz fuzz-targets -- --enable-sanitize --enable-fuzz \
		--enable-werror --disable-static || exit 1
}

fuzz_targets() {
	sed -n 's,^FUZZ_TARGETS += tests/fuzz/,,p' tests/fuzz/local.mk
}

# fuzz_one SECONDS TARGET: what is new goes to build/fuzz/corpus, what breaks to
# build/fuzz/found
fuzz_one() {
	local target=$2 log=$logs/fuzz-$2.log status dictionary=

	mkdir -p "build/fuzz/corpus/$target" build/fuzz/found
	[ ! -e "tests/fuzz/$target.dict" ] || dictionary=-dict=tests/fuzz/$target.dict
	logged "fuzz-$target" env UBSAN_OPTIONS=print_stacktrace=1 nice -n 19 \
		"build/fuzz/tests/fuzz/$target" -max_total_time="$1" -timeout=20 -max_len=2048 \
		-print_final_stats=1 $dictionary -artifact_prefix="build/fuzz/found/$target-" \
		"build/fuzz/corpus/$target" "tests/fuzz/corpus/$target"
	status=$?
	printf '%-9s %10s inputs   %s\n' "$target" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
		"$([ $status = 0 ] && echo nothing found || grep -m 1 -E 'does not hold|ERROR|runtime error' "$log")"
	return $status
}

# The least that reaches all that was reached: one folder is the kept one, the other what
# was found since.
fuzz_keep() {
	local target new
	make_scratch
	for target; do
		new=$scratch/$target
		mkdir -p "$new" "build/fuzz/corpus/$target"
		logged "fuzz-keep-$target" nice -n 19 "build/fuzz/tests/fuzz/$target" \
			-set_cover_merge=1 -use_counters=0 -max_len=2048 "$new" \
			"tests/fuzz/corpus/$target" "build/fuzz/corpus/$target" ||
			{ show_log "fuzz-keep-$target"; return 1; }
		# Those with a name of their own are here to stay.
		find "tests/fuzz/corpus/$target" -type f -regextype egrep \
			-regex '.*/[0-9a-f]{40}' -delete
		cp -n "$new"/* "tests/fuzz/corpus/$target/"
		printf '%-9s %5d inputs, %d octets\n' "$target" \
			"$(find "tests/fuzz/corpus/$target" -type f | wc -l)" \
			"$(cat "tests/fuzz/corpus/$target"/* | wc -c)"
	done
}

fuzz() {
	local seconds=${1:-60} failed=0 target
	[ $# = 0 ] || shift
	prepare_folder
	build_fuzz
	[ $# -gt 0 ] || set -- $(fuzz_targets)
	if [ "$seconds" = keep ]; then
		fuzz_keep "$@"
		return
	fi
	for target; do
		fuzz_one "$seconds" "$target" || failed=1
	done
	return $failed
}

# -- Analysers --------------------------------------------------------------------------------

# What is analysed: the library and the program, as built on this system; and what they
# include that configure and make write.
configure_analysed() {
	CC=gcc CFLAGS='-g -O2' build analysed base/names-table.h -- --enable-werror --disable-static
}

analysed() {
	ls base/*.c att/*.c gatt/*.c hci/*.c bgapi/*.c sim/*.c api/*.c cli/*.c |
		grep -vE '^(base/(windows|store_windows)|bgapi/comport|cli/no(json|prompt))\.c$'
}

# The compiler's own, over everything that is built: a warning is an error. What gcc 12 gets
# wrong of C that is right is left to clang's analyser, the sanitizers and valgrind:
#  malloc-leak                  what uthash keeps, and members of arrays, are lost to it
#  null-dereference             that a list which is worked on is not empty, and that each
#                               characteristic of a settled tree lies in a service
#  use-of-uninitialized-value   structs that are returned by value
analyse_gcc() {
	local unsure='malloc-leak null-dereference use-of-uninitialized-value'
	CC=gcc CFLAGS="-g -O2 -fanalyzer $(printf -- '-Wno-analyzer-%s ' $unsure)" build analyse all -- --enable-werror --disable-static
}

# One file a run: clang 14 tells more of one than is true when it was told of others.
analyse_clang_tidy() {
	configure_analysed || return
	analysed >"$logs/analysed"
	logged clang-tidy-all xargs -a "$logs/analysed" -P"$(nproc)" -n1 sh -c '
		clang-tidy --quiet "$1" -- -std=gnu11 -DHAVE_CONFIG_H -Ibuild/analysed -I. -Iapi \
			-D_FILE_OFFSET_BITS=64 $(pkg-config --cflags json-c libedit) 2>/dev/null' x
	grep -hE '(warning|error):' "$logs/clang-tidy-all.log" | sort -u >"$logs/clang-tidy.log"
	[ ! -s "$logs/clang-tidy.log" ] || { show_log clang-tidy 60; return 1; }
}

analyse_cppcheck() {
	configure_analysed || return
	analysed >"$logs/analysed"
	logged cppcheck xargs -a "$logs/analysed" cppcheck -j"$(nproc)" --quiet --std=c11 --platform=unix64 \
		--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		-DHAVE_EPOLL -DHAVE_HCI -DHAVE_BGAPI -DHAVE_JSON -DHAVE_LIBEDIT -D__linux__ -D__GNUC__ \
		-I. -Iapi -Ibuild/analysed ||
		{ show_log cppcheck 60; return 1; }
}

# The conformance cases that need no process of their own, without the sanitizers.
analyse_valgrind() (
	local options='--enable-werror --disable-static'
	export CC=gcc CFLAGS='-g -O2'
	build valgrind base/names-table.h -- $options &&
		build valgrind 'tests/conformance tests/reference_dongle' -- $options || return
	logged valgrind env -C build/valgrind valgrind --quiet --error-exitcode=99 \
		--leak-check=full --show-leak-kinds=definite,possible \
		--errors-for-leak-kinds=definite tests/conformance ||
		{ show_log valgrind 60; return 1; }
)

analysers='gcc clang-tidy cppcheck valgrind'

analyse() {
	local tool verdict failed=0 started
	for tool; do
		case " $analysers " in
		*" $tool "*) ;;
		*) die "\"$tool\" is no analyser; there are: $analysers" ;;
		esac
	done
	[ $# -gt 0 ] || set -- $analysers
	prepare_folder
	packages $packages_test clang-tidy cppcheck valgrind
	for tool; do
		started=$SECONDS
		verdict=clean
		"analyse_${tool//-/_}" || { verdict='found something'; failed=1; }
		printf '%-10s %-16s %4d s\n' "$tool" "$verdict" $((SECONDS - started))
	done
	return $failed
}
