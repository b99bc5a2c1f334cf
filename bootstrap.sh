#!/bin/sh
# Installs missing packages, builds the project, and runs one command:
#
#   ./bootstrap.sh demo    train the date translator in about a minute, draw its attention
#   ./bootstrap.sh test    run every check and test; the last line is "N passed, N failed"
#   ./bootstrap.sh test-all  the same, and the slow tests
#   ./bootstrap.sh build   build the optimised library and programs into build/
#   ./bootstrap.sh lint    check the formatting and run clang-tidy over every file
#   ./bootstrap.sh asan    run the unit tests under the address and undefined sanitizers
#   ./bootstrap.sh tsan    run the multithreaded unit tests under the thread sanitizer
#   ./bootstrap.sh help    print this
#
# On Debian and Ubuntu missing packages are installed with apt, as root or with sudo, and every
# command that changes the system is printed before it runs. Elsewhere the packages are only listed.
# CC, CXX, CXXFLAGS and LDFLAGS are used when a build folder is first configured.
set -u
cd "$(dirname "$0")" || exit 1

say() { printf 'bootstrap: %s\n' "$*"; }
die() {
  printf 'bootstrap: %s\n' "$*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# --- Tools and packages ---------------------------------------------------------------------------

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$1" ]; }

# find_tool NAME MINIMUM: the first that works and is new enough. /usr/bin comes before PATH, which may hold
# a version manager's shims that fail or run another version.
find_tool() {
  IFS_before=$IFS
  IFS=:
  for folder in /usr/bin $PATH; do
    version=$("$folder/$1" --version 2>/dev/null | head -n 1) || continue
    case $version in [0-9]*.[0-9]*) ;; *) continue ;; esac
    if at_least "$2" "$version"; then
      IFS=$IFS_before
      echo "$folder/$1"
      return 0
    fi
  done
  IFS=$IFS_before
  return 1
}

find_meson() { find_tool meson 1.0; }
find_ninja() { find_tool ninja 1.8 || find_tool ninja-build 1.8; }
has_compiler() { [ -n "${CXX:-}" ] || has c++ || has g++ || has clang++; }

libraries='libopenblas-openmp-dev libfmt-dev doctest-dev libbenchmark-dev librandom123-dev
  nlohmann-json3-dev libcli11-dev zlib1g-dev libzip-dev libpng-dev libjpeg-dev libsndfile1-dev libutf8proc-dev
  libkissfft-dev'

name_packages() {
  cat <<'NAMES'
tapehead needs a C++20 compiler (g++ 12 or clang 14, or later), meson 1.0, ninja, pkg-config, and
OpenBLAS, OpenMP, fmt, doctest, Google Benchmark, Random123, nlohmann-json, CLI11, zlib, libzip, libpng, libjpeg-turbo,
libsndfile, utf8proc, KISS FFT:
  Fedora  dnf install gcc-c++ meson ninja-build pkgconf-pkg-config openblas-devel fmt-devel \
            doctest-devel google-benchmark-devel Random123-devel json-devel cli11-devel zlib-devel libzip-devel \
            libpng-devel libjpeg-turbo-devel libsndfile-devel utf8proc-devel kissfft-devel make cmake clang-tools-extra doxygen
  Arch    pacman -S gcc meson ninja pkgconf openblas fmt doctest benchmark nlohmann-json cli11 \
            zlib libzip libpng libjpeg-turbo libsndfile libutf8proc kissfft make cmake clang doxygen      (random123 is in the AUR)
  macOS   brew install meson ninja pkgconf openblas libomp fmt doctest google-benchmark \
            nlohmann-json cli11 zlib libzip libpng jpeg-turbo libsndfile utf8proc cmake llvm doxygen      (random123, kissfft: from their releases)
NAMES
}

run_as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! has sudo; then
    die "installing needs root and there is no sudo; as root, run: $*"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# install_missing [tests] [lint]: installs the packages needed to build, and those for tests and lint if asked.
install_missing() {
  if ! has apt-get || ! has dpkg-query; then
    if find_meson && find_ninja && has_compiler && has pkg-config; then
      say "there is no apt here: going on with the tools above"
      return 0
    fi
    die "there is no apt here, and a tool is missing.
$(name_packages)"
  fi
  missing=
  has_compiler || missing="$missing g++"
  find_meson >/dev/null || missing="$missing meson"
  find_ninja >/dev/null || missing="$missing ninja-build"
  has pkg-config || missing="$missing pkg-config"
  for package in $libraries; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing="$missing $package"
  done
  for group; do
    case $group in
      tests)
        has make || missing="$missing make"
        has cmake || missing="$missing cmake"
        has doxygen || missing="$missing doxygen"
        ;;
      lint)
        for tool in clang-format clang-tidy; do
          has $tool-14 || has $tool || missing="$missing $tool-14"
        done
        ;;
    esac
  done
  [ -z "$missing" ] || apt_install "$missing"
  find_meson >/dev/null || die "meson 1.0 or later is needed and this system's is older:
  $(meson --version 2>/dev/null || echo none) is here; run: pipx install meson"
}

apt_install() {
  say "missing here:$1"
  say "running: apt-get update"
  log=$(mktemp)
  run_as_root apt-get update -qq >"$log" 2>&1 || { cat "$log"; die "apt-get update failed"; }
  packages=
  for package in $1; do
    case $package in
      # Newer releases have only newer versions: `lint` uses those, `test` skips the checks.
      clang-*-14) apt-cache show "$package" >/dev/null 2>&1 || package=${package%-14} ;;
    esac
    packages="$packages $package"
  done
  say "running: apt-get install -y --no-install-recommends$packages"
  # shellcheck disable=SC2086 # the packages are words
  run_as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $packages >"$log" 2>&1 ||
    { cat "$log"; die "apt-get install failed; install the packages above and run this again"; }
  rm -f "$log"
}

# --- Building -------------------------------------------------------------------------------------

# One job per core, as far as each has 1.5 GiB of free memory.
job_count() {
  cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
  kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  case $limit in
    max | '') ;;
    *) [ "$((limit / 1024))" -ge "${kib:-0}" ] || kib=$((limit / 1024)) ;;
  esac
  fitting=$((${kib:-4194304} / 1572864))
  [ "$fitting" -ge 1 ] || fitting=1
  if [ "$fitting" -lt "$cores" ]; then echo "$fitting"; else echo "$cores"; fi
}

# recorded FOLDER KEY: the source folder ("source") or the version of meson ("meson_version") that the build
# folder was configured with.
recorded() {
  tr -d '\n' <"$1/meson-info/meson-info.json" |
    sed 's/.*"'"$2"'": *\({ *"full": *\)\{0,1\}"\([^"]*\)".*/\2/'
}

# configure FOLDER OPTION...: sets up the build folder; again if the source tree was moved or meson has
# another version.
configure() {
  folder=$1
  shift
  meson=$(find_meson)
  NINJA=$(find_ninja)
  export NINJA
  if [ -e "$folder/meson-info/meson-info.json" ]; then
    if [ "$(recorded "$folder" source)" != "$PWD" ]; then
      say "$folder/ was made for $(recorded "$folder" source): making it anew"
      rm -rf "$folder"
    elif [ "$(recorded "$folder" meson_version)" != "$("$meson" --version)" ]; then
      say "$folder/ was made by meson $(recorded "$folder" meson_version): making it anew"
      rm -rf "$folder"
    fi
  fi
  [ ! -e "$folder/build.ninja" ] || return 0
  say "running: meson setup $folder $*"
  log=$(mktemp)
  "$meson" setup "$folder" "$@" >"$log" 2>&1 || { cat "$log"; return 1; }
  rm -f "$log"
}

compile() {  # compile FOLDER TARGET...
  folder=$1
  shift
  say "building $folder/ with $(job_count) jobs"
  "$NINJA" -C "$folder" -j "$(job_count)" "$@"
}

build_all() {
  configure build && compile build
}

# -Og compiles as fast as -O0 here and runs in half the time.
run_asan() {
  configure build-asan -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static \
    -Dbuildtype=debug -Doptimization=g && compile build-asan unit || return 1
  ASAN_OPTIONS=malloc_context_size=10 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    run_tests build-asan --suite unit
}

run_tsan() {
  configure build-tsan -Db_sanitize=thread -Db_lundef=false -Ddefault_library=static \
    -Dbuildtype=debug -Doptimization=1 && compile build-tsan tests/threads || return 1
  run_tests build-tsan threads
}

run_tests() {  # run_tests FOLDER OPTION...
  folder=$1
  shift
  "$(find_meson)" test -C "$folder" --no-rebuild --print-errorlogs --timeout-multiplier 4 "$@"
}

# --- Commands -------------------------------------------------------------------------------------

demo() {
  install_missing
  if ! configure build || ! compile build examples/translate; then die "the build failed"; fi
  out=out/demo
  say "running: build/examples/translate --out $out"
  # The last line is the result as JSON, so the pictures are listed before it.
  status=$(mktemp)
  { build/examples/translate --out "$out"; echo $? >"$status"; } | {
    lines=0
    while IFS= read -r line; do
      [ "$lines" -eq 0 ] || printf '%s\n' "$last"
      last=$line lines=$((lines + 1))
    done
    say "the pictures:"
    find "$out" -name '*.svg' | sort | sed 's/^/  /'
    [ "$lines" -eq 0 ] || printf '%s\n' "$last"
  }
  code=$(cat "$status")
  rm -f "$status"
  return "$code"
}

passed=0 failed=0 skipped=0

add_counts() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# stage NAME FOLDER COMMAND...: runs the command and counts the tests that it ran in the build folder; if the
# folder is "", the command counts as one test. Exits at the first failure.
stage() {
  stage_name=$1 stage_folder=$2
  shift 2
  say "== $stage_name"
  began=$(date +%s)
  rm -f "$stage_folder/meson-logs/testlog.json"
  "$@"
  status=$?
  if [ -z "$stage_folder" ]; then
    case $status in
      0) add_counts 1 0 0 ;;
      77) add_counts 0 0 1 ;;
      *) add_counts 0 1 0 ;;
    esac
  elif [ -e "$stage_folder/meson-logs/testlog.json" ]; then
    # shellcheck disable=SC2046 # three numbers
    add_counts $(python3 tools/count_tests.py "$stage_folder/meson-logs/testlog.json")
  fi
  say "== $stage_name: $(($(date +%s) - began)) s"
  [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || exit 1
}

finish() {
  status=$?
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ "$failed" -gt 0 ] || [ "$passed" -eq 0 ]; then status=1; fi
  if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  exit "$status"
}

run_all_tests() {
  trap finish EXIT
  install_missing tests lint
  stage "formatting" "" tools/lint.sh format 14
  stage "build" "" build_all
  stage "tests" build run_tests build
  stage "sanitizers" build-asan run_asan
}

# Tests all pairs of attention options with each instruction set and number of threads; `test` runs each pair
# with only one of them.
run_pairs() {
  for isa in baseline avx2 avx512; do
    for threads in 1 2; do
      say "all pairs of attention's options: $isa, $threads threads"
      TAPEHEAD_ISA=$isa OMP_NUM_THREADS=$threads TAPEHEAD_ONLY_OP=scaled_dot_product_attention \
        build/tests/unit_autograd -tc='every row*'
      status=$?
      [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || return 1
    done
  done
}

run_long_tests() {
  run_all_tests
  stage "all pairs" "" run_pairs
  stage "threads" build-tsan run_tsan
  stage "mutants" "" python3 tests/mutants.py --ninja "$(find_ninja)"
  stage "kills" "" python3 tests/kills.py build
  stage "lint" "" tools/lint.sh tidy any "$(job_count)"
}

case ${1:-help} in
  demo) demo ;;
  build)
    install_missing
    configure build && compile build programs || die "the build failed"
    say "the library and the programs are in build/"
    ;;
  test) run_all_tests ;;
  test-all) run_long_tests ;;
  lint)
    install_missing lint
    if ! configure build || ! compile build tensor_methods.h; then die "the headers cannot be made"; fi
    tools/lint.sh format any
    formatted=$?
    tools/lint.sh tidy any "$(job_count)" && [ "$formatted" -eq 0 ]
    ;;
  asan)
    install_missing
    run_asan
    ;;
  tsan)
    install_missing
    run_tsan
    ;;
  help | -h | --help) sed -n '2,/^set -u/s/^# \{0,1\}//p' "$0" ;;
  *) die "$1 is not a command; ./bootstrap.sh help names them" ;;
esac
