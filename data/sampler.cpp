#include "tapehead/data/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/random.h"

namespace tapehead::data {
namespace {

void check_size(const char* sampler, const char* what, int64_t size, int64_t least) {
  if (size < least)
    throw ValueError(fmt::format("{}: {} = {}; it must be {} or more", sampler, what, size, least));
}

Generator generator_of(uint64_t seed, int64_t epoch) {
  return {.seed = fold_in(seed, static_cast<uint64_t>(epoch))};
}

std::vector<int64_t> first(int64_t size) {
  std::vector<int64_t> out(static_cast<size_t>(size));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::vector<int64_t> permutation(int64_t size, Generator& generator) {
  return core::permutation(size, generator).to_vector<int64_t>();
}

// In (0, 1).
std::vector<double> uniform(size_t count, Generator& generator) {
  std::vector<double> out = rand({static_cast<int64_t>(count)}, f64, generator).to_vector<double>();
  for (double& u : out) u = std::max(u, 0x1p-54);
  return out;
}

void check_weights(const std::vector<double>& weights, int64_t num_samples, bool replacement) {
  const char* name = "WeightedRandomSampler";
  check_size(name, "num_samples", num_samples, 1);
  int64_t positive = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0) || !std::isfinite(weights[i]))
      throw ValueError(
          fmt::format("{}: weights[{}] = {}; it must be 0 or more", name, i, weights[i]));
    positive += weights[i] > 0;
  }
  if (positive == 0) throw ValueError(fmt::format("{}: no weight is above 0", name));
  if (!replacement && num_samples > positive)
    throw ValueError(
        fmt::format("{}: num_samples = {} of {} weights above 0; pass replacement = true, or fewer",
                    name, num_samples, positive));
}

}  // namespace

std::vector<int64_t> SequentialSampler::operator()(int64_t) const {
  check_size("SequentialSampler", "size", size, 0);
  return first(size);
}

std::vector<int64_t> RandomSampler::operator()(int64_t epoch) const {
  check_size("RandomSampler", "size", size, 1);
  check_size("RandomSampler", "num_samples", num_samples, 0);
  const int64_t count = num_samples == 0 ? size : num_samples;
  Generator generator = generator_of(seed, epoch);
  if (replacement) return randint(size, {count}, i64, generator).to_vector<int64_t>();
  std::vector<int64_t> out;
  while (static_cast<int64_t>(out.size()) < count) {
    const std::vector<int64_t> more = permutation(size, generator);
    out.insert(out.end(), more.begin(), more.end());
  }
  out.resize(static_cast<size_t>(count));
  return out;
}

std::vector<int64_t> WeightedRandomSampler::operator()(int64_t epoch) const {
  check_weights(weights, num_samples, replacement);
  Generator generator = generator_of(seed, epoch);
  std::vector<int64_t> out;
  if (replacement) {
    std::vector<double> sums(weights.size());
    std::partial_sum(weights.begin(), weights.end(), sums.begin());
    for (const double u : uniform(static_cast<size_t>(num_samples), generator)) {
      const auto at = std::upper_bound(sums.begin(), sums.end(), u * sums.back());
      out.push_back(std::min(at, std::lower_bound(sums.begin(), sums.end(), sums.back())) -
                    sums.begin());
    }
    return out;
  }
  // The examples with the smallest of exponentially distributed times: Efraimidis and Spirakis
  // 2006.
  std::vector<double> times = uniform(weights.size(), generator);
  for (size_t i = 0; i < weights.size(); ++i)
    times[i] = weights[i] > 0 ? -std::log(times[i]) / weights[i] : INFINITY;
  out = first(static_cast<int64_t>(weights.size()));
  std::partial_sort(out.begin(), out.begin() + num_samples, out.end(), [&](int64_t a, int64_t b) {
    return times[static_cast<size_t>(a)] < times[static_cast<size_t>(b)];
  });
  out.resize(static_cast<size_t>(num_samples));
  return out;
}

std::vector<int64_t> SubsetRandomSampler::operator()(int64_t epoch) const {
  Generator generator = generator_of(seed, epoch);
  std::vector<int64_t> out = permutation(static_cast<int64_t>(indices.size()), generator);
  for (int64_t& i : out) i = indices[static_cast<size_t>(i)];
  return out;
}

std::vector<int64_t> DistributedSampler::operator()(int64_t epoch) const {
  const char* name = "DistributedSampler";
  check_size(name, "size", size, 1);
  check_size(name, "num_replicas", num_replicas, 1);
  if (rank < 0 || rank >= num_replicas)
    throw ValueError(
        fmt::format("{}: rank = {}; it must be within 0 … {}", name, rank, num_replicas - 1));
  Generator generator = generator_of(seed, epoch);
  const std::vector<int64_t> all = shuffle ? permutation(size, generator) : first(size);
  const int64_t each = drop_last ? size / num_replicas : (size + num_replicas - 1) / num_replicas;
  std::vector<int64_t> out;
  for (int64_t i = 0; i < each; ++i)
    out.push_back(all[static_cast<size_t>((rank + i * num_replicas) % size)]);
  return out;
}

std::vector<std::vector<int64_t>> BatchSampler::operator()(int64_t epoch) const {
  if (!sampler)
    throw ValueError("BatchSampler: the sampler is empty; give a function of the epoch");
  check_size("BatchSampler", "batch_size", batch_size, 1);
  std::vector<std::vector<int64_t>> batches;
  const std::vector<int64_t> all = sampler(epoch);
  const auto total = static_cast<int64_t>(all.size());
  for (int64_t from = 0; from < total; from += batch_size) {
    const int64_t to = std::min(from + batch_size, total);
    if (drop_last && to - from < batch_size) break;
    batches.emplace_back(all.begin() + from, all.begin() + to);
  }
  return batches;
}

}  // namespace tapehead::data
