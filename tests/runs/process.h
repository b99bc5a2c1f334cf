// Runs a program as its user does, and kills it where a test wants that.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tapehead::test {

struct Outcome {
  int status = 0;        ///< what it exited with; 128 + signal when one ended it
  std::string out, err;  ///< what it wrote

  /// The last line of the standard output.
  std::string last_line() const;
};

struct RunOptions {
  std::string folder = "";                              ///< where it runs; "": here
  std::string input = "";                               ///< its standard input
  std::map<std::string, std::string> environment = {};  ///< beside ours
  std::optional<double> kill_after = {};                ///< seconds until SIGKILL
};

/// Runs command[0] with the other words as arguments and waits for its end.
Outcome run(const std::vector<std::string>& command, const RunOptions& options = {});

/// The path of the example of this name.
std::string example(const std::string& name);
/// The same of a tool.
std::string tool(const std::string& name);

/// All bytes of a file; a failed requirement when it cannot be read.
std::string slurp(const std::string& path);

}  // namespace tapehead::test
