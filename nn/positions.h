// Position embeddings.
//
// B batch, T positions, C embedding.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// A vector learned for each of the first `count` positions (Gehring et al. 2017).
class LearnedPositions {
 public:
  LearnedPositions(Scope at, int64_t count, int64_t embed_dim, const Init& init);
  /// x [B, T, C] plus the vectors of the positions from `start` on. Throws ValueError for positions
  /// beyond `count`.
  Tensor operator()(const Tensor& x, int64_t start = 0) const;

  Tensor weight;  ///< [count, C]

 private:
  Scope at_;
};

/// Sines and cosines of positions from `start` on, [T, C]: element 2 i is sin(p / 10000^(2 i / C)),
/// element 2 i + 1 the cosine (Vaswani et al. 2017, 3.5).
Tensor sinusoidal_positions(int64_t length, int64_t embed_dim, int64_t start = 0);
/// Of an image: [height width, C], the first half of the elements by row, the second by column.
Tensor sinusoidal_positions_2d(int64_t height, int64_t width, int64_t embed_dim);

}  // namespace tapehead::nn
