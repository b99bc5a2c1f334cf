// Reductions and losses beyond the op table: integers, NaN, infinities, ties, empty tensors,
// precision, and bits that must not depend on the number of threads. Expected losses are PyTorch's.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/parallel.h"

namespace tapehead::reductions_test {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

using Values = std::vector<double>;

Values values(const Tensor& x) { return x.to_vector<double>(); }

// The gradient of the sum of f(x).
Values gradient(const std::function<Tensor(const Tensor&)>& f, Tensor x) {
  x.set_requires_grad();
  sum(f(x)).backward();
  return values(x.grad());
}

bool close(const Values& a, const Values& b, double tolerance = 1e-12) {
  bool same = a.size() == b.size();
  for (size_t i = 0; same && i < a.size(); ++i) same = std::abs(a[i] - b[i]) <= tolerance;
  return same;
}

}  // namespace

TEST_CASE("integers and booleans: sums and products are i64, extremes keep the type") {
  const Tensor bytes = core::full({1000}, 255, u8), signs = tensor({-3, 2, -3}, i32);
  CHECK(sum(bytes).dtype() == i64);
  CHECK(sum(bytes).item() == 255000);
  CHECK(sum(bytes.to(boolean)).item() == 1000);
  CHECK(prod(signs).dtype() == i64);
  CHECK(prod(signs).item() == 18);
  CHECK(max(bytes).dtype() == u8);
  CHECK(min(signs).item() == -3);
  CHECK(max(signs).dtype() == i32);
  CHECK(values(min(signs, 0).indices) == Values{0});
  CHECK(max(tensor({INT64_MIN, INT64_MIN})).item<int64_t>() == INT64_MIN);
  CHECK(amin(tensor({true, false})).item() == 0);
  CHECK(values(cumsum(core::full({3}, 200, u8), 0)) == Values{200, 400, 600});
  CHECK(count_nonzero(signs.to(boolean)).item() == 3);
  CHECK(values(sort(signs).values) == Values{-3, -3, 2});
}

TEST_CASE("empty reductions give the identity, or NaN if there is none") {
  const Tensor none = core::full({0}, 0);
  CHECK(sum(none).item() == 0);
  CHECK(prod(none).item() == 1);
  CHECK(std::isnan(mean(none).item()));
  CHECK(std::isnan(var(none).item()));
  CHECK(logsumexp(none).item() == -kInf);
  CHECK(any(none).item() == 0);
  CHECK(all(none).item() == 1);
  CHECK(norm(none).item() == 0);
  CHECK(std::isnan(var(tensor({2.0})).item()));
  CHECK(var(tensor({2.0, 3.0}), {}, false, 2).item() == kInf);
}

TEST_CASE("NaN propagates from any position") {
  for (const int64_t n : {3, 40, 5000})
    for (const int64_t at : {int64_t{0}, n / 2, n - 1}) {
      CAPTURE(n);
      CAPTURE(at);
      const Tensor x = core::full({2, n}, 1);
      x.data<float>()[n + at] = std::nanf("");
      for (const Tensor& y : {x, x.transpose(0, 1)}) {
        const int axis = y.is_contiguous() ? 1 : 0;
        for (const Tensor& r : {sum(y, axis), mean(y, axis), prod(y, axis), amax(y, axis),
                                amin(y, axis), max(y, axis).values, min(y, axis).values,
                                var(y, axis), norm(y, 2, axis), logsumexp(y, axis)}) {
          CHECK(std::isfinite(values(r)[0]));
          CHECK(std::isnan(values(r)[1]));
        }
        CHECK(values(argmax(y, axis)) == Values{0, static_cast<double>(at)});
        CHECK(values(argmin(y, axis)) == Values{0, static_cast<double>(at)});
      }
    }
}

TEST_CASE("rows and columns of any length") {
  struct Op {
    const char* name;
    Tensor (*of)(const Tensor& x, int64_t axis);
    double start;
    double (*step)(double, double);
  };
  const Op ops[] = {{"sum", [](const Tensor& x, int64_t axis) { return sum(x, axis); }, 0,
                     [](double a, double b) { return a + b; }},
                    {"prod", [](const Tensor& x, int64_t axis) { return prod(x, axis); }, 1,
                     [](double a, double b) { return a * b; }},
                    {"amax", [](const Tensor& x, int64_t axis) { return amax(x, axis); }, -kInf,
                     [](double a, double b) { return std::max(a, b); }},
                    {"amin", [](const Tensor& x, int64_t axis) { return amin(x, axis); }, kInf,
                     [](double a, double b) { return std::min(a, b); }},
                    {"norm", [](const Tensor& x, int64_t axis) { return square(norm(x, 2, axis)); },
                     0, [](double a, double b) { return a + b * b; }}};
  for (const Shape& shape : {Shape{5, 1}, {3, 15}, {7, 37}, {70, 41}, {9, 300}})
    for (const DType dtype : {f32, f64, bf16})
      for (const int axis : {0, 1}) {
        const Tensor x = (rand(shape, f64) * 0.2 + 0.9).to(dtype);
        const Values all = values(x);
        for (const Op& op : ops) {
          CAPTURE(op.name);
          CAPTURE(x.str());
          const auto columns = static_cast<size_t>(shape[1]);
          Values expected(static_cast<size_t>(shape[1 - axis]), op.start);
          for (size_t i = 0; i < all.size(); ++i) {
            double& to = expected[axis == 0 ? i % columns : i / columns];
            to = op.step(to, all[i]);
          }
          const Values got = values(op.of(x, axis));
          for (size_t i = 0; i < got.size(); ++i)
            CHECK(got[i] == doctest::Approx(expected[i]).epsilon(dtype == bf16 ? 0.02 : 1e-5));
        }
      }
}

TEST_CASE("amax and amin of both infinities are no NaN") {
  for (const int64_t n : {3, 40, 5000}) {
    const Tensor x = core::full({n, 2}, 1);
    x.data<float>()[0] = x.data<float>()[1] = static_cast<float>(kInf);
    x.data<float>()[2 * n - 1] = x.data<float>()[2 * n - 2] = static_cast<float>(-kInf);
    for (const Tensor& y : {x, x.transpose(0, 1).contiguous()}) {
      const int axis = y.size(0) == n ? 0 : 1;
      CHECK(values(amax(y, axis)) == Values{kInf, kInf});
      CHECK(values(amin(y, axis)) == Values{-kInf, -kInf});
    }
  }
}

TEST_CASE("order: NaN is the largest, and sorting is stable") {
  const Tensor x = tensor({1.0, kNan, 3.0, 1.0, 2.0});
  CHECK(values(sort(x).indices) == Values{0, 3, 4, 2, 1});
  CHECK(values(sort(x, 0, true).indices) == Values{1, 2, 4, 0, 3});
  CHECK(values(topk(x, 2).indices) == Values{1, 2});
  CHECK(values(topk(x, 3, 0, false).indices) == Values{0, 3, 4});
}

TEST_CASE("equal extremes share the gradient; along an axis the first has it all") {
  const Tensor x = tensor({1.0, 3.0, 3.0});
  CHECK(gradient([](const Tensor& t) { return max(t); }, x.clone()) == Values{0, 0.5, 0.5});
  CHECK(gradient([](const Tensor& t) { return amax(t, 0); }, x.clone()) == Values{0, 0.5, 0.5});
  CHECK(gradient([](const Tensor& t) { return max(t, 0).values; }, x.clone()) == Values{0, 1, 0});
}

TEST_CASE("gradients where a formula would divide by zero") {
  CHECK(gradient([](const Tensor& t) { return prod(t); }, tensor({2.0, 0.0, 3.0})) ==
        Values{0, 6, 0});
  CHECK(gradient([](const Tensor& t) { return prod(t); }, tensor({0.0, 0.0, 3.0})) ==
        Values{0, 0, 0});
  CHECK(gradient([](const Tensor& t) { return norm(t); }, tensor({0.0, 0.0})) == Values{0, 0});
  CHECK(gradient([](const Tensor& t) { return stddev(t); }, tensor({1.0, 1.0})) == Values{0, 0});
}

TEST_CASE("long sums are as precise as the result's type") {
  const int64_t n = 3'000'000;
  const Tensor tenths = core::full({n}, 0.1);
  const double exact = static_cast<double>(0.1f) * static_cast<double>(n);
  CHECK(std::abs(sum(tenths).item() - exact) < 1e-6 * exact);
  const Tensor tall = tenths.reshape({n / 3, 3});
  for (const double total : values(sum(tall, 0))) CHECK(std::abs(total - exact / 3) < 1e-6 * exact);
  CHECK(sum(core::full({4096}, 1, bf16)).item() == 4096);
  // E[x^2] - E[x]^2 would cancel here.
  const Tensor far = core::full({n}, 10000);
  for (int64_t i = 0; i < n; i += 2) far.data<float>()[i] = 10001;
  CHECK(std::abs(var(far, {}, false, 0).item() - 0.25) < 1e-6);
}

TEST_CASE("softmax of infinities") {
  CHECK(values(softmax(tensor({0.0, -kInf, 0.0}, f32), 0)) == Values{0.5, 0, 0.5});
  CHECK(std::isnan(values(softmax(tensor({-kInf, -kInf}, f32), 0))[0]));
  CHECK(values(log_softmax(tensor({-kInf, 0.0}, f32), 0)) == Values{-kInf, 0});
  CHECK(logsumexp(tensor({-kInf, -kInf}, f32)).item() == -kInf);
  CHECK(logsumexp(tensor({kInf, 0.0}, f32)).item() == kInf);
  CHECK(logsumexp(core::full({10000}, -kInf)).item() == -kInf);
}

TEST_CASE("cross_entropy is PyTorch's") {
  const Tensor x = tensor(
      {{1.0, 2.0, 0.5, -1.0}, {0.0, 0.25, -2.0, 3.0}, {1.0, 1.0, 1.0, 1.0}, {-3.0, 2.0, 0.0, 0.5}},
      f64);
  const Tensor target = tensor({1, 3, 0, 2}), weight = tensor({1.0, 2.0, 0.5, 3.0}, f64);
  CHECK(cross_entropy(x, target).item() == doctest::Approx(1.0766281595871612));
  CrossEntropyLossOptions all{.weight = weight, .ignore_index = 0, .label_smoothing = 0.2};
  CHECK(cross_entropy(x, target, all).item() == doctest::Approx(0.7093349898212659));
  const Values g =
      gradient([&](const Tensor& t) { return cross_entropy(t, target, all); }, x.clone());
  CHECK(close({g.begin(), g.begin() + 4}, {0.06938182722596131, -0.09577989593130212,
                                           0.04305066598227239, -0.016652597276931594}));
  CHECK(close({g.begin() + 8, g.begin() + 12}, {0, 0, 0, 0}));
  all.reduction = Reduction::sum;
  CHECK(cross_entropy(x, target, all).item() == doctest::Approx(3.901342444016962));
  const Tensor probabilities = softmax(remainder(arange(16, f64), 5).reshape({4, 4}), -1);
  CHECK(cross_entropy(x, probabilities, {.weight = weight, .label_smoothing = 0.1}).item() ==
        doctest::Approx(3.4065440348846527));
  CHECK(kl_div(log_softmax(x, -1), probabilities).item() == doctest::Approx(0.3713265400754539));
}

TEST_CASE("cross_entropy when every target is ignored: NaN as the mean of nothing, no gradient") {
  const Tensor x = core::full({3, 4}, 1), target = core::full({3}, -100, i64);
  CHECK(std::isnan(cross_entropy(x, target).item()));
  CHECK(cross_entropy(x, target, {.reduction = Reduction::sum}).item() == 0);
  CHECK(gradient([&](const Tensor& t) { return cross_entropy(t, target); }, x.clone()) ==
        Values(12, 0));
}

TEST_CASE("losses of elements are PyTorch's") {
  const Tensor x = tensor({1.0, 2.0, 0.5, -1.0}, f64), y = tensor({0.0, 0.25, -2.0, 3.0}, f64);
  const Tensor p = tensor({0.0, 1.0, 0.5, 0.25}, f64);
  CHECK(binary_cross_entropy_with_logits(x, p, {.pos_weight = 3}).item() ==
        doctest::Approx(1.028023055071172));
  CHECK(huber_loss(x, y, {.delta = 1.5}).item() == doctest::Approx(2.375));
  CHECK(smooth_l1_loss(x, y, {.beta = 0.5}).item() == doctest::Approx(2.0625));
  // The naive formula loses all digits here.
  const double small =
      binary_cross_entropy_with_logits(tensor({-20.0}, f32), tensor({0.0}, f32)).item();
  CHECK(small == doctest::Approx(std::exp(-20.0)).epsilon(1e-5));
}

TEST_CASE("results have the same bits for any number of threads") {
  const int before = num_threads();
  const Tensor big = randn({300, 1000}), odd = big.slice(1, 1, 998),
               deep = big.reshape({3, 100, 1000});
  const Tensor targets = core::full({300}, 7, i64), w = rand({1000});
  const std::function<Tensor(Tensor)> calls[] = {
      [](const Tensor& x) { return sum(x); },
      [](const Tensor& x) { return sum(x, 0); },
      [](const Tensor& x) { return mean(x, -1); },
      [](const Tensor& x) { return var(x, 0); },
      [](const Tensor& x) { return norm(x); },
      [](const Tensor& x) { return logsumexp(x); },
      [](const Tensor& x) { return softmax(x, 0); },
      [&](const Tensor& x) { return x.dim() == 2 ? cross_entropy(x, targets) : sum(x); },
      [&](const Tensor& x) { return layer_norm(x, w.slice(0, 0, x.size(-1)).clone()); },
  };
  for (const Tensor& x : {big, odd, deep, big.transpose(0, 1).contiguous().transpose(0, 1)})
    for (const auto& call : calls) {
      std::vector<Values> runs;
      for (const int threads : {1, 2, 3}) {
        set_num_threads(threads);
        Tensor leaf = x.detach();
        leaf.set_requires_grad();
        const Tensor y = call(leaf);
        sum(y).backward();
        Values all = values(y), g = values(leaf.grad());
        all.insert(all.end(), g.begin(), g.end());
        runs.push_back(std::move(all));
      }
      for (const Values& run : runs)
        CHECK(std::memcmp(run.data(), runs[0].data(), run.size() * sizeof(double)) == 0);
    }
  set_num_threads(before);
}

}  // namespace tapehead::reductions_test
