#include "tapehead/data/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

/// Owns zlib's state.
struct Inflater {
  z_stream stream{};
  Inflater() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

void check_limits(size_t unpacked, size_t packed, const std::string& name,
                  const FileLimits& limits) {
  if (static_cast<int64_t>(unpacked) > limits.bytes)
    throw IoError(fmt::format(
        "{}: it unpacks to more than {} bytes; pass FileLimits with more bytes for a file that you "
        "trust",
        name, limits.bytes));
  if (static_cast<int64_t>(unpacked) > limits.small &&
      static_cast<double>(unpacked) > limits.ratio * static_cast<double>(packed))
    throw IoError(fmt::format(
        "{}: its {} bytes unpack to more than {} times as many; pass FileLimits with a larger "
        "ratio for a file that you trust",
        name, packed, limits.ratio));
}

std::string unpack(std::string_view bytes, const std::string& name, const FileLimits& limits) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::vector<unsigned char> buffer(size_t{1} << 16);
  std::string out;
  size_t taken = 0;  // bytes of the input passed to zlib
  stream.next_in = nullptr;
  while (true) {
    if (stream.avail_in == 0 && taken < bytes.size()) {
      const size_t piece = std::min<size_t>(bytes.size() - taken, size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + taken));
      stream.avail_in = static_cast<uInt>(piece);
      taken += piece;
    }
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream.avail_out);
    check_limits(out.size(), bytes.size(), name, limits);
    const size_t left = stream.avail_in + (bytes.size() - taken);
    if (status == Z_STREAM_END) {
      if (left == 0) return out;
      if (!is_gzip(bytes.substr(bytes.size() - left))) {
        throw FormatError(fmt::format("{}: {} bytes follow the end of the gzip data", name, left));
      }
      inflateReset(&stream);
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw FormatError(fmt::format("{}: broken gzip data at byte {}: {}; fetch the file again",
                                    name, bytes.size() - left,
                                    stream.msg ? stream.msg : "a preset dictionary"));
    } else if (left == 0 && stream.avail_out != 0) {  // the input ended, no output is left
      throw FormatError(
          fmt::format("{}: the gzip data end early, after {} unpacked bytes; fetch the file again",
                      name, out.size()));
    }
  }
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, const std::string& name, const FileLimits& limits) {
  return core::reading(name, [&] { return unpack(bytes, name, limits); });
}

}  // namespace tapehead::data
