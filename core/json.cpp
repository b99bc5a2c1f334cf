#include "tapehead/core/detail/json.h"

#include <fmt/format.h>

#include <unordered_set>
#include <vector>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"

namespace tapehead::core {
namespace {

constexpr size_t kDeepest = 64;
constexpr int kOutOfRange = 406;  // the parser's number of this error

/// Builds the value while it watches what a plain parse lets pass: depth, number and repeated keys.
class Reader : public nlohmann::json_sax<Json> {
 public:
  Reader(Json& root, const std::string& name, int64_t most)
      : builder_(root), name_(name), most_(most) {}

  bool start_object(std::size_t size) override {
    enter();
    return builder_.start_object(size);
  }
  bool end_object() override {
    keys_.pop_back();
    return builder_.end_object();
  }
  bool start_array(std::size_t size) override {
    enter();
    return builder_.start_array(size);
  }
  bool end_array() override {
    keys_.pop_back();
    return builder_.end_array();
  }
  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second) {
      throw FormatError(fmt::format("{}: '{}' stands twice in one object", name_, key));
    }
    return builder_.key(key);
  }
  bool null() override {
    count();
    return builder_.null();
  }
  bool boolean(bool value) override {
    count();
    return builder_.boolean(value);
  }
  bool number_integer(number_integer_t n) override {
    count();
    return builder_.number_integer(n);
  }
  bool number_unsigned(number_unsigned_t n) override {
    count();
    return builder_.number_unsigned(n);
  }
  bool number_float(number_float_t n, const string_t& text) override {
    count();
    return builder_.number_float(n, text);
  }
  bool string(string_t& text) override {
    count();
    return builder_.string(text);
  }
  bool binary(binary_t& bytes) override { return builder_.binary(bytes); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    if (error.id == kOutOfRange)
      throw FormatError(
          fmt::format("{}: the number that ends at byte {} is too large", name_, position));
    throw FormatError(fmt::format("{}: not JSON at byte {}", name_, position));
  }

 private:
  void count() {
    if (++values_ > most_)
      throw FormatError(fmt::format("{}: it holds more than {} values", name_, most_));
  }
  void enter() {
    count();
    if (keys_.size() == kDeepest) {
      throw FormatError(fmt::format("{}: nested more than {} levels deep", name_, kDeepest));
    }
    keys_.emplace_back();
  }

  nlohmann::detail::json_sax_dom_parser<Json> builder_;
  const std::string& name_;
  int64_t most_, values_ = 0;
  std::vector<std::unordered_set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

Json parse_json(std::string_view text, const std::string& name, int64_t most) {
  return reading(name, [&] {
    Json root;
    Reader reader(root, name, most);
    Json::sax_parse(text, &reader);
    return root;
  });
}

}  // namespace tapehead::core
