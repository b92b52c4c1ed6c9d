#!/bin/sh
# Makes ./configure from a fresh clone.
set -e
cd "$(dirname "$0")"
command -v autoreconf >/dev/null || {
	echo "autogen.sh: autoreconf is missing (Debian: autoconf automake libtool pkg-config)" >&2
	exit 1
}
mkdir -p m4
autoreconf --force --install --warnings=no-portability

# configure tidies up by "rm -f core ...": here core is a folder, and each time an error would be said.
sed -i 's/rm -f core /rm -f /' configure
