#include "tapehead/core/detail/elementwise.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

using Loss = std::function<Tensor(const Tensor&, const Tensor&, Reduction)>;
using LossOf = std::function<double(double x, double target)>;

struct LossRange {
  double from = -2, to = 2, target_from = -2, target_to = 2;
};

// Samples of all reductions.
static std::vector<Sample> losses(const Loss& loss, const LossOf& of, const LossRange& range = {}) {
  std::vector<Sample> out;
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{3, 4}, Shape{0, 2}, Shape{200, 150}})
    for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
      const auto reference = [=](Arrays& in) {
        Array each(in[0].shape);
        double total = 0;
        for (int64_t i = 0; i < each.numel(); ++i) total += each[i] = of(in[0][i], in[1][i]);
        if (reduction == Reduction::none) return Arrays{each};
        if (reduction == Reduction::mean) total /= static_cast<double>(each.numel());
        return Arrays{Array({}, total)};
      };
      out.push_back(
          {.operands = {{shape, range.from, range.to}, {shape, range.target_from, range.target_to}},
           .call = [=](const Tensors& x) { return Tensors{loss(x[0], x[1], reduction)}; },
           .reference = reference,
           .reduces = shape.numel(),
           .roundings = 8,
           .may_alias = false});
    }
  return out;
}

static double log_of(double x) { return x == 0 ? 0 : std::log(x); }
static double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
static Tensor zeros_of(const Shape& shape) { return core::full(shape, 0); }

TAPEHEAD_OP_TEST(mse_loss)
    .samples(losses(mse_loss, [](double x, double y) { return (x - y) * (x - y); }))
    .bad<ShapeError>(
        [] {
          mse_loss(zeros_of({4, 1}), zeros_of({4}));
        },
        "mse_loss: the input has shape [4, 1], the target [4]; they must be equal, so "
        "reshape or expand one of them");
// Operands at which the derivative jumps.
static Sample corners_of(const Loss& loss, std::vector<double> x, std::vector<double> target) {
  return {.operands = {vector_of(std::move(x)), vector_of(std::move(target))},
          .call = [=](const Tensors& in) { return Tensors{loss(in[0], in[1], Reduction::none)}; },
          .has_derivative = false};
}
TAPEHEAD_OP_TEST(l1_loss)
    .samples(losses(l1_loss, [](double x, double y) { return std::abs(x - y); },
                    {.from = 0.5, .target_to = 0}))
    .samples(losses(l1_loss, [](double x, double y) { return std::abs(x - y); },
                    {.to = 0, .target_from = 0.5}))
    .sample(corners_of(l1_loss, {1, 2}, {1, 3}));
TAPEHEAD_OP_TEST(smooth_l1_loss)
    .samples(losses(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return smooth_l1_loss(x, y, {0.5, r});
        },
        [](double x, double y) {
          const double d = std::abs(x - y);
          return d < 0.5 ? d * d : d - 0.25;
        }))
    .sample(corners_of(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return smooth_l1_loss(x, y, {0, r});
        },
        {1, 2, 3}, {1, 3, 2}))
    .bad<ValueError>([] { smooth_l1_loss(zeros_of({2}), zeros_of({2}), {.beta = -1}); },
                     "smooth_l1_loss: beta = -1 is negative");
TAPEHEAD_OP_TEST(huber_loss)
    .samples(losses(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return huber_loss(x, y, {1.5, r});
        },
        [](double x, double y) {
          const double d = std::abs(x - y);
          return d < 1.5 ? d * d / 2 : 1.5 * (d - 0.75);
        }))
    .bad<ValueError>([] { huber_loss(zeros_of({2}), zeros_of({2}), {.delta = 0}); },
                     "huber_loss: delta = 0 is not positive");
TAPEHEAD_OP_TEST(bce_with_logits)
    .samples(losses([](const Tensor& x, const Tensor& y,
                       Reduction r) { return bce_with_logits(x, y, {.reduction = r}); },
                    [](double x, double y) {
                      return -y * std::log(sigmoid_of(x)) - (1 - y) * std::log(sigmoid_of(-x));
                    },
                    {.from = -6, .to = 6, .target_from = 0, .target_to = 1}))
    .samples(losses(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return bce_with_logits(x, y, {Tensor(0.5), Tensor(3), r});
        },
        [](double x, double y) {
          return 0.5 * (-3 * y * std::log(sigmoid_of(x)) - (1 - y) * std::log(sigmoid_of(-x)));
        },
        {.from = -6, .to = 6, .target_from = 0, .target_to = 1}))
    .bad<ShapeError>(
        [] { bce_with_logits(zeros_of({2}), zeros_of({3})); },
        "bce_with_logits: logits have shape [2], the target [3]; they must be equal, so "
        "reshape or expand one of them");
TAPEHEAD_OP_TEST(kl_div)
    .samples(losses([](const Tensor& x, const Tensor& y,
                       Reduction r) { return kl_div(x, y, {.reduction = r}); },
                    [](double x, double y) { return y * (log_of(y) - x); },
                    {.from = -4, .to = 0, .target_from = 0.1, .target_to = 1}))
    .samples(losses(
        [](const Tensor& x, const Tensor& y, Reduction r) {
          return kl_div(x, y, {true, r});
        },
        [](double x, double y) { return std::exp(y) * (y - x); },
        {.from = -4, .to = 0, .target_from = -4, .target_to = 0}))
    .sample(corners_of([](const Tensor& x, const Tensor& y,
                          Reduction r) { return kl_div(x, y, {.reduction = r}); },
                       {-1, -2}, {0, 0.5}))
    .bad<ShapeError>(
        [] {
          kl_div(zeros_of({2}), zeros_of({2, 1}));
        },
        "kl_div: log_probs have shape [2], the target [2, 1]; they must be equal, so "
        "reshape or expand one of them");

}  // namespace tapehead::op_tests
