#!/bin/sh
# Writes a source file that includes one header twice: include_twice.sh ROOT HEADER OUTPUT
set -eu
header=$(realpath "$2")
line="#include \"tapehead${header#"$(realpath "$1")"}\""
printf '%s\n%s\n' "$line" "$line" >"$3"
