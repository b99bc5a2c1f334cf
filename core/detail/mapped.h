// Mapped tensors: what functions receive inside vmap(). See autograd/vmap.h.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// A vectorised call of a function by vmap(), in progress in this thread.
struct VmapCall {
  VmapCall* around;  ///< the enclosing call, if they are nested
  int64_t size;      ///< the length of the mapped axis
  uint64_t number;   ///< increases from call to call
  uint64_t start = Storage::created();
  bool failed = false;  ///< whether CannotVectorize was thrown, which the function may have caught
  /// Whether each element has its own copy of every leaf that tracks gradients, so that grad() can
  /// differentiate with respect to them; and whether grad() was called for that.
  bool has_copies = false, needs_copies = false;
  std::vector<std::pair<Tensor, Tensor>> copies = {};  ///< leaves, and what stands for the copies
};
inline thread_local VmapCall* vmap_call = nullptr;

/// Ends a vectorised call, after which vmap() calls the function for each element. It is no
/// std::exception, so that functions that handle errors do not take it for one.
struct CannotVectorize {};
[[noreturn]] void throw_cannot_vectorize();
/// Throws CannotVectorize inside a vectorised call.
inline void check_not_vectorized() {
  if (vmap_call) [[unlikely]]
    throw_cannot_vectorize();
}

/// What a mapped tensor stands for. A mapped tensor has the shape of one element and a storage
/// without memory, so whatever does not know about mapped tensors cannot compute with one: reading
/// its elements ends the vectorised call.
struct MappedElements {
  Tensor all;               ///< the elements along the first axis; may be mapped by an outer call
  const VmapCall* call;     ///< compared, not dereferenced
  uint64_t number;          ///< that of the call
  const TensorImpl* owner;  ///< the mapped tensor itself, not a view made of it
};

/// Ops on all elements of a call, which are outside of it, in scope.
class OutsideCall {
 public:
  explicit OutsideCall(const VmapCall& call) : before_(std::exchange(vmap_call, call.around)) {}
  ~OutsideCall() { vmap_call = before_; }
  OutsideCall(const OutsideCall&) = delete;

 private:
  VmapCall* before_;
};

/// A tensor that stands for the elements of `all` along its first axis, and tracks gradients if
/// that does.
Tensor map_elements(const Tensor& all, const VmapCall& call);
/// What `t` stands for; null unless it is mapped. Throws CannotVectorize for a view that shares the
/// storage of a mapped tensor, and for a tensor of a call that has ended.
const MappedElements* mapped_elements(const Tensor& t);
/// Ends the vectorised call if `t` is mapped.
inline void check_not_mapped(const Tensor& t) {
  if (vmap_call && mapped_elements(t)) [[unlikely]]
    throw_cannot_vectorize();
}
/// Whether ops on `t` are computed for all elements: it is mapped, or the elements have copies.
bool is_mapped(const Tensor& t);
/// detach() of a mapped tensor.
Tensor detach_mapped(const Tensor& t);
/// Ends the vectorised call whose elements were read. Throws ValueError if there is none.
[[noreturn]] void throw_no_elements();

}  // namespace tapehead::detail
