#include "tapehead/optim/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/optim/clip_kernel.h"
#include "tapehead/optim/detail/pieces.h"

namespace tapehead::optim {
namespace {

bool fits(const Tensor& t, const Shape& shape, DType dtype) {
  return t.defined() && t.shape() == shape && t.dtype() == dtype;
}
std::string shown(const Tensor& t) { return t.defined() ? core::describe(t) : "undefined"; }
bool shares(const Tensor& a, const Tensor& b) {
  return a.impl()->storage.get() == b.impl()->storage.get();
}

// Resets elements of the f32 master copy where the parameter was changed, that is, where it is not
// the rounded copy.
void follow_changes(const Tensor& master, const Tensor& param) {
  const NoGradGuard no_grad;
  core::copy_into(master, where(master.to(param.dtype()) == param, master, param.to(f32)));
}

}  // namespace

// Buffers of run(), kept between steps to reuse their memory.
struct Step::FusedPass {
  struct Whole {
    Tensor param, grad;
    Piece piece;
    int64_t element, state_element;
  };
  std::vector<Whole> all;
  detail::Pieces pieces;

  void clear() {
    all.clear();
    pieces.clear();
  }
};

Step::Step() : fused_(std::make_unique<FusedPass>()) {}
Step::~Step() = default;

double ParamGroup::option(std::string_view name, size_t index) const {
  std::string names;
  for (const detail::OptionValue& value : values) {
    if (value.name == name && index < value.numbers.size()) return value.numbers[index];
    names += (names.empty() ? "" : ", ") + value.name;
  }
  throw ValueError(fmt::format("{}: no option '{}'; the options are {}", optimizer,
                               index == 0 ? std::string(name) : fmt::format("{}[{}]", name, index),
                               names));
}

StateSpec::StateSpec(const char* name, const char* only_if, bool free_shape)
    : name_(name), only_if_(only_if), free_shape_(free_shape) {}
StateSpec::StateSpec(const char* name, ShapeOf shape) : name_(name), shape_(std::move(shape)) {}

std::optional<Shape> StateSpec::one_number(const Shape&) { return Shape{}; }

std::optional<Shape> StateSpec::shape(const ParamGroup& group, const Shape& parameter) const {
  if (!only_if_.empty() && group.option(only_if_) == 0) return std::nullopt;
  return shape_ ? shape_(parameter) : parameter;
}

Parameter::Parameter(detail::Entry& entry, const ParamGroup& group,
                     const std::vector<StateSpec>& specs, double grad_scale)
    : step(entry.steps + 1),
      entry_(&entry),
      group_(&group),
      specs_(&specs),
      grad_scale_(grad_scale) {}

Tensor& Parameter::state(std::string_view name) {
  std::string names;
  for (size_t i = 0; i < specs_->size(); ++i) {
    const StateSpec& spec = (*specs_)[i];
    if (!spec.shape(*group_, entry_->param.value.shape())) continue;
    if (spec.name() == name) return entry_->state[i];
    names += (names.empty() ? "" : ", ") + spec.name();
  }
  throw ValueError(
      fmt::format("{}: '{}' has no state '{}'; {}", group_->optimizer, path(), name,
                  names.empty() ? "name it when the optimizer is made" : "it has " + names));
}

void Parameter::write_value() const {
  const Tensor& model = entry_->param.value;
  if (entry_->master.defined()) core::copy_into(model, value);
}

void Parameter::read_grad() {
  const Tensor now = entry_->param.value.grad();
  grad = now.defined() ? now.to(value.dtype()) : zeros_like(value);
  if (grad_scale_ != 1) grad = grad * grad_scale_;
}

void Step::add(detail::Entry& entry, const Tensor& gradient) {
  items_.push_back({&entry, gradient});
}

void Step::begin(const char* name, double grad_scale, const std::vector<ParamGroup>& groups,
                 const std::vector<StateSpec>& specs) {
  name_ = name;
  grad_scale_ = grad_scale;
  groups_ = &groups;
  specs_ = &specs;
  items_.clear();
}

Tensor& Step::state(size_t i, std::string_view name) {
  return Parameter(*items_[i].entry, group(i), *specs_, grad_scale_).state(name);
}

DType Step::dtype(size_t i) const {
  return kernels::kernel_type(items_[i].entry->param.value.dtype());
}

void Step::update(size_t i, const std::function<void(Parameter&)>& f) {
  const NoGradGuard no_grad;
  Parameter parameter = open(i);
  f(parameter);
  close(parameter, items_[i]);
}

void Step::update_together(const std::function<void(std::span<Parameter>)>& f) {
  const NoGradGuard no_grad;
  std::vector<Parameter> all;
  all.reserve(size());
  for (size_t i = 0; i < size(); ++i) all.push_back(open(i));
  f(all);
  for (size_t i = 0; i < size(); ++i) close(all[i], items_[i]);
}

Parameter Step::open(size_t i) {
  Item& item = items_[i];
  detail::Entry& entry = *item.entry;
  Parameter parameter(entry, group(i), *specs_, grad_scale_);
  if (entry.master.defined()) {
    follow_changes(entry.master, entry.param.value);
    item.value = entry.master;
  } else {
    item.value = entry.param.value.detach();
  }
  parameter.value = item.value;
  parameter.grad = item.gradient.to(item.value.dtype());
  if (grad_scale_ != 1) parameter.grad = parameter.grad * grad_scale_;
  return parameter;
}

void Step::close(const Parameter& parameter, const Item& item) {
  if (!fits(parameter.value, item.value.shape(), item.value.dtype()))
    throw ValueError(fmt::format("{}: update() gave '{}' the value {}; it must stay {} {}", name_,
                                 parameter.path(), shown(parameter.value), item.value.shape().str(),
                                 tapehead::name(item.value.dtype())));
  check_state(item);
  if (!parameter.value.is_same(item.value)) core::copy_into(item.value, parameter.value);
}

// Checks the shape and dtype of an assigned state tensor, and makes it contiguous and unshared.
void Step::check_state(const Item& item) {
  const Tensor& value = item.value;
  for (size_t k = 0; k < specs_->size(); ++k) {
    const StateSpec& spec = (*specs_)[k];
    Tensor& state = item.entry->state[k];
    const std::optional<Shape> shape =
        spec.shape((*groups_)[item.entry->group], item.entry->param.value.shape());
    if (!shape) continue;
    const bool fit = spec.free_shape() ? state.defined() && state.dtype() == value.dtype()
                                       : fits(state, *shape, value.dtype());
    if (!fit)
      throw ValueError(
          fmt::format("{}: update() left the state '{}' of '{}' as {}; it must be {}{}", name_,
                      spec.name(), item.entry->param.path, shown(state),
                      spec.free_shape() ? "" : shape->str() + " ", tapehead::name(value.dtype())));
    if (state.requires_grad()) state = state.detach();
    if (!state.is_contiguous() || shares(state, value) || shares(state, item.gradient))
      state = core::clone(state);
  }
}

void Step::run(const std::function<void(size_t i, const Piece& piece)>& kernel) {
  FusedPass& pass = *fused_;
  pass.clear();
  for (const Item& item : items_) {
    const detail::Entry& entry = *item.entry;
    FusedPass::Whole& whole = pass.all.emplace_back();
    const DType own = entry.param.value.dtype(), type = kernels::kernel_type(own);
    // Kernels do not know f16: they update the master copy, which is rounded afterwards.
    if (type != own) follow_changes(entry.master, entry.param.value);
    whole.param = type != own ? entry.master : core::contiguous(entry.param.value);
    whole.grad = core::contiguous(core::cast(item.gradient, type));
    whole.element = size_of(whole.param.dtype());
    whole.state_element = size_of(detail::state_type(whole.param.dtype()));
    Piece& piece = whole.piece;
    piece.param = whole.param.raw();
    piece.grad = whole.grad.raw();
    piece.n = whole.param.numel();
    if (entry.master.defined() && type == own) piece.master = entry.master.raw();
    for (size_t k = 0; k < entry.state.size(); ++k) {
      const Tensor& state = entry.state[k];
      if (state.defined() && state.shape() == entry.param.value.shape())
        piece.state[k] = state.raw();
    }
    pass.pieces.add(piece.n);
  }
  // Moments of elements whose gradient is always zero, such as unused embedding rows, decay into
  // denormals, which are slow: flush them to 0.
  pass.pieces.run(
      [&](int64_t, size_t i, int64_t begin, int64_t end) {
        const FusedPass::Whole& whole = pass.all[i];
        Piece piece = whole.piece;
        piece.param += begin * whole.element;
        piece.grad += begin * whole.element;
        if (piece.master) piece.master += begin * whole.state_element;
        for (char*& state : piece.state)
          if (state) state += begin * whole.state_element;
        piece.n = end - begin;
        kernel(i, piece);
      },
      core::Denormals::flush);
  for (size_t i = 0; i < items_.size(); ++i) {
    const Tensor& value = items_[i].entry->param.value;
    if (!pass.all[i].param.is_same(value)) core::copy_into(value, pass.all[i].param);
  }
  pass.clear();
}

// Flushes denormals in the results of update() to 0; run() does so through its floating-point mode.
void Step::flush_denormals() const {
  if (std::none_of(items_.begin(), items_.end(), [](const Item& i) { return i.value.defined(); }))
    return;
  std::vector<Tensor> originals, values;
  detail::Pieces pieces;
  const auto add = [&](const Tensor& t) {
    if (!t.defined()) return;
    originals.push_back(t);
    values.push_back(core::contiguous(t));
    pieces.add(t.numel());
  };
  for (const Item& item : items_) {
    if (!item.value.defined()) continue;
    add(item.value);
    for (const Tensor& state : item.entry->state) add(state);
  }
  pieces.run(
      [&](int64_t, size_t i, int64_t begin, int64_t end) {
        const DType dtype = values[i].dtype();
        kernels::clip(dtype).scale(values[i].raw() + begin * size_of(dtype), end - begin, 1);
      },
      core::Denormals::flush);
  for (size_t i = 0; i < values.size(); ++i)
    if (!values[i].is_same(originals[i])) core::copy_into(originals[i], values[i]);
}

void Step::finish() {
  flush_denormals();
  for (const Item& item : items_) {
    detail::Entry& entry = *item.entry;
    const Tensor& value = entry.param.value;
    if (item.value.defined() && entry.master.defined()) core::copy_into(value, item.value);
    value.impl()->storage->changed_by(name_);
    ++entry.steps;
  }
  items_.clear();
}

}  // namespace tapehead::optim
