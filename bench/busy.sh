#!/bin/sh
# Times training steps on a machine whose CPUs are busy: with one thread alone, and with two threads beside no, one and
# two other processes that compute all the time. With a Python that has PyTorch and a program of bench/versus.py's
# peers, also times those.
#   bench/busy.sh [PYTHON PEER]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
workloads=gpt_char,seq2seq_lstm_attn
busy=

# Starts processes that compute until stop().
occupy() {
  for _ in $(seq "$1"); do
    sh -c 'while :; do :; done' &
    busy="$busy $!"
  done
}
stop() {
  for process in $busy; do kill "$process" 2>/dev/null || true; done
  busy=
}
trap stop EXIT

# Prints the milliseconds of a step of each workload.
step_times() {
  grep -o '"workload": *"[a-z0-9_]*"\|"ms_per_step": *[0-9.]*' | sed 's/.*: *//; s/"//g' | paste -sd ' '
}

ours() { "$here/build/bench/workloads" --only $workloads --threads "$1" --seconds 5 | step_times; }
peer() { "$python" "$program" --only $workloads --modes eager --threads "$1" --budget 5 | step_times; }
python=${1:-} program=${2:-}

measure() {
  echo "$1: $(ours "$2")"
  [ -z "$python" ] || echo "  PyTorch: $(peer "$2")"
}

measure "one thread, nothing else" 1
measure "two threads, nothing else" 2
for others in 1 2; do
  occupy "$others"
  measure "two threads beside $others busy" 2
  stop
done

demo="$here/build/examples/translate"
echo "translate's default training, seconds:"
for others in 0 1 2; do
  occupy "$others"
  out=$(mktemp -d)
  began=$(date +%s)
  "$demo" --quiet --out "$out" >/dev/null
  echo "  beside $others busy: $(($(date +%s) - began))"
  rm -rf "$out"
  stop
done
