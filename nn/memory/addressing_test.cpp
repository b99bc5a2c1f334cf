// Addressing: what each function does to weights that one can follow by eye, and its gradients.
#include "tapehead/nn/memory/addressing.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::addressing_test {

using namespace testing;

namespace {

constexpr int64_t B = 2, N = 5, W = 3, R = 2;

// Positive, adding up to less than 1.
Tensor weights(const Shape& shape) { return softmax(randn(shape, f64), -1) * 0.9; }

// [1, N] with 1 at `slot`.
Tensor at_slot(int64_t slot) { return one_hot(tensor({slot}), N).to(f64); }

double worst(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

}  // namespace

TEST_CASE("content weights find the slot that points where the key does") {
  const Tensor memory = tensor_of({1, 3, 2}, {1, 0, 0, 5, -3, 0}, f64);
  const auto weights_of = [&](double x, double y, double strength) {
    return nn::content_weights(memory, tensor_of({1, 1, 2}, {x, y}, f64),
                               tensor_of({1, 1}, {strength}, f64));
  };
  CHECK(weights_of(0.1, 0, 50).select(2, 0).item() == doctest::Approx(1));
  CHECK(weights_of(0, 2, 50).select(2, 1).item() == doctest::Approx(1));
  CHECK(weights_of(-7, 0, 1).select(2, 2).item() ==
        doctest::Approx(std::exp(1) / (std::exp(1) + 1 + std::exp(-1))));
  CHECK(worst(weights_of(1, 2, 0), full({1, 1, 3}, 1.0 / 3, f64)) < 1e-15);
  // Nothing to tell empty slots apart.
  CHECK(worst(nn::content_weights(zeros({1, 4, 2}), ones({1, 1, 2}), full({1, 1}, 9.0)),
              full({1, 1, 4}, 0.25)) == 0);
}

TEST_CASE("shifts move weights around a circle") {
  const auto shifted = [&](int64_t slot, const std::vector<double>& s) {
    return nn::shift_weights(at_slot(slot).unsqueeze(0),
                             tensor_of({1, 1, static_cast<int64_t>(s.size())}, s, f64))
        .squeeze(0);
  };
  CHECK(worst(shifted(1, {0, 0, 1}), at_slot(2)) == 0);
  CHECK(worst(shifted(1, {1, 0, 0}), at_slot(0)) == 0);
  CHECK(worst(shifted(0, {1, 0, 0}), at_slot(4)) == 0);
  CHECK(worst(shifted(4, {0, 0, 1}), at_slot(0)) == 0);
  CHECK(worst(shifted(3, {0, 0, 0, 0, 1}), at_slot(0)) == 0);
  CHECK(worst(shifted(2, {1}), at_slot(2)) == 0);
  CHECK(worst(shifted(2, {0.1, 0.8, 0.1}), tensor_of({1, N}, {0, 0.1, 0.8, 0.1, 0}, f64)) == 0);
}

TEST_CASE("sharp weights are powers of weights, however small those are") {
  const Tensor w = tensor_of({1, 1, 3}, {0.5, 0.3, 0.2}, f64);
  CHECK(worst(nn::sharpen_weights(w, full({1, 1}, 2.0, f64)),
              tensor_of({1, 1, 3}, {0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38}, f64)) < 1e-14);
  const Tensor even = full({1, 1, 1000}, 1e-3);
  CHECK(worst(nn::sharpen_weights(even, full({1, 1}, 50.0)), even) < 1e-9);
  CHECK(worst(nn::sharpen_weights(at_slot(2).to(f32).unsqueeze(0), full({1, 1}, 50.0)),
              at_slot(2).to(f32)) == 0);
}

TEST_CASE("heads erase, add and read") {
  const Tensor memory = ones({1, N, W}, f64);
  const Tensor heads = stack({at_slot(1), at_slot(1), at_slot(3)}, 1);
  const Tensor erase =
      tensor_of({1, 3, W}, {1, 0, 0.5, 0, 0, 0.5, 0, 0, 0}, f64);  // the first two in one slot
  const Tensor add = tensor_of({1, 3, W}, {7, 0, 0, 2, 0, 0, 0, 4, 0}, f64);
  const Tensor written = nn::write_memory(memory, heads, erase, add);
  CHECK(values(written[0][1]) == Doubles{9, 1, 0.25});
  CHECK(values(written[0][3]) == Doubles{1, 5, 1});
  const Tensor none = zeros({1, 0, W}, f64);
  CHECK(worst(nn::write_memory(memory, zeros({1, 0, N}, f64), none, none), memory) == 0);
  CHECK(values(written[0][0]) == Doubles{1, 1, 1});
  CHECK(values(nn::read_memory(written, 0.5 * (at_slot(1) + at_slot(3)).unsqueeze(0))) ==
        Doubles{5, 3, 0.625});
}

TEST_CASE("slots are allocated when they are free, the least used first") {
  CHECK(worst(nn::allocation_weights(zeros({1, N}, f64)), at_slot(0)) == 0);
  CHECK(worst(nn::allocation_weights(at_slot(0) + at_slot(1)), at_slot(2)) == 0);
  CHECK(values(nn::allocation_weights(ones({1, N}, f64))) == Doubles(N, 0));
  const Tensor some = tensor_of({1, 3}, {0.5, 0.25, 0.5}, f64);
  CHECK(values(nn::allocation_weights(some)) == Doubles{0.5 * 0.25, 0.75, 0.5 * 0.25 * 0.5});
  // What was written to is in use, and what was read is free again when its gate says so.
  const Tensor used = nn::next_usage(at_slot(4), at_slot(1), stack({at_slot(4), at_slot(1)}, 1),
                                     tensor_of({1, 2}, {1, 0.25}, f64));
  CHECK(values(used) == Doubles{0, 0.75, 0, 0, 0});
}

TEST_CASE("links lead from each write to the next one, and back") {
  nn::TemporalLinks links{zeros({1, N, N}, f64), zeros({1, N}, f64)};
  nn::FollowedLinks followed;
  for (const int64_t slot : {3, 0, 2}) {
    followed = nn::follow_links(links, at_slot(slot), at_slot(0).unsqueeze(0));
    links = followed.next;
  }
  CHECK(worst(followed.forward.squeeze(0), at_slot(2)) == 0);
  CHECK(worst(followed.backward.squeeze(0), at_slot(3)) == 0);
  CHECK(worst(links.precedence, at_slot(2)) == 0);
  // Written anew, a slot forgets what came before and after it.
  followed = nn::follow_links(links, at_slot(0), at_slot(3).unsqueeze(0));
  CHECK(sum(followed.forward).item() == 0);
  // Nothing written: nothing changes.
  const nn::FollowedLinks same =
      nn::follow_links(links, zeros({1, N}, f64), at_slot(0).unsqueeze(0));
  CHECK(worst(same.next.links, links.links) == 0);
  CHECK(worst(same.next.precedence, links.precedence) == 0);
}

TEST_CASE("addressing has first and second derivatives") {
  manual_seed(1);
  const auto check = [](const char* name, const CheckedFunction& f, const std::vector<Tensor>& x) {
    CAPTURE(name);
    gradcheck(f, x);
    gradgradcheck(f, x, {.directions = 4});
  };
  using List = const std::vector<Tensor>&;
  check("content", [](List x) { return nn::content_weights(x[0], x[1], x[2]); },
        {randn({B, N, W}, f64), randn({B, R, W}, f64), rand({B, R}, f64)});
  check("interpolate", [](List x) { return nn::interpolate_weights(x[0], x[1], x[2]); },
        {weights({B, R, N}), weights({B, R, N}), rand({B, R}, f64)});
  check("shift", [](List x) { return nn::shift_weights(x[0], x[1]); },
        {weights({B, R, N}), weights({B, R, 3})});
  check("sharpen", [](List x) { return nn::sharpen_weights(x[0], x[1]); },
        {weights({B, R, N}), 1 + rand({B, R}, f64)});
  check("read", [](List x) { return nn::read_memory(x[0], x[1]); },
        {randn({B, N, W}, f64), weights({B, R, N})});
  check("write", [](List x) { return nn::write_memory(x[0], x[1], x[2], x[3]); },
        {randn({B, N, W}, f64), weights({B, R, N}), rand({B, R, W}, f64), randn({B, R, W}, f64)});
  check("usage", [](List x) { return nn::next_usage(x[0], x[1], x[2], x[3]); },
        {rand({B, N}, f64), weights({B, N}), weights({B, R, N}), rand({B, R}, f64)});
  check("allocation", [](List x) { return nn::allocation_weights(x[0]); },
        {0.1 + 0.9 * rand({B, N}, f64)});
  const auto links = [](List x) {
    const nn::FollowedLinks f = nn::follow_links({x[0], x[1]}, x[2], x[3]);
    return std::vector{f.next.links, f.next.precedence, f.backward, f.forward};
  };
  const std::vector<Tensor> linked{rand({B, N, N}, f64), weights({B, N}), weights({B, N}),
                                   weights({B, R, N})};
  check("links", links, linked);
  check(
      "links followed backwards", [=](List x) { return links(x)[2]; }, linked);
  check(
      "links followed forwards", [=](List x) { return links(x)[3]; }, linked);
}

TEST_CASE("an empty memory, and slots that are wholly used or free, have finite gradients") {
  Tensor memory = zeros({1, N, W}), usage = (at_slot(0) + at_slot(3)).to(f32), head = at_slot(1);
  for (Tensor* t : {&memory, &usage, &head}) t->set_requires_grad();
  (sum(square(nn::content_weights(memory, ones({1, 1, W}), ones({1, 1})))) +
   sum(square(nn::allocation_weights(usage))) +
   sum(square(nn::sharpen_weights(head.unsqueeze(0), full({1, 1}, 3.0)))))
      .backward();
  for (const Tensor& t : {memory, usage, head}) CHECK(all(isfinite(t.grad())).item<bool>());
}

TEST_CASE("what addressing refuses") {
  const auto t = [](const Shape& shape) { return zeros(shape); };
  const auto refuse = [](const std::function<void()>& f) { return error_of<ShapeError>(f); };
  CHECK(refuse([&] {
          nn::content_weights(t({2, 5}), t({2, 1, 3}), t({2, 1}));
        }) == "content_weights: memory is [2, 5]; expected [B, N, W]");
  CHECK(refuse([&] {
          nn::content_weights(t({2, 5, 3}), t({2, 1, 4}), t({2, 1}));
        }) == "content_weights: keys is [2, 1, 4]; expected [2, 1, 3]");
  CHECK(refuse([&] {
          nn::content_weights(t({2, 5, 3}), t({2, 1, 3}), t({2, 2}));
        }) == "content_weights: strengths is [2, 2]; expected [2, 1]");
  CHECK(refuse([&] {
          nn::interpolate_weights(t({2, 1, 5}), t({2, 1, 4}), t({2, 1}));
        }) == "interpolate_weights: previous is [2, 1, 4]; expected [2, 1, 5]");
  CHECK(refuse([&] {
          nn::shift_weights(t({2, 1, 5}), t({2, 2, 3}));
        }) == "shift_weights: shifts is [2, 2, 3]; expected [2, 1, 3]");
  for (const int64_t count : {2, 7})
    CHECK(refuse([&] {
            nn::shift_weights(t({2, 1, 5}), t({2, 1, count}));
          }) ==
          fmt::format("shift_weights: {} shifts of 5 slots; expected an odd number, at most that "
                      "of the slots",
                      count));
  CHECK(refuse([&] {
          nn::sharpen_weights(t({2, 1, 5}), t({2}));
        }) == "sharpen_weights: exponents is [2]; expected [2, 1]");
  CHECK(refuse([&] {
          nn::read_memory(t({2, 5, 3}), t({2, 1, 4}));
        }) == "read_memory: weights is [2, 1, 4]; expected [2, 1, 5]");
  CHECK(refuse([&] {
          nn::write_memory(t({2, 5, 3}), t({2, 1, 5}), t({2, 3}), t({2, 1, 3}));
        }) == "write_memory: erase is [2, 3]; expected [2, 1, 3]");
  CHECK(refuse([&] {
          nn::next_usage(t({2, 5}), t({2, 5}), t({2, 1, 5}), t({2, 2}));
        }) == "next_usage: free_gates is [2, 2]; expected [2, 1]");
  CHECK(refuse([&] { nn::allocation_weights(t({5})); }) ==
        "allocation_weights: usage is [5]; expected [B, N]");
  CHECK(refuse([&] {
          nn::follow_links({t({2, 5, 4}), t({2, 5})}, t({2, 5}), t({2, 1, 5}));
        }) == "follow_links: links is [2, 5, 4]; expected [2, 5, 5]");
}

}  // namespace tapehead::addressing_test
