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

Tensor as_tensor(const Tensor& buffer, const ScoreTile& tile) {
  return view_of(buffer, {tile.rows, tile.columns}, {tile.columns, 1}, 0);
}

}  // namespace

template <class T>
TileScores<T>::TileScores(const AttentionSpec& spec, const AttentionTensors& in, bool backward)
    : spec_(spec),
      in_(in),
      backward_(backward),
      group_(in.q.size(1) / std::max<int64_t>(in.k.size(1), 1)),
      width_(in.q.size(3)),
      q_(in.q),
      k_(in.k),
      bias_(in.bias),
      distance_(in.distance),
      relative_(in.relative),
      keys_(in.keys),
      values_(in.values),
      mask_(in.mask),
      scores_(empty({kTileRows * kTileColumns}, dtype_of<T>())),
      query_(static_cast<size_t>(kTileRows * width_)),
      relative_query_(in.relative.defined() ? query_.size() : 0),
      capped_(backward && spec.softcap > 0 ? kTileRows * kTileColumns : 0) {
  if (backward) gradient_ = empty_like(scores_);
  if (backward && spec.function) before_ = empty_like(scores_);
}

template <class T>
void TileScores<T>::set_queries(const Sequence& sequence, const ScoreTile& tile) {
  const auto copy = [&](const Strided<T>& from, std::vector<T>& to) {
    const T scale = static_cast<T>(spec_.scale);
    for (int64_t r = 0; r < tile.rows; ++r) {
      const T* x = from.at(sequence.batch, tile.head, sequence.first_query + tile.row + r);
      strided::multiply(to.data() + r * width_, 1, x, from.step[3], scale, width_);
    }
  };
  copy(q_, query_);
  if (relative_) copy(relative_, relative_query_);
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
               strided::add(x + r * tile.columns + column, 1, table + r * row_step + entry - first,
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
               const T* from = x + r * tile.columns + column;
               T* to = table + r * row_step + entry - first;
               if (step) return strided::add(to, 1, from, 1, n);
               kernels::attention<T>().add_up(to, from, n);
             });
}

template <class T>
T* TileScores<T>::compute(const Sequence& sequence, const ScoreTile& tile) {
  T* x = scores_.data<T>();
  const int64_t n = tile.rows * tile.columns, key = sequence.first_key + tile.column;
  const T* k = k_.at(sequence.batch, tile.head / group_, key);
  gemm(dtype_of<T>(), tile.rows, tile.columns, width_, {query_.data(), width_, 1},
       {k, k_.step[3], k_.step[2]}, x, tile.columns);
  if (keys_) {
    const int64_t entries = in_.keys.size(1);
    const Window w = window(sequence, tile, entries);
    window_.resize(static_cast<size_t>(tile.rows * w.count));
    gemm(dtype_of<T>(), tile.rows, w.count, width_,
         {(relative_ ? relative_query_ : query_).data(), width_, 1},
         {keys_.at(tile.head, w.first), keys_.step[2], keys_.step[1]}, window_.data(), w.count);
    gather(sequence, tile, entries, window_.data(), w.count, w.first, x);
  }
  if (spec_.softcap > 0) {
    strided::multiply(x, 1, x, 1, static_cast<T>(1 / spec_.softcap), n);
    strided::run<T>(kernels::loop(kernels::Unary::tanh, dtype_of<T>()), x, 1, {{x, 1}}, n);
    if (backward_) std::copy_n(x, n, capped_.data());
    strided::multiply(x, 1, x, 1, static_cast<T>(spec_.softcap), n);
  }
  if (bias_)
    for (int64_t r = 0; r < tile.rows; ++r)
      strided::add(x + r * tile.columns, 1,
                   bias_.at(sequence.batch, tile.head, sequence.first_query + tile.row + r, key),
                   bias_.step[3], tile.columns);
  if (distance_) gather(sequence, tile, in_.distance.size(1), distance_.at(tile.head), 0, 0, x);
  if (spec_.function) {
    if (backward_) std::copy_n(x, n, before_.data<T>());
    spec_.function->forward(tile, as_tensor(scores_, tile));
  }
  hide(sequence, tile, x);
  return x;
}

template <class T>
void TileScores<T>::hide(const Sequence& sequence, const ScoreTile& tile, T* scores) const {
  constexpr T kHidden = -std::numeric_limits<T>::infinity();
  for (int64_t r = 0; r < tile.rows; ++r) {
    T* x = scores + r * tile.columns;
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
void TileScores<T>::backward(const Sequence& sequence, const ScoreTile& tile,
                             const ScoreGradients<T>& into) {
  T* d = gradient();
  const int64_t n = tile.rows * tile.columns, key = sequence.first_key + tile.column;
  constexpr DType kType = dtype_of<T>();
  if (spec_.function)
    spec_.function->backward(tile, as_tensor(before_, tile), as_tensor(gradient_, tile));
  for (int64_t r = 0; into.bias && r < tile.rows; ++r) {
    T* to = into.bias.at(sequence.batch, tile.head, sequence.first_query + tile.row + r, key);
    const T* from = d + r * tile.columns;
    if (into.bias.step[3] == 0) kernels::attention<T>().add_up(to, from, tile.columns);
    else strided::add(to, into.bias.step[3], from, 1, tile.columns);
  }
  if (into.distance)
    scatter(sequence, tile, in_.distance.size(1), d, into.distance.at(tile.head), 0, 0);
  if (spec_.softcap > 0)
    strided::run<T>(kernels::loop(kernels::Gradient::tanh_of_result, kType), d, 1,
                    {{d, 1}, {capped_.data(), 1}}, n);
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
           {(relative_ ? relative_query_ : query_).data(), width_, 1},
           into.keys.at(tile.head, w.first), width_, 1);
  }
  const T* k = k_.at(sequence.batch, tile.head / group_, key);
  if (into.q)
    gemm(kType, tile.rows, width_, tile.columns, {d, tile.columns, 1}, {k, k_.step[2], k_.step[3]},
         into.q, width_, 1);
  if (into.k)
    gemm(kType, tile.columns, width_, tile.rows, {d, 1, tile.columns}, {query_.data(), width_, 1},
         into.k.at(sequence.batch, tile.head / group_, key), std::max(into.k.step[2], width_), 1);
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
