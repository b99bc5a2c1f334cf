// Random numbers that depend on a seed, on how many draws were made before, and on the element:
// never on the thread. The generator is Philox4x32-10, counter-based.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// A sequence of draws; every random op takes one. It is a plain value: a copy replays what
/// follows, and storing its two numbers stores its state. Two threads need two generators.
struct Generator {
  uint64_t seed = 0;
  uint64_t draws = 0;  ///< how many were taken

  bool operator==(const Generator&) const = default;
};

/// What random ops use when they are given no other.
Generator& default_generator();
/// Starts the default generator anew.
void manual_seed(uint64_t seed);

namespace core {

// Each fills a tensor, of any strides, by one draw. Elements are numbered in row-major order.

/// Uniform in from <= x < to. Floating types only.
void fill_uniform(const Tensor& out, double from, double to, Generator& generator);
/// Normal. Floating types only.
void fill_normal(const Tensor& out, double mean, double std, Generator& generator);
/// Normal, but conditional on from <= x <= to. Floating types only.
void fill_truncated_normal(const Tensor& out, double mean, double std, double from, double to,
                           Generator& generator);
/// Exponential with mean 1 / rate. Floating types only.
void fill_exponential(const Tensor& out, double rate, Generator& generator);
/// Integers from <= x < to, all equally probable. Any type but bool.
void fill_integers(const Tensor& out, int64_t from, int64_t to, Generator& generator);
/// 1 with probability p, else 0. Any type.
void fill_bernoulli(const Tensor& out, double p, Generator& generator);
/// The numbers 0..n-1 in random order, i64.
Tensor permutation(int64_t n, Generator& generator);

}  // namespace core
}  // namespace tapehead
