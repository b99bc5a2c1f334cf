// Containers of parameters, and parameters as one vector.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// A list of parameters at `0`, `1`, …, initialized with copies of the given values.
class ParameterList {
 public:
  explicit ParameterList(Scope at, const std::vector<Tensor>& values = {});
  explicit ParameterList(const std::vector<Tensor>& values = {}) : ParameterList(Scope(), values) {}
  /// Adds a parameter at the end.
  void append(const Tensor& value);
  /// Throws IndexError; -1 is the last.
  const Tensor& operator[](int64_t position) const;
  int64_t size() const { return static_cast<int64_t>(parameters_.size()); }
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  std::vector<Tensor> parameters_;
};

/// Parameters by name, initialized with copies of the given values.
class ParameterDict {
 public:
  using Item = std::pair<std::string, Tensor>;
  explicit ParameterDict(Scope at, std::initializer_list<Item> values = {});
  explicit ParameterDict(std::initializer_list<Item> values = {})
      : ParameterDict(Scope(), values) {}
  /// Adds a parameter. Throws ValueError as Scope::param().
  void insert(std::string_view name, const Tensor& value);
  /// Throws IndexError, suggesting the nearest name, if there is none.
  const Tensor& operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  /// The names, in the order in which they were added.
  std::vector<std::string> keys() const;
  int64_t size() const { return static_cast<int64_t>(items_.size()); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  std::vector<Item> items_;
};

/// The elements of all parameters, in the order of Params::all(), without buffers:
/// [Params::count()]. Differentiable.
Tensor parameters_to_vector(const Params& params);
/// Copies the elements of a vector of Params::count() elements back into the parameters. Throws
/// ShapeError for another shape.
void vector_to_parameters(const Tensor& vector, const Params& params);

}  // namespace tapehead::nn
