// Runs a program many times in parallel, such as once per task or seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tapehead/train/cli.h"

namespace tapehead::train {

/// One run of the program, in its own process.
struct Job {
  std::string name;                    ///< also the name of its folder: "qa3-seed2"
  std::vector<std::string> arguments;  ///< in addition to --out, --threads 1 and --resume
};

/// The output folder of a job: OUT/jobs/NAME.
std::string job_folder(const Options& options, const Job& job);

/// Runs the calling program once for each job, in as many processes at a time as there are threads,
/// each with one thread. Returns the last line of each job's standard output, as printed by
/// report(); standard error goes to FOLDER/log.txt. With `resume`, finished jobs are not run again
/// and stopped jobs are resumed, after waiting for processes of a killed call that are still
/// saving; without it, the results of earlier calls are removed. The folder `out` is locked
/// meanwhile; throws IoError if another run has locked it. After Ctrl-C, stops all jobs, which save
/// checkpoints, and throws Interrupted. If a job fails, the others still finish; then throws Error
/// with the name of the first failed job, its last message and the path of its log.
std::vector<std::string> run_jobs(const Cli& cli, std::span<const Job> jobs,
                                  const Options& options);

}  // namespace tapehead::train
