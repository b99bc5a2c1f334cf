// Kernels of ctc_loss: forward and backward over the frames of one sequence, in log space.
//
// The states of a target of S symbols are its S + 1 blanks, of which blank i precedes symbol i, and
// its S symbols. The scores of a frame are a row of 2 W values, W = S + 1: those of the blanks,
// then a value that is always impossible, then those of the symbols, so that loops need no special
// first element. Each row is divided by its largest value, whose log is kept in `shifts`, so that
// f32 is precise for any number of frames.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct CtcSequence {
  const T* log_probs;      ///< of frame 0
  int64_t stride, frames;  ///< elements between frames; number of frames, at least 1
  const int64_t* symbols;  ///< [S]
  int64_t length, blank;   ///< S
  T* scores;               ///< [frames, 2 W], the log-probabilities of prefixes
  double* shifts;          ///< [frames]
  T* scratch;              ///< [kScratchRows W]
};
inline constexpr int64_t kCtcScratchRows = 6;

template <class T>
struct CtcKernels {
  /// Writes scores and shifts; returns the log-probability of the target, or minus infinity.
  double (*forward)(const CtcSequence<T>& sequence);
  /// Adds -scale times the probability of each symbol in each frame, given the target, to dx, which
  /// has the strides of log_probs.
  void (*backward)(const CtcSequence<T>& sequence, double log_prob, T* dx, T scale);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(ctc, CtcKernels, "ctc_loss")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/log_space.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// skip[i] is 0 if symbol i may follow symbol i - 1 without a blank between them, else kNever.
template <class T>
void find_skips(const CtcSequence<T>& q, T* skip) {
  for (int64_t i = 0; i <= q.length; ++i)
    skip[i] = i > 0 && i < q.length && q.symbols[i] != q.symbols[i - 1] ? 0 : kNever<T>;
}

template <class T>
double forward(const CtcSequence<T>& q) {
  const int64_t S = q.length, W = S + 1;
  T *skip = q.scratch, *emitted = skip + W;
  find_skips(q, skip);
  double shift = 0;
  for (int64_t t = 0; t < q.frames; ++t) {
    const T* frame = q.log_probs + t * q.stride;
    T *blanks = q.scores + t * 2 * W, *symbols = blanks + W;
    const T blank = possible(frame[q.blank]);
    for (int64_t i = 0; i < S; ++i) emitted[i] = possible(frame[q.symbols[i]]);
    symbols[0] = kNever<T>;
    if (t == 0) {
      for (int64_t i = 1; i < W; ++i) blanks[i] = symbols[i] = kNever<T>;
      blanks[0] = blank;
      if (S > 0) symbols[1] = emitted[0];
    } else {
      const T *from_blanks = blanks - 2 * W, *from_symbols = symbols - 2 * W;
#pragma GCC ivdep
      for (int64_t i = 0; i < W; ++i)
        blanks[i] = possible(log_add(from_blanks[i], from_symbols[i]) + blank);
#pragma GCC ivdep
      for (int64_t i = 0; i < S; ++i)
        symbols[i + 1] = possible(
            log_add(from_symbols[i + 1], from_blanks[i], from_symbols[i] + skip[i]) + emitted[i]);
    }
    shift += normalise(blanks, 2 * W);
    q.shifts[t] = shift;
  }
  const T* last = q.scores + (q.frames - 1) * 2 * W;
  const T log_prob = log_add(last[S], last[2 * W - 1]);
  return log_prob < kNever<T> / 2 ? static_cast<double>(-kInfinity)
                                  : static_cast<double>(log_prob) + shift;
}

template <class T>
void backward(const CtcSequence<T>& q, double log_prob, T* dx, T scale) {
  const int64_t S = q.length, W = S + 1;
  // The scores of suffixes after a frame, and of those that include the frame.
  T *skip = q.scratch, *blanks = skip + W, *symbols = blanks + W, *with_blank = symbols + W,
    *with_symbol = with_blank + W, *posterior = with_symbol + W;
  find_skips(q, skip);
  for (int64_t i = 0; i < W; ++i) blanks[i] = symbols[i] = kNever<T>;
  blanks[S] = 0;
  if (S > 0) symbols[S - 1] = 0;
  double shift = 0;
  for (int64_t t = q.frames - 1; t >= 0; --t) {
    const T* frame = q.log_probs + t * q.stride;
    T* row = dx + t * q.stride;
    const T *prefix_blanks = q.scores + t * 2 * W, *prefix_symbols = prefix_blanks + W + 1;
    const T rest = static_cast<T>(q.shifts[t] + shift - log_prob);
#pragma GCC ivdep
    for (int64_t i = 0; i < W; ++i) posterior[i] = exp_of(prefix_blanks[i] + blanks[i] + rest);
    row[q.blank] -= scale * static_cast<T>(row_sum<T>(W, [=](int64_t i) { return posterior[i]; }));
#pragma GCC ivdep
    for (int64_t i = 0; i < S; ++i) posterior[i] = exp_of(prefix_symbols[i] + symbols[i] + rest);
    for (int64_t i = 0; i < S; ++i) row[q.symbols[i]] -= scale * posterior[i];

    const T blank = possible(frame[q.blank]);
    for (int64_t i = 0; i < S; ++i)
      with_symbol[i] = possible(possible(frame[q.symbols[i]]) + symbols[i]);
    with_symbol[S] = kNever<T>;
#pragma GCC ivdep
    for (int64_t i = 0; i < W; ++i) with_blank[i] = possible(blank + blanks[i]);
#pragma GCC ivdep
    for (int64_t i = 0; i < W; ++i) blanks[i] = log_add(with_blank[i], with_symbol[i]);
#pragma GCC ivdep
    for (int64_t i = 0; i < S; ++i)
      symbols[i] = log_add(with_symbol[i], with_blank[i + 1], with_symbol[i + 1] + skip[i + 1]);
    shift += normalise(blanks, 2 * W);
  }
}

}  // namespace

extern const CtcKernels<float> ctc_f32 = {forward<float>, backward<float>};
extern const CtcKernels<double> ctc_f64 = {forward<double>, backward<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif
