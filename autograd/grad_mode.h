// Whether ops are recorded.
#pragma once

namespace tapehead {

namespace detail {
inline thread_local bool grad_mode = true;
}

/// True when this thread records ops on tracked tensors.
inline bool is_grad_enabled() { return detail::grad_mode; }

/// Turns recording on or off in this thread while it is in scope.
class AutoGradMode {
 public:
  explicit AutoGradMode(bool on) : before_(detail::grad_mode) { detail::grad_mode = on; }
  ~AutoGradMode() { detail::grad_mode = before_; }
  AutoGradMode(const AutoGradMode&) = delete;
  AutoGradMode& operator=(const AutoGradMode&) = delete;

 private:
  bool before_;
};

/// No op is recorded while it is in scope: `NoGradGuard no_grad;`
class NoGradGuard : AutoGradMode {
 public:
  NoGradGuard() : AutoGradMode(false) {}
};

/// Runs `f` without recording: `Tensor y = no_grad([&] { return model(x); });`
template <class F>
decltype(auto) no_grad(F&& f) {
  const AutoGradMode off(false);
  return f();
}

}  // namespace tapehead
