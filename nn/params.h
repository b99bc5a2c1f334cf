// The parameters of a model, and their paths.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/core/format.h"
#include "tapehead/core/formats/safetensors.h"
#include "tapehead/core/tensor.h"
#include "tapehead/nn/init.h"

namespace tapehead::nn {

class EvalGuard;
class Scope;

/// A parameter, or a buffer: a tensor that is saved with the model but not trained.
struct Param {
  std::string path;                    ///< "decoder.0.attn.q.weight"
  Tensor value;                        ///< the tensor
  bool is_buffer = false;              ///< saved, but not trained
  std::vector<std::string> ties = {};  ///< its other names; see Scope::tie()
  /// The name of the weight average that is swapped into the model, "" if none (see
  /// Params::set_swapped_in()); null for a parameter without a model.
  std::shared_ptr<const std::string> swapped_in = {};

  /// Whether the path or one of the ties matches the pattern (core/pattern.h).
  bool fits(std::string_view pattern) const;
  /// Throws GraphError `op: …; end the scope of swap() before call` while a weight average is
  /// swapped into the model.
  void check_own_weights(std::string_view op, std::string_view call) const;
};

/// The names of all parameters: for each its path, followed by its ties.
std::vector<std::string> names_of(const std::vector<Param>& params);

/// Owns the parameters of a model, by path. A handle: copies refer to the same parameters, and
/// layers keep them alive.
///
///   nn::Params params;
///   nn::Linear hidden(params / "hidden", 2, 32);
///   optim::AdamW opt(params, {.lr = 1e-2});
class Params {
 public:
  /// Initial values are derived from the seed and each parameter's path, so they do not depend on
  /// the order in which layers are constructed. The default seed is that of the default generator.
  Params();
  explicit Params(uint64_t seed);
  /// For inspecting a model without allocating it: parameters have shapes, but no memory or values.
  static Params shapes_only();

  /// The scope `name` at the top level.
  Scope operator/(std::string_view name) const;
  /// The top-level scope, whose parameters have no prefix.
  Scope root() const;

  /// All parameters and buffers, in the order in which they were created.
  const std::vector<Param>& all() const;
  /// The parameters that are trained: those that are neither buffers nor frozen.
  std::vector<Param> trainable() const;
  /// The values of the trained parameters whose path or tied name matches the pattern, such as
  /// "generator.*", for grad() and BackwardOptions::inputs. Throws ValueError, with a suggestion,
  /// if there is none.
  std::vector<Tensor> parameters(std::string_view pattern = "*") const;
  /// The parameter or buffer with this path or tied name. Throws IndexError, suggesting the nearest
  /// name, if there is none.
  const Tensor& operator[](std::string_view path) const;
  bool contains(std::string_view path) const;
  /// The total number of elements of the parameters, without buffers. A tied parameter counts once.
  int64_t count() const;

  /// Sets training or evaluation mode, which dropout and batch norm depend on, for the scopes whose
  /// path matches a pattern such as "encoder.*" (`*` matches any characters). Throws ValueError,
  /// with a suggestion, if the pattern matches none. See also EvalGuard.
  void train(std::string_view pattern = "*") const;
  void eval(std::string_view pattern = "*") const;
  /// Excludes parameters from training, or includes them again: those whose path or tied name
  /// matches the pattern. Throws ValueError, with a suggestion, if it matches none.
  void freeze(std::string_view pattern) const;
  void unfreeze(std::string_view pattern) const;

  /// Converts every floating-point parameter and buffer, and its gradient, to f32, f64, bf16 or f16
  /// in place. backward() through a graph recorded before the conversion throws GraphError. Throws
  /// DTypeError for another type.
  void to(DType dtype) const;

  /// Clears every gradient.
  void zero_grad() const;

  /// Writes every parameter and buffer to a safetensors file, atomically. While a weight average is
  /// swapped in, writes the averages. Throws IoError.
  void save(const std::string& path) const;
  struct LoadOptions {
    /// A prefix to remove from the names in the file.
    std::string strip = "";
    /// Throws if the file has tensors that the model does not have.
    bool strict = true;
    /// Patterns of parameters and buffers that keep their values if they are missing from the file
    /// or have another shape there: {"head.*"} for a new head on a pretrained body.
    std::vector<std::string> keep = {};
  };
  /// Copies the values of a safetensors file into the parameters and buffers. Returns the paths of
  /// those that kept their values, which is empty without LoadOptions::keep. The file may contain
  /// several names of a tied parameter if their values are equal. Throws FormatError that lists
  /// every difference in names and shapes; nothing is loaded then. Throws IoError, ValueError for a
  /// pattern of `keep` that matches nothing, and GraphError while a weight average is swapped in.
  std::vector<std::string> load(const std::string& path) const { return load(path, LoadOptions()); }
  std::vector<std::string> load(const std::string& path, const LoadOptions& options) const;
  /// Loads from tensors in memory; `source` names them in errors.
  std::vector<std::string> load(std::span<const NamedTensor> tensors, const std::string& source,
                                const LoadOptions& options) const;
  /// Throws the errors of load() without loading anything.
  void check(std::span<const NamedTensor> tensors, const std::string& source,
             const LoadOptions& options) const;

  /// Called by a weight average (optim/average.h): with its name when it is swapped in, with ""
  /// when the weights are restored.
  void set_swapped_in(const std::string& average) const;
  /// Param::check_own_weights() for the whole model.
  void check_own_weights(std::string_view op, std::string_view call) const;

  /// Sets the description of the model for messages, such as "Gpt(layers=12)".
  void describe(std::string model) const;
  const std::string& description() const;
  /// A table of paths, shapes, types and counts.
  std::string str() const;

 private:
  friend class EvalGuard;
  friend class Scope;
  /// The index of a name in all(); all().size() if there is none.
  size_t position(std::string_view name) const;
  struct LoadPlan {
    std::vector<std::pair<Tensor, Tensor>> copies;  // to, from
    std::vector<std::string> kept;
  };
  LoadPlan plan(std::span<const NamedTensor> tensors, const std::string& source,
                const LoadOptions& options) const;

  struct State;
  std::shared_ptr<State> state_;
};

/// A path in the model. A layer's constructor takes a scope, creates its parameters in it, and
/// passes sub-scopes to its parts: `Block(nn::Scope at, …) : norm1(at / "norm1", …)`.
class Scope {
 public:
  /// The scope of a layer that is constructed before its place in a model is known, such as the
  /// parts of an nn::Sequential: its parameters have only shapes until place() is called.
  Scope();

  Scope operator/(std::string_view name) const;
  Scope operator/(int64_t index) const { return *this / std::to_string(index); }

  /// Creates a parameter in this scope. Throws ValueError if the name is in use, is empty, contains
  /// a dot, or could not be read back from a file.
  Tensor param(std::string_view name, const Shape& shape, const Init& init) const;
  /// Creates a buffer in this scope, which is saved with the model but not trained. Throws as
  /// param().
  Tensor buffer(std::string_view name, const Tensor& value) const;
  /// Renames a parameter or buffer of this scope, and returns it. Throws IndexError if there is
  /// none, and ValueError as param() for the new name.
  Tensor rename(std::string_view from, std::string_view to) const;
  /// Removes a parameter or buffer of this scope from the model, with all of its names; layers that
  /// hold it keep it. Throws IndexError if there is none.
  void remove(std::string_view name) const;
  /// Adds another name for an existing parameter. It is trained, counted and saved once, and is
  /// found under each of its names. Throws ValueError as param(), and for a tensor that is not a
  /// parameter of this model.
  void tie(std::string_view name, const Tensor& parameter) const;
  /// Makes `at` the place of a layer that was constructed with Scope(), and initializes its
  /// parameters. If the layer has a place in this model already, its parameters get further names
  /// there, so that both places share them. Throws ValueError if a name is in use, and GraphError
  /// if the layer is a part of another model.
  void place(const Scope& at) const;

  /// Whether this scope is in training mode.
  bool training() const;
  /// The path, such as "decoder.0"; empty at the top level.
  const std::string& path() const;
  Params params() const;
  /// Throws GraphError if a layer with this scope cannot be called, because its parameters have no
  /// values: it is a part of no model, or of one made by Params::shapes_only().
  void check_callable() const;

 private:
  friend class EvalGuard;
  friend class Params;
  struct Place;
  Scope(const Params& params, std::string path);
  std::string path_of(std::string_view name) const;
  void share(const Scope& at) const;

  Params params_;
  std::shared_ptr<Place> place_;
};

/// Calls f and adds the scope's path to the errors that it throws.
template <class F>
auto at(const Scope& scope, F&& f) {
  try {
    return f();
  } catch (Error& e) {
    e.set_where(scope.path());
    throw;
  }
}

/// at() for calling a layer: first throws GraphError as Scope::check_callable().
template <class F>
auto call_at(const Scope& scope, F&& f) {
  scope.check_callable();
  return at(scope, std::forward<F>(f));
}

/// Constructs `count` layers in `scope / 0`, `scope / 1` …:
/// `nn::stack<Block>(at / "blocks", 12, config)`.
template <class Layer, class... A>
std::vector<Layer> stack(const Scope& scope, int64_t count, const A&... args) {
  std::vector<Layer> layers;
  layers.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) layers.emplace_back(scope / i, args...);
  return layers;
}

}  // namespace tapehead::nn

/// Formats parameters as Params::str().
template <>
struct fmt::formatter<tapehead::nn::Params> : tapehead::detail::PlainFormatter {
  template <class Context>
  auto format(const tapehead::nn::Params& params, Context& context) const {
    return fmt::format_to(context.out(), "{}", params.str());
  }
};
