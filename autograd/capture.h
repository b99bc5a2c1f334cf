// Reuse of the graph and the tensors of a training step that is repeated.
//
//   auto step = capture([&](const Tensor& x, const Tensor& y) {
//     opt.zero_grad();
//     const Tensor loss = cross_entropy(model(x), y);
//     loss.backward();
//     opt.step();
//     return loss;
//   });
//   for (const auto& [x, y] : batches) total += step(x, y).item();
//
// The function runs in every call, so random numbers, learning rates and conditions on item() work
// as without a capture, and results are bit-for-bit the same. What is reused is what the library
// builds around the computation: the nodes of the graph, with their edges and the descriptions of
// their results, and tensors of up to 64 KB, with their memory. Each recorded op is compared with
// the one at its position in the recording: another op, shape, dtype or operand is noticed there,
// and replaces what was recorded.
//
// It saves about 5 % of the time of a step whose ops take a microsecond each, such as that of small
// networks on batches of a few rows. Where ops compute for longer, it makes no difference
// (docs/performance.md).
//
// - A tensor that is still referenced, such as a returned loss, is not touched by later calls. The
//   same holds for a graph that backward() has not run through; call it inside of the step.
// - A call in another thread records anew. Two threads cannot run a step at the same time.
// - A captured step that is called within a captured step (or itself), or within vmap(), runs as
//   part of that.
// - Under NoGradGuard, only tensors are reused. Capture training and evaluation separately.
// - An exception thrown by the step leaves the capture as usable as before.
// - The recording keeps its nodes and tensors, and with them the parameters that they refer to,
//   until reset() or until it is destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace tapehead {

/// The calls of a captured step so far.
struct CaptureStats {
  int64_t recordings = 0;   ///< calls that differed from the recording, and the first
  int64_t replays = 0;      ///< calls that did not
  int64_t new_nodes = 0;    ///< nodes of the graph that the last call made instead of reusing them
  int64_t new_tensors = 0;  ///< tensors that the last call made instead of reusing them
};

namespace detail {

class Recording;

/// Holds a Recording.
class RecordingOwner {
 public:
  RecordingOwner();
  ~RecordingOwner();
  RecordingOwner(RecordingOwner&& other) noexcept;
  RecordingOwner& operator=(RecordingOwner&& other) noexcept;

  const CaptureStats& stats() const;
  const std::string& last_mismatch() const;
  void reset();

  /// A call of the step.
  class Call {
   public:
    explicit Call(const RecordingOwner& owner);
    ~Call();
    Call(const Call&) = delete;

   private:
    Recording* recording_;  // null if it runs as part of another call
    int exceptions_;        // in flight when it began
  };

 private:
  std::unique_ptr<Recording> recording_;
};

}  // namespace detail

/// A function with a recording of its ops; made by capture().
template <class F>
class CapturedStep {
 public:
  explicit CapturedStep(F step) : step_(std::move(step)) {}

  /// Calls the function. Throws what it throws, and GraphError while another thread is in it.
  template <class... A>
  requires std::is_invocable_v<F&, A...>
  decltype(auto) operator()(A&&... args) {
    const detail::RecordingOwner::Call call(recording_);
    return step_(std::forward<A>(args)...);
  }

  /// How often it was recorded and replayed, and what the last call made anew.
  const CaptureStats& stats() const { return recording_.stats(); }
  /// How the last call that differed from the recording did so, such as "op 3 is relu; recorded was
  /// tanh". Ops are counted from 1. Empty if there was none.
  const std::string& last_mismatch() const { return recording_.last_mismatch(); }
  /// Releases the recording: the next call records anew. Throws GraphError during a call.
  void reset() { recording_.reset(); }

 private:
  F step_;
  detail::RecordingOwner recording_;
};

/// Returns a function that calls `step` and reuses the graph and the small tensors of earlier
/// calls; see above.
/// Example: const Tensor w = ones({2}).set_requires_grad(); auto step = capture([&](const Tensor&
///     x) { sum(w * x).backward(); return w.grad(); }); step(ones({2}))  // [1., 1.]
template <class F>
CapturedStep<std::decay_t<F>> capture(F&& step) {
  return CapturedStep<std::decay_t<F>>(std::forward<F>(step));
}

}  // namespace tapehead
