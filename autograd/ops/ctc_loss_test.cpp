#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tapehead/tests/op_loss.h"

namespace tapehead::op_tests {
namespace {

constexpr int64_t kFrames = 5, kClasses = 3;
// Targets of three sequences: repeated symbols, none, and one that needs all frames.
const std::vector<std::vector<int64_t>> kTargets = {{1, 1}, {}, {2, 1, 2, 1}};
const std::vector<int64_t> kLengths = {5, 4, 4};

// Merges repeated symbols, then removes blanks.
std::vector<int64_t> collapsed(const std::vector<int64_t>& path, int64_t blank) {
  std::vector<int64_t> out;
  for (size_t t = 0; t < path.size(); ++t)
    if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) out.push_back(path[t]);
  return out;
}

// The sum over all paths.
double loss_of(Array& log_probs, int64_t b, int64_t frames, const std::vector<int64_t>& target,
               int64_t blank) {
  double total = 0;
  std::vector<int64_t> path(static_cast<size_t>(frames));
  const auto paths = static_cast<int64_t>(std::pow(kClasses, frames));
  for (int64_t code = 0; code < paths; ++code) {
    double log_prob = 0;
    int64_t rest = code;
    for (int64_t t = 0; t < frames; ++t, rest /= kClasses) {
      path[static_cast<size_t>(t)] = rest % kClasses;
      log_prob += log_probs(t, b, rest % kClasses);
    }
    if (collapsed(path, blank) == target) total += std::exp(log_prob);
  }
  return -std::log(total);
}

Tensor padded_targets() { return tensor({{1, 1, 0, 0}, {0, 0, 0, 0}, {2, 1, 2, 1}}); }
Tensor concatenated_targets() { return tensor({1, 1, 2, 1, 2, 1}); }

Sample ctc_of(const Tensor& targets, Reduction reduction) {
  return {.operands = {{{kFrames, 3, kClasses}, -3, 0}},
          .call =
              [=](const Tensors& x) {
                return Tensors{ctc_loss(x[0], targets, tensor(kLengths), tensor({2, 0, 4}),
                                        {.reduction = reduction})};
              },
          .reference =
              [=](Arrays& in) {
                Array each({3});
                double sum = 0, mean = 0;
                for (int64_t b = 0; b < 3; ++b) {
                  const auto& target = kTargets[static_cast<size_t>(b)];
                  each[b] = loss_of(in[0], b, kLengths[static_cast<size_t>(b)], target, 0);
                  sum += each[b];
                  mean += each[b] / static_cast<double>(std::max<size_t>(target.size(), 1)) / 3;
                }
                if (reduction == Reduction::none) return Arrays{each};
                return Arrays{Array({}, reduction == Reduction::mean ? mean : sum)};
              },
          .reduces = 64,
          .roundings = 4};
}

// A call with one invalid argument.
struct Call {
  Tensor log_probs = core::full({5, 2, 3}, -1), targets = tensor({{1, 2}, {2, 1}});
  Tensor input_lengths = tensor({5, 5}), target_lengths = tensor({2, 2});
  CTCLossOptions options = {};
};
std::function<void()> bad(const Call& c) {
  return [=] { ctc_loss(c.log_probs, c.targets, c.input_lengths, c.target_lengths, c.options); };
}

}  // namespace

TAPEHEAD_OP_TEST(ctc_loss)
    .sample(ctc_of(padded_targets(), Reduction::none))
    .sample(ctc_of(concatenated_targets(), Reduction::mean))
    .sample(ctc_of(padded_targets(), Reduction::sum))
    .sample({.operands = {{{kFrames, kClasses}, -3, 0}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{ctc_loss(x[0], tensor({0, 0}), 5, 2,
                                           {.blank = 2, .reduction = Reduction::none})};
                 },
             .reference =
                 [](Arrays& in) {
                   Array x = reshaped(in[0], {kFrames, 1, kClasses});
                   return Arrays{Array({}, loss_of(x, 0, kFrames, {0, 0}, 2))};
                 },
             .reduces = 64,
             .roundings = 4})
    .sample({.operands = {{{3, 2, kClasses}, -3, 0}},  // the first target needs five frames
             .call =
                 [](const Tensors& x) {
                   return Tensors{ctc_loss(x[0], tensor({{1, 1, 1}, {1, 2, 1}}), tensor({3, 3}),
                                           tensor({3, 3}), {.zero_infinity = true})};
                 },
             .reduces = 64,
             .roundings = 4})
    .bad<DTypeError>(bad({.log_probs = core::full({5, 2, 3}, -1, i64)}),
                     "ctc_loss: expected a floating tensor, got [5, 2, 3] i64; convert with "
                     "to(f32)")
    .bad<ShapeError>(bad({.log_probs = core::full({5}, -1)}),
                     "ctc_loss: log_probs have shape [5]; they must be [T, B, C] or [T, C]")
    .bad<ShapeError>(bad({.log_probs = core::full({5, 0, 3}, -1)}), "ctc_loss: the batch is empty")
    .bad<IndexError>(bad({.options = {.blank = 3}}), "ctc_loss: blank = 3 is outside 0..2")
    .bad<DTypeError>(bad({.targets = core::full({2, 2}, 1)}),
                     "ctc_loss: the targets are f32; symbols must be integers; convert with "
                     "to(i64)")
    .bad<ShapeError>(bad({.targets = tensor({{1, 2}})}),
                     "ctc_loss: the targets have shape [1, 2]; they must be [2, S], or "
                     "concatenated in one axis")
    .bad<DTypeError>(bad({.input_lengths = core::full({2}, 5)}),
                     "ctc_loss: input_lengths are f32; lengths must be integers; convert with "
                     "to(i64)")
    .bad<ShapeError>(bad({.target_lengths = tensor({2})}),
                     "ctc_loss: target_lengths have shape [1]; there must be one for each of the "
                     "2 sequences, the middle axis of log_probs")
    .bad<ValueError>(bad({.input_lengths = tensor({5, 6})}),
                     "ctc_loss: input_lengths[1] = 6 is outside 0..5, the frames")
    .bad<ValueError>(bad({.target_lengths = tensor({-1, 2})}),
                     "ctc_loss: target_lengths[0] = -1 is outside 0..2, the size of the targets")
    .bad<ShapeError>(bad({.targets = tensor({1, 2, 2})}),
                     "ctc_loss: target_lengths sum to 4, but there are 3 symbols in the "
                     "concatenated targets")
    .bad<IndexError>(bad({.targets = tensor({{1, 2}, {2, 3}})}),
                     "ctc_loss: targets[1, 1] = 3 is outside 0..2")
    .bad<IndexError>(bad({.targets = tensor({1, 2, 0, 2})}),
                     "ctc_loss: targets[2] = 0 is the blank; targets hold symbols only");

TEST_CASE("ctc_loss of impossible targets") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = log_softmax(core::full({3, 3, 4}, 0), -1);
  const Tensor targets = tensor({{1, 1, 1}, {1, 2, 3}, {0, 0, 0}});
  const auto losses = [&](const Tensor& input_lengths, bool zero) {
    return ctc_loss(x, targets, input_lengths, tensor({3, 3, 0}),
                    {.reduction = Reduction::none, .zero_infinity = zero})
        .to_vector<double>();
  };
  const auto some = losses(tensor({3, 3, 0}), false);
  CHECK(some[0] == infinity);
  CHECK(some[1] == doctest::Approx(3 * std::log(4)));
  CHECK(some[2] == 0);
  CHECK(losses(tensor({3, 0, 3}), false)[1] == infinity);
  CHECK(losses(tensor({3, 0, 3}), true) == std::vector<double>{0, 0, 3 * std::log(4.0F)});
}

TEST_CASE("ctc_loss in f32 is precise over a thousand frames, and of masked symbols") {
  Tensor x = log_softmax(3 * sin(arange(1000 * 2 * 7, f64)).reshape({1000, 2, 7}), -1);
  x = masked_fill(x, arange(7) == 6, -std::numeric_limits<double>::infinity());
  const Tensor targets = tensor({{1, 2, 2, 3, 5}, {4, 1, 4, 4, 2}});
  Tensor gradients[2];
  double values[2];
  for (const DType dtype : {f64, f32}) {
    const Tensor leaf = x.to(dtype).clone().set_requires_grad();
    const Tensor loss = ctc_loss(leaf, targets, tensor({1000, 900}), tensor({5, 5}));
    loss.backward();
    values[dtype == f32] = loss.item();
    gradients[dtype == f32] = leaf.grad().to(f64);
  }
  CHECK(values[1] == doctest::Approx(values[0]).epsilon(1e-6));
  CHECK(max(abs(gradients[1] - gradients[0])).item() < 1e-5);
}

}  // namespace tapehead::op_tests
