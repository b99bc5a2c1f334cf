#include "tapehead/core/windows.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"

namespace tapehead::windows_test {

TEST_CASE("windows of few elements, and those of bad lengths and types") {
  for (const auto& window :
       {hann_window(1), hamming_window(1, false), blackman_window(1), bartlett_window(1)})
    CHECK(window.to_vector<float>() == std::vector<float>{1});
  CHECK(bartlett_window(4, true, f64).to_vector<double>() == std::vector<double>{0, 0.5, 1, 0.5});
  CHECK(bartlett_window(5, false, bf16).to_vector<double>() ==
        std::vector<double>{0, 0.5, 1, 0.5, 0});
  CHECK(kaiser_window(0).numel() == 0);
  CHECK_THROWS_WITH_AS(hann_window(-1), "hann_window: n is -1; it must not be negative",
                       ValueError);
  CHECK_THROWS_WITH_AS(kaiser_window(3, true, 12, i64),
                       "kaiser_window: i64 is not supported; use f32, f64, bf16 or f16",
                       DTypeError);
}

TEST_CASE("the frequencies of transforms") {
  CHECK(fft_fftfreq(5, 0.1).to_vector<float>() == std::vector<float>{0, 2, 4, -4, -2});
  CHECK(fft_fftfreq(4, 1, f64).to_vector<double>() == std::vector<double>{0, 0.25, -0.5, -0.25});
  CHECK(fft_rfftfreq(4, 0.5).to_vector<float>() == std::vector<float>{0, 0.5, 1});
  CHECK(fft_rfftfreq(5, 0.2).to_vector<float>() == std::vector<float>{0, 1, 2});
  CHECK_THROWS_WITH_AS(fft_rfftfreq(-2), "fft_rfftfreq: n is -2; it must not be negative",
                       ValueError);
}

}  // namespace tapehead::windows_test
