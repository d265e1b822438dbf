#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the packages of the lists named (build, test), unless all are there.
#
#   deps/install.sh build [test]
set -eu
cd "$(dirname "$0")"

if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian; please install what these lists name:" >&2
    for list; do
        grep -v '^#' "debian-$list.txt" >&2
    done
    exit 1
fi

missing=
for list; do
    for package in $(sed 's/#.*//' "debian-$list.txt"); do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) missing="$missing $package" ;;
        esac
    done
done
# Node from elsewhere brings its own npm.
if command -v npm >/dev/null; then
    missing=$(echo "$missing " | sed 's/ npm / /; s/ *$//')
fi
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    # Never ask for a password: nobody may be there to type it.
    if ! sudo -n true 2>/dev/null; then
        echo "These packages are missing; please install them as root:" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
    as_root="sudo -n"
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update
# A server started by its package would only be in the way, and hold a port.
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -q install -y --no-install-recommends $missing
