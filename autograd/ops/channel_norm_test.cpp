// Values are compared with PyTorch's in tests/parity/channel_norm.cpp.
#include "tapehead/autograd/ops/channel_norm.h"

#include <doctest/doctest.h>

#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Operands: x, and with `affine` the weight and the bias.
template <class F>
Sample norm_sample(const Shape& shape, bool affine, F f) {
  Sample s{.operands = {{shape}}};
  if (affine) s.operands.push_back({Shape{shape[1]}}), s.operands.push_back({Shape{shape[1]}});
  s.call = [f](const Tensors& x) {
    return Tensors{f(x[0], x.size() > 1 ? x[1] : Tensor(), x.size() > 1 ? x[2] : Tensor())};
  };
  s.reduces = 4 * shape.numel();
  s.may_repeat = false;
  return s;
}

Tensor in_training(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return batch_norm(x, {}, {}, weight, bias, {.training = true, .eps = 1e-2});
}
Tensor in_evaluation(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor mean = core::full({x.size(1)}, 0.25), var = core::full({x.size(1)}, 2);
  return batch_norm(x, mean, var, weight, bias);
}
Tensor by_instance(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return instance_norm(x, {}, {}, weight, bias, {.eps = 1e-2});
}
}  // namespace

TAPEHEAD_OP_TEST(batch_norm)
    .sample(norm_sample({5, 3}, true, in_training))
    .sample(norm_sample({2, 3, 21}, false, in_training))
    .sample(norm_sample({3, 2, 2, 3}, true, in_training))
    .sample(norm_sample({3, 2, 5, 4}, true, in_evaluation))
    .sample(norm_sample({0, 2, 3}, true, in_evaluation))
    .bad<DTypeError>(
        [] {
          batch_norm(core::full({2, 2}, 1, i64), {}, {});
        },
        "batch_norm: expected a floating tensor, got [2, 2] i64; convert with to(f32)")
    .bad<ShapeError>([] { batch_norm(ones({2}), {}, {}); },
                     "batch_norm: x is [2]; expected [B, C, ...]")
    .bad<ShapeError>(
        [] {
          batch_norm(ones({2, 3}), ones({2}), {});
        },
        "batch_norm: the running mean is [2]; it must be [3], the channels of x")
    .bad<ValueError>(
        [] {
          batch_norm(ones({2, 3}), ones({3}), {});
        },
        "batch_norm: running_mean and running_var are undefined; they are needed unless "
        "the statistics of x are used")
    .bad<ValueError>(
        [] {
          batch_norm(ones({1, 3}), {}, {}, {}, {}, {.training = true});
        },
        "batch_norm: x is [1, 3]; the statistics of one element have no variance");
TAPEHEAD_OP_TEST(instance_norm)
    .sample(norm_sample({2, 3, 5}, true, by_instance))
    .sample(norm_sample({2, 1, 3, 6}, false, by_instance))
    .bad<ShapeError>(
        [] {
          instance_norm(ones({2, 3, 4}), {}, {}, ones({1}));
        },
        "instance_norm: the weight is [1]; it must be [3], the channels of x");
TAPEHEAD_OP_TEST(group_norm)
    .sample(norm_sample({2, 4, 5}, true,
                        [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
                          return group_norm(x, 2, weight, bias, 1e-2);
                        }))
    .sample(norm_sample({3, 6}, false,
                        [](const Tensor& x, const Tensor&, const Tensor&) {
                          return group_norm(x, 2, {}, {}, 1e-2);
                        }))
    .bad<ShapeError>(
        [] {
          group_norm(ones({2, 3}), 2);
        },
        "group_norm: x is [2, 3]; its 3 channels must be a multiple of num_groups = 2");
TAPEHEAD_OP_TEST(local_response_norm)
    .sample(norm_sample({2, 4, 3}, false,
                        [](const Tensor& x, const Tensor&, const Tensor&) {
                          return local_response_norm(x, 3, {.alpha = 0.5, .k = 2});
                        }))
    .bad<ValueError>(
        [] {
          local_response_norm(ones({2, 3}), 0);
        },
        "local_response_norm: size = 0 is less than 1");

TEST_CASE("running statistics are those of the batches, of large values too") {
  const Tensor x = randn({64, 2, 40}) * 0.5 + 1000;
  Tensor mean = core::full({2}, 0), var = core::full({2}, 1);
  const Tensor y = batch_norm(x, mean, var, {}, {}, {.training = true, .momentum = 1});
  const double elements = 64 * 40;
  for (int64_t c = 0; c < 2; ++c) {
    const Tensor channel = x.to(f64).select(1, c);
    CHECK(mean[c].item() == doctest::Approx(channel.mean().item()).epsilon(1e-6));
    const double unbiased = square(channel - channel.mean()).sum().item() / (elements - 1);
    CHECK(var[c].item() == doctest::Approx(unbiased).epsilon(1e-4));
    CHECK(y.to(f64).select(1, c).mean().item() == doctest::Approx(0).epsilon(1e-3));
  }
}

}  // namespace tapehead::op_tests
