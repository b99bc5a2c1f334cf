// Anomaly mode: finds the op that made the first NaN.
#pragma once

#include <span>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead {

namespace detail {
class Node;
inline thread_local bool anomaly_mode = false;
/// The node whose backward is running. Not the ops in there are to blame, but that one.
inline thread_local const Node* differentiated = nullptr;
/// Sets it while in scope.
class Blame {
 public:
  explicit Blame(const Node* node) : before_(differentiated) { differentiated = node; }
  ~Blame() { differentiated = before_; }
  Blame(const Blame&) = delete;
  Blame& operator=(const Blame&) = delete;

 private:
  const Node* before_;
};
/// Remembers the line that called the op, and throws GraphError when a result has a NaN.
void watch_forward(Node& node, std::span<const Tensor> operands, std::span<const Tensor> results);
/// Throws GraphError when the gradient that a backward pass starts with has a NaN.
void watch_start(const char* op, const Tensor& gradient);
/// Throws GraphError when a gradient that the node's backward gave has a NaN.
void watch_backward(const Node& node, std::span<const Tensor> grads);
}  // namespace detail

/// While it is in scope, in this thread, every op's results and gradients are searched for NaN; the
/// first one throws a GraphError that names the op and the line of the program that called it (in
/// programs with debug information, where `addr2line` is installed; else the function and offset).
/// Slow: for finding out.
class AnomalyMode {
 public:
  explicit AnomalyMode(bool on = true) : before_(detail::anomaly_mode) {
    detail::anomaly_mode = on;
  }
  ~AnomalyMode() { detail::anomaly_mode = before_; }
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool before_;
};

}  // namespace tapehead
