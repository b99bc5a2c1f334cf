#include "tapehead/core/detail/cpus.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <climits>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tapehead/tests/child.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;

namespace {

// cgroup_cpus() where `files` are the only ones.
int cpus_with(const std::vector<std::pair<std::string, std::string>>& files) {
  const test::Scratch root;
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories(std::filesystem::path(root / name).parent_path());
    root.write(name, text);
  }
  return core::cgroup_cpus(root.path());
}

constexpr const char* kGroup = "proc/self/cgroup";

}  // namespace

TEST_CASE("cpus: the quota of a control group") {
  const auto quota = [](const char* text) {
    return cpus_with({{kGroup, "0::/\n"}, {"sys/fs/cgroup/cpu.max", text}});
  };
  CHECK(quota("100000 100000\n") == 1);
  CHECK(quota("50000 100000\n") == 1);
  CHECK(quota("400000 100000\n") == 4);
  CHECK(quota("250000 100000\n") == 3);
  CHECK(quota("max 100000\n") == INT_MAX);
}

TEST_CASE("cpus: the least quota of the control group and those above it") {
  const std::string below = "0::/user.slice/job\n";
  const std::string slice = "sys/fs/cgroup/user.slice/";
  CHECK(cpus_with({{kGroup, below}, {slice + "job/cpu.max", "300000 100000"}}) == 3);
  CHECK(cpus_with({{kGroup, below},
                   {slice + "cpu.max", "200000 100000"},
                   {slice + "job/cpu.max", "300000 100000"}}) == 2);
  CHECK(cpus_with({{kGroup, below}, {"sys/fs/cgroup/cpu.max", "100000 100000"}}) == 1);
}

TEST_CASE("cpus: the quota of a control group of version 1") {
  const std::string groups = "5:memory:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/\n";
  for (const char* folder : {"cpu,cpuacct/box", "cpu,cpuacct", "cpu/box", "cpu"}) {
    CAPTURE(folder);
    const std::string at = std::string("sys/fs/cgroup/") + folder;
    CHECK(cpus_with({{kGroup, groups},
                     {at + "/cpu.cfs_quota_us", "150000"},
                     {at + "/cpu.cfs_period_us", "50000"}}) == 3);
    CHECK(cpus_with({{kGroup, groups},
                     {at + "/cpu.cfs_quota_us", "-1"},
                     {at + "/cpu.cfs_period_us", "100000"}}) == INT_MAX);
  }
}

TEST_CASE("cpus: files that are missing or make no sense set no limit") {
  CHECK(cpus_with({}) == INT_MAX);
  for (const char* groups : {"", "\n", "::", "0::", "0:", "0::relative\n", "4:cpu:\n", "x\n\n:"})
    CHECK(cpus_with({{kGroup, groups}, {"sys/fs/cgroup/cpu.max", "100000 100000"}}) == INT_MAX);
  for (const char* quota :
       {"", "x", "100000", "0 100000", "-5 100000", "1e400 1", "100000 0", "nan 1"})
    CHECK(cpus_with({{kGroup, "0::/\n"}, {"sys/fs/cgroup/cpu.max", quota}}) == INT_MAX);
}

TEST_CASE("cpus: a process that may run on one CPU has one") {
  CHECK(test::in_child([] {
          cpu_set_t set;
          CPU_ZERO(&set);
          CPU_SET(static_cast<size_t>(sched_getcpu()), &set);
          sched_setaffinity(0, sizeof set, &set);
          return std::to_string(core::available_cpus());
        }) == "1");
}
