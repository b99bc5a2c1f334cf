// Machines in use: answers about stories, and sequences of several lengths.
#include "tapehead/nn/memory/machine.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/memory/dnc.h"
#include "tapehead/nn/memory/ntm.h"
#include "tapehead/tests/expect.h"

namespace tapehead::machine_test {

using namespace testing;

namespace {

using Make = nn::StoryReader::Make;

const std::vector<std::pair<const char*, Make>>& machines() {
  static const std::vector<std::pair<const char*, Make>> all{
      {"ntm",
       [](const nn::Scope& at, int64_t in, int64_t out) {
         return nn::Ntm(
             at,
             {.input_size = in, .output_size = out, .slots = 6, .slot_dim = 4, .hidden_size = 8});
       }},
      {"dnc",
       [](const nn::Scope& at, int64_t in, int64_t out) {
         return nn::Dnc(
             at,
             {.input_size = in, .output_size = out, .slots = 6, .slot_dim = 4, .hidden_size = 8});
       }},
      {"lstm", [](const nn::Scope& at, int64_t in, int64_t out) {
         return nn::Lstm(at,
                         {.input_size = in, .output_size = out, .hidden_size = 8, .num_layers = 2});
       }}};
  return all;
}

const std::vector<data::Story> kStories{{{{1, 2, 3}, {4, 2}}, {5, 1}, 3, {}},
                                        {{{2}, {3, 3, 1}, {4, 1}, {2, 2}}, {5, 4}, 1, {}},
                                        {{{6}}, {5}, 6, {}}};

}  // namespace

TEST_CASE("machines answer each story as they would alone") {
  const std::vector<int64_t> all{0, 1, 2};
  for (const auto& machine : machines()) {
    CAPTURE(machine.first);
    const Make& make = machine.second;
    const nn::Params params(1);
    const nn::StoryReader reader(params / "reader", 7, 5, make);
    const data::StoryBatch together = data::story_batch(kStories, all);
    const nn::StoryOutput answered = reader(together);
    CHECK(answered.logits.shape() == Shape{3, 7});
    CHECK(answered.attention_weights.empty());
    for (const int64_t i : all) {
      const Tensor alone = reader(data::story_batch(kStories, {&i, 1})).logits[0];
      CHECK(max(abs(alone - answered.logits[i])).item() < 1e-6);
    }
  }
}

TEST_CASE("machines learn which word a story begins with" * doctest::test_suite("long")) {
  for (const auto& machine : machines()) {
    CAPTURE(machine.first);
    const Make& make = machine.second;
    manual_seed(1);
    const nn::Params params(2);
    const nn::StoryReader reader(params / "reader", 7, 5, make);
    const std::vector<int64_t> all{0, 1, 2};
    const data::StoryBatch batch = data::story_batch(kStories, all);
    const double first = nn::answer_loss(reader(batch), batch).item();
    for (int step = 0; step < 60; ++step) {
      params.zero_grad();
      nn::answer_loss(reader(batch), batch).backward();
      const NoGradGuard off;
      for (const nn::Param& p : params.all()) p.value.sub_(0.3 * p.value.grad());
    }
    CHECK(nn::answer_loss(reader(batch), batch).item() < first / 2);
  }
}

TEST_CASE("with lengths a machine gives the output after each sequence's last step") {
  manual_seed(3);
  const Tensor x = randn({2, 5, 3}), lengths = tensor({5, 2});
  for (const auto& row : machines()) {
    CAPTURE(row.first);
    const Make& make = row.second;
    const nn::Params params(1);
    const nn::Machine machine = make(params / "m", 3, 2);
    const Tensor every = machine(x, {}).out, last = machine(x, {.lengths = lengths}).out;
    CHECK(every.shape() == Shape{2, 5, 2});
    CHECK(max(abs(last - stack({every[0][4], every[1][1]}))).item() < 1e-6);
    CHECK(error_of<IndexError>([&] {
            machine(x, {.lengths = tensor({5, 0})});
          }).starts_with("machine: lengths[1] = 0 is outside 1..5"));
    CHECK(error_of<ShapeError>([&] {
            machine(x, {.lengths = tensor({5})});
          }).starts_with("machine: lengths are [1]; expected [2], one for each sequence"));
  }
}

}  // namespace tapehead::machine_test
