// All paths of CTC through a few frames, to check losses and searches.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/nn/speech/ctc_search.h"

namespace tapehead::test {

struct CtcPaths {
  double sum = 0;             // the probability of all paths of a sequence of tokens
  double most = -1;           // that of the most probable one
  std::vector<int64_t> path;  // the most probable one
};

/// The tokens of a path.
inline std::vector<int64_t> collapsed(const std::vector<int64_t>& path, int64_t blank) {
  std::vector<int64_t> out;
  for (const int64_t t : nn::ctc_timesteps(path, blank))
    out.push_back(path[static_cast<size_t>(t)]);
  return out;
}

/// The sequences of tokens that log_probs [T, C] allow, each with its paths through the first
/// frames.
inline std::map<std::vector<int64_t>, CtcPaths> all_paths(const Tensor& log_probs, int64_t frames,
                                                          int64_t blank) {
  std::map<std::vector<int64_t>, CtcPaths> all;
  const std::vector<double> x = log_probs.to_vector<double>();
  const int64_t C = log_probs.size(1);
  std::vector<int64_t> path(static_cast<size_t>(frames));
  const auto count = static_cast<int64_t>(std::pow(C, frames));
  for (int64_t code = 0; code < count; ++code) {
    double p = 1;
    for (int64_t t = 0, rest = code; t < frames; ++t, rest /= C) {
      path[static_cast<size_t>(t)] = rest % C;
      p *= std::exp(x[static_cast<size_t>(t * C + rest % C)]);
    }
    CtcPaths& paths = all[collapsed(path, blank)];
    paths.sum += p;
    if (p > paths.most) paths.most = p, paths.path = path;
  }
  return all;
}

}  // namespace tapehead::test
