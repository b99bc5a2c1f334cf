// Dropout of attention weights.
#pragma once

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/attention_products.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/kernels/random.h"

namespace tapehead::core {

/// Dropout of attention weights. Each row of its mask starts at its own group of random words.
class AttentionDropout {
 public:
  AttentionDropout(const AttentionSpec& spec, const Shape& scores)
      : stream_{spec.generator.seed, spec.generator.draws},
        threshold_(static_cast<uint32_t>(
            std::min(std::llround(spec.dropout * 0x1p32), static_cast<long long>(UINT32_MAX)))),
        scale_(spec.dropout < 1 ? 1 / (1 - spec.dropout) : 0),
        on_(spec.dropout > 0),
        heads_(scores[1]),
        queries_(scores[2]),
        groups_(ceil_div(scores[3], kernels::kRandomGroup)) {}

  explicit operator bool() const { return on_; }

  /// Applies dropout to a tile of weights.
  template <class T>
  void apply(const Sequence& s, const ScoreTile& t, T* x) const {
    for (int64_t r = 0; r < t.rows; ++r)
      apply(s.batch, t.head, s.first_query + t.row + r, t.column, t.columns, x + r * kTileStep);
  }

  /// Applies dropout to n <= kTileColumns elements of a row, starting at `column`.
  template <class T>
  void apply(int64_t b, int64_t h, int64_t row, int64_t column, int64_t n, T* x) const {
    alignas(64) uint32_t words[kTileColumns + kernels::kRandomGroup];
    const int64_t group =
        ((b * heads_ + h) * queries_ + row) * groups_ + column / kernels::kRandomGroup;
    const int64_t before = column % kernels::kRandomGroup;
    const kernels::RandomKernels& random = kernels::random();
    random.words(stream_, static_cast<uint64_t>(group), ceil_div(before + n, kernels::kRandomGroup),
                 words);
    random.drop[static_cast<int>(dtype_of<T>())](words + before, threshold_, scale_, x, x, n);
  }

 private:
  kernels::RandomStream stream_;
  uint32_t threshold_;
  double scale_;
  bool on_;
  int64_t heads_, queries_, groups_;
};

}  // namespace tapehead::core
