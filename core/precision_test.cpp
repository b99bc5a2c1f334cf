#include "tapehead/core/precision.h"

#include <doctest/doctest.h>

#include <thread>

namespace tapehead::precision_test {

TEST_CASE("precision: that of products is highest at first, and the same in all threads") {
  CHECK(matmul_precision() == Precision::highest);
  for (const Precision precision : {Precision::high, Precision::medium, Precision::highest}) {
    set_matmul_precision(precision);
    Precision other = precision == Precision::high ? Precision::medium : Precision::high;
    std::thread([&] { other = matmul_precision(); }).join();
    CHECK(matmul_precision() == precision);
    CHECK(other == precision);
  }
}

}  // namespace tapehead::precision_test
