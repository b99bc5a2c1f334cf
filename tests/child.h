// Runs part of a test in a child process, where it may hang or crash.
#pragma once

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <functional>
#include <string>

namespace tapehead::test {

/// Returns the result of `f` in a child of fork(), or the text of the exception that it throws.
/// Returns "hangs" if it takes more than 30 seconds, and "signal 11" or "status 3" if the child
/// terminates otherwise.
inline std::string in_child(const std::function<std::string()>& f) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text;
    try {
      text = f();
    } catch (const std::exception& e) {
      text = e.what();
    }
    const bool written = ::write(ends[1], text.data(), text.size()) >= 0;
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  pollfd out{.fd = ends[0], .events = POLLIN, .revents = 0};
  const bool done = ::poll(&out, 1, 30'000) > 0;
  char some[4096];
  for (ssize_t n; done && (n = ::read(ends[0], some, sizeof some)) > 0;)
    text.append(some, static_cast<size_t>(n));
  if (!done) ::kill(child, SIGKILL);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!done) return "hangs";
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) != 0 ? "status " + std::to_string(WEXITSTATUS(status)) : text;
}

}  // namespace tapehead::test
