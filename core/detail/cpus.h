// The CPUs that this process may use.
#pragma once

#include <string>

namespace tapehead::core {

/// The number of CPUs that the process may use at a time: those of its affinity mask, or fewer if
/// its control group (a container, say) has a quota of CPU time. At least 1.
int available_cpus();

/// The quota of the process's control group (version 1 or 2) and of those above it, in CPUs,
/// rounded up; INT_MAX if there is none. `root` is the folder that contains proc and sys.
int cgroup_cpus(const std::string& root);

}  // namespace tapehead::core
