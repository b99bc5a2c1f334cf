// A step of an optimizer: its parameters, as update() and fused kernels see them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/group.h"
#include "tapehead/optim/piece.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// A tensor that an optimizer keeps for every parameter, such as a momentum. It is made at the
/// parameter's first step, with zeros.
class StateSpec {
 public:
  /// With `only_if`, an option's name: only groups in which it is not 0 or false have the tensor.
  /// With `free_shape`, its shape is not the parameter's: it begins undefined, and update() makes
  /// it.
  StateSpec(const char* name, const char* only_if = "", bool free_shape = false)
      : name_(name), only_if_(only_if), free_shape_(free_shape) {}

  const std::string& name() const { return name_; }
  bool free_shape() const { return free_shape_; }
  /// Whether a group's parameters have it.
  bool in(const ParamGroup& group) const { return only_if_.empty() || group.option(only_if_) != 0; }

 private:
  std::string name_, only_if_;
  bool free_shape_;
};

namespace detail {

/// What an optimizer keeps of a parameter.
struct Entry {
  nn::Param param;
  size_t group;
  int64_t steps = 0;
  bool ready = false;              // what follows was made, at the first step
  DType dtype = f32;               // of the parameter at that time
  std::vector<Tensor> state = {};  // one for each StateSpec, undefined where the group has none
  Tensor master = {};              // the f32 copy of a bf16 parameter
};

}  // namespace detail

/// One parameter in a step. Nothing that is computed with it is recorded.
class Parameter {
 public:
  /// The values: change them in place, or assign a tensor of the same shape and type. f32 of a bf16
  /// parameter, whose f32 master copy it is; rounding it is left to the optimizer.
  Tensor value;
  /// The gradient, in the type of `value`, multiplied by StepOptions::grad_scale. Not to be changed
  /// in place: it may be the parameter's grad() itself.
  Tensor grad;
  /// The number of this step, as the parameter counts them: from 1, only those it took part in.
  int64_t step;

  /// "decoder.0.attn.q.weight"
  const std::string& path() const { return entry_->param.path; }
  /// As ParamGroup::option() and options(), of the parameter's group.
  double option(std::string_view name, size_t index = 0) const {
    return group_->option(name, index);
  }
  template <class Options>
  Options options() const {
    return group_->options<Options>();
  }
  /// A state tensor by name, to be changed in place or assigned: zeros before the first step. It
  /// must keep its shape, the parameter's, and its type: f64 of f64 parameters, else f32. Throws
  /// ValueError, with the names that there are, for one that the optimizer does not have or whose
  /// StateSpec::only_if is off.
  Tensor& state(std::string_view name);

 private:
  friend class Step;
  Parameter(detail::Entry& entry, const ParamGroup& group, const std::vector<StateSpec>& specs);

  detail::Entry* entry_;
  const ParamGroup* group_;
  const std::vector<StateSpec>* specs_;
};

/// The parameters of a step: those that have a gradient.
class Step {
 public:
  Step();
  ~Step();
  size_t size() const { return items_.size(); }
  /// What gradients are to be multiplied by.
  double grad_scale() const { return grad_scale_; }
  /// Of parameter i: its type, the number of its step from 1, and its group.
  DType dtype(size_t i) const { return items_[i].entry->param.value.dtype(); }
  int64_t step(size_t i) const { return items_[i].entry->steps + 1; }
  const ParamGroup& group(size_t i) const { return (*groups_)[items_[i].entry->group]; }

  /// Calls f with parameter i. Throws ValueError when f leaves a value or a state of another shape
  /// or type.
  void update(size_t i, const std::function<void(Parameter&)>& f);
  /// Calls kernel(i, piece) once for every element of every parameter, for many pieces at a time on
  /// all threads, with denormal numbers taken for zeros. How parameters are cut depends on their
  /// sizes alone.
  void run(const std::function<void(size_t i, const Piece& piece)>& kernel);

 private:
  friend class Optimizer;
  struct FusedPass;
  struct Item {
    detail::Entry* entry;
    Tensor gradient;
    Tensor value = {};  // what update() changed; undefined when it was not called
  };
  void begin(const char* name, double grad_scale, const std::vector<ParamGroup>& groups,
             const std::vector<StateSpec>& specs);
  void add(detail::Entry& entry, const Tensor& gradient) { items_.push_back({&entry, gradient}); }
  void check_state(const Item& item);
  void finish();
  void flush_denormals() const;

  const char* name_ = "";
  double grad_scale_ = 1;
  const std::vector<ParamGroup>* groups_ = nullptr;
  const std::vector<StateSpec>* specs_ = nullptr;
  std::vector<Item> items_;
  std::unique_ptr<FusedPass> fused_;
};

}  // namespace tapehead::optim
