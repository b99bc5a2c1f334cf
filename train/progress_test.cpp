#include "tapehead/train/progress.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "tapehead/train/detail/display.h"

using namespace tapehead::train;

namespace {

/// An in-memory stream and a clock that only the test advances.
struct Screen {
  Screen() : out(::open_memstream(&text, &size)) {}
  ~Screen() {
    std::fclose(out);
    std::free(text);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  ProgressOptions options(bool terminal, int columns = 100) {
    ProgressOptions o;
    o.label = "translate";
    o.total = 5000;
    o.out = out;
    o.terminal = terminal;
    o.columns = columns;
    o.utf8 = true;
    o.clock = [this] { return time; };
    return o;
  }
  std::string take() {
    std::fflush(out);
    std::string all(text + seen, size - seen);
    seen = size;
    return all;
  }
  /// The line as last drawn, without cursor control codes.
  std::string line() {
    const std::string all = take();
    const size_t start = all.rfind('\r');
    REQUIRE(start != std::string::npos);
    const size_t end = all.find("\x1b[K", start);
    return all.substr(start + 1, end - start - 1);
  }

  char* text = nullptr;
  size_t size = 0, seen = 0;
  std::FILE* out;
  double time = 1000;
};

}  // namespace

TEST_CASE("progress: a terminal shows everything in one line") {
  Screen screen;
  Progress bar(screen.options(true));
  bar.update(0);
  CHECK(screen.line() ==
        "translate  ▕                                        ▏    0%  0/5,000  ETA -:--");
  screen.time += 10;
  bar.update(100, {{"loss", 2.3}});
  CHECK(screen.line() ==
        "translate  ▕▋                                ▏    2%  100/5,000  "
        "loss 2.300  10.0 steps/s  ETA 8:10");
}

TEST_CASE("progress: a terminal is redrawn ten times a second at most") {
  Screen screen;
  Progress bar(screen.options(true));
  bar.update(1);
  CHECK_FALSE(screen.take().empty());
  bar.update(2);
  screen.time += 0.05;
  bar.update(3);
  CHECK(screen.take().empty());
  screen.time += 0.06;
  bar.update(4);
  CHECK(screen.line().find("4/5,000") != std::string::npos);
}

TEST_CASE("progress: a narrow terminal keeps what matters, and no line wraps") {
  const struct {
    int columns;
    const char* line;
  } rows[] = {
      {75, "translate  ▕██████████▍         ▏   52%  2,600/5,000  loss 2.300  ETA 0:09"},
      {63, "translate  ▕██████████▉          ▏   52%  loss 2.300  ETA 0:09"},
      {45, "▕███████▎      ▏   52%  loss 2.300  ETA 0:09"},
      {35, " 52%  loss 2.300  ETA 0:09"},
      {20, " 52%  loss 2.300"},
      {10, " 52%"},
      {4, " 5…"},
      {1, ""},
  };
  for (const auto& row : rows) {
    Screen screen;
    Progress bar(screen.options(true, row.columns));
    bar.update(0);
    screen.time += 10;
    bar.update(2600, {{"loss", 2.3}});
    const std::string line = screen.line();
    CAPTURE(row.columns);
    CHECK(line == row.line);
    CHECK(display_width(line) < row.columns);
  }
}

TEST_CASE("progress: wide labels are measured by what they take on the screen") {
  for (int columns = 2; columns < 120; ++columns) {
    Screen screen;
    ProgressOptions options = screen.options(true, columns);
    options.label = "注意力 ü \x1b[2J";
    Progress bar(std::move(options));
    bar.update(77);
    CHECK(display_width(screen.line()) < columns);
  }
}

TEST_CASE("progress: without UTF-8 the bar is ASCII") {
  Screen screen;
  ProgressOptions options = screen.options(true, 60);
  options.utf8 = false;
  Progress bar(std::move(options));
  bar.update(2500);
  CHECK(screen.line() == "translate  [########         ]   50%  2,500/5,000  ETA -:--");
}

TEST_CASE("progress: elsewhere there are plain lines, further and further apart") {
  Screen screen;
  Progress bar(screen.options(false));
  std::string text;
  int lines = 0;
  for (int step = 1; step <= 3600; ++step) {  // an hour
    screen.time += 1;
    bar.update(step, {{"loss", 2.5}});
    const std::string more = screen.take();
    if (step < 30) text += more;
    lines += !more.empty();
  }
  CHECK(text ==
        "translate: step 2/5,000 (0%)  loss 2.500  1.00 steps/s  ETA 1:23:18\n"
        "translate: step 5/5,000 (0%)  loss 2.500  1.00 steps/s  ETA 1:23:15\n"
        "translate: step 10/5,000 (0%)  loss 2.500  1.00 steps/s  ETA 1:23:10\n"
        "translate: step 17/5,000 (0%)  loss 2.500  1.00 steps/s  ETA 1:23:03\n"
        "translate: step 28/5,000 (0%)  loss 2.500  1.00 steps/s  ETA 1:22:52\n");
  CHECK(lines > 60);
  CHECK(lines < 80);
  bar.finish();
  CHECK(screen.take() ==
        "translate: step 3,600/5,000 (72%)  loss 2.500  1.00 steps/s  in 1:00:00\n");
}

TEST_CASE("progress: the rate follows the last seconds, and a resumed run counts its own steps") {
  Screen screen;
  ProgressOptions options = screen.options(false);
  options.label.clear();
  options.start = 1000;
  Progress bar(std::move(options));
  screen.time += 10;
  bar.update(1020);
  CHECK(screen.take() == "step 1,020/5,000 (20%)  2.00 steps/s  ETA 33:10\n");
  for (int i = 1; i <= 200; ++i) {
    screen.time += 10;
    bar.update(1020 + i);
  }
  const std::string lines = screen.take();
  CHECK(lines.ends_with("step 1,220/5,000 (24%)  10.0 s/step  ETA 10:30:00\n"));
  bar.finish();
  CHECK(screen.take() == "step 1,220/5,000 (24%)  9.14 s/step  in 33:30\n");
}

TEST_CASE("progress: a step that takes minutes has a rate while it is waited for") {
  Screen screen;
  ProgressOptions options = screen.options(true);
  options.label.clear();
  options.total = 10;
  options.unit = "job";
  Progress bar(std::move(options));
  for (int second = 1; second <= 500; ++second) {
    screen.time += 1;
    bar.update(second / 200);
  }
  CHECK(screen.line().find("20%  2/10  200 s/job  ETA 26:") != std::string::npos);
}

TEST_CASE("progress: an unknown total shows how long it has taken") {
  Screen screen;
  ProgressOptions options = screen.options(true);
  options.total = 0;
  options.unit = "sentence";
  Progress bar(std::move(options));
  bar.update(0);
  screen.time += 65;
  bar.update(1300, {{"bleu", std::nan("")}});
  CHECK(screen.line() == "translate  sentence 1,300  bleu nan  20.0 sentences/s  1:05");
}

TEST_CASE("progress: notes stand above the bar, which ends on a fresh line") {
  Screen screen;
  {
    Progress bar(screen.options(true, 40));
    bar.update(10);
    screen.take();
    bar.note("saved");
    const std::string text = screen.take();
    CHECK(text.starts_with("\r\x1b[Ksaved\n\rtranslate"));
  }
  CHECK(screen.take() == "\n");

  Progress bar(screen.options(true, 40));
  bar.update(5000);
  bar.finish();
  CHECK(screen.take().ends_with("\x1b[K\n"));
  bar.finish();
  bar.update(5001);
  CHECK(screen.take().empty());

  Progress plain(screen.options(false));
  plain.note("saved");
  CHECK(screen.take() == "saved\n");
}

TEST_CASE("progress: quiet means nothing at all") {
  Screen screen;
  {
    ProgressOptions options = screen.options(true);
    options.quiet = true;
    Progress bar(std::move(options));
    bar.update(1);
    screen.time += 100;
    bar.update(2);
    bar.note("saved");
    bar.finish();
  }
  CHECK(screen.take().empty());
}

TEST_CASE("progress: a stream that cannot be written is no error") {
  std::FILE* full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  {
    ProgressOptions options;
    options.out = full;
    options.terminal = true;
    Progress bar(std::move(options));
    bar.update(1);
    bar.note("saved");
    bar.finish();
  }
  std::fclose(full);
}

TEST_CASE("progress: times") {
  CHECK(clock_time(7.9) == "0:07");
  CHECK(clock_time(232) == "3:52");
  CHECK(clock_time(3723) == "1:02:03");
  CHECK(clock_time(2 * 86400 + 4 * 3600 + 600) == "2d 04:10:00");
  CHECK(clock_time(-1) == "-:--");
  CHECK(clock_time(std::nan("")) == "-:--");
  CHECK(clock_time(INFINITY) == "-:--");
}

TEST_CASE("progress: a log says how far its run is, whatever came after the last line") {
  CHECK(logged_percent("") == 0);
  CHECK(logged_percent("epoch 1  step 9\n") == 0);
  CHECK(logged_percent("babi: step 5/100 (5%)  loss 1\nbabi: step 64/100 (64%)  loss 1\n") == 64);
  CHECK(logged_percent("babi: step 64/100 (64%)  loss 1\nepoch 9  step 66  val 0.9\n") == 64);
}
