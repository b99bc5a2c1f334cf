// For kernel files: KISS FFT, which transforms the elements of vectors side by side.
//
// Its template takes any scalar type S, but calculates with std::complex<S>, which only floating
// types have. So it is included into a namespace with a `std` of its own, which contains what
// kissfft.hh takes from std. Complex numbers there consist of two vectors, of floats for
// kissfft<double> and of doubles for kissfft<long double>: S is the type of the angles of the roots
// of unity, which are thus precise. Everything has internal linkage, unlike std::vector's members.
#pragma once

// The headers that kissfft.hh includes, which must not be included into a namespace.
#include <complex>
#include <utility>
#include <vector>

#include <cmath>
#include <cstddef>
#include <type_traits>

#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels {
namespace {
namespace kiss {

/// Where this thread's next arrays are placed; KISS FFT cannot pass memory to them.
inline thread_local std::byte* free_memory = nullptr;

/// 40 factors of at least 3, or 31 factors 4 and a 2, are more than an int64_t can have.
inline constexpr int kMaxFactors = 40;

/// The arrays of a plan. Copies share the memory.
template <class T>
class Array {
 public:
  void resize(std::size_t n) {
    size_ = n;
    data_ = reinterpret_cast<T*>(free_memory);
    free_memory += n * sizeof(T);
  }
  void push_back(const T& x) {
    if (size_ == 0) resize(kMaxFactors), size_ = 0;
    data_[size_++] = x;
  }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A vector, or a number for each of its elements.
template <class S>
struct Lanes {
  using T = std::conditional_t<std::is_same_v<S, double>, float, double>;
  Vector<T> v;
  Lanes() = default;
  Lanes(Vector<T> x) : v(x) {}
  explicit Lanes(S x) : v(Vector<T>{} + static_cast<T>(x)) {}
  friend Lanes operator+(Lanes a, Lanes b) { return a.v + b.v; }
  friend Lanes operator-(Lanes a, Lanes b) { return a.v - b.v; }
  friend Lanes operator-(Lanes a) { return -a.v; }
  friend Lanes operator*(Lanes a, Lanes b) { return a.v * b.v; }
  friend Lanes operator*(Lanes a, S b) { return a * Lanes(b); }
};

namespace std {

using ::std::acos;
using ::std::conj;
using ::std::size_t;
using ::std::swap;
template <class T>
using vector = Array<T>;  // NOLINT(readability-identifier-naming)

template <class S>
class complex {  // NOLINT(readability-identifier-naming)
 public:
  complex() = default;
  complex(Lanes<S> re, Lanes<S> im) : re_(re), im_(im) {}
  /// KISS FFT's roots are exp(complex(0, angle)). As the angle would be rounded, this is the root.
  complex(int, S angle) : re_(::std::cos(angle)), im_(::std::sin(angle)) {}

  Lanes<S> real() const { return re_; }
  Lanes<S> imag() const { return im_; }
  complex& operator+=(const complex& b) { return *this = *this + b; }
  complex& operator*=(Lanes<S> b) { return *this = {re_ * b, im_ * b}; }
  friend complex operator+(const complex& a, const complex& b) {
    return {a.re_ + b.re_, a.im_ + b.im_};
  }
  friend complex operator-(const complex& a, const complex& b) {
    return {a.re_ - b.re_, a.im_ - b.im_};
  }
  friend complex operator*(const complex& a, const complex& b) {
    return {a.re_ * b.re_ - a.im_ * b.im_, a.re_ * b.im_ + a.im_ * b.re_};
  }
  friend complex operator*(const complex& a, S b) { return {a.re_ * b, a.im_ * b}; }

 private:
  Lanes<S> re_, im_;
};

template <class S>
complex<S> exp(const complex<S>& root) {
  return root;
}

}  // namespace std

#include <kissfft.hh>

}  // namespace kiss
}  // namespace
}  // namespace tapehead::kernels
