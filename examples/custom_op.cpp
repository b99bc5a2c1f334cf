// Writing an op: its forward and backward, checked against each other by gradcheck.
#include <tapehead/tapehead.h>
using namespace tapehead;

struct Softsign : CustomOp {  // y = x / (1 + |x|), dx = dy / (1 + |x|)^2
  Tensor forward(const Tensor& x) {
    save(x);
    return x / (1 + abs(x));
  }
  Tensor backward(const Tensor& dy) const { return dy / square(1 + abs(saved(0))); }
};
Tensor my_softsign(const Tensor& x) { return apply<Softsign>(x); }

int main() {
  gradcheck(my_softsign, {randn({3, 4}, f64)});
  gradgradcheck(my_softsign, {randn({3, 4}, f64)});
  fmt::print("the first and second derivatives of Softsign are correct\n");

  Tensor x = linspace(-2, 2, 5).set_requires_grad();
  sum(my_softsign(x)).backward();
  fmt::print("x       {}\ndy / dx {}\n", x.detach(), x.grad());
}
