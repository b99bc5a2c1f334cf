#include "tapehead/core/detail/tensor_reuse.h"

#include <utility>

namespace tapehead::detail {
namespace {

constexpr uint32_t kEmpty = UINT32_MAX;  // the kind of a tensor without storage of its own

}  // namespace

inline TensorImpl* TensorReuse::pop(TensorImpl*& list) {
  --kept_;
  return std::exchange(list, list->next);
}
inline void TensorReuse::push(TensorImpl*& list, TensorImpl* impl) {
  ++kept_;
  impl->next = list;
  list = impl;
}
void TensorReuse::free_all(TensorImpl*& list) {
  while (list) delete pop(list);
}

void TensorReuse::restart() noexcept {
  if (kinds_.size() > kMostKinds) clear();
  order_.resize(next_);  // those of the last run
  next_ = 0;
  if (++run_ % kUnusedRuns == 0)
    for (Kind& kind : kinds_)
      if (kind.last_run + kUnusedRuns < run_) free_all(kind.kept);
}

void TensorReuse::clear() noexcept {
  for (Kind& kind : kinds_) free_all(kind.kept);
  free_all(empty_);
  kinds_.clear();
  order_.clear();
  next_ = 0;
}

uint32_t TensorReuse::find(const Shape& sizes, DType dtype) {
  for (size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_[i].dtype == dtype && kinds_[i].sizes == sizes) return static_cast<uint32_t>(i);
  kinds_.push_back(
      {dtype, sizes, contiguous_strides(sizes), bytes_of(sizes, dtype), run_, nullptr});
  return static_cast<uint32_t>(kinds_.size() - 1);
}

Ref<TensorImpl> TensorReuse::take(const Shape& sizes, DType dtype) {
  if (next_ == order_.size()) order_.push_back(find(sizes, dtype));
  uint32_t& at = order_[next_];
  if (kinds_[at].dtype != dtype || !(kinds_[at].sizes == sizes)) at = find(sizes, dtype);
  ++next_;
  Kind& kind = kinds_[at];
  kind.last_run = run_;
  if (kind.kept) {
    TensorImpl* const impl = pop(kind.kept);
    impl->storage->renew();
    return Ref<TensorImpl>::adopt(impl);
  }
  Ref<TensorImpl> impl = take_empty();
  impl->dtype = dtype;
  impl->sizes = sizes;
  impl->strides = kind.strides;
  impl->storage = Storage::create(kind.bytes);
  impl->kind = at + 1;
  return impl;
}

Ref<TensorImpl> TensorReuse::take_empty() {
  if (empty_) return Ref<TensorImpl>::adopt(pop(empty_));
  ++created_;
  auto* const impl = new TensorImpl;
  impl->kind = kEmpty;
  return Ref<TensorImpl>::adopt(impl);
}

void TensorReuse::keep(TensorImpl* impl) noexcept {
  // These may release other tensors, which are kept in turn.
  impl->node = nullptr;
  impl->paused = nullptr;
  impl->root = nullptr;
  if (kept_ >= created_) [[unlikely]] {  // tensors of others must not add up
    delete impl;
    return;
  }
  delete std::exchange(impl->name, nullptr);
  impl->references.store(1, std::memory_order_relaxed);
  impl->is_scalar = false;
  impl->node_output = 0;
  impl->changes = 0;
  impl->has_hidden_root = false;
  const size_t at = impl->kind - 1;
  if (at < kinds_.size() && impl->storage && impl->offset == 0 && !impl->storage->is_shared()) {
    Kind& kind = kinds_[at];
    if (kind.bytes <= kMostBytes && kind.bytes == impl->storage->bytes() &&
        kind.dtype == impl->dtype && kind.sizes == impl->sizes && kind.strides == impl->strides)
      return push(kind.kept, impl);
  }
  impl->storage = nullptr;
  impl->offset = 0;
  impl->kind = kEmpty;
  push(empty_, impl);
}

}  // namespace tapehead::detail
