#include "tapehead/core/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include "tapehead/core/detail/nan.h"

namespace tapehead {
namespace {

using core::shown;

constexpr int64_t kEdge = 3;          // elements shown at each end of an axis in a summary
constexpr int64_t kMostShown = 1000;  // larger tensors are summarised
constexpr size_t kLineLength = 80;

// The number of decimals that remain without trailing zeros.
int digits_needed(const std::string& text) {
  const size_t point = text.find('.');
  if (point == std::string::npos) return 0;
  size_t last = std::min(text.find('e'), text.size());
  while (text[last - 1] == '0') --last;
  return static_cast<int>(last - point) - 1;
}

// Formats all numbers in one style: as few decimals as show them to `precision`; scientific if some
// number would be too long or lose all its digits.
std::vector<std::string> texts_of(const std::vector<double>& numbers, int precision) {
  double largest = 0, smallest = INFINITY;
  for (const double x : numbers) {
    if (!std::isfinite(x) || x == 0) continue;
    largest = std::max(largest, std::abs(x));
    smallest = std::min(smallest, std::abs(x));
  }
  const bool scientific = largest >= 1e8 || smallest < std::pow(10.0, -precision);
  const char* const style = scientific ? "{:.{}e}" : "{:.{}f}";
  int digits = 0;
  for (const double x : numbers)
    if (std::isfinite(x))
      digits = std::max(digits, digits_needed(fmt::format(fmt::runtime(style), x, precision)));
  std::vector<std::string> out;
  for (const double x : numbers) {
    out.push_back(fmt::format(fmt::runtime(style), x, digits));
    if (digits == 0 && !scientific && std::isfinite(x)) out.back() += '.';
  }
  return out;
}

class Printer {
 public:
  Printer(const Tensor& x, int precision) : shape_(x.shape()), summary_(x.numel() > kMostShown) {
    visit(x.dtype(), [&]<class T>() {
      if constexpr (is_floating(dtype_of<T>())) {
        std::vector<double> numbers;
        collect<T>(x, 0, x.data<T>(),
                   [&](T v) { numbers.push_back(shown(static_cast<double>(v))); });
        texts_ = texts_of(numbers, precision);
      } else if constexpr (std::is_same_v<T, bool>) {
        collect<T>(x, 0, x.data<T>(), [&](T v) { texts_.push_back(v ? "true" : "false"); });
      } else {
        collect<T>(x, 0, x.data<T>(), [&](T v) { texts_.push_back(std::to_string(v)); });
      }
    });
    for (const std::string& text : texts_) width_ = std::max(width_, text.size());
  }

  std::string print() {
    write(0);
    return std::move(out_);
  }

 private:
  bool shortened(int axis) const { return summary_ && shape_[axis] > 2 * kEdge; }

  template <class T, class F>
  void collect(const Tensor& x, int axis, const T* at, const F& f) {
    if (axis == x.dim()) return f(*at);
    for (int64_t i = 0; i < shape_[axis]; ++i) {
      if (shortened(axis) && i == kEdge) i = shape_[axis] - kEdge;
      collect(x, axis + 1, at + i * x.strides()[axis], f);
    }
  }

  void write(int axis) {
    if (axis == shape_.rank()) {
      out_ += fmt::format("{:>{}}", texts_[next_++], width_);
      return;
    }
    out_ += '[';
    for (int64_t i = 0; i < shape_[axis]; ++i) {
      if (i > 0) separate(axis);
      if (shortened(axis) && i == kEdge) {
        out_ += "...";
        i = shape_[axis] - kEdge;
        separate(axis);
      }
      write(axis + 1);
    }
    out_ += ']';
  }

  // Fills lines with as many numbers as fit; separates matrices by an empty line.
  void separate(int axis) {
    out_ += ',';
    const int lines = shape_.rank() - 1 - axis;
    const size_t line_start = out_.rfind('\n') + 1;  // npos + 1 is 0
    if (lines == 0 && out_.size() - line_start + width_ + 2 <= kLineLength) {
      out_ += ' ';
      return;
    }
    out_.append(static_cast<size_t>(std::max(lines, 1)), '\n');
    out_.append(static_cast<size_t>(axis) + 1, ' ');
  }

  Shape shape_;
  bool summary_;
  std::vector<std::string> texts_;  // of the elements shown
  size_t width_ = 0, next_ = 0;
  std::string out_;
};

}  // namespace

std::string Tensor::str(int precision) const {
  if (!defined()) return "undefined";
  std::string out = numel() == 0 ? "[]" : Printer(*this, precision).print();
  out += out.find('\n') == std::string::npos ? ' ' : '\n';
  out += tapehead::name(dtype());
  return dim() == 0 ? out : out + ' ' + shape().str();
}

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << x.str(); }
std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.str(); }
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name(dtype); }

}  // namespace tapehead
