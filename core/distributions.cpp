#include "tapehead/core/distributions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/detail/random.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/kernels/random.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

using core::parameters;
using kernels::kRandomGroup;
using kernels::wide_word;

constexpr int64_t kDrawnTogether = kRandomGroup;  // elements, with the following groups of words
constexpr uint64_t kGroupsPerDraw = 4;
constexpr int64_t kDrawsPerTask = 16;
constexpr int kMostAttempts = 256;  // after which the probability of none accepted is below 1e-100

// Uniform in (0, 1).
double narrow_unit(uint32_t word) { return (word + 0.5) * 0x1p-32; }
double wide_unit(const uint32_t* words, int64_t i) {
  return (static_cast<double>(wide_word(words, i) >> 12) + 0.5) * 0x1p-52;
}

// Throws unless `valid` holds for each element.
template <class T, class Valid>
void check_parameters(const char* op, const char* what, const char* range, const Tensor& x,
                      Valid valid) {
  const T* v = x.data<T>();
  for (int64_t i = 0; i < x.numel(); ++i)
    if (!valid(v[i]))
      throw ValueError(fmt::format("{}: {}{} = {} is not {}", op, what,
                                   core::position(x.shape(), i), v[i], range));
}

// Draws n elements by rejection: Sampler::start(words) prepares an attempt for the elements
// together, Sampler::draw(i, j) draws element i, the j-th of them, and returns whether it is
// accepted. The words of an attempt depend on its number, in the top byte of the counter, and on
// the position only.
template <class Sampler>
void draw_by_rejection(int64_t n, Generator& generator, const Sampler& common) {
  detail::check_not_vectorized();
  const kernels::RandomStream stream{generator.seed, generator.draws++};
  core::parallel_range(n, kDrawsPerTask * kDrawnTogether, [&](int64_t begin, int64_t end) {
    Sampler sampler = common;
    alignas(64) uint32_t words[kGroupsPerDraw * kRandomGroup];
    for (int64_t first = begin; first < end; first += kDrawnTogether) {
      const int64_t count = std::min(kDrawnTogether, end - first);
      bool accepted[kDrawnTogether] = {};
      int64_t left = count;
      for (uint64_t attempt = 0; left > 0 && attempt < kMostAttempts; ++attempt) {
        const auto group = static_cast<uint64_t>(first / kDrawnTogether) * kGroupsPerDraw;
        kernels::random().words(stream, group + (attempt << 52), kGroupsPerDraw, words);
        sampler.start(words);
        for (int64_t j = 0; j < count; ++j)
          if (!accepted[j] && sampler.draw(first + j, j)) accepted[j] = true, --left;
      }
    }
  });
}

template <class T>
struct GammaSampler {
  const T* concentration;
  T* out;
  const uint32_t* words = nullptr;
  T normals[kDrawnTogether] = {};

  void start(const uint32_t* given) {
    words = given;
    if constexpr (sizeof(T) == 8) core::wide_normals(words, 2, normals);
    else kernels::random().normals(words, 1, normals);
  }
  bool draw(int64_t i, int64_t j) {
    const double a = concentration[i];
    const double d = (a < 1 ? a + 1 : a) - 1.0 / 3, x = normals[j];
    const double root = 1 + x / std::sqrt(9 * d), v = root * root * root;
    out[i] = std::numeric_limits<T>::min();
    if (v <= 0) return false;
    const double u = narrow_unit(words[2 * kRandomGroup + j]);
    if (u >= 1 - 0.0331 * x * x * x * x && std::log(u) >= 0.5 * x * x + d * (1 - v + std::log(v)))
      return false;
    double value = d * v;
    if (a < 1) value *= std::exp(std::log(narrow_unit(words[3 * kRandomGroup + j])) / a);
    out[i] = std::max(out[i], static_cast<T>(value));
    return true;
  }
};

double log_factorial(double k) {
  int sign = 0;
  return ::lgamma_r(k + 1, &sign);  // std::lgamma stores the sign in a variable of all threads
}

template <class T>
struct PoissonSampler {
  const T* rate;
  T* out;
  const uint32_t* words = nullptr;

  void start(const uint32_t* given) { words = given; }
  bool draw(int64_t i, int64_t j) {
    constexpr double kLargeRate = 10;
    const double lambda = rate[i], u = wide_unit(words, j);
    if (lambda >= kLargeRate)
      return transformed(lambda, u, wide_unit(words + 2 * kRandomGroup, j), i);
    // The least k whose distribution function exceeds u. The sum may end below u by rounding.
    double term = std::exp(-lambda), sum = term, k = 0;
    while (u > sum && term > 0) ++k, term *= lambda / k, sum += term;
    out[i] = static_cast<T>(k);
    return true;
  }

 private:
  // Hörmann's algorithm PTRS.
  bool transformed(double lambda, double u, double v, int64_t i) {
    const double b = 0.931 + 2.53 * std::sqrt(lambda), a = -0.059 + 0.02483 * b;
    const double shifted = u - 0.5, us = 0.5 - std::abs(shifted);
    const double k = std::floor((2 * a / us + b) * shifted + lambda + 0.43);
    out[i] = static_cast<T>(std::max(k, 0.0));
    if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return true;
    if (k < 0 || (us < 0.013 && v > us)) return false;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    return std::log(v * inverse_alpha / (a / (us * us) + b)) <=
           k * std::log(lambda) - lambda - log_factorial(k);
  }
};

// A new tensor that is filled by fill(out, parameters…, generator).
template <class F, class... Numbers>
Tensor filled(F fill, const Shape& shape, DType dtype, Generator& generator, Numbers... numbers) {
  const Tensor out = empty(shape, dtype);
  fill(out, numbers..., generator);
  return out;
}

template <template <class> class Sampler>
Tensor drawn(const Tensor& x, DType dtype, Generator& generator) {
  const Tensor out = empty_like(x);
  visit_wide(x.dtype(), [&]<class T>() {
    draw_by_rejection(x.numel(), generator, Sampler<T>{x.data<T>(), out.data<T>()});
  });
  return core::cast(out, dtype);
}

}  // namespace

namespace core {

Tensor parameters(const char* op, const Tensor& x) {
  check_floating(op, x);
  return contiguous(cast(x, wide_type(x.dtype())));
}

}  // namespace core

Tensor uniform(double from, double to, const Shape& shape, DType dtype, Generator& generator) {
  return filled(core::fill_uniform, shape, dtype, generator, from, to);
}
Tensor normal(double mean, double std, const Shape& shape, DType dtype, Generator& generator) {
  return filled(core::fill_normal, shape, dtype, generator, mean, std);
}
Tensor truncated_normal(double mean, double std, double from, double to, const Shape& shape,
                        DType dtype, Generator& generator) {
  return filled(core::fill_truncated_normal, shape, dtype, generator, mean, std, from, to);
}
Tensor exponential(double rate, const Shape& shape, DType dtype, Generator& generator) {
  return filled(core::fill_exponential, shape, dtype, generator, rate);
}
Tensor laplace(double loc, double scale, const Shape& shape, DType dtype, Generator& generator) {
  return filled(core::fill_laplace, shape, dtype, generator, loc, scale);
}
Tensor gumbel(double loc, double scale, const Shape& shape, DType dtype, Generator& generator) {
  return filled(core::fill_gumbel, shape, dtype, generator, loc, scale);
}

Tensor normal(const Tensor& mean, const Tensor& std, Generator& generator) {
  const DType dtype = core::result_type(mean, std);
  const Shape shape = broadcast_shapes("normal", mean.shape(), std.shape());
  const Tensor wide = parameters("normal", core::cast(std, dtype));
  visit_wide(wide.dtype(), [&]<class T>() {
    check_parameters<T>("normal", "std", "at least 0", wide, [](T s) { return s >= 0; });
  });
  const Tensor z = filled(core::fill_normal, shape, dtype, generator, 0.0, 1.0);
  return core::binary("normal", kernels::Binary::add,
                      core::binary("normal", kernels::Binary::mul, z, std), mean);
}

Tensor gamma(const Tensor& concentration, Generator& generator) {
  const Tensor x = parameters("gamma", concentration);
  visit_wide(x.dtype(), [&]<class T>() {
    check_parameters<T>("gamma", "concentration", "positive and finite", x,
                        [](T a) { return a > 0 && std::isfinite(a); });
  });
  return drawn<GammaSampler>(x, concentration.dtype(), generator);
}

Tensor beta(const Tensor& a, const Tensor& b, Generator& generator) {
  const DType dtype = core::result_type(a, b);
  const Shape shape = broadcast_shapes("beta", a.shape(), b.shape());
  const auto one = [&](const Tensor& parameter) {
    const Tensor all = empty(shape, is_floating(dtype) ? wide_type(dtype) : f32);
    core::copy_into(all, parameter);
    return gamma(all, generator);
  };
  const Tensor x = one(a), y = one(b);
  const Tensor sum = core::binary("beta", kernels::Binary::add, x, y);
  return core::cast(core::floating_binary("beta", kernels::Binary::div, x, sum),
                    is_floating(dtype) ? dtype : f32);
}

Tensor dirichlet(const Tensor& concentration, Generator& generator) {
  if (concentration.dim() == 0)
    throw ShapeError("dirichlet: the concentrations are 0-d; they need an axis of components");
  const Tensor x = gamma(parameters("dirichlet", concentration), generator);
  const Tensor sums = core::reduce("dirichlet", kernels::Reduce::sum, x, 1U << (x.dim() - 1), true);
  return core::cast(core::binary("dirichlet", kernels::Binary::div, x, sums),
                    concentration.dtype());
}

Tensor poisson(const Tensor& rate, Generator& generator) {
  const Tensor x = parameters("poisson", rate);
  visit_wide(x.dtype(), [&]<class T>() {
    check_parameters<T>("poisson", "rate", "at least 0 and finite", x,
                        [](T a) { return a >= 0 && std::isfinite(a); });
  });
  return drawn<PoissonSampler>(x, rate.dtype(), generator);
}

Tensor bernoulli(const Tensor& probability, Generator& generator) {
  const Tensor p = parameters("bernoulli", probability), out = empty_like(p);
  visit_wide(p.dtype(), [&]<class T>() {
    check_parameters<T>("bernoulli", "probability", "in 0..1", p,
                        [](T x) { return x >= 0 && x <= 1; });
    detail::check_not_vectorized();
    const kernels::RandomStream stream{generator.seed, generator.draws++};
    constexpr int64_t kPiece = 32 * kRandomGroup;
    core::parallel_range(p.numel(), kPiece, [&](int64_t begin, int64_t end) {
      alignas(64) uint32_t words[kPiece];
      kernels::random().words(stream, static_cast<uint64_t>(begin / kRandomGroup),
                              core::ceil_div(end - begin, kRandomGroup), words);
      kernels::random().bernoulli[static_cast<int>(p.dtype())](words, p.data<T>() + begin,
                                                               out.data<T>() + begin, end - begin);
    });
  });
  return core::cast(out, probability.dtype());
}

}  // namespace tapehead
