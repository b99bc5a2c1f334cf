#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/tests/op_loss.h"

namespace tapehead::op_tests {
namespace {

constexpr LossRange kLogits = {.from = -6, .to = 6, .target_from = 0, .target_to = 1};
constexpr LossRange kProbabilities = {.from = 0.05, .to = 0.95, .target_from = 0, .target_to = 1};
constexpr LossRange kCounts = {.from = 0.1, .to = 2, .target_from = 0, .target_to = 3};

double log_of(double x) { return x == 0 ? 0 : std::log(x); }
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

Loss kl_div_of(bool log_target) {
  return [log_target](const Tensor& x, const Tensor& y, Reduction r) {
    return kl_div(x, y, {log_target, static_cast<KLDivReduction>(r)});
  };
}
Loss focal_of(double alpha, double gamma) {
  return [=](const Tensor& x, const Tensor& y, Reduction r) {
    return sigmoid_focal_loss(x, y, {alpha, gamma, r});
  };
}
Loss poisson_of(const PoissonNLLLossOptions& options) {
  return [=](const Tensor& x, const Tensor& y, Reduction r) {
    PoissonNLLLossOptions o = options;
    o.reduction = r;
    return poisson_nll_loss(x, y, o);
  };
}

Sample gaussian_of(const Shape& shape, const Shape& var, bool full, Reduction reduction) {
  return {.operands = {shape, shape, {var, 0.2, 2}},
          .call =
              [=](const Tensors& x) {
                return Tensors{gaussian_nll_loss(x[0], x[1], x[2], {full, 1e-6, reduction})};
              },
          .reduces = shape.numel(),
          .roundings = 8,
          .may_alias = false};
}

}  // namespace

TAPEHEAD_OP_TEST(binary_cross_entropy)
    .samples(losses([](const Tensor& x, const Tensor& y,
                       Reduction r) { return binary_cross_entropy(x, y, {.reduction = r}); },
                    [](double x, double y) { return -y * std::log(x) - (1 - y) * std::log(1 - x); },
                    kProbabilities))
    .sample({.operands = {{{3, 4}, 0.05, 0.95}, {{3, 4}, 0, 1}, {{4}, 0.5, 2}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{binary_cross_entropy(x[0], x[1], {.weight = x[2]})};
                 },
             .reduces = 12,
             .roundings = 8,
             .may_alias = false})
    .sample(corners_of([](const Tensor& x, const Tensor& y,
                          Reduction r) { return binary_cross_entropy(x, y, {.reduction = r}); },
                       {0, 1, 0.5}, {0, 1, 1}))
    .bad<ValueError>(
        [] {
          binary_cross_entropy(tensor({0.5, 1.5}), zeros_of({2}));
        },
        "binary_cross_entropy: input[1] = 1.5 is not a probability; pass logits to "
        "binary_cross_entropy_with_logits()")
    .bad<ShapeError>(
        [] {
          binary_cross_entropy(zeros_of({2}), zeros_of({2}), {.weight = zeros_of({3, 2})});
        },
        "binary_cross_entropy: the weight has shape [3, 2], the input [2]; the weight must "
        "broadcast to the input")
    .bad<ShapeError>([] { binary_cross_entropy(zeros_of({2}), zeros_of({1})); },
                     "binary_cross_entropy: the input has shape [2], the target [1]; they must be "
                     "equal, so reshape or expand one of them");

TAPEHEAD_OP_TEST(binary_cross_entropy_with_logits)
    .samples(
        losses([](const Tensor& x, const Tensor& y,
                  Reduction r) { return binary_cross_entropy_with_logits(x, y, {.reduction = r}); },
               [](double x, double y) {
                 return -y * std::log(sigmoid_of(x)) - (1 - y) * std::log(sigmoid_of(-x));
               },
               kLogits))
    .samples(losses(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return binary_cross_entropy_with_logits(x, y, {Tensor(0.5), Tensor(3), r});
        },
        [](double x, double y) {
          return 0.5 * (-3 * y * std::log(sigmoid_of(x)) - (1 - y) * std::log(sigmoid_of(-x)));
        },
        kLogits))
    .bad<ShapeError>(
        [] { binary_cross_entropy_with_logits(zeros_of({2}), zeros_of({3})); },
        "binary_cross_entropy_with_logits: logits have shape [2], the target [3]; they must be "
        "equal, so reshape or expand one of them")
    .bad<ShapeError>(
        [] {
          binary_cross_entropy_with_logits(zeros_of({2}), zeros_of({2}),
                                           {.pos_weight = zeros_of({1, 2})});
        },
        "binary_cross_entropy_with_logits: the weight has shape [1, 2], the input [2]; the weight "
        "must broadcast to the input");

TAPEHEAD_OP_TEST(sigmoid_focal_loss)
    .samples(losses(
        focal_of(0.25, 2),
        [](double x, double y) {
          const double p = sigmoid_of(x), miss = p * (1 - y) + (1 - p) * y;
          const double entropy = -y * std::log(p) - (1 - y) * std::log(1 - p);
          return (0.25 * y + 0.75 * (1 - y)) * entropy * miss * miss;
        },
        kLogits))
    .samples(losses(focal_of(-1, 1.5), nullptr, kLogits))
    .samples(losses(focal_of(0.5, 0), nullptr, kLogits))
    .bad<ValueError>([] { sigmoid_focal_loss(zeros_of({2}), zeros_of({2}), {.alpha = 2}); },
                     "sigmoid_focal_loss: alpha = 2 is outside 0..1; pass -1 for equal weights")
    .bad<ValueError>([] { sigmoid_focal_loss(zeros_of({2}), zeros_of({2}), {.gamma = -1}); },
                     "sigmoid_focal_loss: gamma = -1 is negative")
    .bad<ShapeError>([] { sigmoid_focal_loss(zeros_of({2}), zeros_of({3})); },
                     "sigmoid_focal_loss: logits have shape [2], the target [3]; they must be "
                     "equal, so reshape or expand one of them");

TAPEHEAD_OP_TEST(kl_div)
    .samples(losses(kl_div_of(false), [](double x, double y) { return y * (log_of(y) - x); },
                    {.from = -4, .to = 0, .target_from = 0.1, .target_to = 1}))
    .samples(losses(kl_div_of(true), [](double x, double y) { return std::exp(y) * (y - x); },
                    {.from = -4, .to = 0, .target_from = -4, .target_to = 0}))
    .sample(corners_of(kl_div_of(false), {-1, -2}, {0, 0.5}))
    .sample({.operands = {{{4, 3}, -4, 0}, {{4, 3}, 0.1, 1}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{kl_div(x[0], x[1], {.reduction = KLDivReduction::batchmean})};
                 },
             .reduces = 12,
             .roundings = 8,
             .may_alias = false})
    .bad<ShapeError>(
        [] {
          kl_div(zeros_of({2}), zeros_of({2, 1}));
        },
        "kl_div: log_probs have shape [2], the target [2, 1]; they must be equal, so "
        "reshape or expand one of them")
    .bad<ShapeError>(
        [] { kl_div(zeros_of({}), zeros_of({}), {.reduction = KLDivReduction::batchmean}); },
        "kl_div: batchmean of a 0-d tensor; the first axis must be the batch, so pass "
        "KLDivReduction::sum");

TAPEHEAD_OP_TEST(poisson_nll_loss)
    .samples(losses(poisson_of({}), [](double x, double y) { return std::exp(x) - y * x; }))
    .samples(losses(
        poisson_of({.log_input = false, .eps = 1e-3}),
        [](double x, double y) { return x - y * std::log(x + 1e-3); }, kCounts))
    .samples(losses(poisson_of({.full = true}), nullptr, kCounts))
    .bad<ShapeError>([] { poisson_nll_loss(zeros_of({2}), zeros_of({3})); },
                     "poisson_nll_loss: the input has shape [2], the target [3]; they must be "
                     "equal, so reshape or expand one of them");

TAPEHEAD_OP_TEST(gaussian_nll_loss)
    .sample(gaussian_of({3, 4}, {3, 4}, true, Reduction::none))
    .sample(gaussian_of({3, 4}, {3}, false, Reduction::mean))
    .sample(gaussian_of({2, 3, 4}, {2, 1, 4}, false, Reduction::sum))
    .sample({.operands = {Shape{3}, Shape{3}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{gaussian_nll_loss(x[0], x[1], 0.5, {.full = true})};
                 },
             .reduces = 3,
             .roundings = 8,
             .may_alias = false})
    .bad<ValueError>(
        [] {
          gaussian_nll_loss(zeros_of({2}), zeros_of({2}), tensor({1.0, -0.5}));
        },
        "gaussian_nll_loss: var[1] = -0.5 is negative or NaN")
    .bad<ValueError>(
        [] { gaussian_nll_loss(zeros_of({2}), zeros_of({2}), zeros_of({2}), {.eps = 0}); },
        "gaussian_nll_loss: eps = 0 is not positive")
    .bad<ShapeError>(
        [] {
          gaussian_nll_loss(zeros_of({2, 3}), zeros_of({2, 3}), zeros_of({3}));
        },
        "gaussian_nll_loss: the variance has shape [3], the input [2, 3]; they must be equal, or "
        "the variance must lack the last axis or have one axis of size 1");

TEST_CASE("losses of extreme logits and probabilities are finite") {
  const Tensor x = tensor({-200.0, 200.0, 0.0}), y = tensor({0.0, 1.0, 1.0});
  CHECK(sigmoid_focal_loss(x, y).to_vector<float>()[0] == 0);
  CHECK(sigmoid_focal_loss(-x, y).to_vector<float>()[0] == doctest::Approx(150));
  CHECK(binary_cross_entropy(tensor({1.0, 0.0}), tensor({0.0, 1.0})).item() ==
        doctest::Approx(100));
  CHECK(gaussian_nll_loss(zeros_of({1}), zeros_of({1}), zeros_of({1})).item() ==
        doctest::Approx(0.5 * std::log(1e-6)));
}

}  // namespace tapehead::op_tests
