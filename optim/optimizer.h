// The base of all optimizers: parameters, groups, the step, the state.
//
//   nn::Params params;
//   Gpt model(params / "model", config);
//   optim::AdamW opt(params, {.lr = 1e-3, .weight_decay = 0.1},
//                    {{"*.bias", {.weight_decay = 0}}, {"model.encoder.*", {.lr = 1e-4}}});
//
//   for (const auto& batch : batches) {
//     opt.zero_grad();
//     model.loss(batch).backward();
//     optim::clip_grad_norm_(params, 1.0);
//     opt.step();
//   }
//
// Gradients add up until zero_grad(), so a large batch can be computed in parts that fit into
// memory:
//
//   opt.zero_grad();
//   for (const auto& part : parts) model.loss(part).backward();
//   opt.step({.grad_scale = 1.0 / parts.size()});    // the mean of the parts' losses
//
// Writing an optimizer: examples/custom_optimizer.cpp.
//
//   struct LionOptions {
//     optim::Option<double> lr{"lr", 1e-4, optim::kAboveZero};
//     optim::Option<double> beta1{"beta1", 0.9, optim::kBelowOne}, beta2{"beta2", 0.99,
//     optim::kBelowOne}; optim::Option<double> weight_decay{"weight_decay", 0,
//     optim::kZeroOrMore};
//   };
//   struct Lion : optim::Optimizer {  // Chen et al. 2023
//     explicit Lion(const optim::ParamList& params, const LionOptions& options = {},
//                   const std::vector<optim::GroupRule<LionOptions>>& groups = {})
//         : Optimizer("Lion", params, options, {"m"}, groups) {}
//     void update(optim::Parameter& p) override {
//       Tensor& m = p.state("m");
//       const double lr = p.option("lr");
//       p.value.mul_(1 - lr * p.option("weight_decay"));
//       p.value.sub_(lr * sign(lerp(p.grad, m, p.option("beta1"))));
//       m = lerp(p.grad, m, p.option("beta2"));
//     }
//   };
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/group.h"
#include "tapehead/optim/option.h"
#include "tapehead/optim/state.h"
#include "tapehead/optim/step.h"

namespace tapehead::optim {

struct StepOptions {
  /// Gradients count as multiplied by it: 1 / n after n backward passes, or clip_factor(). Costs
  /// nothing in the library's own optimizers.
  double grad_scale = 1;
};

/// What an optimizer trains: every parameter of a model, or a list: `{{"image", image}}`.
class ParamList {
 public:
  ParamList(const nn::Params& model) : model_(model) {}
  ParamList(std::vector<nn::Param> list) : list_(std::move(list)) {}
  ParamList(std::initializer_list<nn::Param> list) : list_(list) {}

 private:
  friend class Optimizer;
  std::optional<nn::Params> model_;
  std::vector<nn::Param> list_;
};

/// The base of all optimizers.
///
/// It trains every parameter of the model, also those that are made or unfrozen later. Frozen
/// parameters and those without a gradient are left as they are, and so is their state. State is
/// f64 for f64 parameters and f32 for the others; bf16 parameters have an f32 master copy.
class Optimizer {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer();

  /// Changes every parameter that has a gradient; does nothing when none has, as in PyTorch. Throws
  /// GraphError while the model has an average in place of its weights.
  void step(const StepOptions& options = {});
  /// Clears the gradients.
  void zero_grad();

  /// The learning rate now. Groups that have their own keep its ratio to this one.
  double lr() const { return lr_; }
  void set_lr(double lr);
  /// The learning rate that the optimizer was made with: what schedules multiply.
  double base_lr() const { return base_lr_; }
  const std::vector<ParamGroup>& groups() const { return groups_; }
  /// Changes an option of groups()[group] from the next step on, as PyTorch's
  /// `param_groups[0]["weight_decay"] = 0.05`: `set_option(0, "weight_decay", 0.05)`, and
  /// `set_option(0, "betas", 0.99, 1)` for the second of two numbers. Parameters that come into the
  /// group later have it too. Momentum and the like that an option turns on begin with zeros.
  /// Options are not part of the state: set them again before load(). Throws IndexError for a group
  /// and ValueError for a name that there is not, for a value out of range, and for "lr", which
  /// set_lr() sets.
  void set_option(size_t group, std::string_view name, double value, size_t index = 0);
  /// How many steps were taken, those without gradients not counted.
  int64_t steps() const { return steps_; }
  /// "AdamW"
  const char* name() const { return name_; }

  /// A copy of all that the next steps depend on, except for the parameters and the options: steps
  /// taken, the learning rate, and for a parameter "fc.weight" its own steps and tensors,
  /// "fc.weight.exp_avg" …
  StateDict save() const;
  /// Restores a state. Throws FormatError that lists what does not fit, also for a state that was
  /// saved before the model had all its parameters; then nothing was loaded. Throws GraphError
  /// while the model has an average in place of its weights.
  void load(const StateDict& state);

 protected:
  /// `name`, a literal, names the optimizer in errors. `options` is a struct of Option fields
  /// (optim/ option.h), one of them "lr". `states` names the tensors that each parameter has.
  /// Throws ValueError for options outside their range, for patterns that fit nothing, and when
  /// there are no parameters.
  template <class Options>
  Optimizer(const char* name, const ParamList& params, const Options& options,
            std::vector<StateSpec> states = {}, const std::vector<GroupRule<Options>>& groups = {})
      : Optimizer(name, detail::values_of(options), erase(groups), detail::check_of<Options>(),
                  std::move(states), params) {}

  /// Changes one parameter; called by update_all() for each that has a gradient.
  virtual void update(Parameter& parameter);
  /// Changes all parameters of a step. An optimizer that overrides it can run one fused kernel over
  /// all of them, Step::run(), as the library's own do.
  virtual void update_all(Step& step);

 private:
  struct Rule {
    std::string pattern;
    detail::OptionValues own;
  };
  template <class Options>
  static std::vector<Rule> erase(const std::vector<GroupRule<Options>>& groups) {
    std::vector<Rule> rules;
    rules.reserve(groups.size());
    for (const auto& [pattern, own] : groups) rules.push_back({pattern, detail::values_of(own)});
    return rules;
  }
  Optimizer(const char* name, detail::OptionValues options, std::vector<Rule> rules,
            detail::CheckOptions check, std::vector<StateSpec> states, const ParamList& params);

  void take_new();
  void take(const nn::Param& param);
  size_t group_of(const nn::Param& param);
  void check_fit() const;
  std::string paths_like(const std::string& pattern) const;
  void prepare_state(detail::Entry& entry) const;
  void fit_state(detail::Entry& entry) const;

  const char* name_;
  detail::OptionValues options_;
  size_t lr_at_ = 0;  // which of the options is "lr"
  double lr_ = 0, base_lr_ = 0;
  int64_t steps_ = 0;
  std::vector<Rule> rules_;
  detail::CheckOptions check_;
  std::vector<StateSpec> states_;
  std::optional<nn::Params> model_;  // watched for new parameters
  size_t seen_ = 0;                  // how many of the model's were looked at
  std::vector<ParamGroup> groups_;
  std::vector<detail::Entry> entries_;
  Step step_;  // empty between steps; here to keep its memory
};

}  // namespace tapehead::optim
