#include "tapehead/core/detail/mapped.h"

#include <utility>

#include "tapehead/core/error.h"

namespace tapehead::detail {

void throw_cannot_vectorize() {
  if (vmap_call) vmap_call->failed = true;
  throw CannotVectorize();
}

void throw_no_elements() {
  check_not_vectorized();
  throw ValueError(
      "vmap: a tensor that stands for all elements was used after the call of the function, or in "
      "another thread; return it from the function");
}

Tensor map_elements(const Tensor& all, const VmapCall& call) {
  auto impl = Ref<TensorImpl>::adopt(new TensorImpl);
  impl->dtype = all.dtype();
  impl->sizes = all.shape();
  impl->strides = all.strides();
  impl->sizes.erase(0), impl->strides.erase(0);
  if (all.requires_grad()) {
    impl->node = all.impl()->node;
    impl->node_output = all.impl()->node_output;
  }
  const auto* elements = new MappedElements{all, &call, call.number, impl.get()};
  impl->storage = Storage::placeholder(elements, [elements] { delete elements; });
  return Tensor::adopt(std::move(impl));
}

const MappedElements* mapped_elements(const Tensor& t) {
  if (!t.defined()) return nullptr;
  const MappedElements* elements = t.impl()->storage->mapped();
  if (!elements) return nullptr;
  if (elements->owner != t.impl()) throw_no_elements();
  for (const VmapCall* call = vmap_call; call; call = call->around)
    if (call == elements->call && call->number == elements->number) return elements;
  throw_no_elements();
}

bool is_mapped(const Tensor& t) {
  if (mapped_elements(t)) return true;
  return vmap_call && vmap_call->has_copies && t.requires_grad();
}

Tensor detach_mapped(const Tensor& t) {
  const MappedElements* elements = mapped_elements(t);
  return map_elements(elements->all.detach(), *elements->call);
}

}  // namespace tapehead::detail
