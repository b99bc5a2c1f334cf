#include "tapehead/nn/params.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::params_test {

using namespace test;

namespace {

struct Pair {
  nn::Linear first, second;
  Pair(const nn::Scope& at, int64_t hidden)
      : first(at / "first", 3, hidden), second(at / "second", hidden, 2) {}
};

}  // namespace

TEST_CASE("params: paths, counts, lookup") {
  const nn::Params params(1);
  const Pair model(params / "model", 4);
  CHECK(params.count() == 3 * 4 + 4 + 4 * 2 + 2);
  CHECK(params["model.first.weight"].is_same(model.first.weight));
  CHECK(params.all()[1].path == "model.first.bias");
  CHECK(message_of<IndexError>([&] { params["model.frist.weight"]; }) ==
        "params: no parameter 'model.frist.weight'; did you mean 'model.first.weight'?");
  CHECK(message_of<ValueError>([&] { nn::Linear(params / "model" / "first", 3, 4); }) ==
        "params: 'model.first.weight' exists already; give this layer another name");
  CHECK(message_of<ValueError>([&] { params / "a.b"; }) ==
        "params: 'a.b' is not a name; a name must not be empty or contain a dot");
}

TEST_CASE("params: names that could not be read back from a file are refused where they are made") {
  const Scratch scratch;
  const nn::Params params(1);
  const std::string nul("a\0b", 3);
  const struct {
    std::string name, error;
  } cases[] = {
      {"w\xff", R"(params: the name "w\xff" is not UTF-8 at byte 1: it could not be read back )"
                "from a file; use another name"},
      {nul,
       R"(params: the name "a\x00b" contains a NUL: it could not be read back from a file; use )"
       "another name"},
      {"__metadata__",
       "params: '__metadata__' is reserved for the metadata of files; use another name"},
  };
  for (const auto& row : cases) {
    CAPTURE(row.error);
    const auto refused = [&](const auto& make) {
      CHECK(message_of<ValueError>(make) == row.error);
    };
    refused([&] { params.root().param(row.name, {1}, nn::init::ones()); });
    refused([&] { params.root().buffer(row.name, ones({1})); });
    refused([&] { params / row.name; });
  }
  CHECK(params.all().empty());
  (params / "größe" / "__metadata__").param("\"\n{}*", {1}, nn::init::ones());
  params.save(scratch / "m.safetensors");
  params.load(scratch / "m.safetensors");
}

TEST_CASE("params: first values follow from seed and path, not from order") {
  const nn::Params a(5), b(5), c(6);
  const Pair first(a / "m", 4);
  const nn::Linear other(b / "before", 9, 9);
  const Pair second(b / "m", 4), third(c / "m", 4);
  CHECK(first.second.weight.to_vector<float>() == second.second.weight.to_vector<float>());
  CHECK(first.second.weight.to_vector<float>() != third.second.weight.to_vector<float>());
}

TEST_CASE("params: freezing, training and evaluation by pattern") {
  const nn::Params params(1);
  const Pair model(params / "model", 4);
  const nn::Dropout drop(params / "drop", 0.5);
  params.freeze("model.first.*");
  CHECK(params.trainable().size() == 2);
  CHECK_FALSE(model.first.weight.requires_grad());
  CHECK(params.parameters().size() == 2);
  CHECK(params.parameters("*.weight").front().is_same(params["model.second.weight"]));
  CHECK(message_of<ValueError>([&] { params.parameters("model.first.*"); }) ==
        "parameters: no trained parameter's path matches 'model.first.*'");
  params.unfreeze("*");
  CHECK(params.trainable().size() == 4);
  CHECK(message_of<ValueError>([&] { params.freeze("decoder.*"); }) ==
        "freeze: no parameter's path matches 'decoder.*'");

  const Tensor x = ones({100});
  params.eval("drop");
  CHECK(sum(drop(x)).item() == 100);
  params.train();
  CHECK(sum(drop(x) == 0).item() > 20);
  CHECK(message_of<ValueError>([&] { params.eval("dorp"); }) ==
        "eval: no layer's path matches 'dorp'; did you mean 'drop'?");
  CHECK(message_of<ValueError>([&] { params.train("modle.*"); }) ==
        "train: no layer's path matches 'modle.*'; did you mean 'model.*'?");
  CHECK(message_of<ValueError>([&] { params.unfreeze("*.wieght"); }) ==
        "unfreeze: no parameter's path matches '*.wieght'; did you mean '*.weight'?");
  CHECK(message_of<ValueError>([&] { nn::Dropout(params / "d", 1.5); }) ==
        "dropout: p = 1.5 is outside 0..1 (in d)");
}

TEST_CASE("params: a tied parameter counts once and has two names") {
  const nn::Params params(1);
  const nn::Embedding token(params / "token", 10, 4);
  (params / "head").tie("weight", token.weight);
  CHECK(params.count() == 40);
  CHECK(params["head.weight"].is_same(token.weight));
  CHECK(params.all().size() == 1);
  CHECK(params.all()[0].ties == std::vector<std::string>{"head.weight"});
  CHECK(params.str().find("head.weight is token.weight\n") != std::string::npos);
  CHECK(message_of<ValueError>([&] { (params / "x").tie("weight", ones({2})); }) ==
        "tie: [2] f32 is not a parameter of this model");
}

TEST_CASE("params: every name of a tied parameter can be used") {
  const nn::Params params(1);
  const nn::Linear a(params / "a", 2, 2);
  (params / "b").tie("weight", a.weight);
  (params / "c" / "deep").tie("weight", a.weight);
  for (const char* pattern : {"a.weight", "b.*", "c.*.weight"}) {
    CAPTURE(pattern);
    params.freeze(pattern);
    CHECK_FALSE(a.weight.requires_grad());
    CHECK(a.bias.requires_grad());
    params.unfreeze(pattern);
    CHECK(a.weight.requires_grad());
  }
  params.eval("b");
  CHECK_FALSE((params / "b").training());
  CHECK((params / "a").training());
  CHECK(message_of<ValueError>([&] { params.freeze("b.wieght"); }) ==
        "freeze: no parameter's path matches 'b.wieght'; did you mean 'b.weight'?");
  CHECK(message_of<ValueError>([&] {
          params.load(std::vector<NamedTensor>(), "file", {.keep = {"b.wieght"}});
        }) == "load: no parameter's path matches 'b.wieght' of `keep`; did you mean 'b.weight'?");
  CHECK(nn::names_of(params.all()) ==
        std::vector<std::string>{"a.weight", "b.weight", "c.deep.weight", "a.bias"});
  CHECK(message_of<IndexError>([&] { params["c.deep.wieght"]; }) ==
        "params: no parameter 'c.deep.wieght'; did you mean 'c.deep.weight'?");

  // A file may have a tied parameter under any of its names, or under several, as PyTorch's
  // state_dict does.
  const auto load = [&](const std::vector<NamedTensor>& tensors) {
    params.load(tensors, "file", {});
    return a.weight.to_vector<double>();
  };
  const Tensor bias = zeros({2}), nan = full({2, 2}, NAN);
  CHECK(load({{"c.deep.weight", full({2, 2}, 3)}, {"a.bias", bias}}) == std::vector<double>(4, 3));
  CHECK(load({{"b.weight", ones({2, 2})}, {"a.bias", bias}, {"a.weight", ones({2, 2})}}) ==
        std::vector<double>(4, 1));
  CHECK(std::isnan(load({{"a.weight", nan}, {"b.weight", nan}, {"a.bias", bias}})[0]));
  a.weight.detach().fill_(5);
  CHECK(message_of<FormatError>([&] {
          load({{"a.weight", ones({2, 2})}, {"b.weight", zeros({2, 2})}, {"a.bias", bias}});
        }) ==
        "file does not fit the model: b.weight and a.weight differ, but are tied in the model; "
        "nothing was loaded");
  CHECK(a.weight.to_vector<double>() == std::vector<double>(4, 5));
}

TEST_CASE("params: a new head on an old body: what stays is chosen, and listed") {
  const nn::Params old(1), params(2);
  const nn::Linear old_body(old / "body", 3, 4), old_head(old / "head", 4, 2);
  const nn::Linear body(params / "body", 3, 4), head(params / "head", 4, 5);
  const nn::Linear extra(params / "extra", 4, 1, {.bias = false});
  std::vector<NamedTensor> file;
  for (const nn::Param& p : old.all()) file.emplace_back(p.path, p.value);
  const auto load = [&](const nn::Params::LoadOptions& options) {
    return params.load(file, "file", options);
  };
  const auto before = head.weight.to_vector<float>();
  CHECK(message_of<FormatError>([&] { load({}); }) ==
        "file does not fit the model: missing extra.weight; head.weight is [2, 4] in the file, "
        "[5, 4] in the model; head.bias is [2] in the file, [5] in the model; nothing was loaded");
  CHECK(message_of<FormatError>([&] { load({.keep = {"head.*"}}); }) ==
        "file does not fit the model: missing extra.weight; nothing was loaded");
  CHECK(body.weight.to_vector<float>() != old_body.weight.to_vector<float>());
  CHECK(load({.keep = {"head.*", "extra.*"}}) ==
        std::vector<std::string>{"head.weight", "head.bias", "extra.weight"});
  CHECK(body.weight.to_vector<float>() == old_body.weight.to_vector<float>());
  CHECK(head.weight.to_vector<float>() == before);
  // Parameters that fit are loaded even if they match `keep`; without it all are loaded.
  CHECK(old.load(file, "file", {.keep = {"*"}}).empty());
  CHECK(old.load(file, "file", {}).empty());
  CHECK(message_of<ValueError>([&] { load({.keep = {"haed.*"}}); }) ==
        "load: no parameter's path matches 'haed.*' of `keep`; did you mean 'head.*'?");
}

TEST_CASE("params: shapes alone take no memory") {
  const nn::Params params = nn::Params::shapes_only();
  const int64_t before = memory_stats().live_bytes;
  const nn::Embedding token(params / "token", 1 << 20, 1 << 20, {.padding_idx = 0});
  CHECK(token.weight.shape() == Shape{1 << 20, 1 << 20});
  CHECK(params.count() == int64_t{1} << 40);
  CHECK(memory_stats().live_bytes - before < 1 << 16);
}

TEST_CASE("params: a file brings every value back, or says all that does not fit") {
  const Scratch scratch;
  const nn::Params params(1), same(2), wider(3);
  const Pair a(params / "model", 4), b(same / "model", 4), c(wider / "model", 5);
  (wider / "extra").param("g", {1}, nn::init::zeros());
  params.save(scratch / "m.safetensors");
  same.load(scratch / "m.safetensors");
  for (const nn::Param& p : params.all())
    CHECK(p.value.to_vector<float>() == same[p.path].to_vector<float>());

  wider.describe("Pair(hidden=5)");
  const auto before = c.first.weight.to_vector<float>();
  CHECK(message_of<FormatError>([&] { wider.load(scratch / "m.safetensors"); }) ==
        (scratch / "m.safetensors") +
            " does not fit Pair(hidden=5): missing extra.g; model.first.weight is [4, 3] in the "
            "file, [5, 3] in the model; model.first.bias is [4] in the file, "
            "[5] in the model; model.second.weight is [2, 4] in the file, [2, 5] in the model; "
            "nothing was loaded");
  CHECK(c.first.weight.to_vector<float>() == before);

  const nn::Params inner(4);
  const nn::Linear first(inner / "first", 3, 4);
  inner.load(scratch / "m.safetensors", {.strip = "model.", .strict = false});
  CHECK(first.weight.to_vector<float>() == a.first.weight.to_vector<float>());
  CHECK(message_of<FormatError>([&] {
          inner.load(scratch / "m.safetensors", {.strip = "model."});
        }) == (scratch / "m.safetensors") +
                  " does not fit the model: unexpected model.second.bias, model.second.weight; "
                  "nothing was loaded");
}

TEST_CASE("params: conversion keeps layers and their parameters together") {
  const nn::Params params(1);
  const Pair model(params / "model", 4);
  params.to(f64);
  CHECK(model.first.weight.dtype() == f64);
  CHECK(model.first.weight.requires_grad());
  sum(model.first(ones({1, 3}, f64))).backward();
  CHECK(model.first.weight.grad().dtype() == f64);
}

TEST_CASE("params: a summary") {
  const nn::Params params(1);
  const Pair model(params / "model", 1000);
  params.freeze("model.second.*");
  const std::string text = params.str();
  CHECK(text.find("model.first.weight   [1000, 3]  f32          3,000\n") != std::string::npos);
  CHECK(text.find("model.second.bias    [2]        f32              2  frozen\n") !=
        std::string::npos);
  CHECK(text.find("6,002 parameters, 4,000 of them trained\n") != std::string::npos);
}

TEST_CASE("an error in a layer names its path") {
  const nn::Params params(1);
  const Pair model(params / "encoder", 4);
  CHECK(message_of<ShapeError>([&] {
          model.first(ones({2, 5}));
        }) ==
        "linear: x is [2, 5], weight is [4, 3]; x.size(-1) must equal weight.size(1) (in "
        "encoder.first)");
}

TEST_CASE("init: the moments that the papers ask for") {
  Generator g{.seed = 3};
  const auto moments = [&](const nn::Init& init) {
    const Tensor w = empty({200, 300});
    init(w, g);
    const auto v = w.to_vector<double>();
    double mean = 0, square = 0, largest = 0;
    for (const double x : v)
      mean += x / 60000, square += x * x / 60000, largest = std::max(largest, std::abs(x));
    return std::array<double, 3>{mean, std::sqrt(square), largest};
  };
  const double xavier = std::sqrt(6.0 / 500), kaiming = std::sqrt(2.0 / 300);
  CHECK(moments(nn::init::xavier_uniform())[1] ==
        doctest::Approx(xavier / std::sqrt(3)).epsilon(0.02));
  CHECK(moments(nn::init::xavier_uniform())[2] <= xavier);
  CHECK(moments(nn::init::xavier_normal())[1] ==
        doctest::Approx(std::sqrt(2.0 / 500)).epsilon(0.02));
  CHECK(moments(nn::init::kaiming_normal())[1] == doctest::Approx(kaiming).epsilon(0.02));
  CHECK(moments(nn::init::kaiming_uniform())[1] == doctest::Approx(kaiming).epsilon(0.02));
  CHECK(moments(nn::init::normal(0.5, 2))[0] == doctest::Approx(2).epsilon(0.01));
  CHECK(moments(nn::init::truncated_normal(0.02))[2] <= 0.04);

  for (const Shape& shape : {Shape{5, 8}, Shape{8, 5}, Shape{6, 6}}) {
    const Tensor w = empty(shape, f64);
    nn::init::orthogonal(2)(w, g);
    const Tensor product =
        shape[0] <= shape[1] ? matmul(w, w.transpose(0, 1)) : matmul(w.transpose(0, 1), w);
    const int64_t n = product.size(0);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        CHECK(product[i][j].item() == doctest::Approx(i == j ? 4.0 : 0.0).epsilon(1e-9));
  }
}

}  // namespace tapehead::params_test
