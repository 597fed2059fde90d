#!/bin/sh
# SPDX-License-Identifier: MIT
# The unit in examples/gateway: systemd-analyze finds no fault and little exposure, and its
# command, with a configuration such as the example's, prints notifications.
. "${srcdir:-.}/tests/patience.sh"
folder=${srcdir:-.}/examples/gateway
unit=blewire-gateway@.service
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
status=0

# check NAME COMMAND...: what it printed is shown if it fails
check() {
	name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok: $name"
	else
		echo "FAIL: $name"
		tail -n 20 "$dir/out" | sed 's/^/    /'
		status=1
	fi
}

# The program may not be installed; systemd wants to see that it can be run.
sed 's|/usr/local/bin/blewire|/bin/true|' "$folder/$unit" >"$dir/$unit"

verified() {
	systemd-analyze verify --man=no "$dir/blewire-gateway@example.service" >"$dir/said" 2>&1 &&
		! grep -F blewire-gateway "$dir/said"
}

# As before, with the simulator instead of an adapter
command_runs() {
	command=$(sed -n 's|^ExecStart=/usr/local/bin/||p' "$folder/$unit")
	# shellcheck disable=SC2034
	(
		CHARACTERISTICS=$(sed -n 's/^CHARACTERISTICS=//p' "$folder/example.conf")
		PERIPHERAL=$(sed -n 's/^PERIPHERAL=//p' "$folder/example.conf")
		ADAPTER=sim
		eval "bounded ./$command -n 4"
	) >"$dir/printed"
	[ $? -eq 0 ] && [ "$(grep -c '^{"object":"notification"' "$dir/printed")" -ge 4 ] ||
		{ cat "$dir/printed"; return 1; }
}

if command -v systemd-analyze >/dev/null; then
	cp "$dir/$unit" "$dir/blewire-gateway@example.service"
	check "systemd-analyze verify" verified
	if systemd-analyze --help | grep -q -e --offline; then
		check "systemd-analyze security: exposure of at most 2.0" systemd-analyze security \
			--no-pager --offline=yes --threshold=20 "$dir/blewire-gateway@example.service"
	else
		echo "SKIP: systemd-analyze security: cannot judge a file"
	fi
else
	echo "SKIP: systemd-analyze: there is no systemd"
fi

if grep -q 'define HAVE_JSON 1' config.h; then
	check "its command" command_runs
else
	echo "SKIP: its command: built without --json"
fi
exit $status
