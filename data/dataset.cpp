#include "tapehead/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace detail {
namespace {

// The lengths of the parts, from lengths or fractions.
std::vector<int64_t> part_lengths(int64_t size, const std::vector<double>& lengths) {
  for (size_t i = 0; i < lengths.size(); ++i)
    if (!(lengths[i] >= 0) || !std::isfinite(lengths[i]))
      throw ValueError(
          fmt::format("random_split: lengths[{}] = {}; it must be 0 or more", i, lengths[i]));
  const double total = std::accumulate(lengths.begin(), lengths.end(), 0.0);
  std::vector<int64_t> out;
  if (std::abs(total - 1) < 1e-9) {
    for (const double fraction : lengths)
      out.push_back(static_cast<int64_t>(std::floor(static_cast<double>(size) * fraction)));
    const int64_t left = size - std::accumulate(out.begin(), out.end(), int64_t{0});
    for (int64_t i = 0; i < left; ++i) ++out[static_cast<size_t>(i) % out.size()];
    return out;
  }
  if (total != static_cast<double>(size))
    throw ValueError(
        fmt::format("random_split: the lengths sum to {}, the dataset has {} examples; give "
                    "lengths that sum to it, or fractions that sum to 1",
                    total, size));
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] != std::floor(lengths[i]))
      throw ValueError(
          fmt::format("random_split: lengths[{}] = {}; it must be whole", i, lengths[i]));
    out.push_back(static_cast<int64_t>(lengths[i]));
  }
  return out;
}

}  // namespace

void check_example(int64_t i, int64_t size) {
  if (i < 0 || i >= size)
    throw IndexError(fmt::format("dataset: example {} is outside 0..{}", i, size - 1));
}

void check_dataset(int64_t size, bool has_function) {
  if (size < 0) throw ValueError(fmt::format("dataset: size = {}; it must be 0 or more", size));
  if (!has_function)
    throw ValueError("dataset: the function is empty; give a function of the index");
}

void check_subset(const std::vector<int64_t>& indices, int64_t size) {
  for (size_t i = 0; i < indices.size(); ++i)
    if (indices[i] < 0 || indices[i] >= size)
      throw IndexError(
          fmt::format("subset: indices[{}] = {} is outside 0..{}", i, indices[i], size - 1));
}

std::pair<size_t, int64_t> part_of(int64_t i, const std::vector<int64_t>& sizes) {
  size_t part = 0;
  while (i >= sizes[part]) i -= sizes[part++];
  return {part, i};
}

std::vector<std::vector<int64_t>> split_indices(int64_t size, const std::vector<double>& lengths,
                                                Generator& generator) {
  const std::vector<int64_t> counts = part_lengths(size, lengths);
  const std::vector<int64_t> order = core::permutation(size, generator).to_vector<int64_t>();
  std::vector<std::vector<int64_t>> parts;
  auto at = order.begin();
  for (const int64_t count : counts) {
    parts.emplace_back(at, at + count);
    at += count;
  }
  return parts;
}

}  // namespace detail

Dataset<std::vector<Tensor>> tensor_dataset(const std::vector<Tensor>& tensors) {
  if (tensors.empty()) throw ValueError("tensor_dataset: there are no tensors");
  for (size_t k = 0; k < tensors.size(); ++k)
    if (tensors[k].dim() == 0 || tensors[k].size(0) != tensors[0].size(0))
      throw ShapeError(fmt::format(
          "tensor_dataset: tensors[{}] is {}, tensors[0] is {}; their first sizes must be equal", k,
          tensors[k].shape().str(), tensors[0].shape().str()));
  return {tensors[0].size(0), [tensors](int64_t i) {
            std::vector<Tensor> example;
            for (const Tensor& t : tensors) {
              Shape shape = t.shape(), strides = t.strides();
              const int64_t offset = t.impl()->offset + i * strides[0];
              shape.erase(0);
              strides.erase(0);
              example.push_back(core::view_of(t, shape, strides, offset));
            }
            return example;
          }};
}

}  // namespace tapehead::data
