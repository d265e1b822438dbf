#!/bin/sh
# SPDX-License-Identifier: MIT
# Configure and build into a directory, the quick way when that was done before.
#
#   utils/build.sh DIRECTORY [configure options]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
directory=$1
shift

if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ] ||
    [ "$top/Makefile.am" -nt "$top/Makefile.in" ]; then
    (cd "$top" && autoreconf -fi)
fi
# make would take objects of a build inside the source tree for its own.
if [ -f "$top/config.status" ] && [ -f "$top/Makefile" ]; then
    echo "removing the build made in the source tree (make distclean)"
    make -C "$top" distclean >/dev/null
fi
mkdir -p "$directory"
cd "$directory"
if [ ! -f Makefile ] || [ "$top/configure" -nt config.status ] ||
    [ ! -f configured-with ] || [ "$(cat configured-with)" != "$*" ]; then
    rm -f configured-with               # until configure is through
    # Objects of other options are not told apart by make.
    [ ! -f Makefile ] || make clean >/dev/null
    "$top/configure" -q "$@"
    echo "$*" >configured-with
fi
make -j"$(nproc)"
