// Random numbers that depend on a seed, on how many draws were made before, and on the element:
// never on how many threads compute them. The generator is Philox4x32-10, counter-based.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// A sequence of draws; every random op takes one. It is a plain value: a copy replays what
/// follows, and storing its two numbers stores its state. Two threads need two generators.
struct Generator {
  uint64_t seed = 0;
  uint64_t draws = 0;  ///< how many were taken

  bool operator==(const Generator&) const = default;
};

namespace detail {
inline thread_local std::optional<Generator> thread_generator;  // empty until it is asked for
}

/// What random ops use when they are given no other. Each thread has its own. One that was not
/// seeded starts with the seed of the last manual_seed() of any thread, 0 before that, in a part of
/// its draws that no other takes: the n-th such thread since, in the order of their first draws,
/// starts at draw n 2^48. Seed each thread where any of them may draw first.
Generator& default_generator();
/// Starts the calling thread's default generator anew. A model trained after it has the same bits
/// whatever other threads draw.
void manual_seed(uint64_t seed);

/// A seed made of another and a number, such as that of an epoch: for draws that have nothing to do
/// with those of `seed` or of other numbers.
uint64_t fold_in(uint64_t seed, uint64_t number);

/// While it is in scope, random ops of this thread that are given no generator draw from one that
/// starts at `start`; afterwards they go on as if nothing had been drawn.
class RandomScope {
 public:
  explicit RandomScope(const Generator& start)
      : before_(std::exchange(detail::thread_generator, start)) {}
  ~RandomScope() { detail::thread_generator = before_; }
  RandomScope(const RandomScope&) = delete;
  RandomScope& operator=(const RandomScope&) = delete;

 private:
  std::optional<Generator> before_;
};

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
/// Integers from <= x < to, all equally probable. Any type but bool. Throws ValueError where the
/// type does not hold each of them.
void fill_integers(const Tensor& out, int64_t from, int64_t to, Generator& generator);
/// 1 with probability p, else 0. Any type.
void fill_bernoulli(const Tensor& out, double p, Generator& generator);
/// The numbers 0..n-1 in random order, i64.
Tensor permutation(int64_t n, Generator& generator);

}  // namespace core
}  // namespace tapehead
