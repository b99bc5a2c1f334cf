// Scopes: creating parameters, and placing layers that were constructed without one.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/detail/utf8.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/nn/detail/params_state.h"

namespace tapehead::nn {
namespace {

// FNV-1a, to derive a parameter's random stream from its path.
uint64_t hash_of(std::string_view path) {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : path) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return h;
}

void throw_taken(const std::string& path) {
  throw ValueError(fmt::format("params: '{}' exists already; give this layer another name", path));
}

/// Gives a parameter that has only a shape its memory and values. All handles to it see them.
void materialize(const Param& param, const Init& init, uint64_t seed) {
  const Tensor memory = core::empty(param.value.shape());
  Generator generator{.seed = seed, .draws = hash_of(param.path)};
  init(memory, generator);
  tapehead::detail::TensorImpl& impl = *param.value.impl();
  impl.storage = memory.impl()->storage;
  impl.strides = memory.strides();
}

std::string joined(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : name.empty() ? scope : scope + "." + name;
}

}  // namespace

Scope::Scope() : Scope(Params(0), "") {
  params_.state_->in_model = false;
  place_->fault = kNoModel;
}

Scope::Scope(const Params& params, std::string path) : params_(params) {
  auto& places = params_.state_->places;
  const auto known =
      std::find_if(places.begin(), places.end(), [&](auto& p) { return p->path == path; });
  if (known != places.end()) {
    place_ = *known;
    return;
  }
  place_ = std::make_shared<Place>();
  place_->path = std::move(path);
  place_->fault = params_.state_->fault();
  places.push_back(place_);
}

const std::string& Scope::path() const { return place_->path; }

Params Scope::params() const {
  Params params = params_;
  while (params.state_->home) params.state_ = params.state_->home;
  return params;
}

bool Scope::training() const {
  check_callable();
  return place_->training;
}

void Scope::check_callable() const {
  if (place_->fault) [[unlikely]]
    throw GraphError(place_->fault);
}

std::string Scope::path_of(std::string_view name) const {
  if (name.empty() || name.find('.') != std::string_view::npos)
    throw ValueError(
        fmt::format("params: '{}' is not a name; a name must not be empty or contain a dot", name));
  if (const std::string fault = core::fault_of_name(name); !fault.empty())
    throw ValueError(fmt::format(
        "params: the name {:?} {}: it could not be read back from a file; use another name", name,
        fault));
  std::string path = joined(this->path(), std::string(name));
  if (path == "__metadata__")
    throw ValueError(
        fmt::format("params: '{}' is reserved for the metadata of files; use another name", path));
  return path;
}

Scope Scope::operator/(std::string_view name) const { return {params(), path_of(name)}; }

Tensor Scope::param(std::string_view name, const Shape& shape, const Init& init) const {
  const Params params = this->params();
  Params::State& state = *params.state_;
  Param param{.path = path_of(name), .value = core::expand(core::empty({}), shape)};
  if (params.contains(param.path)) throw_taken(param.path);
  if (!state.fault()) materialize(param, init, state.seed);
  param.value.set_requires_grad();
  return state.add(std::move(param), init);
}

Tensor Scope::buffer(std::string_view name, const Tensor& value) const {
  const Params params = this->params();
  Param param{.path = path_of(name), .value = value.detach(), .is_buffer = true};
  if (params.contains(param.path)) throw_taken(param.path);
  return params.state_->add(std::move(param), {});
}

Tensor Scope::rename(std::string_view from, std::string_view to) const {
  const Params params = this->params();
  Params::State& state = *params.state_;
  const std::string path = path_of(from), renamed = path_of(to);
  const Tensor value = params[path];
  if (params.contains(renamed)) throw_taken(renamed);
  const auto node = state.index.find(path);
  Param& param = state.all[node->second];
  state.index.emplace(renamed, node->second);
  state.index.erase(path);
  if (param.path != path) {
    std::replace(param.ties.begin(), param.ties.end(), path, renamed);
    return value;
  }
  param.path = renamed;
  param.value.set_name(renamed);
  return value;
}

void Scope::remove(std::string_view name) const {
  const Params params = this->params();
  Params::State& state = *params.state_;
  const Tensor value = params[path_of(name)];  // throws if there is none
  const size_t position = state.index.at(path_of(name));
  for (const std::string& known : names_of({state.all[position]})) state.index.erase(known);
  for (auto& [other, at] : state.index)
    if (at > position) --at;
  state.all.erase(state.all.begin() + static_cast<int64_t>(position));
  if (!state.in_model) state.inits.erase(state.inits.begin() + static_cast<int64_t>(position));
}

void Scope::tie(std::string_view name, const Tensor& parameter) const {
  const Params params = this->params();
  for (size_t i = 0; i < params.all().size(); ++i)
    if (params.all()[i].value.is_same(parameter)) return params.state_->tie(i, path_of(name));
  throw ValueError(
      fmt::format("tie: {} is not a parameter of this model", core::describe(parameter)));
}

Tensor Params::State::add(Param param, const Init& init) {
  Tensor value = param.value;
  value.set_name(param.path);
  param.swapped_in = swapped_in;
  index.emplace(param.path, all.size());
  all.push_back(std::move(param));
  if (!in_model) inits.push_back(init);
  return value;
}

void Params::State::tie(size_t parameter, const std::string& path) {
  if (!index.emplace(path, parameter).second) throw_taken(path);
  all[parameter].ties.push_back(path);
}

void Scope::place(const Scope& at) const {
  const Params target = at.params();
  Params::State& from = *params_.state_;
  Params::State& to = *target.state_;
  if (from.in_model || from.home) return share(at);
  for (const std::string& name : names_of(from.all))
    if (target.contains(joined(at.path(), name))) throw_taken(joined(at.path(), name));
  for (size_t i = 0; i < from.all.size(); ++i) {
    Param param = from.all[i];
    param.path = joined(at.path(), param.path);
    param.ties.clear();
    if (!to.fault() && !param.is_buffer) materialize(param, from.inits[i], to.seed);
    to.add(std::move(param), from.inits[i]);
    for (const std::string& tie : from.all[i].ties)
      to.tie(to.all.size() - 1, joined(at.path(), tie));
  }
  for (const auto& place : from.places) {
    place->path = joined(at.path(), place->path);
    place->fault = to.fault();
    to.places.push_back(place);
  }
  from = {.in_model = false, .home = target.state_};
}

/// Adds names at `at` for the parameters of a layer that is in the model already.
void Scope::share(const Scope& at) const {
  const Params target = at.params();
  if (params().state_ != target.state_)
    throw GraphError(
        fmt::format("{} is a part of another model already; construct a layer for each",
                    path().empty() ? "this layer" : "the layer '" + path() + "'"));
  const std::string prefix = path() + ".";
  for (size_t i = 0; i < target.all().size(); ++i) {
    const std::string& path = target.all()[i].path;
    if (path.starts_with(prefix))
      target.state_->tie(i, joined(at.path(), path.substr(prefix.size())));
  }
}

}  // namespace tapehead::nn
