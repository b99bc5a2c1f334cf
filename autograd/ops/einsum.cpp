// einsum: the order of the contractions. The equation is read by einsum_equation.cpp, a pair of
// operands contracted by contraction.cpp.
#include "tapehead/autograd/ops/einsum.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "tapehead/autograd/detail/einsum_equation.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::Labelled;
using detail::LabelSet;

constexpr size_t kExhaustive = 5;  // operands for which all orders are compared

class Contraction {
 public:
  Contraction(std::vector<Labelled> operands, const Shape& output)
      : operands_(std::move(operands)) {
    for (const int64_t label : output) output_ |= detail::label_bit(label);
    sizes_.fill(1);
    for (const Labelled& x : operands_)
      for (int i = 0; i < x.labels.rank(); ++i)
        sizes_[static_cast<size_t>(x.labels[i])] = static_cast<double>(x.tensor.shape()[i]);
  }

  Labelled run() {
    if (operands_.size() <= kExhaustive) return best_order();
    while (operands_.size() > 1) contract_cheapest();
    return detail::sum_others(operands_[0], output_);
  }

 private:
  // The number of elements of a tensor with these labels.
  double elements(LabelSet labels) const {
    double n = 1;
    for (; labels; labels &= labels - 1) n *= sizes_[static_cast<size_t>(__builtin_ctzll(labels))];
    return n;
  }

  // A set of operands is a bit mask. The best way to contract each set combines the best ways to
  // contract two parts of it.
  struct Step {
    LabelSet labels = 0;  // of the result
    double multiplications = 0;
    unsigned left = 0;  // one of the parts; 0 for a single operand
  };
  using Steps = std::array<Step, 1 << kExhaustive>;

  Labelled best_order() {
    const unsigned all = (1u << operands_.size()) - 1;
    Steps steps;
    for (unsigned set = 1; set <= all; ++set) steps[set] = best_step(set, all, steps);
    return contract_set(all, all, steps);
  }
  // The labels that the contraction of `set` must keep: those of the output and other operands.
  LabelSet kept_by(unsigned set, unsigned all) const {
    LabelSet kept = output_;
    for (size_t i = 0; i < operands_.size(); ++i)
      if (all & ~set & (1u << i)) kept |= operands_[i].set();
    return kept;
  }
  Step best_step(unsigned set, unsigned all, const Steps& steps) const {
    const LabelSet kept = kept_by(set, all);
    if ((set & (set - 1)) == 0)
      return {operands_[static_cast<size_t>(__builtin_ctz(set))].set() & kept, 0, 0};
    Step best{0, std::numeric_limits<double>::infinity(), 0};
    for (unsigned left = (set - 1) & set; left > 0; left = (left - 1) & set) {
      const Step &a = steps[left], &b = steps[set & ~left];
      const double cost = a.multiplications + b.multiplications + elements(a.labels | b.labels);
      if (left < (set & ~left) || !(cost < best.multiplications)) continue;
      best = {(a.labels | b.labels) & kept, cost, left};
    }
    return best;
  }
  Labelled contract_set(unsigned set, unsigned all, const Steps& steps) const {
    const LabelSet kept = kept_by(set, all);
    const unsigned left = steps[set].left;
    if (left == 0)
      return detail::sum_others(operands_[static_cast<size_t>(__builtin_ctz(set))], kept);
    return detail::contract(contract_set(left, all, steps), contract_set(set & ~left, all, steps),
                            kept);
  }

  // Contracts the pair whose result is smallest, compared with its operands.
  void contract_cheapest() {
    size_t first = 0, second = 1;
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < operands_.size(); ++i)
      for (size_t j = i + 1; j < operands_.size(); ++j) {
        const LabelSet a = operands_[i].set(), b = operands_[j].set();
        const double growth = elements((a | b) & kept_without(i, j)) - elements(a) - elements(b);
        if (growth < least) least = growth, first = i, second = j;
      }
    operands_[first] =
        detail::contract(operands_[first], operands_[second], kept_without(first, second));
    operands_.erase(operands_.begin() + static_cast<std::ptrdiff_t>(second));
  }
  LabelSet kept_without(size_t first, size_t second) const {
    LabelSet kept = output_;
    for (size_t i = 0; i < operands_.size(); ++i)
      if (i != first && i != second) kept |= operands_[i].set();
    return kept;
  }

  std::vector<Labelled> operands_;
  LabelSet output_ = 0;
  std::array<double, 64> sizes_;
};

}  // namespace

Tensor einsum(std::string_view equation, const std::vector<Tensor>& tensors) {
  auto [operands, output] = detail::read_equation(equation, tensors);
  DType dtype = operands[0].tensor.dtype();
  for (const Labelled& x : operands) dtype = promote(dtype, x.tensor.dtype());
  detail::check_product_type("einsum", dtype);
  for (Labelled& x : operands) x.tensor = x.tensor.to(dtype);
  return detail::permuted(Contraction(std::move(operands), output).run(), output);
}

}  // namespace tapehead
