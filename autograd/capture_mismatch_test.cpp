// Captured steps that differ from their recordings.
#include <doctest/doctest.h>

#include <memory>

#include "tapehead/autograd/capture.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/captured_loop.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/threads.h"

namespace tapehead::capture_mismatch_test {

using namespace testing;
using Model = TwoParameters;

TEST_CASE("a captured step that differs is noticed, and computes the same bits") {
  struct Row {
    std::string name;
    std::function<Tensor(const Model&, int i)> loss;  // differs from call 3 on
    std::string reason;
  };
  const auto pair = [](const Tensor& t) { return mean(square(t)); };
  const Row rows[] = {
      {"another op",
       [=](const Model& m, int i) {
         const Tensor h = linear(m.x(i), m.w, m.b);
         return pair(i < 3 ? tanh(h) : relu(h));
       },
       "op 2 is relu; recorded was tanh"},
      {"a branch on a value",
       [=](const Model& m, int i) {
         const Tensor h = linear(full({3, 4}, i < 3 ? 1 : -1), m.w, m.b) - m.b;
         const Tensor same = linear(full({3, 4}, 1), m.w, m.b) - m.b;
         return pair((h - same).abs().sum().item() == 0 ? h : h * 2);
       },
       "op 8 is mul; recorded was square"},
      {"fewer ops",
       [=](const Model& m, int i) {
         const Tensor l = sum(linear(m.x(i), m.w, m.b));
         if (i < 3) square(l);
         return l;
       },
       "the step ended after 2 ops; recorded were 3"},
      {"more ops",
       [=](const Model& m, int i) {
         const Tensor l = sum(linear(m.x(i), m.w, m.b));
         if (i >= 3) square(l);
         return l;
       },
       "op 3 is square; recorded were 2 ops"},
      {"another batch size",
       [=](const Model& m, int i) {
         return pair(linear(m.x(i).slice(0, 0, i < 3 ? 3 : 2), m.w, m.b));
       },
       "the result of linear (op 1) is [2, 4] f32; recorded was [3, 4] f32"},
      {"another dtype",
       [=](const Model& m, int i) { return pair(m.x(i).to(i < 3 ? f32 : f64) * m.w[0] + m.b); },
       "the result of mul (op 2) is [3, 4] f64; recorded was [3, 4] f32"},
      {"another operand",
       [=](const Model& m, int i) {
         const Tensor h = m.x(i) * m.b, g = tanh(h);
         return pair(i < 3 ? g * m.b : h * m.b);
       },
       "operand 1 of mul (op 3) is another tensor than the recorded one"},
      {"another result of the same op",
       [=](const Model& m, int i) { return pair(unbind(m.w)[i < 3 ? 0 : 1] * m.b); },
       "operand 1 of mul (op 2) is another tensor than the recorded one"},
      {"an operand that does not track gradients",
       [=](const Model& m, int i) { return pair(linear(m.x(i), i < 3 ? m.w : m.w.detach(), m.b)); },
       "operand 2 of linear (op 1) does not track gradients; recorded was one that does"},
      {"an operand that tracks gradients",
       [=](const Model& m, int i) { return pair(linear(m.x(i), i < 3 ? m.w.detach() : m.w, m.b)); },
       "operand 2 of linear (op 1) tracks gradients; recorded was one that does not"},
      {"another number of operands",
       [=](const Model& m, int i) {
         return pair(cat(i < 3 ? std::vector<Tensor>{m.w, m.w} : std::vector<Tensor>{m.w}));
       },
       "cat (op 1) has 1 operands; recorded were 2"},
      {"more operands",
       [=](const Model& m, int i) {
         return pair(cat(i < 3 ? std::vector<Tensor>{m.w} : std::vector<Tensor>{m.w, m.w}));
       },
       "cat (op 1) has 2 operands; recorded were 1"},
      {"another number of results",
       [=](const Model& m, int i) { return pair(unbind(m.w.slice(0, 0, i < 3 ? 4 : 3))[0]); },
       "the result of slice (op 1) is [3, 4] f32; recorded was [4, 4] f32"},
      {"dropout in evaluation mode",
       [=](const Model& m, int i) { return pair(dropout(linear(m.x(i), m.w, m.b), 0.5, i < 3)); },
       "op 2 is square; recorded was dropout"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const int threads : {1, 2, 4}) {
      CAPTURE(threads);
      const Threads scope(threads);
      const LoopResult plain = run_loop(loop_of(row.loss), false),
                       captured = run_loop(loop_of(row.loss), true);
      CHECK(captured.results == plain.results);
      CHECK(captured.state == plain.state);
      CHECK(captured.last_mismatch == row.reason);
      CHECK(captured.stats.recordings == 2);
      CHECK(captured.stats.replays == 4);
      CHECK(captured.stats.new_nodes == 0);
    }
  }
}

TEST_CASE("a captured step notices frozen and replaced parameters") {
  const auto make = [] {
    const auto m = std::make_shared<Model>();
    return Loop{[m](int i) {
                  if (i == 2) m->w.set_requires_grad(false);
                  if (i == 4) m->w.set_requires_grad();
                  if (i == 6) m->w = (m->w.detach() * 2).set_requires_grad();
                  const Tensor l = mean(square(linear(m->x(i), m->w, m->b)));
                  l.backward();
                  m->descend();
                  return l;
                },
                {m->b}};
  };
  const LoopResult plain = run_loop(make, false, 8), captured = run_loop(make, true, 8);
  CHECK(captured.results == plain.results);
  CHECK(captured.state == plain.state);
  CHECK(captured.stats.recordings == 4);
  CHECK(captured.last_mismatch ==
        "operand 2 of linear (op 1) is another tensor than the recorded one");
}

TEST_CASE("a captured step without gradients is recorded anew with them") {
  const Model m;
  const Tensor x = m.x(0);
  auto step = capture([&] { return sum(linear(x, m.w, m.b)); });
  const double expected = step().item();
  CHECK(no_grad([&] { return step(); }).item() == expected);
  CHECK(step.last_mismatch() == "the step ended after 0 ops; recorded were 2");
  CHECK(no_grad([&] { return step(); }).requires_grad() == false);
  CHECK(step.stats().replays == 1);
  const Tensor loss = step();
  CHECK(step.last_mismatch() == "op 1 is linear; recorded were 0 ops");
  loss.backward();
  CHECK(m.w.grad().defined());
}

}  // namespace tapehead::capture_mismatch_test
