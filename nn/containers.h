// Containers of layers.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// An element of a container: anything that maps a tensor to a tensor. The container gives it the
/// scope named by its position, or by its name if it has one:
///
///   nn::Linear{64, 10}                              // a layer constructed without a scope
///   nn::MaxPool2d{2}                                // a layer without parameters
///   nn::relu, [](const Tensor& x) { return 2 * x; } // functions
///   [=](const nn::Scope& at) { return Block(at, config); } // your own layer, constructed in place
///   {"conv1", nn::Conv2d{1, 32, 3}}                 // with a name
///
/// Your own layer can be constructed without a scope, too: pass nn::Scope() to its parts, and give
/// it a method `const nn::Scope& scope() const` that returns it.
class Part {
 public:
  template <class L>
  requires(!std::same_as<std::remove_cvref_t<L>, Part> &&
           (std::is_invocable_r_v<Tensor, const L&, const Tensor&> ||
            std::is_invocable_v<const L&, const Scope&>)) Part(L layer)
      : Part(std::string(), std::move(layer)) {}
  template <class L>
  Part(std::string name, L layer)
      : name_(std::move(name)), make_([layer = std::move(layer)](const Scope& at) -> AnyLayer {
          if constexpr (std::is_invocable_r_v<Tensor, const L&, const Tensor&>) {
            if constexpr (requires { layer.scope().place(at); }) layer.scope().place(at);
            return layer;
          } else {
            return layer(at);
          }
        }) {}

  /// The name; empty if it has none.
  const std::string& name() const { return name_; }
  /// The layer, with its parameters at `at`.
  AnyLayer make(const Scope& at) const { return make_(at); }

 private:
  std::string name_;
  std::function<AnyLayer(const Scope& at)> make_;
};

/// A list of layers, whose parameters are at `0`, `1`, … or at the names of the parts.
/// Example: nn::ModuleList(at, {nn::Linear{4, 8}, nn::Linear{8, 2}})[1](randn({3, 8}))
///     // shape [3, 2]
class ModuleList {
 public:
  /// Throws ValueError for a name that is empty, repeated or contains a dot.
  ModuleList(Scope at, const std::vector<Part>& parts);
  ModuleList(Scope at, std::initializer_list<Part> parts);
  /// Without a scope: to be placed by another container.
  ModuleList(std::initializer_list<Part> parts);

  /// Adds a layer at the end.
  void append(const Part& part);
  int64_t size() const { return static_cast<int64_t>(layers_.size()); }
  /// The layer at a position; -1 is the last. `list[0].target<nn::Linear>()` accesses it under its
  /// type. Throws IndexError.
  AnyLayer& operator[](int64_t position);
  const AnyLayer& operator[](int64_t position) const;
  auto begin() const { return layers_.begin(); }
  auto end() const { return layers_.end(); }
  const Scope& scope() const { return at_; }

 protected:
  /// The name of the layer at a position.
  const std::string& name(int64_t position) const { return names_[static_cast<size_t>(position)]; }

 private:
  size_t checked(int64_t position) const;

  Scope at_;
  std::vector<AnyLayer> layers_;
  std::vector<std::string> names_;
};

/// Applies layers one after the other:
///
///   nn::Sequential net(params / "net", {nn::Linear{2, 32}, nn::ReLU{}, nn::Linear{32, 10}});
///   Tensor logits = net(x);
/// Example: nn::Sequential(at, {nn::Linear{4, 8}, nn::relu, nn::Linear{8, 2}})(randn({3, 4}))
///     // shape [3, 2]
class Sequential : public ModuleList {
 public:
  using ModuleList::ModuleList;
  Tensor operator()(const Tensor& x) const;
};

/// Layers by name.
/// Example: nn::ModuleDict(at, {{"classes", nn::Linear{8, 10}}, {"box", nn::Linear{8,
///     4}}})["box"](randn({3, 8}))  // shape [3, 4]
class ModuleDict : private ModuleList {
 public:
  /// Throws ValueError for a part without a name, and for a name that is repeated or contains a
  /// dot.
  ModuleDict(Scope at, std::initializer_list<Part> parts);

  /// The layer of this name. Throws IndexError, suggesting the nearest name, if there is none.
  AnyLayer& operator[](std::string_view name);
  const AnyLayer& operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  /// The names, in the order of the parts.
  std::vector<std::string> keys() const;
  using ModuleList::scope;
  using ModuleList::size;
};

/// Returns its input.
/// Example: nn::Identity()(tensor({1, 2}))  // [1, 2]
struct Identity {
  Tensor operator()(const Tensor& x) const { return x; }
};

/// Merges the axes start..end into one; by default all but the batch's.
/// Example: nn::Flatten()(randn({8, 16, 5, 5}))  // shape [8, 400]
struct Flatten {
  int64_t start = 1, end = -1;
  Tensor operator()(const Tensor& x) const { return x.flatten(start, end); }
};

/// Splits an axis into axes of the given sizes, one of which may be -1.
/// Example: nn::Unflatten{1, {2, 3}}(randn({8, 6, 5}))  // shape [8, 2, 3, 5]
struct Unflatten {
  int64_t axis;
  Shape sizes;
  Tensor operator()(const Tensor& x) const { return x.unflatten(axis, sizes); }
};

}  // namespace tapehead::nn
