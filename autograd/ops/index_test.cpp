// What the table of ops cannot see of embedding and its relatives.
#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

TEST_CASE("embedding: the padding row gets no gradient") {
  Tensor weight = randn({4, 3}, f64);
  weight.set_requires_grad();
  const Tensor ids = tensor({{1, 3, 3}, {0, 1, 1}});
  for (const int64_t padding : {3, -1}) {
    CAPTURE(padding);
    const auto loss = [&] { return sum(embedding(weight, ids, {.padding_idx = padding})); };
    const std::vector<double> wanted{1, 1, 1, 3, 3, 3, 0, 0, 0, 0, 0, 0};
    CHECK(grad({loss()}, {weight})[0].to_vector<double>() == wanted);
    CHECK(grad({loss()}, {weight}, {.create_graph = true})[0].to_vector<double>() == wanted);
  }
}

TEST_CASE("embedding: the gradient has the same bits on any number of threads") {
  Tensor weight = zeros({50, 33});
  weight.set_requires_grad();
  const Tensor ids = randint(50, {3000}), dy = randn({3000, 33});
  const auto run = [&](int threads) {
    set_num_threads(threads);
    return grad({sum(embedding(weight, ids) * dy)}, {weight})[0].to_vector<float>();
  };
  const int before = num_threads();
  const std::vector<float> one = run(1);
  CHECK(run(2) == one);
  CHECK(run(5) == one);
  set_num_threads(before);
}

TEST_CASE("embedding: few ids of a large table and many of a small one") {
  for (const int64_t rows : {3, 100000}) {
    CAPTURE(rows);
    Tensor weight = zeros({rows, 2}, f64);
    weight.set_requires_grad();
    sum(embedding(weight, tensor({1, 2, 1, 1}, i32)) * tensor({1.0, 10.0}, f64)).backward();
    CHECK(weight.grad().slice(0, 0, 3).to_vector<double>() ==
          std::vector<double>{0, 0, 3, 30, 1, 10});
    sum(embedding(weight, tensor({0, 2, 2}), {.padding_idx = 2})).backward();
    CHECK(weight.grad().slice(0, 0, 3).to_vector<double>() ==
          std::vector<double>{1, 1, 3, 30, 1, 10});
  }
}

TEST_CASE("embedding: a long sum in bf16 and f32 keeps its precision") {
  for (const DType dtype : {f32, bf16}) {
    Tensor weight = zeros({2, 1}, dtype);
    weight.set_requires_grad();
    sum(embedding(weight, ones({100000}, i64))).backward();
    CHECK(weight.grad()[1].item() == doctest::Approx(100000).epsilon(dtype == f32 ? 1e-7 : 4e-3));
  }
}

TEST_CASE("scatter_add sums repeated positions, in bf16 too") {
  const Tensor x = scatter_add(zeros({2}, bf16), 0, zeros({1000}, i64), ones({1000}, bf16));
  CHECK(x.to_vector<float>() == std::vector<float>{1000, 0});
}

TEST_CASE("integers are gathered and selected, strided ones too") {
  const Tensor x = arange(12).reshape({3, 4}).transpose(0, 1);
  CHECK(gather(x, 0, tensor({{3, 0, 1}})).to_vector<int64_t>() == std::vector<int64_t>{3, 4, 9});
  CHECK(index_select(x, 1, tensor({2})).to_vector<int64_t>() == std::vector<int64_t>{8, 9, 10, 11});
  CHECK(index_add(x, 1, tensor({0, 0}), ones({4, 2}, i64))[0].to_vector<int64_t>() ==
        std::vector<int64_t>{2, 4, 8});
}

}  // namespace
}  // namespace tapehead
