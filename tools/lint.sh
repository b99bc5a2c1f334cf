#!/bin/sh
# The formatting and the static checks of every C++ file of the project:
#   lint.sh format VERSION                  clang-format changes nothing
#   lint.sh tidy VERSION JOBS [SECONDS]     clang-tidy finds nothing; build/ must be configured
# VERSION is the release that decides, 14, or `any`: releases differ in what they find. Without that
# one both exit with 77, skipped. With SECONDS, clang-tidy takes the files that were changed last
# first, and stops when the time is over; it says how far it came.
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

# The sources that the build compiles, those changed last first: in the work tree, then by commit.
sources() {
  {
    git status --porcelain 2>/dev/null | cut -c4-
    git log --name-only --pretty=format: 2>/dev/null
    files
  } | awk '/\.cpp$/ && !seen[$0]++' | while IFS= read -r file; do
    [ -e "$file" ] && grep -qF "/$file\"" build/compile_commands.json && echo "$file"
  done
}

# Checks one file and adds a line to the log; run in parallel by tidy().
tidy_one() {  # tidy_one TOOL DEADLINE LOG FILE
  [ "$(date +%s)" -lt "$2" ] || return 0
  # The compiler's own folder has omp.h, which clang brings only with its OpenMP library.
  own=$("${CXX:-c++}" -print-file-name=include)
  if said=$("$1" -p build --quiet --extra-arg=-Wno-unknown-warning-option \
    "--extra-arg=-idirafter$own" "$4" 2>&1); then
    echo "ok $4" >>"$3"
  else
    echo "FAILED $4" >>"$3"
    printf '%s\n' "$said" | grep -v 'warnings\{0,1\} generated'
  fi
}

tidy() {  # tidy VERSION JOBS [SECONDS]
  tool=$(find_tool clang-tidy "$1") || return 77
  log=$(mktemp)
  deadline=$(($(date +%s) + ${3:-86400}))
  all=$(sources)
  printf '%s\n' "$all" | xargs -n 1 -P "$2" "$0" one "$tool" "$deadline" "$log"
  failures=$(grep -c '^FAILED' "$log")
  checked=$(grep -c . "$log")
  total=$(printf '%s\n' "$all" | grep -c .)
  rm -f "$log"
  echo "clang-tidy: $checked of $total files checked, $failures with findings"
  [ "$failures" -eq 0 ] && [ "$checked" -gt 0 ]
}

command=$1
shift
case $command in
  format) format "$@" ;;
  tidy) tidy "$@" ;;
  one) tidy_one "$@" ;;
esac
