#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the reference pages: OUT/html/index.html, from api/blewire.h. A warning is a failure.
# usage: reference.sh OUT [VERSION]
source=$(cd "$(dirname "$0")/.." && pwd) || exit 1
out=${1:?usage: reference.sh OUT [VERSION]}
command -v doxygen >/dev/null || { echo "reference.sh: doxygen is not installed" >&2; exit 77; }
mkdir -p "$out" || exit 1
{
	cat "$source/doc/Doxyfile"
	cat <<TEXT
PROJECT_NUMBER = ${2-}
INPUT = "$source/api/blewire.h"
STRIP_FROM_PATH = "$source/api"
INPUT_FILTER = "awk -f '$source/doc/doxygen.awk'"
OUTPUT_DIRECTORY = "$out"
WARN_LOGFILE = "$out/warnings"
TEXT
} | doxygen - || exit 1
[ ! -s "$out/warnings" ] || { cat "$out/warnings" >&2; exit 1; }
