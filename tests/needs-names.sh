# SPDX-License-Identifier: MIT
# Sourced by tests whose expected output has names of assigned numbers.
if ! grep -q '^#define NAMES 1' config.h; then
	echo "SKIP: configured without the names that it looks for"
	exit 77
fi
