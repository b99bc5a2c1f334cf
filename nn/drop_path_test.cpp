#include "tapehead/nn/drop_path.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("DropPath drops whole samples in training, and their gradients") {
  nn::Params params(3);
  const nn::DropPath drop(params / "drop", 0.25);
  Tensor x = ones({400, 2, 3}, f64).set_requires_grad();
  const Tensor y = drop(x);
  int kept = 0;
  for (int64_t i = 0; i < 400; ++i) {
    const Doubles sample = values(y[i]);
    const bool is_kept = sample[0] != 0;
    CHECK(sample == Doubles(6, is_kept ? 1 / 0.75 : 0.0));
    kept += is_kept;
  }
  CHECK(kept > 260);
  CHECK(kept < 340);
  y.sum().backward();
  CHECK(values(x.grad()) == values(y));
}

TEST_CASE("DropPath is the identity in evaluation, and without a probability") {
  nn::Params params(3);
  const nn::DropPath drop(params / "drop", 0.9), never(params / "never", 0);
  const Tensor x = randn({8, 3});
  CHECK(never(x).is_same(x));
  params.eval();
  CHECK(drop(x).is_same(x));
}

TEST_CASE("what DropPath refuses") {
  nn::Params params;
  CHECK(error_of<ValueError>([&] { nn::DropPath(params / "block" / "drop", 1.5); }) ==
        "drop_path: p = 1.5 is outside 0..1 (in block.drop)");
  const nn::DropPath drop(params / "drop", 0.5);
  CHECK(error_of<ShapeError>([&] { drop(Tensor(1)); }) ==
        "drop_path: expected a batch [B, ...], got [] i64 (in drop)");
}
