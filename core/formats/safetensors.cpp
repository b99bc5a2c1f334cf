#include "tapehead/core/formats/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <set>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/detail/utf8.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/detail/json.h"

namespace tapehead {
namespace {

using core::ByteSource;
using core::Json;

static_assert(std::endian::native == std::endian::little,
              "safetensors holds little-endian numbers");

constexpr uint64_t kMaxJsonHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";  // reserved key, not a tensor

constexpr std::pair<const char*, DType> kTypes[] = {
    {"F32", f32}, {"F64", f64}, {"BF16", bf16}, {"F16", f16}, {"I64", i64},
    {"I32", i32}, {"I16", i16}, {"I8", i8},     {"U8", u8},   {"BOOL", boolean}};

const char* type_name(DType dtype) {
  for (const auto& [name, type] : kTypes)
    if (type == dtype) return name;
  return "";
}

// A tensor's entry in the header.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<uint64_t> shape, range;
};

// Parses the header as a stream, to reject deep nesting and repeated names in hostile input.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  std::vector<Entry> entries;
  std::vector<std::pair<std::string, std::string>> metadata;

  [[noreturn]] void fail(const std::string& why) const {
    throw FormatError(fmt::format("{}: not a valid safetensors file: {}", file_, why));
  }

  bool start_object(std::size_t) override {
    if (depth_ == 2 || in_array_)
      fail(fmt::format("the header is nested too deeply at '{}'", key_));
    fields_.clear();
    if (++depth_ == 2) {
      in_metadata_ = key_ == kMetadata;
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
    if (const std::string fault = core::fault_of_name(key); !fault.empty())
      fail(fmt::format("the name {:?} {}", key, fault));
    if (depth_ == 1) {
      if (!names_.insert(key).second) fail(fmt::format("'{}' is repeated", key));
    } else if (!fields_.insert(key).second) {
      fail(fmt::format("'{}' is repeated in '{}'", key, key_));
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
                    : fmt::format("field '{}' of '{}' is invalid", field_, key_));
  }

  const std::string& file_;
  int depth_ = 0;
  bool in_metadata_ = false, in_array_ = false;
  std::string key_, field_;
  std::set<std::string> names_, fields_;
};

// A validated entry of the header.
struct Checked {
  const Entry& entry;
  DType dtype;
  Shape shape;
};

Checked check(const HeaderReader& header, const Entry& e, uint64_t data_size) {
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](auto& t) { return e.dtype == t.first; });
  if (type == std::end(kTypes))
    header.fail(
        fmt::format("'{}' is of type '{}'; F32, F64, BF16, F16, I64, I32, I16, I8, U8 and BOOL "
                    "can be read",
                    e.name, e.dtype));
  if (e.shape.size() > Shape::kMaxRank)
    header.fail(fmt::format("'{}' has {} dimensions; a tensor has at most {}", e.name,
                            e.shape.size(), Shape::kMaxRank));
  if (e.range.size() != 2 || e.range[0] > e.range[1] || e.range[1] > data_size)
    header.fail(fmt::format("data_offsets of '{}' are not a range within the {} bytes of data",
                            e.name, data_size));
  const auto item = static_cast<uint64_t>(size_of(type->second));
  uint64_t most = item;  // product of the nonzero sizes, which bounds the strides
  Shape shape;
  for (const uint64_t size : e.shape) {
    if (size > INT64_MAX || (size > 0 && __builtin_mul_overflow(most, size, &most)) ||
        most > INT64_MAX)
      header.fail(fmt::format("the shape of '{}' is too large to address", e.name));
    shape.push_back(static_cast<int64_t>(size));
  }
  const uint64_t bytes = item * static_cast<uint64_t>(shape.numel());
  if (bytes != e.range[1] - e.range[0])
    header.fail(fmt::format("'{}' of shape {} takes {} bytes, its data_offsets span {}", e.name,
                            shape.str(), bytes, e.range[1] - e.range[0]));
  return {e, type->second, shape};
}

// Copies n elements from offset `at`.
void fill(const ByteSource& source, uint64_t at, const Checked& t, const Tensor& out) {
  const auto n = static_cast<size_t>(out.numel());
  source.read(at, out.raw(), n * static_cast<size_t>(size_of(t.dtype)));
  if (t.dtype == boolean) {
    // Like NumPy and PyTorch, treat any nonzero byte as true; a C++ bool must be 0 or 1.
    auto* bytes = reinterpret_cast<unsigned char*>(out.raw());
    for (size_t i = 0; i < n; ++i) bytes[i] = bytes[i] != 0;
  }
}

std::string read_header(const ByteSource& source, const HeaderReader& header) {
  uint64_t length = 0;
  if (source.size < sizeof length)
    header.fail(fmt::format("{} bytes are too few for a header", source.size));
  source.read(0, reinterpret_cast<char*>(&length), sizeof length);
  if (length > kMaxJsonHeader)
    header.fail(
        fmt::format("a header of {} bytes; at most {} are allowed", length, kMaxJsonHeader));
  if (length > source.size - sizeof length)
    header.fail(fmt::format("a header of {} bytes, but only {} follow: it was cut off", length,
                            source.size - sizeof length));
  std::string text = source.text(sizeof length, length);
  if (text.empty() || text[0] != '{') header.fail("the header does not start with {");
  return text;
}

// Checks the header, also against the size of the file, before allocating any tensor.
SafeTensors parse(const ByteSource& source, const std::string& name) {
  HeaderReader header(name);
  const std::string text = read_header(source, header);
  nlohmann::json::sax_parse(text, &header);

  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const Entry& a, const Entry& b) {
                     return a.range.size() == 2 && b.range.size() == 2 && a.range < b.range;
                   });
  const uint64_t start = sizeof(uint64_t) + text.size(), data_size = source.size - start;
  std::vector<Checked> list;
  uint64_t end = 0;
  for (const Entry& e : header.entries) {
    list.push_back(check(header, e, data_size));
    if (e.range[0] != end)
      header.fail(fmt::format("'{}' starts at byte {}, expected {}: data has a gap or overlaps",
                              e.name, e.range[0], end));
    end = e.range[1];
  }
  if (end != data_size)
    header.fail(fmt::format("tensors end at byte {} of the {} bytes of data", end, data_size));

  SafeTensors out;
  out.metadata = std::move(header.metadata);
  for (const Checked& t : list) {
    Tensor tensor = core::empty(t.shape, t.dtype);
    fill(source, start + t.entry.range[0], t, tensor);
    out.tensors.emplace_back(t.entry.name, std::move(tensor));
  }
  return out;
}

void check_text(const char* what, std::string_view text) {
  if (const std::string fault = core::fault_of_name(text); !fault.empty())
    throw ValueError(
        fmt::format("write_safetensors: the {} {:?} {}; nothing was written", what, text, fault));
}

// The JSON of the header; `order` is the order of the tensors' data.
std::string header_of(std::span<const NamedTensor* const> order,
                      std::span<const std::pair<std::string, std::string>> metadata) {
  Json header = Json::object();
  for (const auto& [key, value] : metadata) {
    check_text("key", key);
    check_text("metadata", value);
    Json& notes = header[kMetadata];
    if (notes.contains(key))
      throw ValueError(fmt::format("write_safetensors: the metadata '{}' is given twice", key));
    notes[key] = value;
  }
  int64_t at = 0;
  for (const NamedTensor* t : order) {
    const auto& [name, tensor] = *t;
    check_text("name", name);
    if (name == kMetadata)
      throw ValueError(fmt::format(
          "write_safetensors: '{}' cannot be the name of a tensor: it is reserved for metadata",
          name));
    if (header.contains(name))
      throw ValueError(fmt::format("write_safetensors: '{}' is given twice", name));
    const int64_t end = at + tensor.numel() * size_of(tensor.dtype());
    header[name] = {{"dtype", type_name(tensor.dtype())},
                    {"shape", Json::Array(tensor.shape().begin(), tensor.shape().end())},
                    {"data_offsets", Json::array({at, end})}};
    at = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
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
  const core::InputFile file(path);
  if (!file.has_size()) return parse_safetensors(read_file(path), path);
  return core::reading(path, [&] { return parse(ByteSource(file), path); });
}

SafeTensors parse_safetensors(std::string_view bytes, const std::string& name) {
  return core::reading(name, [&] { return parse(ByteSource(bytes), name); });
}

void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       std::span<const std::pair<std::string, std::string>> metadata) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& t : tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const int64_t x = size_of(a->second.dtype()), y = size_of(b->second.dtype());
    return x != y ? x > y : a->first < b->first;
  });
  const std::string text = header_of(order, metadata);
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
