#!/bin/sh
# Trains MemN2N jointly on the 20 bAbI tasks in every setting of the paper's table: 1 to 3 hops, bag of
# words or position encoding, with and without linear start and time noise:
#   bench/memn2n_settings.sh DATA OUT [SUBSET]
# OUT gets a folder for each setting, which is skipped when it is complete, and settings.md.
set -eu
data=$1 out=$2 subset=${3:-en}
here=$(cd "$(dirname "$0")/.." && pwd)
export data out subset here
mkdir -p "$out"

# One training, in one thread: HOPS ENCODING LINEAR_START TIME_NOISE; "on" is babi's default.
cat >"$out/train.sh" <<'TRAIN'
set -eu
folder=$out/$1-$2-$3-$4
[ ! -e "$folder/errors.tsv" ] || exit 0
# shellcheck disable=SC2046 # the options are words
exec "$here/build/examples/babi" --data "$data" --subset "$subset" --joint --threads 1 --quiet \
  --out "$folder" --hops "$1" --encoding "$2" $([ "$3" = on ] || echo --linear-start 0) \
  $([ "$4" = on ] || echo --time-noise 0) >/dev/null
TRAIN

settings() {
  for hops in 1 2 3; do
    for encoding in bow position; do
      for start in off on; do
        for noise in off on; do echo "$hops" "$encoding" "$start" "$noise"; done
      done
    done
  done
}
settings | xargs -P "$(nproc)" -L 1 sh "$out/train.sh"

{
  echo "| hops | sentences | linear start | noise in time | mean error, % | tasks over 5 % |"
  echo "|---|---|---|---|---|---|"
  settings | while read -r hops encoding start noise; do
    awk -v row="| $hops | $encoding | $start | $noise |" '
      /^[0-9]/ { sum += $2; n++; failed += $2 > 5 }
      END { printf "%s %.1f | %d |\n", row, sum / n, failed }' \
      "$out/$hops-$encoding-$start-$noise/errors.tsv"
  done
} | tee "$out/settings.md"
