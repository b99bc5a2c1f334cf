#include "tapehead/tests/attention_choices.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tapehead/autograd/attention.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/tiled_attention.h"
#include "tapehead/tests/attention_reference.h"

namespace tapehead::op_tests {
namespace {

// The operands that the choices add to q, k and v, in order.
std::vector<std::pair<int, Operand>> extra_operands(const AttentionSizes& n, int64_t E) {
  return {{kMask, mask({n.B, 1, n.T, n.S})},
          {kLengths, indices({n.B}, n.S + 1)},
          {kBias, Shape{n.H, n.T, n.S}},
          {kFloatMask, Shape{n.T, n.S}},
          {kDistance, Shape{n.H, n.N}},
          {kRelativeKeys, Shape{n.N, n.D}},
          {kRelativeValues, Shape{n.H, n.N, E}},
          {kRelativeQuery, Shape{n.B, n.H, n.T, n.D}},
          {kSinks, Shape{n.H}},
          {kScore, Shape{n.H}}};
}

// Applies RoPE to the first two elements of each row at its position; see Rope.
void turn(Array& x, const std::function<double(int64_t row)>& position) {
  const int64_t rows = x.shape[2], D = x.shape[3];
  for (int64_t i = 0; i < x.numel() / D; ++i) {
    const double angle = position(i % rows), a = x[i * D], b = x[i * D + 1];
    x[i * D] = a * std::cos(angle) - b * std::sin(angle);
    x[i * D + 1] = a * std::sin(angle) + b * std::cos(angle);
  }
}

std::vector<int64_t> starts(int64_t total) { return {0, total / 3, total / 3, total}; }

}  // namespace

Sample attention_sample(const Choices& on, AttentionSizes n) {
  const auto has = [on](int choice) { return on.contains(choice); };
  if (has(kPacked)) n.B = 1;
  if (has(kGrouped)) n.H *= 2;
  const int64_t E = has(kWideValues) ? n.D + 1 : n.D, keys = has(kGrouped) ? n.H / 2 : n.H;
  Sample s;
  s.operands = {Shape{n.B, n.H, n.T, n.D}, Shape{n.B, keys, n.S, n.D}, Shape{n.B, keys, n.S, E}};
  std::vector<int> order;
  for (const auto& [choice, operand] : extra_operands(n, E))
    if (has(choice)) order.push_back(choice), s.operands.push_back(operand);
  const auto find = [order](int choice) {
    return static_cast<size_t>(std::find(order.begin(), order.end(), choice) - order.begin()) + 3;
  };
  s.call = [=](const Tensors& x) {
    const auto operand = [&](int choice) { return has(choice) ? x[find(choice)] : Tensor(); };
    AttentionOptions o{.causal = has(kCausal),
                       .mask = has(kMask) ? operand(kMask) : operand(kFloatMask),
                       .lengths = operand(kLengths),
                       .bias = operand(kBias),
                       .distance_bias = operand(kDistance),
                       .relative = {.keys = operand(kRelativeKeys),
                                    .values = operand(kRelativeValues),
                                    .query = operand(kRelativeQuery)},
                       .dropout = has(kDropout) ? 0.3 : 0,
                       .softcap = has(kSoftcap) ? 1.5 : 0,
                       .sinks = operand(kSinks)};
    if (has(kMask) && has(kFloatMask)) {
      o.bias = has(kBias) ? o.bias + operand(kFloatMask) : operand(kFloatMask);
    }
    if (has(kPacked)) o.packed = {from_vector(starts(n.T)), from_vector(starts(n.S))};
    if (has(kWindow)) o.window = {1, 2};
    if (has(kScale)) o.scale = 0.7;
    if (has(kStart)) o.start = 0;
    if (has(kScore)) {
      const Tensor factor = operand(kScore);
      o.score = [factor](const Tensor& scores, const ScoresAt& at) {
        return scores * factor[at.head] + 0.125 * (at.queries - at.keys);
      };
    }
    const Rope rope({.dim = 2, .base = 10});
    if (has(kRope)) o.rope = &rope;
    if (has(kVisible))
      o.visible = [](const ScoresAt& at) { return remainder(at.queries + at.keys, 3) != 1; };
    const Generator before = default_generator();
    manual_seed(7);
    const Tensor y = scaled_dot_product_attention(x[0], x[1], x[2], o).out;
    default_generator() = before;
    return Tensors{y};
  };
  s.reference = [=](Arrays& x) {
    const Shape scores{n.B, n.H, n.T, n.S};
    const auto operand = [&](int choice) {
      return has(choice) ? x[find(choice)] : Array(Shape{0});
    };
    const auto wide = [&](int choice) {
      return has(choice) ? broadcast(operand(choice), scores) : Array({0});
    };
    const auto table = [&](int choice) {
      Array a = operand(choice);
      if (has(choice) && choice == kRelativeKeys) a.shape = {1, n.N, n.D};
      return a;
    };
    AttentionCase c{.q = x[0],
                    .k = x[1],
                    .v = x[2],
                    .mask = wide(kMask),
                    .lengths = operand(kLengths),
                    .bias = wide(kBias),
                    .distance = operand(kDistance),
                    .keys = table(kRelativeKeys),
                    .values = operand(kRelativeValues),
                    .relative = operand(kRelativeQuery),
                    .sinks = operand(kSinks)};
    if (has(kFloatMask)) {
      const Array added = wide(kFloatMask);
      if (!has(kBias)) c.bias = Array(scores);
      for (int64_t i = 0; i < added.numel(); ++i) c.bias[i] += added.values[static_cast<size_t>(i)];
    }
    c.scale = has(kScale) ? 0.7 : 1 / std::sqrt(static_cast<double>(n.D));
    c.softcap = has(kSoftcap) ? 1.5 : 0;
    if (has(kWindow)) c.before = 1, c.after = 2;
    if (has(kCausal)) c.after = 0;
    c.start = has(kStart) ? 0 : n.S - n.T;
    if (has(kPacked)) c.query_starts = starts(n.T), c.key_starts = starts(n.S);
    if (has(kRope)) {
      // The offset of positions from rows, in the sequence of a row.
      const auto shift = [&](const std::vector<int64_t>& first, int64_t row) {
        size_t i = 0;
        while (i + 2 < first.size() && row >= first[i + 1]) ++i;
        return c.key_starts[i + 1] - c.key_starts[i] - first[i + 1];
      };
      turn(c.q, [&](int64_t i) {
        return static_cast<double>(i + (has(kPacked) ? shift(c.query_starts, i) : c.start));
      });
      turn(c.k, [&](int64_t j) {
        return static_cast<double>(j + (has(kPacked) ? shift(c.key_starts, j) : 0));
      });
    }
    if (has(kDropout)) {
      core::AttentionSpec spec;
      spec.dropout = 0.3;
      spec.generator = {7, 0};
      c.dropped = Array(scores);
      c.dropped.values = core::attention_dropout(spec, scores, f64).to_vector<double>();
    }
    if (has(kScore) || has(kVisible))
      c.score = [&, factor = operand(kScore)](double score, int64_t h, int64_t i,
                                              int64_t j) mutable {
        if (has(kScore)) score = score * factor[h] + 0.125 * static_cast<double>(i - j);
        return has(kVisible) && (i + j) % 3 == 1 ? -INFINITY : score;
      };
    return Arrays{attention_reference(c)};
  };
  s.reduces = 4 * (n.S + n.D);
  s.roundings = 4;
  return s;
}

bool possible(const Choices& on) {
  const auto has = [&](int choice) { return on.contains(choice); };
  return !(has(kPacked) && has(kLengths)) && (!has(kRelativeQuery) || has(kRelativeKeys));
}

std::vector<Sample> attention_pairs() {
  int part = 0, parts = 1;
  if (const char* chosen = std::getenv("TAPEHEAD_PAIRS"))
    std::sscanf(chosen, "%d/%d", &part, &parts);
  std::vector<Sample> out{attention_sample({})};
  for (int a = 0; a < kChoices; ++a)
    for (int b = a; b < kChoices; ++b) {
      Choices on{a, b};
      if (on.contains(kRelativeQuery)) on.insert(kRelativeKeys);
      if (possible(on) && (a == b || (a + b) % parts == part)) out.push_back(attention_sample(on));
    }
  // Empty and full sequences; queries that see all or none of the keys.
  Sample whole = attention_sample({kMask, kLengths}, {.B = 3});
  whole.operands[3].values = {1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0,
                              0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0};
  whole.operands[4].values = {0, 4, 2};
  out.push_back(whole);
  return out;
}

}  // namespace tapehead::op_tests
