// The base class of optimizers: parameters, groups, steps, state.
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
// Gradients accumulate until zero_grad(), so a large batch can be split into parts that fit into
// memory:
//
//   opt.zero_grad();
//   for (const auto& part : parts) model.loss(part).backward();
//   opt.step({.grad_scale = 1.0 / parts.size()});    // the mean of the parts' losses
//
// Writing an optimizer, such as optim::Lion: examples/custom_optimizer.cpp.
//
//   struct LionOptions {
//     optim::Option<double> lr{"lr", 1e-4, optim::kAboveZero};
//     optim::Option<double> beta1{"beta1", 0.9, optim::kBelowOne};
//     optim::Option<double> beta2{"beta2", 0.99, optim::kBelowOne};
//     optim::Option<double> weight_decay{"weight_decay", 0, optim::kZeroOrMore};
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
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/group.h"
#include "tapehead/optim/option.h"
#include "tapehead/optim/state.h"
#include "tapehead/optim/step.h"

namespace tapehead::optim {

struct StepOptions {
  /// Multiplies the gradients: 1 / n after n backward passes, or clip_factor(). Applied inside the
  /// update, without an extra pass in the built-in optimizers.
  double grad_scale = 1;
};

/// The parameters that an optimizer trains: those of a model, or a list such as
/// `{{"image", image}}`.
class ParamList {
 public:
  ParamList(const nn::Params& model);
  ParamList(std::vector<nn::Param> list);
  ParamList(std::initializer_list<nn::Param> list);

 private:
  friend class Optimizer;
  std::optional<nn::Params> model_;
  std::vector<nn::Param> list_;
};

/// The base class of optimizers.
///
/// An optimizer trains every parameter of the model, including those created or unfrozen later.
/// Frozen parameters and parameters without a gradient are skipped; their state does not change.
/// State is f64 for f64 parameters, otherwise f32; bf16 and f16 parameters have an f32 master copy.
class Optimizer {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer();

  /// Updates every parameter that has a gradient; does nothing if none has one, as in PyTorch.
  /// Throws GraphError while a weight average is swapped into the model.
  void step(const StepOptions& options = {});
  /// Clears the gradients.
  void zero_grad();

  /// The current learning rate. set_lr() scales the learning rates of groups by the same factor;
  /// throws ValueError for a negative or non-finite value.
  double lr() const { return lr_; }
  void set_lr(double lr);
  /// The learning rate at construction, which schedules multiply.
  double base_lr() const { return base_lr_; }
  const std::vector<ParamGroup>& groups() const { return groups_; }
  /// The parameters that it trains, including frozen ones: those known since the last step.
  std::vector<nn::Param> parameters() const;
  /// Changes an option of groups()[group] from the next step on, like PyTorch's
  /// `param_groups[0]["weight_decay"] = 0.05`: `set_option(0, "weight_decay", 0.05)`, and
  /// `set_option(0, "betas", 0.99, 1)` for the second of two numbers. It also applies to parameters
  /// that join the group later. State that an option enables, such as momentum, starts from zeros.
  /// Options are not part of the saved state: set them again before load(). Throws IndexError for a
  /// group that does not exist; ValueError for an unknown name, a value out of range, and for "lr",
  /// which set_lr() sets.
  void set_option(size_t group, std::string_view name, double value, size_t index = 0);
  /// The number of steps taken, not counting steps without gradients.
  int64_t steps() const { return steps_; }
  /// The name, such as "AdamW".
  const char* name() const { return name_; }

  /// A copy of the state that further steps depend on, without parameters and options: the number
  /// of steps, the learning rate, and for each parameter, such as "fc.weight", its step count and
  /// state tensors, such as "fc.weight.exp_avg".
  StateDict save() const;
  /// Restores a state. Throws FormatError that lists every mismatch, including parameters that were
  /// created after the state was saved; nothing is loaded then. Throws GraphError while a weight
  /// average is swapped into the model.
  void load(const StateDict& state);

 protected:
  /// `name`, a string literal, identifies the optimizer in errors. `options` is a struct of Option
  /// fields (optim/option.h), including "lr". `states` declares the state tensors of each
  /// parameter. Throws ValueError for options out of range, for patterns that match nothing, for a
  /// parameter that is listed twice, and if there are no parameters; DTypeError for a parameter
  /// that is not f32, f64, bf16 or f16.
  template <class Options>
  Optimizer(const char* name, const ParamList& params, const Options& options,
            std::vector<StateSpec> states = {}, const std::vector<GroupRule<Options>>& groups = {})
      : Optimizer(name, detail::values_of(options), erase(groups), detail::check_of<Options>(),
                  std::move(states), params) {}

  /// Updates one parameter. Called by update_all() for each parameter that has a gradient.
  virtual void update(Parameter& parameter);
  /// Updates all parameters of a step. Override it to run one fused kernel over all parameters with
  /// Step::run(), as the built-in optimizers do.
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
  size_t lr_at_ = 0;  // index of "lr" in the options
  double lr_ = 0, base_lr_ = 0;
  int64_t steps_ = 0;
  std::vector<Rule> rules_;
  detail::CheckOptions check_;
  std::vector<StateSpec> states_;
  std::optional<nn::Params> model_;  // watched for new parameters
  size_t seen_ = 0;                  // number of the model's parameters seen so far
  std::vector<ParamGroup> groups_;
  std::deque<detail::Entry> entries_;  // steps refer to entries while more are added
  Step step_;                          // empty between steps; a member to reuse its memory
};

}  // namespace tapehead::optim
