#include "tapehead/autograd/autocast.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/checkpoint.h"
#include "tapehead/autograd/vmap.h"
#include "tapehead/tests/autocast_check.h"

namespace tapehead::autocast_test {

using namespace testing;

namespace {

Tensor recurrent_of(RnnCell cell, const Tensors& x) {
  return recurrent(cell, x[0], {.w_ih = x[1], .w_hh = x[2], .b_ih = x[3], .b_hh = x[4]}).out;
}

// From f32 operands a bf16 result.
const std::vector<AutocastRow> kProducts = {
    {"linear", {{4, 8}, {6, 8}, {6}}, [](auto& x) { return linear(x[0], x[1], x[2]); }},
    {"matmul", {{4, 8}, {8, 6}}, [](auto& x) { return matmul(x[0], x[1]); }},
    {"matmul vector", {{4, 8}, {8}}, [](auto& x) { return matmul(x[0], x[1]); }},
    {"mm", {{4, 8}, {8, 6}}, [](auto& x) { return mm(x[0], x[1]); }},
    {"bmm", {{2, 4, 8}, {2, 8, 6}}, [](auto& x) { return bmm(x[0], x[1]); }},
    {"addmm", {{4, 6}, {4, 8}, {8, 6}}, [](auto& x) { return addmm(x[0], x[1], x[2]); }},
    {"addmm outer", {{4, 6}, {4, 1}, {1, 6}}, [](auto& x) { return addmm(x[0], x[1], x[2]); }},
    {"baddbmm", {{4, 6}, {2, 4, 8}, {2, 8, 6}}, [](auto& x) { return baddbmm(x[0], x[1], x[2]); }},
    {"addbmm", {{4, 6}, {2, 4, 8}, {2, 8, 6}}, [](auto& x) { return addbmm(x[0], x[1], x[2]); }},
    {"einsum", {{4, 8}, {8, 6}}, [](auto& x) { return einsum("ij,jk->ik", x); }},
    {"einsum dot", {{8}, {8}}, [](auto& x) { return einsum("i,i->", x); }},
    {"tensordot", {{4, 8}, {8, 6}}, [](auto& x) { return tensordot(x[0], x[1], 1); }},
    {"inner", {{4, 8}, {6, 8}}, [](auto& x) { return inner(x[0], x[1]); }},
    {"multi_dot", {{4, 8}, {8, 6}, {6, 3}}, [](auto& x) { return linalg_multi_dot(x); }},
    {"matrix_power", {{3, 3}}, [](auto& x) { return matrix_power(x[0], 3); }},
    {"prelu", {{4, 8}, {8}}, [](auto& x) { return prelu(x[0], x[1]); }},
    {"conv1d", {{2, 3, 7}, {4, 3, 2}, {4}}, [](auto& x) { return conv1d(x[0], x[1], x[2]); }},
    {"conv2d", {{2, 3, 7, 5}, {4, 3, 3, 3}, {4}}, [](auto& x) { return conv2d(x[0], x[1], x[2]); }},
    {"conv3d",
     {{1, 2, 4, 4, 4}, {3, 2, 2, 2, 2}, {3}},
     [](auto& x) { return conv3d(x[0], x[1], x[2]); }},
    {"conv_transpose1d",
     {{2, 3, 7}, {3, 4, 2}, {4}},
     [](auto& x) { return conv_transpose1d(x[0], x[1], x[2]); }},
    {"conv_transpose2d",
     {{2, 3, 4, 5}, {3, 4, 2, 2}, {4}},
     [](auto& x) { return conv_transpose2d(x[0], x[1], x[2]); }},
    {"conv_transpose3d",
     {{1, 2, 3, 3, 3}, {2, 3, 2, 2, 2}, {3}},
     [](auto& x) { return conv_transpose3d(x[0], x[1], x[2]); }},
    {"scaled_dot_product_attention",
     {{1, 2, 5, 4}, {1, 2, 6, 4}, {1, 2, 6, 4}},
     [](auto& x) { return scaled_dot_product_attention(x[0], x[1], x[2]).out; }},
    {"scaled_dot_product_attention with a bias",
     {{1, 2, 5, 4}, {1, 2, 6, 4}, {1, 2, 6, 4}, {5, 6}},
     [](auto& x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.bias = x[3]}).out; }},
    {"rnn",
     {{2, 3, 4}, {5, 4}, {5, 5}, {5}, {5}},
     [](auto& x) { return recurrent_of(RnnCell::tanh, x); }},
    {"lstm",
     {{2, 3, 4}, {20, 4}, {20, 5}, {20}, {20}},
     [](auto& x) { return recurrent_of(RnnCell::lstm, x); }},
    {"gru",
     {{2, 3, 4}, {15, 4}, {15, 5}, {15}, {15}},
     [](auto& x) { return recurrent_of(RnnCell::gru, x); }},
};

}  // namespace

TEST_CASE("autocast: products of f32 operands are bf16, their gradients f32") {
  for (const AutocastRow& row : kProducts) {
    CAPTURE(row.name);
    const Tensors inputs = random_leaves(row);
    const AutocastResults c = compare(row, inputs, f32);
    CHECK(c.y.dtype() == bf16);
    CHECK(relative_difference(c.y, c.expected) < 0.02);
    for (size_t i = 0; i < inputs.size(); ++i) {
      CAPTURE(i);
      CHECK(c.grads[i].dtype() == f32);
      CHECK(relative_difference(c.grads[i], c.expected_grads[i]) < 0.05);
    }
  }
}

TEST_CASE("autocast leaves operands alone that are neither f32 nor bf16") {
  const AutocastMode on(bf16);
  for (const DType dtype : {f64, f16, i32}) {
    CAPTURE(name(dtype));
    const Tensor x = ones({2, 2}, dtype);
    CHECK(matmul(x, x).dtype() == dtype);
  }
  const Tensor x = ones({1, 1, 4, 4}, f64), w = ones({1, 1, 2, 2});
  CHECK(conv2d(x, w).dtype() == f64);
  CHECK(scaled_dot_product_attention(x, x, x).out.dtype() == f64);
  CHECK(addmm(ones({4, 4}, f64), w[0][0].expand({2, 2}).repeat({2, 2}), ones({4, 4})).dtype() ==
        f64);
  CHECK(mse_loss(x, x).dtype() == f64);
}

TEST_CASE("autocast is on in a scope, and nests") {
  CHECK(!is_autocast_enabled());
  {
    const AutocastMode on(bf16);
    CHECK(is_autocast_enabled());
    {
      const AutocastMode off(bf16, false);
      CHECK(!is_autocast_enabled());
      CHECK(matmul(ones({2, 2}), ones({2, 2})).dtype() == f32);
      autocast(bf16, [] { CHECK(is_autocast_enabled()); });
      CHECK(!is_autocast_enabled());
    }
    CHECK(is_autocast_enabled());
  }
  CHECK(!is_autocast_enabled());
  CHECK_THROWS_AS(autocast(bf16, [] { matmul(ones({2, 2}), ones({3, 2})); }), ShapeError);
  CHECK(!is_autocast_enabled());
}

TEST_CASE("autocast: each thread has its own mode") {
  const AutocastMode on(bf16);
  DType before = bf16, within = f32;
  const Tensor x = ones({2, 2});
  std::thread([&] {
    before = matmul(x, x).dtype();
    autocast(bf16, [&] { within = matmul(x, x).dtype(); });
  }).join();
  CHECK(before == f32);
  CHECK(within == bf16);
  CHECK(is_autocast_enabled());
}

TEST_CASE("autocast supports bf16 only") {
  for (const DType dtype : {f16, f32, f64, i64})
    for (const bool enabled : {true, false}) {
      CAPTURE(name(dtype));
      CHECK(error_of<DTypeError>([&] { const AutocastMode mode(dtype, enabled); }) ==
            "autocast: " + std::string(name(dtype)) + " is not supported; use bf16");
    }
  CHECK(!is_autocast_enabled());
}

TEST_CASE("autocast: backward computes the same, whether it is called inside or outside") {
  for (const AutocastRow& row : kProducts) {
    CAPTURE(row.name);
    const Tensors inputs = random_leaves(row);
    const Tensor y = autocast(bf16, [&] { return row.f(inputs); });
    const Tensor loss = sum(square(y.to(f32)));
    const Tensors outside = grad({loss}, inputs, {.retain_graph = true});
    const Tensors inside =
        autocast(bf16, [&] { return grad({loss}, inputs, {.retain_graph = true}); });
    for (size_t i = 0; i < inputs.size(); ++i) CHECK(difference(inside[i], outside[i]) == 0);
  }
  // The gradient of a factorization has products, which stay in f32.
  const Tensor x = leaf({2, 2}, {3, 0.3, -0.7, 2}, f32);
  const Tensor y = linalg_inv(x), inside = autocast(bf16, [&] { return gradients(y, {x})[0]; });
  CHECK(difference(inside, gradients(linalg_inv(x), {x})[0]) == 0);
}

TEST_CASE("autocast: gradients add up over backward passes, and have gradients") {
  for (const AutocastRow& row : kProducts) {
    CAPTURE(row.name);
    const auto penalty = [&](const Tensors& inputs, const Tensor& y) {
      Tensor out;
      for (const Tensor& g : grad({sum(square(y.to(f32)))}, inputs, {.create_graph = true}))
        out = out.defined() ? out + sum(square(g)) : sum(square(g));
      return out;
    };
    const Tensors inputs = random_leaves(row), plain = to_type(inputs, f32);
    const Tensor y = autocast(bf16, [&] { return row.f(inputs); });
    const Tensors second = grad({penalty(inputs, y)}, inputs, {.retain_graph = true});
    const Tensors expected = grad({penalty(plain, row.f(plain))}, plain);
    for (size_t i = 0; i < inputs.size(); ++i) {
      CAPTURE(i);
      CHECK(second[i].dtype() == f32);
      CHECK(relative_difference(second[i], expected[i]) < 0.06);
    }

    const Tensor loss = sum(y.to(f32));
    loss.backward({.retain_graph = true});
    const Tensor once = inputs[0].grad().clone();
    loss.backward();
    CHECK(inputs[0].grad().dtype() == f32);
    CHECK(relative_difference(inputs[0].grad(), once * 2) < 0.005);
  }
}

TEST_CASE("autocast: a checkpoint is computed again in the mode that it had") {
  for (const bool enabled : {true, false}) {
    CAPTURE(enabled);
    manual_seed(6);
    const Tensor x = randn({4, 8}).set_requires_grad(), w = randn({6, 8}).set_requires_grad();
    std::vector<DType> types;
    const auto f = [&](const Tensor& t) {
      const Tensor y = linear(t, w);
      types.push_back(y.dtype());
      return sum(square(y.to(f32)));
    };
    Tensors found;
    Tensor loss;
    {
      const AutocastMode forward(bf16, enabled);
      loss = checkpoint(f, x);
    }
    {
      const AutocastMode backward(bf16, !enabled);
      found = grad({loss}, {x, w});
      CHECK(is_autocast_enabled() == !enabled);
    }
    const DType expected = enabled ? bf16 : f32;
    CHECK(types == std::vector<DType>{expected, expected});
    const AutocastMode forward(bf16, enabled);
    const Tensors plain = grad({f(x)}, {x, w});
    for (size_t i = 0; i < 2; ++i) CHECK(difference(found[i], plain[i]) == 0);
  }
}

TEST_CASE("autocast: vmap computes what calls of each element do") {
  const AutocastMode on(bf16);
  manual_seed(7);
  const Tensor x = randn({3, 4, 8}), w = randn({3, 6, 8}), b = randn({6});
  const auto check = [&](const std::string& what, const FunctionOfTensors& f,
                         const Tensors& inputs) {
    CAPTURE(what);
    const Tensor all = vmap(f)(inputs)[0];
    for (int64_t i = 0; i < 3; ++i) {
      Tensors parts;
      for (const Tensor& t : inputs) parts.push_back(t.select(0, i));
      const Tensor each = f(parts)[0];
      CHECK(all.dtype() == each.dtype());
      CHECK(relative_difference(all.select(0, i), each) < 0.01);
    }
  };
  check("linear", [&](const Tensors& t) { return Tensors{linear(t[0], w[0], b)}; }, {x});
  check("linear with weights of each",
        [&](const Tensors& t) { return Tensors{linear(t[0], t[1], b)}; }, {x, w});
  check("matmul", [](const Tensors& t) { return Tensors{matmul(t[0], t[1].transpose(0, 1))}; },
        {x, w});
  check("addmm", [&](const Tensors& t) { return Tensors{addmm(b, t[0], t[1].transpose(0, 1))}; },
        {x, w});
  check("conv1d", [&](const Tensors& t) { return Tensors{conv1d(t[0], ones({5, 4, 2}))}; }, {x});
  check("attention",
        [](const Tensors& t) {
          const Tensor q = t[0].unsqueeze(0).unsqueeze(0);
          return Tensors{scaled_dot_product_attention(q, q, q).out};
        },
        {x});
  check("mse_loss",
        [](const Tensors& t) { return Tensors{mse_loss(t[0].to(bf16), t[0].to(bf16) * 2)}; }, {x});
  check("gradient",
        [&](const Tensors& t) {
          const Tensor leaf = t[0].detach().set_requires_grad();
          return grad({sum(square(linear(leaf, w[0])))}, {leaf});
        },
        {x});
}

}  // namespace tapehead::autocast_test
