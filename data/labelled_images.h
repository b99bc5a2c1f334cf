// Images with class labels, as in MNIST's files.
//
// N images of height H and width W, B of them in a batch.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tapehead/core/tensor.h"
#include "tapehead/data/files.h"

namespace tapehead::data {

/// Images as a network takes them: f32 [B, 1, H, W] from 0 to 1, and i64 [B].
struct ImageBatch {
  Tensor images, labels;  ///< one label for each image
};

/// Images and the class of each.
struct LabelledImages {
  Tensor images;  ///< u8 [N, H, W]
  Tensor labels;  ///< u8 [N]

  int64_t size() const { return images.size(0); }
  /// Those with these indices. Throws IndexError for an index outside 0..N - 1.
  ImageBatch batch(std::span<const int64_t> which) const;
  /// Those with the indices from..to - 1.
  ImageBatch batch(int64_t from, int64_t to) const;
};

/// The images for training or for testing.
enum class MnistPart { train, test };

/// Reads the 60,000 images for training or the 10,000 for testing of MNIST, or of any data set with
/// its file names (Fashion-MNIST, for example): FOLDER/{train,t10k}-images-idx3-ubyte and
/// -labels-idx1-ubyte, plain or gzipped with .gz. Throws as read_idx(), and FormatError for images
/// that are not u8 [N, H, W], labels that are not u8 [N], and N = 0.
LabelledImages mnist(const std::string& folder, MnistPart part, const FileLimits& limits = {});

}  // namespace tapehead::data
