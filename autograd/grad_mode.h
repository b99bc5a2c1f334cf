// Gradient recording, per thread.
#pragma once

namespace tapehead {

namespace detail {
inline thread_local bool grad_mode = true;
}

/// Whether this thread records ops on tensors that track gradients.
inline bool is_grad_enabled() { return detail::grad_mode; }

/// Enables or disables gradient recording in this thread while in scope.
class AutoGradMode {
 public:
  explicit AutoGradMode(bool on) : before_(detail::grad_mode) { detail::grad_mode = on; }
  ~AutoGradMode() { detail::grad_mode = before_; }
  AutoGradMode(const AutoGradMode&) = delete;
  AutoGradMode& operator=(const AutoGradMode&) = delete;

 private:
  bool before_;
};

/// Disables gradient recording in this thread while in scope: `NoGradGuard no_grad;`
class NoGradGuard : AutoGradMode {
 public:
  NoGradGuard() : AutoGradMode(false) {}
};

/// Calls `f` without recording and returns its result:
/// `Tensor y = no_grad([&] { return model(x); });`
template <class F>
decltype(auto) no_grad(F&& f) {
  const AutoGradMode off(false);
  return f();
}

}  // namespace tapehead
