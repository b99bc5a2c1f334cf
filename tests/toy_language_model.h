// A language model of four symbols, to check searches that are fused with one.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::test {

inline constexpr int64_t kBos = 4, kEos = 5;

/// Logits [N, L, 6] of ids i64 [N, L], which depend on the last two ids.
inline Tensor language_model(const Tensor& ids) {
  const int64_t N = ids.size(0), L = ids.size(1), V = 6;
  const auto id = ids.to_vector<int64_t>();
  const auto logit = [](int64_t before, int64_t last, int64_t next) {
    return 2 * std::sin(3.0 * static_cast<double>(next * 7 + last * 5 + before * 3));
  };
  const Tensor out = empty({N, L, V}, f64);
  for (int64_t n = 0; n < N; ++n)
    for (int64_t l = 0; l < L; ++l)
      for (int64_t v = 0; v < V; ++v)
        out.data<double>()[(n * L + l) * V + v] =
            logit(l > 0 ? id[static_cast<size_t>(n * L + l - 1)] : -1,
                  id[static_cast<size_t>(n * L + l)], v);
  return out;
}

/// What it says of a sequence of symbols, with its end or without.
inline double language_model_log_prob(const std::vector<int64_t>& tokens, bool with_end) {
  std::vector<int64_t> ids{kBos};
  ids.insert(ids.end(), tokens.begin(), tokens.end());
  const Tensor p = log_softmax(language_model(from_vector(ids, {1, std::ssize(ids)})), -1);
  double sum = 0;
  for (size_t i = 0; i < tokens.size(); ++i) sum += p[0][static_cast<int64_t>(i)][tokens[i]].item();
  return with_end ? sum + p[0][std::ssize(tokens)][kEos].item() : sum;
}

}  // namespace tapehead::test
