#!/bin/sh
# Writes a source file that includes only one header: include_alone.sh ROOT HEADER OUTPUT
set -eu
header=$(realpath "$2")
printf '#include "tapehead%s"\n' "${header#"$(realpath "$1")"}" >"$3"
