// Position embeddings.
//
// B batch, T positions, C embedding.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// Learned position embeddings (Gehring et al. 2017), for `count` positions. Parameter: `weight`.
/// Example: nn::LearnedPositions(at, 512, 64, nn::init::normal(0.02))(randn({8, 20, 64}))
///     // shape [8, 20, 64]
class LearnedPositions {
 public:
  LearnedPositions(Scope at, int64_t count, int64_t embed_dim, const Init& init);
  /// x [B, T, C] plus the embeddings of positions start to start + T - 1. Throws ValueError if they
  /// exceed count.
  Tensor operator()(const Tensor& x, int64_t start = 0) const;

  Tensor weight;  ///< [count, C]

 private:
  Scope at_;
};

/// Sinusoidal encodings of `length` positions p from `start` on, f32 [T, C] (Vaswani et al. 2017,
/// 3.5): element 2 i is sin(p / 10000^(2 i / C)), element 2 i + 1 is cos(p / 10000^(2 i / C)).
/// Throws ValueError for negative sizes.
Tensor sinusoidal_positions(int64_t length, int64_t embed_dim, int64_t start = 0);
/// Sinusoidal encodings of the pixels or patches of an image, row by row, f32 [height width, C]:
/// the first C / 2 elements encode the row, the others the column.
Tensor sinusoidal_positions_2d(int64_t height, int64_t width, int64_t embed_dim);

}  // namespace tapehead::nn
