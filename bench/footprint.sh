#!/bin/sh
# Measures the cost of using the library in build/: the time to compile its header without
# optimisation, the size of the shared library, and the time to start.
#   bench/footprint.sh
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >program.cpp <<'PROGRAM'
#include <tapehead/tapehead.h>
int main() { return tapehead::zeros({2}).numel() != 2; }
PROGRAM

# Prints the median time of five runs of a command, in milliseconds.
middle_of() {
  for _ in 1 2 3 4 5; do
    began=$(date +%s%N)
    "$@"
    echo $((($(date +%s%N) - began) / 10000))
  done | sort -n | sed -n 3p | sed 's/..$/.&/'
}

compile() { "${CXX:-g++}" -std=c++20 -O0 -I"$here/build/include" -I"$here/build/generated" -c program.cpp -o program.o; }
echo "compiling #include <tapehead/tapehead.h> at -O0: $(middle_of compile) ms"

strip -o library.so "$here/build/libtapehead.so"
echo "libtapehead.so, stripped: $(wc -c <library.so) bytes"

# shellcheck disable=SC2046 # pkg-config prints words
"${CXX:-g++}" program.o -o program -L"$here/build" -ltapehead $(pkg-config --libs fmt) \
  -Wl,-rpath,"$here/build"
echo "a program that makes one tensor, start to end: $(middle_of ./program) ms"
