#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks doc/from-bleak-and-pygatt.md: each row's line of C is in the conformance cases behind
# the ROW of this name, and each ROW has its row; no cell is empty. A row without a line says why.
cd "${srcdir:-.}/tests" || exit 99
cat conformance_map_*.c | awk -v page=../doc/from-bleak-and-pygatt.md '
	function squeeze(text) { gsub(/[ \t]/, "", text); return text }
	function complain(text) { print "FAIL: " text; bad++ }
	match($0, /ROW\("[^"]*"\)/) {
		name = substr($0, RSTART + 5, RLENGTH - 7)
		if (name in tested)
			complain("two tests are called " name)
		tested[name] = ""
		next
	}
	/^}/ { name = "" }
	name != "" { tested[name] = tested[name] squeeze($0) }
	END {
		while ((status = (getline line <page)) > 0) {
			if (line !~ /^\| `/)
				continue
			if (split(line, cell, / *\| */) != 5) {
				complain("not three cells: " line)
				continue
			}
			rows++
			name = cell[2]
			for (i = 2; i <= 4; i++)
				if (cell[i] == "")
					complain("an empty cell: " line)
			if (cell[3] == "-") {
				without++
				if (length(cell[4]) < 20)
					complain("no line, and no reason: " line)
				continue
			}
			gsub(/`/, "", name)
			if (!(name in tested)) {
				complain("no test has ROW(\"" name "\")")
				continue
			}
			code = squeeze(cell[3])
			gsub(/`/, "", code)
			if (index(tested[name], code) == 0)
				complain(name ": the test does not say " cell[3])
			shown[name] = 1
		}
		if (status < 0)
			complain("there is no " page)
		for (name in tested)
			if (!(name in shown))
				complain("the page has no row " name)
		if (rows - without < 100)
			complain("only " rows - without " rows have a line")
		if (!bad)
			printf "ok: %d rows: %d with a test each, %d say why there is none\n", rows,
				rows - without, without
		exit bad != 0
	}'
