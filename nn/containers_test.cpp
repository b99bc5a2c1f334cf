#include "tapehead/nn/containers.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/activation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"
#include "tapehead/tests/expect.h"

namespace tapehead::containers_test {

using testing::error_of;

namespace {

std::vector<std::string> paths_of(const nn::Params& params) {
  std::vector<std::string> paths;
  for (const nn::Param& p : params.all()) paths.push_back(p.path);
  return paths;
}

// A user's layer that can be constructed without a scope.
class Doubled {
 public:
  explicit Doubled(int64_t size, const nn::Scope& at = {})
      : at_(at), part_(at / "part", size, size) {}
  Tensor operator()(const Tensor& x) const { return 2 * part_(x); }
  const nn::Scope& scope() const { return at_; }

 private:
  nn::Scope at_;
  nn::Linear part_;
};

}  // namespace

TEST_CASE("Sequential: its parts are those of layers with the same scopes") {
  const nn::Params params(7), plain(7);
  const nn::Sequential net(params / "net",
                           {nn::Linear{3, 4},
                            nn::relu,
                            {"norm", nn::LayerNorm{4}},
                            nn::Sequential{nn::Identity{}, nn::Linear{4, 2, {.bias = false}}},
                            Doubled{2},
                            [](const nn::Scope& at) { return nn::Linear(at, 2, 5); },
                            [](const Tensor& x) { return x + 1; }});
  const nn::Scope at = plain / "net";
  const nn::Linear first(at / 0, 3, 4), inner(at / 3 / 1, 4, 2, {.bias = false});
  const nn::LayerNorm norm(at / "norm", 4);
  const nn::Linear part(at / 4 / "part", 2, 2), last(at / 5, 2, 5);
  CHECK(paths_of(params) ==
        std::vector<std::string>{"net.0.weight", "net.0.bias", "net.norm.weight", "net.norm.bias",
                                 "net.3.1.weight", "net.4.part.weight", "net.4.part.bias",
                                 "net.5.weight", "net.5.bias"});
  const Tensor x = randn({2, 3});
  const Tensor y = last(2 * part(inner(norm(relu(first(x)))))) + 1;
  CHECK(net(x).to_vector<float>() == y.to_vector<float>());
  net(x).sum().backward();
  CHECK(params["net.3.1.weight"].grad().defined());
  CHECK(net[0].target<nn::Linear>()->weight.is_same(params["net.0.weight"]));
  CHECK(net[0].target<nn::Linear>()->scope().path() == "net.0");
  CHECK(net[-2].target<nn::Linear>()->weight.name() == "net.5.weight");
}

TEST_CASE("Sequential: training mode, Flatten and files") {
  const nn::Params params(1);
  nn::Sequential net(params / "net", {nn::Flatten{}, nn::Dropout{0.5}});
  net.append(nn::Linear{6, 2});
  const Tensor x = ones({4, 2, 3});
  CHECK(net.size() == 3);
  CHECK(net[0](x).shape() == Shape{4, 6});
  CHECK(nn::Flatten{.start = 0, .end = 1}(x).shape() == Shape{8, 3});
  CHECK(net[1](x).min().item() == 0);
  params.eval("net.1");
  CHECK(net[1](x).min().item() == 1);
  CHECK(params["net.2.weight"].shape() == Shape{2, 6});
}

TEST_CASE("containers: a layer in two places is shared") {
  const nn::Params params(1);
  const nn::Linear shared{3, 3};
  const nn::Sequential net(params / "net", {shared, nn::relu, shared});
  CHECK(params.count() == 12);
  CHECK(params["net.2.bias"].is_same(params["net.0.bias"]));
  CHECK(params.all().size() == 2);
  const nn::Params other;
  CHECK(error_of<GraphError>([&] { nn::Sequential(other / "net", {shared}); }) ==
        "the layer 'net.0' is a part of another model already; construct a layer for each");
}

TEST_CASE("containers: a layer without a model is not called") {
  const Tensor x = ones({1, 3});
  const std::string message =
      "this layer was constructed without a scope, so its parameters belong to no model; construct "
      "it with one, as in nn::Linear(params / \"name\", 2, 3), or pass it to nn::Sequential";
  CHECK(error_of<GraphError>([&] { nn::Linear(3, 4)(x); }) == message);
  CHECK(error_of<GraphError>([&] { nn::Dropout{0.5}(x); }) == message);
  const nn::Sequential net{nn::Linear(3, 4), nn::relu};
  CHECK(error_of<GraphError>([&] { net(x); }) == message);
  const nn::Params shapes = nn::Params::shapes_only();
  const nn::Sequential empty(shapes / "net", {nn::Linear(3, 4)});
  CHECK(error_of<GraphError>([&] { empty(x); }) ==
        "this layer's parameters have only shapes, since its Params are of shapes_only()");
  // As values are drawn when a layer is placed, shapes alone take no memory.
  CHECK(nn::Linear(1 << 20, 1 << 20).weight.shape() == Shape{1 << 20, 1 << 20});
}

TEST_CASE("ModuleList and ModuleDict: access and errors") {
  nn::Params params;
  nn::ModuleList list(params / "list", {nn::Linear{2, 3}, nn::Linear{3, 4}});
  Tensor x = ones({1, 2});
  for (const nn::AnyLayer& layer : list) x = layer(x);
  CHECK(x.shape() == Shape{1, 4});
  list[1] = nn::Identity{};
  CHECK(list[-1](x).is_same(x));
  CHECK(error_of<IndexError>([&] { list[2]; }) == "position 2 is outside the 2 layers of 'list'");
  const nn::ModuleDict heads(params / "heads",
                             {{"start", nn::Linear{4, 1}}, {"end", nn::Linear{4, 2}}});
  CHECK(heads["end"](x).shape() == Shape{1, 2});
  CHECK(heads.contains("start"));
  CHECK_FALSE(heads.contains("stop"));
  CHECK(heads.keys() == std::vector<std::string>{"start", "end"});
  CHECK(params.contains("heads.end.bias"));
  CHECK(error_of<IndexError>([&] { heads["strat"]; }) ==
        "'heads' has no layer 'strat'; did you mean 'start'?");
  CHECK(error_of<ValueError>([&] { nn::ModuleDict(params / "h", {nn::relu}); }) ==
        "part 0 of 'h' has no name; pass {\"name\", layer}");
  CHECK(error_of<ValueError>([&] {
          nn::ModuleList(params / "l", {{"a", nn::relu}, {"a", nn::relu}});
        }) == "the parts of 'l' have the name 'a' twice");
}

}  // namespace tapehead::containers_test
