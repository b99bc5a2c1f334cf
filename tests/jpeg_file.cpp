#include "tapehead/tests/jpeg_file.h"

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>  // after <cstdio>, whose FILE it uses

namespace tapehead::test {
namespace {

J_COLOR_SPACE space_of(JpegColors colors) {
  constexpr J_COLOR_SPACE kSpaces[] = {JCS_GRAYSCALE, JCS_RGB,  JCS_YCbCr,
                                       JCS_CMYK,      JCS_YCCK, JCS_UNKNOWN};
  return kSpaces[static_cast<int>(colors)];
}

}  // namespace

std::string jpeg_file(const JpegFile& file) {
  jpeg_error_mgr errors;
  jpeg_compress_struct info;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<JDIMENSION>(file.height);
  info.image_width = static_cast<JDIMENSION>(file.width);
  info.input_components = static_cast<int>(file.pixel.size());
  info.in_color_space = space_of(file.from);
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, space_of(file.to));
  jpeg_set_quality(&info, 100, TRUE);
  info.arith_code = file.arithmetic ? TRUE : FALSE;
  std::vector<jpeg_scan_info> scans;
  for (int c = 0; c < info.num_components; ++c) scans.push_back({1, {c}, 0, 63, 0, 0});
  if (file.separate_scans)
    info.scan_info = scans.data(), info.num_scans = static_cast<int>(scans.size());
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row;
  for (int x = 0; x < file.width; ++x) row.insert(row.end(), file.pixel.begin(), file.pixel.end());
  uint8_t* rows = row.data();
  for (int y = 0; y < file.height; ++y) jpeg_write_scanlines(&info, &rows, 1);
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string out(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return out;
}

}  // namespace tapehead::test
