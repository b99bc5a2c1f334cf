#!/bin/sh
# Installs the library into a temporary folder and builds users' programs against it:
#   run.sh SOURCE BUILD PREFIX LIBDIR COMPILER MESON...
# It ends with the line "N passed, N failed, N skipped", and fails if one of them did.
set -u
source=$1 build=$2 prefix=$3 libdir=$4 CXX=$5
shift 5
here=$source/tests/install
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/root$prefix
lib=$root/$libdir
passed=0 failed=0 skipped=0
export CXX PKG_CONFIG_PATH="$lib/pkgconfig" LD_LIBRARY_PATH="$lib"

check() {  # check NAME COMMAND...: runs it, and shows its output if it fails
  name=$1
  shift
  if "$@" >"$stage/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    cat "$stage/log"
  fi
}

skip() {
  skipped=$((skipped + 1))
  echo "skipped: $1"
}

has() { command -v "$1" >/dev/null 2>&1; }

public_headers_are_installed() {
  # Public headers are those of the layers, except in kernels/ and detail/, and except *_kernel.h.
  (cd "$source" && {
    printf '%s\n' ./tapehead.h ./tensor_methods.h
    find ./core ./autograd ./nn ./optim ./data ./train -name '*.h' \
      ! -path '*/kernels/*' ! -path '*/detail/*' ! -name '*_kernel.h'
  }) | LC_ALL=C sort >"$stage/wanted"
  (cd "$root/include/tapehead" && find . -type f) | LC_ALL=C sort >"$stage/installed"
  diff -u "$stage/wanted" "$stage/installed"
}

prints_its_line() {
  [ "$("$1")" = "3 user: a file of its own, found as it should be (in main)" ]
}

pkg_config_program() {
  mkdir "$stage/make" && make -C "$here/makefile" OUT="$stage/make" &&
    prints_its_line "$stage/make/user"
}

custom_optimizer() {
  # shellcheck disable=SC2046 # pkg-config prints words
  "$CXX" -std=c++20 $(pkg-config --cflags tapehead) "$source/examples/custom_optimizer.cpp" \
    -o "$stage/custom_optimizer" $(pkg-config --libs tapehead) &&
    (cd "$stage" && ./custom_optimizer)
}

static_program() {
  # shellcheck disable=SC2046 # pkg-config prints words
  "$CXX" -std=c++20 -I"$here/own" $(pkg-config --cflags tapehead) "$here/main.cpp" \
    -o "$stage/static" -L"$lib" -l:libtapehead.a $(pkg-config --static --libs tapehead) &&
    (unset LD_LIBRARY_PATH && prints_its_line "$stage/static")
}

cmake_program() {
  cmake -S "$here/cmake" -B "$stage/cmake" -DCMAKE_PREFIX_PATH="$root" &&
    cmake --build "$stage/cmake" && prints_its_line "$stage/cmake/user"
}

cmake_refuses_another_version() {
  mkdir "$stage/newer" &&
    sed 's|tapehead 0.1|tapehead 0.99|; s|\.\./|'"$here"'/|g' "$here/cmake/CMakeLists.txt" \
      >"$stage/newer/CMakeLists.txt" &&
    ! cmake -S "$stage/newer" -B "$stage/newer/build" -DCMAKE_PREFIX_PATH="$root" &&
    grep -q 'requested version "0.99"' "$stage/log"
}

shared_library_is_small() {
  size=$(strip -o "$stage/stripped" "$lib/libtapehead.so" && wc -c <"$stage/stripped") &&
    echo "libtapehead.so: $size bytes stripped, 10 MB allowed" && [ "$size" -le 10000000 ]
}

check "meson install" "$@" install -C "$build" --no-rebuild --quiet --destdir "$stage/root"
check "every public header is installed, and no other" public_headers_are_installed
if has make; then
  check "a program with a Makefile and pkg-config" pkg_config_program
else
  skip "a program with a Makefile and pkg-config: make is not installed"
fi
check "a user's optimizer" custom_optimizer
if [ -e "$lib/libtapehead.a" ]; then
  check "a program linked statically" static_program
else
  skip "a program linked statically: default_library is shared"
fi
if has cmake && has make; then
  check "a program with CMake" cmake_program
  check "CMake refuses another version" cmake_refuses_another_version
else
  skip "a program with CMake: cmake or make is not installed"
fi
if [ -e "$lib/libtapehead.so" ]; then
  check "the shared library is small" shared_library_is_small
else
  skip "the shared library is small: default_library is static"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
