#include "tapehead/core/detail/cpus.h"

#include <sched.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <sstream>
#include <thread>

namespace tapehead::core {
namespace {

int affinity_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());
}

// The number of CPUs that a quota of CPU time for each period amounts to.
int cpus_of(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return INT_MAX;
  const double cpus = quota / period;
  return cpus > 1e6 ? INT_MAX : std::max(static_cast<int>(cpus + 0.999), 1);
}

double number_in(const std::string& path) {
  double x = 0;
  std::ifstream(path) >> x;
  return x;
}

// In version 2, a file holds both numbers; "max", which is no number, means no limit.
int limit_of(const std::string& folder) {
  double quota = 0, period = 0;
  std::ifstream(folder + "/cpu.max") >> quota >> period;
  const int version_1 =
      cpus_of(number_in(folder + "/cpu.cfs_quota_us"), number_in(folder + "/cpu.cfs_period_us"));
  return std::min(cpus_of(quota, period), version_1);
}

// The least limit of a group and all groups above it. In a container, the folder of the group
// itself may not exist, but that of the hierarchy's root then has its limits.
int limit_up_from(const std::string& hierarchy, std::string group) {
  int least = limit_of(hierarchy);
  while (!group.empty() && group != "/") {
    least = std::min(least, limit_of(hierarchy + group));
    group.resize(group.rfind('/'));
  }
  return least;
}

}  // namespace

int cgroup_cpus(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  int least = INT_MAX;
  for (std::string line; std::getline(groups, line);) {  // "number:controllers:/group"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos || second + 1 >= line.size() || line[second + 1] != '/')
      continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string hierarchy = root + "/sys/fs/cgroup", group = line.substr(second + 1);
    if (controllers.empty()) least = std::min(least, limit_up_from(hierarchy, group));
    std::istringstream names(controllers);
    for (std::string name; std::getline(names, name, ',');)
      if (name == "cpu") {
        for (const std::string& folder : {controllers, name})
          least = std::min(least,
                           limit_up_from(std::string(hierarchy).append("/").append(folder), group));
      }
  }
  return least;
}

int available_cpus() { return std::max(1, std::min(affinity_cpus(), cgroup_cpus(""))); }

}  // namespace tapehead::core
