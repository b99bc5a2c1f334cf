// Random numbers from Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy
// as 1, 2, 3, SC 2011), sixteen counters at a time, and normal numbers made from them.
#include "tapehead/core/kernels/random.h"
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int kCounters = kRandomGroup / 4;

inline void philox_round(uint32_t& c0, uint32_t& c1, uint32_t& c2, uint32_t& c3, uint32_t& k0,
                         uint32_t& k1) {
  const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
  c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
  c1 = static_cast<uint32_t>(p1);
  c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
  c3 = static_cast<uint32_t>(p0);
  k0 += 0x9E3779B9;
  k1 += 0xBB67AE85;
}

void random_words(const RandomStream& stream, uint64_t group, int64_t groups, uint32_t* out) {
  for (; groups > 0; --groups, ++group, out += kRandomGroup) {
    const uint64_t first = group * kCounters;
#pragma GCC ivdep
    for (uint32_t j = 0; j < kCounters; ++j) {
      // Groups start at multiples of 16, so adding j never carries.
      uint32_t c0 = static_cast<uint32_t>(first) + j, c1 = static_cast<uint32_t>(first >> 32);
      uint32_t c2 = static_cast<uint32_t>(stream.draw),
               c3 = static_cast<uint32_t>(stream.draw >> 32);
      uint32_t k0 = static_cast<uint32_t>(stream.seed),
               k1 = static_cast<uint32_t>(stream.seed >> 32);
      // Unrolled by hand: GCC does not vectorise around an inner loop.
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      philox_round(c0, c1, c2, c3, k0, k1);
      out[j] = c0;
      out[kCounters + j] = c1;
      out[2 * kCounters + j] = c2;
      out[3 * kCounters + j] = c3;
    }
  }
}

// k log(2) + 2 artanh(s), which is the log of 2^k m for m near 1 and s = (m - 1) / (m + 1).
inline float log_of_parts(int32_t k, float s) {
  const float z = s * s;
  const float artanh = s * (1 + z * (1 / 3.0f + z * (1 / 5.0f + z * (1 / 7.0f + z * (1 / 9.0f)))));
  return static_cast<float>(k) * 0.69314718f + 2 * artanh;
}

// Splits normal x into 2^k m, with m in [sqrt(1/2), sqrt(2)).
inline int32_t split_exponent(float x, float& m) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  const int32_t k = (bits - 0x3f3504f3) >> 23;
  bits -= k << 23;
  __builtin_memcpy(&m, &bits, 4);
  return k;
}

inline float log_of_normal(float x) {
  float m;
  const int32_t k = split_exponent(x, m);
  return log_of_parts(k, (m - 1) / (m + 1));
}

// -log(u) for u = (2 j + 1) / 2^32, where j are the upper 31 bits. Near u = 1, it is computed from
// 1 - u, which is more precise than u.
inline float standard_exponential(uint32_t word) {
  const auto j = static_cast<int32_t>(word >> 1);
  const float u = static_cast<float>(j) * 0x1p-31f + 0x1p-32f;
  const float rest = static_cast<float>(0x7fffffff - j) * 0x1p-31f + 0x1p-32f;
  float m;
  const int32_t k = split_exponent(u, m);
  return -log_of_parts(k, (k == 0 ? -rest : m - 1) / (m + 1));
}

void random_exponentials(const uint32_t* words, int64_t groups, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < groups * kRandomGroup; ++i) out[i] = standard_exponential(words[i]);
}

// The sign is the lowest bit.
void random_laplaces(const uint32_t* words, int64_t groups, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < groups * kRandomGroup; ++i) {
    const float x = standard_exponential(words[i]);
    out[i] = words[i] & 1 ? -x : x;
  }
}

void random_gumbels(const uint32_t* words, int64_t groups, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < groups * kRandomGroup; ++i)
    out[i] = -log_of_normal(standard_exponential(words[i]));
}

// Box-Muller: the radius from the first half of a group, the angle from the second.
void random_normals(const uint32_t* words, int64_t groups, float* out) {
  constexpr int kHalf = kRandomGroup / 2;
  for (; groups > 0; --groups, words += kRandomGroup, out += kRandomGroup) {
#pragma GCC ivdep
    for (int j = 0; j < kHalf; ++j) {
      const uint32_t a = words[j], b = words[kHalf + j];
      const float u = static_cast<float>(static_cast<int32_t>(a >> 1)) * 0x1p-31f + 0x1p-32f;
      const float radius = __builtin_sqrtf(-2 * log_of_normal(u));
      // Two bits select the quadrant, thirty the angle in [-pi/4, pi/4) from its axis.
      const float x = static_cast<float>(static_cast<int32_t>(b << 2)) * (1.57079633f * 0x1p-32f);
      const float z = x * x;
      const float sine =
          x * (1 + z * (-1 / 6.0f + z * (1 / 120.0f + z * (-1 / 5040.0f + z * (1 / 362880.0f)))));
      const float cosine =
          1 + z * (-1 / 2.0f + z * (1 / 24.0f + z * (-1 / 720.0f + z * (1 / 40320.0f))));
      const float sign = b >> 31 ? -radius : radius;
      const bool turned = (b >> 30) & 1;
      out[j] = sign * (turned ? -sine : cosine);
      out[kHalf + j] = sign * (turned ? cosine : sine);
    }
  }
}

template <class T>
void drop(const uint32_t* words, uint32_t threshold, double scale, const void* x, void* out,
          int64_t n) {
  using C = Compute<T>;
  const T* from = static_cast<const T*>(x);
  T* to = static_cast<T*>(out);
  const C factor = static_cast<C>(scale);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) to[i] = T(words[i] < threshold ? C(0) : C(from[i]) * factor);
}

template <class T>
void bernoulli(const uint32_t* words, const void* p_, void* out, int64_t n) {
  const T* p = static_cast<const T*>(p_);
  T* to = static_cast<T*>(out);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i)
    to[i] = words[i] < static_cast<double>(p[i]) * 0x1p32 ? T(1) : T(0);
}

template <class T>
TAPEHEAD_NOT_CONTRACTED void uniform(const uint32_t* words, void* out, int64_t n, double from,
                                     double to, double last_) {
  T* x = static_cast<T*>(out);
  const double range = to - from;
  const auto last = static_cast<Compute<T>>(last_);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    const auto value = Compute<T>(static_cast<T>(from + range * unit<T>(words, i)));
    x[i] = static_cast<T>(last < value ? last : value);
  }
}

template <class T>
TAPEHEAD_NOT_CONTRACTED void normal(const void* standard, void* out, int64_t n, double scale_,
                                    double shift_) {
  using C = Compute<T>;
  const C* z = static_cast<const C*>(standard);
  T* x = static_cast<T*>(out);
  const C scale = static_cast<C>(scale_), shift = static_cast<C>(shift_);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(z[i] * scale + shift);
}

}  // namespace

extern const RandomKernels random_kernels = {
    .words = random_words,
    .normals = random_normals,
    .exponentials = random_exponentials,
    .laplaces = random_laplaces,
    .gumbels = random_gumbels,
    .drop = {drop<float>, drop<double>, drop<bfloat16>, nullptr, nullptr, nullptr, nullptr,
             drop<float16>},
    .bernoulli = {bernoulli<float>, bernoulli<double>},
    .uniform = {uniform<float>, uniform<double>, uniform<bfloat16>, nullptr, nullptr, nullptr,
                nullptr, uniform<float16>},
    .normal = {normal<float>, normal<double>, normal<bfloat16>, nullptr, nullptr, nullptr, nullptr,
               normal<float16>},
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
