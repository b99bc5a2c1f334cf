// Samplers: the order of a dataset's examples in each epoch. A sampler is any function from the
// epoch to a list of indices. It has no state, so that a loader can resume within an epoch.
//
//   data::Loader<Batch> batches(dataset.size(), collate,
//                               {.batch = 32, .sampler = data::WeightedRandomSampler{
//                                                 .weights = weights, .num_samples = 10000}});
//
// Options have the names and defaults of PyTorch's samplers. An option out of range is a
// ValueError, thrown when the sampler is called.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tapehead::data {

/// Any function of the epoch = 0, 1, … is a sampler.
using Sampler = std::function<std::vector<int64_t>(int64_t epoch)>;

/// 0, 1, … size - 1.
/// Example: data::SequentialSampler{3}(0)  // [0, 1, 2]
struct SequentialSampler {
  int64_t size = 0;
  std::vector<int64_t> operator()(int64_t epoch) const;
};

/// The examples in random order. With `replacement`, num_samples independent draws; num_samples =
/// 0: as many as there are examples. Without it, more samples than examples are several
/// permutations.
/// Example: data::RandomSampler{.size = 5, .seed = 1}(0)  // [1, 0, 3, 4, 2]
struct RandomSampler {
  int64_t size = 0;
  bool replacement = false;
  int64_t num_samples = 0;
  uint64_t seed = 0;
  std::vector<int64_t> operator()(int64_t epoch) const;
};

/// Examples with probabilities proportional to weights, which need not sum to 1. Without
/// `replacement`, an example is drawn at most once, and a weight of 0 never; num_samples is at most
/// the number of other weights.
/// Example: data::WeightedRandomSampler{.weights = {1, 0, 3}, .num_samples = 6}(0)
///     // [2, 2, 2, 2, 2, 2]
struct WeightedRandomSampler {
  std::vector<double> weights = {};
  int64_t num_samples = 0;
  bool replacement = true;
  uint64_t seed = 0;
  std::vector<int64_t> operator()(int64_t epoch) const;
};

/// These indices in random order.
/// Example: data::SubsetRandomSampler{.indices = {7, 8, 9}}(0)  // [9, 8, 7]
struct SubsetRandomSampler {
  std::vector<int64_t> indices = {};
  uint64_t seed = 0;
  std::vector<int64_t> operator()(int64_t epoch) const;
};

/// The part of process `rank` of `num_replicas`: every num_replicas-th example from `rank` on, of a
/// permutation that is the same in all processes. All parts have the same size: the first examples
/// are repeated at the end, or, with `drop_last`, the last examples left out. The epoch takes the
/// place of PyTorch's set_epoch().
/// Example: data::DistributedSampler{.size = 5, .num_replicas = 2, .rank = 1, .shuffle = false}(0)
///     // [1, 3, 0]
struct DistributedSampler {
  int64_t size = 0;
  int64_t num_replicas = 1;
  int64_t rank = 0;
  bool shuffle = true;  ///< whether the order is random, anew in each epoch
  uint64_t seed = 0;
  bool drop_last = false;
  std::vector<int64_t> operator()(int64_t epoch) const;
};

/// Any function from the epoch to lists of indices gives the batches: LoaderOptions::batch_sampler.
using Batches = std::function<std::vector<std::vector<int64_t>>(int64_t epoch)>;

/// Batches of consecutive indices of a sampler; the last one may be smaller, or is dropped.
/// Example: data::BatchSampler{.sampler = data::SequentialSampler{5}, .batch_size = 2}(0)
///     // [[0, 1], [2, 3], [4]]
struct BatchSampler {
  Sampler sampler = {};
  int64_t batch_size = 0;  ///< indices of a batch
  bool drop_last = false;
  std::vector<std::vector<int64_t>> operator()(int64_t epoch) const;
};

}  // namespace tapehead::data
