#include "tapehead/train/metrics_log.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"
#include "tapehead/core/formats/detail/json.h"

namespace tapehead::train {

namespace {

std::string json_string(std::string_view text) {
  // Invalid bytes are replaced by U+FFFD.
  return core::Json(text).dump({.replace_invalid_utf8 = true});
}

template <class Real>
std::string number(std::string_view key, Real value) {
  if (std::isfinite(value)) return fmt::format("{}:{}", json_string(key), value);
  const char* what = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  return fmt::format("{}:null,{}:\"{}\"", json_string(key), json_string(std::string(key) + "_is"),
                     what);
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// The JSON object in a line; null if it is not one.
core::Json record_of(const std::string& line) {
  try {
    core::Json record = core::parse_json(line, "metrics log", {.repeated_keys = true});
    return record.is_object() ? record : core::Json();
  } catch (const FormatError&) {
    return {};
  }
}

std::optional<double> number_of(const core::Json& record, const std::string& key) {
  const core::Json* value = record.find(key);
  return value != nullptr && value->is_number() ? std::optional(value->as_double()) : std::nullopt;
}

struct Kept {
  uintmax_t bytes = 0;
  bool needs_newline = false;  // the last record lacks only its newline
};

Kept measure_kept(const std::string& path, int64_t step) {
  Kept kept;
  std::ifstream in(path, std::ios::binary);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const bool last = in.eof();
    const core::Json record = record_of(line);
    if (record.is_null()) {
      if (last) return kept;
      throw FormatError(fmt::format(
          "{}:{}: the line is not a JSON object; fix it or move the file away to resume", path,
          number));
    }
    const std::optional<double> at = number_of(record, "step");
    if (at && *at > static_cast<double>(step)) return kept;
    kept.bytes += line.size() + (last ? 0 : 1);
    kept.needs_newline = last;
  }
  if (in.bad()) throw IoError(fmt::format("{}: cannot be read; check the disk", path));
  return kept;
}

}  // namespace

std::string Metric::pair(std::string_view key, std::string_view json) {
  return fmt::format("{}:{}", json_string(key), json);
}

Metric::Metric(std::string_view key, bool value) : json_(pair(key, value ? "true" : "false")) {}
Metric::Metric(std::string_view key, float value) : json_(number(key, value)) {}
Metric::Metric(std::string_view key, double value) : json_(number(key, value)) {}
Metric::Metric(std::string_view key, std::string_view value)
    : json_(pair(key, json_string(value))) {}

MetricsLog MetricsLog::create(const std::string& path) {
  make_folders(folder_of(path), "metrics log");
  return MetricsLog(AppendFile(path, AppendFile::Open::fresh));
}

MetricsLog MetricsLog::resume(const std::string& path, int64_t step) {
  make_folders(folder_of(path), "metrics log");
  const Kept kept = measure_kept(path, step);
  AppendFile file(path, AppendFile::Open::keep);
  std::error_code error;
  std::filesystem::resize_file(path, kept.bytes, error);
  if (error)
    throw IoError(
        fmt::format("{}: cannot be shortened: {}", path, core::system_error(error.value())));
  if (kept.needs_newline) file.append("\n");
  return MetricsLog(std::move(file));
}

Curve read_curve(const std::string& path, const std::string& key) {
  Curve curve;
  std::ifstream in(path, std::ios::binary);
  for (std::string line; std::getline(in, line);) {
    const core::Json record = record_of(line);
    const std::optional<double> step = number_of(record, "step"), value = number_of(record, key);
    if (!step || !value) continue;
    curve.steps.push_back(*step);
    curve.values.push_back(*value);
  }
  return curve;
}

void MetricsLog::write(std::span<const Metric> record) {
  std::string line = "{";
  for (const Metric& metric : record) {
    if (line.size() > 1) line += ',';
    line += metric.json();
  }
  file_.append(line + "}\n");
}

}  // namespace tapehead::train
