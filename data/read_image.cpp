#include "tapehead/data/read_image.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/data/detail/image_codecs.h"

namespace tapehead::data {
namespace {

struct Signature {
  const char* format;
  size_t at;
  std::string_view bytes;
};
constexpr Signature kPng{"PNG", 0, "\x89PNG\r\n\x1a\n"}, kJpeg{"JPEG", 0, "\xff\xd8\xff"};
constexpr Signature kOtherFormats[] = {
    {"GIF", 0, "GIF8"},        {"BMP", 0, "BM"},           {"WebP", 8, "WEBP"},
    {"TIFF", 0, {"II*\0", 4}}, {"TIFF", 0, {"MM\0*", 4}},  {"AVIF", 4, "ftypavif"},
    {"HEIC", 4, "ftypheic"},   {"JPEG XL", 0, "\xff\x0a"},
};

bool has(const std::string& bytes, const Signature& signature) {
  return bytes.size() >= signature.at &&
         std::string_view(bytes).substr(signature.at).starts_with(signature.bytes);
}

[[noreturn]] void fail_unknown(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) throw FormatError(fmt::format("{}: the file is empty", path));
  for (const Signature& signature : kOtherFormats)
    if (has(bytes, signature))
      throw FormatError(
          fmt::format("{}: a {} image; convert it to PNG or JPEG", path, signature.format));
  throw FormatError(fmt::format("{}: neither a PNG nor a JPEG image", path));
}

// u8 [1..4, H, W] as [3, H, W].
Tensor rgb(const Tensor& image, const std::array<uint8_t, 3>& background) {
  const int64_t channels = image.size(0), plane = image.size(1) * image.size(2);
  if (channels == 3) return image;
  const Tensor out = core::empty({3, image.size(1), image.size(2)}, u8);
  const uint8_t* alpha =
      channels % 2 == 0 ? image.data<uint8_t>() + (channels - 1) * plane : nullptr;
  for (int64_t c = 0; c < 3; ++c) {
    const uint8_t* from = image.data<uint8_t>() + (channels < 3 ? 0 : c * plane);
    uint8_t* to = out.data<uint8_t>() + c * plane;
    if (alpha == nullptr) {
      std::memcpy(to, from, static_cast<size_t>(plane));
      continue;
    }
    const int behind = background[static_cast<size_t>(c)];
    for (int64_t i = 0; i < plane; ++i)
      to[i] = static_cast<uint8_t>((from[i] * alpha[i] + behind * (255 - alpha[i]) + 127) / 255);
  }
  return out;
}

}  // namespace

namespace detail {

void check_image_size(const std::string& path, int64_t height, int64_t width, int64_t max_pixels) {
  if (width > max_pixels / height)
    throw IoError(
        fmt::format("{}: an image of {} x {} pixels; the limit is {} pixels; pass a larger "
                    "max_pixels for a file that you trust",
                    path, width, height, max_pixels));
}

void fail_too_short(const std::string& path, int64_t height, int64_t width,
                    const std::string& bytes) {
  throw FormatError(
      fmt::format("{}: the header promises {} x {} pixels, which {} bytes cannot hold; the file is "
                  "incomplete",
                  path, width, height, bytes.size()));
}

}  // namespace detail

Tensor read_image(const std::string& path, const ReadImageOptions& options) {
  const std::string bytes = read_file(path, options.limits.bytes);
  return core::reading(path, [&] {
    if (has(bytes, kPng))
      return rgb(detail::decode_png(path, bytes, options.max_pixels), options.background);
    if (has(bytes, kJpeg))
      return rgb(detail::decode_jpeg(path, bytes, options.max_pixels), options.background);
    fail_unknown(path, bytes);
  });
}

}  // namespace tapehead::data
