#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh clone to "all tests passed": install what they need, build, run.
#
#   utils/test.sh [--sanitizers]
set -eu
cd "$(dirname "$0")/.."

directory=build
options=
if [ "${1-}" = --sanitizers ]; then
    directory=build-sanitizers
    options=--enable-sanitizers
fi

deps/install.sh build test
utils/build.sh "$directory" $options
utils/npm-clients "$directory"

status=0
make -C "$directory" -j"$(nproc)" check VERBOSE=1 || status=$?

# Each program's closing line, and the sum of them in the same words.
echo
for log in "$directory"/tests/*/test_*.log; do
    line=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep 'Synthesis: Tested:' | tail -n 1)
    [ -z "$line" ] || printf '%-44s %s\n' "${log#"$directory"/tests/}" "$line"
done
sed 's/\x1b\[[0-9;]*m//g' "$directory"/tests/*/test_*.log | awk '
    /Synthesis: Tested:/ { tested += $4; passing += $7; failing += $10; crashing += $13 }
    END {
        printf "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: %d\n",
               tested, passing, failing, crashing
    }'
exit "$status"
