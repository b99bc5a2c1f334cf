#include "tapehead/nn/relative_buckets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

// The number of buckets per direction.
int64_t count_of(const RelativeBucketsOptions& o) {
  return o.bidirectional ? o.num_buckets / 2 : o.num_buckets;
}

Tensor checked_weight(const Scope& at, const RelativeBucketsOptions& o) {
  return nn::at(at, [&] {
    if (o.num_heads < 1 || count_of(o) < 2 || o.max_distance <= count_of(o) / 2)
      throw ValueError(fmt::format(
          "relative_buckets: {} heads, {} buckets{}, max_distance {}; a direction needs at least 2 "
          "buckets, and max_distance must exceed half of them",
          o.num_heads, o.num_buckets, o.bidirectional ? " for two directions" : "",
          o.max_distance));
    return at.param("weight", {o.num_buckets, o.num_heads}, o.init);
  });
}

}  // namespace

int64_t relative_bucket(int64_t distance, const RelativeBucketsOptions& o) {
  const int64_t count = count_of(o), exact = count / 2;
  const int64_t first = o.bidirectional && distance > 0 ? count : 0;
  const int64_t far = o.bidirectional ? std::abs(distance) : std::max<int64_t>(-distance, 0);
  if (far < exact) return first + far;
  // In f32, so that distances between two buckets are rounded as in the original implementation.
  const float ratio = std::log(static_cast<float>(far) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(o.max_distance) /
                                                  static_cast<double>(exact)));
  const auto beyond = static_cast<int64_t>(ratio * static_cast<float>(count - exact));
  return first + std::min(exact + beyond, count - 1);
}

RelativeBuckets::RelativeBuckets(const Scope& at, const RelativeBucketsOptions& o)
    : weight(checked_weight(at, o)) {
  std::vector<int64_t> buckets;
  for (int64_t d = -o.max_distance; d <= o.max_distance; ++d)
    buckets.push_back(relative_bucket(d, o));
  buckets_ = from_vector(buckets);
}

Tensor RelativeBuckets::operator()() const {
  return index_select(weight, 0, buckets_).transpose(0, 1);
}

}  // namespace tapehead::nn
