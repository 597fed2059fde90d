# SPDX-License-Identifier: MIT
# Writes blewire.h as an older version would have it: the structs named in the variable
# "structs" without their last member, which may have a comment of several lines.
BEGIN {
	n = split(structs, names, " ")
	for (i = 1; i <= n; i++)
		wanted["struct " names[i] " {"] = 1
}

function flush(i) {
	for (i = 1; i <= lines; i++)
		if (i < last || i > end)
			print line[i]
	lines = last = end = 0
}

!inside {
	print
	head = $0
	sub(/{.*/, "{", head)
	inside = head in wanted
	next
}

/^};/ {
	if (!last) {
		print "older.awk: no member in " head >"/dev/stderr"
		exit 1
	}
	flush()
	print
	inside = 0
	shortened++
	next
}

{
	line[++lines] = $0
	code = $0
	sub(/\/\*.*/, "", code)
	if (!comment && code ~ /;/)
		last = lines
	if ($0 ~ /\/\*/)
		comment = 1
	if ($0 ~ /\*\//)
		comment = 0
	end = lines
}

END {
	if (shortened != n) {
		print "older.awk: not every struct was found" >"/dev/stderr"
		exit 1
	}
}
