// Random numbers drawn by several threads.
#include <doctest/doctest.h>

#include <thread>

#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"

using namespace tapehead;

namespace {

using Numbers = std::vector<float>;

Numbers draw() { return randn({5}).to_vector<float>(); }

template <class F>
void in_thread(F f) {
  std::thread(f).join();
}

}  // namespace

TEST_CASE("random threads: each has a stream of its own, the same in every run") {
  std::vector<std::vector<Numbers>> runs;
  for (int run = 0; run < 2; ++run) {
    manual_seed(7);
    std::vector<Numbers>& drawn = runs.emplace_back();
    drawn.push_back(draw());
    for (int i = 0; i < 3; ++i)
      in_thread([&] {
        drawn.push_back(draw());
        drawn.push_back(draw());
      });
    drawn.push_back(draw());
  }
  CHECK(runs[0] == runs[1]);
  for (size_t i = 0; i < runs[0].size(); ++i)
    for (size_t j = 0; j < i; ++j) CHECK(runs[0][i] != runs[0][j]);
  manual_seed(8);
  in_thread([&] { CHECK(draw() != runs[0][1]); });
}

TEST_CASE("random threads: what one draws does not move another, and seeds give what they give") {
  manual_seed(7);
  const Numbers first = draw(), second = draw();
  manual_seed(7);
  CHECK(draw() == first);
  in_thread([&] {
    manual_seed(7);
    CHECK(draw() == first);
    draw();
  });
  in_thread([] {
    const RandomScope scope({.seed = 1});
    draw();
  });
  CHECK(draw() == second);
}

TEST_CASE("random threads: a thread that only draws in a scope takes no number") {
  Numbers drawn[2];
  for (const bool before : {false, true}) {
    manual_seed(7);
    if (before)
      in_thread([] {
        const RandomScope scope({.seed = 1});
        draw();
      });
    in_thread([&] { drawn[before] = draw(); });
  }
  CHECK(drawn[0] == drawn[1]);
}

// Regression: two threads that drew at the same time could get the same draw, or lose one.
TEST_CASE("random threads: no draw is lost when threads draw at once") {
  std::vector<std::thread> threads;
  std::vector<Generator> after(4);
  for (size_t i = 0; i < after.size(); ++i)
    threads.emplace_back([&, i] {
      manual_seed(i);
      for (int n = 0; n < 1000; ++n) rand({2});
      after[i] = default_generator();
    });
  for (std::thread& t : threads) t.join();
  for (size_t i = 0; i < after.size(); ++i) CHECK(after[i] == Generator{i, 1000});
}
