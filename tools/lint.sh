#!/bin/sh
# Checks formatting and runs static analysis on every C++ file:
#   lint.sh format VERSION                  fails if clang-format would change a file
#   lint.sh tidy VERSION JOBS [library | PATH...]
#                                           fails if clang-tidy finds anything; needs a configured build/
#                                           with its headers (ninja -C build tensor_methods.h)
# VERSION is the required release, since releases differ in what they find, or `any`. Exits with 77 (skipped)
# if it is not installed. `library` leaves out tests, programs and benchmarks, which take longer than the
# library; with paths, only the sources below them are checked. Sources that passed are skipped until they
# or a header that they include change.
set -u
cd "$(dirname "$0")/.." || exit 1

find_tool() {  # find_tool NAME VERSION
  for name in "$1-14" "$1"; do
    command -v "$name" >/dev/null 2>&1 || continue
    case "$2 $("$name" --version)" in any* | *"version 14."*) echo "$name" && return 0 ;; esac
  done
  echo "lint: $1 ($2) is not installed" >&2
  return 1
}

files() {
  find . -name 'build*' -prune -o -name 'out*' -prune -o -path './.*' -prune -o \
    -type f \( -name '*.cpp' -o -name '*.h' \) -print | sed 's|^\./||' | LC_ALL=C sort
}

format() {
  tool=$(find_tool clang-format "$1") || return 77
  output=$(files | xargs -P 2 -n 50 "$tool" --dry-run -Werror 2>&1) && return 0
  unformatted=$(printf '%s\n' "$output" |
    sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error: code should be clang-formatted.*/\1/p' | sort -u)
  if [ -n "$unformatted" ]; then
    printf 'lint: not formatted; run\n%s -i %s\n' "$tool" "$(printf '%s' "$unformatted" | tr '\n' ' ')"
  else
    printf 'lint: %s failed\n%s\n' "$tool" "$output"
  fi
  return 1
}

tidy() {  # tidy VERSION JOBS [library]
  tool=$(find_tool clang-tidy "$1") || return 77
  shift
  tools/tidy.py "$tool" build "$@"
}

command=$1
shift
case $command in
  format) format "$@" ;;
  tidy) tidy "$@" ;;
esac
