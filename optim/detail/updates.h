// The parameters in an optimizer's step under way.
#pragma once

#include <vector>

#include "tapehead/core/kernels/kernels.h"
#include "tapehead/core/tensor.h"
#include "tapehead/optim/detail/pieces.h"

namespace tapehead::optim::detail {

/// One parameter: what the kernel works on, and the numbers of its group.
struct Update {
  size_t entry;        // the optimizer's number of it
  Tensor param, grad;  // without gaps
  kernels::OptimPiece whole;
  int64_t step;  // its own count, from 1
  double lr, weight_decay;

  DType dtype() const { return param.dtype(); }
};

/// State is f64 for f64 parameters and f32 for the others.
inline DType state_type(DType parameter) { return parameter == f64 ? f64 : f32; }

class Updates {
 public:
  const std::vector<Update>& all() const { return all_; }
  void add(Update update) {
    pieces_.add(update.whole.n);
    all_.push_back(std::move(update));
  }
  void clear() {
    all_.clear();
    pieces_.clear();
  }

  /// Calls kernel(i, piece) for pieces of every all()[i], on all threads. The moments of what has
  /// no gradient any more, such as rows of an embedding, decay until they are denormal, and would
  /// stay so: they become 0.
  template <class F>
  void run(F kernel) const {
    pieces_.run([&](int64_t, size_t i, int64_t begin,
                    int64_t end) { kernel(i, piece_of(all_[i], begin, end)); },
                core::Denormals::flush);
  }

 private:
  static kernels::OptimPiece piece_of(const Update& update, int64_t begin, int64_t end) {
    const int64_t element = size_of(update.dtype()),
                  state_element = size_of(state_type(update.dtype()));
    kernels::OptimPiece piece = update.whole;
    piece.param += begin * element;
    piece.grad += begin * element;
    if (piece.master) piece.master += begin * state_element;
    for (char*& state : piece.state)
      if (state) state += begin * state_element;
    piece.n = end - begin;
    return piece;
  }

  std::vector<Update> all_;
  Pieces pieces_;
};

}  // namespace tapehead::optim::detail
