// Elementwise comparisons of two operands of one type; the result is bool.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct eq {
  template <class T>
  bool operator()(T x, T y) const {
    return x == y;
  }
};
struct ne {
  template <class T>
  bool operator()(T x, T y) const {
    return x != y;
  }
};
struct lt {
  template <class T>
  bool operator()(T x, T y) const {
    return x < y;
  }
};
struct le {
  template <class T>
  bool operator()(T x, T y) const {
    return x <= y;
  }
};

}  // namespace

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(compare_entry, name, types)
extern const Loop compare_loops[][kDTypes] = {TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
