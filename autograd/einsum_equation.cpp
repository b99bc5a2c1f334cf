#include "tapehead/autograd/detail/einsum_equation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

constexpr char kEllipsis = '.';  // stands for `...` in a term
constexpr int kLetters = 52, kLabels = kLetters + Shape::kMaxRank;

// Labels are in the order that an implicit output has: A-Z, a-z. Those of `...` follow.
int label_of(char letter) { return letter >= 'a' ? letter - 'a' + kLetters / 2 : letter - 'A'; }
std::string name_of(int64_t label) {
  if (label >= kLetters) return "an axis of '...'";
  return fmt::format(
      "'{}'", static_cast<char>(label < kLetters / 2 ? 'A' + label : 'a' + label - kLetters / 2));
}

// The terms before and after the arrow, without spaces, with `...` shortened to one character.
struct Terms {
  std::vector<std::string> operands{""};
  std::string output;
  bool has_output = false;
};

Terms split_terms(std::string_view equation) {
  Terms terms;
  std::string* term = &terms.operands.back();
  for (size_t i = 0; i < equation.size(); ++i) {
    const char c = equation[i];
    const std::string_view rest = equation.substr(i);
    if (c == ' ') continue;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      *term += c;
    } else if (c == ',' && !terms.has_output) {
      term = &terms.operands.emplace_back();
    } else if (rest.starts_with("->") && !terms.has_output) {
      terms.has_output = true;
      term = &terms.output;
      ++i;
    } else if (rest.starts_with("...") && term->find(kEllipsis) == std::string::npos) {
      *term += kEllipsis;
      i += 2;
    } else {
      throw ValueError(
          fmt::format("einsum: cannot read '{}' at position {} of '{}'; expected a letter, ',', "
                      "one '->', or '...' once in each operand",
                      c, i, equation));
    }
  }
  return terms;
}

// The size of each label, and the operand that it is from.
class LabelSizes {
 public:
  LabelSizes() { sizes_.fill(1); }
  int64_t operator[](int64_t label) const { return sizes_[static_cast<size_t>(label)]; }
  bool has(int64_t label) const { return counts_[static_cast<size_t>(label)] > 0; }
  /// Whether one axis of one operand has the label.
  bool once(int64_t label) const { return counts_[static_cast<size_t>(label)] == 1; }
  void add(int64_t label, int64_t size, size_t operand, const std::vector<Tensor>& tensors) {
    const auto at = static_cast<size_t>(label);
    if (size != 1 && sizes_[at] != 1 && size != sizes_[at])
      throw ShapeError(fmt::format(
          "einsum: {} is {} in operand {} {} and {} in operand {} {}; sizes must be equal or 1",
          name_of(label), sizes_[at], from_[at], tensors[from_[at]].shape().str(), size, operand,
          tensors[operand].shape().str()));
    ++counts_[at];
    if (size == 1) return;
    sizes_[at] = size;
    from_[at] = operand;
  }

 private:
  std::array<int64_t, kLabels> sizes_;
  std::array<int, kLabels> counts_{};
  std::array<size_t, kLabels> from_{};
};

// The number of axes that the ellipsis of a term stands for; 0 without one.
int hidden_axes(const std::string& term, const Tensor& x, size_t operand) {
  const bool has_ellipsis = term.find(kEllipsis) != std::string::npos;
  const int letters = static_cast<int>(term.size()) - has_ellipsis;
  if (x.dim() < letters || (x.dim() > letters && !has_ellipsis))
    throw ShapeError(fmt::format("einsum: operand {} is {}, but the equation names {} of its axes",
                                 operand, x.shape().str(), letters));
  return x.dim() - letters;
}

// The labels of a term; the ellipsis has the last `hidden` of `most` labels.
Shape labels_of(const std::string& term, int hidden, int most) {
  Shape labels;
  for (const char c : term) {
    if (c != kEllipsis) labels.push_back(label_of(c));
    for (int i = most - hidden; c == kEllipsis && i < most; ++i) labels.push_back(kLetters + i);
  }
  return labels;
}

// Replaces axes of equal labels by their diagonal.
void take_diagonals(Labelled& x, size_t operand) {
  for (int i = 0; i < x.labels.rank(); ++i)
    for (int j = i + 1; j < x.labels.rank(); ++j) {
      if (x.labels[i] != x.labels[j]) continue;
      if (x.tensor.shape()[i] != x.tensor.shape()[j])
        throw ShapeError(fmt::format(
            "einsum: {} is repeated in operand {}, with sizes {} and {}; they must be equal",
            name_of(x.labels[i]), operand, x.tensor.shape()[i], x.tensor.shape()[j]));
      const int64_t label = x.labels[i];
      x.tensor = x.tensor.diagonal(0, i, j);
      x.labels.erase(j);
      x.labels.erase(i);
      x.labels.push_back(label);
      --i;
      break;
    }
}

// Removes axes of size 1 whose label is larger in another operand.
void drop_broadcast_axes(Labelled& x, const LabelSizes& sizes) {
  for (int i = x.labels.rank() - 1; i >= 0; --i) {
    if (x.tensor.shape()[i] != 1 || sizes[x.labels[i]] == 1) continue;
    x.tensor = x.tensor.squeeze(i);
    x.labels.erase(i);
  }
}

Shape output_labels(const Terms& terms, const LabelSizes& sizes, int most,
                    std::string_view equation) {
  Shape output;
  if (!terms.has_output) {
    for (int i = 0; i < most; ++i) output.push_back(kLetters + i);
    for (int label = 0; label < kLetters; ++label)
      if (sizes.once(label)) output.push_back(label);
    return output;
  }
  for (const char c : terms.output) {
    if (c == kEllipsis) continue;
    if (!sizes.has(label_of(c)))
      throw ValueError(
          fmt::format("einsum: '{}' of the output of '{}' is in no operand", c, equation));
    if (std::count(terms.output.begin(), terms.output.end(), c) > 1)
      throw ValueError(fmt::format("einsum: '{}' is repeated in the output of '{}'", c, equation));
  }
  return labels_of(terms.output, most, most);
}

}  // namespace

LabelledEquation read_equation(std::string_view equation, const std::vector<Tensor>& tensors) {
  const Terms terms = split_terms(equation);
  if (terms.operands.size() != tensors.size() || tensors.empty())
    throw ValueError(fmt::format("einsum: '{}' has {} operands, but {} tensors were passed",
                                 equation, terms.operands.size(), tensors.size()));
  std::vector<int> hidden;
  for (size_t i = 0; i < tensors.size(); ++i)
    hidden.push_back(hidden_axes(terms.operands[i], tensors[i], i));
  const int most = *std::max_element(hidden.begin(), hidden.end());

  LabelledEquation out;
  LabelSizes sizes;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Labelled x{tensors[i], labels_of(terms.operands[i], hidden[i], most)};
    for (int axis = 0; axis < x.labels.rank(); ++axis)
      if (std::find(x.labels.begin(), x.labels.begin() + axis, x.labels[axis]) !=
          x.labels.begin() + axis)
        sizes.add(x.labels[axis], 1, i, tensors);  // its size is checked with the diagonal
      else sizes.add(x.labels[axis], x.tensor.shape()[axis], i, tensors);
    take_diagonals(x, i);
    out.operands.push_back(std::move(x));
  }
  for (Labelled& x : out.operands) drop_broadcast_axes(x, sizes);
  out.output = output_labels(terms, sizes, most, equation);
  return out;
}

}  // namespace tapehead::detail
