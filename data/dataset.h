// Datasets: examples by index, and ways to derive a dataset from others.
//
//   data::Dataset<std::string> lines(read_lines("train.txt"));           // from a vector
//   data::Dataset<Tensor> images(60000, [&](int64_t i) { return load(i); });  // from a function
//   const auto parts = data::random_split(lines, {0.9, 0.1}, generator);
//   auto batches = data::make_loader(parts[0], collate, {.batch = 32});   // data/dataset_loader.h
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead::data {
namespace detail {

// Throws IndexError unless 0 <= i < size.
void check_example(int64_t i, int64_t size);
void check_dataset(int64_t size, bool has_function);
void check_subset(const std::vector<int64_t>& indices, int64_t size);
std::vector<std::vector<int64_t>> split_indices(int64_t size, const std::vector<double>& lengths,
                                                Generator& generator);
// The number of the part that contains example i, and its index there.
std::pair<size_t, int64_t> part_of(int64_t i, const std::vector<int64_t>& sizes);

}  // namespace detail

/// Examples of a type by index. A handle: copies share the examples. get() may be called from the
/// loader's thread, so a function must not depend on the calling thread.
/// Example: data::Dataset<int64_t>(10, [](int64_t i) { return i * i; })[3]  // 9
template <class Example>
class Dataset {
 public:
  /// The examples of a vector.
  explicit Dataset(std::vector<Example> examples)
      : size_(static_cast<int64_t>(examples.size())),
        get_([all = std::make_shared<const std::vector<Example>>(std::move(examples))](int64_t i) {
          return (*all)[static_cast<size_t>(i)];
        }) {}
  /// `size` examples that a function computes from their index. Throws ValueError for a negative
  /// size or an empty function.
  Dataset(int64_t size, std::function<Example(int64_t)> get) : size_(size), get_(std::move(get)) {
    detail::check_dataset(size_, static_cast<bool>(get_));
  }

  int64_t size() const { return size_; }
  /// Example i. Throws IndexError if it is outside 0..size() - 1.
  Example get(int64_t i) const {
    detail::check_example(i, size_);
    return get_(i);
  }
  Example operator[](int64_t i) const { return get(i); }

  /// f(example) of each example, computed by get().
  template <class F>
  auto map(F f) const {
    using Result = std::decay_t<std::invoke_result_t<F&, Example>>;
    return Dataset<Result>(
        size_, [get = get_, f = std::move(f)](int64_t i) mutable -> Result { return f(get(i)); });
  }

 private:
  int64_t size_;
  std::function<Example(int64_t)> get_;
};

/// The examples with these indices: PyTorch's Subset. Throws IndexError for an index out of range.
/// Example: data::subset(data::Dataset<int64_t>(std::vector<int64_t>{10, 20, 30}), {2, 0})[0]
///     // 30
template <class Example>
Dataset<Example> subset(const Dataset<Example>& dataset, std::vector<int64_t> indices) {
  detail::check_subset(indices, dataset.size());
  const auto size = static_cast<int64_t>(indices.size());
  return {size, [dataset, indices = std::move(indices)](int64_t i) {
            return dataset.get(indices[static_cast<size_t>(i)]);
          }};
}

/// The examples of several datasets, one after the other: PyTorch's ConcatDataset.
/// Example: const data::Dataset<int64_t> two(std::vector<int64_t>{10, 20});
///     data::concat<int64_t>({two, two})[2]  // 10
template <class Example>
Dataset<Example> concat(std::vector<Dataset<Example>> datasets) {
  std::vector<int64_t> sizes;
  int64_t total = 0;
  for (const auto& dataset : datasets) {
    sizes.push_back(dataset.size());
    total += dataset.size();
  }
  return {total, [datasets = std::move(datasets), sizes = std::move(sizes)](int64_t i) {
            const auto at = detail::part_of(i, sizes);
            return datasets[at.first].get(at.second);
          }};
}

/// Splits a dataset at random into disjoint parts of these lengths, as PyTorch's random_split. If
/// the lengths sum to 1, they are fractions of the size: parts are rounded down, and the remaining
/// examples go to the first parts, one to each. Throws ValueError for lengths that are negative, do
/// not sum to the size, or are not whole.
/// Example: data::random_split(data::tensor_dataset({arange(10)}), {0.8, 0.2})[0].size()  // 8
template <class Example>
std::vector<Dataset<Example>> random_split(const Dataset<Example>& dataset,
                                           const std::vector<double>& lengths,
                                           Generator& generator = default_generator()) {
  std::vector<Dataset<Example>> parts;
  for (std::vector<int64_t>& indices : detail::split_indices(dataset.size(), lengths, generator))
    parts.push_back(subset(dataset, std::move(indices)));
  return parts;
}

/// Row i of each tensor as example i: PyTorch's TensorDataset. Throws ShapeError for tensors
/// without axes or with different first sizes, ValueError if there are none.
/// Example: data::tensor_dataset({tensor({{1, 2}, {3, 4}}), tensor({0, 1})})[1]  // [3, 4]; 1
Dataset<std::vector<Tensor>> tensor_dataset(const std::vector<Tensor>& tensors);

}  // namespace tapehead::data
