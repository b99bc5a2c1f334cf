#include "tapehead/autograd/detail/mapping.h"

#include <algorithm>
#include <iterator>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead {
namespace detail {
namespace {

using Tensors = std::vector<Tensor>;

// The innermost call that maps one of the tensors; null if there is none.
const VmapCall* innermost(const Tensors& tensors) {
  const MappedElements* newest = nullptr;
  for (const Tensor& t : tensors)
    if (const MappedElements* found = mapped_elements(t))
      if (!newest || found->number > newest->number) newest = found;
  return newest ? newest->call : nullptr;
}

// All elements of a tensor that the call maps; undefined for another tensor.
Tensor all_of(const Tensor& t, const VmapCall& call) {
  const MappedElements* found = mapped_elements(t);
  return found && found->number == call.number ? found->all : Tensor();
}

Tensor with_axis(const Tensor& t, int64_t size) {
  Shape shape = t.shape();
  shape.insert(0, size);
  return t.expand(shape);
}

// The elements of a call, all of which are t. It is recorded even for a use that is not: copies are
// used again.
Tensor repeated(const Tensor& t, const VmapCall& call) {
  const OutsideCall outside(call);
  const AutoGradMode on(true);
  return with_axis(t, call.size);
}

// What stands for the copies of a tensor that the call does not map, but that tracks gradients.
Tensor copies_of(const Tensor& t, VmapCall& call) {
  for (const auto& [leaf, copies] : call.copies)
    if (leaf.is_same(t)) return copies;
  // Another tensor may depend on a leaf, whose gradient would then be incomplete.
  if (!t.is_leaf()) throw_cannot_vectorize();
  const Tensor all = repeated(t, call);
  call.copies.emplace_back(t, map_elements(all, call));
  return call.copies.back().second;
}

// Whether types are promoted for whole tensors as for their elements, some of which are 0-d.
bool promotes_alike(const Tensors& operands, const Batch& batch) {
  bool differ = false, has_0d = false;
  const Tensor* first = nullptr;
  for (size_t i = 0; i < operands.size(); ++i) {
    const Tensor& t = operands[i];
    if (!t.defined() || core::is_number(t) || t.dtype() == boolean) continue;
    if (!first) first = &t;
    differ |= t.dtype() != first->dtype();
    has_0d |= batch.is_mapped[i] && t.dim() == 1;
  }
  return !(differ && has_0d);
}

// Inserts axes of size 1 after the mapped one, so that the others broadcast as those of elements.
void align(Tensors& operands, const Batch& batch) {
  int rank = 0;
  for (size_t i = 0; i < operands.size(); ++i)
    if (operands[i].defined())
      rank = std::max(rank, operands[i].dim() - (batch.is_mapped[i] ? 1 : 0));
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!batch.is_mapped[i]) continue;
    Shape shape = operands[i].shape();
    while (shape.rank() <= rank) shape.insert(1, 1);
    if (shape != operands[i].shape()) operands[i] = operands[i].reshape(shape);
  }
}

// Runs the op on each element, and stacks the results.
Tensors run_each(RunOn run, const Argument* arguments, const Tensors& operands,
                 const Batch& batch) {
  std::vector<Tensors> lists;  // at [result][element]
  for (int64_t k = 0; k < batch.size; ++k) {
    Tensors now = operands;
    for (size_t i = 0; i < now.size(); ++i)
      if (batch.is_mapped[i]) now[i] = now[i].select(0, k);
    run(arguments, now, nullptr);
    lists.resize(now.size());
    for (size_t r = 0; r < now.size(); ++r) lists[r].push_back(now[r]);
  }
  Tensors results;
  for (const Tensors& list : lists) results.push_back(list[0].defined() ? stack(list) : Tensor());
  return results;
}

}  // namespace

void replace_by(Tensors& operands, std::span<Tensor> results) {
  operands.assign(std::move_iterator(results.begin()), std::move_iterator(results.end()));
}

Tensors run_mapped(RunOn run, Batching batching, std::span<Argument> arguments) {
  Tensors operands;
  for (Argument& a : arguments) {
    if (a.kind == ArgumentKind::reference) throw_cannot_vectorize();
    a.first = operands.size();
    if (a.kind == ArgumentKind::tensor) {
      operands.push_back(*static_cast<const Tensor*>(a.value));
    } else if (a.kind == ArgumentKind::list) {
      const auto& list = *static_cast<const Tensors*>(a.value);
      operands.insert(operands.end(), list.begin(), list.end());
    }
    a.count = operands.size() - a.first;
  }
  if (vmap_call && vmap_call->has_copies)
    for (Tensor& t : operands)
      if (t.defined() && t.requires_grad() && !all_of(t, *vmap_call).defined())
        t = copies_of(t, *vmap_call);
  const VmapCall& call = *innermost(operands);
  Batch batch{.size = call.size, .is_mapped = {}};
  for (Tensor& t : operands) {
    const Tensor all = all_of(t, call);
    batch.is_mapped.push_back(all.defined());
    if (all.defined()) t = all;
  }
  const OutsideCall outside(call);
  Tensors results = operands;
  bool is_done = false;
  if (batching == Batching::adjusted) {
    is_done = run(arguments.data(), results, &batch);
  } else if (batching == Batching::broadcast && promotes_alike(operands, batch)) {
    align(results, batch);
    is_done = run(arguments.data(), results, nullptr);
  }
  if (!is_done) results = run_each(run, arguments.data(), operands, batch);
  for (Tensor& t : results)
    if (t.defined()) t = map_elements(t, call);
  return results;
}

Tensor copy_for_each(const Tensor& x) {
  std::vector<const VmapCall*> calls;  // from the innermost to the outermost
  for (const VmapCall* call = vmap_call; call; call = call->around) calls.push_back(call);
  Tensor copy = x;
  for (size_t i = calls.size(); i-- > 0;) {
    const VmapCall* mapping = innermost({copy});
    if (!mapping || mapping->number < calls[i]->number)
      copy = map_elements(repeated(copy, *calls[i]), *calls[i]);
  }
  return copy;
}

Tensor tracked_leaf(const Tensor& x) {
  if (const MappedElements* elements = mapped_elements(x))
    return map_elements(tracked_leaf(elements->all.detach()), *elements->call);
  Tensor leaf = x;
  leaf.set_requires_grad();
  return leaf;
}

std::optional<Tensors> grad_mapped(const Tensors& outputs, const Tensors& inputs,
                                   const GradOptions& options) {
  Tensors tensors = outputs, sources = inputs;
  tensors.insert(tensors.end(), inputs.begin(), inputs.end());
  tensors.insert(tensors.end(), options.gradients.begin(), options.gradients.end());
  const VmapCall* call = innermost(tensors);
  if (!call) return std::nullopt;
  // An output of all elements depends on the same elements of inputs that are mapped, and only on
  // those. A leaf that all elements share would get the sum of their gradients.
  for (Tensor& t : sources) {
    if (all_of(t, *call).defined()) continue;
    if (call != vmap_call || !t.requires_grad() || !t.is_leaf()) throw_cannot_vectorize();
    vmap_call->needs_copies = true;
    if (!vmap_call->has_copies) throw_cannot_vectorize();
    t = copies_of(t, *vmap_call);
  }
  const auto whole = [&](const Tensors& list) {
    Tensors all;
    for (const Tensor& t : list) {
      all.push_back(all_of(t, *call));
      if (!all.back().defined()) throw_cannot_vectorize();
    }
    return all;
  };
  const Tensors whole_outputs = whole(outputs), whole_inputs = whole(sources);
  GradOptions of_all = options;
  of_all.gradients.resize(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    Tensor& gradient = of_all.gradients[i];
    if (!gradient.defined() && outputs[i].numel() == 1)
      gradient = core::full(outputs[i].shape(), 1, outputs[i].dtype());
    if (!gradient.defined() || gradient.shape() != outputs[i].shape()) throw_cannot_vectorize();
    const Tensor all = all_of(gradient, *call);
    gradient = all.defined() ? all : repeated(gradient, *call);
  }
  const OutsideCall outside(*call);
  Tensors found = grad(whole_outputs, whole_inputs, of_all);
  for (Tensor& t : found)
    if (t.defined()) t = map_elements(t, *call);
  return found;
}

}  // namespace detail

Tensor Batch::expanded(const Tensor& operand, size_t i) const {
  return is_mapped[i] ? operand : detail::with_axis(operand, size);
}

}  // namespace tapehead
