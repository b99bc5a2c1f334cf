// Values are compared with PyTorch's in tests/parity/attention.cpp.
#include "tapehead/nn/multihead_attention.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::multihead_attention_test {

using testing::difference;
using testing::error_of;
using testing::values;

TEST_CASE("MultiheadAttention: with weights or without, one sequence or a batch") {
  const nn::Params params(1);
  const nn::MultiheadAttention attention(params / "a", 8, 2,
                                         {.add_bias_kv = true, .add_zero_attn = true});
  params.to(f64);
  const Tensor x = randn({5, 3, 8}, f64), memory = randn({4, 3, 8}, f64);
  const Tensor padding = tensor(
      {{false, false, false, false}, {false, true, false, false}, {false, false, true, true}});
  const Tensor later = triu(ones({5, 4}), 1) > 0;
  for (const bool causal : {false, true}) {
    CAPTURE(causal);
    nn::MultiheadAttentionForwardOptions o{.key_padding_mask = padding,
                                           .attn_mask = causal ? later : Tensor()};
    const AttentionOutput with = attention(x, memory, memory, o);
    CHECK(with.weights.shape() == Shape{3, 5, 6});
    o.need_weights = false;
    o.is_causal = causal;
    const AttentionOutput without = attention(x, memory, memory, o);
    CHECK(difference(with.out, without.out) < 1e-14);
    CHECK_FALSE(without.weights.defined());
    o.attn_mask = {};
    CHECK(difference(attention(x, memory, memory, o).out, with.out) < 1e-14);
    o.key_padding_mask = padding[1];
    o.need_weights = true;
    o.average_attn_weights = false;
    const Tensor m = memory.select(1, 1);
    const AttentionOutput one = attention(x.select(1, 1), m, m, o);
    CHECK(difference(one.out, with.out.select(1, 1)) < 1e-14);
    CHECK(one.weights.shape() == Shape{2, 5, 6});
    CHECK(difference(mean(one.weights, {0}), with.weights[1]) < 1e-14);
  }
}

TEST_CASE("MultiheadAttention: causal without other masks, and dropout") {
  const nn::Params params(1);
  const nn::MultiheadAttention attention(params / "a", 8, 2, {.dropout = 0.5, .batch_first = true});
  const Tensor x = randn({2, 5, 8});
  const Tensor mask = triu(full({5, 5}, -INFINITY), 1);
  CHECK(values(attention(x, x, x).out) != values(attention(x, x, x).out));
  params.eval();
  const Tensor fast = attention(x, x, x, {.need_weights = false, .is_causal = true}).out;
  CHECK(difference(fast, attention(x, x, x, {.attn_mask = mask}).out) < 1e-6);
  CHECK(difference(fast, attention(x, x, x, {.need_weights = false, .attn_mask = mask}).out) <
        1e-6);
}

TEST_CASE("MultiheadAttention: a query without keys") {
  const nn::Params params(1);
  const nn::MultiheadAttention attention(params / "a", 4, 2);
  const Tensor x = randn({2, 1, 4}), all = tensor({{true, true}});
  CHECK(std::isnan(attention(x, x, x, {.key_padding_mask = all}).out.sum().item()));
  const Tensor without = attention(x, x, x, {.key_padding_mask = all, .need_weights = false}).out;
  CHECK(difference(without[0][0], attention.out_proj.bias) == 0);
}

TEST_CASE("MultiheadAttention: errors") {
  const nn::Params params(1);
  CHECK(error_of<ValueError>([&] { nn::MultiheadAttention(params / "b", 8, 3); }) ==
        "multihead_attention: 3 heads do not divide embed_dim = 8 (in b)");
  const nn::MultiheadAttention attention(params / "a", 8, 2, {.kdim = 3});
  const Tensor x = ones({5, 2, 8}), k = ones({4, 2, 3}), v = ones({4, 2, 8});
  const struct {
    Tensor q, k, v, attn_mask, padding;
    const char* message;
  } cases[] = {
      {x, v, v, {}, {}, "key is [4, 2, 8] f32; expected [T, B, 3]"},
      {x, k, ones({3, 2, 8}), {}, {}, "value is [3, 2, 8] f32; expected [T, B, 8]"},
      {ones({5, 2, 7}), k, v, {}, {}, "query is [5, 2, 7] f32; expected [T, B, 8]"},
      {x, ones({4, 1, 3}), v, {}, {}, "key is [4, 1, 3] f32; expected [T, B, 3]"},
      {ones({5, 8}),
       k,
       v,
       {},
       {},
       "query is [5, 8] f32; expected three axes, or two of one sequence"},
      {x,
       k,
       v,
       ones({4, 5}),
       {},
       "attn_mask is [4, 5] f32; expected [T, S] = [5, 4] or [B H, T, S] = [4, 5, 4]"},
      {x, k, v, {}, ones({4, 2}), "key_padding_mask is [4, 2] f32; expected [B, S] = [2, 4]"}};
  for (const auto& c : cases)
    CHECK(error_of<ShapeError>([&] {
            attention(c.q, c.k, c.v, {.key_padding_mask = c.padding, .attn_mask = c.attn_mask});
          }) == std::string("multihead_attention: ") + c.message + " (in a)");
}

}  // namespace tapehead::multihead_attention_test
