// Shared by the reference implementations of memory-augmented networks: the formulas of the papers,
// on plain numbers of one sequence.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/params.h"

namespace tapehead::testing {

using Numbers = std::vector<double>;
using Rows = std::vector<Numbers>;

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }
inline double softplus_of(double x) { return std::log1p(std::exp(x)); }

inline Numbers softmax_of(const Numbers& x) {
  Numbers y;
  double total = 0;
  for (const double v : x) total += y.emplace_back(std::exp(v));
  for (double& v : y) v /= total;
  return y;
}

/// W x + b, with the parameters `path` + suffix.
inline Numbers affine(const nn::Params& params, const std::string& path, const Numbers& x,
                      const std::string& suffix = "") {
  const Numbers w = params[path + "weight" + suffix].to_vector<double>();
  Numbers y = params[path + "bias" + suffix].to_vector<double>();
  for (size_t i = 0; i < y.size(); ++i)
    for (size_t j = 0; j < x.size(); ++j) y[i] += w[i * x.size() + j] * x[j];
  return y;
}

struct PlainController {
  Numbers h, c;
  explicit PlainController(size_t hidden) : h(hidden), c(hidden) {}

  void step(const nn::Params& params, const std::string& path, bool lstm, const Numbers& x) {
    if (!lstm) {
      h = affine(params, path, x);
      for (double& v : h) v = std::tanh(v);
      return;
    }
    const Numbers from_x = affine(params, path, x, "_ih"), from_h = affine(params, path, h, "_hh");
    for (size_t j = 0, H = h.size(); j < H; ++j) {
      const auto gate = [&](size_t g) { return from_x[g * H + j] + from_h[g * H + j]; };
      c[j] = logistic(gate(1)) * c[j] + logistic(gate(0)) * std::tanh(gate(2));
      h[j] = logistic(gate(3)) * std::tanh(c[j]);
    }
  }
};

/// Content addressing as in content_weights: softmax over the slots of cosine similarity.
inline Numbers content_of(const Rows& memory, const Numbers& key, double strength) {
  Numbers scores;
  for (const Numbers& slot : memory) {
    double dot = 0, key_square = 1e-6, slot_square = 1e-6;
    for (size_t k = 0; k < key.size(); ++k) {
      dot += key[k] * slot[k];
      key_square += key[k] * key[k];
      slot_square += slot[k] * slot[k];
    }
    scores.push_back(strength * dot / std::sqrt(key_square * slot_square));
  }
  return softmax_of(scores);
}

inline Numbers read_of(const Rows& memory, const Numbers& weights) {
  Numbers read(memory[0].size());
  for (size_t i = 0; i < memory.size(); ++i)
    for (size_t k = 0; k < read.size(); ++k) read[k] += weights[i] * memory[i][k];
  return read;
}

/// Consumes numbers from the front of a list, one group at a time.
struct Taker {
  const Numbers& all;
  size_t at = 0;
  Numbers take(size_t count) {
    const auto first = all.begin() + static_cast<ptrdiff_t>(at);
    at += count;
    return {first, first + static_cast<ptrdiff_t>(count)};
  }
  double one() { return all[at++]; }
};

inline Numbers joined(const Numbers& a, const Rows& rows) {
  Numbers out = a;
  for (const Numbers& r : rows) out.insert(out.end(), r.begin(), r.end());
  return out;
}

/// The largest absolute difference of the elements of a tensor from the expected ones.
inline double worst(const Tensor& got, const Numbers& wanted) {
  const Numbers numbers = got.to_vector<double>();
  REQUIRE(numbers.size() == wanted.size());
  double far = 0;
  for (size_t i = 0; i < wanted.size(); ++i) far = std::max(far, std::abs(numbers[i] - wanted[i]));
  return far;
}

/// Checks the gradients of three steps of a machine with 3 channels, with respect to its input and
/// all parameters.
template <class M>
void check_machine_gradients(const nn::Params& params, const M& machine) {
  std::vector<Tensor> inputs{randn({2, 3, 3}, f64)};
  for (const nn::Param& p : params.all()) inputs.push_back(p.value);
  gradcheck([&](const std::vector<Tensor>& x) { return machine(x[0]).out; }, inputs,
            {.directions = 6});
}

}  // namespace tapehead::testing
