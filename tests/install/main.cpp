// A user's program that has its own core/tensor.h, built against the installed library.
#include <tapehead/tapehead.h>

#include <cstdio>

#include "core/tensor.h"

int main() {
  const Tensor own{.value = 3};
  try {
    throw tapehead::ShapeError("user: a file of its own, found as it should be");
  } catch (tapehead::Error& error) {
    error.set_where("main");  // defined in the library, not inline
    std::printf("%d %s\n", own.value, error.what());
  }
}
