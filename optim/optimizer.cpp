#include "tapehead/optim/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/suggest.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/detail/state_reader.h"
#include "tapehead/optim/detail/updates.h"

namespace tapehead::optim {
namespace {

void check_lr(double lr, std::string_view owner, const std::string& what) {
  detail::check_option(lr > 0 && std::isfinite(lr), owner, what, lr, "above 0");
}
void check_weight_decay(double decay, std::string_view owner, const std::string& what) {
  detail::check_option(decay >= 0 && std::isfinite(decay), owner, what, decay, "0 or more");
}

}  // namespace

Optimizer::Optimizer(const char* name, double lr, double weight_decay, std::vector<GroupRule> rules,
                     std::vector<std::string> slots)
    : name_(name),
      lr_(lr),
      base_lr_(lr),
      weight_decay_(weight_decay),
      rules_(std::move(rules)),
      slots_(std::move(slots)),
      updates_(std::make_unique<detail::Updates>()) {
  check_lr(lr, name_, "lr");
  check_weight_decay(weight_decay, name_, "weight_decay");
  for (const GroupRule& rule : rules_) {
    check_lr(rule.own.lr.value_or(lr), name_, "lr of '" + rule.pattern + "'");
    check_weight_decay(rule.own.weight_decay.value_or(0), name_,
                       "weight_decay of '" + rule.pattern + "'");
  }
}

Optimizer::~Optimizer() = default;

void Optimizer::train(const nn::Params& params) {
  model_ = params;
  take_new();
  check_fit();
}

void Optimizer::train(const std::vector<nn::Param>& params) {
  for (const nn::Param& p : params) take(p);
  check_fit();
}

void Optimizer::take_new() {
  if (!model_) return;
  const std::vector<nn::Param>& all = model_->all();
  for (; seen_ < all.size(); ++seen_)
    if (!all[seen_].is_buffer) take(all[seen_]);
}

void Optimizer::take(const nn::Param& param) {
  if (!param.value.defined() || !is_floating(param.value.dtype()))
    throw DTypeError(fmt::format("{}: '{}' is {}; only f32, f64 and bf16 can be trained", name_,
                                 param.path, core::describe(param.value)));
  for (const Entry& e : entries_)
    if (e.param.path == param.path || e.param.value.is_same(param.value))
      throw ValueError(fmt::format(
          "{}: '{}' and '{}' are {}; give each parameter once, under its own name", name_,
          e.param.path, param.path, e.param.path == param.path ? "one name" : "one tensor"));
  const size_t group = group_of(param);
  groups_[group].parameters.push_back(param.path);
  entries_.push_back({param, group});
}

size_t Optimizer::group_of(const nn::Param& param) {
  ParamGroup group{.base_lr = base_lr_, .weight_decay = weight_decay_};
  for (const GroupRule& rule : rules_) {
    if (!param.fits(rule.pattern)) continue;
    group.patterns.push_back(rule.pattern);
    group.base_lr = rule.own.lr.value_or(group.base_lr);
    group.weight_decay = rule.own.weight_decay.value_or(group.weight_decay);
  }
  const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const ParamGroup& g) {
    return g.patterns == group.patterns;
  });
  if (known != groups_.end()) return static_cast<size_t>(known - groups_.begin());
  groups_.push_back(std::move(group));
  set_lr(lr_);
  return groups_.size() - 1;
}

void Optimizer::check_fit() const {
  if (entries_.empty())
    throw ValueError(std::string(name_) +
                     ": there are no parameters; make the layers before the optimizer");
  for (const GroupRule& rule : rules_) {
    const auto fits = [&](const Entry& e) { return e.param.fits(rule.pattern); };
    if (std::any_of(entries_.begin(), entries_.end(), fits)) continue;
    throw ValueError(fmt::format("{}: no parameter's path fits '{}'; {}", name_, rule.pattern,
                                 paths_like(rule.pattern)));
  }
}

// What to do about a pattern that fits nothing.
std::string Optimizer::paths_like(const std::string& pattern) const {
  std::vector<std::string> names;
  for (const Entry& e : entries_) {
    names.push_back(e.param.path);
    names.insert(names.end(), e.param.ties.begin(), e.param.ties.end());
  }
  const std::string near = closest_pattern(pattern, names);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  const auto shown = std::min<size_t>(names.size(), 4);
  const auto end = names.begin() + static_cast<int64_t>(shown);
  std::string out = fmt::format("the paths are {}", fmt::join(names.begin(), end, ", "));
  if (names.size() > shown) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

void Optimizer::set_lr(double lr) {
  detail::check_option(lr >= 0 && std::isfinite(lr), name_, "lr", lr, "0 or more");
  lr_ = lr;
  for (ParamGroup& g : groups_) g.lr = g.base_lr == base_lr_ ? lr : g.base_lr * (lr / base_lr_);
}

void Optimizer::zero_grad() {
  take_new();
  for (const Entry& e : entries_)
    if (e.param.value.grad().defined()) e.param.value.set_grad({});
}

std::vector<std::string> Optimizer::slots_of(DType parameter) const {
  std::vector<std::string> slots = slots_;
  if (parameter == bf16) slots.emplace_back("master");
  return slots;
}

// Makes the state, or converts it when the parameter was converted since.
void Optimizer::prepare_state(Entry& entry) const {
  const Tensor& param = entry.param.value;
  const DType dtype = param.dtype(), type = detail::state_type(dtype);
  if (!entry.state.empty() && entry.dtype == dtype) return;
  std::vector<Tensor> state;
  for (size_t i = 0; i < slots_.size(); ++i)
    state.push_back(entry.state.empty() ? core::full(param.shape(), 0, type)
                                        : core::cast(entry.state[i], type));
  if (dtype == bf16) state.push_back(core::cast(param, f32));
  entry.dtype = dtype;
  entry.state = std::move(state);
}

void Optimizer::add_update(size_t index, const Tensor& gradient) {
  Entry& entry = entries_[index];
  const ParamGroup& group = groups_[entry.group];
  prepare_state(entry);
  detail::Update update{.entry = index,
                        .param = core::contiguous(entry.param.value),
                        .grad = core::contiguous(gradient),
                        .whole = {},
                        .step = entry.steps + 1,
                        .lr = group.lr,
                        .weight_decay = group.weight_decay};
  kernels::OptimPiece& whole = update.whole;
  whole.param = update.param.raw();
  whole.grad = update.grad.raw();
  whole.n = update.param.numel();
  for (size_t i = 0; i < slots_.size(); ++i) whole.state[i] = entry.state[i].raw();
  if (update.dtype() == bf16) whole.master = entry.state.back().raw();
  updates_->add(std::move(update));
}

void Optimizer::step(const StepOptions& options) {
  detail::check_option(std::isfinite(options.grad_scale), name_, "grad_scale", options.grad_scale,
                       "finite");
  take_new();
  for (const Entry& e : entries_) e.param.check_own_weights(name_, "step()");
  updates_->clear();
  for (size_t i = 0; i < entries_.size(); ++i)
    if (const Tensor& value = entries_[i].param.value; value.requires_grad())
      if (const Tensor gradient = value.grad(); gradient.defined()) add_update(i, gradient);
  if (updates_->all().empty())
    throw GraphError(std::string(name_) +
                     ": no parameter has a gradient; call backward() on the loss before step()");
  update(*updates_, options.grad_scale);
  for (const detail::Update& u : updates_->all()) {
    Entry& entry = entries_[u.entry];
    const Tensor& value = entry.param.value;
    if (!u.param.is_same(value)) core::copy_into(value, u.param);
    value.impl()->storage->changed_by(name_);
    ++entry.steps;
  }
  ++steps_;
  updates_->clear();
}

StateDict Optimizer::save() const {
  StateDict out;
  out.numbers = {{"steps", static_cast<double>(steps_)}, {"lr", lr_}};
  for (const Entry& e : entries_) {
    out.numbers.emplace_back(e.param.path + ".steps", static_cast<double>(e.steps));
    if (e.steps == 0) continue;
    const std::vector<std::string> slots = slots_of(e.dtype);
    for (size_t i = 0; i < e.state.size(); ++i)
      out.tensors.emplace_back(e.param.path + "." + slots[i], core::clone(e.state[i]));
  }
  return out;
}

void Optimizer::load(const StateDict& state) {
  take_new();
  for (const Entry& e : entries_) e.param.check_own_weights(name_, "load()");
  detail::StateReader reader(name_, state);
  const int64_t steps = reader.count("steps");
  const double lr = reader.number("lr");
  std::vector<Entry> loaded = entries_;
  for (Entry& e : loaded) {
    const std::string name = reader.name_of(e.param, ".steps");
    e.steps = reader.count(name + ".steps");
    e.dtype = e.param.value.dtype();
    e.state.clear();
    if (e.steps == 0) continue;
    for (const std::string& slot : slots_of(e.dtype))
      e.state.push_back(
          reader.tensor(name + "." + slot, e.param.value.shape(), detail::state_type(e.dtype)));
  }
  reader.finish();
  set_lr(lr);
  entries_ = std::move(loaded);
  steps_ = steps;
}

}  // namespace tapehead::optim
