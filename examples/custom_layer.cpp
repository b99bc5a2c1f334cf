// Writing a layer: a plain struct that creates its parameters in a scope of the model.
#include <tapehead/tapehead.h>
using namespace tapehead;

// y = x + g * F(x), with a gate g per channel that is initially 0 (Bachlechner et al. 2021).
struct GatedResidual {
  nn::LayerNorm norm;
  nn::Linear inner;
  Tensor gate;

  GatedResidual(const nn::Scope& at, int64_t width)
      : norm(at / "norm", width),
        inner(at / "inner", width, width),
        gate(at.param("gate", {width}, nn::init::zeros())) {}

  Tensor operator()(const Tensor& x) const { return x + gate * tanh(inner(norm(x))); }
};

int main() {
  nn::Params params(7);
  const auto layers = nn::stack<GatedResidual>(params / "layers", 3, 8);
  fmt::print("{}", params);

  // Checks the gradient, here with respect to the input, in double precision.
  nn::Params exact(7);
  const GatedResidual layer(exact / "layer", 4);
  exact.to(f64);
  gradcheck([&](const Tensor& x) { return layer(x); }, {randn({2, 4}, f64)});
  fmt::print("the gradient of GatedResidual is correct\n");

  Tensor x = randn({16, 8});
  for (const GatedResidual& each : layers) x = each(x);
  mean(square(x)).backward();
  fmt::print("the gradient of the first gate:\n{}\n", params["layers.0.gate"].grad());
}
