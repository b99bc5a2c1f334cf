// Groups: parameters with options of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tapehead/optim/option.h"

namespace tapehead::optim {

/// Options of the parameters whose path, or another of their names, fits a pattern; those not given
/// are the optimizer's. Where several rules fit, later rules override earlier ones. A pattern must
/// fit a parameter that the model has when the optimizer is made.
template <class Options>
struct GroupRule {
  std::string pattern;  ///< "*.bias"; `*` stands for any characters
  Options own = {};     ///< {.weight_decay = 0}
};

/// Parameters with the same options.
struct ParamGroup {
  std::vector<std::string> patterns;    ///< of the rules that fit them; empty for most
  std::vector<std::string> parameters;  ///< their paths
  double base_lr = 0;                   ///< at the optimizer's base_lr()
  double lr = 0;                        ///< now

  /// An option's value by name: "weight_decay", ("betas", 1); a bool's is 0 or 1. "lr" is that of
  /// now. Throws ValueError, with the names that there are, for another name.
  double option(std::string_view name, size_t index = 0) const;
  /// All options, as the struct that the optimizer was made with.
  template <class Options>
  Options options() const {
    return detail::options_from<Options>(values);
  }

  const char* optimizer = "";  ///< its name, for errors
  detail::OptionValues values = {};
};

}  // namespace tapehead::optim
