#include "tapehead/train/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "tapehead/train/detail/display.h"

namespace tapehead::train {

namespace {

// Seconds between updates: on a terminal, and of plain lines, at growing intervals.
constexpr double kRedraw = 0.1, kFirstLine = 2, kLongestGap = 60, kGapGrowth = 1.5;
constexpr double kRateSeconds = 15,
                 kRateSteps = 4;  // averaging window of the rate: the longer of the two
constexpr int kShortestBar = 12, kLongestBar = 42;  // columns

bool is_terminal(std::FILE* out) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(out)) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

int terminal_columns(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const int given = columns != nullptr ? std::atoi(columns) : 0;
  return given > 0 ? given : 80;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    for (const char* spelling : {"UTF-8", "utf8", "utf-8", "UTF8"}) {
      if (locale.find(spelling) != std::string_view::npos) return true;
    }
    return false;
  }
  return false;
}

std::string draw_bar(double part, int64_t columns, bool utf8) {
  const int64_t inside = columns - 2;
  if (!utf8) {
    const auto full = static_cast<int64_t>(part * static_cast<double>(inside));
    return fmt::format("[{:#<{}}{:{}}]", "", full, "", inside - full);
  }
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<int64_t>(part * static_cast<double>(inside * 8));
  const int64_t full = eighths / 8, rest = eighths % 8;
  std::string out = "▕";
  for (int64_t i = 0; i < full; ++i) out += "█";
  out += kEighths[rest];
  out.append(static_cast<size_t>(inside - full - (rest > 0)), ' ');
  return out + "▏";
}

/// A part of the line; on a narrow terminal, parts with the lowest rank are dropped first.
struct Part {
  std::string text;
  int rank;
  bool bar = false;
};

std::string join(const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts) {
    if (!out.empty()) out += "  ";
    out += part.text;
  }
  return out;
}

}  // namespace

std::string clock_time(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "-:--";
  const auto s = static_cast<int64_t>(seconds);
  const int64_t minutes = s / 60 % 60, hours = s / 3600 % 24, days = s / 86400;
  if (days > 0) return fmt::format("{}d {:02}:{:02}:{:02}", days, hours, minutes, s % 60);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, s % 60);
  return fmt::format("{}:{:02}", minutes, s % 60);
}

Progress::Progress(ProgressOptions options) : options_(std::move(options)) {
  terminal_ = options_.terminal.value_or(is_terminal(options_.out));
  utf8_ = options_.utf8.value_or(locale_is_utf8());
  options_.label = printable(options_.label);
  done_ = measured_done_ = options_.start;
  begun_ = measured_at_ = time_ = now();
  gap_ = terminal_ ? kRedraw : kFirstLine;
  next_draw_ = begun_ + (terminal_ ? 0 : gap_);
}

Progress::~Progress() {
  if (!on_screen_) return;
  std::fputc('\n', options_.out);
  std::fflush(options_.out);
}

double Progress::now() const {
  if (options_.clock) return options_.clock();
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

void Progress::update(int64_t done, std::span<const Shown> values) {
  if (options_.quiet || finished_) return;
  done_ = done;
  values_.clear();
  for (const Shown& shown : values) values_.emplace_back(shown.name, shown.value);
  const double time = now();
  if (time < next_draw_) return;
  measure(time);
  draw();
  if (!terminal_) gap_ = std::min(gap_ * kGapGrowth, kLongestGap);
  next_draw_ = time + gap_;
}

void Progress::measure(double time) {
  time_ = time;
  if (done_ == measured_done_) return;
  const double seconds = time - measured_at_, steps = static_cast<double>(done_ - measured_done_);
  const double keep = std::exp(-std::min(seconds / kRateSeconds, steps / kRateSteps));
  recent_steps_ = keep * recent_steps_ + steps;
  recent_seconds_ = keep * recent_seconds_ + seconds;
  measured_at_ = time;
  measured_done_ = done_;
}

void Progress::note(std::string_view line) {
  if (options_.quiet) return;
  if (on_screen_) std::fputs("\r\x1b[K", options_.out);
  std::fwrite(line.data(), 1, line.size(), options_.out);
  std::fputc('\n', options_.out);
  if (on_screen_) draw();
  std::fflush(options_.out);
}

void Progress::finish() {
  if (options_.quiet || finished_) return;
  finished_ = true;
  measure(now());
  draw();
  if (on_screen_) std::fputc('\n', options_.out);
  on_screen_ = false;
  std::fflush(options_.out);
}

void Progress::draw() {
  if (terminal_) {
    const int columns = options_.columns > 0 ? options_.columns : terminal_columns(options_.out);
    std::fputs(fmt::format("\r{}\x1b[K", bar_line(columns)).c_str(), options_.out);
    on_screen_ = true;
  } else {
    std::fputs((plain_line() + "\n").c_str(), options_.out);
  }
  std::fflush(options_.out);
}

std::string Progress::rate() const {
  // The final rate is that of the whole run; before, that of the last seconds.
  const double steps = finished_ ? static_cast<double>(done_ - options_.start) : recent_steps_;
  const double seconds = finished_ ? time_ - begun_ : recent_seconds_;
  if (steps <= 0 || seconds <= 0) return "";
  const double per_second = steps / seconds;
  const double number = per_second >= 1 ? per_second : 1 / per_second;
  const std::string digits = number >= 99.95   ? grouped(std::llround(std::min(number, 1e15)))
                             : number >= 9.995 ? fmt::format("{:.1f}", number)
                                               : fmt::format("{:.2f}", number);
  return digits + (per_second >= 1 ? " " + options_.unit + "s/s" : " s/" + options_.unit);
}

std::string Progress::values() const {
  std::string out;
  for (const auto& [name, value] : values_) {
    out += fmt::format("{}{} {}", out.empty() ? "" : "  ", name, short_number(value));
  }
  return out;
}

std::string Progress::time() const {
  if (finished_) return "in " + clock_time(time_ - begun_);
  if (options_.total <= 0) return clock_time(time_ - begun_);
  const bool known = recent_steps_ > 0 && recent_seconds_ > 0;
  const auto left = static_cast<double>(std::max<int64_t>(0, options_.total - done_));
  return "ETA " + clock_time(known ? left * recent_seconds_ / recent_steps_ : -1);
}

double Progress::part() const {
  return std::clamp(static_cast<double>(done_) / static_cast<double>(options_.total), 0.0, 1.0);
}

std::string Progress::bar_line(int columns) const {
  const bool known = options_.total > 0;
  std::vector<Part> parts;
  const auto add = [&](std::string text, int rank) {
    if (!text.empty()) parts.push_back({std::move(text), rank});
  };
  add(options_.label, 3);
  if (known) {
    parts.push_back({std::string(kShortestBar, ' '), 4, true});
    add(fmt::format("{:3}%", static_cast<int>(100 * part())), 9);
    add(grouped(done_) + "/" + grouped(options_.total), 2);
  } else {
    add(options_.unit + " " + grouped(done_), 9);
  }
  add(values(), 6);
  add(rate(), 1);
  add(time(), 5);

  const int64_t room = columns - 1;  // a full line would wrap on some terminals
  std::string line = join(parts);
  for (int rank = 1; rank < 9 && display_width(line) > room; ++rank) {
    std::erase_if(parts, [&](const Part& p) { return p.rank == rank; });
    line = join(parts);
  }
  const int64_t spare = std::max<int64_t>(0, room - display_width(line));
  for (Part& p : parts) {
    if (!p.bar) continue;
    const int64_t width = std::min<int64_t>(kShortestBar + spare, kLongestBar);
    p.text = draw_bar(part(), width, utf8_);
  }
  return clip(join(parts), room);
}

std::string Progress::plain_line() const {
  std::string line = options_.label.empty() ? "" : options_.label + ": ";
  line += options_.unit + " " + grouped(done_);
  if (options_.total > 0) {
    line += fmt::format("/{} ({}%)", grouped(options_.total), static_cast<int>(100 * part()));
  }
  for (const std::string& more : {values(), rate(), time()}) {
    if (!more.empty()) line += "  " + more;
  }
  return line;
}

double logged_percent(std::string_view log) {
  const size_t end = log.rfind("%)");
  const size_t begin = end == log.npos ? end : log.rfind('(', end);
  return begin == log.npos ? 0 : std::atof(std::string(log.substr(begin + 1, end - begin)).c_str());
}

}  // namespace tapehead::train
