#include "tapehead/data/idx.h"

#include <fmt/format.h>

#include <cstring>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

constexpr size_t kHeader = 4;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw FormatError(fmt::format("{}: {}; an IDX file is expected", path, what));
}

DType type_of(const std::string& path, uint8_t code) {
  switch (code) {
    case 0x08: return u8;
    case 0x09: return i8;
    case 0x0b: return i16;
    case 0x0c: return i32;
    case 0x0d: return f32;
    case 0x0e: return f64;
    default: fail(path, fmt::format("unknown element type {:#04x}", code));
  }
}

// Converts a big-endian number of `size` bytes to the native byte order.
void copy_number(const char* from, char* to, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(from[i]);
  if (size == 8) return void(std::memcpy(to, &value, 8));
  if (size == 1) return void(*to = *from);
  if (size == 2) {
    const auto narrow = static_cast<uint16_t>(value);
    return void(std::memcpy(to, &narrow, 2));
  }
  const auto narrow = static_cast<uint32_t>(value);
  std::memcpy(to, &narrow, 4);
}

Tensor parse(const std::string& path, std::string_view bytes) {
  if (bytes.size() < kHeader || bytes[0] != 0 || bytes[1] != 0)
    fail(path, "it does not start with two zero bytes and a type");
  const DType dtype = type_of(path, static_cast<uint8_t>(bytes[2]));
  const auto axes = static_cast<size_t>(static_cast<uint8_t>(bytes[3]));
  if (axes < 1 || axes > static_cast<size_t>(Shape::kMaxRank))
    fail(path, fmt::format("it has {} axes, not 1 to {}", axes, Shape::kMaxRank));
  const size_t start = kHeader + 4 * axes;
  if (bytes.size() < start) fail(path, "it ends inside the list of sizes");
  Shape shape;
  const auto item = static_cast<uint64_t>(size_of(dtype));
  int64_t most = size_of(dtype);  // without zero sizes, since strides are computed from it
  for (size_t i = 0; i < axes; ++i) {
    uint32_t size = 0;
    copy_number(bytes.data() + kHeader + 4 * i, reinterpret_cast<char*>(&size), 4);
    shape.push_back(size);
    if (size > 0 && __builtin_mul_overflow(most, int64_t{size}, &most))
      fail(path, fmt::format("its shape begins with {}, too large for any file", shape.str()));
  }
  const uint64_t wanted = item * static_cast<uint64_t>(shape.numel());
  if (wanted != bytes.size() - start)
    fail(path, fmt::format("its shape {} needs {} bytes of elements, but it has {}", shape.str(),
                           wanted, bytes.size() - start));
  const Tensor out = core::empty(shape, dtype);
  for (size_t i = 0; i < wanted; i += item)
    copy_number(bytes.data() + start + i, out.raw() + i, item);
  return out;
}

}  // namespace

Tensor read_idx(const std::string& path, const FileLimits& limits) {
  const std::string bytes = read_bytes(path, limits);
  return core::reading(path, [&] { return parse(path, bytes); });
}

}  // namespace tapehead::data
