#include "tapehead/nn/hf/detail/config_io.h"

#include "tapehead/nn/hf/detail/activation.h"

namespace tapehead::nn::hf {
namespace {

template <class T>
Json json_of(const T& value) {
  return value;
}
template <class T>
Json json_of(const std::optional<T>& value) {
  return *value;
}
// A list of two sizes, or one number if they are equal.
Json json_of(const std::array<int64_t, 2>& s) {
  return s[0] == s[1] ? Json(s[0]) : Json::array({s[0], s[1]});
}

}  // namespace

template <class T, class U, class Read>
void ConfigIo::row(const char* name, T& value, const U& otherwise, Read read) {
  if (reading()) value = (fields_->*read)(name, otherwise);
  else (*out_)[name] = json_of(value);
}

void ConfigIo::size(const char* name, int64_t& value, std::optional<int64_t> otherwise) {
  row(name, value, otherwise, &Fields::size);
}

void ConfigIo::count(const char* name, int64_t& value, std::optional<int64_t> otherwise) {
  row(name, value, otherwise, &Fields::count);
}

void ConfigIo::count_or_null(const char* name, int64_t& value) {
  if (reading()) {
    fields_->ignore({name});
    value = fields_->has(name) ? fields_->count(name) : 0;
  } else {
    (*out_)[name] = value != 0 ? Json(value) : Json();
  }
}

void ConfigIo::index(const char* name, int64_t& value, std::optional<int64_t> otherwise) {
  row(name, value, otherwise, &Fields::index);
}

void ConfigIo::layers(const char* name, int64_t& value, std::optional<int64_t> otherwise) {
  row(name, value, otherwise, &Fields::layers);
}

void ConfigIo::sizes(const char* name, std::array<int64_t, 2>& value) {
  if (reading()) value = fields_->sizes(name);
  else (*out_)[name] = json_of(value);
}

void ConfigIo::number(const char* name, double& value, std::optional<double> otherwise) {
  row(name, value, otherwise, &Fields::number);
}

void ConfigIo::number(const char* name, std::optional<double>& value,
                      std::optional<double> otherwise) {
  row(name, value, otherwise, &Fields::number);
}

void ConfigIo::flag(const char* name, bool& value, std::optional<bool> otherwise) {
  row(name, value, otherwise, &Fields::flag);
}

void ConfigIo::flag(const char* name, std::optional<bool>& value, std::optional<bool> otherwise) {
  row(name, value, otherwise, &Fields::flag);
}

void ConfigIo::word(const char* name, std::string& value,
                    const std::optional<std::string>& otherwise) {
  row(name, value, otherwise, &Fields::word);
}

void ConfigIo::activation(const char* name, Activation& value) {
  if (reading()) value = read_activation(*fields_, name);
  else (*out_)[name] = name_of(value);
}

void ConfigIo::fixed(const char* name, const Json& value) {
  if (reading()) fields_->only(name, value);
  else (*out_)[name] = value;
}

void ConfigIo::only(const char* name, const Json& value) {
  if (reading()) fields_->only(name, value);
}

void ConfigIo::only_each(const char* name, const Json& value, int64_t count) {
  if (reading()) fields_->only_each(name, value, count);
}

void ConfigIo::copy(const char* name, const std::optional<double>& value) {
  if (reading()) fields_->ignore({name});
  else (*out_)[name] = *value;
}

void ConfigIo::copy(const char* name, int64_t value) {
  if (reading()) fields_->ignore({name});
  else (*out_)[name] = value;
}

void ConfigIo::ignore(std::initializer_list<const char*> names) {
  if (reading()) fields_->ignore(names);
}

void ConfigIo::check(bool holds, const char* name, const std::string& why) const {
  if (reading() && !holds) fields_->fail(name, why);
}

void ConfigIo::check_size(const char* name, int64_t size) const {
  if (reading()) fields_->check_size(name, size);
}

}  // namespace tapehead::nn::hf
