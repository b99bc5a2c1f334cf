// Reads a StateDict and reports all mismatches in one error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// Reads the entries that an optimizer, schedule or average expects. A missing entry is read as 0
/// or an undefined tensor, and finish() throws one error for all of them. Do not modify anything
/// before finish() has returned.
class StateReader {
 public:
  /// `owner` is named in the error. The state must outlive the reader.
  StateReader(std::string owner, const StateDict& state);
  ~StateReader();

  /// The one of the parameter's path and ties for which the state has an entry with this ending:
  /// the saved model may have tied its parameters in another order.
  std::string name_of(const nn::Param& param, const std::string& ending) const;
  double number(const std::string& name);
  /// A non-negative integer.
  int64_t count(const std::string& name);
  /// A copy of a tensor, which must have this type and, if given, this shape.
  Tensor tensor(const std::string& name, const std::optional<Shape>& shape, DType dtype);

  /// Throws FormatError if requested entries were missing or did not match, or if entries are left.
  void finish();

 private:
  std::string owner_;
  struct Unread;
  std::unique_ptr<Unread> unread_;
  std::vector<std::string> missing_, different_;
};

}  // namespace tapehead::optim
