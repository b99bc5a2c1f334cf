#include "tapehead/nn/containers.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/suggest.h"

namespace tapehead::nn {

ModuleList::ModuleList(Scope at, const std::vector<Part>& parts) : at_(std::move(at)) {
  for (const Part& part : parts) append(part);
}

ModuleList::ModuleList(Scope at, std::initializer_list<Part> parts)
    : ModuleList(std::move(at), std::vector<Part>(parts)) {}

ModuleList::ModuleList(std::initializer_list<Part> parts) : ModuleList(Scope(), parts) {}

void ModuleList::append(const Part& part) {
  std::string name = part.name().empty() ? std::to_string(layers_.size()) : part.name();
  if (std::find(names_.begin(), names_.end(), name) != names_.end())
    throw ValueError(fmt::format("the parts of '{}' have the name '{}' twice", at_.path(), name));
  layers_.push_back(part.make(at_ / name));
  names_.push_back(std::move(name));
}

size_t ModuleList::checked(int64_t position) const {
  const int64_t at = position < 0 ? position + size() : position;
  if (at < 0 || at >= size())
    throw IndexError(
        fmt::format("position {} is outside the {} layers of '{}'", position, size(), at_.path()));
  return static_cast<size_t>(at);
}

AnyLayer& ModuleList::operator[](int64_t position) { return layers_[checked(position)]; }
const AnyLayer& ModuleList::operator[](int64_t position) const {
  return layers_[checked(position)];
}

Tensor Sequential::operator()(const Tensor& x) const {
  Tensor y = x;
  for (const AnyLayer& layer : *this) y = layer(y);
  return y;
}

ModuleDict::ModuleDict(Scope at, std::initializer_list<Part> parts)
    : ModuleList(std::move(at), parts) {
  int64_t i = 0;
  for (const Part& part : parts)
    if (++i; part.name().empty())
      throw ValueError(fmt::format("part {} of '{}' has no name; pass {{\"name\", layer}}", i - 1,
                                   scope().path()));
}

AnyLayer& ModuleDict::operator[](std::string_view name) {
  return const_cast<AnyLayer&>(std::as_const(*this)[name]);
}

const AnyLayer& ModuleDict::operator[](std::string_view name) const {
  for (int64_t i = 0; i < size(); ++i)
    if (this->name(i) == name) return ModuleList::operator[](i);
  const std::string near = closest_name(name, keys());
  throw IndexError(fmt::format("'{}' has no layer '{}'{}", scope().path(), name,
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

bool ModuleDict::contains(std::string_view name) const {
  for (int64_t i = 0; i < size(); ++i)
    if (this->name(i) == name) return true;
  return false;
}

std::vector<std::string> ModuleDict::keys() const {
  std::vector<std::string> names;
  for (int64_t i = 0; i < size(); ++i) names.push_back(name(i));
  return names;
}

}  // namespace tapehead::nn
