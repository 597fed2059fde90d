#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the tables of base/names.c as C, from the data in base/assigned/, which
# has an entry a line: all names as one text, and for each kind of number its rows,
# sorted. The names of consecutive numbers are one after the other in the text,
# so that a row can be the place of several.
# Usage: names.sh DIRECTORY [--no-companies]
set -eu
LC_ALL=C
export LC_ALL
dir=$1

# key, tab, name; the name as it is between the quotes of JSON. Each file's
# first word for a key counts.
entries() {
	sed -n "s/.*\"name\" *: *\"\\(\\([^\"\\\\]\\|\\\\.\\)*\\)\".*\"uuid\" *: *\"\\([0-9A-Fa-f-]*\\)\".*/\\3	\\1/p" "$@" |
	awk -F '\t' '{ key = tolower($1)
		if (key ~ /^0000....-0000-1000-8000-00805f9b34fb$/) key = substr(key, 5, 4)
		if (!(key in seen)) { seen[key] = 1; print key "\t" $2 } }'
}

companies() {
	sed -n 's/.*"code" *: *\([0-9]*\), *"name" *: *"\(\([^"\\]\|\\.\)*\)".*/\1	\2/p' "$1" |
	awk -F '\t' '{ printf "%04x\t%s\n", $1, $2 }'
}

uuids() {
	entries "$dir/service_uuids.json" "$dir/characteristic_uuids.json" \
		"$dir/descriptor_uuids.json"
	# Declarations (Vol 3, Part G, 3.1) are not in the data.
	printf '2800\tPrimary Service\n2801\tSecondary Service\n2802\tInclude\n2803\tCharacteristic\n'
}

# Category and subcategory make one number (Core Specification Supplement, Part
# A, 1.12): ten bits and six.
appearances() {
	awk -F '"' '
	function number(line) { gsub(/[^0-9]/, "", line); return line + 0 }
	$2 == "category" { category = number($3); sub_ = 0 }
	$2 == "value" { sub_ = number($3) }
	$2 == "name" { printf "%04x\t%s\n", category * 64 + sub_, $4 }' "$1"
}

# Types of AD structures (Assigned Numbers, 2.3) are not in the data.
ad_types() {
	cat <<'END'
0001	Flags
0002	Incomplete List of 16-bit Service or Service Class UUIDs
0003	Complete List of 16-bit Service or Service Class UUIDs
0004	Incomplete List of 32-bit Service or Service Class UUIDs
0005	Complete List of 32-bit Service or Service Class UUIDs
0006	Incomplete List of 128-bit Service or Service Class UUIDs
0007	Complete List of 128-bit Service or Service Class UUIDs
0008	Shortened Local Name
0009	Complete Local Name
000a	Tx Power Level
000d	Class of Device
000e	Simple Pairing Hash C-192
000f	Simple Pairing Randomizer R-192
0010	Security Manager TK Value
0011	Security Manager Out of Band Flags
0012	Peripheral Connection Interval Range
0014	List of 16-bit Service Solicitation UUIDs
0015	List of 128-bit Service Solicitation UUIDs
0016	Service Data - 16-bit UUID
0017	Public Target Address
0018	Random Target Address
0019	Appearance
001a	Advertising Interval
001b	LE Bluetooth Device Address
001c	LE Role
001d	Simple Pairing Hash C-256
001e	Simple Pairing Randomizer R-256
001f	List of 32-bit Service Solicitation UUIDs
0020	Service Data - 32-bit UUID
0021	Service Data - 128-bit UUID
0022	LE Secure Connections Confirmation Value
0023	LE Secure Connections Random Value
0024	URI
0025	Indoor Positioning
0026	Transport Discovery Data
0027	LE Supported Features
0028	Channel Map Update Indication
0029	PB-ADV
002a	Mesh Message
002b	Mesh Beacon
002c	BIGInfo
002d	Broadcast_Code
002e	Resolvable Set Identifier
002f	Advertising Interval - long
0030	Broadcast_Name
0031	Encrypted Advertising Data
0032	Periodic Advertising Response Timing Information
0034	Electronic Shelf Label
003d	3D Information Data
00ff	Manufacturer Specific Data
END
}

# Turns lines of "table, tab, key, tab, name" into C. A table's lines are
# together, sorted by key.
tables() {
	awk -F '\t' '
	function fail(why) { print "names.sh: " $0 ": " why | "cat >&2"; exit failed = 1 }
	function octets(key,  i, s) {
		gsub(/-/, "", key)
		for (i = 1; i < length(key); i += 2) s = s "0x" substr(key, i, 2) ", "
		return s
	}
	function number(hex,  i, n) {
		for (i = 1; i <= length(hex); i++)
			n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
		return n
	}
	function end_row() {
		if (count) rows = rows "\t{ 0x" first ", " count ", " first_place " },\n"
		count = 0
	}
	function end_table() {
		end_row()
		if (table) rows = rows "};\n"
	}
	BEGIN {
		if (length("\303\251") != 2) fail("this awk counts characters, not octets")
		print "static const char all_names[] ="
	}
	{
		name = $3 # as it is between the quotes of JSON, and of C
		gsub(/\\"/, "\"", name)
		if (name ~ /\\|[?][?]/) fail("an escape that is not known here")
		if (length(name) >= room) fail("too long for BLE_NAME_TEXT")
		if ($1 != table) {
			end_table()
			table = $1
			rows = rows "\nstatic const struct " (table == "long" ? "long_row " : "row ") \
				table "_rows[] = {\n"
		}
		print "\t\"" $3 "\\0\""
		if (table == "long")
			rows = rows "\t{ { " octets($2) "}, " place + 0 " },\n"
		else {
			if (!count || number($2) != number(first) + count || count == most) {
				end_row()
				first = $2
				first_place = place + 0
			}
			count++
		}
		place += length(name) + 1
	}
	END {
		if (failed) exit 1
		end_table()
		printf "\t\"\";\n%s", rows
	}' room=128 most=16 -
}

{
	uuids | awk -F '\t' 'length($1) == 4' | sort | sed 's/^/short	/'
	uuids | awk -F '\t' 'length($1) == 36' | sort | sed 's/^/long	/'
	appearances "$dir/gap_appearance.json" | sort | sed 's/^/appearance	/'
	ad_types | sed 's/^/ad	/'
	[ "${2-}" = --no-companies ] ||
		companies "$dir/company_ids.json" | sort | sed 's/^/company	/'
} | tables
