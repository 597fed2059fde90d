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

uuids | awk -F '\t' 'length($1) == 4' | sort | table short_names ""
uuids | awk -F '\t' 'length($1) == 36' | sort | table long_names 1
if [ "${2-}" != --no-companies ]; then
	companies "$dir/company_ids.json" | sort | table company_names ""
fi
