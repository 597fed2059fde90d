#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the tables of base/names.c as C, from the data in base/assigned/, which
# has an entry a line.
#
# All names make one text of tokens. A token is an octet or a pair of other tokens:
# the most frequent pairs are made tokens over and over. Each name ends with the
# token for 0. Tokens are written in Huffman's code, in which a frequent one takes
# few bits, and numbered in the order of their codes: of the code itself, only
# how many tokens have so many bits needs to be known. Together that takes two fifths
# of the room of the names. Numbers lead to names by runs: names of
# consecutive numbers stand one after the other, so that a run has its first
# number and its first name; those of long UUIDs by the tails that many share.
# Usage: names.sh DIRECTORY [--no-companies]
set -eu
LC_ALL=C
export LC_ALL
dir=$1

# key, tab, name; the name as it stands between the quotes of JSON. Each file's
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

# Turns lines of "table, tab, key, tab, name" into C. A table's lines stand
# together, sorted by key.
tables() {
	awk -F '\t' '
	function fail(why) { print "names.sh: " $0 ": " why | "cat >&2"; exit failed = 1 }
	function octets(key,  i, s) {
		gsub(/-/, "", key)
		for (i = 1; i < length(key); i += 2) s = s "0x" substr(key, i, 2) ", "
		return s
	}
	function begin(table) {
		finish()
		now = table
		if (table == "long") print "static const struct tail tails[] = {"
		else print "static const struct run " table "_runs[] = {"
	}
	function finish() {
		if (now == "long") {
			print "\t{ { 0 }, " heads " }, /* the end */\n};\n"
			print "static const uint8_t heads[][4] = {"
			for (i = 0; i < heads; i++) print "\t{ " octets(head[i]) "},"
			print "};\n\nenum { LONG_FIRST = " long_first " };\n"
		} else if (now) print "\t{ 0xffff, " names " }, /* the end */\n};\n"
	}
	function number(hex,  i, n) {
		for (i = 1; i <= length(hex); i++)
			n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
		return n + 0
	}
	{
		name = $3
		gsub(/\\"/, "\"", name)
		if (name ~ /\\/) fail("an escape that is not known here")
		if (length(name) >= room) fail("too long for BLE_NAME_TEXT")
		if ($1 != now) { begin($1); next_number = -1; if (now == "long") long_first = names + 0 }
		if (now == "long") {
			if (substr($2, 9) != tail) {
				tail = substr($2, 9)
				print "\t{ { " octets(tail) "}, " heads + 0 " },"
			}
			head[heads++] = substr($2, 1, 8)
		} else {
			n = number($2)
			if (n != next_number) print "\t{ 0x" $2 ", " names + 0 " },"
			next_number = n + 1
		}
		for (i = 1; i <= length(name); i++) {
			text[++len] = octet[substr(name, i, 1)]
			known[text[len]]
		}
		text[++len] = 0
		names++
	}
	# Makes tokens of the most frequent pairs. For speed these are several a
	# round, of which none has a token of another, so that they do not compete. They
	# are met in the order of the text: that of "in" is another with each awk.
	function pair_up(  i, last, n, pair, most, ab, taken, new, to) {
		split("", n); split("", taken); split("", new)
		for (i = 1; i <= len; i++) {
			if (last && text[i]) n[last * 4096 + text[i]]++
			last = text[i]
		}
		for (pair in n)
			if (n[pair] > most) most = n[pair]
		if (most < 5) return 0
		for (i = 1; i < len && tokens < most_tokens; i++) {
			pair = text[i] * 4096 + text[i + 1]
			if (!(pair in n) || n[pair] < most * 0.97) continue
			ab[1] = text[i]; ab[2] = text[i + 1]
			if (ab[1] in taken || ab[2] in taken) continue
			taken[ab[1]]; taken[ab[2]]
			left[tokens] = ab[1]; right[tokens] = ab[2]
			known[tokens]
			new[pair] = tokens++
		}
		for (i = 1; i <= len; i++) {
			pair = text[i] * 4096 + text[i + 1]
			if (i < len && pair in new) { text[++to] = new[pair]; i++ }
			else text[++to] = text[i]
		}
		len = to
		return tokens < most_tokens
	}
	# Sets bits[token], from how often each is in the text: the two rarest are
	# joined over and over, all below them getting a bit more. Tokens that are only
	# in others have none.
	function huffman(  i, k, n, count, list, last, one, two) {
		for (i = 1; i <= len; i++) count[text[i]]++
		for (i = 0; i < tokens; i++) {
			if (!(i in count)) continue
			for (k = n++; k > 0 && count[list[k]] < count[i]; k--) list[k + 1] = list[k]
			list[k + 1] = i
		}
		last = most_tokens
		while (n > 1) {
			one = list[n--]; two = list[n--]
			up[one] = up[two] = ++last
			count[last] = count[one] + count[two]
			for (k = n++; k > 0 && count[list[k]] < count[last]; k--) list[k + 1] = list[k]
			list[k + 1] = last
		}
		bits[last] = 0
		for (i = last - 1; i > most_tokens; i--) bits[i] = bits[up[i]] + 1
		for (i = 0; i < tokens; i++) if (i in up) bits[i] = bits[up[i]] + 1
	}
	# Numbers the tokens by their codes: code, number, and how many have so many bits.
	function number_tokens(  b, i, next_code) {
		for (b = 1; b <= most_bits; b++) {
			next_code *= 2
			for (i = 0; i < tokens; i++) {
				if (!(i in bits) || bits[i] != b) continue
				code[i] = next_code++
				with_bits[b]++
				token[numbers] = i; numbers_of[i] = numbers++
			}
		}
		if (next_code != power[most_bits]) fail("a code of more than " most_bits " bits")
		for (i = 1; i < tokens; i++)
			if (i in known && !(i in bits)) { token[numbers] = i; numbers_of[i] = numbers++ }
	}
	function put_bits(value, count) {
		while (count--) {
			bit = int(value / power[count]) % 2
			now_octet = now_octet * 2 + bit
			if (++in_octet == 8) put_octet()
		}
	}
	function put_octet() {
		printf "%d,%s", now_octet, ++where % 20 ? " " : "\n"
		now_octet = in_octet = 0
	}
	BEGIN {
		for (i = 1; i < 256; i++) octet[sprintf("%c", i)] = i
		tokens = 256; most_tokens = 2000; most_bits = 16
		for (i = power[0] = 1; i <= most_bits; i++) power[i] = 2 * power[i - 1]
	}
	END {
		if (failed) exit 1
		finish()
		while (pair_up()) ;
		huffman()
		number_tokens()
		if (failed) exit 1
		print "static const uint16_t tokens_of_bits[] = {"
		for (i = 0; i <= most_bits; i++) print "\t" with_bits[i] + 0 ","
		print "};\n\nenum { OCTET = 0xfff };\nstatic const uint8_t tokens[][3] = {"
		for (i = 0; i < numbers; i++) {
			a = token[i]; b = 4095
			if (a > 255) { b = numbers_of[right[a]]; a = numbers_of[left[a]] }
			print "\t{ " a % 256 ", " int(a / 256) + b % 16 * 16 ", " int(b / 16) " },"
		}
		print "};\n\nstatic const uint8_t all_names[] = {"
		n = 0
		for (i = 1; i <= len; i++) {
			if (!start && n % block == 0) {
				while (in_octet) put_bits(0, 1)
				at[++blocks] = where + 0
			}
			start = text[i]
			put_bits(code[text[i]], bits[text[i]])
			if (!start) n++
		}
		while (in_octet) put_bits(0, 1)
		if (where > 65535) fail("too many names")
		print "\n};\n\nenum { BLOCK = " block " };\nstatic const uint16_t blocks[] = {"
		for (i = 1; i <= blocks; i++) print "\t" at[i] ","
		print "};"
		exit failed
	}' room=128 block=64 -
}

{
	uuids | awk -F '\t' 'length($1) == 4' | sort | sed 's/^/short	/'
	uuids | awk -F '\t' 'length($1) == 36' | sort -k1.9 | sed 's/^/long	/'
	appearances "$dir/gap_appearance.json" | sort | sed 's/^/appearance	/'
	ad_types | sed 's/^/ad	/'
	[ "${2-}" = --no-companies ] ||
		companies "$dir/company_ids.json" | sort | sed 's/^/company	/'
} | tables
