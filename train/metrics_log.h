// metrics.jsonl: the metrics of a run, one JSON object per line.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/train/append_file.h"

namespace tapehead::train {

/// A key and its value, as JSON. A non-finite number, which JSON cannot represent, becomes null
/// with a second key for its value: "loss":null,"loss_is":"nan".
/// Example: train::Metric("loss", 2.5).json()  // "loss":2.5
class Metric {
 public:
  Metric(std::string_view key, bool value);
  Metric(std::string_view key, float value);
  Metric(std::string_view key, double value);
  Metric(std::string_view key, std::string_view value);
  Metric(std::string_view key, const char* value) : Metric(key, std::string_view(value)) {}
  Metric(std::string_view key, const std::string& value) : Metric(key, std::string_view(value)) {}
  template <std::integral Int>
  requires(!std::same_as<Int, bool>) Metric(std::string_view key, Int value)
      : json_(pair(key, std::to_string(value))) {}

  /// The value as JSON.
  const std::string& json() const { return json_; }

 private:
  static std::string pair(std::string_view key, std::string_view json);

  std::string json_;
};

/// A log to which complete lines are appended. Each line has been passed to the operating system
/// when write() returns.
class MetricsLog {
 public:
  /// Creates an empty log, replacing an existing one, and its missing parent folders. Throws
  /// IoError.
  static MetricsLog create(const std::string& path);

  /// Opens or creates a log for a run that resumes after `step`: removes an incomplete last line,
  /// and all records from the first one whose "step" is larger. Throws FormatError, without
  /// changing the file, if another line is not a JSON object, and IoError.
  static MetricsLog resume(const std::string& path, int64_t step);

  /// Appends a record with the keys in the given order: log.write({{"step", 100}, {"loss", 2.31}}).
  /// Throws IoError; the log is unchanged then.
  void write(std::span<const Metric> record);
  void write(std::initializer_list<Metric> record) {
    write(std::span<const Metric>(record.begin(), record.size()));
  }

  const std::string& path() const { return file_.path(); }

 private:
  explicit MetricsLog(AppendFile file) : file_(std::move(file)) {}

  AppendFile file_;
};

/// A metric over the steps of a run.
struct Curve {
  std::vector<double> steps, values;
};

/// Reads the curve of `key`: one point for each record that has a "step" and a number for the key,
/// in the order of the log. Empty if the file does not exist.
Curve read_curve(const std::string& path, const std::string& key);

}  // namespace tapehead::train
