#include "tapehead/autograd/vmap.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/random.h"

namespace tapehead::vmap_test {
namespace {

using Tensors = std::vector<Tensor>;

bool equal_values(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && allclose(a, b, 1e-12, 1e-12);
}

// A function, how often vmap() calls it for four elements, and what it computes with.
struct Mapped {
  const char* name;
  int64_t calls;
  FunctionOfTensors f;
};

// The results of a call for each element.
Tensors looped(const FunctionOfTensors& f, const Tensors& inputs) {
  std::vector<Tensors> lists;
  for (int64_t k = 0; k < inputs[0].size(0); ++k) {
    Tensors parts;
    for (const Tensor& t : inputs) parts.push_back(t.select(0, k));
    const Tensors out = f(parts);
    lists.resize(out.size());
    for (size_t r = 0; r < out.size(); ++r) lists[r].push_back(out[r]);
  }
  Tensors results;
  for (const Tensors& list : lists) results.push_back(stack(list));
  return results;
}

struct Halved : CustomOp {  // without a rule for vmap()
  inline static int forwards = 0;
  Tensor forward(const Tensor& x) {
    ++forwards;
    return x / 2;
  }
  Tensor backward(const Tensor& dy) const { return dy / 2; }
};
struct Doubled : BroadcastingOp {
  inline static int forwards = 0;
  Tensor forward(const Tensor& x) {
    ++forwards;
    return x * 2;
  }
  Tensor backward(const Tensor& dy) const { return dy * 2; }
};

}  // namespace

TEST_CASE("vmap maps functions over the first axis, or others") {
  const Tensor x = randn({3, 4, 2}, f64), w = randn({4}, f64);
  CHECK(equal_values(vmap([](const Tensor& row) { return sum(square(row)); })(x),
                     sum(square(x), {1, 2})));
  CHECK(equal_values(vmap([&](const Tensor& part) { return matmul(w, part); })(x), matmul(w, x)));
  CHECK(equal_values(
      vmap([](const Tensor& part) { return part * 2; }, {.in_dims = {-1}, .out_dims = {1}})(x),
      transpose(x * 2, 1, 2)));
  const FunctionOfTensors both = [](const Tensors& in) {
    return Tensors{in[0] * in[1], sum(in[0])};
  };
  const Tensors out =
      vmap(both, {.in_dims = {1, None}, .out_dims = {-1, 0}})({x, w.slice(0, 0, 2)});
  CHECK(equal_values(out[0], transpose(x * w.slice(0, 0, 2), 1, 2)));
  CHECK(equal_values(out[1], sum(x, {0, 2})));
  // Nested, and with a function that branches on values.
  const auto inner = vmap([](const Tensor& v) { return v.item() > 0 ? v : v * 0; });
  CHECK(equal_values(vmap(inner)(x.select(0, 0)), relu(x.select(0, 0))));
}

TEST_CASE("vmap has derivatives, and maps derivatives") {
  Tensor w = randn({4, 2}, f64), x = randn({3, 4}, f64);
  w.set_requires_grad(), x.set_requires_grad();
  const auto mapped = [](const Tensors& in) {
    return vmap([&](const Tensor& row) { return tanh(matmul(row, in[1])); })(in[0]);
  };
  CHECK(equal_values(mapped({x, w}), tanh(matmul(x, w))));
  const Tensors ours = grad({sum(square(mapped({x, w})))}, {x, w});
  const Tensors whole = grad({sum(square(tanh(matmul(x, w))))}, {x, w});
  CHECK(equal_values(ours[0], whole[0]));
  CHECK(equal_values(ours[1], whole[1]));
  // The gradients of each example by itself.
  const Tensor each = vmap([&](const Tensor& row) {
    return jacobian(FunctionOfTensor([](const Tensor& v) { return sum(exp(v)); }), row);
  })(x.detach());
  CHECK(equal_values(each, exp(x.detach())));
}

TEST_CASE("vmap calls functions of ops once, others for each element") {
  constexpr int64_t kElements = 4, kOnce = 1, kCopies = 2, kEach = 1 + kElements;
  Tensor w = randn({3, 5}, f64), b = randn({5}, f64), scale = rand({5}, f64) + 1;
  w.set_requires_grad(), b.set_requires_grad(), scale.set_requires_grad();
  Tensor twice = w * 2;
  const Tensor x = randn({kElements, 2, 3}, f64), labels = randint(0, 5, {kElements, 2});
  Tensor sum_of_rows = zeros({3}, f64);
  const auto layer = [&](const Tensor& t) { return tanh(matmul(t, w) + b); };
  const auto loss = [&](const Tensors& in) { return cross_entropy(layer(in[0]), in[1]); };
  const auto of = [&](const FunctionOfTensor& f) {
    return [f](const Tensors& in) { return Tensors{f(in[0])}; };
  };
  const Mapped functions[] = {
      {"elementwise", kOnce, of([](const Tensor& t) { return where(t > 0, exp(t), 2 * t); })},
      {"a layer", kOnce, of(layer)},
      {"linear", kOnce, of([&](const Tensor& t) { return linear(t, w.transpose(0, 1), b); })},
      {"a normalised layer", kOnce,
       of([&](const Tensor& t) { return layer_norm(layer(t), scale, b); })},
      {"attention", kOnce,
       of([](const Tensor& t) { return matmul(softmax(matmul(t, t.transpose(0, 1)), -1), t); })},
      {"fused attention", kOnce, of([](const Tensor& t) {
         const Tensor q = t.reshape({1, 1, 2, 3});
         return scaled_dot_product_attention(q, q, q, {.causal = true}).out;
       })},
      {"labels", kOnce, [&](const Tensors& in) { return Tensors{loss(in)}; }},
      {"indices", kOnce,
       [&](const Tensors& in) {
         return Tensors{gather(layer(in[0]), 1, in[1].unsqueeze(1)),
                        embedding(w.transpose(0, 1), in[1])};
       }},
      {"shapes", kOnce, of([](const Tensor& t) {
         const Tensor c = cat({t, t.flip(0), zeros({1, 3}, f64)});
         return stack({c.reshape({3, 5}), pad(c.transpose(0, 1), {0, 0}, 1)});
       })},
      {"largest", kOnce,
       [](const Tensors& in) {
         const auto [values, indices] = max(in[0], 1);
         return Tensors{values, indices, argmax(in[0])};
       }},
      {"not mapped", kOnce,
       [&](const Tensors&) {
         return Tensors{twice, tanh(b)};
       }},
      {"0-d results of other types", kOnce,
       of([](const Tensor& t) { return sum(t) + ones({2}, f32) * t[0][0].to(f32); })},
      {"nested", kOnce, of([&](const Tensor& t) {
         return vmap([&](const Tensor& row) { return sum(t * row) + matmul(row, w); })(t);
       })},
      {"derivatives", kOnce, of([](const Tensor& t) {
         return vjp([](const Tensor& v) { return sum(exp(v) * v); }, t).product;
       })},
      {"derivatives of a shared input", kOnce,
       [&](const Tensors& in) {
         const auto f = [&](const Tensor& v) { return cross_entropy(matmul(in[0], v), in[1]); };
         return Tensors{vjp(f, w).product, hvp(f, w, twice.detach()).product};
       }},
      {"second derivatives", kOnce, of([](const Tensor& t) {
         return hessian([](const Tensor& v) { return sum(v * v * v); }, t);
       })},
      {"derivatives in nested calls", kOnce, of([](const Tensor& t) {
         const auto f = [](const Tensor& v) { return tanh(v) * sum(v); };
         return vmap([&](const Tensor& row) { return jacobian(f, row); })(t);
       })},
      {"gradients of each element", kCopies,
       [&](const Tensors& in) {
         return grad({loss(in)}, {w, b});
       }},
      {"gradients through other tensors", kCopies + kElements,
       [&](const Tensors& in) {
         return grad({sum(in[0] * 3 * sum(w)) + sum(matmul(in[0], twice))}, {w},
                     {.retain_graph = true});
       }},
      {"values", kEach, of([](const Tensor& t) { return t[0][0].item() > 0 ? t : -t; })},
      {"errors that are caught", kEach, of([](const Tensor& t) {
         try {
           return t * t[0][0].item();
         } catch (...) {
           return t;
         }
       })},
      {"changes in place", kEach, of([&](const Tensor& t) {
         sum_of_rows.add_(t[0]);
         return sum_of_rows.clone();
       })},
      {"changes in place by what is not mapped", kEach, of([&](const Tensor& t) {
         sum_of_rows.add_(1);
         return t[0] + sum_of_rows;
       })},
      {"new tensors changed in place", kEach, of([](const Tensor& t) {
         Tensor y = zeros({2, 3}, f64);
         y.fill_(2);
         y.mul_(t);
         return y;
       })},
      {"an op without a rule", kOnce, of([](const Tensor& t) { return apply<Halved>(t); })},
      {"an elementwise op", kOnce, of([](const Tensor& t) { return apply<Doubled>(t); })},
  };
  for (const Mapped& m : functions) {
    CAPTURE(m.name);
    sum_of_rows.zero_();
    const Tensors wanted = looped(m.f, {x, labels});
    sum_of_rows.zero_();
    int64_t calls = 0;
    const Tensors got = vmap([&](const Tensors& in) {
      ++calls;
      return m.f(in);
    })({x, labels});
    CHECK(calls == m.calls);
    REQUIRE(got.size() == wanted.size());
    for (size_t r = 0; r < got.size(); ++r) {
      CHECK(got[r].dtype() == wanted[r].dtype());
      CHECK(equal_values(got[r], wanted[r]));
      CHECK(got[r].requires_grad() == wanted[r].requires_grad());
      if (!got[r].requires_grad()) continue;
      const Tensor dy = randn(got[r].shape(), f64).to(got[r].dtype());
      const GradOptions options{.gradients = {dy}, .retain_graph = true, .allow_unused = true};
      const Tensors ours = grad({got[r]}, {w, b, scale}, options);
      const Tensors theirs = grad({wanted[r]}, {w, b, scale}, options);
      for (size_t i = 0; i < ours.size(); ++i) {
        REQUIRE(ours[i].defined() == theirs[i].defined());
        if (ours[i].defined()) CHECK(equal_values(ours[i], theirs[i]));
      }
    }
  }
  CHECK(Halved::forwards == 2 * kElements);
  CHECK(Doubled::forwards == kElements + 1);
}

TEST_CASE("random numbers inside vmap are those of a loop") {
  const FunctionOfTensors noisy = [](const Tensors& in) {
    return Tensors{in[0] + randn({2}, f64), dropout(in[0], 0.5), dropout(in[0], 0.5, false)};
  };
  const Tensor x = ones({3, 2}, f64);
  manual_seed(5);
  const Tensors wanted = looped(noisy, {x});
  manual_seed(5);
  const Tensors got = vmap(noisy)({x});
  for (size_t r = 0; r < got.size(); ++r) CHECK(equal(got[r], wanted[r]));
  CHECK_FALSE(equal(got[0][0], got[0][1]));
}

TEST_CASE("results of vmap share no memory, and mapped tensors do not outlive it") {
  const Tensor x = ones({3, 2});
  const FunctionOfTensors same = [](const Tensors& in) { return Tensors{in[0], in[0], in[0] * 1}; };
  const Tensors out = vmap(same)({x});
  for (const Tensor& t : out) t.fill_(7);
  CHECK(equal(x, ones({3, 2})));
  CHECK(equal(out[2], full({3, 2}, 7)));
  Tensor kept;
  vmap([&](const Tensor& row) { return kept = row; })(x);
  CHECK(kept.shape() == Shape{2});
  CHECK_THROWS_WITH_AS(kept.data<float>(),
                       "vmap: a tensor that stands for all elements was used after the call of the "
                       "function, or in another thread; return it from the function",
                       ValueError);
  CHECK_THROWS_AS(exp(kept), ValueError);
  CHECK_THROWS_AS(vmap([&](const Tensor& row) { return row + kept; })(x), ValueError);
}

TEST_CASE("gradients that flow through a mapped input are complete") {
  Tensor w = randn({2}, f64);
  w.set_requires_grad();
  const Tensor x = randn({3, 2}, f64) * w;  // depends on w
  const FunctionOfTensors f = [&](const Tensors& in) {
    return grad({sum(square(in[0]) * w)}, {w}, {.retain_graph = true});
  };
  CHECK(equal_values(vmap(f)({x})[0], looped(f, {x})[0]));
  const FunctionOfTensors of_row = [&](const Tensors& in) {  // not with respect to x
    return grad({sum(in[0] * x.select(0, 0))}, {in[0]}, {.retain_graph = true});
  };
  CHECK(equal_values(vmap(of_row)({x})[0], looped(of_row, {x})[0]));
}

TEST_CASE("what vmap cannot map") {
  const Tensor x = ones({3, 4}), y = ones({2});
  const FunctionOfTensors first = [](const Tensors& in) { return Tensors{in[0]}; };
  const auto differ = [](const Tensor& row) { return row.slice(0, 0, row[0].item<int64_t>()); };
  CHECK_THROWS_WITH_AS(vmap(first)({x, y}),
                       "vmap: the mapped axes of inputs 0 and 1 have 3 and 2 elements; they must "
                       "have as many",
                       ShapeError);
  CHECK_THROWS_WITH_AS(vmap(first, {.in_dims = {0}})({x, y}),
                       "vmap: in_dims lists 1 axes for 2 inputs; list one for each", ValueError);
  CHECK_THROWS_WITH_AS(vmap(first, {.in_dims = {None}})({x}),
                       "vmap: no input is mapped; give one of them an axis in in_dims", ValueError);
  CHECK_THROWS_WITH_AS(vmap(first)({ones({})}),
                       "vmap: input 0 is 0-d and has no axis to map; pass None for it in in_dims",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      vmap(first)({ones({0, 2})}),
      "vmap: the mapped axis of input 0 has no elements, so that the results are unknown",
      ShapeError);
  CHECK_THROWS_WITH_AS(vmap(first, {.out_dims = {0, 1}})({x}),
                       "vmap: out_dims lists 2 axes for 1 results; list one for each", ValueError);
  CHECK_THROWS_WITH_AS(vmap(FunctionOfTensor(differ))(tensor({{1.0, 0.0}, {2.0, 0.0}})),
                       "vmap: result 0 of call 1 is [2] f32, that of call 0 [1] f32; their shapes "
                       "must be equal",
                       ShapeError);
  CHECK_THROWS_AS(vmap(first, {.in_dims = {2}})({x}), IndexError);
}

}  // namespace tapehead::vmap_test
