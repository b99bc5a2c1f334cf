// metrics.jsonl: what a run measured, one JSON object a line.
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

/// One key and its value, as JSON. A float or double that is not finite, which JSON cannot say,
/// becomes null with a second key that says what it was: "loss":null,"loss_is":"nan".
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

  const std::string& json() const { return json_; }

 private:
  static std::string pair(std::string_view key, std::string_view json);

  std::string json_;
};

/// A log that only grows by whole lines, each with the system when write() returns.
class MetricsLog {
 public:
  /// Starts an empty log, in place of one that is there. Makes missing folders. Throws IoError.
  static MetricsLog create(const std::string& path);

  /// Goes on with a log, or starts one, for a run that resumes after `step`: drops a last line that
  /// was cut off by a kill, and everything from the first record on whose "step" is larger. Throws
  /// FormatError, and changes nothing, where another line is no JSON object.
  static MetricsLog resume(const std::string& path, int64_t step);

  /// log.write({{"step", 100}, {"loss", 2.31}}): keys stand in the order given. Throws IoError,
  /// with the log as it was before.
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

/// What a log has of `key`: each record with a "step" and a number under the key gives a point, in
/// the order of the log. Empty when there is no such file.
Curve read_curve(const std::string& path, const std::string& key);

}  // namespace tapehead::train
