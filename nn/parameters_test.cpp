#include "tapehead/nn/parameters.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/tests/expect.h"

namespace tapehead::parameters_test {

using testing::error_of;
using testing::values;

TEST_CASE("ParameterList and ParameterDict hold copies of values as parameters") {
  const nn::Params params;
  const Tensor value = arange(3, f32);
  nn::ParameterList list(params / "list", {value, ones({2, 2})});
  list.append(zeros({1}));
  nn::ParameterDict dict(params / "dict", {{"left", value}, {"right", ones({2})}});
  dict.insert("last", zeros({4}));
  CHECK(params.count() == 3 + 4 + 1 + 3 + 2 + 4);
  CHECK(values(params["list.0"]) == values(value));
  CHECK_FALSE(list[0].is_same(value));
  CHECK(list[-1].is_same(params["list.2"]));
  CHECK(list.size() == 3);
  CHECK(dict["right"].is_same(params["dict.right"]));
  CHECK(dict.keys() == std::vector<std::string>{"left", "right", "last"});
  CHECK(dict.contains("last"));
  CHECK_FALSE(dict.contains("first"));
  for (const Tensor& p : list) CHECK(p.requires_grad());
  for (const auto& [name, p] : dict) CHECK(p.name() == "dict." + name);
  CHECK(error_of<IndexError>([&] { list[3]; }) ==
        "position 3 is outside the 3 parameters of 'list'");
  CHECK(error_of<IndexError>([&] { dict["rigth"]; }) ==
        "'dict' has no parameter 'rigth'; did you mean 'right'?");
  CHECK(error_of<ValueError>([&] { dict.insert("left", value); }) ==
        "params: 'dict.left' exists already; give this layer another name");
}

TEST_CASE("parameters as a vector, and back") {
  const nn::Params params(2);
  const nn::Linear first(params / "first", 2, 3), second(params / "second", 3, 1);
  (params / "state").buffer("steps", zeros({5}));
  const Tensor vector = nn::parameters_to_vector(params);
  CHECK(vector.shape() == Shape{13});
  CHECK(values(vector.slice(0, 6, 9)) == values(first.bias));
  sum(square(vector)).backward();
  CHECK(values(second.weight.grad()) == values(2 * second.weight));
  nn::vector_to_parameters(arange(13, f32), params);
  CHECK(values(first.weight) == std::vector<double>{0, 1, 2, 3, 4, 5});
  CHECK(second.bias.item() == 12);
  CHECK(error_of<ShapeError>([&] { nn::vector_to_parameters(zeros({12}), params); }) ==
        "vector_to_parameters: the vector is [12], but the model has 13 elements");
  CHECK(nn::parameters_to_vector(nn::Params()).numel() == 0);
}

TEST_CASE("copy_of is for parameters of the same shape") {
  const nn::Params params;
  CHECK(error_of<ShapeError>([&] {
          (params / "a").param("w", {2}, nn::init::copy_of(ones({3})));
        }) == "copy_of: the values are [3], the parameter [2]; the shapes must be equal");
}

}  // namespace tapehead::parameters_test
