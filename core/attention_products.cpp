#include "tapehead/core/detail/attention_products.h"

#include <algorithm>
#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/strided.h"
#include "tapehead/core/kernels/attention_scores.h"
#include "tapehead/core/precision.h"

namespace tapehead::core {
namespace {

// Room for the vectors that kernels write beyond the last element.
constexpr int64_t kSlack = 64;

Tensor packed_room(Tensor& held, int64_t elements) {
  if (!held.defined() || held.numel() < elements + kSlack)
    held = empty({elements + kSlack}, DType::f32);
  return held;
}

constexpr int64_t kFewQueries = 8;  // for which it does not pay to pack keys and values

bool has_rows(const Tensor& keys) { return keys.strides()[3] == 1 || keys.strides()[2] == 1; }

// The rows of gradients of keys, [D, keys].
int64_t gradient_row(int64_t keys) { return ceil_div(keys, 16) * 16 + 16; }

}  // namespace

template <class T>
TensorRows<T>::TensorRows(const Tensor& t) {
  if (!t.defined()) return;
  data_ = t.raw();
  width_ = t.size(3);
  dtype_ = t.dtype();
  for (int i = 0; i < 4; ++i) step_[i] = t.strides()[i];
}

template <class T>
char* TensorRows<T>::at(int64_t i, int64_t j, int64_t k) const {
  return data_ + (i * step_[0] + j * step_[1] + k * step_[2]) * size_of(dtype_);
}

template <class T>
void TensorRows<T>::read(T* to, int64_t i, int64_t j, int64_t k, int64_t rows, T scale) const {
  if (step_[3] == 1)
    return kernels::attention<T>().read(to, at(i, j, k), dtype_, step_[2], rows, width_, scale);
  for (int64_t r = 0; r < rows; ++r, to += width_) {
    strided::convert(dtype_, at(i, j, k + r), step_[3], dtype_of<T>(), to, 1, width_);
    strided::multiply(to, 1, to, 1, scale, width_);
  }
}

template <class T>
void TensorRows<T>::write(const T* from, int64_t i, int64_t j, int64_t k, int64_t rows,
                          const T* scales, int64_t scale_step) const {
  kernels::attention<T>().write(from, at(i, j, k), dtype_, step_[2], rows, width_, scales,
                                scale_step);
}

template <class T>
bool AttentionProducts<T>::packs(const AttentionTensors& in) {
  constexpr int64_t kWidest = 384;  // of a head
  if (sizeof(T) != sizeof(float) || !has_own_products()) return false;
  return has_rows(in.k) && in.q.size(2) >= kFewQueries && in.q.size(3) > 0 && in.v.size(3) > 0 &&
         in.q.size(3) <= kWidest && in.v.size(3) <= kWidest;
}

template <class T>
bool AttentionProducts<T>::reads_bf16(const AttentionTensors& in) {
  return sizeof(T) == sizeof(float) && in.q.dtype() == DType::bf16 && in.q.size(2) < kFewQueries &&
         has_rows(in.k) && has_rows(in.v);
}

bool cuts_pairs(const AttentionSpec& spec, const AttentionTensors& in) {
  return spec.left < kUnlimited && ((spec.start - spec.left) % 2 != 0 || in.query_starts.defined());
}

template <class T>
AttentionProducts<T>::AttentionProducts(const AttentionSpec& spec, const AttentionTensors& in,
                                        bool backward)
    : spec_(spec), backward_(backward), q_(in.q), k_(in.k), v_(in.v), query_scale_(spec.scale) {
  query_.resize(static_cast<size_t>(kTileRows * q_.width()));
  g_.resize(backward ? static_cast<size_t>(kTileRows * v_.width()) : 0);
  const bool packed = packs(in);
  const bool half = q_.dtype() == DType::bf16 ||
                    (packed && !cuts_pairs(spec, in) && matmul_precision() == Precision::medium);
  if (packed) kernels_ = half ? &kernels::bf16_prepared() : &kernels::prepared();
  if (half && spec.scale != 0 && std::isfinite(spec.scale)) {
    // Queries in bf16 are multiplied by a power of two, which is exact.
    query_scale_ =
        std::copysign(std::exp2(std::floor(std::log2(std::abs(spec.scale)))), spec.scale);
    score_scale_ = spec.scale / query_scale_;
  }
}

// The keys or values of the head, from one on.
template <class T>
Matrix AttentionProducts<T>::matrix(const TensorRows<T>& x, int64_t key, bool transposed) const {
  const char* data = x.at(sequence_.batch, key_head_, sequence_.first_key + key);
  if (transposed) return {data, x.column(), x.row()};
  return {data, x.row(), x.column()};
}

// Packs all keys or values of the head; with keys as columns, if `transposed`, or as terms.
template <class T>
void AttentionProducts<T>::pack(const TensorRows<T>& from, bool transposed, Tensor& to) {
  const int64_t terms = transposed ? from.width() : sequence_.keys;
  const int64_t columns = transposed ? sequence_.keys : from.width(), width = kernels_->width();
  packed_room(to, ceil_div(terms, kernels_->terms()) * ceil_div(columns, width) * width);
  const PanelProduct p{
      .n = columns, .k = terms, .b = matrix(from, 0, transposed), .b_type = from.dtype()};
  kernels_->pack(p, to.raw());
}

template <class T>
void AttentionProducts<T>::clear(Tensor& gradients, int64_t width) {
  const int64_t n = kernels_ ? width * gradient_row(sequence_.keys) : width * sequence_.keys;
  if (!gradients.defined() || gradients.numel() < n) gradients = empty({n}, dtype_of<T>());
  std::fill_n(gradients.data<T>(), n, T(0));
}

template <class T>
void AttentionProducts<T>::set_head(const Sequence& sequence, int64_t key_head) {
  const bool same = key_head_ == key_head && sequence_.batch == sequence.batch &&
                    sequence_.first_key == sequence.first_key && sequence_.keys == sequence.keys;
  sequence_ = sequence;
  key_head_ = key_head;
  if (!same && kernels_) {
    pack(k_, true, k_columns_);
    if (!backward_) pack(v_, false, v_terms_);
    else pack(v_, true, v_columns_), pack(k_, false, k_terms_);
  }
  if (!backward_) return;
  clear(dk_, k_.width());
  clear(dv_, v_.width());
}

template <class T>
void AttentionProducts<T>::set_queries(const Sequence& sequence, const ScoreTile& tile) {
  const int64_t D = q_.width();
  rows_ = tile.rows;
  q_.read(query_.data(), sequence.batch, tile.head, sequence.first_query + tile.row, rows_,
          static_cast<T>(query_scale_));
  if constexpr (sizeof(T) == sizeof(float)) {
    if (!kernels_) return;
    kernels_->rows(query_.data(), D, rows_, D, packed_room(q_rows_, kTileRows * kTileStep).raw());
    if (backward_)
      kernels_->columns(query_.data(), D, D, rows_,
                        packed_room(q_columns_, kTileRows * (D + kSlack) * 2).raw());
  }
}

template <class T>
void AttentionProducts<T>::set_result_gradient(const T* g) {
  const int64_t E = v_.width();
  if (!kernels_) std::copy_n(g, rows_ * E, g_.data());
  if constexpr (sizeof(T) == sizeof(float)) {
    if (!kernels_) return;
    kernels_->rows(g, E, rows_, E, packed_room(g_rows_, kTileRows * kTileStep).raw());
    kernels_->columns(g, E, E, rows_, packed_room(g_columns_, kTileRows * (E + kSlack) * 2).raw());
  }
}

template <class T>
void AttentionProducts<T>::set_keys(const Sequence& sequence, const ScoreTile& tile, bool hides) {
  column_ = tile.column;
  columns_ = tile.columns;
  prepared_ = false;
  std::fill_n(needed_, rows_, columns_);
  if (!kernels_) return;
  const int64_t groups = kernels_->groups(rows_), terms = kernels_->terms();
  // Row r sees keys up to limit + r of the tile.
  const int64_t limit = hides ? sequence.start + tile.row - tile.column + spec_.right : columns_;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t first = kernels_->first_row(rows_, g), end = kernels_->first_row(rows_, g + 1);
    group_columns_[g] = std::clamp<int64_t>(limit + end, 0, columns_);
    group_ends_[g] = ceil_div(group_columns_[g], terms);
    std::fill_n(needed_ + first, end - first, group_columns_[g]);
  }
  for (int64_t j = 0; j < columns_; j += kernels_->width())
    begins_[j / kernels_->width()] = std::clamp<int64_t>(j - limit, 0, rows_) / terms;
}

// x = a keys', for the columns of the tile: a are the queries or the gradient of the result, keys
// the keys or values; `rows` and `panels` are their packed forms.
template <class T>
void AttentionProducts<T>::multiply_keys(const std::vector<T>& a, const Tensor& rows,
                                         const TensorRows<T>& keys, const Tensor& panels, T* x) {
  const int64_t terms = keys.width();
  if (!kernels_)
    return gemm({dtype_of<T>(), keys.dtype(), dtype_of<T>()}, rows_, columns_, terms,
                {a.data(), terms, 1}, matrix(keys, column_, true), x, kTileStep, 0, nullptr);
  if constexpr (sizeof(T) == sizeof(float)) {
    const int64_t width = kernels_->width(), depth = ceil_div(terms, kernels_->terms());
    const int64_t before = column_ % width;  // columns of the first panel that are not in the tile
    int64_t columns[kTileRows];
    const int64_t groups = kernels_->groups(rows_);
    for (int64_t g = 0; g < groups; ++g) columns[g] = group_columns_[g] + before;
    kernels_->multiply_rows({.m = rows_,
                             .n = columns_ + before,
                             .depth = depth,
                             .a = rows.raw(),
                             .b = panels.data<float>() + (column_ - before) * depth,
                             .b_row = width,
                             .b_panel = width * depth,
                             .c = x - before,
                             .row = kTileStep,
                             .add = false,
                             .columns = columns,
                             .ends = nullptr,
                             .begins = nullptr});
  }
}

template <class T>
T AttentionProducts<T>::accumulate(T* x, int64_t r, T* largest, double* sum) {
  if constexpr (sizeof(T) == sizeof(float)) {
    prepared_ = true;
    return kernels_->accumulate(x, needed_[r], columns_, largest, sum);
  }
  return 1;
}

template <class T>
void AttentionProducts<T>::score_gradients(T* x, T* d, const T* log_sums, const T* deltas) {
  if constexpr (sizeof(T) == sizeof(float)) {
    prepared_ = true;
    void* const panels =
        kernels_->terms() > 1 ? packed_room(score_panels_, kTileRows * kTileStep).raw() : nullptr;
    kernels_->score_gradients({rows_, columns_, x, d, needed_, log_sums, deltas, panels});
  }
}

template <class T>
void AttentionProducts<T>::scores(T* x) {
  multiply_keys(query_, q_rows_, k_, k_columns_, x);
  if (score_scale_ != 1)
    for (int64_t r = 0; r < rows_; ++r)
      strided::multiply(x + r * kTileStep, 1, x + r * kTileStep, 1, static_cast<T>(score_scale_),
                        needed_[r]);
}

template <class T>
void AttentionProducts<T>::value_products(T* x) {
  multiply_keys(g_, g_rows_, v_, v_columns_, x);
}

// sum += w keys, for the columns of the tile: keys are the keys or values, `panels` their packed
// form.
template <class T>
void AttentionProducts<T>::multiply_rows(T* w, const TensorRows<T>& keys, const Tensor& panels,
                                         T* sum) {
  const int64_t n = keys.width();
  if (!kernels_)
    return gemm({dtype_of<T>(), keys.dtype(), dtype_of<T>()}, rows_, n, columns_, {w, kTileStep, 1},
                matrix(keys, column_, false), sum, n, 1, nullptr);
  if constexpr (sizeof(T) == sizeof(float)) {
    const int64_t width = kernels_->width(), terms = kernels_->terms();
    const int64_t depth = ceil_div(sequence_.keys, terms);
    const void* rows = w;
    if (terms > 1 && !prepared_) {
      packed_room(score_rows_, kTileRows * kTileStep);
      const int64_t groups = kernels_->groups(rows_);
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t first = kernels_->first_row(rows_, g);
        kernels_->rows(w + first * kTileStep, kTileStep, kernels_->first_row(rows_, g + 1) - first,
                       group_columns_[g], score_rows_.data<float>() + first * kTileStep);
      }
      rows = score_rows_.raw();
    }
    kernels_->multiply_rows({.m = rows_,
                             .n = n,
                             .depth = ceil_div(columns_, terms),
                             .a = rows,
                             .b = panels.data<float>() + column_ / terms * width,
                             .b_row = width,
                             .b_panel = width * depth,
                             .c = sum,
                             .row = n,
                             .add = true,
                             .columns = nullptr,
                             .ends = group_ends_,
                             .begins = nullptr});
  }
}

template <class T>
void AttentionProducts<T>::add_values(T* w, T* sum) {
  multiply_rows(w, v_, v_terms_, sum);
}

template <class T>
void AttentionProducts<T>::add_query_gradients(T* d, T* q) {
  multiply_rows(d, k_, k_terms_, q);
}

// to += x' b, for the columns of the tile: b [rows, width] are the queries or the gradient of the
// result, `columns` their packed form, with which `to` is transposed; `panels` is that of x, if it
// is prepared.
template <class T>
void AttentionProducts<T>::add_gradients(const T* x, const void* panels, const std::vector<T>& b,
                                         const Tensor& columns, int64_t width, Tensor& to) {
  if (!kernels_)
    return gemm(dtype_of<T>(), columns_, width, rows_, {x, 1, kTileStep}, {b.data(), width, 1},
                to.data<T>() + column_ * width, width, 1);
  if constexpr (sizeof(T) == sizeof(float)) {
    if (!prepared_ && kernels_->terms() > 1) {
      kernels_->panels(x, rows_, columns_, packed_room(score_panels_, kTileRows * kTileStep).raw());
      panels = score_panels_.raw();
    }
    const int64_t row = gradient_row(sequence_.keys);
    kernels_->multiply_columns({.m = width,
                                .n = columns_,
                                .depth = ceil_div(rows_, kernels_->terms()),
                                .a = columns.raw(),
                                .b = panels,
                                .b_row = kTileStep,
                                .b_panel = kernels_->width(),
                                .c = to.data<float>() + column_,
                                .row = row,
                                .add = true,
                                .columns = nullptr,
                                .ends = nullptr,
                                .begins = begins_});
  }
}

template <class T>
void AttentionProducts<T>::add_value_gradients(const T* w) {
  add_gradients(w, w, g_, g_columns_, v_.width(), dv_);
}

template <class T>
void AttentionProducts<T>::add_key_gradients(const T* d) {
  const bool apart = prepared_ && kernels_->terms() > 1;
  const void* const panels = apart ? static_cast<const void*>(score_panels_.raw()) : d;
  add_gradients(d, panels, query_, q_columns_, k_.width(), dk_);
}

template <class T>
void AttentionProducts<T>::write_gradients(const TensorRows<T>& to, const Tensor& gradients,
                                           T scale) {
  constexpr int64_t kRows = 64;
  const int64_t n = to.width(), row = gradient_row(sequence_.keys);
  transposed_.resize(static_cast<size_t>(kRows * n + kSlack));
  for (int64_t j = 0; j < sequence_.keys; j += kRows) {
    const int64_t count = std::min(kRows, sequence_.keys - j);
    const T* from = gradients.data<T>() + j * n;
    if constexpr (sizeof(T) == sizeof(float))
      if (kernels_) {
        kernels_->transpose(gradients.data<float>() + j, row, n, count, transposed_.data(), n);
        from = transposed_.data();
      }
    to.write(from, sequence_.batch, key_head_, sequence_.first_key + j, count, &scale, 0);
  }
}

template <class T>
void AttentionProducts<T>::write_key_gradients(const TensorRows<T>& dk, const TensorRows<T>& dv) {
  write_gradients(dk, dk_, static_cast<T>(score_scale_));
  write_gradients(dv, dv_, T(1));
}

template class TensorRows<float>;
template class TensorRows<double>;
template class AttentionProducts<float>;
template class AttentionProducts<double>;

}  // namespace tapehead::core
