#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/expect.h"

namespace tapehead::embedding_bag_rows_test {

using testing::difference;

namespace {

// The bags of ids, and the gradient of the weight, against sums of embedded rows without those of
// the padding.
void compare(int64_t bags, int64_t ids_of_bag, int64_t width, DType dtype, bool with_factors) {
  CAPTURE(bags);
  CAPTURE(ids_of_bag);
  CAPTURE(width);
  CAPTURE(with_factors);
  constexpr int64_t kRows = 7, kPadding = 2;
  const Tensor ids = randint(kRows, {bags, ids_of_bag});
  const Tensor factors = with_factors ? randn({ids_of_bag, width}).to(dtype) : Tensor();
  const Tensor weight = randn({kRows, width}).to(dtype).set_requires_grad();
  const Tensor expected = weight.detach().to(f64).set_requires_grad();
  const Tensor dy = randn({bags, width}).to(dtype);
  const Tensor out = embedding_bag(weight, ids, factors, {.padding_idx = kPadding});
  out.backward({.gradient = dy});
  Tensor rows = masked_fill(embedding(expected, ids), (ids == kPadding).unsqueeze(-1), 0);
  if (with_factors) rows = rows * factors.to(f64);
  const Tensor sums = sum(rows, 1);
  sums.backward({.gradient = dy.to(f64)});
  const double bound = dtype == f64 ? 1e-12 : 1e-5;
  CHECK(difference(out.to(f64), sums) < bound * 10);
  const double most = abs(expected.grad()).max().item();
  CHECK(difference(weight.grad().to(f64), expected.grad()) < bound * most);
}

}  // namespace

TEST_CASE("embedding_bag: rows of all widths, few ids and many") {
  manual_seed(3);
  for (const DType dtype : {f32, f64})
    for (const bool with_factors : {false, true}) {
      for (const int64_t width : {1, 3, 8, 16, 20, 33, 64, 70, 131})
        compare(5, 3, width, dtype, with_factors);
      // From 2^14 ids on, or many columns, the gradients of a row are summed in blocks.
      for (const int64_t width : {1, 20, 33}) compare(3000, 6, width, dtype, with_factors);
      compare(2000, 2, 131, dtype, with_factors);
    }
}

}  // namespace tapehead::embedding_bag_rows_test
