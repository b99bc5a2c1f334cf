#include "tapehead/nn/relative_buckets.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

TEST_CASE("distances fall into the buckets of T5") {
  // From transformers' T5Attention._relative_position_bucket, 5.24.
  const int64_t distances[] = {-300, -128, -127, -91, -90, -46, -45, -23, -22, -16,
                               -15,  -12,  -8,   -7,  -1,  0,   1,   7,   8,   11,
                               12,   16,   23,   32,  64,  90,  91,  127, 128, 1000};
  const struct {
    nn::RelativeBucketsOptions options;
    std::vector<int64_t> buckets;
  } cases[] = {
      {{.num_buckets = 32, .max_distance = 128, .bidirectional = true},
       {15, 15, 15, 15, 14, 13, 12, 11, 10, 10, 9,  9,  8,  7,  1,
        0,  17, 23, 24, 24, 25, 26, 27, 28, 30, 30, 31, 31, 31, 31}},
      {{.num_buckets = 32, .max_distance = 128, .bidirectional = false},
       {31, 31, 31, 29, 29, 24, 23, 18, 18, 16, 15, 12, 8, 7, 1,
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0}},
      {{.num_buckets = 10, .max_distance = 20, .bidirectional = true},
       {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 1, 0, 6, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}},
      {{.num_buckets = 7, .max_distance = 33, .bidirectional = false},
       {6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 5, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  };
  for (const auto& [options, buckets] : cases)
    for (size_t i = 0; i < buckets.size(); ++i) {
      CAPTURE(distances[i]);
      CHECK(nn::relative_bucket(distances[i], options) == buckets[i]);
    }
}

TEST_CASE("relative buckets are a bias of attention") {
  manual_seed(1);
  const nn::Params params(1);
  const nn::RelativeBuckets relative(params / "relative",
                                     {.num_heads = 2, .num_buckets = 8, .max_distance = 5});
  params.to(f64);
  const int64_t T = 9;  // beyond max_distance
  const auto qkv = [&] { return randn({1, 2, T, 3}, f64); };
  const Tensor q = qkv(), k = qkv(), v = qkv();
  std::vector<int64_t> buckets;
  for (int64_t i = 0; i < T; ++i)
    for (int64_t j = 0; j < T; ++j)
      buckets.push_back(nn::relative_bucket(j - i, {.num_buckets = 8, .max_distance = 5}));
  const Tensor bias = index_select(params["relative.weight"], 0, from_vector(buckets))
                          .reshape({T, T, 2})
                          .permute({2, 0, 1});
  const auto attend = [&](const AttentionOptions& o) {
    return scaled_dot_product_attention(q, k, v, o).out;
  };
  CHECK(max(abs(attend({.distance_bias = relative()}) - attend({.bias = bias}))).item() < 1e-12);
  sum(square(attend({.distance_bias = relative()}))).backward();
  const Tensor got = params["relative.weight"].grad();
  params.zero_grad();
  sum(square(attend({.bias = bias}))).backward();
  CHECK(max(abs(got - params["relative.weight"].grad())).item() < 1e-12);
}

TEST_CASE("relative buckets that cannot be") {
  const nn::Params params(1);
  const auto refuse = [&](const nn::RelativeBucketsOptions& o) {
    return error_of<ValueError>([&] { nn::RelativeBuckets(params / "r", o); });
  };
  CHECK(refuse({.num_buckets = 3}) ==
        "relative_buckets: 1 heads, 3 buckets for two directions, max_distance 128; a direction "
        "needs at least 2 buckets, and max_distance must exceed half of them (in r)");
  CHECK(refuse({.num_heads = 2, .num_buckets = 8, .max_distance = 4, .bidirectional = false}) ==
        "relative_buckets: 2 heads, 8 buckets, max_distance 4; a direction needs at least 2 "
        "buckets, and max_distance must exceed half of them (in r)");
}
