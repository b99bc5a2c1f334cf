#include "tapehead/data/masking.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

namespace {

constexpr int64_t kMask = 50, kVocab = 50;

}  // namespace

TEST_CASE("mask_tokens: the shares are BERT's, and specials stay") {
  Generator generator{3, 0};
  const Tensor ids = randint(kVocab, {200, 100}, i64, generator);
  const auto [seen, targets] = data::mask_tokens(ids, {.mask = kMask, .vocab = kVocab}, generator);
  double chosen = 0, masked = 0, kept = 0, other = 0, plain = 0;
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int64_t was = ids.data<int64_t>()[i], is = seen.data<int64_t>()[i];
    const int64_t target = targets.data<int64_t>()[i];
    plain += was >= data::kSpecials;
    if (target == -100) {
      CHECK(is == was);
      continue;
    }
    REQUIRE(target == was);
    REQUIRE(was >= data::kSpecials);
    ++chosen;
    if (is == kMask) ++masked;
    else if (is == was) ++kept;
    else {
      ++other;
      CHECK((is >= data::kSpecials && is < kVocab));
    }
  }
  CHECK(chosen / plain == doctest::Approx(0.15).epsilon(0.05));
  CHECK(masked / chosen == doctest::Approx(0.8).epsilon(0.03));
  CHECK(other / chosen == doctest::Approx(0.1).epsilon(0.15));
  CHECK(kept / chosen == doctest::Approx(0.1).epsilon(0.15));
}

TEST_CASE("mask_tokens: every sequence with a token has one to guess") {
  Generator generator{1, 0};
  const Tensor ids = tensor({{2, 7, 3, 0, 0}, {2, 8, 9, 9, 3}, {2, 3, 0, 0, 0}});
  for (int time = 0; time < 20; ++time) {
    const Tensor targets =
        data::mask_tokens(ids, {.mask = kMask, .vocab = kVocab, .rate = 0}, generator).targets;
    CHECK(targets[0].to_vector<int64_t>() == std::vector<int64_t>{-100, 7, -100, -100, -100});
    int64_t guessed = 0;
    for (const int64_t t : targets[1].to_vector<int64_t>()) guessed += t != -100;
    CHECK(guessed == 1);
    for (const int64_t t : targets[2].to_vector<int64_t>()) CHECK(t == -100);
  }
  CHECK(ids[0][1].item<int64_t>() == 7);  // a copy is masked
}

TEST_CASE("mask_tokens: the same generator gives the same masks") {
  const Tensor ids = full({4, 30}, 9);
  const auto masked = [&](uint64_t seed) {
    Generator generator{seed, 0};
    return data::mask_tokens(ids, {.mask = kMask, .vocab = kVocab}, generator)
        .ids.to_vector<int64_t>();
  };
  CHECK(masked(1) == masked(1));
  CHECK(masked(1) != masked(2));
}

TEST_CASE("mask_tokens: what it refuses") {
  const Tensor ids = full({1, 2}, 9);
  const data::MaskingOptions good{.mask = kMask, .vocab = kVocab};
  CHECK(error_of<ShapeError>([&] { data::mask_tokens(ids[0], good); }) ==
        "mask_tokens: ids are [2]; expected [B, T]");
  CHECK(error_of<DTypeError>([&] { data::mask_tokens(ids.to(f32), good); }) ==
        "mask_tokens: ids are f32; expected i64");
  for (const double rate : {-0.1, 1.1, std::nan("")})
    CHECK(error_of<ValueError>([&] {
            data::mask_tokens(ids, {.mask = kMask, .vocab = kVocab, .rate = rate});
          }) == fmt::format("mask_tokens: the rate is {}; it must be in 0..1", rate));
  CHECK(error_of<ValueError>([&] { data::mask_tokens(ids, {.mask = 9, .vocab = 4}); }) ==
        "mask_tokens: the first id to draw is 4, the last 3; give the size of the vocabulary");
}
