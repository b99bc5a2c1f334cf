// Small folders of data, with which programs train in no time.
#pragma once

#include <fmt/format.h>

#include <string>

#include "tapehead/tests/scratch.h"

namespace tapehead::test {

/// Writes pairs of lines as translate reads them: the same for training, validation and testing.
inline void write_pairs(const Scratch& folder) {
  std::string german, english;
  for (int i = 0; i < 20; ++i) {
    german += fmt::format("ein Kind malt {} blaue Boote\n", i);
    english += fmt::format("{} blue boats\n", i);
  }
  for (const char* name : {"train", "val", "test_2016_flickr"}) {
    folder.write(fmt::format("{}.de", name), german);
    folder.write(fmt::format("{}.en", name), english);
  }
}

/// Writes texts with summaries, as summarize reads them.
inline void write_summaries(const Scratch& folder) {
  std::string lines;
  for (int i = 0; i < 20; ++i)
    lines += fmt::format("{0}\tShip {0} sinks\tThe ship {0} of a small town sank at night.\n", i);
  for (const char* name : {"train", "val", "test"})
    folder.write(fmt::format("{}.tsv", name), lines);
}

/// Writes two tasks of babi, of forty stories each, and a third without a training file.
inline void write_tasks(const Scratch& folder) {
  const char* places[] = {"hall", "garden", "office"};
  const char* names[] = {"Mary", "John"};
  for (int task = 1; task <= 3; ++task)
    for (const char* part : {"train", "test"}) {
      if (task == 3 && std::string(part) == "train") continue;
      std::string text;
      for (int i = 0; i < 40; ++i) {
        const char *first = places[(i + task) % 3], *second = places[(i / 3) % 3];
        text += fmt::format("1 {} went to the {}.\n2 {} went to the {}.\n", names[i % 2], first,
                            names[(i + 1) % 2], second);
        text += fmt::format("3 Where is {}?\t{}\t1\n", names[i % 2], first);
      }
      folder.write(fmt::format("qa{}_{}.txt", task, part), text);
    }
}

}  // namespace tapehead::test
