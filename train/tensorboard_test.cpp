#include "tapehead/train/tensorboard.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/train/detail/tfrecord.h"

using namespace tapehead;
using namespace tapehead::train;
using test::message_of;

namespace {

uint64_t fixed(std::string_view bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

double as_double(std::string_view bytes) {
  double value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

float as_float(std::string_view bytes) {
  float value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// The records of an event file, after verifying their checksums.
std::vector<std::string> records(const std::string& path) {
  const std::string file = read_file(path);
  std::vector<std::string> out;
  for (size_t at = 0; at < file.size();) {
    const uint64_t size = fixed(std::string_view(file).substr(at, 8));
    out.push_back(file.substr(at + 12, size));
    REQUIRE(file.substr(at, 16 + size) == tfrecord(out.back()));
    at += 16 + size;
  }
  return out;
}

uint64_t take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

/// The fields of a protobuf message by number, as bytes; a varint has 8.
std::map<int, std::string> fields(std::string_view message) {
  std::map<int, std::string> out;
  while (!message.empty()) {
    const uint64_t key = take_varint(message);
    size_t size = key % 8 == 1 ? 8 : 4;
    if (key % 8 == 2) size = take_varint(message);
    if (key % 8 == 0) {
      const uint64_t value = take_varint(message);
      out[static_cast<int>(key / 8)] = std::string(reinterpret_cast<const char*>(&value), 8);
      continue;
    }
    out[static_cast<int>(key / 8)] = message.substr(0, size);
    message.remove_prefix(size);
  }
  return out;
}

/// The fields of the value in an event's summary.
std::map<int, std::string> summary(const std::string& event) {
  return fields(fields(fields(event)[5])[1]);
}

}  // namespace

TEST_CASE("tensorboard: scalars read back as they were written") {
  const test::Scratch dir;
  TensorBoard board(dir / "runs/one");
  CHECK(
      std::filesystem::path(board.path()).filename().string().starts_with("events.out.tfevents."));
  board.scalar("loss/train", 2.5, 1);
  board.scalar("lr", std::nan(""), int64_t{1} << 40);

  const auto events = records(board.path());
  REQUIRE(events.size() == 3);
  auto head = fields(events[0]);
  CHECK(head[3] == "brain.Event:2");
  CHECK(as_double(head[1]) > 1.6e9);

  CHECK(fixed(fields(events[1])[2]) == 1);
  CHECK(summary(events[1])[1] == "loss/train");
  CHECK(as_float(summary(events[1])[2]) == 2.5F);
  CHECK(fixed(fields(events[2])[2]) == uint64_t{1} << 40);
  CHECK(std::isnan(as_float(summary(events[2])[2])));
}

TEST_CASE("tensorboard: texts are a tensor of one string for the text plugin") {
  const test::Scratch dir;
  TensorBoard board(dir.path());
  board.text("sample", "*zwei*\n→ two \xff", 7);
  auto value = summary(records(board.path()).at(1));
  CHECK(value[1] == "sample");
  CHECK(fields(fields(value[9])[1])[1] == "text");
  auto tensor = fields(value[8]);
  CHECK(fixed(tensor[1]) == 7);
  CHECK(fixed(fields(fields(tensor[2])[2])[1]) == 1);
  CHECK(tensor[8] == "*zwei*\n→ two \uFFFD");
}

TEST_CASE("tensorboard: a resumed run starts a session at its step, in a file of its own") {
  const test::Scratch dir;
  const TensorBoard first(dir.path());
  const TensorBoard second(dir.path(), 300);
  CHECK(dir.count() == 2);
  CHECK(first.path() < second.path());
  auto start = fields(records(second.path()).at(1));
  CHECK(fixed(start[2]) == 300);
  CHECK(fixed(fields(start[7])[1]) == 1);
}

TEST_CASE("tensorboard: errors") {
  const test::Scratch dir;
  const std::string file = dir.write("file", "");
  CHECK(message_of<IoError>([&] { TensorBoard board(file); }) ==
        "tensorboard: cannot make the folder '" + file + "': a file has that name; choose another");
  TensorBoard board(dir.path());
  CHECK(message_of<ValueError>([&] { board.scalar("", 1, 1); }) ==
        "tensorboard: the tag is empty; name the curve");
}
