// Whether ops are recorded.
#pragma once

namespace tapehead {

namespace detail {
inline thread_local bool grad_mode = true;
}

/// True when this thread records ops on tracked tensors.
inline bool grad_enabled() { return detail::grad_mode; }

/// Turns recording on or off in this thread while it is in scope.
class GradMode {
 public:
  explicit GradMode(bool on) : before_(detail::grad_mode) { detail::grad_mode = on; }
  ~GradMode() { detail::grad_mode = before_; }
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool before_;
};

/// No op is recorded while it is in scope: `NoGrad no_grad;`
class NoGrad : GradMode {
 public:
  NoGrad() : GradMode(false) {}
};

/// Runs `f` without recording: `Tensor y = no_grad([&] { return model(x); });`
template <class F>
decltype(auto) no_grad(F&& f) {
  const GradMode off(false);
  return f();
}

}  // namespace tapehead
