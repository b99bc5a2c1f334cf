// Matrix products in bf16 in panels, by AVX512_BF16, whose instruction multiplies pairs of terms.
#include <immintrin.h>

#include "tapehead/core/kernels/prepared_loops.h"
#include "tapehead/core/kernels/row_loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct Pairs {
  using Packed = int32_t;  // two neighbouring terms, the first in the lower half
  static constexpr int64_t kTerms = 2;

  static Vector<int32_t> along(const bfloat16* from, int64_t terms) {
    return (Vector<int32_t>)_mm512_maskz_loadu_epi16(first_of(terms, 32), from);
  }
  static Vector<int32_t> along(const float* from, int64_t terms) {
    const Vector<float> low = load_floats(from, terms);
    const Vector<float> high =
        terms > kLanes ? load_floats(from + kLanes, terms - kLanes) : Vector<float>{};
    return (Vector<int32_t>)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
  }
  template <class T>
  static Vector<int32_t> across(const T* from, int64_t step, int64_t lanes, int64_t terms) {
    const Words low = __builtin_convertvector(halves(from, lanes), Words);
    if (terms == 1) return (Vector<int32_t>)low;
    const Words high = __builtin_convertvector(halves(from + step, lanes), Words);
    return (Vector<int32_t>)(low | high << 16);
  }
  // The packed elements of two vectors of columns.
  static void across(const bfloat16* from, int64_t step, int64_t terms, Vector<int32_t> (&to)[2]) {
    const __m512i first = _mm512_loadu_si512(from);
    const __m512i second = terms > 1 ? _mm512_loadu_si512(from + step) : __m512i{};
    for (int v = 0; v < 2; ++v) {
      const Vector<int32_t> columns = kColumns + v * kLanes;
      const auto pairs = (__m512i)(columns | (columns + 32) << 16);
      to[v] = (Vector<int32_t>)_mm512_permutex2var_epi16(first, pairs, second);
    }
  }
  static Vector<int32_t> broadcast(int32_t x) { return Vector<int32_t>{} + x; }
  static Vector<float> multiply_add(Vector<float> sum, Vector<int32_t> left,
                                    Vector<int32_t> right) {
    return (Vector<float>)_mm512_dpbf16_ps((__m512)sum, (__m512bh)left, (__m512bh)right);
  }
  static void store_row(float* row, int64_t j, const Vector<float> (&x)[kPanelVectors]) {
    store(reinterpret_cast<uint16_t*>(row) + j, narrowed(x[0], x[1]));
  }
  static void store_panel(int32_t* to, const Vector<float> (&x)[kTerms]) {
    const Vector<uint16_t> halves = narrowed(x[0], x[1]);
    store(
        to, (Vector<int32_t>)[&]<int... I>(std::integer_sequence<int, I...>) {
          return __builtin_shufflevector(halves, halves, (I / 2 + I % 2 * kLanes)...);
        }(std::make_integer_sequence<int, 2 * kLanes>()));
  }
  static bool suits(const core::Product& p) { return p.m > 1 && p.n > 1 && p.k > 1; }
  static bool suits_rows(const core::PanelProduct& p) {
    return has_few_rows<Pairs>(p) && p.b_type == DType::bf16;
  }

 private:
  static Vector<uint16_t> narrowed(Vector<float> low, Vector<float> high) {
    return (Vector<uint16_t>)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
  }
  static constexpr Vector<int32_t> kColumns = {0, 1, 2,  3,  4,  5,  6,  7,
                                               8, 9, 10, 11, 12, 13, 14, 15};
  static __mmask32 first_of(int64_t n, int64_t most) {
    return n >= most ? ~__mmask32{0} : (__mmask32{1} << n) - 1;
  }
  static Halves halves(const bfloat16* from, int64_t n) {
    return (Halves)_mm256_maskz_loadu_epi16(static_cast<__mmask16>(first_of(n, 16)), from);
  }
  static Halves halves(const float* from, int64_t n) {
    return (Halves)_mm512_cvtneps_pbh((__m512)load_floats(from, n));
  }
};

}  // namespace

extern const PanelKernels bf16_panels_kernels = kPanelKernels<Pairs>;
extern const RowProductKernels bf16_row_products_kernels = kRowProductKernels<Pairs>;
extern const PreparedKernels bf16_prepared_kernels = kPreparedKernels<Pairs>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA
