// Values are compared with PyTorch's in tests/parity/channel_norm.cpp.
#include "tapehead/nn/batch_norm.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("batch norm in evaluation uses what training has measured") {
  nn::Params params(3);
  const nn::BatchNorm1d average(params / "average", 2, {.momentum = std::nullopt});
  const Tensor a = randn({6, 2}) + 3, b = 2 * randn({6, 2});
  average(a), average(b);
  CHECK(average.num_batches_tracked.item() == 2);
  const Doubles both = values((a.mean(0) + b.mean(0)) / 2), measured = values(average.running_mean);
  for (size_t i = 0; i < 2; ++i) CHECK(measured[i] == doctest::Approx(both[i]));
  params.eval();
  const Doubles before = values(average.running_var);
  const Tensor y = average(a[0].unsqueeze(0));
  CHECK(values(average.running_var) == before);
  CHECK(average.num_batches_tracked.item() == 2);
  const Tensor expected = (a[0] - average.running_mean) / sqrt(average.running_var + 1e-5);
  for (size_t i = 0; i < 2; ++i)
    CHECK(values(y)[i] == doctest::Approx(values(expected)[i]).epsilon(1e-4));
}

TEST_CASE("names of parameters and buffers, and what norms of channels refuse") {
  nn::Params params;
  const nn::BatchNorm2d norm(params / "bn", 3);
  const nn::InstanceNorm2d instance(params / "in", 3);
  std::vector<std::string> names;
  for (const nn::Param& p : params.all()) names.push_back(p.path);
  CHECK(names == std::vector<std::string>{"bn.weight", "bn.bias", "bn.running_mean",
                                          "bn.running_var", "bn.num_batches_tracked"});
  CHECK(params.trainable().size() == 2);
  CHECK(error_of<ShapeError>([&] {
          norm(ones({2, 3}));
        }) == "batch_norm2d: x is [2, 3]; expected 4 axes (in bn)");
  CHECK(error_of<ShapeError>([&] { nn::BatchNorm1d(params / "b1", 3)(ones({3})); }) ==
        "batch_norm1d: x is [3]; expected 2 or 3 axes (in b1)");
  CHECK(error_of<ShapeError>([&] {
          instance(ones({2, 3}));
        }) == "instance_norm2d: x is [2, 3]; expected 3 or 4 axes (in in)");
  CHECK(error_of<ValueError>([&] { nn::GroupNorm(params / "gn", 2, 3); }) ==
        "group_norm: 3 channels are not a multiple of num_groups = 2 (in gn)");
}
