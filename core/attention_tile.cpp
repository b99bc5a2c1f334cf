#include "tapehead/core/detail/attention_tile.h"

#include <algorithm>
#include <limits>

#include "tapehead/core/detail/strided.h"
#include "tapehead/core/kernels/attention_scores.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead::core {
namespace {

// Splits a row's columns into runs and calls f(column, n, entry, step) for each. Table entries at
// consecutive distances are entry, entry + step, ...; distances beyond the table use its first or
// last entry.
template <class F>
void each_run(int64_t index, int64_t columns, int64_t entries, F f) {
  const int64_t inside = std::clamp<int64_t>(-index, 0, columns);
  const int64_t above = std::clamp<int64_t>(entries - index, inside, columns);
  if (inside > 0) f(int64_t{0}, inside, int64_t{0}, int64_t{0});
  if (above > inside) f(inside, above - inside, index + inside, int64_t{1});
  if (columns > above) f(above, columns - above, entries - 1, int64_t{0});
}

// Table index for the distance between row r and the first column of the tile.
int64_t index_of(const Sequence& s, const ScoreTile& t, int64_t r, int64_t entries) {
  return t.column - (t.row + r + s.start) + entries / 2;
}

// The rows of a tile without the gaps, and back.
template <class T>
Tensor dense(const T* x, const ScoreTile& tile) {
  const Tensor out = empty({tile.rows, tile.columns}, dtype_of<T>());
  for (int64_t r = 0; r < tile.rows; ++r)
    std::copy_n(x + r * kTileStep, tile.columns, out.data<T>() + r * tile.columns);
  return out;
}
template <class T>
void spread(const Tensor& from, const ScoreTile& tile, T* x) {
  for (int64_t r = 0; r < tile.rows; ++r)
    std::copy_n(from.data<T>() + r * tile.columns, tile.columns, x + r * kTileStep);
}

}  // namespace

template <class T>
TileScores<T>::TileScores(const AttentionSpec& spec, const AttentionTensors& in, bool backward)
    : spec_(spec),
      in_(in),
      backward_(backward),
      width_(in.q.size(3)),
      bias_(in.bias),
      distance_(in.distance),
      keys_(in.keys),
      values_(in.values),
      q_(in.q),
      relative_(in.relative),
      mask_(in.mask),
      scores_(empty({(kTileRows + 1) * kTileStep}, dtype_of<T>())),
      query_(in.keys.defined() ? static_cast<size_t>(kTileRows * width_) : 0),
      capped_(backward && spec.softcap > 0 ? kTileRows * kTileStep : 0),
      products_(spec, in, backward) {
  if (backward) gradient_ = empty_like(scores_);
}

// Keeps r, multiplied by the scale, for the products with the table of keys.
template <class T>
void TileScores<T>::set_queries(const Sequence& sequence, const ScoreTile& tile) {
  products_.set_queries(sequence, tile);
  if (!keys_) return;
  const T scale = static_cast<T>(spec_.scale);
  const int64_t row = sequence.first_query + tile.row;
  const TensorRows<T>& from = relative_ ? relative_ : q_;
  from.read(query_.data(), sequence.batch, tile.head, row, tile.rows, scale);
}

template <class T>
void TileScores<T>::visible(const Sequence& sequence, const ScoreTile& tile, int64_t* first,
                            int64_t* last) const {
  const int64_t position = sequence.start + tile.row;
  *first = std::clamp<int64_t>(position - spec_.left, 0, sequence.keys);
  *last = std::clamp<int64_t>(position + tile.rows - 1 + spec_.right + 1, *first, sequence.keys);
}

template <class T>
auto TileScores<T>::window(const Sequence& sequence, const ScoreTile& tile, int64_t entries) const
    -> Window {
  const auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i, 0, entries - 1); };
  const int64_t first = clamp(index_of(sequence, tile, tile.rows - 1, entries));
  const int64_t last = clamp(index_of(sequence, tile, 0, entries) + tile.columns - 1);
  return {first, last - first + 1};
}

// Adds to each score in x the table entry for its distance; `table` starts at entry `first`.
template <class T>
void TileScores<T>::gather(const Sequence& sequence, const ScoreTile& tile, int64_t entries,
                           const T* table, int64_t row_step, int64_t first, T* x) const {
  for (int64_t r = 0; r < tile.rows; ++r)
    each_run(index_of(sequence, tile, r, entries), tile.columns, entries,
             [&](int64_t column, int64_t n, int64_t entry, int64_t step) {
               strided::add(x + r * kTileStep + column, 1, table + r * row_step + entry - first,
                            step, n);
             });
}

// Adds each element of x to the table entry for its distance.
template <class T>
void TileScores<T>::scatter(const Sequence& sequence, const ScoreTile& tile, int64_t entries,
                            const T* x, T* table, int64_t row_step, int64_t first) const {
  for (int64_t r = 0; r < tile.rows; ++r)
    each_run(index_of(sequence, tile, r, entries), tile.columns, entries,
             [&](int64_t column, int64_t n, int64_t entry, int64_t step) {
               const T* from = x + r * kTileStep + column;
               T* to = table + r * row_step + entry - first;
               if (step) return strided::add(to, 1, from, 1, n);
               kernels::attention<T>().add_up(to, from, n);
             });
}

template <class T>
T* TileScores<T>::compute(const Sequence& sequence, const ScoreTile& tile) {
  T* x = scores_.data<T>() + kTileStep;
  const int64_t key = sequence.first_key + tile.column;
  products_.set_keys(sequence, tile, !spec_.function);
  products_.scores(x);
  const auto each_row = [&](auto f) {
    for (int64_t r = 0; r < tile.rows; ++r) f(r, x + r * kTileStep, products_.columns_of(r));
  };
  if (keys_) {
    const int64_t entries = in_.keys.size(1);
    const Window w = window(sequence, tile, entries);
    window_.resize(static_cast<size_t>(tile.rows * w.count));
    gemm(dtype_of<T>(), tile.rows, w.count, width_, {query_.data(), width_, 1},
         {keys_.at(tile.head, w.first), keys_.step[2], keys_.step[1]}, window_.data(), w.count);
    gather(sequence, tile, entries, window_.data(), w.count, w.first, x);
  }
  if (spec_.softcap > 0)
    each_row([&](int64_t r, T* row, int64_t n) {
      strided::multiply(row, 1, row, 1, static_cast<T>(1 / spec_.softcap), n);
      strided::run<T>(kernels::loop(kernels::Unary::tanh, dtype_of<T>()), row, 1, {{row, 1}}, n);
      if (backward_) std::copy_n(row, n, capped_.data() + r * kTileStep);
      strided::multiply(row, 1, row, 1, static_cast<T>(spec_.softcap), n);
    });
  if (bias_)
    each_row([&](int64_t r, T* row, int64_t n) {
      strided::add(row, 1,
                   bias_.at(sequence.batch, tile.head, sequence.first_query + tile.row + r, key),
                   bias_.step[3], n);
    });
  if (distance_) gather(sequence, tile, in_.distance.size(1), distance_.at(tile.head), 0, 0, x);
  if (spec_.function) {
    plain_ = dense(x, tile);
    if (backward_) before_ = plain_.clone();
    spec_.function->forward(tile, plain_);
    spread(plain_, tile, x);
  }
  hide(sequence, tile, x);
  return x;
}

template <class T>
void TileScores<T>::hide(const Sequence& sequence, const ScoreTile& tile, T* scores) const {
  constexpr T kHidden = -std::numeric_limits<T>::infinity();
  for (int64_t r = 0; r < tile.rows; ++r) {
    T* x = scores + r * kTileStep;
    const int64_t position = sequence.start + tile.row + r - tile.column;  // in the tile
    const int64_t first = std::clamp<int64_t>(position - spec_.left, 0, tile.columns);
    const int64_t last = std::clamp<int64_t>(position + spec_.right + 1, first, tile.columns);
    std::fill(x, x + first, kHidden);
    std::fill(x + last, x + tile.columns, kHidden);
    if (!mask_) continue;
    const bool* seen = mask_.at(sequence.batch, tile.head, sequence.first_query + tile.row + r,
                                sequence.first_key + tile.column);
    kernels::attention<T>().hide(x + first, seen + first * mask_.step[3], mask_.step[3],
                                 last - first);
  }
}

template <class T>
bool TileScores<T>::has_plain_gradient(const ScoreGradients<T>& into) const {
  return !spec_.function && !into.bias && !into.distance && !keys_ && !in_.values.defined() &&
         spec_.softcap <= 0;
}

template <class T>
void TileScores<T>::backward(const Sequence& sequence, const ScoreTile& tile,
                             const ScoreGradients<T>& into) {
  T* d = gradient();
  const int64_t key = sequence.first_key + tile.column;
  constexpr DType kType = dtype_of<T>();
  if (spec_.function) {
    difference_ = dense(d, tile);
    spec_.function->backward(tile, before_, difference_);
    spread(difference_, tile, d);
  }
  for (int64_t r = 0; into.bias && r < tile.rows; ++r) {
    T* to = into.bias.at(sequence.batch, tile.head, sequence.first_query + tile.row + r, key);
    const T* from = d + r * kTileStep;
    if (into.bias.step[3] == 0) kernels::attention<T>().add_up(to, from, tile.columns);
    else strided::add(to, into.bias.step[3], from, 1, tile.columns);
  }
  if (into.distance)
    scatter(sequence, tile, in_.distance.size(1), d, into.distance.at(tile.head), 0, 0);
  for (int64_t r = 0; spec_.softcap > 0 && r < tile.rows; ++r) {
    T* const row = d + r * kTileStep;
    strided::run<T>(kernels::loop(kernels::Gradient::tanh_of_result, kType), row, 1,
                    {{row, 1}, {capped_.data() + r * kTileStep, 1}}, products_.columns_of(r));
  }
  if (keys_) {
    const int64_t entries = in_.keys.size(1);
    const Window w = window(sequence, tile, entries);
    window_.assign(static_cast<size_t>(tile.rows * w.count), T(0));
    scatter(sequence, tile, entries, d, window_.data(), w.count, w.first);
    if (into.relative)
      gemm(kType, tile.rows, width_, w.count, {window_.data(), w.count, 1},
           {keys_.at(tile.head, w.first), keys_.step[1], keys_.step[2]}, into.relative, width_, 1);
    if (into.keys)
      gemm(kType, w.count, width_, tile.rows, {window_.data(), 1, w.count},
           {query_.data(), width_, 1}, into.keys.at(tile.head, w.first), width_, 1);
  }
  products_.add_query_gradients(d, into.q);
  products_.add_key_gradients(d);
}

template <class T>
void TileScores<T>::add_value_products(const Sequence& sequence, const ScoreTile& tile, const T* g,
                                       T* x) {
  const int64_t entries = in_.values.size(1), width = in_.values.size(2);
  const Window w = window(sequence, tile, entries);
  window_.resize(static_cast<size_t>(tile.rows * w.count));
  gemm(dtype_of<T>(), tile.rows, w.count, width, {g, width, 1},
       {values_.at(tile.head, w.first), values_.step[2], values_.step[1]}, window_.data(), w.count);
  gather(sequence, tile, entries, window_.data(), w.count, w.first, x);
}

template <class T>
void TileScores<T>::add_values(const Sequence& sequence, const ScoreTile& tile, const T* w,
                               T* out) {
  const int64_t entries = in_.values.size(1), width = in_.values.size(2);
  const Window range = window(sequence, tile, entries);
  window_.assign(static_cast<size_t>(tile.rows * range.count), T(0));
  scatter(sequence, tile, entries, w, window_.data(), range.count, range.first);
  gemm(dtype_of<T>(), tile.rows, width, range.count, {window_.data(), range.count, 1},
       {values_.at(tile.head, range.first), values_.step[1], values_.step[2]}, out, width, 1);
}

template <class T>
void TileScores<T>::add_values_gradient(const Sequence& sequence, const ScoreTile& tile, const T* w,
                                        const T* g, const Strided<T>& table) {
  const int64_t entries = in_.values.size(1), width = in_.values.size(2);
  const Window range = window(sequence, tile, entries);
  window_.assign(static_cast<size_t>(tile.rows * range.count), T(0));
  scatter(sequence, tile, entries, w, window_.data(), range.count, range.first);
  gemm(dtype_of<T>(), range.count, width, tile.rows, {window_.data(), 1, range.count},
       {g, width, 1}, table.at(tile.head, range.first), width, 1);
}

template class TileScores<float>;
template class TileScores<double>;

}  // namespace tapehead::core
