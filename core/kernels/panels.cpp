// Matrix products in f32 in panels, of operands in f32 and bf16.
#include "tapehead/core/kernels/prepared_loops.h"
#include "tapehead/core/kernels/row_loops.h"
#include "tapehead/core/kernels/small_products.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct Floats {
  using Packed = float;
  static constexpr int64_t kTerms = 1;  // of the sums in a packed element

  // Packed elements of a row of A or column of B that is contiguous and has `terms` more terms.
  template <class T>
  static Vector<float> along(const T* from, int64_t terms) {
    return load_floats(from, terms);
  }
  // The packed elements of `lanes` columns of A or rows of B, whose terms are `step` apart.
  template <class T>
  static Vector<float> across(const T* from, int64_t, int64_t lanes, int64_t) {
    return load_floats(from, lanes);
  }
  // The packed elements of two vectors of columns.
  template <class T>
  static void across(const T* from, int64_t, int64_t, Vector<float> (&to)[2]) {
    for (int v = 0; v < 2; ++v) to[v] = load_floats(from + v * kLanes, kLanes);
  }
  static float broadcast(float x) { return x; }
  template <class Left>  // a number or a vector
  static Vector<float> multiply_add(Vector<float> sum, Left left, Vector<float> right) {
    return sum + left * right;
  }
  static void store_row(float* row, int64_t j, const Vector<float> (&x)[kPanelVectors]) {
    for (int v = 0; v < kPanelVectors; ++v) store(row + j + v * kLanes, x[v]);
  }
  static void store_panel(float* to, const Vector<float> (&x)[kTerms]) { store(to, x[0]); }
  static bool suits(const core::Product& p) {
    return kHasPanels && p.m > 1 && p.n > 1 && p.k > 1 && !suits_tile_products(p);
  }
  static bool suits_rows(const core::PanelProduct& p) {
    constexpr int64_t kSmall = 4096, kFewTerms = 64;  // packing A takes too long
    if (!has_few_rows<Floats>(p)) return false;
    if (p.b_type == DType::bf16) return true;
    if (p.n * p.k < kSmall && (p.m == 1 || p.k < kFewTerms)) return false;
    return kHasPanels && p.n > 1 &&
           (p.m == 1 || !suits_tile_products({p.m, p.n, p.k, p.a, p.b, p.c, p.row, p.beta}));
  }
};

}  // namespace

extern const PanelKernels panels_kernels = kPanelKernels<Floats>;
extern const PanelKernels bf16_panels_kernels = kPanelKernels<Floats>;
extern const RowProductKernels row_products_kernels = kRowProductKernels<Floats>;
extern const RowProductKernels bf16_row_products_kernels = kRowProductKernels<Floats>;
extern const PreparedKernels prepared_kernels = kPreparedKernels<Floats>;
extern const PreparedKernels bf16_prepared_kernels = kPreparedKernels<Floats>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA
