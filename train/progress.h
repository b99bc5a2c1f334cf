// Progress display: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapehead::train {

/// A named number to show: {"loss", 2.31}.
struct Shown {
  std::string_view name;  ///< of the number
  double value;           ///< the number
};

struct ProgressOptions {
  std::string label;              ///< text in front, such as the program's name or "epoch 3"
  int64_t total = 0;              ///< total number of units; 0: unknown, no bar
  int64_t start = 0;              ///< units done before, by the run that is resumed
  std::string unit = "step";      ///< for the rate: "12.3 steps/s" or "2.5 s/step"
  bool quiet = false;             ///< write nothing
  std::FILE* out = stderr;        ///< not owned
  std::optional<bool> terminal;   ///< whether `out` is a terminal; none: detect
  int columns = 0;                ///< width of the terminal; 0: query it for each update
  std::optional<bool> utf8;       ///< whether the terminal supports UTF-8; none: from the locale
  std::function<double()> clock;  ///< seconds; none: the steady clock
};

/// On a terminal, shows one line that is redrawn at most ten times per second. Otherwise writes
/// plain lines: the first after two seconds, then at growing intervals of up to one minute. Errors
/// in writing are ignored.
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  /// Leaves the cursor on a new line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Sets the number of units done and the values to show until the next call. Cheap enough to call
  /// at every step.
  void update(int64_t done, std::span<const Shown> values);
  void update(int64_t done, std::initializer_list<Shown> values = {}) {
    update(done, std::span<const Shown>(values.begin(), values.size()));
  }

  /// Writes a separate line, above the bar.
  void note(std::string_view line);

  /// Shows the final state with the elapsed time, and ends the line.
  void finish();

 private:
  double now() const;
  void measure(double time);
  void draw();
  std::string rate() const;
  std::string values() const;
  std::string time() const;
  double part() const;
  std::string bar_line(int columns) const;
  std::string plain_line() const;

  ProgressOptions options_;
  bool terminal_ = false, utf8_ = false, finished_ = false, on_screen_ = false;
  int64_t done_ = 0, measured_done_ = 0;
  double begun_ = 0, time_ = 0, measured_at_ = 0, next_draw_ = 0, gap_ = 0;
  double recent_steps_ = 0, recent_seconds_ = 0;  // weighted towards the most recent
  std::vector<std::pair<std::string, double>> values_;
};

/// Formats a duration: "0:07", "3:52", "1:02:03", "2d 04:10:00".
/// Example: train::clock_time(3723)  // 1:02:03
std::string clock_time(double seconds);

/// The percentage in the last plain line of Progress in a log, which notes may follow; 0 if there
/// is none.
/// Example: train::logged_percent("")  // 0
double logged_percent(std::string_view log);

}  // namespace tapehead::train
