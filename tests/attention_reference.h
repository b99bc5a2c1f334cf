// A reference implementation of scaled dot-product attention with every option: the plain formula,
// in double.
#pragma once

#include <algorithm>
#include <cmath>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// The operands of one attention; an empty array is an unused option.
struct AttentionCase {
  Array q{{0}}, k{{0}}, v{{0}}, mask{{0}}, lengths{{0}}, bias{{0}}, distance{{0}}, keys{{0}},
      values{{0}}, relative{{0}}, sinks{{0}}, dropped{{0}};
  double scale = 1, softcap = 0;
  int64_t before = 1000, after = 1000, start = 0;
  std::vector<int64_t> query_starts, key_starts;  // of packed sequences
  std::function<double(double score, int64_t h, int64_t i, int64_t j)> score;
};

/// Returns [B, H, T, E]; stores the softmax [B, H, T, S] in `weights` if given.
inline Array attention_reference(AttentionCase c, Array* weights = nullptr) {
  const int64_t B = c.q.shape[0], H = c.q.shape[1], T = c.q.shape[2], D = c.q.shape[3];
  const int64_t S = c.k.shape[2], E = c.v.shape[3], G = H / c.k.shape[1];
  Array out({B, H, T, E});
  const auto entry = [](const Array& table, int64_t distance) {
    const int64_t N = table.shape[1];
    return std::clamp<int64_t>(distance + N / 2, 0, N - 1);
  };
  const auto head_of = [](const Array& table, int64_t h) { return table.shape[0] == 1 ? 0 : h; };
  for (int64_t b = 0; b < B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < T; ++i) {
        int64_t q0 = 0, first = 0, last = S, start = c.start;
        for (size_t n = 0; n + 1 < c.query_starts.size(); ++n)
          if (c.query_starts[n] <= i && i < c.query_starts[n + 1]) {
            q0 = c.query_starts[n], first = c.key_starts[n], last = c.key_starts[n + 1];
            start = last - first - (c.query_starts[n + 1] - q0);
          }
        if (c.lengths.numel()) last = static_cast<int64_t>(c.lengths[b]);
        std::vector<double> score(static_cast<size_t>(S), -INFINITY);
        double total = c.sinks.numel() ? std::exp(c.sinks[h]) : 0;
        for (int64_t j = first; j < last; ++j) {
          const int64_t distance = (j - first) - (i - q0 + start);
          if (-distance > c.before || distance > c.after) continue;
          if (c.mask.numel() && !c.mask(b, h, i, j)) continue;
          double x = 0;
          for (int64_t d = 0; d < D; ++d) {
            x += c.q(b, h, i, d) * c.k(b, h / G, j, d);
            if (c.keys.numel())
              x += (c.relative.numel() ? c.relative : c.q)(b, h, i, d) *
                   c.keys(head_of(c.keys, h), entry(c.keys, distance), d);
          }
          x *= c.scale;
          if (c.softcap > 0) x = c.softcap * std::tanh(x / c.softcap);
          if (c.bias.numel()) x += c.bias(b, h, i, j);
          if (c.distance.numel())
            x += c.distance(head_of(c.distance, h), entry(c.distance, distance));
          if (c.score) x = c.score(x, h, i - q0, j - first);
          score[static_cast<size_t>(j)] = x;
          total += std::exp(x);
        }
        for (int64_t j = first; j < last && total > 0; ++j) {
          const double w = std::exp(score[static_cast<size_t>(j)]) / total;
          if (weights) (*weights)(b, h, i, j) = w;
          const int64_t distance = (j - first) - (i - q0 + start);
          for (int64_t e = 0; e < E; ++e)
            out(b, h, i, e) +=
                w * (c.dropped.numel() ? c.dropped(b, h, i, j - first) : 1) *
                (c.v(b, h / G, j, e) +
                 (c.values.numel() ? c.values(head_of(c.values, h), entry(c.values, distance), e)
                                   : 0));
        }
      }
  return out;
}

}  // namespace tapehead::op_tests
