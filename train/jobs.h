// A program run many times, side by side: once for each task, or each seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tapehead/train/cli.h"

namespace tapehead::train {

/// One run of the program, in a process of its own.
struct Job {
  std::string name;                    ///< and folder: "qa3-seed2"
  std::vector<std::string> arguments;  ///< beside --out, --threads 1 and --resume
};

/// Where a job has its results, its --out: OUT/jobs/NAME.
std::string job_folder(const Options& options, const Job& job);

/// Runs the program that calls it once for each job, as many at a time as there are threads, each
/// with one thread, and gives the last line that each wrote to standard output, which report()
/// made. What a job says goes to FOLDER/log.txt. With `resume` jobs that ended before are not run
/// again, and those that were stopped go on, once what is left of a killed call has saved itself;
/// else they take the place of an earlier call's. The folder `out` is locked meanwhile, as a run's
/// is: IoError where another has it. Ctrl-C stops all, each of which saves itself; then it
/// throws Interrupted. When a job fails, the others still end; then it throws Error with the name
/// of the first that failed, what it said last, and where the rest is.
std::vector<std::string> run_jobs(const Cli& cli, std::span<const Job> jobs,
                                  const Options& options);

}  // namespace tapehead::train
