// An optimizer step: its parameters, for update() and for fused kernels.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/nn/params.h"
#include "tapehead/optim/group.h"
#include "tapehead/optim/piece.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

/// A state tensor that an optimizer keeps for every parameter, such as a momentum. It is created at
/// the parameter's first step, filled with zeros.
class StateSpec {
 public:
  /// The shape of a state tensor, from that of the parameter; std::nullopt: it has no such tensor.
  using ShapeOf = std::function<std::optional<Shape>(const Shape& parameter)>;

  /// `only_if` names an option: only groups in which it is nonzero (or true) have the tensor. If
  /// `free_shape` is true, the tensor does not have the parameter's shape: it is initially
  /// undefined, and update() creates it.
  StateSpec(const char* name, const char* only_if = "", bool free_shape = false);
  /// A tensor of another shape than the parameter's.
  StateSpec(const char* name, ShapeOf shape);

  /// The shape of a state of one number, which is 0-d.
  static std::optional<Shape> one_number(const Shape& parameter);

  /// The name.
  const std::string& name() const { return name_; }
  /// Whether update() creates the tensor.
  bool free_shape() const { return free_shape_; }
  /// The tensor's shape for a parameter of a group (with free_shape: the parameter's);
  /// std::nullopt: the parameter does not have this tensor.
  std::optional<Shape> shape(const ParamGroup& group, const Shape& parameter) const;

 private:
  std::string name_, only_if_;
  bool free_shape_ = false;
  ShapeOf shape_ = {};
};

namespace detail {

/// A parameter and its state.
struct Entry {
  nn::Param param;
  size_t group;
  int64_t steps = 0;
  bool ready = false;              // whether the members below exist: from the first step on
  DType dtype = f32;               // of the parameter at the last step
  std::vector<Tensor> state = {};  // one for each StateSpec, undefined where the group has none
  Tensor master = {};              // the f32 copy of a bf16 or f16 parameter
};

}  // namespace detail

/// One parameter in a step. Computations with it are not recorded for autograd.
class Parameter {
 public:
  /// The value: modify it in place, or assign a tensor of the same shape and type. For a bf16 or
  /// f16 parameter this is the f32 master copy, which the optimizer rounds afterwards.
  Tensor value;
  /// The gradient, in the type of `value`, multiplied by StepOptions::grad_scale. Do not modify it
  /// in place: it may be the parameter's grad() itself.
  Tensor grad;
  /// The number of this step, from 1, counting only steps in which the parameter had a gradient.
  int64_t step;

  /// The path, such as "decoder.0.attn.q.weight".
  const std::string& path() const { return entry_->param.path; }
  /// See ParamGroup::option() and options(), for the parameter's group.
  double option(std::string_view name, size_t index = 0) const {
    return group_->option(name, index);
  }
  template <class Options>
  Options options() const {
    return group_->options<Options>();
  }
  /// A state tensor by name, to modify in place or assign; zeros at the first step. It must keep
  /// its shape (unless free_shape) and its type: f64 for f64 parameters, otherwise f32. Throws
  /// ValueError that lists the names for a state that this parameter does not have.
  Tensor& state(std::string_view name);

  /// For optimizers that evaluate the loss again within a step: writes `value`, which has been
  /// modified in place, to the model (for bf16, rounded).
  void write_value() const;
  /// Replaces `grad` by the gradient that the model has now; zeros if it has none.
  void read_grad();

 private:
  friend class Step;
  Parameter(detail::Entry& entry, const ParamGroup& group, const std::vector<StateSpec>& specs,
            double grad_scale);

  detail::Entry* entry_;
  const ParamGroup* group_;
  const std::vector<StateSpec>* specs_;
  double grad_scale_;
};

/// The parameters of a step: those that have a gradient.
class Step {
 public:
  Step();
  ~Step();
  size_t size() const { return items_.size(); }
  /// The factor that gradients are to be multiplied by.
  double grad_scale() const { return grad_scale_; }
  /// The type that kernels of run() are chosen by (f32 for f16), the step number (from 1) and the
  /// group of parameter i.
  DType dtype(size_t i) const;
  int64_t step(size_t i) const { return items_[i].entry->steps + 1; }
  const ParamGroup& group(size_t i) const { return (*groups_)[items_[i].entry->group]; }
  /// A state tensor of parameter i: see Parameter::state().
  Tensor& state(size_t i, std::string_view name);

  /// Calls f with parameter i. Throws ValueError if f assigns a value or a state of another shape
  /// or type.
  void update(size_t i, const std::function<void(Parameter&)>& f);
  /// Calls f with all parameters, for updates that depend on more than one. Throws as update().
  void update_together(const std::function<void(std::span<Parameter>)>& f);
  /// Calls kernel(i, piece) on pieces that cover every element of every parameter once, in
  /// parallel, with denormals flushed to zero. The split into pieces depends only on the
  /// parameters' sizes, not on the number of threads. State tensors of another shape than the
  /// parameter are null in the piece.
  void run(const std::function<void(size_t i, const Piece& piece)>& kernel);

 private:
  friend class Optimizer;
  struct FusedPass;
  struct Item {
    detail::Entry* entry;
    Tensor gradient;
    Tensor value = {};  // the value after update(); undefined if it was not called
  };
  void begin(const char* name, double grad_scale, const std::vector<ParamGroup>& groups,
             const std::vector<StateSpec>& specs);
  void add(detail::Entry& entry, const Tensor& gradient);
  Parameter open(size_t i);
  void close(const Parameter& parameter, const Item& item);
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
