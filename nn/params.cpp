#include "tapehead/nn/params.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/node.h"
#include "tapehead/core/pattern.h"
#include "tapehead/core/suggest.h"
#include "tapehead/nn/detail/params_state.h"

namespace tapehead::nn {

namespace {

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

void set_training(const auto& places, std::string_view pattern, bool on) {
  bool any = pattern == "*";
  std::vector<std::string> names;
  for (const auto& place : places) {
    for (const std::string& name : {place->path, place->path + "."}) {
      names.push_back(name);
      if (!fits_pattern(name, pattern)) continue;
      place->training = on;
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

std::vector<Tensor> Params::parameters(std::string_view pattern) const {
  std::vector<Tensor> out;
  const std::vector<Param> trained = trainable();
  for (const Param& p : trained)
    if (p.fits(pattern)) out.push_back(p.value);
  if (out.empty())
    throw ValueError(no_fit("parameters", "trained parameter", pattern, names_of(trained)));
  return out;
}

void Params::train(std::string_view pattern) const { set_training(state_->places, pattern, true); }
void Params::eval(std::string_view pattern) const { set_training(state_->places, pattern, false); }
void Params::freeze(std::string_view pattern) const { set_trainable(state_->all, pattern, false); }
void Params::unfreeze(std::string_view pattern) const { set_trainable(state_->all, pattern, true); }

void Params::to(DType dtype) const {
  if (!is_floating(dtype))
    throw DTypeError(fmt::format("params: {} is not f32, f64, bf16 or f16", name(dtype)));
  for (const Param& p : state_->all)
    if (is_floating(p.value.dtype())) tapehead::detail::convert_leaf(p.value, dtype);
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

}  // namespace tapehead::nn
