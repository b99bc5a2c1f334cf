// Groups of parameters, and the learning rate of each.
#include <optional>

#include "tapehead/optim/adamw.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// encoder.weight, encoder.bias, head.weight, head.bias
nn::Params model() {
  nn::Params params(1);
  for (const char* layer : {"encoder", "head"})
    for (const char* name : {"weight", "bias"}) (params / layer).param(name, {1}, nn::init::ones());
  return params;
}

}  // namespace

TEST_CASE("later rules override earlier ones") {
  const nn::Params params = model();
  const optim::AdamW opt(params, {.lr = 1, .weight_decay = 0.1},
                         {{"*.bias", {.lr = 0.25, .weight_decay = 0}}, {"encoder.*", {.lr = 0.5}}});
  struct Row {
    std::vector<std::string> patterns, parameters;
    double lr, weight_decay;
  };
  const Row rows[] = {
      {{"encoder.*"}, {"encoder.weight"}, 0.5, 0.1},
      {{"*.bias", "encoder.*"}, {"encoder.bias"}, 0.5, 0},
      {{}, {"head.weight"}, 1, 0.1},
      {{"*.bias"}, {"head.bias"}, 0.25, 0},
  };
  REQUIRE(opt.groups().size() == std::size(rows));
  for (size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(i);
    const optim::ParamGroup& group = opt.groups()[i];
    CHECK(group.patterns == rows[i].patterns);
    CHECK(group.parameters == rows[i].parameters);
    CHECK(group.lr == rows[i].lr);
    CHECK(group.base_lr == rows[i].lr);
    CHECK(group.option("weight_decay") == rows[i].weight_decay);
  }
}

TEST_CASE("set_lr keeps the ratio of each group's learning rate") {
  const nn::Params params = model();
  optim::SGD opt(params, {.lr = 0.1}, {{"head.*", {.lr = 0.3}}});
  CHECK(opt.groups()[1].lr == 0.3);
  opt.set_lr(0.05);
  CHECK(opt.lr() == 0.05);
  CHECK(opt.base_lr() == 0.1);
  CHECK(opt.groups()[0].lr == 0.05);
  CHECK(opt.groups()[1].lr == 0.15);
  opt.set_lr(0);
  CHECK(opt.groups()[1].lr == 0);
  opt.set_lr(0.1);
  CHECK(opt.groups()[1].lr == 0.3);
}

TEST_CASE("each group steps by its own numbers") {
  const nn::Params params = model();
  optim::SGD opt(params, {.lr = 0.5, .weight_decay = 1},
                 {{"*.bias", {.weight_decay = 0}}, {"encoder.*", {.lr = 0.25}}});
  for (const nn::Param& p : params.all()) give(p.value, {0.5});
  opt.step();
  CHECK(params["encoder.weight"].item() == 1 - 0.25 * 1.5);
  CHECK(params["encoder.bias"].item() == 1 - 0.25 * 0.5);
  CHECK(params["head.weight"].item() == 1 - 0.5 * 1.5);
  CHECK(params["head.bias"].item() == 1 - 0.5 * 0.5);
}

TEST_CASE("patterns that fit nothing, and numbers out of range, are refused") {
  const nn::Params params = model();
  CHECK(error_of<ValueError>([&] {
          optim::AdamW(params, {}, {{"*.bais", {.weight_decay = 0}}});
        }) == "AdamW: no parameter's path fits '*.bais'; did you mean '*.bias'?");
  CHECK(error_of<ValueError>([&] {
          optim::AdamW(params, {}, {{"*.norm.*", {.weight_decay = 0}}});
        }) ==
        "AdamW: no parameter's path fits '*.norm.*'; the paths are encoder.weight, encoder.bias, "
        "head.weight, "
        "head.bias");
  (params / "tail").param("weight", {1}, nn::init::ones());
  (params / "tail").param("bias", {1}, nn::init::ones());
  CHECK(
      error_of<ValueError>([&] {
        optim::AdamW(params, {}, {{"*.bias", {}}, {"attention.*", {}}});
      }) ==
      "AdamW: no parameter's path fits 'attention.*'; the paths are encoder.weight, encoder.bias, "
      "head.weight, "
      "head.bias and 2 more");
  CHECK(error_of<ValueError>([&] {
          optim::SGD(params, {}, {{"*.bias", {.lr = 0}}});
        }) == "SGD: lr of '*.bias' = 0; it must be above 0");
  CHECK(error_of<ValueError>([&] {
          optim::SGD(params, {}, {{"*.bias", {.weight_decay = -1}}});
        }) == "SGD: weight_decay of '*.bias' = -1; it must be 0 or more");
}

TEST_CASE("a tied parameter is of a group by each of its names") {
  const nn::Params params = model();
  (params / "decoder").tie("weight", params["encoder.weight"]);
  const optim::SGD opt(params, {.lr = 1}, {{"decoder.*", {.lr = 0.5}}});
  REQUIRE(opt.groups().size() == 2);
  CHECK(opt.groups()[0].parameters == std::vector<std::string>{"encoder.weight"});
  CHECK(opt.groups()[0].lr == 0.5);
  CHECK(error_of<ValueError>([&] {
          optim::SGD(params, {}, {{"decodr.*", {}}});
        }) == "SGD: no parameter's path fits 'decodr.*'; did you mean 'decoder.*'?");
}
