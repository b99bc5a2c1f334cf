// The PNG images that are embedded in an SVG file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/data/png.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::test {

inline std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 255);
  }
  return out;
}

/// In the order of the file, each u8 [C, H, W].
inline std::vector<Tensor> embedded_images(std::string_view svg) {
  constexpr std::string_view kStart = "\"data:image/png;base64,";
  const Scratch folder;
  std::vector<Tensor> out;
  for (size_t at = svg.find(kStart); at != std::string_view::npos; at = svg.find(kStart, at)) {
    at += kStart.size();
    const std::string bytes = from_base64(svg.substr(at, svg.find('"', at) - at));
    out.push_back(data::read_png(folder.write("image.png", bytes)));
  }
  return out;
}

}  // namespace tapehead::test
