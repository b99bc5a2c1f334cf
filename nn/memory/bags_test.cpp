#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/linear.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::values;

TEST_CASE("a bag of a wrapped embedding equals that of the nn::Embedding") {
  const nn::Params params(1);
  const nn::Embedding words(params / "words", 5, 3, {.init = nn::init::normal(1)});
  params.to(f64);
  const nn::AnyLayer own = words, wrapped = [words](const Tensor&ids) { return words(ids); };
  const Tensor ids = tensor({{3, 1, 0, 0}, {2, 2, 4, 0}});
  for (const Tensor& factors : {Tensor(), randn({4, 3}, f64)}) {
    CAPTURE(factors.defined());
    const auto gradient = [&](const nn::AnyLayer& embedding) {
      return grad({square(nn::detail::bag(embedding, ids, factors)).sum()}, {words.weight})[0];
    };
    CHECK(max(abs(nn::detail::bag(own, ids, factors) - nn::detail::bag(wrapped, ids, factors)))
              .item() < 1e-15);
    CHECK(max(abs(gradient(own) - gradient(wrapped))).item() < 1e-14);
    CHECK(values(gradient(wrapped)[0]) == testing::Doubles{0, 0, 0});
  }
}
