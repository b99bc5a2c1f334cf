// Anomaly mode: finds the op that produced the first NaN.
#pragma once

#include <span>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead {

namespace detail {
class Node;
inline thread_local bool anomaly_mode = false;
/// The node whose backward is running. NaNs in the ops of a backward are attributed to this node.
inline thread_local const Node* differentiated = nullptr;
/// Sets `differentiated` while in scope.
class Blame {
 public:
  explicit Blame(const Node* node) : before_(differentiated) { differentiated = node; }
  ~Blame() { differentiated = before_; }
  Blame(const Blame&) = delete;
  Blame& operator=(const Blame&) = delete;

 private:
  const Node* before_;
};
/// Records the call site of the op, and throws GraphError if a result contains NaN.
void watch_forward(Node& node, std::span<const Tensor> operands, std::span<const Tensor> results);
/// Throws GraphError if the initial gradient of a backward pass contains NaN.
void watch_start(const char* op, const Tensor& gradient);
/// Throws GraphError if a gradient returned by the backward of the node contains NaN.
void watch_backward(const Node& node, std::span<const Tensor> grads);
}  // namespace detail

/// While in scope, checks all results and gradients computed in this thread for NaN. The first NaN
/// throws a GraphError that names the op and the source line that called it (with debug information
/// and `addr2line` installed; otherwise the function and offset). Slow; use it for debugging only.
class DetectAnomalyGuard {
 public:
  explicit DetectAnomalyGuard(bool on = true) : before_(detail::anomaly_mode) {
    detail::anomaly_mode = on;
  }
  ~DetectAnomalyGuard() { detail::anomaly_mode = before_; }
  DetectAnomalyGuard(const DetectAnomalyGuard&) = delete;
  DetectAnomalyGuard& operator=(const DetectAnomalyGuard&) = delete;

 private:
  bool before_;
};

}  // namespace tapehead
