// A small counter-based generator for generated data, the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapehead::data {

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): the
/// n-th number is a hash of the seed and n.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    return hash(state_);
  }
  /// Uniform in 0..bound-1, for a bound below 2^32.
  int64_t below(int64_t bound) {
    return static_cast<int64_t>((next() >> 32) * static_cast<uint64_t>(bound) >> 32);
  }
  /// An element of a list.
  template <class T, size_t N>
  const T& pick(const T (&list)[N]) {
    return list[below(static_cast<int64_t>(N))];
  }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// The finalizer: a bijection that maps consecutive numbers to unrelated ones.
  static uint64_t hash(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace tapehead::data
