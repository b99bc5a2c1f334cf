// What all optimizers share: parameters, groups, the step, the state.
//
//   nn::Params params;
//   Gpt model(params / "model", config);
//   optim::AdamW opt(params, {.lr = 1e-3, .weight_decay = 0.1},
//                    {{"*.bias", {.weight_decay = 0}}, {"model.encoder.*", {.lr = 1e-4}}});
//
//   for (const auto& batch : batches) {
//     opt.zero_grad();
//     model.loss(batch).backward();
//     optim::clip_grad_norm(params, 1.0);
//     opt.step();
//   }
//
// Gradients add up until zero_grad(). So a large batch can be computed in parts that fit into
// memory:
//
//   opt.zero_grad();
//   for (const auto& part : parts) model.loss(part).backward();
//   opt.step({.grad_scale = 1.0 / parts.size()});    // the mean of the parts' losses
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

namespace detail {
class Updates;
}

/// What the parameters whose path, or another of their names, fits a pattern have of their own; the
/// rest is as for the others. Where several patterns fit, each has its say, and the last the last
/// word. A pattern must fit a parameter that the model has when the optimizer is made.
struct GroupRule {
  struct Own {
    std::optional<double> lr = {};
    std::optional<double> weight_decay = {};
  };
  std::string pattern;  ///< "*.bias"; `*` stands for any characters
  Own own = {};
};

/// Parameters that are trained alike.
struct ParamGroup {
  std::vector<std::string> patterns;    ///< of the rules that fit them; empty for most
  std::vector<std::string> parameters;  ///< their paths
  double base_lr = 0;                   ///< at the optimizer's base_lr()
  double lr = 0;                        ///< now
  double weight_decay = 0;
};

struct StepOptions {
  /// The gradients count as multiplied by it: 1 / n after n backward passes, or clip_factor().
  /// Costs nothing.
  double grad_scale = 1;
};

/// The base of all optimizers.
///
/// It trains every parameter of the model, those included that are made or unfrozen later; frozen
/// ones and those without a gradient are left as they are, and their state too. State is f64 for
/// f64 parameters and f32 for the others, bf16 ones have an f32 master copy in it.
class Optimizer {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer();

  /// Changes every parameter that has a gradient, in one pass over all. Throws GraphError when none
  /// has, or when an average is in the model in place of its weights.
  void step(const StepOptions& options = {});
  /// Clears the gradients.
  void zero_grad();

  /// The learning rate now. Groups that have their own keep its ratio to this one.
  double lr() const { return lr_; }
  void set_lr(double lr);
  /// The learning rate that the optimizer was made with: what schedules multiply.
  double base_lr() const { return base_lr_; }
  const std::vector<ParamGroup>& groups() const { return groups_; }
  /// How many steps were taken.
  int64_t steps() const { return steps_; }
  /// "AdamW"
  const char* name() const { return name_; }

  /// A copy of all that the next steps depend on, except for the parameters and the options: steps
  /// taken, the learning rate, and for a parameter "fc.weight" its own steps and tensors,
  /// "fc.weight.exp_avg" …
  StateDict save() const;
  /// Takes a state back. Throws FormatError that lists what does not fit, also for a state that was
  /// saved before the model had all its parameters; then nothing was loaded. Throws GraphError when
  /// an average is in the model in place of its weights.
  void load(const StateDict& state);

 protected:
  /// `name` is a literal. `slots` name the tensors of each parameter's state, in the kernel's
  /// order.
  Optimizer(const char* name, double lr, double weight_decay, std::vector<GroupRule> rules,
            std::vector<std::string> slots);
  void train(const nn::Params& params);
  void train(const std::vector<nn::Param>& params);
  /// Changes the parameters of a step.
  virtual void update(const detail::Updates& updates, double grad_scale) = 0;

 private:
  struct Entry {
    nn::Param param;
    size_t group;
    int64_t steps = 0;
    // Empty before the first step; else the slots, then the master copy of a bf16 parameter.
    std::vector<Tensor> state = {};
    DType dtype = f32;  // of the parameter when the state was made
  };
  void take_new();
  void take(const nn::Param& param);
  size_t group_of(const nn::Param& param);
  void check_fit() const;
  std::string paths_like(const std::string& pattern) const;
  std::vector<std::string> slots_of(DType parameter) const;
  void prepare_state(Entry& entry) const;
  void add_update(size_t entry, const Tensor& gradient);

  const char* name_;
  double lr_, base_lr_, weight_decay_;
  int64_t steps_ = 0;
  std::vector<GroupRule> rules_;
  std::vector<std::string> slots_;
  std::optional<nn::Params> model_;  // watched for new parameters
  size_t seen_ = 0;                  // how many of the model's were looked at
  std::vector<ParamGroup> groups_;
  std::vector<Entry> entries_;
  std::unique_ptr<detail::Updates> updates_;  // empty between steps; here to keep its memory
};

}  // namespace tapehead::optim
