// Programs with invalid options, streams or folders.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "tapehead/data/files.h"
#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/runs/small_data.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

using Words = std::vector<std::string>;
namespace fs = std::filesystem;

// Each program, with options that make it fast.
const std::map<std::string, Words> kPrograms{
    {"algorithms", {"--hidden-size", "8", "--batch", "4"}},
    {"babi", {"--embed-dim", "8", "--task", "1"}},
    {"bert", {"--embed-dim", "16", "--merges", "50"}},
    {"caption", {"--channels", "4", "--hidden-size", "8", "--batch", "4", "--tests", "10"}},
    {"gpt", {"--embed-dim", "16"}},
    {"gan", {"--channels", "4"}},
    {"mnist", {"--channels", "4"}},
    {"summarize", {"--hidden-size", "16", "--beam", "1"}},
    {"translate", {"--hidden-size", "16", "--merges", "20"}},
    {"vit", {"--embed-dim", "16", "--num-layers", "1"}},
    {"speech", {"--examples", "10"}}};

// Trains three steps in scratch/OUT, where the data that a program generates are many, on a few
// that are in `scratch`; `streams` are shell redirections of the standard streams.
Outcome smoke(const std::string& name, const Scratch& scratch, const std::string& out,
              const std::string& streams = "") {
  Words words{"/bin/sh", "-c",         "exec \"$@\" " + streams, "sh", example(name), "--smoke",
              "--out",   scratch / out};
  words.insert(words.end(), kPrograms.at(name).begin(), kPrograms.at(name).end());
  if (name == "babi") write_tasks(scratch);
  else if (name == "summarize") write_summaries(scratch);
  else if (name == "translate") write_pairs(scratch);
  else return run(words);
  words.insert(words.end(), {"--data", scratch.path()});
  return run(words);
}

// The contents of all files in a folder.
std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[entry.path()] = slurp(entry.path());
  return files;
}

// Checks that a program refuses a folder that another one has locked, and leaves it alone.
void check_locked(const std::string& name, const std::string& out) {
  const auto before = files_in(out);
  const int held = ::open(out.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(held, LOCK_EX | LOCK_NB) == 0);
  const Outcome second = run({example(name), "--smoke", "--seed", "2", "--out", out});
  ::close(held);
  CHECK(second.status == 1);
  CHECK(second.err.ends_with(
      ": another run is writing there; wait for it, stop it, or use another --out\n"));
  CHECK(before.size() > 2);
  CHECK(files_in(out) == before);
}

// The log without times.
std::string untimed_log(const std::string& out) {
  std::string log;
  for (const std::string& line : tapehead::data::read_lines(out + "/metrics.jsonl"))
    log += line.substr(0, line.find(",\"seconds\":")) + "\n";
  return log;
}

// The numeric options of a program, from its --help.
Words numeric_options(const std::string& name) {
  Words options;
  std::istringstream help(run({example(name), "--help"}).out);
  for (std::string line; std::getline(help, line);) {
    std::istringstream words(line);
    std::string flag, type;
    if (words >> flag >> type && (type == "N" || type == "NUMBER")) options.push_back(flag);
  }
  return options;
}

}  // namespace

// Regression: metrics.jsonl was given the descriptor of the closed stream, so that printed text
// ended up in it.
TEST_CASE("programs: a result that cannot be written is an error, a closed stream is none") {
  const Scratch scratch;
  for (const auto& program : kPrograms) {
    const std::string& name = program.first;
    CAPTURE(name);
    const std::string full = scratch / (name + "-full"), closed = scratch / (name + "-closed");
    const Outcome outcome = smoke(name, scratch, name + "-full", ">/dev/full");
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(outcome.err.ends_with(name +
                                ": standard output: cannot be written: No space left on device; "
                                "free some space; the output is incomplete\n"));
    CHECK(smoke(name, scratch, name + "-closed", ">&- 2>&-").status == 0);
    CHECK(untimed_log(closed) == untimed_log(full));
    const bool same = slurp(closed + "/model.safetensors") == slurp(full + "/model.safetensors");
    CHECK(same);
    const Outcome help = run({"/bin/sh", "-c", "exec \"$0\" --help >/dev/full", example(name)});
    CHECK(help.status == 1);
    CHECK(help.err.starts_with(name + ": standard output: cannot be written"));
    const Outcome unheard =
        run({"/bin/sh", "-c", "exec \"$0\" --wrong 2>/dev/full", example(name)});
    CHECK(unheard.status == 2);
  }
}

// Afterwards the folder is locked, as by a running program.
TEST_CASE("programs: a run that was stopped before its first checkpoint starts anew") {
  const Scratch scratch;
  for (const auto& program : kPrograms) {
    const std::string& name = program.first;
    CAPTURE(name);
    const std::string out = scratch / name;
    const Outcome whole = smoke(name, scratch, name);
    const std::string model = slurp(out + "/model.safetensors"), log = untimed_log(out);
    for (const auto& entry : fs::directory_iterator(out))
      if (entry.path().filename() != "config.json") fs::remove(entry);
    const Outcome again = run({example(name), "--resume", "--smoke", "--out", out});
    CAPTURE(again.err);
    CHECK(again.status == 0);
    CHECK(again.err.starts_with(fmt::format(
        "{}: the run in {} was stopped before its first checkpoint; starting from scratch\n", name,
        out)));
    CHECK(again.out == whole.out);
    CHECK(untimed_log(out) == log);
    const bool same = slurp(out + "/model.safetensors") == model;
    CHECK(same);
    check_locked(name, out);
  }
}

TEST_CASE("programs: a folder of another program says whose it is") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  REQUIRE(smoke("gpt", scratch, "out").status == 0);
  for (const auto& program : kPrograms) {
    const std::string& name = program.first;
    if (name == "gpt") continue;
    CAPTURE(name);
    const Outcome outcome = run({example(name), "--eval", out});
    CHECK(outcome.status == 1);
    CHECK(outcome.err ==
          fmt::format("{0}: --eval {1}: it is a folder of gpt, not of {0}; run gpt --eval {1}\n",
                      name, out));
  }
}

TEST_CASE("programs: every numeric option has a range") {
  const Scratch scratch;
  for (const auto& program : kPrograms) {
    const std::string& name = program.first;
    const Words options = numeric_options(name);
    CHECK(options.size() >= 10);
    const auto check = [&](const std::string& flag, const char* value) {
      CAPTURE(name);
      CAPTURE(flag);
      CAPTURE(value);
      const Outcome outcome = run({example(name), "--out", scratch / "out", flag, value});
      CAPTURE(outcome.err);
      CHECK(outcome.status == 2);
      CHECK(outcome.err.starts_with(fmt::format("{}: {} {}: ", name, flag, value)));
    };
    for (const std::string& flag : options) check(flag, "-1000000");
    for (const char* value : {"nan", "1e999"}) check(options.back(), value);  // one parser for all
  }
  const struct {
    const char *name, *flag, *value, *wrong;
  } rows[] = {
      {"gpt", "--context", "1", "must be from 2 to 65536"},
      {"gpt", "--temperature", "-1", "must be at least 0"},
      {"gpt", "--embed-dim", "0", "must be from 1 to 65536"},
      {"summarize", "--longest", "-5", "must be from 1 to 65536"},
      {"babi", "--seeds", "0", "must be from 1 to 1000"},
      {"translate", "--dropout", "1.5", "must be from 0 to 1"},
      {"vit", "--lr", "0", "must be above 0"},
  };
  for (const auto& row : rows) {
    const Outcome outcome = run({example(row.name), row.flag, row.value});
    CHECK(outcome.err == fmt::format("{}: {} {}: {}\n", row.name, row.flag, row.value, row.wrong));
    CHECK(outcome.out.empty());
  }
}
