// Parameter groups, which have their own options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tapehead/optim/option.h"

namespace tapehead::optim {

/// Overrides options for the parameters whose path or tied name matches a pattern; options that are
/// not given keep the optimizer's values. If several rules match, later rules override earlier
/// ones. Each pattern must match a parameter that exists when the optimizer is constructed.
template <class Options>
struct GroupRule {
  std::string pattern;  ///< such as "*.bias"; `*` matches any characters
  Options own = {};     ///< {.weight_decay = 0}
};

/// Parameters with the same options.
struct ParamGroup {
  std::vector<std::string> patterns;    ///< of the rules that match; empty for the default group
  std::vector<std::string> parameters;  ///< paths of the parameters
  double base_lr = 0;                   ///< the learning rate when the optimizer's is base_lr()
  double lr = 0;                        ///< the current learning rate

  /// The value of an option by name: option("weight_decay"), option("betas", 1). A bool is 0 or 1;
  /// "lr" is the current learning rate. Throws ValueError that lists the options for an unknown
  /// name.
  double option(std::string_view name, size_t index = 0) const;
  /// All options, as the optimizer's options struct.
  template <class Options>
  Options options() const {
    return detail::options_from<Options>(values);
  }

  const char* optimizer = "";        ///< the optimizer's name, for errors
  detail::OptionValues values = {};  ///< values by name
};

}  // namespace tapehead::optim
