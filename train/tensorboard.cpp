#include "tapehead/train/tensorboard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>

#include "tapehead/core/error.h"
#include "tapehead/train/detail/display.h"
#include "tapehead/train/detail/tfrecord.h"

namespace tapehead::train {

namespace {

// Encodes Protocol Buffers. The field numbers are those of TensorFlow's event.proto,
// summary.proto, tensor.proto and tensor_shape.proto.

enum Wire { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  return out + static_cast<char>(value);
}

std::string key(int field, Wire wire) { return varint(static_cast<uint64_t>(field << 3 | wire)); }

std::string integer(int field, int64_t value) {
  return key(field, kVarint) + varint(static_cast<uint64_t>(value));
}

std::string bytes(int field, std::string_view value) {
  return key(field, kBytes) + varint(value.size()) + std::string(value);
}

template <class Bits>
std::string fixed(Bits value) {
  std::string out;
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

std::string real(int field, double value) {
  return key(field, kFixed64) + fixed(std::bit_cast<uint64_t>(value));
}

std::string real(int field, float value) {
  return key(field, kFixed32) + fixed(std::bit_cast<uint32_t>(value));
}

std::string event(int64_t step, const std::string& content) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double seconds = std::chrono::duration<double>(now).count();
  return tfrecord(real(1, seconds) + integer(2, step) + content);
}

/// events.out.tfevents.SECONDS.HOST.PID.COUNT: TensorBoard reads a folder's files in this order.
std::string file_name() {
  static std::atomic<int> count{0};
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  std::string safe;
  for (const char c : std::string_view(host)) safe += c == '/' || c == '.' ? '-' : c;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return fmt::format("events.out.tfevents.{:010}.{}.{}.{}", seconds, safe, ::getpid(), count++);
}

AppendFile open_in(const std::string& folder) {
  make_folders(folder, "tensorboard");
  std::string path;
  do path = folder + "/" + file_name();
  while (::access(path.c_str(), F_OK) ==
         0);  // programs in containers may have the same host name and pid
  return {path, AppendFile::Open::fresh};
}

}  // namespace

TensorBoard::TensorBoard(const std::string& folder, std::optional<int64_t> resume_at)
    : file_(open_in(folder)) {
  file_.append(event(0, bytes(3, "brain.Event:2")));
  if (!resume_at) return;
  const std::string session_start = integer(1, 1);
  file_.append(event(*resume_at, bytes(7, session_start)));
}

void TensorBoard::scalar(std::string_view tag, double value, int64_t step) {
  summary(tag, real(2, static_cast<float>(value)), step);
}

void TensorBoard::text(std::string_view tag, std::string_view markdown, int64_t step) {
  const int string_type = 7;
  const std::string dimension = integer(1, 1);
  const std::string shape = bytes(2, dimension);
  const std::string tensor =
      integer(1, string_type) + bytes(2, shape) + bytes(8, valid_utf8(markdown));
  const std::string plugin = bytes(1, "text");
  const std::string metadata = bytes(1, plugin);
  summary(tag, bytes(9, metadata) + bytes(8, tensor), step);
}

void TensorBoard::summary(std::string_view tag, std::string_view value, int64_t step) {
  if (tag.empty()) throw ValueError("tensorboard: the tag is empty; name the curve");
  const std::string named = bytes(1, valid_utf8(tag)) + std::string(value);
  file_.append(event(step, bytes(5, bytes(1, named))));
}

}  // namespace tapehead::train
