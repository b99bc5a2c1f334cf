#include "tapehead/data/png.h"

#include <fmt/format.h>
#include <png.h>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/data/detail/image_codecs.h"

namespace tapehead::data {
namespace {

// libpng's simplified interface: one struct, errors as text.
struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() { png_image_free(this); }
};

constexpr int64_t kMostDeflate = 1032;  // bytes from one, and a pixel takes at least a bit

constexpr png_uint_32 kFormats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                    PNG_FORMAT_RGBA};

// The bytes of a file without gAMA chunks, by which libpng would change the pixels. What follows a
// chunk that is cut stays as it is.
std::string without_gamma(const std::string& bytes) {
  constexpr size_t kSignature = 8, kAroundData = 12;  // its length, its type, a checksum
  std::string kept = bytes.substr(0, kSignature);
  for (size_t at = kSignature; at < bytes.size();) {
    const size_t left = bytes.size() - at;
    size_t length = 0;
    for (size_t i = 0; i < 4 && left >= kAroundData; ++i)
      length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    const bool whole = left >= kAroundData && length <= left - kAroundData;
    const size_t size = whole ? length + kAroundData : left;
    if (!whole || bytes.compare(at + 4, 4, "gAMA") != 0) kept.append(bytes, at, size);
    at += size;
  }
  return kept;
}

Tensor channels_first(const Tensor& pixels) {
  return core::contiguous(core::permute(pixels, {2, 0, 1}));
}

}  // namespace

namespace detail {

Tensor decode_png(const std::string& path, const std::string& bytes, int64_t max_pixels) {
  const std::string file = without_gamma(bytes);
  Image image;
  const auto fail = [&] {
    throw FormatError(fmt::format("{}: not a PNG image that can be read: {}", path, image.message));
  };
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) fail();
  const int64_t height = image.height, width = image.width;
  check_image_size(path, height, width, max_pixels);
  if (height * width / 8 / kMostDeflate > static_cast<int64_t>(bytes.size()))
    fail_too_short(path, height, width, bytes);
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // else 16 bits would be taken for linear light
  const int64_t channels = PNG_IMAGE_SAMPLE_CHANNELS(image.format);
  image.format = kFormats[channels - 1];
  const Tensor pixels = core::empty({height, width, channels}, u8);
  if (png_image_finish_read(&image, nullptr, pixels.raw(), 0, nullptr) == 0) fail();
  return channels_first(pixels);
}

}  // namespace detail

Tensor read_png(const std::string& path, int64_t max_pixels, const FileLimits& limits) {
  const std::string bytes = read_file(path, limits.bytes);
  return core::reading(path, [&] { return detail::decode_png(path, bytes, max_pixels); });
}

std::string encode_png(const Tensor& image) {
  if (image.dtype() != u8)
    throw DTypeError(fmt::format("write_png: the image is {}; expected u8", name(image.dtype())));
  const Tensor planes = image.dim() == 2 ? core::unsqueeze(image, 0) : image;
  if (planes.dim() != 3 || planes.size(0) < 1 || planes.size(0) > 4 || planes.numel() == 0)
    throw ShapeError(
        fmt::format("write_png: the image is {}; expected [H, W] or [C, H, W] with 1 to 4 channels",
                    image.shape().str()));
  const Tensor pixels = core::contiguous(core::permute(planes, {1, 2, 0}));
  Image out;
  out.height = static_cast<png_uint_32>(pixels.size(0));
  out.width = static_cast<png_uint_32>(pixels.size(1));
  out.format = kFormats[pixels.size(2) - 1];
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(out), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&out, bytes.data(), &size, 0, pixels.raw(), 0, nullptr) == 0)
    throw IoError(fmt::format("write_png: libpng cannot write the image: {}", out.message));
  bytes.resize(size);
  return bytes;
}

void write_png(const std::string& path, const Tensor& image) {
  write_atomic(path, encode_png(image));
}

}  // namespace tapehead::data
