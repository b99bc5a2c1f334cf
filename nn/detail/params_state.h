// The state that copies of Params and their scopes share.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// A path, and what layers at it share.
struct Scope::Place {
  std::string path;
  bool training = true;
  const char* fault = nullptr;  // why the layer cannot be called, if it cannot
};

inline constexpr const char* kNoModel =
    "this layer was constructed without a scope, so its parameters belong to no model; construct "
    "it "
    "with one, as in nn::Linear(params / \"name\", 2, 3), or pass it to nn::Sequential";
inline constexpr const char* kShapesOnly =
    "this layer's parameters have only shapes, since its Params are of shapes_only()";

struct Params::State {
  uint64_t seed = 0;
  bool has_values = true;
  std::string description = "the model";
  std::shared_ptr<std::string> swapped_in = std::make_shared<std::string>();
  std::vector<Param> all;
  std::unordered_map<std::string, size_t> index;  // each name to its position in `all`
  std::vector<std::shared_ptr<Scope::Place>> places;
  // Of a layer that was constructed without a scope: the initializers of `all`, which place() will
  // call, and then the model that the layer is a part of.
  bool in_model = true;
  std::vector<Init> inits;
  std::shared_ptr<State> home;

  /// Adds a parameter or buffer whose name is free.
  Tensor add(Param param, const Init& init);
  /// Adds another name for all[parameter].
  void tie(size_t parameter, const std::string& path);
  /// Why layers cannot be called, if they cannot.
  const char* fault() const { return !in_model ? kNoModel : !has_values ? kShapesOnly : nullptr; }
};

}  // namespace tapehead::nn
