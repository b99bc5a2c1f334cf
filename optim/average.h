// Averages of the weights during training, which often score better than the final weights.
//
//   optim::Ema ema(params, {.decay = 0.999});
//   for (…) { … opt.step(); ema.update(); }
//   {
//     auto swapped = ema.swap();     // the model has the averages
//     evaluate(model);
//   }                                // its weights are restored
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// The base class of weight averages. Averages every parameter of a model, in f32
/// (in f64 for f64 parameters); buffers are not averaged. Construct it after the layers.
///
/// In the scope of swap(), the model can be run, evaluated and saved (Params::save) with the
/// averages. Operations whose result would be lost at the end of the scope, or that would mix
/// averages with weights, throw GraphError: swap(), update(), copy_to_model() and load() of any
/// average of the model, step() and load() of its optimizers, Params::load, and checkpoints.
class WeightAverage {
 public:
  WeightAverage(const WeightAverage&) = delete;
  WeightAverage& operator=(const WeightAverage&) = delete;
  virtual ~WeightAverage() = default;

  /// Updates the average with the current weights. Throws GraphError if parameters were added to
  /// the model after the average was constructed.
  void update();
  /// The number of updates.
  int64_t updates() const { return updates_; }
  /// The averages; before the first update(), the weights at construction.
  const std::vector<nn::Param>& averages() const { return averages_; }

  /// Keeps the averages in the model for its lifetime.
  class [[nodiscard]] Swapped {
   public:
    /// See swap().
    explicit Swapped(WeightAverage& average);
    Swapped(const Swapped&) = delete;
    Swapped& operator=(const Swapped&) = delete;
    ~Swapped();

   private:
    WeightAverage& average_;
    std::vector<Tensor> weights_;
  };
  /// Swaps the averages into the model until the result goes out of scope.
  Swapped swap() { return Swapped(*this); }
  /// Copies the averages into the model, permanently.
  void copy_to_model() const;

  /// The state: the averages and the number of updates.
  StateDict save() const;
  /// Restores a state. Throws FormatError that lists every mismatch; nothing is loaded then.
  void load(const StateDict& state);

 protected:
  /// `name` must be a string literal. Throws ValueError if the model has no parameters, GraphError
  /// while another average is swapped into it.
  WeightAverage(const char* name, const nn::Params& params);
  /// The weight of the new values in update number `update` = 1, 2, …
  virtual double share(int64_t update) const = 0;

 private:
  const char* name_;
  nn::Params model_;
  size_t model_size_;  // number of parameters and buffers at construction
  std::vector<nn::Param> params_;
  std::vector<nn::Param> averages_;
  int64_t updates_ = 0;
};

struct EmaOptions {
  double decay = 0.999;  ///< of the average in each update
  /// Excludes the initial (random) weights: averages the updates only, with exponential weights
  /// that sum to 1, like Adam's bias correction.
  bool bias_correction = true;
};

/// Exponential moving average: average = decay * average + (1 - decay) * weights.
class Ema : public WeightAverage {
 public:
  /// Throws ValueError for a decay outside [0, 1).
  explicit Ema(const nn::Params& params, const EmaOptions& options = {});
  Ema(const nn::Params& params, double decay) : Ema(params, EmaOptions{.decay = decay}) {}

 private:
  double share(int64_t update) const override;

  EmaOptions options_;
};

/// Stochastic weight averaging (Izmailov et al. 2018): the mean of the weights at all updates, such
/// as at the end of each epoch or cycle.
class Swa : public WeightAverage {
 public:
  explicit Swa(const nn::Params& params) : WeightAverage("Swa", params) {}

 private:
  double share(int64_t update) const override { return 1 / static_cast<double>(update); }
};

}  // namespace tapehead::optim
