// How far a run is: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::train {

/// A number to show: {"loss", 2.31}.
struct Shown {
  std::string_view name;
  double value;
};

struct ProgressOptions {
  std::string label;              ///< in front: the program, or "epoch 3"
  int64_t total = 0;              ///< 0: unknown, and no bar
  int64_t start = 0;              ///< done before, by the run that is resumed
  std::string unit = "step";      ///< the rate is "12.3 steps/s" or "2.5 s/step"
  bool quiet = false;             ///< write nothing at all
  std::FILE* out = stderr;        ///< not owned
  std::optional<bool> terminal;   ///< whether `out` is one; none: ask the system
  int columns = 0;                ///< of the terminal; 0: ask the system, each time
  std::optional<bool> utf8;       ///< whether it shows more than ASCII; none: ask the locale
  std::function<double()> clock;  ///< seconds; none: the steady clock
};

/// A terminal gets one line, redrawn in place at most ten times a second. Anything else gets plain
/// lines: the first after two seconds, then further and further apart, to one a minute. A stream
/// that cannot be written is no error.
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  /// Leaves the cursor on a fresh line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of the total are done; to be called at each step, it costs little. The values are shown
  /// until the next call.
  void update(int64_t done, std::span<const Shown> values);
  void update(int64_t done, std::initializer_list<Shown> values = {}) {
    update(done, std::span<const Shown>(values.begin(), values.size()));
  }

  /// Writes a line of its own, above the bar.
  void note(std::string_view line);

  /// Shows the last state with the time it took, and ends the line.
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
  double recent_steps_ = 0, recent_seconds_ = 0;  // weighted towards the last
  std::vector<std::pair<std::string, double>> values_;
};

/// 7 s is "0:07", then "3:52", "1:02:03", "2d 04:10:00".
std::string clock_time(double seconds);

/// How far a run had come by the last plain line of Progress in its log, in percent; 0 when there
/// is none. Notes after it do not matter.
double logged_percent(std::string_view log);

}  // namespace tapehead::train
