// Test samples of scaled_dot_product_attention for combinations of its options.
#pragma once

#include <set>
#include <vector>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// Options of an attention call.
enum Choice {
  kCausal,
  kMask,
  kLengths,
  kWindow,
  kBias,
  kFloatMask,
  kDistance,
  kRelativeKeys,
  kRelativeValues,
  kRelativeQuery,
  kSoftcap,
  kSinks,
  kGrouped,
  kWideValues,
  kScale,
  kStart,
  kScore,
  kVisible,
  kRope,
  kPacked,
  kDropout,
  kChoices
};
using Choices = std::set<int>;

struct AttentionSizes {
  int64_t B = 2, H = 2, T = 3, S = 4, D = 2, N = 5;
};

/// Whether the options can be combined.
bool possible(const Choices& on);
/// A call with the chosen options, and its reference.
Sample attention_sample(const Choices& on, AttentionSizes n = {});
/// Samples of no option, of each single option and of every pair. The environment variable
/// TAPEHEAD_PAIRS=2/6 selects the second of six parts of the pairs.
std::vector<Sample> attention_pairs();

}  // namespace tapehead::op_tests
