// Shared by the losses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// An element's position for messages: `target[17]`, `target[3, 5]`, or `target` if it is 0-d.
std::string element_name(const char* tensor, const Shape& shape, int64_t index);

/// Throws ShapeError unless the shapes are equal. `first` is the subject of the message: "the input
/// has".
void check_same_shape(const char* op, const char* first, const Tensor& input, const char* second,
                      const Tensor& target);
inline void check_same_shape(const char* op, const Tensor& input, const Tensor& target) {
  check_same_shape(op, "the input has", input, "the target", target);
}
/// Throws ShapeError unless a weight broadcasts to `shape`. An undefined weight is valid.
void check_weight_broadcasts(const char* op, const Tensor& weight, const Shape& shape);
/// Throws ValueError, naming the first one, if an element is NaN or outside low..high. `expected`
/// ends the message.
void check_range(const char* op, const char* tensor, const Tensor& x, double low, double high,
                 const char* expected);
/// Checks that labels are 1 or -1 and do not track gradients, and converts them to `dtype`.
Tensor signs(const char* op, const Tensor& labels, DType dtype);

/// What lengths of sequences are of, for messages.
struct LengthsOf {
  const char* name;        ///< "input_lengths"
  const char* batch_axis;  ///< "the middle axis of log_probs"
  int64_t least, most;
  const char* limit;  ///< what the most is: "the frames"
};
/// The lengths of the sequences of a batch. Throws DTypeError unless they are integers, ShapeError
/// unless they have shape [batch], or no axes for a batch of 1, and ValueError for one out of
/// range.
std::vector<int64_t> check_lengths_of(const char* op, const Tensor& lengths, int64_t batch,
                                      const LengthsOf& of);

/// The mean or sum of all losses; recorded.
Tensor reduced(const Tensor& losses, Reduction reduction);

}  // namespace tapehead::detail
