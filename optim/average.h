// Averages of the weights over the training, which often score better than the last ones.
//
//   optim::Ema ema(params, {.decay = 0.999});
//   for (…) { … opt.step(); ema.update(); }
//   {
//     auto swapped = ema.swap();     // the model has the averages
//     evaluate(model);
//   }                                // and its own weights again
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// The base of averages: of every parameter of a model, in f32 (f64 of f64 parameters). Buffers are
/// not averaged. Make it after the layers.
///
/// In the scope of swap() the model can be run, scored and saved (Params::save), with the averages.
/// Changes that would be lost at the end of the scope, or would mix averages with weights, throw
/// GraphError: another swap(), update(), copy_to_model() and load() of this average and of others
/// of the model, step() and load() of its optimizers, Params::load, checkpoints.
class WeightAverage {
 public:
  WeightAverage(const WeightAverage&) = delete;
  WeightAverage& operator=(const WeightAverage&) = delete;
  virtual ~WeightAverage() = default;

  /// Adds the weights to the average. Throws GraphError when the model has new parameters.
  void update();
  /// The number of updates.
  int64_t updates() const { return updates_; }
  /// The averages; before the first update(), the weights that the model had when this was made.
  const std::vector<nn::Param>& averages() const { return averages_; }

  /// The averages are in the model as long as it lives.
  class [[nodiscard]] Swapped {
   public:
    explicit Swapped(WeightAverage& average);
    Swapped(const Swapped&) = delete;
    Swapped& operator=(const Swapped&) = delete;
    ~Swapped();

   private:
    WeightAverage& average_;
    std::vector<Tensor> weights_;
  };
  /// Puts the averages into the model until the result goes out of scope.
  Swapped swap() { return Swapped(*this); }
  /// Puts the averages into the model for good.
  void copy_to_model() const;

  StateDict save() const;
  /// Restores a state. Throws FormatError that lists what does not fit; then nothing was loaded.
  void load(const StateDict& state);

 protected:
  /// `name` is a literal.
  WeightAverage(const char* name, const nn::Params& params);
  /// The weight of the new values at update number `update` = 1, 2 …
  virtual double share(int64_t update) const = 0;

 private:
  const char* name_;
  nn::Params model_;
  size_t model_size_;  // parameters and buffers when this was made
  std::vector<nn::Param> params_;
  std::vector<nn::Param> averages_;
  int64_t updates_ = 0;
};

struct EmaOptions {
  double decay = 0.999;
  /// Leaves out the weights that the model had at first, random ones: the average is over the
  /// updates alone, with exponential weights that add up to 1, as in Adam's bias correction.
  bool bias_correction = true;
};

/// The exponential moving average: average = decay average + (1 - decay) weights.
class Ema : public WeightAverage {
 public:
  explicit Ema(const nn::Params& params, const EmaOptions& options = {});
  Ema(const nn::Params& params, double decay) : Ema(params, EmaOptions{.decay = decay}) {}

 private:
  double share(int64_t update) const override;

  EmaOptions options_;
};

/// The plain mean of all updates, one at the end of each epoch or cycle: stochastic weight
/// averaging, Izmailov et al. 2018.
class Swa : public WeightAverage {
 public:
  explicit Swa(const nn::Params& params) : WeightAverage("Swa", params) {}

 private:
  double share(int64_t update) const override { return 1 / static_cast<double>(update); }
};

}  // namespace tapehead::optim
