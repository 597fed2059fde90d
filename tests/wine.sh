#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a test program under wine. One that hangs (status 99 of tests/harness.c) is run once
# more, and a line says so: test_comport was seen to hang once in a run of all parts.
wine "$@"
status=$?
[ $status = 99 ] || exit $status
echo "# $1 hung under wine and is run once more"
exec wine "$@"
