#include "tapehead/autograd/vmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using Tensors = std::vector<Tensor>;
using MappedAxes = std::vector<std::optional<int64_t>>;

// The mapped axis of each input, none negative.
MappedAxes mapped_axes(const Tensors& inputs, const VmapOptions& options) {
  MappedAxes axes = options.in_dims;
  if (axes.empty()) axes.assign(inputs.size(), 0);
  if (axes.size() != inputs.size())
    throw ValueError(fmt::format("vmap: in_dims lists {} axes for {} inputs; list one for each",
                                 axes.size(), inputs.size()));
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!axes[i]) continue;
    if (inputs[i].dim() == 0)
      throw ShapeError(fmt::format(
          "vmap: input {} is 0-d and has no axis to map; pass None for it in in_dims", i));
    axes[i] = normalize_axis("vmap", *axes[i], inputs[i].dim());
  }
  return axes;
}

int64_t mapped_length(const Tensors& inputs, const MappedAxes& axes) {
  std::optional<size_t> first;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!axes[i]) continue;
    if (!first) first = i;
    const int64_t length = inputs[i].size(*axes[i]), expected = inputs[*first].size(*axes[*first]);
    if (length != expected)
      throw ShapeError(
          fmt::format("vmap: the mapped axes of inputs {} and {} have {} and {} "
                      "elements; they must have as many",
                      *first, i, expected, length));
  }
  if (!first) throw ValueError("vmap: no input is mapped; give one of them an axis in in_dims");
  const int64_t length = inputs[*first].size(*axes[*first]);
  if (length == 0)
    throw ShapeError(fmt::format(
        "vmap: the mapped axis of input {} has no elements, so that the results are unknown",
        *first));
  return length;
}

// A vectorised call in scope.
class Vectorized {
 public:
  Vectorized(int64_t size, bool has_copies)
      : call_{.around = detail::vmap_call,
              .size = size,
              .number = ++calls,
              .has_copies = has_copies},
        log_{.around = detail::use_log, .is_off = true} {
    detail::vmap_call = &call_;
    detail::use_log = &log_;
  }
  ~Vectorized() {
    detail::vmap_call = call_.around;
    detail::use_log = log_.around;
  }
  Vectorized(const Vectorized&) = delete;

  Tensor map(const Tensor& input, int64_t axis) const {
    // The gradient of a leaf could flow through the input, not only through the copies.
    if (call_.has_copies && input.requires_grad()) detail::throw_cannot_vectorize();
    const detail::OutsideCall outside(call_);
    return detail::map_elements(movedim(input, axis, 0), call_);
  }
  /// The result of all elements, with the mapped axis in front, in memory that nothing outside of
  /// the call shares.
  Tensor whole(const Tensor& result) const {
    const detail::MappedElements* elements = detail::mapped_elements(result);
    const detail::OutsideCall outside(call_);
    if (elements && elements->number == call_.number) {
      const bool is_older = elements->all.impl()->storage->number() <= call_.start;
      return is_older ? elements->all.clone() : elements->all;
    }
    Shape shape = result.shape();
    shape.insert(0, call_.size);
    return result.expand(shape).clone();
  }
  const detail::VmapCall& call() const { return call_; }

 private:
  static thread_local uint64_t calls;
  detail::VmapCall call_;
  detail::UseLog log_;
};
thread_local uint64_t Vectorized::calls = 0;

bool share_memory(const Tensor& a, const Tensor& b) {
  return a.impl()->storage == b.impl()->storage;
}

// The results of one call for all elements, with the mapped axis in front. Empty if the function
// cannot be vectorised, or throws: calling it for each element then throws for the first that
// fails.
std::optional<Tensors> call_once(const FunctionOfTensors& f, const Tensors& inputs,
                                 const MappedAxes& axes, int64_t length, bool has_copies = false) {
  bool needs_copies = false;
  {
    Vectorized vectorized(length, has_copies);
    try {
      Tensors mapped = inputs, results;
      for (size_t i = 0; i < inputs.size(); ++i)
        if (axes[i]) mapped[i] = vectorized.map(inputs[i], *axes[i]);
      for (const Tensor& result : f(mapped)) {
        const Tensor whole = vectorized.whole(result);
        const auto shares = [&](const Tensor& other) { return share_memory(whole, other); };
        const bool is_shared = std::any_of(results.begin(), results.end(), shares);
        results.push_back(is_shared ? whole.clone() : whole);
      }
      if (!vectorized.call().failed) return results;
    } catch (const detail::CannotVectorize&) {
    } catch (const std::exception&) {
    }
    needs_copies = vectorized.call().needs_copies && !has_copies;
  }
  if (needs_copies) return call_once(f, inputs, axes, length, true);
  return std::nullopt;
}

// The results of a call for each element, stacked.
Tensors call_each(const FunctionOfTensors& f, const Tensors& inputs, const MappedAxes& axes,
                  int64_t length) {
  std::vector<Tensors> lists;  // at [result][call]
  for (int64_t k = 0; k < length; ++k) {
    Tensors parts = inputs;
    for (size_t i = 0; i < parts.size(); ++i)
      if (axes[i]) parts[i] = inputs[i].select(*axes[i], k);
    const Tensors out = f(parts);
    if (k == 0) lists.resize(out.size());
    if (out.size() != lists.size())
      throw ShapeError(fmt::format("vmap: call {} returned {} tensors, call 0 returned {}", k,
                                   out.size(), lists.size()));
    for (size_t i = 0; i < out.size(); ++i) {
      if (k > 0 && out[i].shape() != lists[i][0].shape())
        throw ShapeError(
            fmt::format("vmap: result {} of call {} is {}, that of call 0 {}; their "
                        "shapes must be equal",
                        i, k, core::describe(out[i]), core::describe(lists[i][0])));
      lists[i].push_back(out[i]);
    }
  }
  Tensors results;
  for (const Tensors& list : lists) results.push_back(stack(list));
  return results;
}

}  // namespace

FunctionOfTensors vmap(FunctionOfTensors f, const VmapOptions& options) {
  return [f = std::move(f), options](const Tensors& inputs) {
    const MappedAxes from = mapped_axes(inputs, options);
    const int64_t length = mapped_length(inputs, from);
    std::optional<Tensors> results = call_once(f, inputs, from, length);
    if (!results) results = call_each(f, inputs, from, length);
    const std::vector<int64_t>& to = options.out_dims;
    if (to.size() > 1 && to.size() != results->size())
      throw ValueError(fmt::format("vmap: out_dims lists {} axes for {} results; list one for each",
                                   to.size(), results->size()));
    for (size_t i = 0; i < results->size(); ++i) {
      Tensor& out = (*results)[i];
      if (!to.empty()) out = movedim(out, 0, to.size() == 1 ? to[0] : to[i]);
      out = out.contiguous();
    }
    return std::move(*results);
  };
}

FunctionOfTensor vmap(FunctionOfTensor f, const VmapOptions& options) {
  const FunctionOfTensors mapped =
      vmap(FunctionOfTensors([f = std::move(f)](const Tensors& x) { return Tensors{f(x[0])}; }),
           options);
  return [mapped](const Tensor& x) { return mapped({x})[0]; };
}

}  // namespace tapehead
