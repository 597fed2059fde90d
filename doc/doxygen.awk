# SPDX-License-Identifier: MIT
# blewire.h as doxygen wants to see it, so that the header itself can be written for people:
# its comments are plain ones, a comment speaks of all the declarations up to the next empty
# line, "-- Title ---" starts a section, and "Word   text" in the first comment a paragraph.

function flush_comment() { printf "%s", comment }

/SPDX-License-Identifier/ { print; next }

# For C++ only
/^#(define|undef) BLE_ZERO/ { next }
{ gsub(/ BLE_ZERO/, "") }

# The header's own words
!begun && /^\/\*$/ { begun = 1; first = 1; print "/** @mainpage"; next }
first && /^ \*\/$/ { first = 0; print; next }
first {
	list = list || /^ \* [A-Z][a-z]+   /
	if (list && match($0, /^ \* [A-Z][a-z]+ +/)) {
		print " * @par " $2
		$0 = " * " substr($0, RLENGTH + 1)
	}
	sub(/^ \* +/, " * ")
	print
	next
}

/^\/\* -- .* -+ \*\/$/ {
	title = $0
	sub(/^\/\* -- /, "", title)
	sub(/ -+ \*\/$/, "", title)
	if (sections++)
		print "/** @} */"
	printf "/** @defgroup section%d %s\n * @{ */\n", sections, title
	next
}

# A comment of its own, for what follows
!inside && /^[ \t]*\/\*/ {
	sub(/\/\*/, "/**")
	comment = $0 "\n"
	top = /^\//
	inside = !/\*\//
	if (!inside)
		flush_comment()
	next
}
inside {
	comment = comment $0 "\n"
	if (/\*\//) {
		inside = 0
		flush_comment()
	}
	next
}

/^$/ { comment = ""; again = 0 }

# What is said beside the opening brace is about all of it.
/^(enum|struct)[^;]*{[ \t]*\/\* .*\*\/$/ {
	comment = $0
	sub(/^[^*]*\/\*/, "/**", comment)
	print comment
	sub(/[ \t]*\/\* .*/, "")
}

# Another declaration under the same comment
again && top && !/^#/ { flush_comment(); again = 0 }

{
	if (!/^#(if|end|pragma|include)/)
		sub(/\/\* /, "/**< ")
	print
	if (/^#/ || /^extern "C"/)
		next
	bare = $0
	sub(/\/\*.*/, "", bare)
	depth += gsub(/[({]/, "", bare) - gsub(/[)}]/, "", bare)
	again = depth == 0 && comment != "" && bare ~ /;[ \t]*$/
}

END { if (sections) print "/** @} */" }
