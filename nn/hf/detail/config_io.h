// One table for a config.json: the same rows read its fields and write them.
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
/// Reading has the checks and errors of Fields: a field is required unless the row says what is
/// meant `otherwise`. Writing expects a config with every field filled in; `otherwise` is not used.
class ConfigIo {
 public:
  explicit ConfigIo(Fields& from) : fields_(&from) {}
  explicit ConfigIo(Json& to) : out_(&to) {}

  bool reading() const { return fields_ != nullptr; }

  void size(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  void count(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  /// 0 is null, as is a field that is absent.
  void count_or_null(const char* name, int64_t& value);
  void index(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  void layers(const char* name, int64_t& value, std::optional<int64_t> otherwise = {});
  void sizes(const char* name, std::array<int64_t, 2>& value);
  void number(const char* name, double& value, std::optional<double> otherwise = {});
  void number(const char* name, std::optional<double>& value, std::optional<double> otherwise = {});
  void flag(const char* name, bool& value, std::optional<bool> otherwise = {});
  void flag(const char* name, std::optional<bool>& value, std::optional<bool> otherwise = {});
  void word(const char* name, std::string& value, std::optional<std::string> otherwise = {});
  void activation(const char* name, Activation& value);
  /// A rotary embedding: rope_theta and rope_scaling, which all versions read, or rope_parameters,
  /// which transformers 5 writes. `context` is the length that scaling starts from otherwise.
  void rope(std::optional<RopeOptions>& value, int64_t context);

  /// What every model of the family has, without a field for it.
  template <class T>
  void constant(T& value, std::type_identity_t<T> is) {
    if (reading()) value = std::move(is);
  }
  /// Written with this value; read, another one is not supported.
  void fixed(const char* name, const Json& value);
  /// Not written; read, another value is not supported.
  void only(const char* name, const Json& value);
  void only_each(const char* name, const Json& value, int64_t count);
  /// Written as a copy of another field; not read.
  void copy(const char* name, const std::optional<double>& value);
  void copy(const char* name, int64_t value);
  /// Neither read nor written: the model does not depend on them.
  void ignore(std::initializer_list<const char*> names);
  /// Read, throws the error of Fields::fail() unless `holds`.
  void check(bool holds, const char* name, const std::string& why) const;
  /// Read, Fields::check_size().
  void check_size(const char* name, int64_t size) const;
  /// Whether the field is there to be read.
  bool has(const char* name) const { return reading() && fields_->has(name); }

 private:
  template <class T, class U, class Read>
  void row(const char* name, T& value, const U& otherwise, Read read);

  Fields* fields_ = nullptr;
  Json* out_ = nullptr;
};

}  // namespace tapehead::nn::hf
