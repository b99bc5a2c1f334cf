#include "tapehead/core/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/half.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"

namespace tapehead {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little,
              "safetensors holds little-endian numbers");

constexpr uint64_t kMaxHeader = 100'000'000;

constexpr std::pair<const char*, DType> kTypes[] = {{"F32", f32},     {"F64", f64}, {"BF16", bf16},
                                                    {"I64", i64},     {"I32", i32}, {"U8", u8},
                                                    {"BOOL", boolean}};
// Read as f32, of which every half is one.
constexpr const char* kHalf = "F16";

const char* type_name(DType dtype) {
  for (const auto& [name, type] : kTypes)
    if (type == dtype) return name;
  return "";
}

// One tensor of the header.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<uint64_t> shape, range;
};

// Reads the header as it comes, so that hostile input can neither nest deeply nor repeat a name
// unseen.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  std::vector<Entry> entries;
  std::vector<std::pair<std::string, std::string>> metadata;

  [[noreturn]] void fail(const std::string& why) const {
    throw FormatError(fmt::format("{}: not a valid safetensors file: {}", file_, why));
  }

  bool start_object(std::size_t) override {
    if (depth_ == 2 || in_array_)
      fail(fmt::format("the header nests deeper than it may at '{}'", key_));
    fields_.clear();
    if (++depth_ == 2) {
      in_metadata_ = key_ == "__metadata__";
      if (!in_metadata_) entries.push_back({.name = key_, .dtype = {}, .shape = {}, .range = {}});
    }
    return true;
  }
  bool end_object() override {
    if (depth_-- == 2 && !in_metadata_)
      for (const char* field : {"dtype", "shape", "data_offsets"})
        if (!fields_.contains(field))
          fail(fmt::format("'{}' has no {}", entries.back().name, field));
    return true;
  }
  bool key(string_t& key) override {
    if (depth_ == 1) {
      if (!names_.insert(key).second) fail(fmt::format("'{}' is there twice", key));
    } else if (!fields_.insert(key).second) {
      fail(fmt::format("'{}' is there twice in '{}'", key, key_));
    }
    (depth_ == 1 ? key_ : field_) = key;
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ == 2 && in_metadata_) metadata.emplace_back(field_, text);
    else if (depth_ == 2 && field_ == "dtype" && !in_array_) entries.back().dtype = text;
    else unexpected();
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || (field_ != "shape" && field_ != "data_offsets"))
      unexpected();
    in_array_ = true;
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool number_unsigned(number_unsigned_t n) override {
    if (!in_array_) unexpected();
    (field_ == "shape" ? entries.back().shape : entries.back().range).push_back(n);
    return true;
  }
  bool number_integer(number_integer_t) override { unexpected(); }
  bool number_float(number_float_t, const string_t&) override { unexpected(); }
  bool boolean(bool) override { unexpected(); }
  bool null() override { unexpected(); }
  bool binary(binary_t&) override { unexpected(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail(fmt::format("the header is not JSON at byte {}", position));
  }

 private:
  [[noreturn]] void unexpected() const {
    fail(depth_ < 2 ? fmt::format("'{}' is not an object", key_)
                    : fmt::format("field '{}' of '{}' is not what it must be", field_, key_));
  }

  const std::string& file_;
  int depth_ = 0;
  bool in_metadata_ = false, in_array_ = false;
  std::string key_, field_;
  std::set<std::string> names_, fields_;
};

void widen(const char* from, const Tensor& out) {
  float* to = out.data<float>();
  for (int64_t i = 0; i < out.numel(); ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, from + 2 * i, sizeof bits);
    to[i] = core::half_to_float(bits);
  }
}

Tensor make_tensor(const HeaderReader& header, const Entry& e, std::string_view data) {
  const bool half = e.dtype == kHalf;
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](auto& t) {
    return half ? t.second == f32 : e.dtype == t.first;
  });
  if (type == std::end(kTypes))
    header.fail(
        fmt::format("'{}' is of type '{}'; F32, F64, BF16, F16, I64, I32, U8 and BOOL can be read",
                    e.name, e.dtype));
  if (e.shape.size() > Shape::kMaxRank)
    header.fail(fmt::format("'{}' has {} dimensions; a tensor has at most {}", e.name,
                            e.shape.size(), Shape::kMaxRank));
  if (e.range.size() != 2 || e.range[0] > e.range[1] || e.range[1] > data.size())
    header.fail(fmt::format("data_offsets of '{}' are no range of the {} bytes of data", e.name,
                            data.size()));
  auto bytes = static_cast<uint64_t>(half ? 2 : size_of(type->second));
  Shape shape;
  for (const uint64_t size : e.shape) {
    if (size > INT64_MAX || __builtin_mul_overflow(bytes, size, &bytes))
      header.fail(fmt::format("the shape of '{}' is larger than an address can hold", e.name));
    shape.push_back(static_cast<int64_t>(size));
  }
  if (bytes != e.range[1] - e.range[0])
    header.fail(fmt::format("'{}' of shape {} takes {} bytes, its data_offsets span {}", e.name,
                            shape.str(), bytes, e.range[1] - e.range[0]));
  Tensor out = core::empty(shape, type->second);
  const char* from = data.data() + e.range[0];
  if (half) widen(from, out);
  else if (bytes > 0) std::memcpy(out.raw(), from, bytes);
  return out;
}

}  // namespace

Tensor SafeTensors::find(const std::string& name) const {
  for (const auto& [each, tensor] : tensors)
    if (each == name) return tensor;
  return {};
}

std::string SafeTensors::note(const std::string& key) const {
  for (const auto& [each, value] : metadata)
    if (each == key) return value;
  return {};
}

SafeTensors read_safetensors(const std::string& path) {
  return parse_safetensors(read_file(path, int64_t{1} << 40), path);
}

SafeTensors parse_safetensors(std::string_view bytes, const std::string& name) {
  HeaderReader header(name);
  uint64_t length = 0;
  if (bytes.size() < sizeof length)
    header.fail(fmt::format("{} bytes are too few for a header", bytes.size()));
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeader)
    header.fail(fmt::format("a header of {} bytes; at most {} are allowed", length, kMaxHeader));
  if (length > bytes.size() - sizeof length)
    header.fail(fmt::format("a header of {} bytes, but only {} follow: it was cut off", length,
                            bytes.size() - sizeof length));
  const std::string_view text = bytes.substr(sizeof length, length),
                         data = bytes.substr(sizeof length + length);
  if (text.empty() || text[0] != '{') header.fail("the header does not start with {");
  Json::sax_parse(text, &header);

  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const Entry& a, const Entry& b) {
                     return a.range.size() == 2 && b.range.size() == 2 && a.range < b.range;
                   });
  SafeTensors out;
  out.metadata = std::move(header.metadata);
  uint64_t end = 0;
  for (const Entry& e : header.entries) {
    Tensor t = make_tensor(header, e, data);
    if (e.range[0] != end)
      header.fail(fmt::format("'{}' starts at byte {}, expected {}: data has a gap or overlaps",
                              e.name, e.range[0], end));
    end = e.range[1];
    out.tensors.emplace_back(e.name, std::move(t));
  }
  if (end != data.size())
    header.fail(fmt::format("tensors end at byte {} of the {} bytes of data", end, data.size()));
  return out;
}

void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       std::span<const std::pair<std::string, std::string>> metadata) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& t : tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const int64_t x = size_of(a->second.dtype()), y = size_of(b->second.dtype());
    return x != y ? x > y : a->first < b->first;
  });
  Json header = Json::object();
  for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
  int64_t at = 0;
  for (const NamedTensor* t : order) {
    const auto& [name, tensor] = *t;
    if (header.contains(name))
      throw ValueError(fmt::format("write_safetensors: '{}' is given twice", name));
    const int64_t end = at + tensor.numel() * size_of(tensor.dtype());
    header[name] = {{"dtype", type_name(tensor.dtype())},
                    {"shape", std::vector<int64_t>(tensor.shape().begin(), tensor.shape().end())},
                    {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&length), sizeof length});
  file.write(text);
  for (const NamedTensor* t : order) {
    const Tensor dense = core::contiguous(t->second);
    file.write({dense.raw(), static_cast<size_t>(dense.numel() * size_of(dense.dtype()))});
  }
  file.commit();
}

}  // namespace tapehead
