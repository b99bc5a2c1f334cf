// .npz archives, read and written with libzip.
#include <fmt/format.h>
#include <zip.h>

#include <memory>
#include <set>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/detail/utf8.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/detail/npy.h"
#include "tapehead/core/formats/npy.h"

namespace tapehead {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr size_t kLongestName = UINT16_MAX - kSuffix.size();
constexpr uint64_t kFree = uint64_t{1} << 28;  // bytes unpacked before the ratio limit applies
// Deflate expands a byte to at most 1032: an entry that claims more is corrupt.
constexpr uint64_t kDeflateRatio = 1032;

[[noreturn]] void fail_archive(const std::string& name, const std::string& why) {
  throw FormatError(fmt::format("{}: not an archive of arrays that can be read: {}", name, why));
}

[[noreturn]] void fail_limit(const std::string& name, const std::string& why) {
  fail_archive(name, why + "; pass other NpzLimits for an archive that you trust");
}

struct ZipError {
  zip_error_t value{};
  ZipError() { zip_error_init(&value); }
  ~ZipError() { zip_error_fini(&value); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  std::string str() { return zip_error_strerror(&value); }
};

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using ZipFile = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

// Takes ownership of the source, which is null if creating it failed.
Archive open(zip_source_t* source, ZipError& error, const std::string& name) {
  if (source == nullptr) fail_archive(name, error.str());
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error.value);
  if (archive == nullptr) {
    zip_source_free(source);
    fail_archive(name, error.str());
  }
  return {archive, &zip_discard};
}

zip_stat_t stat_of(zip_t* archive, uint64_t i, const std::string& name) {
  zip_stat_t s;
  zip_stat_init(&s);
  constexpr uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                               ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, i, ZIP_FL_ENC_RAW, &s) != 0 || (s.valid & kNeeded) != kNeeded)
    fail_archive(name, fmt::format("its entry {} has no name or size", i));
  if (!std::string_view(s.name).ends_with(kSuffix))
    fail_archive(name, fmt::format("'{}' is not an array: its name does not end in .npy", s.name));
  if (const std::string fault = core::fault_of_name(s.name); !fault.empty())
    fail_archive(name, fmt::format("the name {:?} {}", s.name, fault));
  if (s.encryption_method != ZIP_EM_NONE)
    fail_archive(name, fmt::format("'{}' is encrypted", s.name));
  if (s.comp_method != ZIP_CM_STORE && s.comp_method != ZIP_CM_DEFLATE)
    fail_archive(name,
                 fmt::format("'{}' is packed by method {}; stored and deflated ones can be read",
                             s.name, s.comp_method));
  if (s.size > kDeflateRatio * (s.comp_size + 1))
    fail_archive(name,
                 fmt::format("'{}' claims to unpack {} bytes to {}", s.name, s.comp_size, s.size));
  return s;
}

// Rejects, before anything is unpacked, entries that overlap, and too many or too large ones.
std::vector<zip_stat_t> checked_entries(zip_t* archive, size_t packed, const std::string& name,
                                        const NpzLimits& limits) {
  const int64_t count = zip_get_num_entries(archive, 0);
  if (count > limits.arrays)
    fail_limit(name, fmt::format("it has {} entries, more than {}", count, limits.arrays));
  std::vector<zip_stat_t> entries;
  std::set<std::string_view> names;
  uint64_t total = 0, compressed = 0;
  for (int64_t i = 0; i < count; ++i) {
    entries.push_back(stat_of(archive, static_cast<uint64_t>(i), name));
    const zip_stat_t& s = entries.back();
    if (!names.insert(s.name).second) fail_archive(name, fmt::format("'{}' is repeated", s.name));
    compressed += s.comp_size;
    if (compressed > packed) fail_archive(name, "its entries overlap");
    total += s.size;
    if (total > static_cast<uint64_t>(limits.bytes))
      fail_limit(name, fmt::format("it unpacks to more than {} bytes", limits.bytes));
  }
  if (total > kFree && static_cast<double>(total) > limits.ratio * static_cast<double>(packed))
    fail_limit(name, fmt::format("its {} bytes unpack to {}, more than {} times as many", packed,
                                 total, limits.ratio));
  return entries;
}

std::string unpack(zip_t* archive, const zip_stat_t& s, const std::string& name) {
  const ZipFile entry(zip_fopen_index(archive, s.index, 0), &zip_fclose);
  if (!entry) fail_archive(name, fmt::format("'{}': {}", s.name, zip_strerror(archive)));
  std::string out(s.size, '\0');
  size_t got = 0;
  // Reading past the end verifies the checksum.
  for (char end = 0;;) {
    const bool full = got == out.size();
    const int64_t n =
        zip_fread(entry.get(), full ? &end : out.data() + got, full ? 1 : out.size() - got);
    if (n < 0) fail_archive(name, fmt::format("'{}': {}", s.name, zip_file_strerror(entry.get())));
    if (n == 0) break;
    if (full)
      fail_archive(name, fmt::format("'{}' is longer than the {} bytes it claims", s.name, s.size));
    got += static_cast<size_t>(n);
  }
  if (got < out.size())
    fail_archive(name, fmt::format("'{}' ends after {} of {} bytes", s.name, got, s.size));
  return out;
}

std::vector<NamedTensor> arrays_of(zip_t* archive, size_t packed, const std::string& name,
                                   const NpzLimits& limits) {
  std::vector<NamedTensor> out;
  for (const zip_stat_t& s : checked_entries(archive, packed, name, limits)) {
    const std::string_view entry = s.name;
    out.emplace_back(entry.substr(0, entry.size() - kSuffix.size()),
                     parse_npy(unpack(archive, s, name), fmt::format("{}({})", name, entry)));
  }
  return out;
}

[[noreturn]] void fail_writing(const std::string& path, const std::string& why) {
  throw IoError(fmt::format("{}: the archive could not be made: {}", path, why));
}

// `bytes` must stay alive until the archive is closed.
void add(zip_t* archive, const std::string& entry, std::string_view bytes,
         const std::string& path) {
  constexpr uint16_t kFirstOfJanuary1980 = 0x21;  // the date that NumPy writes
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  const int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, entry.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) zip_source_free(source);
  const auto at = static_cast<uint64_t>(index);
  if (index < 0 || zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, at, 0, kFirstOfJanuary1980, 0) != 0)
    fail_writing(path, zip_strerror(archive));
}

std::string bytes_of(zip_source_t* source, const std::string& path) {
  zip_stat_t s;
  zip_stat_init(&s);
  if (zip_source_stat(source, &s) != 0 || zip_source_open(source) != 0)
    fail_writing(path, zip_error_strerror(zip_source_error(source)));
  std::string bytes(s.size, '\0');
  const int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got != static_cast<int64_t>(bytes.size())) fail_writing(path, "it cannot be read back");
  return bytes;
}

}  // namespace

std::vector<NamedTensor> parse_npz(std::string_view bytes, const std::string& name,
                                   const NpzLimits& limits) {
  ZipError error;
  const Archive archive =
      open(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error.value), error, name);
  return core::reading(name, [&] { return arrays_of(archive.get(), bytes.size(), name, limits); });
}

std::vector<NamedTensor> read_npz(const std::string& path, const NpzLimits& limits) {
  const core::InputFile file(path);
  if (!file.has_size()) return parse_npz(read_file(path), path, limits);
  ZipError error;
  const Archive archive =
      open(zip_source_file_create(path.c_str(), 0, -1, &error.value), error, path);
  const auto packed = static_cast<size_t>(file.size());
  return core::reading(path, [&] { return arrays_of(archive.get(), packed, path, limits); });
}

void write_npz(const std::string& path, std::span<const NamedTensor> tensors) {
  std::set<std::string_view> names;
  std::vector<std::string> arrays;
  for (const auto& [name, tensor] : tensors) {
    if (name.empty()) throw ValueError("write_npz: an array has no name");
    if (const std::string fault = core::fault_of_name(name); !fault.empty())
      throw ValueError(
          fmt::format("write_npz: the name {:?} {}; nothing was written", name, fault));
    if (name.size() > kLongestName)
      throw ValueError(fmt::format("write_npz: a name of {} bytes; an archive holds at most {}",
                                   name.size(), kLongestName));
    if (!names.insert(name).second)
      throw ValueError(fmt::format("write_npz: '{}' is given twice", name));
    arrays.push_back(core::npy_bytes(tensor));
  }
  // libzip writes no empty archives: write the end-of-directory record ourselves.
  if (tensors.empty()) return write_atomic(path, "PK\5\6" + std::string(18, '\0'));
  ZipError error;
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> target(
      zip_source_buffer_create(nullptr, 0, 0, &error.value), &zip_source_free);
  if (!target) fail_writing(path, error.str());
  Archive archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, &error.value), &zip_discard);
  if (!archive) fail_writing(path, error.str());
  zip_source_keep(target.get());  // one reference for the archive, one to read the result
  for (size_t i = 0; i < arrays.size(); ++i)
    add(archive.get(), tensors[i].first + std::string(kSuffix), arrays[i], path);
  if (zip_close(archive.get()) != 0) fail_writing(path, zip_strerror(archive.get()));
  (void)archive.release();
  write_atomic(path, bytes_of(target.get(), path));
}

}  // namespace tapehead
