// The first program: which points of a square lie inside a circle?
#include <tapehead/tapehead.h>
using namespace tapehead;

int main() {
  manual_seed(1);
  Tensor x = 2 * rand({512, 2}) - 1;             // points in a square
  Tensor y = (sum(square(x), 1) < 0.5).to(i64);  // inside the circle?

  nn::Params params;
  nn::Linear hidden(params / "hidden", 2, 32), out(params / "out", 32, 2);
  optim::AdamW opt(params, {.lr = 1e-2});

  for (int step = 1; step <= 300; ++step) {
    opt.zero_grad();
    Tensor loss = cross_entropy(out(tanh(hidden(x))), y);
    loss.backward();
    opt.step();
    if (step % 100 == 0) fmt::print("step {}  loss {:.4f}\n", step, loss.item());
  }
  params.save("circle.safetensors");

  Tensor seen = argmax(out(tanh(hidden(x))), 1);
  fmt::print("{:.1f} % of the points are classified correctly\n",
             100 * mean((seen == y).to(f32)).item());
}
