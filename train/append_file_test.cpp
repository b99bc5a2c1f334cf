#include "tapehead/train/append_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::train;
using test::message_of;

namespace {

std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

/// Simulates a full disk: no file can grow beyond `bytes`.
struct FullDisk {
  explicit FullDisk(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old);
    const rlimit small{bytes, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
  }
  rlimit old{};
  void (*handler)(int);
};

}  // namespace

TEST_CASE("append_file: starts fresh or goes on, and is whole after each append") {
  const test::Scratch dir;
  const std::string path = dir / "log";
  AppendFile first(path, AppendFile::Open::fresh);
  first.append("one\n");
  CHECK(contents(path) == "one\n");
  AppendFile second(path, AppendFile::Open::keep);
  second.append("two\n");
  CHECK(contents(path) == "one\ntwo\n");
  AppendFile third(path, AppendFile::Open::fresh);
  third.append("three\n");
  CHECK(contents(path) == "three\n");

  AppendFile moved = std::move(third);
  moved.append("four\n");
  CHECK(contents(path) == "three\nfour\n");
  CHECK(moved.path() == path);
}

TEST_CASE("append_file: a full disk leaves the records that were whole") {
  const test::Scratch dir;
  const std::string path = dir / "log";
  AppendFile file(path, AppendFile::Open::fresh);
  file.append("kept\n");
  std::string message;
  {
    const FullDisk disk(12);
    message = message_of<IoError>([&] { file.append("lost, being too long\n"); });
  }
  CHECK(message == path + ": cannot write: File too large; its previous contents are intact");
  CHECK(contents(path) == "kept\n");
  file.append("and on\n");
  CHECK(contents(path) == "kept\nand on\n");
}

TEST_CASE("append_file: a full device asks for space") {
  AppendFile full("/dev/full", AppendFile::Open::keep);
  CHECK(
      message_of<IoError>([&] { full.append("lost"); }) ==
      "/dev/full: cannot write: No space left on device; free some space; its end may be damaged");
}

// Regression: the log got the descriptor of a closed stream, and with it the stream's output.
TEST_CASE("append_file: a standard stream that is closed gives its number to no log") {
  const test::Scratch dir;
  const int saved = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);
  AppendFile file(dir / "log", AppendFile::Open::fresh);
  const bool closed = ::fcntl(STDIN_FILENO, F_GETFD) < 0;
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  CHECK(closed);
  file.append("a line\n");
  CHECK(contents(dir / "log") == "a line\n");
}

TEST_CASE("append_file: what cannot be opened or made is named") {
  const test::Scratch dir;
  const std::string missing = dir / "none/log";
  CHECK(message_of<IoError>([&] { AppendFile(missing, AppendFile::Open::fresh); }) ==
        missing +
            ": cannot be opened for writing: No such file or directory; choose another folder");
  const std::string file = dir.write("file", "");
  CHECK(message_of<IoError>([&] { make_folders(file + "/sub", "log"); }) ==
        "log: cannot make the folder '" + file + "/sub': Not a directory; choose another");
  make_folders(dir / "a/b/c", "log");
  make_folders(dir / "a/b/c", "log");
  CHECK(std::filesystem::is_directory(dir / "a/b/c"));
}
