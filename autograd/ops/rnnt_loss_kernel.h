// Kernels of rnnt_loss: forward and backward over the lattice of one sequence, in log space.
//
// T frames, U targets, V symbols including the blank. Node (t, u) has emitted u symbols before
// frame t; a blank leads to (t + 1, u), target u to (t, u + 1). All nodes of a diagonal t + u
// depend on the diagonal before only, so a lattice is stored as a matrix [T + U, W] of diagonals:
// node (t, u) in row t + u and column u + 1. Column 0, those after the last node, and the nodes
// outside of the lattice are impossible, so that loops need no special cases. Each diagonal is
// divided by its largest value, whose log is kept in `shifts`, so that f32 is precise for any
// number of frames.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct RnntSequence {
  const T* logits;              ///< [frames, stride, classes]
  int64_t stride;               ///< nodes of a frame of the logits, at least length + 1
  int64_t frames, length;       ///< T, at least 1, and U
  int64_t classes, blank;       ///< V
  const int64_t* targets;       ///< [U]
  int64_t width;                ///< W, at least U + 3
  T *blanks, *symbols, *norms;  ///< [T + U, W]: log-probabilities, and the logsumexp of the logits
  T* prefixes;                  ///< [T + U, W]: log-probabilities to reach the nodes
  double* shifts;               ///< [T + U]
};

template <class T>
struct RnntKernels {
  /// Writes `blanks`, `symbols` and `norms` of frame t. Logits are log-probabilities unless
  /// `normalize`.
  void (*emissions)(const RnntSequence<T>& sequence, int64_t t, bool normalize);
  /// Writes `prefixes` and `shifts`; returns the log-probability of the targets, or minus infinity.
  double (*forward)(const RnntSequence<T>& sequence);
  /// Writes the probabilities, given the targets, that a blank or target is emitted at each node.
  /// `rows` [2, W] is scratch.
  void (*flows)(const RnntSequence<T>& sequence, double log_prob, T* blank_flow, T* symbol_flow,
                T* rows);
  /// Writes the gradient of the loss, limited to +- clamp if that is above 0, times scale, with
  /// respect to the logits of frame t, to dx [U + 1, V].
  void (*gradient)(const RnntSequence<T>& sequence, int64_t t, const T* blank_flow,
                   const T* symbol_flow, bool normalize, T clamp, T scale, T* dx);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(rnnt, RnntKernels, "rnnt_loss")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/log_space.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void rnnt_emissions(const RnntSequence<T>& q, int64_t t, bool normalize) {
  for (int64_t u = 0; u <= q.length; ++u) {
    const T* x = q.logits + (t * q.stride + u) * q.classes;
    const int64_t at = (t + u) * q.width + u + 1;
    T norm = 0;
    if (normalize) {
      const T most = possible(row_max<T>(q.classes, [=](int64_t v) { return x[v]; }));
      norm = most + log_of(static_cast<T>(
                        row_sum<T>(q.classes, [=](int64_t v) { return exp_of(x[v] - most); })));
    }
    q.norms[at] = norm;
    q.blanks[at] = possible(x[q.blank] - norm);
    if (u < q.length) q.symbols[at] = possible(x[q.targets[u]] - norm);
  }
}

// Calls f(begin, end) with the columns of the nodes of diagonal d.
template <class T, class F>
inline void nodes_of_diagonal(const RnntSequence<T>& q, int64_t d, F f) {
  const int64_t first = d < q.frames ? 0 : d - q.frames + 1, last = d < q.length ? d : q.length;
  f(first + 1, last + 2);
}

template <class T>
double rnnt_forward(const RnntSequence<T>& q) {
  const int64_t W = q.width, last = q.frames + q.length - 1;
  q.prefixes[1] = 0;
  q.shifts[0] = 0;
  for (int64_t d = 1; d <= last; ++d) {
    T* now = q.prefixes + d * W;
    const T *before = now - W, *blank = q.blanks + (d - 1) * W, *symbol = q.symbols + (d - 1) * W;
    nodes_of_diagonal(q, d, [&](int64_t begin, int64_t end) {
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i)
        now[i] = possible(log_add(before[i] + blank[i], before[i - 1] + symbol[i - 1]));
      q.shifts[d] = q.shifts[d - 1] + normalise(now + begin, end - begin);
    });
  }
  const int64_t at = last * W + q.length + 1;
  const T log_prob = q.prefixes[at] + q.blanks[at];
  return log_prob < kNever<T> / 2 ? static_cast<double>(-kInfinity)
                                  : static_cast<double>(log_prob) + q.shifts[last];
}

template <class T>
void rnnt_flows(const RnntSequence<T>& q, double log_prob, T* blank_flow, T* symbol_flow, T* rows) {
  const int64_t W = q.width;
  // Log-probabilities to get from the nodes of the next diagonal, and of this one, to the end.
  T *next = rows, *now = rows + W;
  for (int64_t i = 0; i < 2 * W; ++i) rows[i] = kNever<T>;
  next[q.length + 1] = 0;
  double shift = 0;
  for (int64_t d = q.frames + q.length - 1; d >= 0; --d) {
    const T *blank = q.blanks + d * W, *symbol = q.symbols + d * W, *prefix = q.prefixes + d * W;
    T *of_blank = blank_flow + d * W, *of_symbol = symbol_flow + d * W;
    const T rest = static_cast<T>(q.shifts[d] + shift - log_prob);
    nodes_of_diagonal(q, d, [&](int64_t begin, int64_t end) {
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i) {
        const T with_blank = blank[i] + next[i], with_symbol = symbol[i] + next[i + 1];
        of_blank[i] = exp_of(prefix[i] + with_blank + rest);
        of_symbol[i] = exp_of(prefix[i] + with_symbol + rest);
        now[i] = possible(log_add(with_blank, with_symbol));
      }
      shift += normalise(now + begin, end - begin);
    });
    T* const swapped = next;
    next = now;
    now = swapped;
  }
}

template <class T>
void rnnt_gradient(const RnntSequence<T>& q, int64_t t, const T* blank_flow, const T* symbol_flow,
                   bool normalize, T clamp, T scale, T* dx) {
  const int64_t V = q.classes;
  for (int64_t u = 0; u <= q.length; ++u, dx += V) {
    const T* x = q.logits + (t * q.stride + u) * V;
    const int64_t at = (t + u) * q.width + u + 1;
    const T of_blank = blank_flow[at], of_symbol = u < q.length ? symbol_flow[at] : 0;
    const T norm = q.norms[at], flow = normalize ? of_blank + of_symbol : 0;
    const T factor = clamp > 0 ? T(1) : scale;
    if (flow > 0) {
#pragma GCC ivdep
      for (int64_t v = 0; v < V; ++v) dx[v] = exp_of(x[v] - norm) * (flow * factor);
    } else {
      for (int64_t v = 0; v < V; ++v) dx[v] = 0;
    }
    dx[q.blank] -= of_blank * factor;
    if (u < q.length) dx[q.targets[u]] -= of_symbol * factor;
    if (!(clamp > 0)) continue;
#pragma GCC ivdep
    for (int64_t v = 0; v < V; ++v) {
      const T limited = dx[v] < -clamp ? -clamp : dx[v];
      dx[v] = (limited > clamp ? clamp : limited) * scale;
    }
  }
}

}  // namespace

extern const RnntKernels<float> rnnt_f32 = {rnnt_emissions<float>, rnnt_forward<float>,
                                            rnnt_flows<float>, rnnt_gradient<float>};
extern const RnntKernels<double> rnnt_f64 = {rnnt_emissions<double>, rnnt_forward<double>,
                                             rnnt_flows<double>, rnnt_gradient<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif
