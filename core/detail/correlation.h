// The sums of products that a convolution and its gradients consist of.
#pragma once

#include <vector>

#include "tapehead/core/detail/convolution.h"

namespace tapehead::core {

/// Of an axis: result i is stored at first + i * every, and sums x[i * step + shift] over the taps.
struct CorrelationAxis {
  struct Tap {
    int64_t shift;  // may be negative
    int64_t index;  // position in the kernel
  };
  int64_t size;                  // of x
  int64_t count, step;           // results, and their distance in x
  int64_t stored, first, every;  // size of the axis that results are stored in
  std::vector<Tap> taps;

  int64_t lowest() const;
  int64_t highest() const;
};

/// For each group and channel o of the result, sums over the channels c and the taps of all axes.
struct Correlation {
  int64_t batch, groups, in, out;
  CorrelationAxis axis[3];
  int64_t w_group, w_out, w_in;  // strides of the weight; those of its positions are row-major
  int64_t kernel[3];
};

/// The convolution itself.
Correlation forward_of(const ConvShape& shape);
/// The gradient of the input where index i of each axis has i % stride == phase[axis]: there the
/// result is a convolution of dy with stride 1 and a part of the kernel.
Correlation input_gradient_of(const ConvShape& shape, const int64_t (&phase)[3]);

/// A part of the results: rows of one plane, or a part of one row.
struct CorrelationBlock {
  int64_t plane, row, column;  // the first result
  int64_t rows, columns;
};

/// How a correlation is cut into blocks, and where the elements of a block's window into x are. The
/// window is a copy with zeros for what lies outside of x, unless no window goes beyond x.
class CorrelationPlan {
 public:
  /// `split` makes elements adjacent that belong to adjacent results. Windows have about
  /// `window_size` elements, blocks at most `most_results` results.
  CorrelationPlan(const Correlation& c, bool split, int64_t window_size, int64_t most_results);

  int64_t blocks() const { return planes_ * rows_of_blocks_ * columns_of_blocks_; }
  CorrelationBlock block(int64_t i) const;
  /// The elements that a copy of a window takes; 0 if windows are not copied.
  int64_t copied() const { return copied_; }
  /// Returns the window of a block of one image and group x, copied into `room` if necessary, with
  /// `fill` outside of x.
  template <class T>
  const T* window(const CorrelationBlock& block, const T* x, T* room, T fill = 0) const;
  /// The distance of rows in the window.
  int64_t row_step() const { return row_step_; }

  // Offsets; see kernels::GatheredProduct. The first block's are those of every block.
  std::vector<int64_t> results;  ///< of a block's results in its window
  std::vector<int64_t> terms;    ///< of the summands of a result, [channel, tap]
  std::vector<int64_t> weights;  ///< of their factors in the weight
  std::vector<int64_t> targets;  ///< of a block's results where they are stored; empty if 0, 1, …
  /// Where the first result of a block is stored.
  int64_t target(const CorrelationBlock& block) const;

 private:
  void choose_blocks(int64_t window_size, int64_t most_results);
  void lay_out(bool split);

  const Correlation& c_;
  int64_t planes_, rows_of_blocks_, columns_of_blocks_, rows_, columns_;
  int64_t split_ = 1, copied_ = 0, height_ = 0, width_ = 0;
  int64_t pitch_, plane_pitch_, channel_pitch_, row_step_;
};

}  // namespace tapehead::core
