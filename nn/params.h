// The parameters of a model, and the place of each in it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/core/format.h"
#include "tapehead/core/formats/safetensors.h"
#include "tapehead/core/tensor.h"
#include "tapehead/nn/init.h"

namespace tapehead::nn {

class Scope;

/// One parameter, or one buffer: a tensor that is saved with the model but not trained.
struct Param {
  std::string path;  ///< "decoder.0.attn.q.weight"
  Tensor value;
  bool is_buffer = false;
  std::vector<std::string> ties = {};  ///< its other names: Scope::tie()
  /// The name of the average that its model holds in place of its weights, as
  /// Params::set_swapped_in() says; null for a parameter without a model.
  std::shared_ptr<const std::string> swapped_in = {};

  /// Whether one of its names fits the pattern (core/pattern.h).
  bool fits(std::string_view pattern) const;
  /// Throws GraphError `op: …; end the scope of swap() before call` while the model holds an
  /// average in place of its weights.
  void check_own_weights(std::string_view op, std::string_view call) const;
};

/// The names of all of these: of each its path, then its ties.
std::vector<std::string> names_of(const std::vector<Param>& params);

/// Owns every parameter of a model under its path. A handle to shared state: copies are the same
/// parameters, and layers keep it alive.
///
///   nn::Params params;
///   nn::Linear hidden(params / "hidden", 2, 32);
///   optim::AdamW opt(params, {.lr = 1e-2});
class Params {
 public:
  /// First values follow from the seed and each parameter's path, so they do not depend on the
  /// order in which layers are made. Without a seed: that of the default generator.
  Params();
  explicit Params(uint64_t seed);
  /// For models that are only looked at: parameters have shapes, but neither memory nor values.
  static Params shapes_only();

  /// The place `name` at the top.
  Scope operator/(std::string_view name) const;
  /// The top itself: its parameters have no prefix.
  Scope root() const;

  /// All, in the order in which they were made.
  const std::vector<Param>& all() const;
  /// Those that are trained: neither buffers nor frozen.
  std::vector<Param> trainable() const;
  /// Throws IndexError, with the nearest name, when there is none.
  const Tensor& operator[](std::string_view path) const;
  bool contains(std::string_view path) const;
  /// The number of numbers in all parameters; buffers do not count, a tied parameter counts once.
  int64_t count() const;

  /// Training or evaluation: what dropout and batch norm ask. A pattern such as "encoder.*" (`*`
  /// stands for any characters) limits it to some places; throws ValueError, with the nearest
  /// pattern, when it fits none.
  void train(std::string_view pattern = "*") const;
  void eval(std::string_view pattern = "*") const;
  /// Stops (starts) the training of the parameters whose path, or another of their names, fits the
  /// pattern. Throws ValueError, with the nearest pattern, when none does.
  void freeze(std::string_view pattern) const;
  void unfreeze(std::string_view pattern) const;

  /// Converts every floating parameter and buffer with its gradient, in place: layers see it. A
  /// graph that was recorded before throws GraphError in backward().
  void to(DType dtype) const;

  /// Clears every gradient.
  void zero_grad() const;

  /// Writes every parameter and buffer to a safetensors file, whole or not at all. In the scope of
  /// an average's swap() those are the averages.
  void save(const std::string& path) const;
  struct LoadOptions {
    /// Taken off the front of names in the file.
    std::string strip = "";
    /// Throws when the file has what the model has not.
    bool strict = true;
    /// Patterns of parameters and buffers that stay as they are when the file lacks them, or has
    /// another shape under their name: {"head.*"} for a new head on an old body.
    std::vector<std::string> keep = {};
  };
  /// Copies the values of a safetensors file into the parameters, and gives the paths of those that
  /// stayed as they were: none without LoadOptions::keep. A file may have several names of one
  /// parameter, with equal values. Throws FormatError that lists every difference of names and
  /// shapes; then nothing was loaded. Throws ValueError for a pattern of `keep` that fits nothing,
  /// GraphError in the scope of an average's swap().
  std::vector<std::string> load(const std::string& path) const { return load(path, LoadOptions()); }
  std::vector<std::string> load(const std::string& path, const LoadOptions& options) const;
  /// The same of tensors in memory; `source` stands for the file in errors.
  std::vector<std::string> load(std::span<const NamedTensor> tensors, const std::string& source,
                                const LoadOptions& options) const;
  /// Throws what load() would throw, and loads nothing.
  void check(std::span<const NamedTensor> tensors, const std::string& source,
             const LoadOptions& options) const;

  /// An average calls it when it takes the place of the weights, with its name, and with "" when
  /// they are back (optim/average.h).
  void set_swapped_in(const std::string& average) const;
  /// Param::check_own_weights() of the whole model.
  void check_own_weights(std::string_view op, std::string_view call) const;

  /// What messages call the model: "Gpt(layers=12)".
  void describe(std::string model) const;
  const std::string& description() const;
  /// A table of paths, shapes, types and counts.
  std::string str() const;

 private:
  friend class Scope;
  /// Of a name in all(); all().size() when there is none.
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

/// A place in the model. Layers take one, make their parameters there, and hand places below it to
/// their parts: `Block(nn::Scope at, …) : norm1(at / "norm1", …)`.
class Scope {
 public:
  Scope operator/(std::string_view name) const;
  Scope operator/(int64_t index) const { return *this / std::to_string(index); }

  /// A new parameter here. Throws ValueError when the name is taken, and, as for every name, when
  /// it is empty, holds a dot or could not be read back from a file.
  Tensor param(std::string_view name, const Shape& shape, const Init& init) const;
  /// A new buffer here: saved with the model, not trained.
  Tensor buffer(std::string_view name, const Tensor& value) const;
  /// Another name for a parameter that exists: it is trained, counted and saved once, and found
  /// under each of its names.
  void tie(std::string_view name, const Tensor& parameter) const;

  /// Whether this place is in training.
  bool training() const { return *training_; }
  /// "decoder.0"; empty at the top.
  const std::string& path() const { return path_; }
  Params params() const { return params_; }

 private:
  friend class Params;
  Scope(Params params, std::string path);
  std::string path_of(std::string_view name) const;

  Params params_;
  std::string path_;
  std::shared_ptr<bool> training_;
};

/// Runs a layer's computation so that an error says where in the model it arose.
template <class F>
auto at(const Scope& scope, F&& f) {
  try {
    return f();
  } catch (Error& e) {
    e.set_where(scope.path());
    throw;
  }
}

/// A stack of equal layers at `scope / 0`, `scope / 1` …: `nn::stack<Block>(at / "blocks", 12,
/// config)`.
template <class Layer, class... A>
std::vector<Layer> stack(const Scope& scope, int64_t count, const A&... args) {
  std::vector<Layer> layers;
  layers.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) layers.emplace_back(scope / i, args...);
  return layers;
}

}  // namespace tapehead::nn

/// `{}` of a model's parameters is Params::str().
template <>
struct fmt::formatter<tapehead::nn::Params> : tapehead::detail::PlainFormatter {
  template <class Context>
  auto format(const tapehead::nn::Params& params, Context& context) const {
    return fmt::format_to(context.out(), "{}", params.str());
  }
};
