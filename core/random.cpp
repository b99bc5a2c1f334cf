#include "tapehead/core/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <utility>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/fork.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/detail/random.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/random.h"
#include "tapehead/core/parallel.h"

namespace tapehead {

namespace {

// The initial state of generators in threads that have not set a seed.
struct Start {
  std::mutex mutex;
  uint64_t seed = 0;
  uint64_t threads = 0;  // number started with this seed

  Generator next() {
    constexpr int kDrawsOfThread = 48;  // log2 of the draws reserved per thread
    const std::lock_guard lock(mutex);
    return {seed, threads++ << kDrawsOfThread};
  }
  void set(uint64_t value) {
    const std::lock_guard lock(mutex);
    seed = value;
    threads = 1;
  }
};

// Never destroyed: threads may outlive static variables.
Start& start() {
  static auto* const start = new Start;
  return *start;
}
[[maybe_unused]] const bool kGeneratorHeldAtFork = core::hold_at_fork(start().mutex);

// The finalizer of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
// generators, 2014).
uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

}  // namespace

Generator& default_generator() {
  std::optional<Generator>& generator = detail::thread_generator;
  if (!generator) generator = start().next();
  return *generator;
}

void manual_seed(uint64_t seed) {
  detail::thread_generator = Generator{seed, 0};
  start().set(seed);
}

uint64_t fold_in(uint64_t seed, uint64_t number) {
  constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
  return mix(mix(seed + kGoldenRatio) ^ number);
}

namespace core {
namespace {

using kernels::kRandomGroup;
using kernels::RandomStream;
using kernels::unit;
using kernels::wide_word;

constexpr int64_t kHalf = kRandomGroup / 2;
constexpr int64_t kGroups = 32;  // generated at a time by a thread

__extension__ using Wide = unsigned __int128;

RandomStream next(Generator& generator) {
  detail::check_not_vectorized();
  return {generator.seed, generator.draws++};
}

void check_type(const char* op, const Tensor& out, bool fits, const char* types) {
  if (!fits)
    throw DTypeError(fmt::format("{}: {} is not supported; use {}", op, name(out.dtype()), types));
}

void check(const char* op, bool valid, const char* fact, double a, double b) {
  if (!valid) throw ValueError(fmt::format("{}: {}, but they are {} and {}", op, fact, a, b));
}

// Calls write(words, out, n) for pieces of the elements, with kWords words per element in the
// kernel's layout. `out` may have any strides.
template <int kWords, class T, class F>
void generate(const Tensor& out, Generator& generator, F write) {
  const RandomStream stream = next(generator);
  const Tensor dense = out.is_contiguous() ? out : empty_like(out);
  T* data = dense.data<T>();
  constexpr int64_t kPiece = kGroups * kRandomGroup / kWords;
  parallel_range(out.numel(), kPiece, [&](int64_t begin, int64_t end) {
    alignas(64) uint32_t words[kGroups * kRandomGroup];
    const int64_t groups = ceil_div((end - begin) * kWords, kRandomGroup);
    const auto first = static_cast<uint64_t>(begin * kWords / kRandomGroup);
    kernels::random().words(stream, first, groups, words);
    write(words, data + begin, end - begin);
  });
  if (!dense.is_same(out)) copy_into(out, dense);
  out.impl()->storage->changed_by("random");
}

// The range in which the type represents every integer.
template <class T>
std::pair<int64_t, int64_t> integers_of() {
  if constexpr (is_integral(dtype_of<T>())) {
    return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  } else {
    constexpr int kDigits = [] {
      if constexpr (sizeof(T) == 2) return T::kDigits;
      else return std::numeric_limits<T>::digits;
    }();
    return {-(int64_t{1} << kDigits), int64_t{1} << kDigits};
  }
}

template <class F>
void each_floating(const char* op, const Tensor& out, F f) {
  check_type(op, out, is_floating(out.dtype()), "f32, f64, bf16 or f16");
  visit(out.dtype(), [&]<class T>() {
    if constexpr (is_floating(dtype_of<T>())) f.template operator()<T>();
  });
}

// The largest representable number below x.
template <class T>
T below(T x) {
  if constexpr (sizeof(T) == 2) {
    T y = x;
    if (static_cast<float>(x) == 0) y.bits = 0x8001;
    else y.bits = static_cast<uint16_t>(x.bits + (x.bits >> 15 ? 1 : -1));
    return y;
  } else {
    return std::nextafter(x, -std::numeric_limits<T>::infinity());
  }
}

// -log(u) for u in (0, 1), precise near 0 and far out.
double wide_exponential(const uint32_t* words, int64_t i) {
  return -std::log1p(-(static_cast<double>(wide_word(words, i) >> 12) + 0.5) * 0x1p-52);
}
void wide_exponentials(const uint32_t* words, int64_t groups, double* out) {
  for (int64_t i = 0; i < groups * kHalf; ++i) out[i] = wide_exponential(words, i);
}
// The sign is a bit that the exponential does not use.
void wide_laplaces(const uint32_t* words, int64_t groups, double* out) {
  for (int64_t i = 0; i < groups * kHalf; ++i)
    out[i] = (wide_word(words, i) & 1 ? -1 : 1) * wide_exponential(words, i);
}
void wide_gumbels(const uint32_t* words, int64_t groups, double* out) {
  for (int64_t i = 0; i < groups * kHalf; ++i) out[i] = -std::log(wide_exponential(words, i));
}

// Fills with shift + scale x, where x are numbers of a standard distribution, made by `narrow` for
// all types but f64.
void fill_standard(const char* op, const Tensor& out, double shift, double scale,
                   Generator& generator,
                   void (*narrow)(const uint32_t* words, int64_t groups, float* out),
                   void (*wide)(const uint32_t* words, int64_t groups, double* out)) {
  each_floating(op, out, [&]<class T>() {
    generate<sizeof(T) == 8 ? 2 : 1, T>(
        out, generator, [&](const uint32_t* words, T* x, int64_t n) {
          using C = std::conditional_t<std::is_same_v<T, double>, double, float>;
          constexpr int64_t kNumbers = sizeof(T) == 8 ? kHalf : kRandomGroup;  // per group
          alignas(64) C standard[kGroups * kNumbers];
          const int64_t groups = ceil_div(n, kNumbers);
          if constexpr (std::is_same_v<C, double>) wide(words, groups, standard);
          else narrow(words, groups, standard);
          kernels::random().normal[static_cast<int>(dtype_of<T>())](standard, x, n, scale, shift);
        });
  });
}

// bounded(), if the product may be one that is rejected: then the draw is repeated with `attempt`
// in the top byte of the counter.
uint64_t bounded_again(const RandomStream& stream, uint64_t element, Wide product, uint64_t range) {
  const uint64_t uneven = -range % range;
  for (uint64_t attempt = 1; static_cast<uint64_t>(product) < uneven && attempt < 256; ++attempt) {
    uint32_t words[kRandomGroup];
    const uint64_t group = element / kHalf + (attempt << 52);  // a group has 16 counters
    kernels::random().words(stream, group, 1, words);
    product = Wide{wide_word(words, static_cast<int64_t>(element % kHalf))} * range;
  }
  return static_cast<uint64_t>(product >> 64);
}
// A uniform number below `range` by Lemire's multiplication (Fast random integer generation in an
// interval, 2019).
inline uint64_t bounded(const RandomStream& stream, uint64_t element, uint64_t bits,
                        uint64_t range) {
  const Wide product = Wide{bits} * range;
  if (static_cast<uint64_t>(product) >= range) [[likely]]
    return static_cast<uint64_t>(product >> 64);
  return bounded_again(stream, element, product, range);
}

// The quantile of the standard normal distribution at p: Winitzki's approximation (A handy
// approximation for the error function and its inverse, 2008), refined by Newton's method on log
// erfc, which stays precise far out in the tail.
double normal_quantile(double p) {
  const double q = std::max(std::min(p, 1 - p), 1e-300);
  constexpr double kA = 0.147;
  const double w = -std::log(4 * q * (1 - q)), b = 2 / (M_PI * kA) - w / 2;
  double y = std::sqrt(std::sqrt(b * b + w / kA) - b);
  for (int step = 0; step < 2; ++step) {
    const double tail = std::erfc(y);
    y += std::log(tail / (2 * q)) * tail * std::exp(y * y) * (std::sqrt(M_PI) / 2);
  }
  return p < 0.5 ? -M_SQRT2 * y : M_SQRT2 * y;
}

}  // namespace

// Box-Muller in double: two numbers from two wide words each.
void wide_normals(const uint32_t* words, int64_t groups, double* out) {
  constexpr int64_t kPairs = kHalf / 2;
  for (int64_t g = 0; g < groups; ++g, words += kRandomGroup, out += kHalf) {
    for (int64_t j = 0; j < kPairs; ++j) {
      const double u = static_cast<double>((wide_word(words, j) >> 11) + 1) * 0x1p-53;
      const double angle =
          static_cast<double>(wide_word(words, kPairs + j) >> 11) * (2 * M_PI * 0x1p-53);
      const double radius = std::sqrt(-2 * std::log(u));
      out[j] = radius * std::cos(angle);
      out[kPairs + j] = radius * std::sin(angle);
    }
  }
}

void fill_uniform(const Tensor& out, double from, double to, Generator& generator) {
  check("uniform", from <= to, "the bounds must rise", from, to);
  each_floating("uniform", out, [&]<class T>() {
    const T last = std::max(static_cast<T>(from), below(static_cast<T>(to)));
    generate<sizeof(T) == 8 ? 2 : 1, T>(
        out, generator, [&](const uint32_t* words, T* x, int64_t n) {
          kernels::random().uniform[static_cast<int>(dtype_of<T>())](words, x, n, from, to,
                                                                     static_cast<double>(last));
        });
  });
}

void fill_normal(const Tensor& out, double mean, double std, Generator& generator) {
  check("normal", std >= 0, "the standard deviation (the second) must not be negative", mean, std);
  fill_standard("normal", out, mean, std, generator, kernels::random().normals, wide_normals);
}

void fill_truncated_normal(const Tensor& out, double mean, double std, double from, double to,
                           Generator& generator) {
  check("truncated_normal", std >= 0, "the standard deviation (the second) must not be negative",
        mean, std);
  check("truncated_normal", from <= to, "the bounds must rise", from, to);
  // Mirror an interval in the upper tail to the lower one, where probabilities keep their
  // precision.
  const bool mirrored = from > mean;
  const auto probability = [&](double x) {
    return std == 0 ? 0.5 : std::erfc((mirrored ? x - mean : mean - x) / (std * M_SQRT2)) / 2;
  };
  const double low = probability(from), high = probability(to);
  each_floating("truncated_normal", out, [&]<class T>() {
    generate<2, T>(out, generator, [&](const uint32_t* words, T* x, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        const double p = low + (high - low) * unit<double>(words, i);
        const double z = normal_quantile(p);
        const double value = mean + (mirrored ? -z : z) * std;
        x[i] = static_cast<T>(std::clamp(value, from, to));
      }
    });
  });
}

void fill_exponential(const Tensor& out, double rate, Generator& generator) {
  if (!(rate > 0))
    throw ValueError(fmt::format("exponential: the rate is {}; it must be positive", rate));
  fill_standard("exponential", out, 0, 1 / rate, generator, kernels::random().exponentials,
                wide_exponentials);
}

void fill_laplace(const Tensor& out, double loc, double scale, Generator& generator) {
  check("laplace", scale > 0, "the scale (the second) must be positive", loc, scale);
  fill_standard("laplace", out, loc, scale, generator, kernels::random().laplaces, wide_laplaces);
}

void fill_gumbel(const Tensor& out, double loc, double scale, Generator& generator) {
  check("gumbel", scale > 0, "the scale (the second) must be positive", loc, scale);
  fill_standard("gumbel", out, loc, scale, generator, kernels::random().gumbels, wide_gumbels);
}

void fill_integers(const Tensor& out, int64_t from, int64_t to, Generator& generator) {
  check_type("randint", out, out.dtype() != boolean, "an integer or floating type");
  if (from >= to)
    throw ValueError(fmt::format(
        "randint: there is no integer x with {} <= x < {}; the bounds must rise", from, to));
  const uint64_t range = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
  detail::check_not_vectorized();
  const RandomStream stream{generator.seed, generator.draws};
  visit(out.dtype(), [&]<class T>() {
    const auto [least, most] = integers_of<T>();
    if (from < least || to - 1 > most)
      throw ValueError(
          fmt::format("randint: {} <= x < {}, but {} holds all integers only from {} "
                      "to {}; use i64",
                      from, to, name(out.dtype()), least, most));
    const Tensor dense = out.is_contiguous() ? out : empty_like(out);
    const T* start = dense.data<T>();
    generate<2, T>(dense, generator, [&](const uint32_t* words, T* x, int64_t n) {
      for (int64_t first = 0; first < n; first += kHalf) {
        const uint32_t* group = words + 2 * first;
        for (int64_t j = 0; j < std::min(kHalf, n - first); ++j) {
          const auto element = static_cast<uint64_t>(x + first + j - start);
          const uint64_t step = bounded(stream, element, wide_word(group, j), range);
          x[first + j] = static_cast<T>(static_cast<int64_t>(static_cast<uint64_t>(from) + step));
        }
      }
    });
    if (!dense.is_same(out)) copy_into(out, dense);
  });
}

void fill_bernoulli(const Tensor& out, double p, Generator& generator) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("bernoulli: the probability {} is outside 0..1", p));
  const auto threshold = static_cast<uint64_t>(std::llround(p * 0x1p32));
  visit(out.dtype(), [&]<class T>() {
    generate<1, T>(out, generator, [&](const uint32_t* words, T* x, int64_t n) {
      for (int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(words[i] < threshold);
    });
  });
}

Tensor permutation(int64_t n, Generator& generator) {
  if (n < 0) throw ValueError(fmt::format("randperm: n is {}; it must not be negative", n));
  Tensor out = empty({n}, i64);
  auto* x = out.data<int64_t>();
  for (int64_t i = 0; i < n; ++i) x[i] = i;
  const RandomStream stream = next(generator);
  uint32_t words[kRandomGroup];
  for (int64_t i = 0; i + 1 < n; ++i) {
    if (i % kHalf == 0) kernels::random().words(stream, static_cast<uint64_t>(i / kHalf), 1, words);
    const auto left = static_cast<uint64_t>(n - i);
    const uint64_t step =
        bounded(stream, static_cast<uint64_t>(i), wide_word(words, i % kHalf), left);
    std::swap(x[i], x[i + static_cast<int64_t>(step)]);
  }
  return out;
}

}  // namespace core
}  // namespace tapehead
