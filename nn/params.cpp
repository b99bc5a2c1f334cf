#include "tapehead/nn/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "tapehead/autograd/node.h"
#include "tapehead/core/detail/utf8.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/pattern.h"
#include "tapehead/core/suggest.h"

namespace tapehead::nn {

struct Params::State {
  uint64_t seed;
  bool has_values = true;
  std::string description = "the model";
  std::shared_ptr<std::string> swapped_in = std::make_shared<std::string>();
  std::vector<Param> all;
  std::unordered_map<std::string, size_t> index;  // each name to its position in `all`
  std::vector<std::pair<std::string, std::shared_ptr<bool>>> places;  // path, training mode
};

namespace {

// FNV-1a, to derive a parameter's random stream from its path.
uint64_t hash_of(std::string_view path) {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : path) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return h;
}

std::string thousands(int64_t n) {
  std::string digits = std::to_string(n);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string no_fit(std::string_view op, std::string_view what, std::string_view pattern,
                   const std::vector<std::string>& names) {
  const std::string near = closest_pattern(pattern, names);
  return fmt::format("{}: no {}'s path matches '{}'{}", op, what, pattern,
                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

void throw_taken(const std::string& path) {
  throw ValueError(fmt::format("params: '{}' exists already; give this layer another name", path));
}

}  // namespace

std::vector<std::string> names_of(const std::vector<Param>& params) {
  std::vector<std::string> names;
  for (const Param& p : params) {
    names.push_back(p.path);
    names.insert(names.end(), p.ties.begin(), p.ties.end());
  }
  return names;
}

bool Param::fits(std::string_view pattern) const {
  return fits_pattern(path, pattern) ||
         std::any_of(ties.begin(), ties.end(),
                     [&](const std::string& tie) { return fits_pattern(tie, pattern); });
}

void Param::check_own_weights(std::string_view op, std::string_view call) const {
  if (!swapped_in || swapped_in->empty()) return;
  throw GraphError(
      fmt::format("{}: the model has the averages of {} in place of its weights; end the scope of "
                  "swap() before {}",
                  op, *swapped_in, call));
}

Params::Params() : Params(default_generator().seed) {}
Params::Params(uint64_t seed) : state_(std::make_shared<State>()) { state_->seed = seed; }

Params Params::shapes_only() {
  Params params(0);
  params.state_->has_values = false;
  return params;
}

Scope Params::root() const { return {*this, ""}; }
Scope Params::operator/(std::string_view name) const { return root() / name; }

const std::vector<Param>& Params::all() const { return state_->all; }

std::vector<Param> Params::trainable() const {
  std::vector<Param> out;
  for (const Param& p : state_->all)
    if (!p.is_buffer && p.value.requires_grad()) out.push_back(p);
  return out;
}

size_t Params::position(std::string_view name) const {
  const auto found = state_->index.find(std::string(name));
  return found == state_->index.end() ? state_->all.size() : found->second;
}

bool Params::contains(std::string_view path) const {
  return state_->index.contains(std::string(path));
}

const Tensor& Params::operator[](std::string_view path) const {
  const size_t at = position(path);
  if (at < state_->all.size()) return state_->all[at].value;
  const std::string near = closest_name(path, names_of(state_->all));
  throw IndexError(fmt::format("params: no parameter '{}'{}", path,
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

int64_t Params::count() const {
  int64_t n = 0;
  for (const Param& p : state_->all) n += p.is_buffer ? 0 : p.value.numel();
  return n;
}

namespace {

void set_training(std::vector<std::pair<std::string, std::shared_ptr<bool>>>& places,
                  std::string_view pattern, bool on) {
  bool any = pattern == "*";
  std::vector<std::string> names;
  for (auto& [path, training] : places) {
    for (const std::string& name : {path, path + "."}) {
      names.push_back(name);
      if (!fits_pattern(name, pattern)) continue;
      *training = on;
      any = true;
    }
  }
  if (!any) throw ValueError(no_fit(on ? "train" : "eval", "layer", pattern, names));
}

void set_trainable(std::vector<Param>& all, std::string_view pattern, bool on) {
  bool any = false;
  for (Param& p : all)
    if (!p.is_buffer && p.fits(pattern)) {
      p.value.set_requires_grad(on);
      any = true;
    }
  if (!any)
    throw ValueError(no_fit(on ? "unfreeze" : "freeze", "parameter", pattern, names_of(all)));
}

}  // namespace

void Params::train(std::string_view pattern) const { set_training(state_->places, pattern, true); }
void Params::eval(std::string_view pattern) const { set_training(state_->places, pattern, false); }
void Params::freeze(std::string_view pattern) const { set_trainable(state_->all, pattern, false); }
void Params::unfreeze(std::string_view pattern) const { set_trainable(state_->all, pattern, true); }

void Params::to(DType dtype) const {
  if (!is_floating(dtype))
    throw DTypeError(fmt::format("params: {} is not f32, f64 or bf16", name(dtype)));
  for (const Param& p : state_->all)
    if (is_floating(p.value.dtype())) detail::convert_leaf(p.value, dtype);
}

void Params::zero_grad() const {
  for (const Param& p : state_->all)
    if (p.value.grad().defined()) p.value.set_grad({});
}

void Params::set_swapped_in(const std::string& average) const { *state_->swapped_in = average; }

void Params::check_own_weights(std::string_view op, std::string_view call) const {
  Param{.path = {}, .value = {}, .swapped_in = state_->swapped_in}.check_own_weights(op, call);
}

void Params::describe(std::string model) const { state_->description = std::move(model); }
const std::string& Params::description() const { return state_->description; }

std::string Params::str() const {
  size_t path_width = 4, shape_width = 5;
  for (const Param& p : state_->all) {
    path_width = std::max(path_width, p.path.size());
    shape_width = std::max(shape_width, p.value.shape().str().size());
  }
  std::string out = fmt::format("{:<{}}  {:<{}}  type  {:>12}\n", "path", path_width, "shape",
                                shape_width, "count");
  for (const Param& p : state_->all)
    out +=
        fmt::format("{:<{}}  {:<{}}  {:<4}  {:>12}{}\n", p.path, path_width, p.value.shape().str(),
                    shape_width, name(p.value.dtype()), thousands(p.value.numel()),
                    p.is_buffer               ? "  buffer"
                    : p.value.requires_grad() ? ""
                                              : "  frozen");
  for (const Param& p : state_->all)
    for (const std::string& tie : p.ties) out += fmt::format("{} is {}\n", tie, p.path);
  int64_t trained = 0;
  for (const Param& p : trainable()) trained += p.value.numel();
  return out +
         fmt::format("{} parameters, {} of them trained\n", thousands(count()), thousands(trained));
}

Scope::Scope(Params params, std::string path) : params_(std::move(params)), path_(std::move(path)) {
  auto& places = params_.state_->places;
  const auto known =
      std::find_if(places.begin(), places.end(), [&](auto& p) { return p.first == path_; });
  if (known == places.end()) {
    training_ = std::make_shared<bool>(true);
    places.emplace_back(path_, training_);
  } else {
    training_ = known->second;
  }
}

std::string Scope::path_of(std::string_view name) const {
  if (name.empty() || name.find('.') != std::string_view::npos)
    throw ValueError(
        fmt::format("params: '{}' is not a name; a name must not be empty or contain a dot", name));
  if (const std::string fault = core::fault_of_name(name); !fault.empty())
    throw ValueError(fmt::format(
        "params: the name {:?} {}: it could not be read back from a file; use another name", name,
        fault));
  const std::string path = path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  if (path == "__metadata__")
    throw ValueError(
        fmt::format("params: '{}' is reserved for the metadata of files; use another name", path));
  return path;
}

Scope Scope::operator/(std::string_view name) const { return {params_, path_of(name)}; }

Tensor Scope::param(std::string_view name, const Shape& shape, const Init& init) const {
  Params::State& state = *params_.state_;
  const std::string path = path_of(name);
  if (params_.contains(path)) throw_taken(path);
  Tensor value = state.has_values ? core::empty(shape) : core::expand(core::empty({}), shape);
  Generator generator{.seed = state.seed, .draws = hash_of(path)};
  if (state.has_values) init(value, generator);
  value.set_name(path).set_requires_grad();
  state.index.emplace(path, state.all.size());
  state.all.push_back({.path = path, .value = value, .swapped_in = state.swapped_in});
  return value;
}

Tensor Scope::buffer(std::string_view name, const Tensor& value) const {
  Params::State& state = *params_.state_;
  const std::string path = path_of(name);
  if (params_.contains(path)) throw_taken(path);
  Tensor held = value.detach();
  held.set_name(path);
  state.index.emplace(path, state.all.size());
  state.all.push_back(
      {.path = path, .value = held, .is_buffer = true, .swapped_in = state.swapped_in});
  return held;
}

void Scope::tie(std::string_view name, const Tensor& parameter) const {
  Params::State& state = *params_.state_;
  for (size_t i = 0; i < state.all.size(); ++i) {
    if (!state.all[i].value.is_same(parameter)) continue;
    const std::string path = path_of(name);
    if (!state.index.emplace(path, i).second) throw_taken(path);
    state.all[i].ties.push_back(path);
    return;
  }
  throw ValueError(
      fmt::format("tie: {} is not a parameter of this model", core::describe(parameter)));
}

}  // namespace tapehead::nn
