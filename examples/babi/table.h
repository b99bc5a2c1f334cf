// Errors by task, beside published ones.
#pragma once

#include <array>

#include "tapehead/examples/babi/corpus.h"

namespace babi {

struct Published {
  std::string_view model;         // a preset's, or dmn-supervised
  std::string_view from;          // the paper's row
  std::array<double, 20> errors;  // in %, qa1 to qa20
};
inline constexpr Published kPublished[] = {
    {"memn2n",
     "Sukhbaatar et al. 2015, 1k, 3 hops PE LS RN",
     {0.0, 8.3, 40.3, 2.8, 13.1, 7.6, 17.3, 10.0, 13.2, 15.1,
      0.9, 0.2, 0.4,  1.7, 0.0,  1.3, 51.0, 11.1, 82.8, 0.0}},
    {"memn2n-joint",
     "Sukhbaatar et al. 2015, 1k, 3 hops PE LS RN joint",
     {0.0, 11.4, 21.9, 13.4, 14.4, 2.8, 18.3, 9.3, 1.9,  6.5,
      0.3, 0.1,  0.2,  6.9,  0.0,  2.7, 40.4, 9.4, 88.0, 0.0}},
    {"memnn",
     "Weston et al. 2015, 1k, with supporting facts",
     {0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 15.0, 9.0, 0.0,  2.0,
      0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 35.0, 5.0, 64.0, 0.0}},
    {"lstm", "Weston et al. 2015, 1k", {50.0, 80.0, 80.0, 39.0, 30.0, 52.0, 51.0, 55.0, 36.0, 56.0,
                                        28.0, 26.0, 6.0,  73.0, 79.0, 77.0, 49.0, 48.0, 92.0, 9.0}},
    {"entnet", "Henaff et al. 2017, 10k", {0.0, 0.1, 4.1, 0.0, 0.3, 0.2, 0.0, 0.5, 0.1, 0.6,
                                           0.3, 0.0, 1.3, 0.0, 0.0, 0.2, 0.5, 0.3, 2.3, 0.0}},
    {"dmn", "Xiong et al. 2016, DMN+, 10k", {0.0, 0.3, 1.1, 0.0, 0.5, 0.0,  2.4, 0.0, 0.0, 0.0,
                                             0.0, 0.0, 0.0, 0.2, 0.0, 45.3, 4.2, 2.1, 0.0, 0.0}},
    {"dmn-supervised",
     "Kumar et al. 2016, DMN, with supporting facts",
     {0.0, 1.8, 4.8, 0.0, 0.7, 0.0, 3.1,  3.5, 0.0,  2.5,
      0.1, 0.0, 0.2, 0.0, 0.0, 0.6, 40.4, 4.7, 65.5, 0.0}},
};

// Errors in % by task, and the criterion for choosing among several runs.
struct Errors {
  std::map<int64_t, double> of_task;
  double val = 0, loss = 0;

  void save(const std::string& path) const {
    std::vector<std::string> lines{fmt::format("val\t{}", val), fmt::format("loss\t{}", loss)};
    for (const auto& [n, error] : of_task) lines.push_back(fmt::format("{}\t{}", n, error));
    data::write_lines(path, lines);
  }
  static Errors load(const std::string& path) {
    Errors e;
    for (const std::string& line : data::read_lines(path)) {
      const auto columns = data::split_string(line, '\t');
      const std::string_view key = columns.front();
      const auto task = parse_number<int64_t>(key);
      const auto value = parse_number<double>(columns.back());
      if (columns.size() != 2 || !value || (!task && key != "val" && key != "loss"))
        throw FormatError(fmt::format("{}: '{}' is not the error of a task", path, line));
      (task ? e.of_task[*task] : key == "val" ? e.val : e.loss) = *value;
    }
    return e;
  }
  double mean() const {
    double sum = 0;
    for (const auto& [n, error] : of_task) sum += error;
    return of_task.empty() ? 0 : sum / static_cast<double>(of_task.size());
  }
};

inline std::string table(const Options& t, const Corpus& c, const Errors& errors, bool real) {
  const std::string_view learned = t.supervision > 0 ? "dmn-supervised" : preset_of(t).model;
  const Published* published = nullptr;
  for (const Published& p : kPublished)
    if (real && p.model == learned) published = &p;
  std::string out =
      fmt::format("{:<34}{:>10}{:>11}\n", "error in %", t.model, published ? "published" : "");
  const auto add = [&](int64_t number, const std::string& name, const std::string& error) {
    out += fmt::format("{:>2}  {:<30}{:>10}", number, name, error);
    if (published)
      out += fmt::format("{:>11.1f}", published->errors[static_cast<size_t>(number) - 1]);
    out += "\n";
  };
  for (const data::StoryTask& task : c.tasks)
    add(task.number, task.name, fmt::format("{:.1f}", errors.of_task.at(task.number)));
  for (const auto& [number, lacks] : c.missing) add(number, lacks, "-");
  const auto over = std::ranges::count_if(errors.of_task, [](auto& e) { return e.second > 5; });
  out += fmt::format("mean{:>40.1f}\nover 5 %{:>36}\n", errors.mean(), over);
  if (published) out += fmt::format("published: {}\n", published->from);
  return out;
}

}  // namespace babi
