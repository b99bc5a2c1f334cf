// The memory of a machine that reads and writes by attention (Graves et al. 2014 and 2016), of one
// sequence: rows of `width` numbers for `slots`, weights of `heads` for each.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

struct SlotSizes {
  int64_t heads, slots, width;
};

/// Cosines of keys [heads, width] and slots, [heads, slots].
template <class T>
struct CosineForward {
  const T *memory, *keys;
  T *slot_scales, *key_scales;  ///< 1 / length of each
  T* cosines;
  SlotSizes sizes;
};

/// dmemory is written, dkeys added to.
template <class T>
struct CosineBackward {
  const T *memory, *keys, *slot_scales, *key_scales, *cosines, *dcosines;
  T *dmemory, *dkeys;
  SlotSizes sizes;
};

/// M[i] prod_r (1 - w_r[i] e_r) + sum_r w_r[i] a_r, of weights w, erase e and add a.
template <class T>
struct WriteForward {
  const T *memory, *weights, *erase, *add;
  T* out;
  SlotSizes sizes;
};

/// dmemory and dweights are written, the others added to; `row` is room for `width` numbers.
template <class T>
struct WriteBackward {
  const T *memory, *weights, *erase, *add, *dout;
  T *dmemory, *dweights, *derase, *dadd, *row;
  SlotSizes sizes;
};

/// The temporal links [slots, slots] after writing, y[i, j] = (1 - w[i] - w[j]) x[i, j] + w[i]
/// p[j], 0 for i = j, and where they lead from what was read: forward[i] = y[i] read and backward =
/// y' read, [heads, slots] both; backward is added to.
template <class T>
struct LinkForward {
  const T *links, *precedence, *written, *read;
  T *next, *backward, *forward;
  SlotSizes sizes;
};

/// dlinks comes as the gradient of the next links and becomes that of those before; the others are
/// added to. `row` is room for `slots` numbers.
template <class T>
struct LinkBackward {
  const T *links, *precedence, *written, *read, *dbackward, *dforward;
  T *dlinks, *dprecedence, *dwritten, *dread, *row;
  SlotSizes sizes;
};

template <class T>
struct SlotKernels {
  void (*cosine_forward)(const CosineForward<T>&);
  void (*cosine_backward)(const CosineBackward<T>&);
  void (*write_forward)(const WriteForward<T>&);
  void (*write_backward)(const WriteBackward<T>&);
  void (*link_forward)(const LinkForward<T>&);
  void (*link_backward)(const LinkBackward<T>&);
};

/// Added to a squared length before its root, so that an empty slot has a gradient.
constexpr double kEmptySlot = 1e-6;

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(slots, SlotKernels, "")
