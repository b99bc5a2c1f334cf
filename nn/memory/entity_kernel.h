// One sentence written into the memory of a recurrent entity network (Henaff et al. 2017), for the
// slots of one story.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Rows of `width` numbers: one of the sentence s and of W s, `slots` of the others.
template <class T>
struct EntityForward {
  const T *sentence, *input;  ///< s and W s
  const T *keys, *key_input;  ///< w_j and V w_j
  const T *slopes, *h;
  T* pre;             ///< U h_j; becomes U h_j + V w_j + W s
  T *gates, *scales;  ///< of each slot: g_j, and what the new row was multiplied with
  T* h_out;           ///< h_j + g_j phi(pre_j), scaled to length 1
  int64_t slots, width;
};

/// dh comes as the gradient of h_out and becomes that of h, but for what flows through U; dpre is
/// written, all other gradients are added to.
template <class T>
struct EntityBackward {
  const T *sentence, *keys, *slopes, *h, *pre, *gates, *scales;
  const T* dgates;  ///< of the gates as a result, or null
  T *dh, *dpre, *dsentence, *dinput, *dkeys, *dkey_input, *dslopes;
  int64_t slots, width;
};

template <class T>
struct EntityKernels {
  void (*forward)(const EntityForward<T>&);
  void (*backward)(const EntityBackward<T>&);
};

/// Added to a squared length before its root: a row of zeros stays one.
constexpr double kEntityEps = 1e-24;

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(entity, EntityKernels, "entity_memory")
