// Batches of a dataset.
//
//   auto batches = data::make_loader(data::tensor_dataset({images, labels}), {.batch = 32});
//   for (int epoch = 0; epoch < 10; ++epoch)
//     for (std::vector<Tensor>& batch : batches.epoch()) …
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/data/dataset.h"
#include "tapehead/data/loader.h"

namespace tapehead::data {

/// Makes a batch of examples, as PyTorch's default_collate: stacks tensors along a new first axis,
/// numbers become a tensor (integers i64, others f32), and lists and pairs of them are collated
/// element by element. Throws ShapeError for tensors of different shapes or lists of different
/// lengths, DTypeError for different dtypes.
/// Example: data::default_collate(std::vector<Tensor>{tensor({1, 2}), tensor({3, 4})})
///     // [[1, 2], [3, 4]]
Tensor default_collate(const std::vector<Tensor>& examples);
Tensor default_collate(const std::vector<int64_t>& examples);
Tensor default_collate(const std::vector<double>& examples);
std::vector<Tensor> default_collate(const std::vector<std::vector<Tensor>>& examples);
template <class A, class B>
auto default_collate(const std::vector<std::pair<A, B>>& examples) {
  std::vector<A> first;
  std::vector<B> second;
  for (const auto& example : examples) {
    first.push_back(example.first);
    second.push_back(example.second);
  }
  return std::pair(default_collate(first), default_collate(second));
}

/// A loader of a dataset; `collate` makes a batch of a vector of examples. The loader reads the
/// examples, and collates them, in its thread.
/// Example: data::make_loader(data::tensor_dataset({arange(6)}), {.batch = 3, .shuffle =
///     false}).next()  // [0, 1, 2]
template <class Example, class Collate>
auto make_loader(Dataset<Example> dataset, Collate collate, const LoaderOptions& options) {
  using Batch = std::decay_t<std::invoke_result_t<Collate&, const std::vector<Example>&>>;
  const int64_t size = dataset.size();
  auto read = [dataset = std::move(dataset),
               collate = std::move(collate)](std::span<const int64_t> which) mutable {
    std::vector<Example> examples;
    examples.reserve(which.size());
    for (const int64_t i : which) examples.push_back(dataset.get(i));
    return collate(std::as_const(examples));
  };
  return Loader<Batch>(size, typename Loader<Batch>::Collate(std::move(read)), options);
}
/// With default_collate().
template <class Example>
auto make_loader(Dataset<Example> dataset, const LoaderOptions& options) {
  return make_loader(
      std::move(dataset),
      [](const std::vector<Example>& examples) { return default_collate(examples); }, options);
}

}  // namespace tapehead::data
