// The handle of a registered hook.
#pragma once

#include <cstdint>
#include <memory>

namespace tapehead {
namespace detail {
class HookList;
}

/// What Tensor::register_hook() returns, as PyTorch's RemovableHandle. A handle that goes out of
/// scope leaves the hook where it is.
class RemovableHandle {
 public:
  RemovableHandle() = default;
  RemovableHandle(std::weak_ptr<detail::HookList> list, uint64_t id)
      : list_(std::move(list)), id_(id) {}
  /// Removes the hook, also from within a hook. Does nothing when it was removed before or when
  /// nothing that was computed from the tensor is left. [tape]
  void remove();

 private:
  std::weak_ptr<detail::HookList> list_;
  uint64_t id_ = 0;
};

}  // namespace tapehead
