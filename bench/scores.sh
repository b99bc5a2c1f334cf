#!/bin/sh
# Trains the translator once with each attention score function, for the same number of epochs, and plots BLEU
# by sentence length:
#   bench/scores.sh DATA OUT [EPOCHS]
# DATA holds Multi30k (train.de, ...); OUT gets a folder for each score, scores.md and scores.svg.
set -eu
data=$1 out=$2 epochs=${3:-4}
here=$(cd "$(dirname "$0")/.." && pwd)
systems=
for score in none dot scaled_dot general concat additive location local_m local_p; do
  if [ ! -e "$out/$score/translations.txt" ]; then
    "$here/build/examples/translate" --data "$data" --source de --target en --score "$score" \
      --epochs "$epochs" --quiet --out "$out/$score"
  fi
  systems="$systems $score=$out/$score"
done
# shellcheck disable=SC2086 # the systems are words
"$here/build/bench/bleu_by_length" --data "$data" --out "$out/scores.svg" $systems |
  tee "$out/scores.md"
