#include "tapehead/optim/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/suggest.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/state_reader.h"

namespace tapehead::optim {

using detail::Entry, detail::OptionValue, detail::OptionValues;

namespace {

void check_option(const char* owner, const OptionValue& option, const std::string& of) {
  const std::vector<double>& x = option.numbers;
  if (!option.range.holds || std::all_of(x.begin(), x.end(), option.range.holds)) return;
  const std::string what = option.name + of;
  if (x.size() == 1) detail::check_option(false, owner, what, x[0], option.range.text);
  throw ValueError(fmt::format("{}: {} = {{{}}}; each must be {}", owner, what, fmt::join(x, ", "),
                               option.range.text));
}

}  // namespace

ParamList::ParamList(const nn::Params& model) : model_(model) {}
ParamList::ParamList(std::vector<nn::Param> list) : list_(std::move(list)) {}
ParamList::ParamList(std::initializer_list<nn::Param> list) : list_(list) {}

Optimizer::Optimizer(const char* name, OptionValues options, std::vector<Rule> rules,
                     detail::CheckOptions check, std::vector<StateSpec> states,
                     const ParamList& params)
    : name_(name),
      options_(std::move(options)),
      rules_(std::move(rules)),
      check_(std::move(check)),
      states_(std::move(states)),
      model_(params.model_) {
  const auto is_lr = [](const OptionValue& option) { return option.name == "lr"; };
  const auto lr = std::find_if(options_.begin(), options_.end(), is_lr);
  if (lr == options_.end()) throw ValueError(fmt::format("{}: it has no option 'lr'", name_));
  if (states_.size() > Piece::kStates)
    throw ValueError(fmt::format("{}: {} state tensors; there can be {}", name_, states_.size(),
                                 Piece::kStates));
  lr_at_ = static_cast<size_t>(lr - options_.begin());
  lr_ = base_lr_ = lr->numbers[0];
  for (const OptionValue& option : options_) check_option(name_, option, "");
  if (check_) check_(name_, options_);
  for (const Rule& rule : rules_)
    for (const OptionValue& option : rule.own)
      if (option.given) check_option(name_, option, " of '" + rule.pattern + "'");
  take_new();
  for (const nn::Param& p : params.list_) take(p);
  check_fit();
}

Optimizer::~Optimizer() = default;

void Optimizer::take_new() {
  if (!model_) return;
  const std::vector<nn::Param>& all = model_->all();
  for (; seen_ < all.size(); ++seen_)
    if (!all[seen_].is_buffer) take(all[seen_]);
}

void Optimizer::take(const nn::Param& param) {
  if (!param.value.defined() || !is_floating(param.value.dtype()))
    throw DTypeError(fmt::format("{}: '{}' is {}; only f32, f64, bf16 and f16 can be trained",
                                 name_, param.path, core::describe(param.value)));
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
  ParamGroup group{.optimizer = name_, .values = options_};
  for (const Rule& rule : rules_) {
    if (!param.fits(rule.pattern)) continue;
    group.patterns.push_back(rule.pattern);
    for (size_t i = 0; i < rule.own.size(); ++i)
      if (rule.own[i].given) group.values[i].numbers = rule.own[i].numbers;
  }
  const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const ParamGroup& g) {
    return g.patterns == group.patterns;
  });
  if (known != groups_.end()) return static_cast<size_t>(known - groups_.begin());
  if (check_) check_(name_, group.values);
  group.base_lr = group.values[lr_at_].numbers[0];
  groups_.push_back(std::move(group));
  set_lr(lr_);
  return groups_.size() - 1;
}

void Optimizer::check_fit() const {
  if (entries_.empty())
    throw ValueError(std::string(name_) +
                     ": there are no parameters; make the layers before the optimizer");
  for (const Rule& rule : rules_) {
    const auto fits = [&](const Entry& e) { return e.param.fits(rule.pattern); };
    if (std::any_of(entries_.begin(), entries_.end(), fits)) continue;
    throw ValueError(fmt::format("{}: no parameter's path matches '{}'; {}", name_, rule.pattern,
                                 paths_like(rule.pattern)));
  }
}

// Suggests paths for a pattern that matches nothing.
std::string Optimizer::paths_like(const std::string& pattern) const {
  const std::vector<std::string> names = nn::names_of(parameters());
  const std::string near = closest_pattern(pattern, names);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  const auto shown = std::min<size_t>(names.size(), 4);
  const auto end = names.begin() + static_cast<int64_t>(shown);
  std::string out = fmt::format("the paths are {}", fmt::join(names.begin(), end, ", "));
  if (names.size() > shown) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

std::vector<nn::Param> Optimizer::parameters() const {
  std::vector<nn::Param> out;
  out.reserve(entries_.size());
  for (const Entry& e : entries_) out.push_back(e.param);
  return out;
}

void Optimizer::set_lr(double lr) {
  detail::check_option(lr >= 0 && std::isfinite(lr), name_, "lr", lr, "0 or more");
  lr_ = lr;
  for (ParamGroup& g : groups_) {
    g.lr = g.base_lr == base_lr_ ? lr : g.base_lr * (lr / base_lr_);
    g.values[lr_at_].numbers = {g.lr};
  }
}

void Optimizer::set_option(size_t group, std::string_view name, double value, size_t index) {
  take_new();
  if (group >= groups_.size())
    throw IndexError(fmt::format("{}: group {} is outside 0..{}; groups() lists them", name_, group,
                                 groups_.size() - 1));
  ParamGroup changed = groups_[group];
  changed.option(name, index);  // throws for an unknown name
  if (name == "lr")
    throw ValueError(fmt::format(
        "{}: set_option cannot change lr; use set_lr(), which keeps the ratios of groups", name_));
  for (OptionValue& option : changed.values) {
    if (option.name != name) continue;
    option.numbers[index] = value;
    check_option(name_, option, "");
  }
  if (check_) check_(name_, changed.values);
  groups_[group] = std::move(changed);
  for (Entry& e : entries_)
    if (e.group == group && e.ready) fit_state(e);
}

void Optimizer::zero_grad() {
  take_new();
  for (const Entry& e : entries_)
    if (e.param.value.grad().defined()) e.param.value.set_grad({});
}

// Creates the state, or converts it if the parameter has been converted.
void Optimizer::prepare_state(Entry& entry) const {
  const Tensor& param = entry.param.value;
  const DType dtype = param.dtype();
  if (entry.ready && entry.dtype == dtype) return;
  fit_state(entry);
  entry.master = is_reduced_floating(dtype) ? core::cast(param, f32) : Tensor();
  entry.dtype = dtype;
  entry.ready = true;
}

// Allocates the state tensors that the group's options require, in the state's dtype.
void Optimizer::fit_state(Entry& entry) const {
  const Tensor& param = entry.param.value;
  const DType type = detail::state_type(param.dtype());
  entry.state.resize(states_.size());
  for (size_t i = 0; i < states_.size(); ++i) {
    Tensor& state = entry.state[i];
    const std::optional<Shape> shape = states_[i].shape(groups_[entry.group], param.shape());
    if (!shape) state = Tensor();
    else if (state.defined()) state = core::cast(state, type);
    else if (!states_[i].free_shape()) state = core::full(*shape, 0, type);
  }
}

void Optimizer::update(Parameter&) {
  throw GraphError(fmt::format("{}: it overrides neither update() nor update_all()", name_));
}

void Optimizer::update_all(Step& step) {
  for (size_t i = 0; i < step.size(); ++i)
    step.update(i, [this](Parameter& parameter) { update(parameter); });
}

void Optimizer::step(const StepOptions& options) {
  detail::check_option(std::isfinite(options.grad_scale), name_, "grad_scale", options.grad_scale,
                       "finite");
  take_new();
  for (const Entry& e : entries_) e.param.check_own_weights(name_, "step()");
  step_.begin(name_, options.grad_scale, groups_, states_);
  for (Entry& e : entries_) {
    if (!e.param.value.requires_grad()) continue;
    const Tensor gradient = e.param.value.grad();
    if (!gradient.defined()) continue;
    prepare_state(e);
    step_.add(e, gradient);
  }
  if (step_.size() == 0) return;
  update_all(step_);
  step_.finish();
  ++steps_;
}

StateDict Optimizer::save() const {
  StateDict out;
  out.numbers = {{"steps", static_cast<double>(steps_)}, {"lr", lr_}};
  for (const Entry& e : entries_) {
    out.numbers.emplace_back(e.param.path + ".steps", static_cast<double>(e.steps));
    if (!e.ready || e.steps == 0) continue;
    const auto put = [&](const std::string& name, const Tensor& tensor) {
      if (tensor.defined())
        out.tensors.emplace_back(e.param.path + "." + name, core::clone(tensor));
    };
    for (size_t i = 0; i < states_.size(); ++i) put(states_[i].name(), e.state[i]);
    put("master", e.master);
  }
  return out;
}

void Optimizer::load(const StateDict& state) {
  take_new();
  for (const Entry& e : entries_) e.param.check_own_weights(name_, "load()");
  StateReader reader(name_, state);
  const int64_t steps = reader.count("steps");
  const double lr = reader.number("lr");
  std::deque<Entry> loaded = entries_;
  for (Entry& e : loaded) {
    const std::string name = reader.name_of(e.param, ".steps");
    e.steps = reader.count(name + ".steps");
    e.dtype = e.param.value.dtype();
    e.state.clear();
    e.master = Tensor();
    e.ready = e.steps > 0;
    if (!e.ready) continue;
    const Shape& own = e.param.value.shape();
    for (const StateSpec& spec : states_) {
      Tensor& tensor = e.state.emplace_back();
      const std::optional<Shape> shape = spec.shape(groups_[e.group], own);
      if (!shape) continue;
      tensor = reader.tensor(name + "." + spec.name(),
                             spec.free_shape() ? std::optional<Shape>() : shape,
                             detail::state_type(e.dtype));
    }
    if (is_reduced_floating(e.dtype)) e.master = reader.tensor(name + ".master", own, f32);
  }
  reader.finish();
  set_lr(lr);
  entries_ = std::move(loaded);
  steps_ = steps;
}

}  // namespace tapehead::optim
