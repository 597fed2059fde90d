# SPDX-License-Identifier: MIT
# A dongle on a real USB port, for the cases: a gadget with a CDC-ACM function on dummy_hcd, so
# that the kernel that runs the cases sees the device and carries the octets to the emulator.
# /dev/ttyACM0 is the host's side, /dev/ttyGS0 the dongle's.
# shellcheck shell=bash

gadget=/sys/kernel/config/usb_gadget/dongle
emulator=
port=/dev/ttyACM0

usb_power() {
	case $1 in
	on) basename /sys/class/udc/* >$gadget/UDC ;;
	off) echo >$gadget/UDC ;;
	esac 2>/dev/null
}

# usb_device PRODUCT: 0001 is a dongle, fffe one in its bootloader; plugged in
usb_device() {
	mkdir -p $gadget/strings/0x409 $gadget/configs/c.1/strings/0x409 $gadget/functions/acm.0
	echo 0x2458 >$gadget/idVendor
	echo "0x$1" >$gadget/idProduct
	echo Bluegiga >$gadget/strings/0x409/manufacturer
	echo 'Low Energy Dongle' >$gadget/strings/0x409/product
	echo 1 >$gadget/strings/0x409/serialnumber
	[ -e $gadget/configs/c.1/acm.0 ] || ln -s $gadget/functions/acm.0 $gadget/configs/c.1/
	usb_power on || fail 'the gadget does not bind' || return
	wait_until test -c $port || fail "no $port: $(ls /dev/ttyACM* 2>&1)"
}

usb_remove() {
	usb_power off
	rm -f $gadget/configs/c.1/acm.0
	rmdir $gadget/configs/c.1/strings/0x409 $gadget/configs/c.1 $gadget/functions/acm.0 \
		$gadget/strings/0x409 $gadget 2>/dev/null
}

# emulate [OPTION...]: the emulator at the dongle's side; its power is the gadget's
emulate() {
	[ -z "$emulator" ] || stop_emulator
	"$build/blewire-dongle-emulator" -w "bash $here/dongle-power" "$@" /dev/ttyGS0 >"$work/emulator" 2>&1 &
	emulator=$!
	wait_until emulator_is_up_or_gone
	kill -0 $emulator 2>/dev/null || fail "the emulator: $(cat "$work/emulator")"
}

emulator_is_up_or_gone() {
	! kill -0 $emulator || ls -l /proc/$emulator/fd | grep -q /dev/ttyGS0
}

stop_emulator() {
	kill $emulator 2>/dev/null
	wait $emulator 2>/dev/null
	emulator=
}

on_usb() { usb_device 0001 && emulate; }

dongle() { bounded "$program" "$@"; }

# ------------------------------------------------------------------------------ the cases

# What is listed can be typed.
dongle_is_listed() {
	local name
	expect 0 dongle --json adapters || return
	name=$(grep bgapi "$work/out" | sed -n 's/.*"name":"\([^"]*\)".*/\1/p')
	[ -n "$name" ] || fail "not listed: $(cat "$work/out")" || return
	for name in "$name" bled112 bled112:1 $port; do
		expect 0 dongle -a "$name" read C0:FF:EE:00:18:1A 2a24 || return
	done
}

# What differs by nature: the MTU and what was asked for (doc/architecture.md), time and signal.
same() { # COMMAND...: the same JSON as the simulator's
	local filter='s/"mtu":[0-9]*,//; s/"\(discovery_\)\?requests":[0-9]*,\?//g;
		s/"rssi":-[0-9]*//g; s/"time":[0-9.]*//g; s/"adapter":"[^"]*"//g'
	expect 0 dongle -a sim --json "$@" || return
	sed "$filter" "$work/out" >"$work/sim.json"
	expect 0 dongle -a bled112 --json "$@" || return
	sed "$filter" "$work/out" >"$work/dongle.json"
	cmp -s "$work/sim.json" "$work/dongle.json" ||
		fail "$*: $(diff "$work/sim.json" "$work/dongle.json" | cut -c1-400)"
}

dongle_same_as_sim() {
	local peer
	for peer in C0:FF:EE:00:18:0D C0:FF:EE:00:18:1A; do
		same info $peer || return
	done
	same read C0:FF:EE:00:18:0D 2a38 || return
	same read C0:FF:EE:00:18:1A b1e00002-7a11-4c5e-9d3b-62c0ffee0001 || return
	same write C0:FF:EE:00:18:1A b1e00002-7a11-4c5e-9d3b-62c0ffee0001 \
		hex:"$(printf '5a%.0s' {1..100})" || return
	same notify -n 1 C0:FF:EE:00:18:0D 2a37
}

# Devices, their names and data, however often each was heard and in whatever order.
dongle_scans_as_sim() {
	local seconds=4
	while ! scans_are_the_same $seconds; do
		[ $((1000 * seconds)) -lt "$(limit_ms 0)" ] ||
			fail "$(diff "$work/sim.scan" "$work/bled112.scan" | cut -c1-300)" || return
		seconds=$((2 * seconds))
	done
}

scans_are_the_same() { # SECONDS
	local adapter
	for adapter in sim bled112; do
		expect 0 dongle -a $adapter --json scan -t "$1" || return
		sed 's/"rssi":-[0-9]*//; s/"time":[0-9.]*//;
			s/"adapter":"[^"]*"//' "$work/out" | sort -u >"$work/$adapter.scan"
	done
	cmp -s "$work/sim.scan" "$work/bled112.scan"
}

dongle_is_held() {
	local first status
	"$program" -a bled112 notify C0:FF:EE:00:18:0D 2a37 >"$work/first" 2>&1 &
	first=$!
	wait_until test -s "$work/first" || fail "$(cat "$work/first")" || return
	expect 3 dongle -a $port scan -t 1 && complains 'another program'
	status=$?
	kill -INT $first
	wait $first
	[ $status = 0 ] && expect 0 dongle -a bled112 read C0:FF:EE:00:18:0D 2a38
}

dongle_without_permission() {
	chmod 660 $port
	expect 3 bounded setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$program" -a $port scan -t 1 || return
	complains "permission"
}

# Pulled out while it notifies: the program ends, and a replugged one is found again.
dongle_is_pulled() {
	local client status
	"$program" -a bled112 notify C0:FF:EE:00:18:0D 2a37 >"$work/out" 2>"$work/err" &
	client=$!
	wait_until test -s "$work/out" || fail "$(cat "$work/err")" || return
	kill -USR1 $emulator
	wait_until test ! -e $port || fail "$port is still there" || return
	wait $client
	status=$?
	[ $status = 5 ] || fail "it ended with $status: $(cat "$work/err")" || return
	complains 'plug' || return
	kill -USR1 $emulator
	wait_until test -c $port || fail "$port did not come back" || return
	expect 0 dongle -a bled112 read C0:FF:EE:00:18:0D 2a38
}

# Killed while it notifies: what it left in the dongle does not trouble the next one.
dongle_after_a_kill() {
	local client
	"$program" -a bled112 notify C0:FF:EE:00:18:0D 2a37 >"$work/out" 2>"$work/err" &
	client=$!
	wait_until test -s "$work/out" || fail "$(cat "$work/err")" || return
	kill -KILL $client
	wait $client 2>/dev/null
	expect 0 dongle -a bled112 read C0:FF:EE:00:18:0D 2a38
}

dongle_conformance() {
	stop_emulator
	BLEWIRE_DONGLE=bled112 BLEWIRE_DONGLE_PLACE=/dev/ttyGS0 \
	BLEWIRE_REFERENCE_DONGLE=$tests/reference_dongle BLEWIRE_SHORT=${BLEWIRE_WHOLE-1} \
		"$tests/conformance" port/ >"$work/conformance" 2>&1
	local status=$?
	pkill -KILL -f reference_dongle # of a case that was given up
	grep -E 'not on port' "$work/conformance"
	emulate || return
	[ $status = 0 ] && return
	grep -E 'FAILED|^ *[0-9]+\. ' "$work/conformance" >&2
	fail "conformance ended with $status: $(tail -n 5 "$work/conformance")"
}

# Something else at the other end: nothing, and what sends back what it gets.
dongle_port_of_a_stranger() {
	stop_emulator
	pgrep -fa "dongle-emulator|reference_dongle" >&2 && return 1
	expect 3 dongle -a $port scan -t 1 || return
	complains 'nothing there answers' || return
	stty -F /dev/ttyGS0 raw -echo
	cat /dev/ttyGS0 >/dev/ttyGS0 &
	local echoes=$!
	expect 3 dongle -a $port scan -t 1
	local status=$?
	kill $echoes
	wait $echoes 2>/dev/null
	[ $status = 0 ] && complains 'does not answer' && emulate
}

dongle_in_its_bootloader() {
	stop_emulator
	usb_remove
	usb_device fffe || return
	expect 3 dongle -a bled112 scan -t 1 && complains bootloader || return
	expect 3 dongle -a $port scan -t 1 && complains bootloader
	usb_remove
}
