#include "tapehead/nn/memory/slots_kernel.h"

#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
T dot(const T* a, const T* b, int64_t n) {
  return lane_sum<T>(n, [=](int64_t i) { return a[i] * b[i]; });
}

template <class T>
void add_scaled(T* y, T scale, const T* x, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] += scale * x[i];
}

template <class T>
T inverse_length(const T* x, int64_t n) {
  return 1 / __builtin_sqrt(dot(x, x, n) + T(kEmptySlot));
}

template <class T>
void cosine_forward(const CosineForward<T>& f) {
  const auto [R, N, W] = f.sizes;
  for (int64_t r = 0; r < R; ++r) f.key_scales[r] = inverse_length(f.keys + r * W, W);
  for (int64_t i = 0; i < N; ++i) {
    const T* slot = f.memory + i * W;
    const T scale = f.slot_scales[i] = inverse_length(slot, W);
    for (int64_t r = 0; r < R; ++r)
      f.cosines[r * N + i] = dot(f.keys + r * W, slot, W) * f.key_scales[r] * scale;
  }
}

template <class T>
void cosine_backward(const CosineBackward<T>& b) {
  const auto [R, N, W] = b.sizes;
  for (int64_t r = 0; r < R; ++r) {
    const T scale = b.key_scales[r],
            along = dot(b.dcosines + r * N, b.cosines + r * N, N) * scale * scale;
    add_scaled(b.dkeys + r * W, -along, b.keys + r * W, W);
  }
  for (int64_t i = 0; i < N; ++i) {
    const T *slot = b.memory + i * W, scale = b.slot_scales[i];
    T *dslot = b.dmemory + i * W, along = 0;
    for (int64_t r = 0; r < R; ++r) along += b.dcosines[r * N + i] * b.cosines[r * N + i];
    along *= scale * scale;
#pragma GCC ivdep
    for (int64_t c = 0; c < W; ++c) dslot[c] = -along * slot[c];
    for (int64_t r = 0; r < R; ++r) {
      const T d = b.dcosines[r * N + i] * scale * b.key_scales[r];
      add_scaled(dslot, d, b.keys + r * W, W);
      add_scaled(b.dkeys + r * W, d, slot, W);
    }
  }
}

template <class T>
void write_forward(const WriteForward<T>& f) {
  const auto [R, N, W] = f.sizes;
  for (int64_t i = 0; i < N; ++i) {
    const T* slot = f.memory + i * W;
    T* out = f.out + i * W;
    for (int64_t c = 0; c < W; ++c) out[c] = slot[c];
    for (int64_t r = 0; r < R; ++r) {
      const T *erase = f.erase + r * W, w = f.weights[r * N + i];
#pragma GCC ivdep
      for (int64_t c = 0; c < W; ++c) out[c] *= 1 - w * erase[c];
    }
    for (int64_t r = 0; r < R; ++r) add_scaled(out, f.weights[r * N + i], f.add + r * W, W);
  }
}

template <class T>
void write_backward(const WriteBackward<T>& b) {
  const auto [R, N, W] = b.sizes;
  for (int64_t i = 0; i < N; ++i) {
    const T *slot = b.memory + i * W, *d = b.dout + i * W;
    T *dslot = b.dmemory + i * W, *rest = b.row;
    for (int64_t c = 0; c < W; ++c) dslot[c] = d[c];
    for (int64_t r = 0; r < R; ++r) {
      const T *erase = b.erase + r * W, *add = b.add + r * W, w = b.weights[r * N + i];
      T* derase = b.derase + r * W;
#pragma GCC ivdep
      for (int64_t c = 0; c < W; ++c) {
        dslot[c] *= 1 - w * erase[c];
        rest[c] = d[c] * slot[c];
      }
      for (int64_t s = 0; s < R; ++s) {  // what the other heads left
        if (s == r) continue;
        const T *other = b.erase + s * W, v = b.weights[s * N + i];
#pragma GCC ivdep
        for (int64_t c = 0; c < W; ++c) rest[c] *= 1 - v * other[c];
      }
      b.dweights[r * N + i] =
          lane_sum<T>(W, [=](int64_t c) { return d[c] * add[c] - rest[c] * erase[c]; });
      add_scaled(derase, -w, rest, W);
      add_scaled(b.dadd + r * W, w, d, W);
    }
  }
}

// Row i of the links after writing.
template <class T>
void link_row(const T* links, const T* precedence, const T* written, int64_t i, int64_t N, T* y) {
  const T *before = links + i * N, w = written[i];
#pragma GCC ivdep
  for (int64_t j = 0; j < N; ++j) y[j] = (1 - w - written[j]) * before[j] + w * precedence[j];
  y[i] = 0;
}

template <class T>
void link_forward(const LinkForward<T>& f) {
  const auto [R, N, W] = f.sizes;
  for (int64_t i = 0; i < N; ++i) {
    T* y = f.next + i * N;
    link_row(f.links, f.precedence, f.written, i, N, y);
    for (int64_t r = 0; r < R; ++r) {
      f.forward[r * N + i] = dot(y, f.read + r * N, N);
      add_scaled(f.backward + r * N, f.read[r * N + i], y, N);
    }
  }
}

template <class T>
void link_backward(const LinkBackward<T>& b) {
  const auto [R, N, W] = b.sizes;
  const T *written = b.written, *precedence = b.precedence;
  T *y = b.row, *dwritten = b.dwritten, *dprecedence = b.dprecedence;
  for (int64_t i = 0; i < N; ++i) {
    T* d = b.dlinks + i * N;  // first of the row after writing, then of that before
    link_row(b.links, precedence, written, i, N, y);
    for (int64_t r = 0; r < R; ++r) {
      const T *seen = b.read + r * N, *back = b.dbackward + r * N, ahead = b.dforward[r * N + i];
      add_scaled(d, ahead, seen, N);
      add_scaled(d, seen[i], back, N);
      add_scaled(b.dread + r * N, ahead, y, N);
      b.dread[r * N + i] += dot(back, y, N);
    }
    d[i] = 0;
    const T *before = b.links + i * N, w = written[i];
    const T total = lane_sum<T>(N, [=](int64_t j) { return d[j] * (precedence[j] - before[j]); });
#pragma GCC ivdep
    for (int64_t j = 0; j < N; ++j) {
      dwritten[j] -= d[j] * before[j];
      dprecedence[j] += w * d[j];
      d[j] *= 1 - w - written[j];
    }
    dwritten[i] += total;
  }
}

template <class T>
constexpr SlotKernels<T> kKernels = {cosine_forward<T>, cosine_backward<T>, write_forward<T>,
                                     write_backward<T>, link_forward<T>,    link_backward<T>};

}  // namespace

extern const SlotKernels<float> slots_f32 = kKernels<float>;
extern const SlotKernels<double> slots_f64 = kKernels<double>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA
