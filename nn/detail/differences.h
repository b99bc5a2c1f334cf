// Differences between a weights file and a model.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Collects every difference between a file and a model. Long lists of names are abbreviated in the
/// message.
class Differences {
 public:
  void missing(const std::string& name) { missing_.push_back(name); }
  void unexpected(const std::string& name) { unexpected_.push_back(name); }
  /// Two names of one parameter that have different values in the file.
  void not_same(const std::string& name, const std::string& other);
  void other_shape(const std::string& name, const Tensor& in_file, const Tensor& in_model);
  /// Any other difference, as a complete statement.
  void other(const std::string& fact) { others_.push_back(fact); }

  /// Throws FormatError that lists the differences, if there are any.
  void check(const std::string& file, const std::string& model) const;

 private:
  std::vector<std::string> missing_, unexpected_, others_;
};

/// Whether the shapes and all values are equal; NaNs compare equal.
bool same_values(const Tensor& a, const Tensor& b);

}  // namespace tapehead::nn
