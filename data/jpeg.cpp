#include "tapehead/data/jpeg.h"

#include <fmt/format.h>

#include <csetjmp>
#include <cstdio>
#include <string_view>
#include <vector>

#include <jerror.h>
#include <jpeglib.h>  // after <cstdio>, whose FILE it uses

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/data/detail/image_codecs.h"

namespace tapehead::data {
namespace {

constexpr int kMostScans = 500;  // each takes as long as the image: small files may hold thousands

/// libjpeg calls a function at an error, which must not return: it jumps back into read_header() or
/// read_rows(), which have no objects to destroy.
class JpegDecoder {
 public:
  explicit JpegDecoder(std::string_view bytes) : bytes_(bytes) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = fail;
    errors_.emit_message = check_message;
    errors_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = check_scans;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }

  /// False at an error, here and below.
  bool read_header();
  /// Writes planes of channels(); `row` has room for a row of components().
  bool read_rows(uint8_t* row, uint8_t* planes);

  int64_t height() const { return info_.image_height; }
  int64_t width() const { return info_.image_width; }
  int64_t components() const { return info_.num_components; }
  int64_t channels() const { return components() == 1 ? 1 : 3; }
  /// Without arithmetic coding, each 8 x 8 block takes at least a bit.
  bool may_be_complete() const {
    return info_.arith_code || height() * width() / 512 <= static_cast<int64_t>(bytes_.size());
  }
  bool is_out_of_memory() const { return errors_.msg_code == JERR_OUT_OF_MEMORY; }
  const char* message() const { return message_; }

 private:
  static JpegDecoder& of(j_common_ptr info) {
    return *static_cast<JpegDecoder*>(info->client_data);
  }
  [[noreturn]] static void fail(j_common_ptr info);
  static void check_message(j_common_ptr info, int level);
  static void check_scans(j_common_ptr info);
  void store(const uint8_t* row, uint8_t* planes, int64_t y) const;

  std::string_view bytes_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf caller_{};
  char message_[JMSG_LENGTH_MAX]{};
};

void JpegDecoder::fail(j_common_ptr info) {
  info->err->format_message(info, of(info).message_);
  std::longjmp(of(info).caller_, 1);
}

// Whether a warning leaves the pixels as they are: bytes before a marker other than those at which
// decoding restarts, and an unknown version of JFIF.
bool is_harmless(const jpeg_error_mgr& message) {
  switch (message.msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      return message.msg_parm.i[1] < JPEG_RST0 || message.msg_parm.i[1] > JPEG_RST0 + 7;
    case JWRN_JFIF_MAJOR: return true;
    default: return false;
  }
}

// Warnings are of level -1: after most, libjpeg would go on with made-up pixels.
void JpegDecoder::check_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(*info->err)) fail(info);
}

void JpegDecoder::check_scans(j_common_ptr info) {
  JpegDecoder& decoder = of(info);
  if (decoder.info_.input_scan_number <= kMostScans) return;
  *fmt::format_to_n(decoder.message_, JMSG_LENGTH_MAX - 1, "more than {} scans", kMostScans).out =
      0;
  std::longjmp(decoder.caller_, 1);
}

bool JpegDecoder::read_header() {
  if (setjmp(caller_) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_create_decompress(&info_);
  info_.progress = &progress_;
  jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
  jpeg_read_header(&info_, TRUE);
  return true;
}

bool JpegDecoder::read_rows(uint8_t* row, uint8_t* planes) {
  if (setjmp(caller_) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_start_decompress(&info_);
  while (info_.output_scanline < info_.output_height) {
    const int64_t y = info_.output_scanline;
    jpeg_read_scanlines(&info_, &row, 1);
    store(row, planes, y);
  }
  jpeg_finish_decompress(&info_);  // fails unless the end marker is there
  return true;
}

void JpegDecoder::store(const uint8_t* row, uint8_t* planes, int64_t y) const {
  const int64_t W = width(), plane = height() * W;
  uint8_t* to = planes + y * W;
  for (int64_t x = 0; x < W; ++x, row += components())
    for (int64_t c = 0; c < channels(); ++c)
      to[c * plane + x] =
          components() == 4 ? static_cast<uint8_t>((row[c] * row[3] + 127) / 255) : row[c];
}

[[noreturn]] void fail_jpeg(const std::string& path, const JpegDecoder& decoder) {
  if (decoder.is_out_of_memory())
    throw OutOfMemoryError(fmt::format("{}: not enough memory to read it", path));
  throw FormatError(
      fmt::format("{}: not a JPEG image that can be read: {}", path, decoder.message()));
}

}  // namespace

namespace detail {

Tensor decode_jpeg(const std::string& path, const std::string& bytes, int64_t max_pixels) {
  JpegDecoder decoder(bytes);
  if (!decoder.read_header()) fail_jpeg(path, decoder);
  check_image_size(path, decoder.height(), decoder.width(), max_pixels);
  if (!decoder.may_be_complete()) fail_too_short(path, decoder.height(), decoder.width(), bytes);
  const int64_t components = decoder.components();
  if (components != 1 && components != 3 && components != 4)
    throw FormatError(fmt::format("{}: a JPEG image of {} colour components; expected 1, 3 or 4",
                                  path, components));
  std::vector<uint8_t> row(static_cast<size_t>(decoder.width() * components));
  const Tensor planes = core::empty({decoder.channels(), decoder.height(), decoder.width()}, u8);
  if (!decoder.read_rows(row.data(), planes.data<uint8_t>())) fail_jpeg(path, decoder);
  return planes;
}

}  // namespace detail

Tensor read_jpeg(const std::string& path, int64_t max_pixels, const FileLimits& limits) {
  const std::string bytes = read_file(path, limits.bytes);
  return core::reading(path, [&] { return detail::decode_jpeg(path, bytes, max_pixels); });
}

}  // namespace tapehead::data
