#include "tapehead/nn/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/suggest.h"

namespace tapehead::nn {

ParameterList::ParameterList(Scope at, const std::vector<Tensor>& values) : at_(std::move(at)) {
  for (const Tensor& value : values) append(value);
}

void ParameterList::append(const Tensor& value) {
  parameters_.push_back(
      at_.param(std::to_string(size()), value.shape(), init::copy_of(value.detach())));
}

const Tensor& ParameterList::operator[](int64_t position) const {
  const int64_t at = position < 0 ? position + size() : position;
  if (at < 0 || at >= size())
    throw IndexError(fmt::format("position {} is outside the {} parameters of '{}'", position,
                                 size(), at_.path()));
  return parameters_[static_cast<size_t>(at)];
}

ParameterDict::ParameterDict(Scope at, std::initializer_list<Item> values) : at_(std::move(at)) {
  for (const Item& item : values) insert(item.first, item.second);
}

void ParameterDict::insert(std::string_view name, const Tensor& value) {
  items_.emplace_back(name, at_.param(name, value.shape(), init::copy_of(value.detach())));
}

const Tensor& ParameterDict::operator[](std::string_view name) const {
  for (const Item& item : items_)
    if (item.first == name) return item.second;
  const std::string near = closest_name(name, keys());
  throw IndexError(fmt::format("'{}' has no parameter '{}'{}", at_.path(), name,
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

bool ParameterDict::contains(std::string_view name) const {
  return std::any_of(items_.begin(), items_.end(),
                     [&](const Item& item) { return item.first == name; });
}

std::vector<std::string> ParameterDict::keys() const {
  std::vector<std::string> names;
  for (const Item& item : items_) names.push_back(item.first);
  return names;
}

Tensor parameters_to_vector(const Params& params) {
  std::vector<Tensor> parts;
  for (const Param& p : params.all())
    if (!p.is_buffer) parts.push_back(p.value.reshape({-1}));
  return parts.empty() ? core::empty({0}) : cat(parts, 0);
}

void vector_to_parameters(const Tensor& vector, const Params& params) {
  if (vector.shape() != Shape{params.count()})
    throw ShapeError(fmt::format("vector_to_parameters: the vector is {}, but {} has {} elements",
                                 vector.shape(), params.description(), params.count()));
  const NoGradGuard no_grad;
  int64_t begin = 0;
  for (const Param& p : params.all()) {
    if (p.is_buffer) continue;
    const int64_t end = begin + p.value.numel();
    p.value.copy_(vector.slice(0, begin, end).reshape(p.value.shape()));
    begin = end;
  }
}

}  // namespace tapehead::nn
