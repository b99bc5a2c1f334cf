#include "tapehead/train/jobs.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

constexpr const char* kProgram = "jobs: the program that a job runs";
constexpr const char* kVariable = "TAPEHEAD_TEST_JOB";

// Runs jobs that each execute this program's test case kProgram, enabled by an environment
// variable.
std::vector<std::string> results(const std::string& out, const std::vector<std::string>& names) {
  std::vector<train::Job> jobs;
  jobs.reserve(names.size());
  for (const std::string& name : names)
    jobs.push_back({name, {fmt::format("-tc={}", kProgram), "--no-skip", "--job=" + name}});
  std::string program = "jobs";
  char* words[] = {program.data(), nullptr};
  const train::Cli cli(1, words, program, "Test.");
  train::Options options;
  options.out = out;
  options.quiet = true;
  setenv(kVariable, out.c_str(), 1);
  const auto found = train::run_jobs(cli, jobs, options);
  unsetenv(kVariable);
  return found;
}

}  // namespace

TEST_CASE("jobs: the program that a job runs" * doctest::skip()) {
  if (!std::getenv(kVariable)) return;
  manual_seed(1);
  fmt::print("a line before\n{:.6f}\n", randn({}).item());
  std::fflush(stdout);
  std::_Exit(0);
}

TEST_CASE("jobs: results come in the order of the jobs, also from folders of jobs that are done") {
  const Scratch scratch;
  std::filesystem::create_directories(scratch / "out");
  manual_seed(1);
  const std::string wanted = fmt::format("{:.6f}", randn({}).item());
  CHECK(results(scratch / "out", {"a", "b", "c"}) == std::vector<std::string>(3, wanted));
  CHECK(read_file(scratch / "out/jobs/b/result.json") == wanted + "\n");
}
