#!/bin/sh
# Compiles every C++ snippet of README.md, docs/ and sample.md against the build, and links those
# that are whole programs. A row of a table, and a command of a block, must be one line:
#   run.sh SOURCE BUILD COMPILER
# It ends with the line "N passed, N failed".
set -u
source=$1 build=$2 CXX=$3
here=$source/tests/docs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

for page in "$here/sample.md" "$source/README.md" "$source"/docs/*.md; do
  [ -e "$page" ] || continue
  awk -v out="$work/$(basename "$page" .md)" -f "$here/snippets.awk" "$page" || exit 1
  if grep -nE '^\|.*[^|]$|^    build/.* build/' "$page"; then
    failed=$((failed + 1))
    echo "FAILED: $page: a broken row of a table, or two commands on a line"
  else
    passed=$((passed + 1))
  fi
done

compile() {
  case $1 in
    *-program.cpp)
      # shellcheck disable=SC2046 # pkg-config prints words
      "$CXX" -std=c++20 -I"$build/include" -I"$build/generated" "$1" -o "$work/program" \
        -L"$build" -ltapehead $(pkg-config --libs fmt)
      ;;
    *) "$CXX" -std=c++20 -I"$build/include" -I"$build/generated" -fsyntax-only "$1" ;;
  esac
}

for snippet in "$work"/*.cpp; do
  name=$(basename "$snippet" .cpp)
  if compile "$snippet" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    cat "$work/log"
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
