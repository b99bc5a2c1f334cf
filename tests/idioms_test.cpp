// Idioms from the documentation of libtorch and MLX: creation, shapes, methods, operators,
// indexing, assignment, gradients, hooks, modules and parameter groups. Each numbered comment
// quotes the original; the code below it is the tapehead equivalent.
#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "tapehead/tapehead.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("idioms: creation") {
  // 1. torch::zeros({2, 3})
  CHECK(zeros({2, 3}).sum().item<int>() == 0);
  // 2. torch::zeros(5), torch::randn(5)
  CHECK(zeros(5).sizes() == Shape{5});
  CHECK(randn(5).numel() == 5);
  // 3. torch::ones_like(x)
  CHECK(ones_like(zeros({2, 3})).sum().item<int>() == 6);
  // 4. torch::rand({2, 3}), mx::random::uniform({2, 3})
  CHECK((rand({2, 3}) < 1).all().item<bool>());
  // 5. torch::randint(10, {3})
  CHECK((randint(10, {3}) < 10).all().item<bool>());
  // 6. torch::full({2}, 7), mx::full({2}, 7)
  CHECK(values(full({2}, 7)) == Doubles{7, 7});
  // 7. torch::arange(4), torch::arange(2, 8, 3), mx::arange(4)
  CHECK(values(arange(4)) == Doubles{0, 1, 2, 3});
  CHECK(values(arange(2, 8, 3)) == Doubles{2, 5});
  // 8. torch::linspace(0, 1, 5)
  CHECK(values(linspace(0, 1, 5)) == Doubles{0, 0.25, 0.5, 0.75, 1});
  // 9. torch::eye(2)
  CHECK(values(eye(2)) == Doubles{1, 0, 0, 1});
  // 10. torch::tensor({1., 2.}), mx::array({1.0f, 2.0f})
  CHECK(tensor({1.0, 2.0}).dtype() == f32);
  // 11. torch::tensor({{1, 2}, {3, 4}})
  CHECK(tensor({{1, 2}, {3, 4}}).sizes() == Shape{2, 2});
  // 12. torch::tensor(vector)
  CHECK(values(tensor(std::vector<float>{1, 2})) == Doubles{1, 2});
  CHECK(tensor(std::vector<std::vector<double>>{{1, 2}, {3, 4}}, f64).sizes() == Shape{2, 2});
  // 13. torch::zeros(sizes) with a std::vector<int64_t>, x.reshape(sizes)
  const std::vector<int64_t> sizes{2, 3};
  CHECK(zeros(sizes).sizes() == Shape{2, 3});
  CHECK(arange(6).reshape(sizes)[1][0].item<int>() == 3);
  // 14. torch::empty({0}), torch::empty_like(x)
  CHECK(empty({0}).numel() == 0);
  CHECK(empty_like(eye(3)).sizes() == Shape{3, 3});
  // 15. torch::zeros({2}, torch::kFloat64), mx::zeros({2}, mx::float64)
  CHECK(zeros({2}, f64).dtype() == f64);
  // 16. x.to(torch::kFloat64), mx::astype(x, mx::float32)
  CHECK(arange(3).to(f64).dtype() == f64);
  // 17. mx::array(3.5), torch::scalar_tensor(3.5)
  CHECK(Tensor(3.5).item() == 3.5);
  // 18. torch::manual_seed(1)
  manual_seed(1);
  const Tensor first = randn({4});
  manual_seed(1);
  CHECK(values(first) == values(randn({4})));
  // 19. torch::randperm(5)
  CHECK(randperm(5).sum().item<int>() == 10);
  // 20. std::cout << x
  std::ostringstream out;
  out << tensor({1, 2});
  CHECK(out.str() == tensor({1, 2}).str());
}

TEST_CASE("idioms: shapes") {
  const Tensor x = arange(6).to(f64).reshape({2, 3});
  // 21. x.size(0), x.size(-1), x.dim(), x.numel(), x.sizes(); mx: x.shape(), x.ndim()
  CHECK(x.size(0) == 2);
  CHECK(x.size(-1) == 3);
  CHECK(x.dim() == 2);
  CHECK(x.numel() == 6);
  CHECK(x.sizes() == x.shape());
  // 22. x.view({3, 2}), x.view(-1), x.reshape({-1, 2}), mx::reshape(x, {3, 2})
  CHECK(values(x.view({3, 2})[2]) == Doubles{4, 5});
  CHECK(x.view(-1).sizes() == Shape{6});
  CHECK(reshape(x, {-1, 2}).sizes() == Shape{3, 2});
  // 23. x.transpose(0, 1), torch::transpose(x, 0, 1)
  CHECK(values(x.transpose(0, 1)[0]) == Doubles{0, 3});
  CHECK(values(transpose(x, 0, 1)[0]) == Doubles{0, 3});
  // 24. x.permute({1, 0})
  CHECK(values(x.permute({1, 0})[1]) == Doubles{1, 4});
  // 25. x.unsqueeze(0), x.squeeze(0), mx::expand_dims(x, 0)
  CHECK(x.unsqueeze(0).sizes() == Shape{1, 2, 3});
  CHECK(x.unsqueeze(0).squeeze(0).sizes() == Shape{2, 3});
  // 26. x.flatten(), x.flatten(0, 1), mx::flatten(x)
  CHECK(x.flatten().sizes() == Shape{6});
  // 27. x.expand({2, 3}), x.expand({-1, 3}), mx::broadcast_to(x, {2, 3})
  CHECK(x[0].expand({2, 3}).sizes() == Shape{2, 3});
  CHECK(broadcast_to(x[0], {2, 3}).sizes() == Shape{2, 3});
  // 28. x.repeat({2, 1})
  CHECK(x.repeat({2, 1}).sizes() == Shape{4, 3});
  // 29. torch::cat({a, b}), torch::cat({a, b}, 1), mx::concatenate({a, b}, 1)
  CHECK(values(cat({x[0], x[1]})) == values(x));
  CHECK(cat({x, x}, 1).sizes() == Shape{2, 6});
  // 30. torch::stack({a, b})
  CHECK(stack({x, x}).sizes() == Shape{2, 2, 3});
  // 31. x.chunk(2, 0), x.split(1, 1), x.unbind(0)
  CHECK(x.chunk(2, 0).size() == 2);
  CHECK(values(x.split(1, 1)[2]) == Doubles{2, 5});
  CHECK(values(x.unbind(0)[1]) == Doubles{3, 4, 5});
  // 32. x.contiguous(), x.is_contiguous(), x.clone()
  CHECK_FALSE(x.transpose(0, 1).is_contiguous());
  CHECK(x.transpose(0, 1).contiguous().is_contiguous());
  CHECK_FALSE(x.clone().is_same(x));
}

TEST_CASE("idioms: methods and functions") {
  const Tensor x = arange(6).to(f64).reshape({2, 3});
  // 33. x.sum(), x.sum(1), torch::sum(x, {0, 1}, true)
  CHECK(x.sum().item() == 15);
  CHECK(values(x.sum(1)) == Doubles{3, 12});
  CHECK(sum(x, {0, 1}, true).sizes() == Shape{1, 1});
  // 34. x.mean(0), x.var(1), mx::mean(x, 0)
  CHECK(values(x.mean(0)) == Doubles{1.5, 2.5, 3.5});
  CHECK(values(x.var(1)) == Doubles{1, 1});
  // 35. x.max(), x.amax(1), auto [values, indices] = x.max(1)
  CHECK(x.max().item() == 5);
  CHECK(values(x.amax(1)) == Doubles{2, 5});
  const auto [best, at] = x.max(1);
  CHECK(values(best) == Doubles{2, 5});
  CHECK(values(at) == Doubles{2, 2});
  // 36. x.argmax(-1), mx::argmax(x, -1)
  CHECK(values(x.argmax(-1)) == Doubles{2, 2});
  // 37. x.norm()
  CHECK(x.norm().item() == doctest::Approx(std::sqrt(55)));
  // 38. torch::matmul(x, y), x.matmul(y)
  CHECK(values(matmul(x, ones({3, 1}, f64))) == Doubles{3, 12});
  CHECK(values(x.matmul(ones({3, 1}, f64))) == Doubles{3, 12});
  // 39. torch::softmax(x, -1), x.log_softmax(-1), mx::softmax(x, -1)
  CHECK(softmax(x, -1)[0].sum().item() == doctest::Approx(1));
  CHECK(x.log_softmax(-1).exp()[0].sum().item() == doctest::Approx(1));
  // 40. x.clamp(1, 4)
  CHECK(values(x.clamp(1, 4)) == Doubles{1, 1, 2, 3, 4, 4});
  // 41. x.pow(2), torch::sqrt(x), x.exp().log(), torch::relu(x)
  CHECK(values(x.pow(2)[0]) == Doubles{0, 1, 4});
  CHECK(values(sqrt(x * x)) == values(x));
  CHECK(values(x.exp().log()[1]) == Doubles{3, 4, 5});
  CHECK(values(relu(-x)[1]) == Doubles{0, 0, 0});
  // 42. torch::where(condition, x, y), torch::where(condition, x, 0)
  CHECK(values(where(x > 2, x, -1)) == Doubles{-1, -1, -1, 3, 4, 5});
  // 43. x.masked_fill(mask, 0), x.masked_select(mask)
  CHECK(values(x.masked_fill(x > 2, 0)) == Doubles{0, 1, 2, 0, 0, 0});
  CHECK(values(x.masked_select(x > 3)) == Doubles{4, 5});
  // 44. x.sort(1, true), x.topk(2)
  CHECK(values(x.sort(1, true).values[0]) == Doubles{2, 1, 0});
  CHECK(values(x.topk(2, 1).values) == Doubles{2, 1, 5, 4});
  // 45. x.tril(), x.cumsum(1), x.flip({1})
  CHECK(values(x.tril()) == Doubles{0, 0, 0, 3, 4, 0});
  CHECK(values(x.cumsum(1)) == Doubles{0, 1, 3, 3, 7, 12});
  CHECK(values(x.flip(1)) == Doubles{2, 1, 0, 5, 4, 3});
  // 46. x.any(), x.all(), torch::isnan(x)
  CHECK(x.any().item<bool>());
  CHECK_FALSE(isnan(x).any().item<bool>());
  // 47. F::cross_entropy(logits, target), F::mse_loss(x, y)
  CHECK(cross_entropy(x, tensor({2, 2})).item() > 0);
  CHECK(mse_loss(x, x + 2).item() == 4);
  CHECK(x.cross_entropy(tensor({2, 2}), {.reduction = Reduction::none}).sizes() == Shape{2});
  // 48. F::dropout(x, 0.5, true), torch::embedding(weight, ids), F::one_hot(ids, 3)
  CHECK(values(dropout(x, 0.5, false)) == values(x));
  CHECK(values(embedding(x, tensor({1}))) == Doubles{3, 4, 5});
  CHECK(values(one_hot(tensor({1}), 3)) == Doubles{0, 1, 0});
  // 49. x.item<float>(), x.data_ptr<double>()
  CHECK(x[1][1].item<float>() == 4);
  CHECK(x.data<double>()[4] == 4);
  // 50. mx::fast::scaled_dot_product_attention(q, k, v, scale, mask)
  const Tensor q = randn({1, 2, 4, 8});
  CHECK(scaled_dot_product_attention(q, q, q, {.causal = true}).out.sizes() == q.sizes());
}

TEST_CASE("idioms: operators") {
  const Tensor x = tensor({5, 7}), y = tensor({3, 2});
  // 51. 2 * x - y / y, -x, x % y
  CHECK(values(2 * x - y / y) == Doubles{9, 13});
  CHECK(values(-x) == Doubles{-5, -7});
  CHECK(values(x % y) == Doubles{2, 1});
  // 52. x == y, x != y, x > 6, x <= y
  CHECK((x == x).all().item<bool>());
  CHECK(values(x != 5) == Doubles{0, 1});
  CHECK(values(x > 6) == Doubles{0, 1});
  CHECK(values(y <= x) == Doubles{1, 1});
  // 53. !mask, a && b, a || b; mx: logical_not, &&, ||
  CHECK(values(!(x > 6)) == Doubles{1, 0});
  CHECK(values(x > 4 && y > 2) == Doubles{1, 0});
  CHECK(values(x > 6 || y > 2) == Doubles{1, 1});
  // 54. x & y, x | y, x ^ y, ~x
  CHECK(values(x & y) == Doubles{1, 2});
  CHECK(values(x | y) == Doubles{7, 7});
  CHECK(values(x ^ y) == Doubles{6, 5});
  CHECK(values(~x) == Doubles{-6, -8});
  // 55. mx: x += y rebinds x to a new array; other variables that shared it are unchanged
  Tensor z = x;
  z += y;
  CHECK(values(z) == Doubles{8, 9});
  CHECK(values(x) == Doubles{5, 7});
}

TEST_CASE("idioms: indexing") {
  const Tensor x = arange(12).reshape({3, 4});
  // 56. x[0], x[1][2], x[-1]
  CHECK(values(x[0]) == Doubles{0, 1, 2, 3});
  CHECK(x[1][2].item<int>() == 6);
  CHECK(values(x[-1]) == Doubles{8, 9, 10, 11});
  // 57. x.index({Slice(), 0}), x.index({Slice(1, None, 2)})
  CHECK(values(x.index({Slice(), 0})) == Doubles{0, 4, 8});
  CHECK(values(x.index({Slice(1, None, 2)})) == Doubles{4, 5, 6, 7});
  // 58. x.index({Ellipsis, -1}), x.index({None, 1})
  CHECK(values(x.index({Ellipsis, -1})) == Doubles{3, 7, 11});
  CHECK(x.index({None, 1}).sizes() == Shape{1, 4});
  // 59. x.index({x > 8})
  CHECK(values(x.index({x > 8})) == Doubles{9, 10, 11});
  // 60. x.index({rows, columns}), x.index({Slice(), columns}), mx::take(x, columns, 1)
  const Tensor rows = tensor({2, 0}), columns = tensor({3, 1});
  CHECK(values(x.index({rows, columns})) == Doubles{11, 1});
  CHECK(values(x.index({Slice(), columns})) == Doubles{3, 1, 7, 5, 11, 9});
  // 61. x.select(1, 3), x.slice(0, 1, 3), mx::slice(x, {1, 0}, {3, 4})
  CHECK(values(x.select(1, 3)) == Doubles{3, 7, 11});
  CHECK(values(x.slice(0, 1, 2)) == Doubles{4, 5, 6, 7});
  // 62. x.index_select(1, columns), x.gather(1, indices)
  CHECK(values(x.index_select(1, columns)[0]) == Doubles{3, 1});
  CHECK(values(x.gather(1, tensor({{2}, {0}, {1}}))) == Doubles{2, 4, 9});
  // 63. for (auto row : x)
  int64_t sum = 0;
  for (const Tensor& row : x) sum += row.max().item<int64_t>();
  CHECK(sum == 21);
}

TEST_CASE("idioms: assignment") {
  Tensor x = zeros({3, 4});
  // 64. x[0] = y, x[1][2] = 5
  x[0] = tensor({1, 2, 3, 4});
  x[1][2] = 5;
  // 65. x.slice(0, 2, 3) = 7
  x.slice(0, 2, 3) = 7;
  // 66. x.select(1, 3) += 1
  x.select(1, 3) += 1;
  CHECK(values(x) == Doubles{1, 2, 3, 5, 0, 0, 5, 1, 7, 7, 7, 8});
  // 67. x.index_put_({mask}, 0)
  x.index_put_({x > 6}, 0);
  CHECK(values(x[2]) == Doubles{0, 0, 0, 0});
  // 68. x.index_put_({rows, columns}, values)
  x.index_put_({tensor({0, 2}), tensor({0, 3})}, tensor({8, 9}));
  CHECK(values(x) == Doubles{8, 2, 3, 5, 0, 0, 5, 1, 0, 0, 0, 9});
  // 69. x.index_put_({Slice(1), 0}, 4), x.index({Slice(1), 1}) = 6
  x.index_put_({Slice(1), 0}, 4);
  x.index({Slice(1), 1}) = 6;
  CHECK(values(x) == Doubles{8, 2, 3, 5, 4, 6, 5, 1, 4, 6, 0, 9});
  // 70. x.fill_(1), x.zero_(), x.copy_(y)
  x.fill_(1);
  CHECK(x.sum().item() == 12);
  x.zero_();
  x.copy_(ones({4}));
  // 71. x.add_(1).mul_(2).sub_(1).div_(3)
  x.add_(1).mul_(2).sub_(1).div_(3);
  CHECK(x.sum().item() == 12);
  // 72. for (auto row : x) row.mul_(2)
  for (const Tensor& row : x) row.mul_(2);
  CHECK(x.sum().item() == 24);
}

TEST_CASE("idioms: gradients and hooks") {
  // 73. x.set_requires_grad(true), loss.backward(), w.grad()
  Tensor w = tensor({1.0, 2.0}, f64).set_requires_grad();
  (w * w).sum().backward();
  CHECK(values(w.grad()) == Doubles{2, 4});
  // 74. w.mutable_grad() = g, w.grad().zero_()
  w.grad() = ones(2, f64);
  CHECK(values(w.grad()) == Doubles{1, 1});
  w.grad().zero_();
  CHECK(values(w.grad()) == Doubles{0, 0});
  // 75. torch::NoGradGuard no_grad; w[0] = 5
  {
    const NoGradGuard no_grad;
    CHECK_FALSE((w * 2).requires_grad());
    w[0] = 5;
  }
  CHECK(values(w) == Doubles{5, 2});
  // 76. x.detach(), mx::stop_gradient(x)
  CHECK_FALSE(w.detach().requires_grad());
  CHECK(w.is_leaf());
  // 77. auto handle = x.register_hook([](torch::Tensor grad) { ... }), x.remove_hook(handle)
  double seen = 0;
  RemovableHandle handle = w.register_hook([&](const Tensor& grad) { seen = grad.sum().item(); });
  w.sum().backward();
  CHECK(seen == 2);
  handle.remove();
  (3 * w).sum().backward();
  CHECK(seen == 2);
  // 78. x.register_hook([](torch::Tensor grad) { return grad * 2; })
  w.set_grad({});
  handle = w.register_hook([](const Tensor& grad) { return grad * 2; });
  w.sum().backward();
  handle.remove();
  CHECK(values(w.grad()) == Doubles{2, 2});
  // 79. torch::autograd::grad({y}, {x}, {}, true, true)
  const Tensor y = (w * w * w).sum();
  const Tensor slope = grad({y}, {w}, {.create_graph = true})[0];
  CHECK(values(grad({slope.sum()}, {w})[0]) == Doubles{30, 12});
  // 80. hidden.retain_grad()
  const Tensor hidden = w * 2;
  hidden.retain_grad();
  hidden.sum().backward();
  CHECK(values(hidden.grad()) == Doubles{1, 1});
  // 81. outputs[t] = h
  Tensor outputs = zeros({3, 2}, f64);
  for (int64_t t = 0; t < 3; ++t) outputs[t] = w * double(t);
  w.set_grad({});
  outputs.sum().backward();
  CHECK(values(w.grad()) == Doubles{3, 3});
}

TEST_CASE("idioms: modules and optimizers") {
  // 82. torch::nn::Linear(2, 8), calling a module without forward
  nn::Params params(1);
  const nn::Linear hidden(params / "hidden", 2, 8), out(params / "out", 8, 1);
  CHECK(out(hidden(zeros({5, 2})).tanh()).sizes() == Shape{5, 1});
  // 83. for (auto& p : module->named_parameters()), p.value().numel()
  int64_t count = 0;
  for (const nn::Param& p : params.all()) count += p.value.numel();
  CHECK(count == params.count());
  // 84. torch::optim::AdamW(groups, AdamWOptions(0.05).weight_decay(0.1)), options of a group
  optim::AdamW opt(params, {.lr = 0.05, .weight_decay = 0.1},
                   {{"*.bias", {.weight_decay = 0}}, {"out.*", {.lr = 0.01, .betas = {0.8, 0.9}}}});
  CHECK(opt.groups().size() >= 3);
  // 85. torch::optim::StepLR(opt, 10, 0.5), scheduler.step()
  // 85. torch::optim::StepLR(opt, 10, 0.5), scheduler.step()
  optim::StepLR schedule(opt, {.step_size = 10, .gamma = 0.5});
  const Tensor x = randn({64, 2}), y = x.sum(1, true);
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    // 86. opt.zero_grad(), loss.backward(), opt.step()
    opt.zero_grad();
    const Tensor loss = mse_loss(out(hidden(x).tanh()), y);
    loss.backward();
    // 87. torch::nn::utils::clip_grad_norm_(parameters, 1.0)
    // 87. torch::nn::utils::clip_grad_norm_(parameters, 1.0)
    optim::clip_grad_norm_(params, 1.0);
    opt.step();
    schedule.step();
    (step == 0 ? first : last) = loss.item();
  }
  CHECK(last < first);
  CHECK(opt.lr() == doctest::Approx(0.05 / 8));
  // 88. group.options().set_lr(0.1), group.options().weight_decay(0.05)
  opt.set_lr(0.1);
  CHECK(opt.lr() == 0.1);
  opt.set_option(0, "weight_decay", 0.05);
  CHECK(opt.groups()[0].option("weight_decay") == 0.05);
  // 89. opt.step() without gradients does nothing
  opt.zero_grad();
  opt.step();
  CHECK(opt.steps() == 30);
  // 90. torch::save(opt, ...), torch::load(opt, ...)
  const auto state = opt.save();
  opt.load(state);
}
