// Every optimizer, by name, with options as tests/oracles/optim.py records them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tapehead/optim/adadelta.h"
#include "tapehead/optim/adafactor.h"
#include "tapehead/optim/adagrad.h"
#include "tapehead/optim/adam.h"
#include "tapehead/optim/adamax.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/asgd.h"
#include "tapehead/optim/lamb.h"
#include "tapehead/optim/lion.h"
#include "tapehead/optim/muon.h"
#include "tapehead/optim/nadam.h"
#include "tapehead/optim/radam.h"
#include "tapehead/optim/rmsprop.h"
#include "tapehead/optim/rprop.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/oracles/optim_runs.h"

namespace tapehead::test {

/// Options with these values, and the defaults of others.
template <class Options>
Options options_of(const TorchOptions& given) {
  optim::detail::OptionValues values = optim::detail::values_of(Options());
  for (const auto& option : given) {
    const auto is_it = [&](const auto& value) { return value.name == option.first; };
    const auto found = std::find_if(values.begin(), values.end(), is_it);
    REQUIRE(found != values.end());
    found->numbers = option.second;
  }
  return optim::detail::options_from<Options>(values);
}

using TorchGroups = std::vector<std::pair<std::string, TorchOptions>>;
using MakeOptimizer = std::unique_ptr<optim::Optimizer> (*)(const optim::ParamList&,
                                                            const TorchOptions&,
                                                            const TorchGroups&);

template <class Opt, class Options>
std::unique_ptr<optim::Optimizer> make_optimizer(const optim::ParamList& params,
                                                 const TorchOptions& given,
                                                 const TorchGroups& groups) {
  std::vector<optim::GroupRule<Options>> rules;
  for (const auto& [pattern, own] : groups) rules.push_back({pattern, options_of<Options>(own)});
  return std::make_unique<Opt>(params, options_of<Options>(given), rules);
}

inline const std::vector<std::pair<std::string, MakeOptimizer>> kOptimizers = {
    {"Adadelta", make_optimizer<optim::Adadelta, optim::AdadeltaOptions>},
    {"Adafactor", make_optimizer<optim::Adafactor, optim::AdafactorOptions>},
    {"Adagrad", make_optimizer<optim::Adagrad, optim::AdagradOptions>},
    {"Adam", make_optimizer<optim::Adam, optim::AdamOptions>},
    {"AdamW", make_optimizer<optim::AdamW, optim::AdamWOptions>},
    {"Adamax", make_optimizer<optim::Adamax, optim::AdamaxOptions>},
    {"ASGD", make_optimizer<optim::ASGD, optim::ASGDOptions>},
    {"LAMB", make_optimizer<optim::LAMB, optim::LAMBOptions>},
    {"Lion", make_optimizer<optim::Lion, optim::LionOptions>},
    {"Muon", make_optimizer<optim::Muon, optim::MuonOptions>},
    {"NAdam", make_optimizer<optim::NAdam, optim::NAdamOptions>},
    {"RAdam", make_optimizer<optim::RAdam, optim::RAdamOptions>},
    {"RMSprop", make_optimizer<optim::RMSprop, optim::RMSpropOptions>},
    {"Rprop", make_optimizer<optim::Rprop, optim::RpropOptions>},
    {"SGD", make_optimizer<optim::SGD, optim::SGDOptions>},
};

inline std::unique_ptr<optim::Optimizer> make_optimizer(const std::string& name,
                                                        const optim::ParamList& params,
                                                        const TorchOptions& options = {},
                                                        const TorchGroups& groups = {}) {
  for (const auto& [known, make] : kOptimizers)
    if (known == name) return make(params, options, groups);
  FAIL("no optimizer is named ", name);
  return nullptr;
}

}  // namespace tapehead::test
