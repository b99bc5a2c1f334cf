// Reads and writes config.json from one table of its fields.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "tapehead/autograd/rotary.h"
#include "tapehead/nn/activation.h"
#include "tapehead/nn/hf/detail/fields.h"

namespace tapehead::nn::hf {

/// A pass over the fields of a config.json, which either reads them into the config of a model or
/// writes them from it. A table of fields is a function that calls a row for each:
///
///   void fields(ConfigIo& io, GptConfig& c) {
///     io.size("vocab_size", c.vocab_size);
///     io.flag("tie_word_embeddings", c.tied, true);
///   }
///
/// Reading performs the checks of Fields and throws its errors: a field is required unless the row
/// has a default, `otherwise`. Writing expects a config with every field filled in and does not use
/// `otherwise`.
class ConfigIo {
 public:
  explicit ConfigIo(Fields& from) : fields_(&from) {}
  explicit ConfigIo(Json& to) : out_(&to) {}

  bool reading() const { return fields_ != nullptr; }

  void size(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  void count(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  /// Reads null or an absent field as 0; writes 0 as null.
  void count_or_null(const char* name, int64_t& value);
  void index(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  void layers(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  void sizes(const char* name, std::array<int64_t, 2>& value);
  void number(const char* name, double& value, std::optional<double> otherwise = {});
  void number(const char* name, std::optional<double>& value, std::optional<double> otherwise = {});
  void flag(const char* name, bool& value, std::optional<bool> otherwise = {});
  void flag(const char* name, std::optional<bool>& value, std::optional<bool> otherwise = {});
  void word(const char* name, std::string& value, const std::optional<std::string>& otherwise = {});
  void activation(const char* name, Activation& value);
  /// A rotary embedding. Writes rope_theta and rope_scaling, which all versions of transformers
  /// read; reads these or rope_parameters, which transformers 5 writes. `context` is the default
  /// for original_max_position_embeddings.
  void rope(std::optional<RopeOptions>& value, int64_t context);

  /// An option that is the same for all models of the family and has no field: set when reading.
  template <class T>
  void constant(T& value, std::type_identity_t<T> is) {
    if (reading()) value = std::move(is);
  }
  /// Writes this value; when reading, rejects other values as unsupported.
  void fixed(const char* name, const Json& value);
  /// Writes nothing; when reading, rejects other values as unsupported.
  void only(const char* name, const Json& value);
  void only_each(const char* name, const Json& value, int64_t count);
  /// Writes a copy of another field; ignored when reading.
  void copy(const char* name, const std::optional<double>& value);
  void copy(const char* name, int64_t value);
  /// Fields that the model does not depend on: neither read nor written.
  void ignore(std::initializer_list<const char*> names);
  /// When reading, throws the error of Fields::fail() unless `holds`.
  void check(bool holds, const char* name, const std::string& why) const;
  /// When reading, calls Fields::check_size().
  void check_size(const char* name, int64_t size) const;
  /// Whether this is reading and the field is present.
  bool has(const char* name) const { return reading() && fields_->has(name); }

 private:
  template <class T, class U, class Read>
  void row(const char* name, T& value, const U& otherwise, Read read);

  Fields* fields_ = nullptr;
  Json* out_ = nullptr;
};

}  // namespace tapehead::nn::hf
