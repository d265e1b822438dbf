#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh clone to a running server: install what the build needs, build
# into build/, start in the foreground on 127.0.0.1:6380.
#
#   utils/start.sh [server options]     e.g. utils/start.sh --port 7000
set -eu
cd "$(dirname "$0")/.."

deps/install.sh build
utils/build.sh build
exec build/ignis-server --bind 127.0.0.1 --port 6380 "$@"
