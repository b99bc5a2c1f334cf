// Denormal numbers: handled as in PyTorch, regardless of the number of threads and the mode of the
// calling thread.
#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/threads.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("denormals are numbers like others") {
  for (const int threads : {1, 2})
    for (const int64_t n : {1, 100000}) {  // one task, several tasks
      const Threads set(threads);
      CAPTURE(threads);
      CAPTURE(n);
      const Tensor wide = full({n}, 5e-310, f64), narrow = full({n}, 1e-40, f32);
      CHECK(wide[0].item() == 5e-310);
      CHECK(narrow[0].item() == static_cast<double>(1e-40f));
      CHECK(count_nonzero(wide).item<int64_t>() == n);
      CHECK(any(wide == 0).item() == 0);
      CHECK(any(narrow == 0).item() == 0);
      CHECK(log(wide)[n - 1].item() == doctest::Approx(-712.1919).epsilon(1e-6));
      CHECK(log(narrow)[n - 1].item() == doctest::Approx(-92.10340).epsilon(1e-6));
      CHECK((narrow * 1e30)[n - 1].item() == doctest::Approx(1e-10).epsilon(1e-4));
      CHECK(sum(narrow).item() * 1e40 == doctest::Approx(static_cast<double>(n)).epsilon(1e-4));
      const Tensor logits = tensor({0.0, -95.0}, f32).expand({n, 2});
      CHECK(log(softmax(logits, 1))[n - 1][1].item() == doctest::Approx(-95).epsilon(1e-3));
    }
}

// Sizes for one thread and for several.
TEST_CASE("matrix products take denormals for zeros") {
  for (const int threads : {1, 2})
    for (const int64_t n : {1, 2, 300}) {
      const Threads set(threads);
      CAPTURE(n);
      const Tensor tiny = full({n, n}, 1e-40, f32), huge = full({n, n}, 1e30, f32);
      CHECK(any(matmul(tiny, huge) != 0).item() == 0);
    }
}

#if defined(__SSE2__)
TEST_CASE("the mode of the calling thread changes no op, and is kept") {
  constexpr unsigned kFlush = 0x8040;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | kFlush);
  const Tensor y = log(full({100000}, 1e-40, f32));
  const bool kept = (_mm_getcsr() & kFlush) == kFlush;
  _mm_setcsr(before);
  CHECK(y[0].item() == doctest::Approx(-92.10340).epsilon(1e-6));
  CHECK(y[99999].item() == y[0].item());
  CHECK(kept);
}
#endif
