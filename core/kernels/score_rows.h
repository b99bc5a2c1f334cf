// For kernel files: the softmax of attention scores and its gradient, which leave their results in
// the form in which prepared_products.h multiplies them, for each kind of panel_loops.h.
#pragma once

#include "tapehead/core/kernels/math.h"
#include "tapehead/core/kernels/panel_elements.h"
#include "tapehead/core/kernels/prepared_products.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// exp(x) for x <= 0 and a little more; less than exp(-87) counts as 0. NaN is propagated. The
// maximum error is 1.5 ulp or, if `kShort`, 3e-6 of the result, much less than bf16 resolves.
template <bool kShort>
inline Vector<float> exp_of_scores(Vector<float> x) {
  constexpr float kLog2E = 1.44269504f, kLeast = -87.0f;
#if defined(__AVX512F__)
  constexpr int kToNearest = 8;
  const auto n =
      (Vector<float>)_mm512_maskz_roundscale_ps(0xffff, (__m512)(x * kLog2E), kToNearest);
#else
  const Vector<float> rounded = x * kLog2E + kRound, n = rounded - kRound;
#endif
  Vector<float> y;
  if constexpr (kShort) {  // a minimax fit to 2^f for |f| <= 1/2
    const Vector<float> f = x * kLog2E - n;
    y = Vector<float>{} + 9.57010349e-3f;
    y = y * f + 5.59178681e-2f;
    y = y * f + 2.40247449e-1f;
    y = y * f + 6.93121814e-1f;
    y = y * f + 9.99999261e-1f;
  } else {  // as exp_parts()
    const Vector<float> r = (x - n * kLn2High) - n * kLn2Low;
    y = Vector<float>{} + 1.38143184e-3f;
    y = y * r + 8.36885128e-3f;
    y = y * r + 4.16684011e-2f;
    y = y * r + 1.66665195e-1f;
    y = y * r + 4.99999934e-1f;
    y = (y * (r * r) + r) + 1.0f;
  }
#if defined(__AVX512F__)
  const __mmask16 seen = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(kLeast), _CMP_NLT_UQ);
  return (Vector<float>)_mm512_maskz_scalef_ps(seen, (__m512)y, (__m512)n);
#else
  using Integers [[gnu::vector_size(kVectorBytes)]] = int32_t;
  const Integers k = (Integers)rounded - bits_of(kRound);
  return x < kLeast ? Vector<float>{} : y * (Vector<float>)((k + 127) << 23);
#endif
}

inline constexpr auto larger_of = [](auto a, auto b) { return b > a ? b : a; };

// The columns that kernels compute, rather than n.
inline int64_t whole_columns(int64_t n) { return round_up(n, kPanelColumns); }

template <class Kind>
float accumulate_prepared(float* x, int64_t n, int64_t columns, float* largest, double* sum) {
  constexpr float kLeast = -__builtin_inff();
  const int64_t whole = whole_columns(n);
  std::fill(x + n, x + whole, kLeast);
  Vector<float> top[kPanelVectors], total[kPanelVectors] = {};
  for (Vector<float>& lanes : top) lanes = Vector<float>{} + kLeast;
  for (int64_t j = 0; j < whole; j += kPanelColumns)
#pragma GCC unroll 2
    for (int v = 0; v < kPanelVectors; ++v) top[v] = larger_of(top[v], load(x + j + v * kLanes));
  const float before = *largest, here = across(larger_of(top[0], top[1]), larger_of);
  const float shift = here > before ? here : before;
  const float from = shift == kLeast ? 0.0f : shift;  // then all are -inf or NaN; NaN propagates
  for (int64_t j = 0; j < whole; j += kPanelColumns) {
    Vector<float> w[kPanelVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kPanelVectors; ++v) {
      w[v] = exp_of_scores<(Kind::kTerms > 1)>(load(x + j + v * kLanes) - from);
      total[v] += w[v];
    }
    Kind::store_row(x, j, w);
  }
  const Vector<float> zeros[kPanelVectors] = {};
  for (int64_t j = whole; j < columns; j += kPanelColumns) Kind::store_row(x, j, zeros);
  const float factor = here > before ? exp_of(before - shift) : 1.0f;
  *largest = shift;
  *sum = *sum * static_cast<double>(factor) +
         static_cast<double>(across(total[0] + total[1], [](auto a, auto b) { return a + b; }));
  return factor;
}

template <class Kind>
void score_gradients(const core::ScoreRows& s) {
  constexpr int kRows = Kind::kTerms;  // at a time
  using Packed = typename Kind::Packed;
  for (int64_t r = 0; r < s.rows; r += kRows) {
    float *x[kRows], *d[kRows], shift[kRows], delta[kRows];
    int64_t whole[kRows], most = 0;
    for (int i = 0; i < kRows; ++i) {
      // An odd last row is joined by a row of zeros.
      const bool exists = r + i < s.rows;
      const int64_t n = exists ? s.needed[r + i] : 0;
      x[i] = s.x + (r + i) * kRowStep;
      d[i] = s.d + (r + i) * kRowStep;
      whole[i] = whole_columns(n);
      most = std::max(most, whole[i]);
      std::fill(x[i] + n, x[i] + whole[i], -__builtin_inff());
      std::fill(d[i] + n, d[i] + whole[i], 0.0f);
      shift[i] = exists ? s.log_sums[r + i] : 0;
      delta[i] = exists ? s.deltas[r + i] : 0;
    }
    auto* const weights = reinterpret_cast<Packed*>(s.x + r / kRows * kRowStep);
    auto* const panels = s.panels ? static_cast<Packed*>(s.panels) + r / kRows * kRowStep : nullptr;
    for (int64_t j = 0; j < std::max(most, s.columns); j += kPanelColumns) {
      Vector<float> w[kPanelVectors][kRows], g[kRows][kPanelVectors], joined[kPanelVectors][kRows];
#pragma GCC unroll 2
      for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < kPanelVectors; ++v) {
          w[v][i] = g[i][v] = Vector<float>{};
          if (j < whole[i]) {
            const int64_t at = j + v * kLanes;
            w[v][i] = exp_of_scores<(Kind::kTerms > 1)>(load(x[i] + at) - shift[i]);
            g[i][v] = w[v][i] * (load(d[i] + at) - delta[i]);
          }
          joined[v][i] = g[i][v];
        }
      }
#pragma GCC unroll 2
      for (int v = 0; v < kPanelVectors; ++v) {
        Kind::store_panel(weights + j + v * kLanes, w[v]);
        if (panels) Kind::store_panel(panels + j + v * kLanes, joined[v]);
      }
#pragma GCC unroll 2
      for (int i = 0; i < kRows; ++i)
        if (r + i < s.rows) Kind::store_row(d[i], j, g[i]);
    }
  }
}

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA
