// Reading a StateDict, with one error for everything that does not fit.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// Reads the entries that an optimizer, schedule or average expects. A missing entry is read as 0
/// or an undefined tensor; finish() then throws one error for all of them. Change nothing before
/// finish() has returned.
class StateReader {
 public:
  /// `owner` is named in the error. The state must outlive the reader.
  StateReader(std::string owner, const StateDict& state);

  /// The parameter's name, of its path and ties, under which the state has an entry with this
  /// ending: models may tie their parts in another order.
  std::string name_of(const nn::Param& param, const std::string& ending) const;
  double number(const std::string& name);
  /// A whole number that is not negative.
  int64_t count(const std::string& name);
  /// A copy of a tensor that must have this shape, if it is given, and type.
  Tensor tensor(const std::string& name, const std::optional<Shape>& shape, DType dtype);

  /// Throws FormatError unless all that was asked for was there and nothing else was.
  void finish();

 private:
  std::string owner_;
  std::unordered_map<std::string, Tensor> tensors_;  // not read yet
  std::unordered_map<std::string, double> numbers_;
  std::vector<std::string> missing_, different_;
};

}  // namespace tapehead::optim
