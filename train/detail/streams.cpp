#include "tapehead/train/detail/streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"

namespace tapehead::train::detail {

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      ::open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY);  // gets the lowest number
}

void say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

void flush_output() {
  errno = 0;
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written) return;
  const int error = errno;
  throw IoError(fmt::format("standard output: cannot be written{}; the output is incomplete",
                            error == 0 ? "" : ": " + core::system_error(error)));
}

}  // namespace tapehead::train::detail
