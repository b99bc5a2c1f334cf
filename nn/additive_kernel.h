// Additive attention scores (Bahdanau et al. 2015), one row of keys at a time.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// A key of n elements and what is added to it: the query and, with features, their product with a
/// weight [features, n].
template <class T>
struct AdditiveRow {
  const T *key, *query, *v;
  int64_t n;
  const T* feature;
  int64_t features;
  const T* weight;
};

/// The gradients to add to.
template <class T>
struct AdditiveGradients {
  T *key, *query, *v, *feature, *weight;
};

template <class T>
struct AdditiveKernels {
  /// Returns the sum over j of v[j] tanh(hidden[j]) with hidden = key + query + feature weight.
  /// `room`, for n elements, is used if there are features.
  T (*score)(const AdditiveRow<T>& row, T* room);
  /// Adds the gradients, given that of the score. `room` is for n elements.
  void (*backward)(const AdditiveRow<T>& row, T dscore, const AdditiveGradients<T>& d, T* room);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(additive, AdditiveKernels, "additive_scores")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/math.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int kLanes = 16;  // partial sums, the same on every instruction set

template <class T>
T weighted_tanh(const T* a, const T* b, const T* v, int64_t n) {
  T lanes[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
    for (int l = 0; l < kLanes; ++l) lanes[l] += v[j + l] * tanh_of(a[j + l] + b[j + l]);
  for (int l = 0; j < n; ++j, ++l) lanes[l] += v[j] * tanh_of(a[j] + b[j]);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  return lanes[0];
}

// V vectors of key + feature weight, from element j on.
template <class T, int V>
inline void add_features_to(const AdditiveRow<T>& r, int64_t j, T* out) {
  constexpr int W = kWidth<T>;
  Vector<T> sums[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) sums[v] = load(r.key + j + v * W);
  for (int64_t f = 0; f < r.features; ++f) {
    const T* weight = r.weight + f * r.n + j;
    const T factor = r.feature[f];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[v] += factor * load(weight + v * W);
  }
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) store(out + j + v * W, sums[v]);
}

// key + feature weight
template <class T>
void add_features(const AdditiveRow<T>& r, T* out) {
  constexpr int W = kWidth<T>;
  int64_t j = 0;
  for (; j + 4 * W <= r.n; j += 4 * W) add_features_to<T, 4>(r, j, out);
  for (; j + W <= r.n; j += W) add_features_to<T, 1>(r, j, out);
  for (; j < r.n; ++j) {
    T sum = r.key[j];
    for (int64_t f = 0; f < r.features; ++f) sum += r.feature[f] * r.weight[f * r.n + j];
    out[j] = sum;
  }
}

template <class T>
T score(const AdditiveRow<T>& r, T* room) {
  if (r.features > 0) add_features(r, room);
  return weighted_tanh(r.features > 0 ? room : r.key, r.query, r.v, r.n);
}

// Given the gradient d of the hidden row, adds those of the features and the weight.
template <class T>
void features_backward(const AdditiveRow<T>& r, const T* d, const AdditiveGradients<T>& to) {
  constexpr int W = kWidth<T>;
  for (int64_t f = 0; f < r.features; ++f) {
    const T* weight = r.weight + f * r.n;
    T* dweight = to.weight + f * r.n;
    const T factor = r.feature[f];
    Vector<T> sums = {};
    int64_t j = 0;
    for (; j + W <= r.n; j += W) {
      const Vector<T> dj = load(d + j);
      sums += dj * load(weight + j);
      store(dweight + j, load(dweight + j) + factor * dj);
    }
    T sum = across(sums, [](auto a, auto b) { return a + b; });
    for (; j < r.n; ++j) sum += d[j] * weight[j], dweight[j] += factor * d[j];
    to.feature[f] += sum;
  }
}

template <class T>
void backward(const AdditiveRow<T>& r, T dscore, const AdditiveGradients<T>& to, T* room) {
  const T* key = r.key;
  if (r.features > 0) add_features(r, room), key = room;
#pragma GCC ivdep
  for (int64_t j = 0; j < r.n; ++j) {
    const T y = tanh_of(key[j] + r.query[j]);
    const T d = dscore * r.v[j] * (1 - y * y);
    to.key[j] += d;
    to.query[j] += d;
    to.v[j] += dscore * y;
    room[j] = d;
  }
  if (r.features > 0) features_backward(r, room, to);
}

}  // namespace

extern const AdditiveKernels<float> additive_f32 = {score<float>, backward<float>};
extern const AdditiveKernels<double> additive_f64 = {score<double>, backward<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif
