#include "tapehead/train/metrics_log.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"

namespace tapehead::train {

namespace {

std::string json_string(std::string_view text) {
  // Bytes that are not UTF-8 become U+FFFD.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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

/// A line's "step", if it has one. Throws std::invalid_argument where the line is no object.
std::optional<double> step_of(const std::string& line) {
  const auto record = nlohmann::json::parse(line, nullptr, false);
  if (!record.is_object()) throw std::invalid_argument("no object");
  const auto step = record.find("step");
  if (step == record.end() || !step->is_number()) return std::nullopt;
  return step->get<double>();
}

struct Kept {
  uintmax_t bytes = 0;
  bool needs_newline = false;  // the last record is whole but for its line's end
};

Kept measure_kept(const std::string& path, int64_t step) {
  Kept kept;
  std::ifstream in(path, std::ios::binary);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const bool last = in.eof();
    try {
      const std::optional<double> at = step_of(line);
      if (at && *at > static_cast<double>(step)) return kept;
    } catch (const std::invalid_argument&) {
      if (last) return kept;
      throw FormatError(fmt::format(
          "{}:{}: the line is not a JSON object; mend it or move the file away to resume", path,
          number));
    }
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
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object()) continue;
    const auto step = record.find("step"), value = record.find(key);
    if (step == record.end() || value == record.end()) continue;
    if (!step->is_number() || !value->is_number()) continue;
    curve.steps.push_back(step->get<double>());
    curve.values.push_back(value->get<double>());
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
