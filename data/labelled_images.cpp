#include "tapehead/data/labelled_images.h"

#include <fmt/format.h>

#include <vector>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/data/files.h"
#include "tapehead/data/idx.h"

namespace tapehead::data {

ImageBatch LabelledImages::batch(std::span<const int64_t> which) const {
  const auto count = static_cast<int64_t>(which.size());
  const int64_t height = images.size(1), width = images.size(2), pixels = height * width;
  const Tensor from = core::contiguous(images), classes = core::contiguous(labels);
  const ImageBatch out{core::empty({count, 1, height, width}, f32), core::empty({count}, i64)};
  float* to = out.images.data<float>();
  for (int64_t i = 0; i < count; ++i, to += pixels) {
    const int64_t image = which[static_cast<size_t>(i)];
    if (image < 0 || image >= size())
      throw IndexError(fmt::format("batch: index {} is {}; it must be in 0..{}, for {} images", i,
                                   image, size() - 1, size()));
    const uint8_t* row = from.data<uint8_t>() + image * pixels;
    for (int64_t at = 0; at < pixels; ++at) to[at] = static_cast<float>(row[at]) / 255;
    out.labels.data<int64_t>()[i] = classes.data<uint8_t>()[image];
  }
  return out;
}

ImageBatch LabelledImages::batch(int64_t from, int64_t to) const {
  std::vector<int64_t> which;
  for (int64_t i = from; i < to; ++i) which.push_back(i);
  return batch(which);
}

LabelledImages mnist(const std::string& folder, MnistPart part, const FileLimits& limits) {
  const std::string prefix = folder + (part == MnistPart::train ? "/train" : "/t10k");
  const auto read = [&](const char* what) {
    const std::string found = find_data_file(prefix + what);
    return read_idx(found.empty() ? prefix + what : found, limits);
  };
  const LabelledImages out{read("-images-idx3-ubyte"), read("-labels-idx1-ubyte")};
  if (out.images.dim() != 3 || out.labels.dim() != 1 || out.size() != out.labels.size(0) ||
      out.size() == 0 || out.images.dtype() != u8 || out.labels.dtype() != u8)
    throw FormatError(
        fmt::format("{}: has images {} and labels {}; expected [N, height, width] u8 and [N] u8",
                    prefix, core::describe(out.images), core::describe(out.labels)));
  return out;
}

}  // namespace tapehead::data
