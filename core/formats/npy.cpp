#include "tapehead/core/formats/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>
#include <optional>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/detail/npy.h"

namespace tapehead {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxNpyHeader = 1 << 16;  // usual headers have at most a few hundred bytes

[[noreturn]] void fail_npy(const std::string& name, const std::string& why) {
  throw FormatError(fmt::format("{}: not an array that can be read: {}", name, why));
}

// A NumPy number type, such as 'f' of 4 bytes.
struct Element {
  char kind = 0;
  size_t size = 0;
  bool swapped = false;  // big-endian
};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran;
  std::optional<std::vector<int64_t>> shape;
};

// The header is a Python dictionary with three known keys: {'descr': '<f4', 'fortran_order': False,
// 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    Header header;
    expect('{');
    while (!takes('}')) {
      const std::string key = quoted();
      expect(':');
      bool first = true;
      if (key == "descr") first = set(header.descr, descr());
      else if (key == "fortran_order") first = set(header.fortran, boolean());
      else if (key == "shape") first = set(header.shape, tuple());
      else fail_npy(name_, fmt::format("its header has a field '{}'", key));
      if (!first) fail_npy(name_, fmt::format("its header has '{}' twice", key));
      if (!takes(',')) {
        expect('}');
        break;
      }
    }
    skip_spaces();
    if (at_ != text_.size()) broken();
    if (!header.descr || !header.fortran || !header.shape)
      fail_npy(name_, "its header lacks one of descr, fortran_order and shape");
    return header;
  }

 private:
  template <class T>
  static bool set(std::optional<T>& field, T value) {
    const bool first = !field;
    field = std::move(value);
    return first;
  }
  [[noreturn]] void broken() const {
    fail_npy(name_, fmt::format("its header is invalid at byte {}", at_));
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool takes(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!takes(c)) broken();
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') broken();
    const size_t end = text_.find(quote, ++at_);
    if (end == std::string_view::npos) broken();
    const std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }
  std::string descr() {
    if (peek() == '[') fail_npy(name_, "its elements are records; save each field by itself");
    return quoted();
  }
  bool boolean() {
    skip_spaces();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    broken();
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> sizes;
    expect('(');
    while (!takes(')')) {
      sizes.push_back(size());
      if (!takes(',')) {
        expect(')');
        if (sizes.size() == 1) broken();  // (3) is a number; a tuple is (3,)
        break;
      }
    }
    return sizes;
  }
  int64_t size() {
    int64_t value = 0;
    if (std::isdigit(static_cast<unsigned char>(peek())) == 0) broken();
    for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0; ++at_)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[at_] - '0', &value))
        fail_npy(name_, "a size of its shape is too large to address");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // suffix of Python 2's long integers
    return value;
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

Element element_of(const std::string& descr, const std::string& name) {
  std::string_view text = descr;
  Element e;
  if (!text.empty() && std::string_view("<>=|").find(text[0]) != std::string_view::npos) {
    e.swapped = text[0] == '>';
    text.remove_prefix(1);
  }
  if (text.starts_with('O'))
    fail_npy(
        name,
        "it holds Python objects, which only pickle can read, and pickle runs what it reads; save "
        "numbers, with allow_pickle=False");
  constexpr std::string_view kKnown[] = {"b1", "i1", "i2", "i4", "i8", "u1",
                                         "u2", "u4", "u8", "f2", "f4", "f8"};
  if (std::find(std::begin(kKnown), std::end(kKnown), text) == std::end(kKnown))
    fail_npy(name,
             fmt::format("its elements are of type '{}'; bool, integers and floating numbers of "
                         "2, 4 and 8 bytes can be read",
                         descr));
  e.kind = text[0];
  e.size = static_cast<size_t>(text[1] - '0');
  return e;
}

DType dtype_for(const Element& e) {
  switch (e.kind) {
    case 'b': return boolean;
    case 'f': return e.size == 8 ? f64 : e.size == 4 ? f32 : f16;
    case 'u': return e.size == 1 ? u8 : e.size == 2 ? i32 : i64;
    default: return e.size == 8 ? i64 : e.size == 4 ? i32 : e.size == 2 ? i16 : i8;
  }
}

template <class From, class To, class F>
void convert(std::string_view data, bool swapped, const Tensor& out, const F& value_of) {
  To* to = out.data<To>();
  const auto n = static_cast<size_t>(out.numel());
  for (size_t i = 0; i < n; ++i) {
    char bytes[sizeof(From)];
    std::memcpy(bytes, data.data() + i * sizeof(From), sizeof(From));
    if (swapped) std::reverse(std::begin(bytes), std::end(bytes));
    From x;
    std::memcpy(&x, bytes, sizeof(From));
    to[i] = static_cast<To>(value_of(x));
  }
}

Tensor elements(std::string_view data, const Element& e, const Shape& shape,
                const std::string& name) {
  const DType dtype = dtype_for(e);
  const Tensor out = core::empty(shape, dtype);
  const auto same = [](auto x) { return x; };
  const auto checked = [&](uint64_t x) {
    if (x > INT64_MAX) fail_npy(name, fmt::format("it holds {}, beyond the largest i64", x));
    return x;
  };
  if (e.kind == 'b') {
    convert<uint8_t, bool>(data, false, out, [](uint8_t x) { return x != 0; });
  } else if (e.kind == 'f') {
    if (e.size == 2) convert<float16, float16>(data, e.swapped, out, same);
    else if (e.size == 4) convert<float, float>(data, e.swapped, out, same);
    else convert<double, double>(data, e.swapped, out, same);
  } else if (e.kind == 'i') {
    if (e.size == 1) convert<int8_t, int8_t>(data, false, out, same);
    else if (e.size == 2) convert<int16_t, int16_t>(data, e.swapped, out, same);
    else if (e.size == 4) convert<int32_t, int32_t>(data, e.swapped, out, same);
    else convert<int64_t, int64_t>(data, e.swapped, out, same);
  } else {
    if (e.size == 1) convert<uint8_t, uint8_t>(data, false, out, same);
    else if (e.size == 2) convert<uint16_t, int32_t>(data, e.swapped, out, same);
    else if (e.size == 4) convert<uint32_t, int64_t>(data, e.swapped, out, same);
    else convert<uint64_t, int64_t>(data, e.swapped, out, checked);
  }
  return out;
}

// Returns the offset of the data and the header.
std::pair<size_t, Header> read_header(std::string_view bytes, const std::string& name) {
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + 2)
    fail_npy(name, "it does not start with the magic bytes of a .npy file");
  const auto version = static_cast<uint8_t>(bytes[kMagic.size()]);
  const auto minor = static_cast<uint8_t>(bytes[kMagic.size() + 1]);
  if (version < 1 || version > 3 || minor != 0)
    fail_npy(name, fmt::format("it is of version {}.{}; 1.0 to 3.0 can be read", version, minor));
  const size_t width = version == 1 ? 2 : 4, start = kMagic.size() + 2 + width;
  if (bytes.size() < start) fail_npy(name, "it was cut off within its header");
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + start - width, width);
  if (length > kMaxNpyHeader)
    fail_npy(name,
             fmt::format("a header of {} bytes; at most {} are allowed", length, kMaxNpyHeader));
  if (length > bytes.size() - start) fail_npy(name, "it was cut off within its header");
  return {start + length, HeaderParser(bytes.substr(start, length), name).parse()};
}

// An array whose header has been checked.
struct Array {
  size_t start;  // offset of the data
  Element element;
  bool fortran;
  Shape shape;  // in memory order: reversed for Fortran order
};

// `front` is the start of a file of `size` bytes and contains the whole header.
Array check(std::string_view front, uint64_t size, const std::string& name) {
  const auto [start, header] = read_header(front, name);
  const Element element = element_of(*header.descr, name);
  std::vector<int64_t> sizes = *header.shape;
  if (sizes.size() > Shape::kMaxRank)
    fail_npy(name, fmt::format("it has {} dimensions; a tensor has at most {}", sizes.size(),
                               Shape::kMaxRank));
  // As in NumPy, the limit applies to the product of the nonzero sizes.
  int64_t limit = static_cast<int64_t>(element.size);
  for (const int64_t each : sizes)
    if (each > 0 && __builtin_mul_overflow(limit, each, &limit))
      fail_npy(name, "its shape is too large to address");
  if (*header.fortran) std::reverse(sizes.begin(), sizes.end());
  const Shape shape{std::span<const int64_t>(sizes)};
  const uint64_t wanted = static_cast<uint64_t>(shape.numel()) * element.size;
  if (wanted != size - start)
    fail_npy(name, fmt::format("its shape needs {} bytes of elements, but it has {}", wanted,
                               size - start));
  return {start, element, *header.fortran, shape};
}

Tensor tensor_of(const Array& array, std::string_view data, const std::string& name) {
  const Tensor out = elements(data, array.element, array.shape, name);
  if (!array.fortran || array.shape.rank() < 2) return out;
  Shape turned = array.shape, strides = out.strides();
  std::reverse(turned.begin(), turned.end());
  std::reverse(strides.begin(), strides.end());
  return core::contiguous(core::view_of(out, turned, strides, 0));
}

}  // namespace

Tensor parse_npy(std::string_view bytes, const std::string& name) {
  return core::reading(name, [&] {
    const Array array = check(bytes, bytes.size(), name);
    return tensor_of(array, bytes.substr(array.start), name);
  });
}

Tensor read_npy(const std::string& path) {
  const core::InputFile file(path);
  if (!file.has_size()) return parse_npy(read_file(path), path);
  return core::reading(path, [&] {
    const core::ByteSource source(file);
    const auto front = static_cast<size_t>(std::min<uint64_t>(source.size, kMaxNpyHeader + 16));
    const Array array = check(source.text(0, front), source.size, path);
    const std::string data = source.text(array.start, source.size - array.start);
    return tensor_of(array, data, path);
  });
}

namespace core {

std::string npy_bytes(const Tensor& tensor) {
  const DType dtype = tensor.dtype() == bf16 ? f32 : tensor.dtype();
  const Tensor dense = contiguous(cast(tensor.detach(), dtype));
  constexpr const char* kDescr[kDTypes] = {"<f4", "<f8", "",    "<i8", "<i4",
                                           "|u1", "|b1", "<f2", "<i2", "|i1"};
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (", kDescr[int(dtype)]);
  for (const int64_t size : dense.shape()) header += fmt::format("{}, ", size);
  // Python writes (2, 3) and () but (3,).
  if (dense.dim() > 0) header.pop_back();
  if (dense.dim() > 1) header.pop_back();
  header += "), }";
  constexpr size_t kBefore = kMagic.size() + 4, kAlign = 64;
  header.append(kAlign - 1 - (kBefore + header.size()) % kAlign, ' ');
  header += '\n';
  std::string out(kMagic);
  out += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
          static_cast<char>(header.size() >> 8)};
  out += header;
  return out.append(dense.raw(), static_cast<size_t>(dense.numel() * size_of(dtype)));
}

}  // namespace core

void write_npy(const std::string& path, const Tensor& tensor) {
  write_atomic(path, core::npy_bytes(tensor));
}

}  // namespace tapehead
