#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fuzz target that was built runs the inputs that are kept for it.
corpus=${srcdir:-.}/tests/fuzz/corpus
failed=0

for target in $FUZZ_TARGETS; do
	name=${target##*/}
	if said=$("./$target" "$corpus/$name" 2>&1); then
		echo "ok $name: $said"
	else
		printf 'not ok %s\n%s\n' "$name" "$said"
		failed=1
	fi
done
exit $failed
