// Parameter groups and their learning rates.
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
        }) == "AdamW: no parameter's path matches '*.bais'; did you mean '*.bias'?");
  CHECK(
      error_of<ValueError>([&] {
        optim::AdamW(params, {}, {{"*.norm.*", {.weight_decay = 0}}});
      }) ==
      "AdamW: no parameter's path matches '*.norm.*'; the paths are encoder.weight, encoder.bias, "
      "head.weight, "
      "head.bias");
  (params / "tail").param("weight", {1}, nn::init::ones());
  (params / "tail").param("bias", {1}, nn::init::ones());
  CHECK(error_of<ValueError>([&] {
          optim::AdamW(params, {}, {{"*.bias", {}}, {"attention.*", {}}});
        }) ==
        "AdamW: no parameter's path matches 'attention.*'; the paths are encoder.weight, "
        "encoder.bias, "
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
        }) == "SGD: no parameter's path matches 'decodr.*'; did you mean 'decoder.*'?");
}

TEST_CASE("set_option changes one group's option from the next step on") {
  const nn::Params params = model();
  optim::SGD opt(params, {.lr = 0.5}, {{"*.bias", {}}});
  const auto step = [&] {
    for (const nn::Param& p : params.all()) give(p.value, {0});
    opt.step();
  };
  step();
  opt.set_option(1, "weight_decay", 0.5);
  CHECK(opt.groups()[0].option("weight_decay") == 0);
  CHECK(opt.groups()[1].option("weight_decay") == 0.5);
  step();
  CHECK(params["head.weight"].item() == 1);
  CHECK(params["head.bias"].item() == 0.75);
  opt.set_lr(0.25);
  CHECK(opt.groups()[1].option("weight_decay") == 0.5);
  (params / "tail").param("bias", {1}, nn::init::ones());
  step();
  CHECK(params["tail.bias"].item() == 1 - 0.25 * 0.5);

  optim::AdamW adam(params, {.betas = {0.5, 0.75}});
  adam.set_option(0, "betas", 0.25, 1);
  CHECK(adam.groups()[0].option("betas") == 0.5);
  CHECK(adam.groups()[0].option("betas", 1) == 0.25);
}

TEST_CASE("set_option: momentum that is turned on begins with zeros, and goes when turned off") {
  for (const DType dtype : {f32, f64, bf16, f16}) {
    CAPTURE(name(dtype));
    const Tensor w = leaf({8}, dtype);
    optim::SGD opt({{"w", w}}, {.lr = 1}), other({{"w", w}}, {.lr = 1});
    const auto step = [&] {
      give(w, {1});
      opt.step();
      return w.item();
    };
    const auto tensors = [&] {
      size_t count = 0;
      for (const auto& [path, tensor] : opt.save().tensors) count += path == "w.momentum_buffer";
      return count;
    };
    CHECK(step() == 7);
    CHECK(tensors() == 0);
    opt.set_option(0, "momentum", 0.5);
    CHECK(step() == 6);
    CHECK(step() == 4.5);
    CHECK(tensors() == 1);
    CHECK(error_of<FormatError>([&] { other.load(opt.save()); }) ==
          "SGD: the state does not fit: unexpected w.momentum_buffer; nothing was loaded");
    other.set_option(0, "momentum", 0.5);
    other.load(opt.save());
    opt.set_option(0, "momentum", 0);
    CHECK(step() == 3.5);
    CHECK(tensors() == 0);
    give(w, {1});
    other.step();
    CHECK(w.item() == 3.5 - 1.75);
  }
}

TEST_CASE("set_option keeps what steps too small for bf16 have added up to") {
  const Tensor w = leaf({1}, bf16);
  optim::SGD opt({{"w", w}}, {.lr = 1.0 / 1024});
  for (int i = 0; i < 64; ++i) {
    give(w, {1});
    opt.step();
    opt.set_option(0, "dampening", 0.5);
  }
  CHECK(w.item() == 1 - 64.0 / 1024);
}

TEST_CASE("set_option: errors") {
  const nn::Params params = model();
  optim::SGD opt(params, {.lr = 0.1}, {{"*.bias", {.weight_decay = 0}}});
  CHECK(error_of<IndexError>([&] { opt.set_option(2, "weight_decay", 0); }) ==
        "SGD: group 2 is outside 0..1; groups() lists them");
  CHECK(error_of<ValueError>([&] { opt.set_option(0, "weight_dacay", 0); }) ==
        "SGD: no option 'weight_dacay'; the options are lr, momentum, dampening, weight_decay, "
        "nesterov, maximize");
  CHECK(error_of<ValueError>([&] { opt.set_option(0, "momentum", 0.9, 1); }) ==
        "SGD: no option 'momentum[1]'; the options are lr, momentum, dampening, weight_decay, "
        "nesterov, maximize");
  CHECK(error_of<ValueError>([&] { opt.set_option(0, "lr", 0.5); }) ==
        "SGD: set_option cannot change lr; use set_lr(), which keeps the ratios of groups");
  CHECK(error_of<ValueError>([&] { opt.set_option(0, "weight_decay", -1); }) ==
        "SGD: weight_decay = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { opt.set_option(0, "nesterov", 1); }) ==
        "SGD: nesterov is on; it needs momentum above 0 and dampening = 0");
  CHECK(opt.groups()[0].option("weight_decay") == 0);
  CHECK(opt.groups()[0].option("nesterov") == 0);
}
