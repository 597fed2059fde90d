#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the tables of base/names.c as C, from the data in base/assigned/: one
# string of all names, and for each number the place where its name starts, in
# pairs of octets, so that a place fits into 16 bits.
# The data has an entry a line. Usage: names.sh DIRECTORY [--no-companies]
set -eu
LC_ALL=C
export LC_ALL
dir=$1

# key, tab, name; the name as it stands between the quotes of JSON, which are
# the quotes of C too. Each file's first word for a key counts.
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

# Turns sorted "key, tab, name" lines into TABLE and TABLE_text.
table() {
	awk -F '\t' -v table="$1" -v long="$2" '
	function length_of(s) { gsub(/\\./, "x", s); return length(s) }
	function octets(key,  i, s) {
		gsub(/-/, "", key)
		for (i = 1; i < 32; i += 2)
			s = s "0x" substr(key, i, 2) ", "
		return s
	}
	{ len = length_of($2) + 1
	  pad[NR] = len % 2 ? "\\0" : ""
	  text[NR] = $2; at[NR] = where / 2; key[NR] = $1
	  where += len + len % 2 }
	END {
		printf "static const char %s_text[] =\n", table
		for (i = 1; i <= NR; i++) printf "\t\"%s\\0%s\"\n", text[i], pad[i]
		if (!NR) printf "\t\"\"\n"
		printf "\t;\nstatic const struct %s %s[] = {\n", long ? "long_name" : "short_name", table
		for (i = 1; i <= NR; i++)
			if (long) printf "\t{ { { %s} }, %d },\n", octets(key[i]), at[i]
			else printf "\t{ 0x%s, %d },\n", key[i], at[i]
		printf "};\n\n"
	}'
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

uuids | awk -F '\t' 'length($1) == 4' | sort | table short_names ""
uuids | awk -F '\t' 'length($1) == 36' | sort | table long_names 1
appearances "$dir/gap_appearance.json" | sort | table appearance_names ""
ad_types | table ad_names ""
if [ "${2-}" != --no-companies ]; then
	companies "$dir/company_ids.json" | sort | table company_names ""
fi
