#include "tapehead/autograd/ops/rnnt_loss.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tapehead/autograd/engine.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

constexpr int64_t kBatch = 3, kSteps = 4, kLongest = 3, kSymbols = 4;
const std::vector<std::vector<int64_t>> kTransductions = {{1, 1, 3}, {}, {2, 3}};
const std::vector<int64_t> kStepsOf = {4, 3, 2};

Tensor padded_symbols() { return tensor({{1, 1, 3}, {7, 7, 7}, {2, 3, -5}}); }

// The probability of all paths from a node to the end, by trying each.
double paths_from(const std::function<double(int64_t t, int64_t u, int64_t symbol)>& log_prob,
                  int64_t t, int64_t u, int64_t frames, const std::vector<int64_t>& target,
                  int64_t blank) {
  const double ended = std::exp(log_prob(t, u, blank));
  double sum = t + 1 < frames ? ended * paths_from(log_prob, t + 1, u, frames, target, blank)
               : u == std::ssize(target) ? ended
                                         : 0;
  if (u < std::ssize(target))
    sum += std::exp(log_prob(t, u, target[static_cast<size_t>(u)])) *
           paths_from(log_prob, t, u + 1, frames, target, blank);
  return sum;
}

double transduction_loss(Array& x, int64_t b, bool normalize, int64_t blank) {
  const auto log_prob = [&](int64_t t, int64_t u, int64_t symbol) {
    double total = 0;
    for (int64_t v = 0; v < kSymbols; ++v) total += std::exp(x(b, t, u, v));
    return x(b, t, u, symbol) - (normalize ? std::log(total) : 0);
  };
  const auto at = static_cast<size_t>(b);
  return -std::log(paths_from(log_prob, 0, 0, kStepsOf[at], kTransductions[at], blank));
}

Sample rnnt_of(const RNNTLossOptions& o) {
  return {.operands = {{{kBatch, kSteps, kLongest + 1, kSymbols}, -2, 1}},
          .call =
              [=](const Tensors& x) {
                return Tensors{
                    rnnt_loss(x[0], padded_symbols(), tensor(kStepsOf), tensor({3, 0, 2}), o)};
              },
          .reference =
              [=](Arrays& in) {
                Array each({kBatch});
                double sum = 0;
                for (int64_t b = 0; b < kBatch; ++b)
                  sum += each[b] = transduction_loss(in[0], b, o.fused_log_softmax,
                                                     o.blank < 0 ? o.blank + kSymbols : o.blank);
                if (o.reduction == Reduction::none) return Arrays{each};
                return Arrays{Array({}, o.reduction == Reduction::mean ? sum / kBatch : sum)};
              },
          .reduces = 64,
          .roundings = 4};
}

struct RnntCall {
  Tensor logits = core::full({2, 5, 3, 4}, 0), targets = tensor({{1, 2}, {2, 1}});
  Tensor logit_lengths = tensor({5, 5}), target_lengths = tensor({2, 2});
  RNNTLossOptions options = {};
};
std::function<void()> bad_rnnt(const RnntCall& c) {
  return [=] { rnnt_loss(c.logits, c.targets, c.logit_lengths, c.target_lengths, c.options); };
}

}  // namespace

TAPEHEAD_OP_TEST(rnnt_loss)
    .sample(rnnt_of({.blank = 0, .reduction = Reduction::none}))
    .sample(rnnt_of({.blank = -4}))
    .sample(rnnt_of({.blank = 0, .reduction = Reduction::sum, .fused_log_softmax = false}))
    .sample(
        {.operands = {{{1, 2, 1, 3}}},  // without targets
         .call =
             [](const Tensors& x) {
               return Tensors{rnnt_loss(x[0], core::empty({1, 0}, i64), tensor({2}), tensor({0}))};
             }})
    .bad<DTypeError>(bad_rnnt({.logits = core::full({2, 5, 3, 4}, 0, i64)}),
                     "rnnt_loss: expected a floating tensor, got [2, 5, 3, 4] i64; convert with "
                     "to(f32)")
    .bad<ShapeError>(bad_rnnt({.logits = core::full({2, 5, 3}, 0)}),
                     "rnnt_loss: logits have shape [2, 5, 3]; they must be [B, T, U + 1, V], and "
                     "not be empty")
    .bad<ShapeError>(bad_rnnt({.logits = core::full({0, 5, 3, 4}, 0)}),
                     "rnnt_loss: logits have shape [0, 5, 3, 4]; they must be [B, T, U + 1, V], "
                     "and not be empty")
    .bad<IndexError>(bad_rnnt({.options = {.blank = 4}}), "rnnt_loss: blank = 4 is outside -4..3")
    .bad<DTypeError>(bad_rnnt({.targets = core::full({2, 2}, 1)}),
                     "rnnt_loss: the targets are f32; symbols must be integers; convert with "
                     "to(i64)")
    .bad<ShapeError>(bad_rnnt({.targets = tensor({{1, 2, 1}, {2, 1, 1}})}),
                     "rnnt_loss: the targets have shape [2, 3]; expected [2, 2] for logits [2, 5, "
                     "3, 4]")
    .bad<DTypeError>(bad_rnnt({.logit_lengths = core::full({2}, 5)}),
                     "rnnt_loss: logit_lengths are f32; lengths must be integers; convert with "
                     "to(i64)")
    .bad<ShapeError>(bad_rnnt({.target_lengths = tensor({2})}),
                     "rnnt_loss: target_lengths have shape [1]; there must be one for each of the "
                     "2 sequences, the first axis of the logits")
    .bad<ValueError>(bad_rnnt({.logit_lengths = tensor({5, 0})}),
                     "rnnt_loss: logit_lengths[1] = 0 is outside 1..5, the frames")
    .bad<ValueError>(bad_rnnt({.target_lengths = tensor({3, 2})}),
                     "rnnt_loss: target_lengths[0] = 3 is outside 0..2, the size of the targets")
    .bad<IndexError>(bad_rnnt({.targets = tensor({{1, 2}, {2, 4}})}),
                     "rnnt_loss: targets[1, 1] = 4 is outside 0..3")
    .bad<IndexError>(bad_rnnt({.targets = tensor({{1, 3}, {2, 1}})}),
                     "rnnt_loss: targets[0, 1] = 3 is the blank; targets hold symbols only");

TEST_CASE("rnnt_loss clamps the gradient of each loss") {
  Generator generator{3, 0};
  const Tensor x = randn({kBatch, kSteps, kLongest + 1, kSymbols}, f64, generator);
  const auto gradient = [&](double clamp) {
    const Tensor leaf = x.clone().set_requires_grad();
    (3 * rnnt_loss(leaf, padded_symbols(), tensor(kStepsOf), tensor({3, 0, 2}),
                   {.blank = 0, .clamp = clamp}))
        .backward();
    return leaf.grad();
  };
  const Tensor free = gradient(-1);
  CHECK(max(abs(free)).item() > 0.2);
  CHECK(testing::difference(gradient(0.2), clamp(free, -0.2, 0.2)) < 1e-15);
  CHECK(testing::error_of<ValueError>([&] {
          const Tensor leaf = x.clone().set_requires_grad();
          rnnt_loss(leaf, padded_symbols(), tensor(kStepsOf), tensor({3, 0, 2}),
                    {.blank = 0, .clamp = 0.2})
              .backward({.create_graph = true});
        }) == "rnnt_loss: clamp = 0.2; clamped gradients have no derivative, leave clamp at -1");
}

TEST_CASE("rnnt_loss of impossible and masked symbols, and of padding") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Generator generator{4, 0};
  Tensor x = randn({kBatch, kSteps, kLongest + 1, kSymbols}, f64, generator);
  x[1].slice(0, 3, 4).fill_(std::nan(""));      // past three frames
  x[2].slice(1, 3, 4).fill_(kInfinity);         // past two targets
  x[0][1][0].slice(0, 1, 2).fill_(-kInfinity);  // one of the ways
  const auto losses = [&](const Tensor& logits) {
    return rnnt_loss(logits, padded_symbols(), tensor(kStepsOf), tensor({3, 0, 2}),
                     {.blank = 0, .reduction = Reduction::none});
  };
  Tensor leaf = x.clone().set_requires_grad();
  const Tensor some = losses(leaf);
  CHECK(isfinite(some).all().item<bool>());
  sum(some).backward();
  CHECK(isfinite(leaf.grad()).all().item<bool>());
  CHECK(max(abs(leaf.grad()[1][3])).item() == 0);

  leaf = masked_fill(x, arange(kSymbols) == 1, -kInfinity).set_requires_grad();
  const Tensor impossible = losses(leaf);
  CHECK(impossible[0].item() == kInfinity);
  CHECK(std::isfinite(impossible[2].item()));
  sum(impossible).backward();
  CHECK(std::isnan(leaf.grad()[0][0][0][0].item()));
  CHECK(std::isfinite(leaf.grad()[2][0][0][0].item()));
}

TEST_CASE("rnnt_loss in f32 is precise over many frames") {
  const Tensor x = (3 * sin(arange(2 * 300 * 21 * 5, f64))).reshape({2, 300, 21, 5});
  const Tensor targets = arange(40).reshape({2, 20}) % 4;
  Tensor gradients[2];
  double values[2];
  for (const DType dtype : {f64, f32}) {
    const Tensor leaf = x.to(dtype).clone().set_requires_grad();
    const Tensor loss = rnnt_loss(leaf, targets, tensor({300, 270}), tensor({20, 17}));
    loss.backward();
    values[dtype == f32] = loss.item();
    gradients[dtype == f32] = leaf.grad().to(f64);
  }
  CHECK(values[1] == doctest::Approx(values[0]).epsilon(1e-6));
  CHECK(max(abs(gradients[1] - gradients[0])).item() < 5e-5);
}

}  // namespace tapehead::op_tests
