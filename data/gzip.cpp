#include "tapehead/data/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <vector>

#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

/// zlib's state, ended on every way out.
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

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, const std::string& name, int64_t max_bytes) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::vector<unsigned char> buffer(size_t{1} << 16);
  std::string out;
  size_t taken = 0;  // bytes of the input handed to zlib
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
    if (static_cast<int64_t>(out.size()) > max_bytes) {
      throw IoError(fmt::format(
          "{}: unpacks to more than the {} bytes allowed; pass a larger max_bytes if you trust it",
          name, max_bytes));
    }
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
    } else if (left == 0 && stream.avail_out != 0) {  // all is read and nothing more comes out
      throw FormatError(
          fmt::format("{}: the gzip data end early, after {} unpacked bytes; fetch the file again",
                      name, out.size()));
    }
  }
}

}  // namespace tapehead::data
