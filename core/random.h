// Random numbers from Philox4x32-10, a counter-based generator (Salmon et al. 2011). They depend
// only on the seed, the number of earlier draws and the element's position, never on the number of
// threads.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The state of a random number generator; every random op makes one draw. It is a plain value: a
/// copy repeats the same draws, and saving the two numbers saves the state. Not thread-safe: use
/// one generator per thread.
struct Generator {
  uint64_t seed = 0;
  uint64_t draws = 0;  ///< the number of draws made

  bool operator==(const Generator&) const = default;
};

namespace detail {
inline thread_local std::optional<Generator> thread_generator;  // empty until first used
}

/// The generator that random ops use by default; each thread has its own. A thread that did not
/// call manual_seed() starts with the seed of the last manual_seed() of any thread (0 if there was
/// none), on a separate range of draws: the n-th such thread since then, in the order of first use,
/// starts at draw n 2^48. To make results independent of that order, seed each thread.
Generator& default_generator();
/// Seeds the calling thread's default generator. Training after it is bit-for-bit reproducible,
/// whatever other threads draw.
void manual_seed(uint64_t seed);

/// Derives a new seed from a seed and a number, such as an epoch. Its draws are independent of
/// those of `seed` and of other numbers (cf. jax.random.fold_in).
uint64_t fold_in(uint64_t seed, uint64_t number);

/// While in scope, random ops of this thread that use the default generator draw from a copy of
/// `start`; at the end of the scope the default generator resumes where it was.
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

// Each function fills a tensor, of any strides, with one draw. Elements are numbered in row-major
// order.

/// Uniform in [from, to). Floating types only.
void fill_uniform(const Tensor& out, double from, double to, Generator& generator);
/// Normally distributed. Floating types only.
void fill_normal(const Tensor& out, double mean, double std, Generator& generator);
/// Normally distributed, truncated to [from, to]. Floating types only.
void fill_truncated_normal(const Tensor& out, double mean, double std, double from, double to,
                           Generator& generator);
/// Exponentially distributed with mean 1 / rate. Floating types only.
void fill_exponential(const Tensor& out, double rate, Generator& generator);
/// Laplace's distribution, and Gumbel's. Floating types only.
void fill_laplace(const Tensor& out, double loc, double scale, Generator& generator);
void fill_gumbel(const Tensor& out, double loc, double scale, Generator& generator);
/// Uniformly distributed integers in [from, to). Any type but bool. Throws ValueError if the type
/// cannot represent all of them.
void fill_integers(const Tensor& out, int64_t from, int64_t to, Generator& generator);
/// 1 with probability p, else 0. Any type.
void fill_bernoulli(const Tensor& out, double p, Generator& generator);
/// A random permutation of 0..n-1, i64.
Tensor permutation(int64_t n, Generator& generator);

}  // namespace core
}  // namespace tapehead
