#!/bin/sh
# The formatting and the static checks of every C++ file of the project:
#   lint.sh format VERSION                  clang-format changes nothing
#   lint.sh tidy VERSION JOBS [library | PATH...]
#                                           clang-tidy finds nothing; build/ must be configured, and its
#                                           headers made (ninja -C build tensor_methods.h)
# VERSION is the release that decides, 14, or `any`: releases differ in what they find. Without that
# one both exit with 77, skipped. With `library`, clang-tidy leaves out tests, programs and benchmarks,
# which take longer than the library; with paths, all that is not below them. Sources that passed are
# skipped until they or what they include change.
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
  unformatted=$(files | while IFS= read -r file; do
    "$tool" "$file" | cmp -s - "$file" || echo "$file"
  done)
  [ -z "$unformatted" ] || printf 'lint: not formatted; run\n%s -i %s\n' "$tool" "$(
    printf '%s' "$unformatted" | tr '\n' ' ')"
  [ -z "$unformatted" ]
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
