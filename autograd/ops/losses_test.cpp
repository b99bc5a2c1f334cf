#include <cmath>

#include "tapehead/tests/op_loss.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(mse_loss)
    .samples(losses(mse_loss, [](double x, double y) { return (x - y) * (x - y); }))
    .bad<ShapeError>(
        [] {
          mse_loss(zeros_of({4, 1}), zeros_of({4}));
        },
        "mse_loss: the input has shape [4, 1], the target [4]; they must be equal, so "
        "reshape or expand one of them");
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

}  // namespace tapehead::op_tests
