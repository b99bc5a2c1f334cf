// linalg_multi_dot and chain_matmul.
#include <fmt/format.h>

#include <limits>

#include "tapehead/autograd/detail/contraction.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The cheapest order of a chain of products: dynamic programming over its parts (Cormen et al.,
// Introduction to Algorithms, 15.2).
class Chain {
 public:
  explicit Chain(const std::vector<Tensor>& matrices)
      : matrices_(matrices), count_(matrices.size()), cost_(count_ * count_), cut_(cost_.size()) {
    for (size_t length = 2; length <= count_; ++length)
      for (size_t first = 0; first + length <= count_; ++first) choose(first, first + length - 1);
  }
  Tensor product() const { return product(0, count_ - 1); }

 private:
  void choose(size_t first, size_t last) {
    double least = std::numeric_limits<double>::infinity();
    for (size_t cut = first; cut < last; ++cut) {
      const double cost = cost_[first * count_ + cut] + cost_[(cut + 1) * count_ + last] +
                          static_cast<double>(matrices_[first].size(0)) *
                              static_cast<double>(matrices_[cut].size(1)) *
                              static_cast<double>(matrices_[last].size(1));
      if (cost < least) least = cost, cut_[first * count_ + last] = cut;
    }
    cost_[first * count_ + last] = least;
  }
  Tensor product(size_t first, size_t last) const {
    if (first == last) return matrices_[first];
    const size_t cut = cut_[first * count_ + last];
    return matmul(product(first, cut), product(cut + 1, last));
  }

  const std::vector<Tensor>& matrices_;
  size_t count_;
  std::vector<double> cost_;  // of the product of matrices i to j, at i * count + j
  std::vector<size_t> cut_;   // the last matrix of its left part
};

Tensor chain(const char* op, std::vector<Tensor> matrices) {
  for (size_t i = 0; i < matrices.size(); ++i) {
    if (matrices[i].dim() != 2)
      throw ShapeError(fmt::format("{}: tensors[{}] is {}; expected a matrix", op, i,
                                   matrices[i].shape().str()));
    if (i > 0 && matrices[i - 1].size(1) != matrices[i].size(0))
      throw ShapeError(
          fmt::format("{}: tensors[{}] is {}, tensors[{}] is {}; their inner sizes "
                      "must be equal",
                      op, i - 1, matrices[i - 1].shape().str(), i, matrices[i].shape().str()));
  }
  for (size_t i = 1; i < matrices.size(); ++i)
    detail::check_product_type(op, core::result_type(matrices[0], matrices[i]));
  return Chain(matrices).product();
}

}  // namespace

Tensor linalg_multi_dot(const std::vector<Tensor>& matrices) {
  if (matrices.size() < 2)
    throw ValueError(
        fmt::format("linalg_multi_dot: {} tensors; pass at least two", matrices.size()));
  std::vector<Tensor> list = matrices;
  const bool row = list.front().dim() == 1, column = list.back().dim() == 1;
  if (row) list.front() = list.front().unsqueeze(0);
  if (column) list.back() = list.back().unsqueeze(1);
  Tensor out = chain("linalg_multi_dot", std::move(list));
  if (column) out = out.squeeze(-1);
  return row ? out.squeeze(0) : out;
}

Tensor chain_matmul(const std::vector<Tensor>& matrices) {
  if (matrices.empty()) throw ValueError("chain_matmul: 0 tensors; pass at least one");
  return chain("chain_matmul", matrices);
}

}  // namespace tapehead
