#include "tapehead/data/files.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <functional>

#include "tapehead/core/error.h"
#include "tapehead/data/bpe.h"
#include "tapehead/data/gzip.h"
#include "tapehead/data/idx.h"
#include "tapehead/data/tokenizer.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using test::message_of;
using test::Scratch;

namespace {

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("read_lines reads plain and gzipped text alike, whatever the name") {
  const Scratch scratch;
  const std::string text = "ein Haus\nzwei Häuser\n";
  const Lines lines = {"ein Haus", "zwei Häuser"};
  CHECK(read_lines(scratch.write("plain", text)) == lines);
  CHECK(read_lines(scratch.write("plain.gz", text)) == lines);
  CHECK(read_lines(scratch.write("packed", gzipped(text))) == lines);
  CHECK(read_lines(scratch.write("members", gzipped("ein Haus\n") + gzipped("zwei Häuser"))) ==
        lines);
  CHECK(read_bytes(scratch.write("binary", gzipped("\xff"))) == "\xff");
}

TEST_CASE("data_file finds a file, plain before gzipped") {
  const Scratch scratch;
  scratch.write("a.txt", "a");
  scratch.write("a.txt.gz", "a");
  scratch.write("b.txt.gz", "b");
  CHECK(data_file(scratch / "a.txt") == scratch / "a.txt");
  CHECK(data_file(scratch / "b.txt") == scratch / "b.txt.gz");
  CHECK(find_data_file(scratch / "b.txt") == scratch / "b.txt.gz");
  CHECK(find_data_file(scratch / "c.txt").empty());
  CHECK(message_of<IoError>([&] { data_file(scratch / "c.txt"); }) ==
        (scratch / "c.txt") + ": no such file, with or without .gz");
}

TEST_CASE("split_lines ends lines at \\n and \\r\\n and nowhere else") {
  CHECK(split_lines("") == Lines{});
  CHECK(split_lines("\n") == Lines{""});
  CHECK(split_lines("a\r\nb\r\n") == Lines{"a", "b"});
  CHECK(split_lines("a\n\nb") == Lines{"a", "", "b"});
  CHECK(split_lines("a\rb\u2028c\fd\u0085e\r") == Lines{"a\rb\u2028c\fd\u0085e\r"});
}

TEST_CASE("a byte order mark is not text") {
  const Scratch scratch;
  CHECK(read_text(scratch.write("bom", "\xef\xbb\xbfwort")) == "wort");
  CHECK(message_of<FormatError>([&] { read_text(scratch.write("only", "\xef\xbb\xbf")); }) ==
        scratch / "only" + ": the file is empty");
}

TEST_CASE("text files that cannot be used say why") {
  const Scratch scratch;
  const auto error = [&](const std::string& bytes) {
    const std::string path = scratch.write("f", bytes);
    const std::string message = message_of<FormatError>([&] { read_lines(path); });
    return message.starts_with(path) ? message.substr(path.size()) : message;
  };
  CHECK(error("") == ": the file is empty");
  CHECK(error(gzipped("")) == ": the file is empty");
  CHECK(error("ok\nM\xfcnchen\n") == ":2: not UTF-8: byte 0xfc at offset 4");
  CHECK(error("\xff\xfe"
              "a") == ": UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8 " + scratch / "f");
  const std::string packed = gzipped("some text that is long enough to be cut");
  CHECK(error(packed.substr(0, packed.size() - 9)) ==
        ": the gzip data end early, after 39 unpacked bytes; fetch the file again");
  CHECK(error(packed.substr(0, 2)) ==
        ": the gzip data end early, after 0 unpacked bytes; fetch the file again");
  CHECK(error(packed + "more") == ": 4 bytes follow the end of the gzip data");
  std::string broken = packed;
  broken[broken.size() - 6] ^= 1;  // within the checksum
  CHECK(error(broken) == ": broken gzip data at byte " + std::to_string(packed.size() - 4) +
                             ": incorrect data check; fetch the file again");
  CHECK(message_of<IoError>([&] { read_lines(scratch / "g"); }) ==
        scratch / "g" + ": no such file");
}

TEST_CASE("a decompression bomb stops at limits that the caller can raise") {
  const Scratch scratch;
  const std::string path = scratch.write("bomb.gz", gzipped(std::string(5'000'000, 'x')));
  CHECK(read_bytes(path, {.bytes = 5'000'000}).size() == 5'000'000);
  const std::string trust = " for a file that you trust";
  const std::string too_many = path +
                               ": it unpacks to more than 1000000 bytes; pass FileLimits "
                               "with more bytes" +
                               trust;
  const FileLimits tight{.bytes = 1'000'000};
  for (const auto& read : std::initializer_list<std::function<void()>>{
           [&] { read_bytes(path, tight); }, [&] { read_text(path, tight); },
           [&] { read_lines(path, tight); }, [&] { read_idx(path, tight); }})
    CHECK(message_of<IoError>(read) == too_many);

  const FileLimits ratio{.small = 1'000'000};
  CHECK(message_of<IoError>([&] { read_bytes(path, ratio); }) ==
        fmt::format("{}: its {} bytes unpack to more than 100 times as many; pass FileLimits with "
                    "a larger ratio{}",
                    path, std::filesystem::file_size(path), trust));
  CHECK(read_bytes(path, {.ratio = 1032, .small = 1'000'000}).size() == 5'000'000);
  CHECK(read_bytes(path, {.small = 5'000'000}).size() == 5'000'000);
  CHECK(FileLimits{}.small < 300'000'000);  // two megabytes do not take two gigabytes unasked
}

TEST_CASE("a file of nothing but line ends stops at the limit of lines") {
  const Scratch scratch;
  const std::string path = scratch.write("lines", std::string(1000, '\n'));
  CHECK(read_lines(path, {.lines = 1000}).size() == 1000);
  CHECK(message_of<IoError>([&] { read_lines(path, {.lines = 999}); }) ==
        path +
            ": it has more than 999 lines; pass FileLimits with more lines for a file that you "
            "trust");
}

TEST_CASE("a file that claims to be enormous is refused before it is read") {
  const Scratch scratch;
  const std::string path = scratch.write("sparse", "");
  std::filesystem::resize_file(path, uintmax_t{900} << 30);
  for (const auto& read : std::initializer_list<std::function<void()>>{
           [&] { read_bytes(path); }, [&] { read_text(path); }, [&] { read_lines(path); },
           [&] { read_idx(path); }, [&] { Vocab::load(path); }, [&] { Bpe::load(path); },
           [&] { Tokenizer::load(path); }})
    CHECK(message_of<IoError>(read) == path +
                                           ": holds more than the 1073741824 bytes allowed; pass a "
                                           "larger limit for a file that you trust");
}

TEST_CASE("gunzip survives every truncation and every changed byte") {
  const std::string text = "the quick brown fox jumps over the lazy dog, the quick brown fox";
  const std::string packed = gzipped(text);
  for (size_t i = 0; i < packed.size(); ++i) {
    CAPTURE(i);
    CHECK_THROWS_AS(gunzip(packed.substr(0, i), "f", {.bytes = 1000}), FormatError);
    for (const int flip : {1, 128, 255}) {
      std::string changed = packed;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      std::string unpacked = text;  // some header bytes carry nothing
      try {
        unpacked = gunzip(changed, "f", {.bytes = 1000});
      } catch (const Error&) {
      }
      CHECK(unpacked == text);
    }
  }
}
