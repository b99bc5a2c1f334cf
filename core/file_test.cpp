#include "tapehead/core/file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using test::message_of;
using test::Scratch;

namespace {

/// Limits the size of files to `bytes` in its scope: to write(), this looks like a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit old_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("write_atomic and read_file return every byte") {
  const Scratch scratch;
  const std::string path = scratch / "bytes.bin";
  const std::string bytes("a\0b\r\n\xff", 6);
  for (const std::string& content : {std::string(), bytes, std::string(1'000'000, 'x')}) {
    write_atomic(path, content);
    CHECK(read_file(path) == content);
  }
  CHECK(scratch.count() == 1);
}

TEST_CASE("read_file names what is wrong with the path") {
  const Scratch scratch;
  scratch.write("train.tsv", "x");
  scratch.write("val.tsv.gz", "x");
  std::filesystem::create_directory(scratch / "corpus");
  const auto error = [&](const std::string& name) {
    return message_of<IoError>([&] { read_file(scratch / name); });
  };
  const std::string at = scratch.path() + "/";
  CHECK(error("trian.tsv") == at + "trian.tsv: no such file; did you mean " + at + "train.tsv?");
  CHECK(error("val.tsv") == at + "val.tsv: no such file; did you mean " + at + "val.tsv.gz?");
  CHECK(error("model.bin") == at + "model.bin: no such file");
  CHECK(error("corpsu/a.txt") == at + "corpsu/a.txt: no such file: there is no folder " + at +
                                     "corpsu; did you mean " + at + "corpus?");
  CHECK(error("train.tsv/x") == at + "train.tsv/x: no such file");
  CHECK(error("corpus") == at + "corpus: is a folder, not a file");
  CHECK(message_of<IoError>([] { read_file(""); }) == "'': no such file");
}

TEST_CASE("path_exists and require_folder tell files from folders, and never throw anything else") {
  const Scratch scratch;
  const std::string file = scratch.write("file", "x"), long_name(300, 'x');
  CHECK(path_exists(file));
  CHECK(path_exists(scratch.path()));
  for (const std::string& none :
       {std::string(), scratch / "none", file + "/x", scratch / long_name})
    CHECK_MESSAGE(!path_exists(none), none);
  CHECK_NOTHROW(require_folder(scratch.path()));
  CHECK(message_of<IoError>([&] { require_folder(file); }) == file + ": is a file, not a folder");
  CHECK(message_of<IoError>([&] { require_folder(scratch / "fiel"); }) ==
        (scratch / "fiel") + ": no such file; did you mean " + file + "?");
  CHECK(message_of<IoError>([&] { require_folder(scratch / long_name); }) ==
        (scratch / long_name) + ": no such file");
}

TEST_CASE("read_file stops at its size limit, also where no size is announced") {
  const Scratch scratch;
  const std::string path = scratch.write("ten", "0123456789");
  CHECK(read_file(path, 10) == "0123456789");
  CHECK(message_of<IoError>([&] { read_file(path, 9); }) ==
        path +
            ": holds more than the 9 bytes allowed; pass a larger limit for a file that you trust");
  CHECK(message_of<IoError>([] { read_file("/dev/zero", 1'000'000); }) ==
        "/dev/zero: holds more than the 1000000 bytes allowed; pass a larger limit for a file that "
        "you trust");
}

TEST_CASE("a full disk leaves the old file and nothing else") {
  const Scratch scratch;
  const std::string path = scratch.write("model", "the old model");
  const std::string big(1'000'000, 'x');
  std::string error, fresh_error;
  {
    const SmallDisk disk(65'536);
    error = message_of<IoError>([&] { write_atomic(path, big); });
    fresh_error = message_of<IoError>([&] { write_atomic(scratch / "new", big); });
  }
  CHECK(error == path + ": cannot be written: File too large; the old file is unchanged");
  CHECK(fresh_error ==
        scratch / "new" + ": cannot be written: File too large; nothing was written");
  CHECK(read_file(path) == "the old model");
  CHECK(scratch.count() == 1);
}

TEST_CASE("only errors of a full disk suggest freeing space") {
  CHECK(core::system_error(ENOSPC) == "No space left on device; free some space");
  CHECK(core::system_error(EDQUOT) == "Disk quota exceeded; free some space");
  CHECK(core::system_error(EFBIG) == "File too large");
  CHECK(core::system_error(EACCES) == "Permission denied");
  CHECK(core::system_error(EROFS) == "Read-only file system");
}

TEST_CASE("an AtomicFile that is not committed leaves no trace") {
  const Scratch scratch;
  const std::string path = scratch.write("model", "old");
  {
    AtomicFile file(path);
    file.write("half of the new");
    CHECK(scratch.count() == 2);
    CHECK(read_file(path) == "old");
  }
  CHECK(scratch.count() == 1);
  CHECK(read_file(path) == "old");
}

TEST_CASE("what a killed write left behind is removed, and nothing else") {
  const Scratch scratch;
  const std::string kept[] = {".mine", "notes.txt", "x.tmp-1-1", "model"};
  for (const std::string& name : kept) scratch.write(name, "kept");
  // The lock of a killed writer is released: an unlocked temporary file is abandoned.
  for (const char* name : {".model.tmp-7-0", ".attention-4.svg.tmp-7-9"})
    scratch.write(name, "hal");
  {
    AtomicFile writing(scratch / "model");
    writing.write("new");
    CHECK(scratch.count() == 7);
    remove_abandoned(scratch.path());
    CHECK(scratch.count() == 5);  // the four kept files and the one being written
    writing.commit();
  }
  for (const std::string& name : kept) {
    CAPTURE(name);
    CHECK(read_file(scratch / name) == (name == "model" ? "new" : "kept"));
  }
  CHECK(scratch.count() == 4);
  remove_abandoned(scratch / "no-such-folder");
}

TEST_CASE("AtomicFile refuses what it would destroy") {
  const Scratch scratch;
  CHECK(message_of<IoError>([] { write_atomic("/dev/null", "x"); }) ==
        "/dev/null: cannot be written: it is a device or a pipe, not a regular file");
  CHECK(message_of<IoError>([&] { write_atomic(scratch.path(), "x"); }) ==
        scratch.path() + ": cannot be written: it is a folder, not a regular file");
  CHECK(message_of<IoError>([&] { write_atomic(scratch / "no/such", "x"); }) ==
        scratch / "no/such" + ": cannot be written: there is no folder " + scratch.path() +
            "/no; make it first");
  CHECK(message_of<IoError>([] { write_atomic("", "x"); }) ==
        "'': cannot be written: no file name");
}

TEST_CASE("AtomicFile follows a link and keeps permissions") {
  const Scratch scratch;
  const std::string path = scratch.write("real", "old"), link = scratch / "link";
  ::chmod(path.c_str(), 0640);
  std::filesystem::create_symlink(path, link);
  write_atomic(link, "new");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(path) == "new");
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0640));
}
