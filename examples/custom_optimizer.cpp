// Writing an optimizer and a schedule. They support groups, clipping, averages and checkpoints like
// the built-in ones.
#include <tapehead/tapehead.h>

#include <algorithm>
#include <cmath>

using namespace tapehead;

struct LionOptions {
  optim::Option<double> lr{"lr", 1e-4, optim::kAboveZero};
  optim::Option<double> beta1{"beta1", 0.9, optim::kBelowOne};
  optim::Option<double> beta2{"beta2", 0.99, optim::kBelowOne};
  optim::Option<double> weight_decay{"weight_decay", 0, optim::kZeroOrMore};
};

// Lion (Chen et al. 2023), which the library has as optim::Lion: steps of equal size for all
// elements, in the direction of the sign of an average of gradients.
struct Lion : optim::Optimizer {
  explicit Lion(const optim::ParamList& params, const LionOptions& options = {},
                const std::vector<optim::GroupRule<LionOptions>>& groups = {})
      : Optimizer("Lion", params, options, {"m"}, groups) {}

  void update(optim::Parameter& p) override {
    Tensor& m = p.state("m");
    const double lr = p.option("lr");
    p.value.mul_(1 - lr * p.option("weight_decay"));
    p.value.sub_(lr * sign(lerp(p.grad, m, p.option("beta1"))));
    m = lerp(p.grad, m, p.option("beta2"));
  }
};

// Halves the learning rate whenever the loss has not reached a new minimum for `patience` steps.
struct HalveOnPlateau : optim::LRScheduler {
  int64_t patience, waited = 0;
  double best = INFINITY;

  HalveOnPlateau(optim::Optimizer& opt, int64_t steps_to_wait)
      : LRScheduler(opt), patience(steps_to_wait) {}

  void observe(double loss) {
    waited = loss < best ? 0 : waited + 1;
    best = std::min(best, loss);
    if (waited < patience) return;
    waited = 0;
    set_scale(scale() / 2);
  }
  optim::StateDict save() const override {
    return {.numbers = {{"steps", static_cast<double>(steps())},
                        {"scale", scale()},
                        {"best", best},
                        {"waited", static_cast<double>(waited)}}};
  }
  void load(const optim::StateDict& state) override {
    optim::StateReader reader("HalveOnPlateau", state);
    const int64_t steps = reader.count("steps"), count = reader.count("waited");
    const double scale = reader.number("scale"), low = reader.number("best");
    reader.finish();  // throws for missing or unexpected entries, before anything is changed
    restore(steps, scale);
    best = low;
    waited = count;
  }
};

int main() {
  manual_seed(1);
  const Tensor x = 2 * rand({512, 2}) - 1;             // points in a square
  const Tensor y = (sum(square(x), 1) < 0.5).to(i64);  // inside the circle?

  nn::Params params;
  const nn::Linear hidden(params / "hidden", 2, 32), out(params / "out", 32, 2);
  Lion opt(params, {.lr = 3e-2, .weight_decay = 0.1}, {{"*.bias", {.weight_decay = 0}}});
  HalveOnPlateau schedule(opt, 10);

  for (int step = 1; step <= 400; ++step) {
    opt.zero_grad();
    const Tensor loss = cross_entropy(out(tanh(hidden(x))), y);
    loss.backward();
    opt.step({.grad_scale = optim::clip_factor(optim::grad_norm(params), 1.0)});
    schedule.observe(loss.item());
    schedule.step();
    if (step % 100 == 0) fmt::print("step {}  loss {:.4f}  lr {}\n", step, loss.item(), opt.lr());
  }
  train::save_checkpoint("lion.safetensors", params, opt, schedule, {.step = 400});
  const Tensor right = argmax(out(tanh(hidden(x))), 1) == y;
  fmt::print("{:.1f} % of the points are classified correctly\n", 100 * mean(right.to(f32)).item());
}
