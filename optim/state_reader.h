// Reading of a StateDict, with one error for all that does not fit.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// Hands out what a state has under the names that its owner expects. What is missing comes back as
/// 0 or an undefined tensor; finish() throws it all. The owner changes nothing before finish()
/// returned.
class StateReader {
 public:
  /// `owner` is named in the error. The state must outlive the reader.
  StateReader(std::string owner, const StateDict& state);

  /// Of the parameter's names, the one that the state has with this ending: where a model ties its
  /// parts in another order, another name than here.
  std::string name_of(const nn::Param& param, const std::string& ending) const;
  double number(const std::string& name);
  /// A number that counts: whole and not negative.
  int64_t count(const std::string& name);
  /// A copy of a tensor that must have this shape, if it is given, and type.
  Tensor tensor(const std::string& name, const std::optional<Shape>& shape, DType dtype);

  /// Throws FormatError unless all that was asked for was there and nothing else was.
  void finish();

 private:
  std::string owner_;
  std::unordered_map<std::string, Tensor> tensors_;  // what nobody has asked for yet
  std::unordered_map<std::string, double> numbers_;
  std::vector<std::string> missing_, different_;
};

}  // namespace tapehead::optim
