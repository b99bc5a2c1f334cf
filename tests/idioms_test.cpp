// What users of PyTorch in C++ and of MLX write, as they write it: creation, indexing, assignment,
// methods, operators, hooks, groups of parameters. Each compiles and gives the right values.
#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/tapehead.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("idioms: creation") {
  // torch::zeros(5), torch::zeros({2, 3}), torch::ones_like(x)
  CHECK(zeros(5).sizes() == Shape{5});
  CHECK(zeros({2, 3}).sum().item<int>() == 0);
  CHECK(ones_like(zeros({2, 3})).sum().item<int>() == 6);
  // torch::randn(5), torch::rand({2, 3}), torch::randint(10, {3})
  CHECK(randn(5).numel() == 5);
  CHECK((rand({2, 3}) < 1).all().item<bool>());
  CHECK((randint(10, {3}) < 10).all().item<bool>());
  // torch::full({2}, 7), torch::arange(4), torch::linspace(0, 1, 5), torch::eye(2)
  CHECK(values(full({2}, 7)) == Doubles{7, 7});
  CHECK(values(arange(4)) == Doubles{0, 1, 2, 3});
  CHECK(values(linspace(0, 1, 5)) == Doubles{0, 0.25, 0.5, 0.75, 1});
  CHECK(values(eye(2)) == Doubles{1, 0, 0, 1});
  // torch::tensor({1., 2.}), torch::tensor({{1, 2}, {3, 4}}), torch::tensor(vector)
  CHECK(tensor({1.0, 2.0}).dtype() == f32);
  CHECK(tensor({{1, 2}, {3, 4}}).sizes() == Shape{2, 2});
  CHECK(values(tensor(std::vector<float>{1, 2})) == Doubles{1, 2});
  CHECK(tensor(std::vector<std::vector<double>>{{1, 2}, {3, 4}}, f64).sizes() == Shape{2, 2});
  // A shape from a vector
  const std::vector<int64_t> sizes{2, 3};
  CHECK(zeros(sizes).sizes() == Shape{2, 3});
  CHECK(arange(6).reshape(sizes)[1][0].item<int>() == 3);
  // torch::empty({0}), x.to(torch::kFloat64), mx.array(3.5)
  CHECK(empty({0}).numel() == 0);
  CHECK(arange(3).to(f64).dtype() == f64);
  CHECK(Tensor(3.5).item() == 3.5);
}

TEST_CASE("idioms: shapes and methods") {
  const Tensor x = arange(6).to(f64).reshape({2, 3});
  // x.size(0), x.dim(), x.numel(), x.sizes()
  CHECK(x.size(0) == 2);
  CHECK(x.dim() == 2);
  CHECK(x.numel() == 6);
  CHECK(x.sizes() == Shape{2, 3});
  // x.view({3, 2}), x.view({-1}), x.t(), x.transpose(0, 1), x.permute({1, 0})
  CHECK(values(x.view({3, 2})[2]) == Doubles{4, 5});
  CHECK(x.view(-1).sizes() == Shape{6});
  CHECK(values(x.transpose(0, 1)[0]) == Doubles{0, 3});
  CHECK(values(x.permute({1, 0})[1]) == Doubles{1, 4});
  // x.unsqueeze(0).squeeze(), x.flatten(), x.expand({2, 3}), x.repeat({2, 1})
  CHECK(x.unsqueeze(0).squeeze(0).sizes() == Shape{2, 3});
  CHECK(x.flatten().sizes() == Shape{6});
  CHECK(x[0].expand({2, 3}).sizes() == Shape{2, 3});
  CHECK(x.repeat({2, 1}).sizes() == Shape{4, 3});
  // Reductions as methods and functions
  CHECK(x.sum().item() == 15);
  CHECK(values(x.sum(1)) == Doubles{3, 12});
  CHECK(values(sum(x, {0, 1}, true)) == Doubles{15});
  CHECK(values(x.mean(0)) == Doubles{1.5, 2.5, 3.5});
  CHECK(x.max().item() == 5);
  const auto [best, at] = x.max(1);
  CHECK(values(best) == Doubles{2, 5});
  CHECK(values(at) == Doubles{2, 2});
  CHECK(values(x.argmax(-1)) == Doubles{2, 2});
  CHECK(x.norm().item() == doctest::Approx(std::sqrt(55)));
  // Functions as methods
  CHECK(values(x.matmul(ones({3, 1}, f64))) == Doubles{3, 12});
  CHECK(x.softmax(-1)[0].sum().item() == doctest::Approx(1));
  CHECK(values(x.clamp(1, 4)) == Doubles{1, 1, 2, 3, 4, 4});
  CHECK(values(x.pow(2)[0]) == Doubles{0, 1, 4});
  CHECK(values(x.exp().log()[1]) == Doubles{3, 4, 5});
  CHECK(values(x.masked_fill(x > 2, 0)) == Doubles{0, 1, 2, 0, 0, 0});
  CHECK(values(x.where(x > 2, -1)) == Doubles{-1, -1, -1, 3, 4, 5});
  CHECK(values(x.index_select(1, tensor({2, 0}))) == Doubles{2, 0, 5, 3});
  CHECK(values(x.gather(1, tensor({{2}, {0}}))) == Doubles{2, 3});
  CHECK(x.chunk(2, 0).size() == 2);
  CHECK(values(x.split(1, 1)[2]) == Doubles{2, 5});
  CHECK(values(cat({x[0], x[1]})) == values(x));
  CHECK(stack({x, x}).sizes() == Shape{2, 2, 3});
  CHECK(values(x.topk(2, 1).values) == Doubles{2, 1, 5, 4});
  CHECK(x.cross_entropy(tensor({2, 2}), {.reduction = Reduction::sum}).item() > 0);
}

TEST_CASE("idioms: operators") {
  const Tensor x = tensor({5, 7}), y = tensor({3, 2});
  CHECK(values(x % y) == Doubles{2, 1});
  CHECK(values(2 * x - y / y) == Doubles{9, 13});
  CHECK(values(!(x > 6)) == Doubles{1, 0});
  CHECK(values(x > 4 && y > 2) == Doubles{1, 0});
  CHECK(values(x > 6 || y > 2) == Doubles{1, 1});
  CHECK(values(-x) == Doubles{-5, -7});
  CHECK((x == x).all().item<bool>());
  Tensor z = x;
  z += y;
  CHECK(values(z) == Doubles{8, 9});
  CHECK(values(x) == Doubles{5, 7});
}

TEST_CASE("idioms: indexing and assignment") {
  Tensor x = zeros({3, 4});
  // x[0] = y, x[1][2] = 5, x.slice(...) = 5, x.select(1, 3) += 1
  x[0] = tensor({1, 2, 3, 4});
  x[1][2] = 5;
  x.slice(0, 2, 3) = 7;
  x.select(1, 3) += 1;
  CHECK(values(x) == Doubles{1, 2, 3, 5, 0, 0, 5, 1, 7, 7, 7, 8});
  // x.index_put_({mask}, 0), x.index_put_({rows, columns}, values)
  x.index_put_({x > 6}, 0);
  CHECK(values(x[2]) == Doubles{0, 0, 0, 0});
  x.index_put_({tensor({0, 2}), tensor({0, 3})}, tensor({8, 9}));
  CHECK(values(x) == Doubles{8, 2, 3, 5, 0, 0, 5, 1, 0, 0, 0, 9});
  // x.copy_(y), x.fill_(1), x.zero_(), x.add_(1)
  x.fill_(1);
  CHECK(x.sum().item() == 12);
  x.zero_();
  x.add_(2);
  CHECK(x.sum().item() == 24);
  // for (auto row : x)
  int rows = 0;
  for (Tensor row : x) {
    row += 1;  // another tensor: the variable moves on
    row.sizes();
    ++rows;
  }
  for (const Tensor& row : x) row.mul_(2);
  CHECK(rows == 3);
  CHECK(x.sum().item() == 48);
}

TEST_CASE("idioms: gradients") {
  Tensor w = tensor({1.0, 2.0}, f64).set_requires_grad();
  // w.grad(), w.grad() = g, loss.backward(), x.detach(), torch::NoGradGuard
  (w * w).sum().backward();
  CHECK(values(w.grad()) == Doubles{2, 4});
  w.grad() = zeros(2, f64);
  CHECK(values(w.grad()) == Doubles{0, 0});
  {
    const NoGrad no_grad;
    CHECK_FALSE((w * 2).requires_grad());
    w[0] = 5;
  }
  CHECK(values(w) == Doubles{5, 2});
  CHECK_FALSE(w.detach().requires_grad());
  // x.register_hook([](torch::Tensor g) { ... }), handle.remove()
  double seen = 0;
  RemovableHandle handle = w.register_hook([&](const Tensor& g) { seen = g.sum().item(); });
  w.sum().backward();
  CHECK(seen == 2);
  handle.remove();
  (3 * w).sum().backward();
  CHECK(seen == 2);
  // Outputs written step by step
  Tensor outputs = zeros({3, 2}, f64);
  for (int64_t t = 0; t < 3; ++t) outputs[t] = w * double(t);
  w.set_grad({});
  outputs.sum().backward();
  CHECK(values(w.grad()) == Doubles{3, 3});
}

TEST_CASE("idioms: parameters and optimizers") {
  nn::Params params(1);
  const nn::Linear hidden(params / "hidden", 2, 8), out(params / "out", 8, 1);
  // model.named_parameters(), model.to(dtype), sum of numel()
  int64_t count = 0;
  for (const nn::Param& p : params.all()) count += p.value.numel();
  CHECK(count == params.count());
  // torch::optim::AdamW with groups of their own options
  optim::AdamW opt(params, {.lr = 0.05, .weight_decay = 0.1},
                   {{"*.bias", {.weight_decay = 0}}, {"out.*", {.lr = 0.01, .betas = {0.8, 0.9}}}});
  CHECK(opt.groups().size() >= 3);
  optim::StepDecay schedule(opt, {.every = 10, .gamma = 0.5});
  const Tensor x = randn({64, 2}), y = x.sum(1, true);
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    opt.zero_grad();
    const Tensor loss = mse_loss(out(hidden(x).tanh()), y);
    loss.backward();
    optim::clip_grad_norm(params, 1.0);
    opt.step();
    schedule.step();
    (step == 0 ? first : last) = loss.item();
  }
  CHECK(last < first);
  CHECK(opt.lr() == doctest::Approx(0.05 / 8));
  // param_group['lr'] = ...
  opt.set_lr(0.1);
  CHECK(opt.lr() == 0.1);
  // optimizer.step() without gradients does nothing
  opt.zero_grad();
  opt.step();
  CHECK(opt.steps() == 30);
  // torch::save, torch::load
  const auto state = opt.save();
  opt.load(state);
}
