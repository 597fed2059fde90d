#!/bin/bash
# SPDX-License-Identifier: MIT
# The recipes in packaging/, run as they are written, in a source tree that has its configure.
# usage: packaging.sh RECIPE...; there are musl, cross:HOST, openwrt and debian
set -u
cd "$(dirname "$0")/.." || exit 1
unset CC CFLAGS CPPFLAGS LDFLAGS CONFIG_SITE PKG_CONFIG PKG_CONFIG_LIBDIR PKG_CONFIG_PATH
export LC_ALL=C.UTF-8 MAKEFLAGS=-j$(nproc)
. tests/report.sh

# left_out NAME COMMAND...: whether one of these is not installed
left_out() {
	local name=$1 command
	shift
	for command; do
		command -v "$command" >/dev/null && continue
		echo "SKIP: $name: no $command"
		return 0
	done
	return 1
}

# commands PAGE: its blocks that start with "```sh"
commands() { awk '/^```/ { inside = $0 == "```sh"; next } inside' "packaging/$1"; }

# recipe PAGE LOG: the commands of a page, as one script
recipe() { sh -euc "$(commands "$1")" >"$2" 2>&1 </dev/null || { tail -n 30 "$2"; false; }; }

# has LOG TEXT
has() { grep -qF -- "$2" "$1" || { echo "not said: $2"; tail -n 30 "$1"; false; }; }

is_static() { readelf -l "$1" >"$1.headers" && ! grep INTERP "$1.headers"; }

# as_told LOG: the sizes that the recipe printed are those of its page, give or take a tenth
as_told() {
	local name told=0 printed=0
	[ "$(uname -m)" = x86_64 ] || return 0
	for name in blewire examples/first; do
		told=$(size_in packaging/musl.md $name) printed=$(size_in "$1" $name)
		[ "${told:-0}" -gt 0 ] && [ $((10 * ${printed:-0})) -le $((11 * told)) ] &&
			[ $((10 * ${printed:-0})) -ge $((9 * told)) ] ||
			{ echo "$name: $printed bytes, packaging/musl.md says $told"; return 1; }
	done
}
size_in() { sed -n "s|^ *\([0-9]*\) $2\$|\1|p" "$1"; }

musl() {
	local folder=build/musl log=build/logs/musl.log
	left_out musl musl-gcc && return
	rm -rf $folder
	check "musl: the recipe" recipe musl.md $log
	grep -E '^ *[0-9]+ (blewire|examples/first)$' $log
	check "musl: json-c is left out" has $log "json-c does not link with musl-gcc"
	check "musl: a static program" is_static $folder/blewire
	check "musl: the program reads" value $folder/blewire
	check "musl: the first program" degrees $folder/examples/first
	check "musl: the sizes are those of the page" as_told $log
}

value() { [ "$("$1" -a sim read C0:FF:EE:00:18:1A/random temperature -f i16)" = 2100 ]; }
degrees() { "$1" | grep '^Sim Environment: .* degrees'; }

# cross HOST
cross() {
	local host=$1 log=build/logs/cross-$1.log qemu=qemu-${1%%-*}
	left_out "cross: $host" "$host-gcc" "$qemu" && return
	rm -rf "build/$host"
	export host
	check "cross: the recipe, $host" recipe cross.md "$log"
	check "cross: the program scans, $host" has "$log" '"Sim Environment"'
	check "cross: the program reads, $host" grep -x 2100 "$log"
	check "cross: configure takes no library of this machine, $host" \
		has "$log" "dongles      no (libserialport not found)"
	command -v "$host-pkg-config" >/dev/null ||
		check "cross: and warns, $host" has "$log" "there is no $host-pkg-config"
}

# OpenWrt's makefiles as far as packaging/openwrt/Makefile uses them: "make show" prints what a
# package is made of, "make install" runs its install parts for the files in PKG_INSTALL_DIR.
openwrt_stub() {
	mkdir -p "$1/include"
	cat >"$1/rules.mk" <<'TEXT'
SHELL = bash
INCLUDE_DIR = $(TOPDIR)/include
INSTALL_DIR = mkdir -p
INSTALL_BIN = install -m 755
CP = cp -a
CONFIGURE_ARGS =
TARGET_CPPFLAGS =
TEXT
	cat >"$1/include/package.mk" <<'TEXT'
.PHONY: show install
show:
	@echo "version $(PKG_VERSION)"
	@printf 'option %s\n' $(CONFIGURE_ARGS)
	@test -n "$(PKG_NAME)$(PKG_SOURCE)$(PKG_LICENSE)"
install:
	$(call Build/InstallDev,$(TOPDIR)/dev)
define BuildPackage
$(eval $(Package/$(1)))
show: show-$(1)
show-$(1):
	@echo "package $(1): $(SECTION), $(CATEGORY), $(TITLE), $(DEPENDS)"
install: install-$(1)
install-$(1):
	$(call Package/$(1)/install,$(TOPDIR)/$(1))
endef
TEXT
	mkdir -p "$1/built/usr/bin" "$1/built/usr/include" "$1/built/usr/lib/pkgconfig"
	touch "$1"/built/usr/{bin/blewire,include/blewire.h,lib/pkgconfig/blewire.pc} \
		"$1"/built/usr/lib/libblewire.{a,so,so.0,so.0.0.0}
}

openwrt_make() {
	make --warn-undefined-variables -f packaging/openwrt/Makefile "TOPDIR=$PWD/$1" \
		"PKG_INSTALL_DIR=$PWD/$1/built" "${@:2}"
}

openwrt() {
	local stub=build/openwrt
	rm -rf $stub
	openwrt_stub $stub
	check "openwrt: make reads it" openwrt_shows $stub
	check "openwrt: its version is that of configure.ac" \
		grep -qF "AC_INIT([blewire], [$(sed -n 's/^version //p' $stub/shown)]" configure.ac
	check "openwrt: configure knows its options" openwrt_options $stub
	check "openwrt: its install parts" openwrt_installs $stub
}

openwrt_shows() {
	openwrt_make "$1" show >"$1/shown" 2>"$1/warnings" && [ ! -s "$1/warnings" ] &&
		grep -q '^package libblewire: libs, Libraries, Bluetooth.*libjson-c' "$1/shown" &&
		grep -q '^package blewire: utils, Utilities, Bluetooth.*libblewire' "$1/shown" ||
		{ cat "$1/shown" "$1/warnings"; false; }
}

openwrt_options() {
	local option n=0
	./configure --help >"$1/help"
	while read -r option; do
		option=${option#--}
		grep -qE -- "--(enable|disable|with|without)-${option#*-}( |\$)" "$1/help" ||
			{ echo "configure has no --$option"; return 1; }
		n=$((n + 1))
	done < <(sed -n 's/^option //p' "$1/shown")
	[ $n -gt 0 ]
}

openwrt_installs() {
	openwrt_make "$1" install && [ -x "$1/blewire/usr/bin/blewire" ] &&
		[ -e "$1/libblewire/usr/lib/libblewire.so.0" ] && [ -e "$1/dev/usr/include/blewire.h" ] &&
		[ -e "$1/dev/usr/lib/libblewire.a" ] && [ -e "$1/dev/usr/lib/pkgconfig/blewire.pc" ]
}

# The sources at hand as a release has them, without a debian/ of their own
debian() {
	local folder=build/debian log=build/logs/debian.log tree
	left_out debian dpkg-buildpackage dh lintian && return
	tree=$PWD/$folder/blewire-$(sed -n 's/^AC_INIT(\[blewire\], \[\([^]]*\).*/\1/p' configure.ac)
	rm -rf $folder
	mkdir -p "$tree"
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -co --exclude-standard | tar cf - -T - | tar xf - -C "$tree"
	else
		tar cf - --exclude=./build . | tar xf - -C "$tree"
	fi
	export DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)"
	unset MAKEFLAGS
	check "debian: the commands of packaging/debian.md" debian_build "$tree" "$log"
	check "debian: the three packages" debian_packages $folder
	check "debian: the program of the package" debian_runs $folder
	check "debian: lintian" lintian --allow-root --fail-on warning --tag-display-limit 0 $folder/*.changes
}

debian_build() {
	local log=$PWD/$2
	commands debian.md >"$1.sh"
	(cd "$1" && sh -eu "$1.sh" >"$log" 2>&1 </dev/null) || { tail -n 40 "$log"; false; }
}

debian_packages() {
	local name file
	for name in blewire=usr/bin/blewire blewire=udev/rules.d/70-blewire.rules \
		blewire=man/man1/blewire.1.gz blewire=usr/bin/blewire-dongle-emulator blewire=completions/blewire \
		blewire=doc/blewire/dongle.md libblewire0=/libblewire.so.0 \
		libblewire-dev=usr/include/blewire.h libblewire-dev=examples/first.c \
		libblewire-dev=/libblewire.so; do
		file=$(echo "$1/${name%%=*}"_*.deb)
		dpkg -c "$file" | grep -qE "${name#*=}(\.gz)?( ->|\$)" || { echo "no ${name#*=} in $file"; return 1; }
	done
}

debian_runs() {
	local file
	for file in "$1"/blewire_*.deb "$1"/libblewire0_*.deb; do
		dpkg -x "$file" "$1/root" || return
	done
	LD_LIBRARY_PATH=$(dirname "$1"/root/usr/lib/*/libblewire.so.0) value "$1/root/usr/bin/blewire"
}

for name; do
	case $name in
	cross:*) cross "${name#cross:}" ;;
	*) "$name" ;;
	esac
done
exit $status
