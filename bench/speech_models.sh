#!/bin/sh
# Trains each model of examples/speech.cpp for the same time on a corpus in LibriSpeech's layout, each
# with a language model of the training transcripts:
#   bench/speech_models.sh DATA OUT [MINUTES] [OPTION...]
# Further options go to every training, such as --threads 1. OUT gets a folder for each model, which is
# skipped when it is complete and resumed when it was stopped, and speech.md.
set -eu
data=$1 out=$2 minutes=${3:-60}
shift 2
[ $# -eq 0 ] || shift
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out"

for model in las ctc joint conformer transducer; do
  folder=$out/$model
  [ ! -e "$folder/model.safetensors" ] || continue
  resume=
  [ ! -e "$folder/checkpoint.safetensors" ] || resume=--resume
  # shellcheck disable=SC2086 # an option or none
  "$here/build/examples/speech" --data "$data" --model "$model" --minutes "$minutes" --lm \
    --out "$folder" $resume "$@" >"$folder.txt"
done

{
  echo "| model | test | utterances | search | WER | CER | right |"
  echo "|---|---|---|---|---|---|---|"
  for model in las ctc joint conformer transducer; do
    sed -n "s/^\([^ ]*\) *\([0-9]*\) utterances  \(.*[^ ]\)  *WER *\(.* %\)  CER *\(.* %\)  right *\(.* %\)$/| $model | \1 | \2 | \3 | \4 | \5 | \6 |/p" \
      "$out/$model.txt"
  done
} >"$out/speech.md"
cat "$out/speech.md"
