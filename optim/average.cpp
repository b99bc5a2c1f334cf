#include "tapehead/optim/average.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/optim/average_kernel.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/detail/pieces.h"
#include "tapehead/optim/state_reader.h"

namespace tapehead::optim {
namespace {

void overwrite(const nn::Param& param, const Tensor& value, const char* writer) {
  core::copy_into(param.value, value);
  param.value.impl()->storage->changed_by(writer);
}

}  // namespace

WeightAverage::WeightAverage(const char* name, const nn::Params& params)
    : name_(name), model_(params), model_size_(params.all().size()) {
  model_.check_own_weights(name_, "making another average");
  for (const nn::Param& p : params.all()) {
    if (p.is_buffer) continue;
    const Tensor average = core::empty(p.value.shape(), detail::state_type(p.value.dtype()));
    core::copy_into(average, p.value);
    params_.push_back(p);
    averages_.push_back({p.path, average});
  }
  if (params_.empty())
    throw ValueError(
        fmt::format("{}: there are no parameters; make the layers before the average", name_));
}

void WeightAverage::update() {
  model_.check_own_weights(name_, "update()");
  if (model_.all().size() != model_size_)
    throw GraphError(
        fmt::format("{}: '{}' was made after the average; make the average after all layers", name_,
                    model_.all()[model_size_].path));
  std::vector<Tensor> values;
  detail::Pieces pieces;
  for (size_t i = 0; i < params_.size(); ++i) {
    const Tensor& value = params_[i].value;
    values.push_back(core::contiguous(core::cast(value, kernels::kernel_type(value.dtype()))));
    averages_[i].value = core::cast(averages_[i].value, detail::state_type(values[i].dtype()));
    pieces.add(values[i].numel());
  }
  const double weight = share(updates_ + 1);
  pieces.run([&](int64_t, size_t i, int64_t begin, int64_t end) {
    const Tensor &x = values[i], &average = averages_[i].value;
    kernels::average(x.dtype()).update(average.raw() + begin * size_of(average.dtype()),
                                       x.raw() + begin * size_of(x.dtype()), end - begin, weight);
  });
  ++updates_;
}

WeightAverage::Swapped::Swapped(WeightAverage& average) : average_(average) {
  average.model_.check_own_weights(average.name_, "another");
  for (const nn::Param& p : average.params_) weights_.push_back(core::clone(p.value));
  average.copy_to_model();
  average.model_.set_swapped_in(average.name_);
}

WeightAverage::Swapped::~Swapped() {
  for (size_t i = 0; i < weights_.size(); ++i)
    overwrite(average_.params_[i], weights_[i], average_.name_);
  average_.model_.set_swapped_in("");
}

void WeightAverage::copy_to_model() const {
  model_.check_own_weights(name_, "copy_to_model()");
  for (size_t i = 0; i < params_.size(); ++i) overwrite(params_[i], averages_[i].value, name_);
}

StateDict WeightAverage::save() const {
  StateDict out{.numbers = {{"updates", static_cast<double>(updates_)}}};
  for (const nn::Param& p : averages_) out.tensors.emplace_back(p.path, core::clone(p.value));
  return out;
}

void WeightAverage::load(const StateDict& state) {
  model_.check_own_weights(name_, "load()");
  StateReader reader(name_, state);
  const int64_t updates = reader.count("updates");
  std::vector<nn::Param> loaded;
  for (size_t i = 0; i < averages_.size(); ++i) {
    const Tensor& here = averages_[i].value;
    loaded.push_back({params_[i].path,
                      reader.tensor(reader.name_of(params_[i], ""), here.shape(), here.dtype())});
  }
  reader.finish();
  averages_ = std::move(loaded);
  updates_ = updates;
}

Ema::Ema(const nn::Params& params, const EmaOptions& options)
    : WeightAverage("Ema", params), options_(options) {
  detail::check_option(options.decay >= 0 && options.decay < 1, "Ema", "decay", options.decay,
                       "at least 0 and below 1");
}

double Ema::share(int64_t update) const {
  const double plain = 1 - options_.decay;
  return options_.bias_correction ? plain / (1 - std::pow(options_.decay, update)) : plain;
}

}  // namespace tapehead::optim
