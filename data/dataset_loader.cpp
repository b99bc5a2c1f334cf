#include "tapehead/data/dataset_loader.h"

#include <fmt/format.h>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::data {

Tensor default_collate(const std::vector<Tensor>& examples) {
  if (examples.empty()) throw ValueError("default_collate: there are no examples");
  const Tensor& first = examples[0];
  for (size_t i = 1; i < examples.size(); ++i) {
    const Tensor& x = examples[i];
    const std::string text =
        fmt::format("default_collate: examples[{}] is {}, examples[0] is {}; they must be alike", i,
                    core::describe(x), core::describe(first));
    if (x.shape() != first.shape()) throw ShapeError(text);
    if (x.dtype() != first.dtype()) throw DTypeError(text);
  }
  Shape shape = first.shape();
  shape.insert(0, static_cast<int64_t>(examples.size()));
  const Tensor out = empty(shape, first.dtype());
  const int64_t n = first.numel();
  for (size_t i = 0; i < examples.size(); ++i)
    core::copy_into(core::view_of(out, first.shape(), contiguous_strides(first.shape()),
                                  static_cast<int64_t>(i) * n),
                    examples[i]);
  return out;
}

Tensor default_collate(const std::vector<int64_t>& examples) { return from_vector(examples); }
Tensor default_collate(const std::vector<double>& examples) {
  return core::cast(from_vector(examples), f32);
}

std::vector<Tensor> default_collate(const std::vector<std::vector<Tensor>>& examples) {
  if (examples.empty()) throw ValueError("default_collate: there are no examples");
  std::vector<Tensor> out;
  for (size_t i = 0; i < examples.size(); ++i)
    if (examples[i].size() != examples[0].size())
      throw ShapeError(
          fmt::format("default_collate: examples[{}] has {} tensors, examples[0] has {}; they must "
                      "have as many",
                      i, examples[i].size(), examples[0].size()));
  for (size_t k = 0; k < examples[0].size(); ++k) {
    std::vector<Tensor> column;
    column.reserve(examples.size());
    for (const auto& example : examples) column.push_back(example[k]);
    out.push_back(default_collate(column));
  }
  return out;
}

}  // namespace tapehead::data
