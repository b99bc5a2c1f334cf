// Tests every pair of options of scaled_dot_product_attention against the plain reference, with the
// checks of the op table; then tiles, memory and messages.
#include "tapehead/autograd/attention.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/attention_choices.h"
#include "tapehead/tests/expect.h"

namespace tapehead::op_tests {
namespace {

// A call with small operands q [2, 4, 3, 2], k and v [2, 2, 4, 2].
void call(const AttentionOptions& o) {
  scaled_dot_product_attention(zeros({2, 4, 3, 2}), zeros({2, 2, 4, 2}), zeros({2, 2, 4, 2}), o);
}

}  // namespace

#define SAYS(text) "scaled_dot_product_attention: " text
TAPEHEAD_OP_TEST(scaled_dot_product_attention)
    .samples(attention_pairs())
    .bad<ShapeError>(
        [] {
          scaled_dot_product_attention(zeros({2, 3}), zeros({2, 3}), zeros({2, 3}));
        },
        SAYS("q is [2, 3], k is [2, 3], v is [2, 3]; expected q [B, H, T, D], k [B, H', S, D], "
             "v [B, H', S, E]"))
    .bad<ShapeError>(
        [] {
          const Tensor k = zeros({1, 2, 4, 3});
          scaled_dot_product_attention(zeros({1, 3, 4, 3}), k, k);
        },
        SAYS("q has 3 heads, k and v have 2; the first number must be a multiple of the second"))
    .bad<DTypeError>(
        [] {
          const Tensor k = zeros({1, 1, 1, 1}, i64);
          scaled_dot_product_attention(k, k, k);
        },
        SAYS("expected a floating tensor, got [1, 1, 1, 1] i64; convert with to(f32)"))
    .bad<ShapeError>(
        [] {
          call({.mask = zeros({3, 3}, boolean)});
        },
        SAYS("mask is [3, 3]; expected a shape that broadcasts to [B, H, T, S], "
             "[2, 4, 3, 4]"))
    .bad<DTypeError>(
        [] {
          call({.mask = zeros({3, 4}, i64)});
        },
        SAYS("mask is [3, 4] i64; it must be bool, true where a query may see a key, or floating, "
             "added to the scores"))
    .bad<DTypeError>(
        [] {
          call({.bias = zeros({3, 4}, boolean)});
        },
        SAYS("bias is [3, 4] bool; it is added to scores and must be floating; use `mask` to hide "
             "keys"))
    .bad<ShapeError>(
        [] {
          call({.bias = zeros({5, 3, 4})});
        },
        SAYS("bias is [5, 3, 4]; expected a shape that broadcasts to [B, H, T, S], "
             "[2, 4, 3, 4]"))
    .bad<ShapeError>([] { call({.lengths = zeros({3}, i64)}); },
                     SAYS("lengths are [3]; expected [2], one for each sequence"))
    .bad<IndexError>(
        [] {
          call({.lengths = from_vector(std::vector<int64_t>{4, 5})});
        },
        SAYS("lengths[1] = 5 is outside 0..4"))
    .bad<ShapeError>(
        [] {
          call({.distance_bias = zeros({4, 6})});
        },
        SAYS("distance_bias is [4, 6]; expected [N] or [4, N] with N odd"))
    .bad<ShapeError>(
        [] {
          call({.relative = {.keys = zeros({5, 3})}});
        },
        SAYS("relative.keys is [5, 3]; expected [N, 2] or [4, N, 2] with N odd"))
    .bad<ShapeError>(
        [] {
          call({.relative = {.query = zeros({2, 4, 3, 2})}});
        },
        SAYS("relative.query is [2, 4, 3, 2]; expected that of q, [2, 4, 3, 2], and "
             "relative.keys to be given"))
    .bad<ShapeError>([] { call({.sinks = zeros({2})}); }, SAYS("sinks is [2]; expected [4]"))
    .bad<ValueError>([] { call({.dropout = 1.5}); },
                     SAYS("dropout is 1.5; a probability is in 0..1"))
    .bad<ValueError>([] { call({.softcap = -1}); },
                     SAYS("softcap is -1; it must be positive, or 0 for none"))
    .bad<ValueError>([] { call({.window = {.before = -1}}); },
                     SAYS("the window has -1 keys on a side; leave it unset for no limit"))
    .bad<ValueError>(
        [] {
          call({.packed = {zeros({1}, i64), {}}});
        },
        SAYS("packed sequences need B = 1 and no lengths, but B is 2; use one or the other"))
    .bad<ValueError>(
        [] {
          const Tensor x = zeros({1, 1, 4, 2});
          scaled_dot_product_attention(x, x, x,
                                       {.packed = {from_vector(std::vector<int64_t>{0, 3}), {}}});
        },
        SAYS("packed.queries goes from 0 to 3; expected to rise from 0 to 4"))
    .bad<IndexError>([] { call({.weights_of = WeightsOf{.heads = {4}}}); },
                     SAYS("weights_of.heads has 4, outside 0..3"))
    .bad<ShapeError>(
        [] { call({.score = [](const Tensor& x, const ScoresAt&) { return sum(x); }}); },
        SAYS("the score function returned [] f32 of scores [1, 1]; it must keep their shape"))
    .bad<ShapeError>(
        [] { call({.visible = [](const ScoresAt& at) { return at.keys; }}); },
        SAYS("the mask function returned [1, 4] i64 for scores [3, 4]; expected bool of "
             "a shape that broadcasts to theirs"));
TAPEHEAD_OP_TEST(alibi)
    .not_twice_differentiable("it has no tensor operands")
    .sample({.operands = {},
             .call = [](const Tensors&) { return Tensors{alibi(3, 2)}; },
             .reference =
                 [](Arrays&) {
                   Array a({3, 3});
                   const double slopes[] = {1.0 / 16, 1.0 / 256, 1.0 / 4};
                   for (int64_t h = 0; h < 3; ++h) a(h, 0) = a(h, 2) = -slopes[h];
                   return Arrays{a};
                 },
             .differentiable = false})
    .bad<ValueError>([] { alibi(0, 2); }, "alibi: 0 heads and length 2; both must be at least 1");

}  // namespace tapehead::op_tests

namespace tapehead {
namespace {

using op_tests::Choices;
using testing::difference;

// Random f64 operands of a sample.
std::vector<Tensor> operands_of(const op_tests::Sample& s) {
  std::vector<Tensor> x;
  for (const op_tests::Operand& o : s.operands)
    x.push_back(o.kind == op_tests::Operand::kFloating
                    ? Tensor(4 * rand(o.shape, f64) - 2).set_requires_grad()
                : o.kind == op_tests::Operand::kBool
                    ? rand(o.shape) < 0.7
                    : randint(0, static_cast<int64_t>(o.to), o.shape));
  return x;
}

}  // namespace

TEST_CASE("attention: tiles join, whatever the options") {
  manual_seed(3);
  std::vector<Choices> cases;
  cases.reserve(op_tests::kChoices);
  for (int choice = 0; choice < op_tests::kChoices; ++choice) cases.push_back({choice});
  cases.push_back(
      {op_tests::kRelativeKeys, op_tests::kRelativeQuery, op_tests::kCausal, op_tests::kSoftcap});
  cases.push_back(
      {op_tests::kWindow, op_tests::kPacked, op_tests::kRelativeValues, op_tests::kDropout});
  cases.push_back({op_tests::kCausal, op_tests::kGrouped, op_tests::kLengths, op_tests::kScore,
                   op_tests::kSinks});
  for (const Choices& on : cases) {
    if (!op_tests::possible(on)) continue;
    CAPTURE(*on.begin());
    const op_tests::Sample s =
        op_tests::attention_sample(on, {.B = 1, .H = 2, .T = 130, .S = 530, .D = 3, .N = 301});
    const std::vector<Tensor> x = operands_of(s);
    const Tensor y = s.call(x)[0];
    op_tests::Arrays arrays;
    for (const Tensor& t : x) {
      arrays.emplace_back(t.shape());
      arrays.back().values = t.to(f64).to_vector<double>();
    }
    const op_tests::Array expected = s.reference(arrays)[0];
    CHECK(difference(y, from_vector(expected.values).reshape(expected.shape)) < 1e-9);

    std::vector<Tensor> tracked;
    for (const Tensor& t : x)
      if (t.requires_grad()) tracked.push_back(t);
    const Tensor dy = rand(y.shape(), f64);
    const auto fused = grad({y}, tracked, {.gradients = {dy}, .retain_graph = true});
    const auto plain = grad({y}, tracked, {.gradients = {dy}, .create_graph = true});
    for (size_t i = 0; i < fused.size(); ++i) {
      CAPTURE(i);
      CHECK(difference(fused[i], plain[i]) < 1e-8);
    }
  }
}

TEST_CASE("attention: a few queries in bf16 read keys and values of any layout in bf16") {
  manual_seed(6);
  constexpr int64_t kH = 4, kS = 530, kD = 24, kE = 40;
  for (const int64_t T : {1, 2, 7, 8})
    for (const bool split : {false, true}) {  // heads side by side in a row, or apart
      CAPTURE(T);
      CAPTURE(split);
      const auto heads = [&](int64_t H, int64_t rows, int64_t width) {
        return split ? randn({2, rows, H, width}).to(bf16).transpose(1, 2)
                     : randn({2, H, rows, width}).to(bf16);
      };
      const Tensor q = heads(kH, T, kD), k = heads(kH / 2, kS, kD), v = heads(kH / 2, kS, kE);
      const AttentionOptions options[] = {
          {},
          {.causal = true, .start = kS - T},
          {.causal = true, .window = {.before = 300}, .start = kS - T},
          {.lengths = tensor({401, kS}), .scale = 0.3}};
      for (const AttentionOptions& o : options) {
        const Tensor y = scaled_dot_product_attention(q, k, v, o).out;
        const Tensor exact = scaled_dot_product_attention(q.to(f64), k.to(f64), v.to(f64), o).out;
        CHECK(y.dtype() == bf16);
        CHECK(difference(y, exact) < 0.01);
        const AttentionOutput again = scaled_dot_product_attention(q, k, v, o);
        CHECK(difference(again.out, y) == 0);
      }
    }
}

TEST_CASE("attention gives the weights that are asked for") {
  manual_seed(4);
  const Tensor q = randn({2, 4, 3, 2}), k = randn({2, 2, 5, 2}), v = randn({2, 2, 5, 2});
  const AttentionOutput a = scaled_dot_product_attention(
      q, k, v, {.causal = true, .weights_of = WeightsOf{.heads = {3, 0}, .queries = {2}}});
  CHECK(a.weights.shape() == Shape{2, 2, 1, 5});
  for (const int64_t b : {0, 1}) {
    const Tensor out = matmul(a.weights[b][0], v[b][1]);
    CHECK(difference(out[0], a.out[b][3][2]) < 1e-6);
  }
  CHECK(!a.weights.requires_grad());
  CHECK(!scaled_dot_product_attention(q, k, v).weights.defined());
}

TEST_CASE("attention: memory grows with the length, not with its square") {
  const auto extra = [](int64_t T) {
    Tensor q = randn({1, 2, T, 16}), k = randn({1, 2, T, 16}), v = randn({1, 2, T, 16});
    for (Tensor* t : {&q, &k, &v}) t->set_requires_grad();
    reset_peak_memory();
    const int64_t before = memory_stats().live_bytes;
    sum(scaled_dot_product_attention(q, k, v, {.causal = true}).out).backward();
    return memory_stats().peak_bytes - before;
  };
  extra(64);
  const int64_t small = extra(512), large = extra(2048);
  CAPTURE(small);
  CAPTURE(large);
  CHECK(static_cast<double>(large) < 4.4 * static_cast<double>(small));
}

// Tiles have 256 keys. If the first tile of a row is hidden, the running maximum comes from a later
// one; NaN next to hidden keys must propagate.
TEST_CASE("attention: infinities and NaN among the scores of several tiles") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const double nan = std::nan("");
  manual_seed(4);
  for (const DType dtype : {f32, f64}) {
    const auto operand = [&](const Shape& shape) {
      return randn(shape).to(dtype).set_requires_grad();
    };
    const Tensor q = operand({1, 1, 6, 2}), k = operand({1, 1, 700, 2}),
                 v = operand({1, 1, 700, 3});
    Tensor bias = full({6, 700}, -1000, dtype);
    bias[0].slice(0, {0, 300}).fill_(-kInf);
    bias[1].slice(0, {0, 256}).fill_(-kInf);
    bias[1][7].fill_(nan);
    bias[2][650].fill_(nan);
    bias[3][10].fill_(kInf);
    bias[4].fill_(-kInf);
    bias[5].slice(0, {256, 700}).fill_(-kInf);
    const Tensor out = scaled_dot_product_attention(q, k, v, {.bias = bias}).out[0][0];
    for (const int64_t row : {1, 2, 3}) CHECK(all(isnan(out[row])).item() == 1);
    CHECK(all(out[4] == 0).item() == 1);
    const Tensor scores = matmul(q, k.transpose(2, 3))[0][0] / std::sqrt(2.0) + bias;
    for (const int64_t row : {0, 5}) {
      const Tensor wanted = matmul(softmax(scores[row], 0), v[0][0]);
      CHECK(max(abs(out[row] - wanted)).item() < (dtype == f64 ? 1e-12 : 1e-3));
    }
    // Rows with finite outputs have finite gradients, fused and recorded.
    const Tensor rows = tensor({0, 4, 5});
    const auto loss = [&] {
      const Tensor some = index_select(q, 2, rows);
      const Tensor y = scaled_dot_product_attention(
                           some, k, v, {.bias = index_select(bias, 0, rows), .start = 0})
                           .out;
      return sum(square(y));
    };
    const auto fused = grad({loss()}, {q, k, v});
    const auto recorded = grad({loss()}, {q, k, v}, {.create_graph = true});
    for (size_t i = 0; i < 3; ++i) {
      CHECK(all(isfinite(fused[i])).item() == 1);
      CHECK(max(abs(fused[i] - recorded[i])).item() < (dtype == f64 ? 1e-12 : 1e-3));
    }
  }
}

TEST_CASE("attention: sinks of -infinity are none") {
  manual_seed(5);
  const Tensor q = randn({1, 2, 3, 4}, f64).set_requires_grad(), k = randn({1, 2, 5, 4}, f64);
  const Tensor none = full({2}, -std::numeric_limits<double>::infinity(), f64);
  const Tensor mask = tensor({{true}, {false}, {true}}).expand({3, 5});
  const auto with = [&](const Tensor& sinks) {
    return scaled_dot_product_attention(q, k, k, {.mask = mask, .sinks = sinks}).out;
  };
  CHECK(max(abs(with(none) - with({}))).item() == 0);
  for (const bool record : {false, true}) {
    const Tensor a = grad({sum(square(with(none)))}, {q}, {.create_graph = record})[0];
    const Tensor b = grad({sum(square(with({})))}, {q}, {.create_graph = record})[0];
    CHECK(max(abs(a - b)).item() < 1e-14);
  }
}

TEST_CASE("attention: nothing to see gives 0, and empty operands empty results") {
  const Tensor x = core::full({1, 1, 2, 3}, 1);
  const Tensor y = scaled_dot_product_attention(x, x, x, {.lengths = core::full({1}, 0, i64)}).out;
  CHECK(max(abs(y)).item() == 0);
  const Tensor none = core::full({1, 1, 0, 3}, 1);
  CHECK(scaled_dot_product_attention(none, x, x).out.shape() == Shape{1, 1, 0, 3});
  CHECK(max(abs(scaled_dot_product_attention(x, none, none).out)).item() == 0);
  const Tensor nobody = core::full({0, 1, 2, 3}, 1);
  CHECK(scaled_dot_product_attention(nobody, nobody, nobody).out.numel() == 0);
}

}  // namespace tapehead
