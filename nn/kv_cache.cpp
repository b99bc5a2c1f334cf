#include "tapehead/nn/kv_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead::nn {
namespace {

// A buffer for `capacity` positions that begins with a copy of `kept`, if defined.
Tensor buffer_of(const Tensor& like, const Tensor& kept, int64_t capacity) {
  const Tensor out =
      core::empty({like.size(0), like.size(1), capacity, like.size(3)}, like.dtype());
  if (kept.defined()) core::copy_into(core::narrow(out, 2, 0, kept.size(2)), kept);
  return out;
}

// A buffer with the positions from `first` to `last` of these rows of the batch.
Tensor rows_of(const Tensor& buffer, const std::vector<int64_t>& rows, int64_t first,
               int64_t last) {
  const int64_t B = buffer.size(0), H = buffer.size(1);
  for (const int64_t row : rows)
    if (row < 0 || row >= B)
      throw IndexError(fmt::format("kv_cache: there is no row {} in a batch of {}; rows are 0..{}",
                                   row, B, B - 1));
  const auto count = static_cast<int64_t>(rows.size());
  const Tensor out = core::empty({count, H, buffer.size(2), buffer.size(3)}, buffer.dtype());
  const auto position = buffer.size(3) * size_of(buffer.dtype()), head = buffer.size(2) * position;
  const char* from = buffer.raw();
  char* to = out.raw();
  core::parallel_range(count * H, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::memcpy(to + i * head + first * position,
                  from + (rows[static_cast<size_t>(i / H)] * H + i % H) * head + first * position,
                  static_cast<size_t>((last - first) * position));
  });
  return out;
}

bool fits(const Tensor& kept, const Tensor& t) {
  return t.size(0) == kept.size(0) && t.size(1) == kept.size(1) && t.size(3) == kept.size(3) &&
         t.dtype() == kept.dtype();
}

}  // namespace

void KvCache::check_capacity(int64_t positions) const {
  if (options_.window == 0 && options_.capacity > 0 && length_ + positions > options_.capacity)
    throw ValueError(fmt::format(
        "kv_cache: {} of {} positions are in use and {} more were appended; increase capacity, set "
        "it to 0 to let the cache grow, or set a window",
        length_, options_.capacity, positions));
}

void KvCache::set_state(const Tensor& state, int64_t positions) {
  check_capacity(positions);
  state_ = state.detach();
  length_ += positions;
}

void KvCache::make_room(const Tensor& k, const Tensor& v) {
  const int64_t T = k.size(2);
  check_capacity(T);
  const int64_t needed = options_.window > 0 ? std::min(kept(), options_.window - 1) : kept();
  first_ = last_ - needed;
  const int64_t capacity = keys_.defined() ? keys_.size(2) : 0;
  if (keys_.defined() && last_ + T <= capacity) return;
  const Tensor old_keys = keys_.defined() ? core::narrow(keys_, 2, first_, needed) : Tensor();
  const Tensor old_values = values_.defined() ? core::narrow(values_, 2, first_, needed) : Tensor();
  const int64_t larger = options_.window > 0 ? 2 * (options_.window + T)
                         : options_.capacity > 0
                             ? options_.capacity
                             : std::max<int64_t>({64, 2 * capacity, needed + T});
  keys_ = buffer_of(k, old_keys, larger);
  values_ = buffer_of(v, old_values, larger);
  first_ = 0;
  last_ = needed;
}

std::pair<Tensor, Tensor> KvCache::append(const Tensor& k, const Tensor& v) {
  if (k.dim() != 4 || v.dim() != 4 || k.size(2) != v.size(2) ||
      (keys_.defined() && (!fits(keys_, k) || !fits(values_, v))))
    throw ShapeError(
        fmt::format("kv_cache: k is {} and v {}, but the cache has {} and {}; a cache belongs to "
                    "one layer and one "
                    "batch",
                    core::describe(k), core::describe(v),
                    keys_.defined() ? core::describe(keys_) : "[B, H, T, D]",
                    values_.defined() ? core::describe(values_) : "[B, H, T, E]"));
  make_room(k, v);
  const int64_t T = k.size(2);
  core::copy_into(core::narrow(keys_, 2, last_, T), k);
  core::copy_into(core::narrow(values_, 2, last_, T), v);
  last_ += T;
  length_ += T;
  return {keys(), values()};
}

Tensor KvCache::keys() const {
  return keys_.defined() ? core::narrow(keys_, 2, first_, kept()) : Tensor();
}

Tensor KvCache::values() const {
  return values_.defined() ? core::narrow(values_, 2, first_, kept()) : Tensor();
}

void KvCache::clear() {
  keys_ = values_ = state_ = {};
  first_ = last_ = length_ = 0;
}

void KvCache::reorder(const Tensor& rows) {
  if (state_.defined()) state_ = index_select(state_, 0, rows);
  if (!keys_.defined()) return;
  const std::vector<int64_t> from = rows.to_vector<int64_t>();
  keys_ = rows_of(keys_, from, first_, last_);
  values_ = rows_of(values_, from, first_, last_);
}

}  // namespace tapehead::nn
