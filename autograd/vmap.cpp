#include "tapehead/autograd/vmap.h"

#include <fmt/format.h>

#include <utility>

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

// The results of all calls, at [result][call].
std::vector<Tensors> call_each(const FunctionOfTensors& f, const Tensors& inputs,
                               const MappedAxes& axes) {
  const int64_t length = mapped_length(inputs, axes);
  std::vector<Tensors> results;
  for (int64_t k = 0; k < length; ++k) {
    Tensors parts = inputs;
    for (size_t i = 0; i < parts.size(); ++i)
      if (axes[i]) parts[i] = inputs[i].select(*axes[i], k);
    const Tensors out = f(parts);
    if (k == 0) results.resize(out.size());
    if (out.size() != results.size())
      throw ShapeError(fmt::format("vmap: call {} returned {} tensors, call 0 returned {}", k,
                                   out.size(), results.size()));
    for (size_t i = 0; i < out.size(); ++i) {
      if (k > 0 && out[i].shape() != results[i][0].shape())
        throw ShapeError(
            fmt::format("vmap: result {} of call {} is {}, that of call 0 {}; their "
                        "shapes must be equal",
                        i, k, core::describe(out[i]), core::describe(results[i][0])));
      results[i].push_back(out[i]);
    }
  }
  return results;
}

}  // namespace

FunctionOfTensors vmap(FunctionOfTensors f, const VmapOptions& options) {
  return [f = std::move(f), options](const Tensors& inputs) {
    const std::vector<Tensors> results = call_each(f, inputs, mapped_axes(inputs, options));
    const std::vector<int64_t>& axes = options.out_dims;
    if (axes.size() > 1 && axes.size() != results.size())
      throw ValueError(fmt::format("vmap: out_dims lists {} axes for {} results; list one for each",
                                   axes.size(), results.size()));
    Tensors out;
    for (size_t i = 0; i < results.size(); ++i)
      out.push_back(stack(results[i], axes.empty() ? 0 : axes.size() == 1 ? axes[0] : axes[i]));
    return out;
  };
}

FunctionOfTensor vmap(FunctionOfTensor f, const VmapOptions& options) {
  const FunctionOfTensors mapped =
      vmap(FunctionOfTensors([f = std::move(f)](const Tensors& x) { return Tensors{f(x[0])}; }),
           options);
  return [mapped](const Tensor& x) { return mapped({x})[0]; };
}

}  // namespace tapehead
