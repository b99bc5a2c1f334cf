#!/bin/sh
# Trains the captioner on scenes with each kind of attention, for the same number of steps, and prints what it says of
# combinations that training has not shown, and where it looks:
#   bench/caption_scenes.sh OUT [STEPS] [KIND...]
# OUT gets a folder for each kind; KIND is soft, hard, transformer or none.
set -eu
out=$1 steps=${2:-6000}
[ $# -gt 2 ] && shift 2 || set -- soft hard transformer none
here=$(cd "$(dirname "$0")/.." && pwd)
for kind in "$@"; do
  echo "$kind"
  "$here/build/examples/caption" --attention "$kind" --objects 3 --steps "$steps" --images 16000 --quiet --out "$out/$kind"
done
