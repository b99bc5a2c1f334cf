// The handle of a registered hook.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace tapehead {
namespace detail {
class HookList;
}

/// A handle to remove a hook, as returned by Tensor::register_hook(); PyTorch's RemovableHandle.
/// Destroying the handle does not remove the hook.
class RemovableHandle {
 public:
  RemovableHandle() = default;
  RemovableHandle(std::weak_ptr<detail::HookList> list, uint64_t id)
      : list_(std::move(list)), id_(id) {}
  /// Removes the hook; may be called from within a hook. Does nothing if the hook was already
  /// removed or its graph no longer exists. [tape]
  void remove();

 private:
  std::weak_ptr<detail::HookList> list_;
  uint64_t id_ = 0;
};

}  // namespace tapehead
