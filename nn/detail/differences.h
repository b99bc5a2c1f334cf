// What a file of weights has that the model has not, and the other way round.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Every difference between a file and a model; of long lists the first names and how many more.
class Differences {
 public:
  void missing(const std::string& name) { missing_.push_back(name); }
  void unexpected(const std::string& name) { unexpected_.push_back(name); }
  /// Both are in the file and name one parameter, with other values.
  void not_same(const std::string& name, const std::string& other);
  void other_shape(const std::string& name, const Tensor& in_file, const Tensor& in_model);
  /// Anything else, said whole.
  void other(const std::string& fact) { others_.push_back(fact); }

  /// Throws FormatError that lists them, if there are any.
  void check(const std::string& file, const std::string& model) const;

 private:
  std::vector<std::string> missing_, unexpected_, others_;
};

/// Whether shapes and all values are equal; NaN equals NaN.
bool same_values(const Tensor& a, const Tensor& b);

}  // namespace tapehead::nn
