#include "tapehead/tests/runs/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tapehead/tests/scratch.h"

namespace tapehead::test {
namespace {

// Runs in the child: redirects the standard streams and executes the program; never returns.
[[noreturn]] void become(const std::vector<std::string>& command, const RunOptions& o,
                         const Scratch& files) {
  const auto redirect = [&](int stream, const std::string& path, int flags) {
    const int file = ::open(path.c_str(), flags, 0600);
    if (file < 0 || ::dup2(file, stream) < 0) ::_exit(126);
  };
  redirect(STDIN_FILENO, files / "in", O_RDONLY);
  redirect(STDOUT_FILENO, files / "out", O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, files / "err", O_WRONLY | O_CREAT | O_TRUNC);
  for (const auto& [name, value] : o.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (!o.folder.empty() && ::chdir(o.folder.c_str()) != 0) ::_exit(126);
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

int wait_for(pid_t child, std::optional<double> kill_after) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  int status = 0;
  if (kill_after) {
    const auto end = start + std::chrono::duration<double>(*kill_after);
    while (::waitpid(child, &status, WNOHANG) == 0) {
      if (Clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
  } else {
    ::waitpid(child, &status, 0);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string Outcome::last_line() const {
  const size_t end = out.ends_with('\n') ? out.size() - 1 : out.size();
  const size_t before = end == 0 ? std::string::npos : out.rfind('\n', end - 1);
  const size_t start = before == std::string::npos ? 0 : before + 1;
  return out.substr(start, end - start);
}

Outcome run(const std::vector<std::string>& command, const RunOptions& options) {
  const Scratch files;
  files.write("in", options.input);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) become(command, options, files);
  Outcome outcome;
  outcome.status = wait_for(child, options.kill_after);
  outcome.out = slurp(files / "out");
  outcome.err = slurp(files / "err");
  return outcome;
}

std::string example(const std::string& name) {
  return std::string(TAPEHEAD_BUILD_ROOT) + "/examples/" + name;
}

std::string tool(const std::string& name) {
  return std::string(TAPEHEAD_BUILD_ROOT) + "/tools/" + name;
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  CAPTURE(path);
  REQUIRE(file.good());
  return bytes.str();
}

}  // namespace tapehead::test
