#include "tapehead/train/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "tapehead/core/error.h"
#include "tapehead/core/parse_number.h"

namespace tapehead::train {
namespace {

using Notes = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kModel = "model/";
constexpr const char* kOptimizer = "optimizer/";
constexpr const char* kSchedule = "schedule/";
constexpr const char* kAverage = "average/";

void put(std::vector<NamedTensor>& tensors, Notes& notes, const std::string& prefix,
         const optim::StateDict& state) {
  for (const auto& [name, tensor] : state.tensors) tensors.emplace_back(prefix + name, tensor);
  for (const auto& [name, number] : state.numbers)
    notes.emplace_back(prefix + name, fmt::format("{}", number));
}

// Reads the parts of a checkpoint.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(read_safetensors(path)) {}

  template <class T>
  T number(const std::string& name) const {
    return parse<T>(name, file_.note(name));
  }
  int64_t count(const std::string& name) const {
    const auto value = number<int64_t>(name);
    if (value < 0)
      throw FormatError(fmt::format("{}: not a checkpoint: '{}' is {}, which is not a count", path_,
                                    name, value));
    return value;
  }

  std::vector<NamedTensor> tensors(const std::string& prefix) const {
    std::vector<NamedTensor> out;
    for (const auto& [name, tensor] : file_.tensors)
      if (name.starts_with(prefix)) out.emplace_back(name.substr(prefix.size()), tensor);
    return out;
  }

  bool has(const std::string& prefix) const {
    const auto starts = [&](const auto& entry) { return entry.first.starts_with(prefix); };
    return std::any_of(file_.tensors.begin(), file_.tensors.end(), starts) ||
           std::any_of(file_.metadata.begin(), file_.metadata.end(), starts);
  }

  optim::StateDict state(const std::string& prefix) const {
    optim::StateDict out{.tensors = tensors(prefix)};
    for (const auto& [name, text] : file_.metadata)
      if (name.starts_with(prefix))
        out.numbers.emplace_back(name.substr(prefix.size()), parse<double>(name, text));
    return out;
  }

 private:
  template <class T>
  T parse(const std::string& name, const std::string& text) const {
    const auto value = parse_number<T>(text);
    if (!value)
      throw FormatError(
          fmt::format("{}: not a checkpoint: '{}' is '{}', not a number", path_, name, text));
    return *value;
  }

  const std::string& path_;
  SafeTensors file_;
};

// `schedule` and `average` may be null.
void save_all(const std::string& path, const nn::Params& params, const optim::Optimizer& optimizer,
              const optim::LRScheduler* schedule, const RunState& run,
              const optim::WeightAverage* average) {
  params.check_own_weights("save_checkpoint", "it");
  std::vector<NamedTensor> tensors;
  Notes notes;
  for (const nn::Param& p : params.all()) tensors.emplace_back(kModel + p.path, p.value);
  put(tensors, notes, kOptimizer, optimizer.save());
  if (schedule) put(tensors, notes, kSchedule, schedule->save());
  if (average) put(tensors, notes, kAverage, average->save());
  const Generator& generator = default_generator();
  const auto note = [&](const char* name, auto value) {
    notes.emplace_back(name, fmt::format("{}", value));
  };
  note("generator.seed", generator.seed);
  note("generator.draws", generator.draws);
  note("run.step", run.step);
  note("run.epoch", run.position.epoch);
  note("run.batch", run.position.batch);
  note("run.best", run.best);
  note("run.has_best", static_cast<int>(run.has_best));
  note("run.seconds", run.seconds);
  write_safetensors(path, tensors, notes);
}

RunState load_all(const std::string& path, const nn::Params& params, optim::Optimizer& optimizer,
                  optim::LRScheduler* schedule, optim::WeightAverage* average) {
  params.check_own_weights("load_checkpoint", "it");
  const Reader file(path);
  const RunState run{.step = file.count("run.step"),
                     .position = {file.count("run.epoch"), file.count("run.batch")},
                     .best = file.number<double>("run.best"),
                     .has_best = file.number<int64_t>("run.has_best") != 0,
                     .seconds = file.number<double>("run.seconds")};
  const Generator generator{.seed = file.number<uint64_t>("generator.seed"),
                            .draws = file.number<uint64_t>("generator.draws")};
  const std::vector<NamedTensor> model = file.tensors(kModel);
  params.check(model, path, {});
  for (const auto& [prefix, part, passed] :
       {std::tuple(kSchedule, "a schedule", schedule != nullptr),
        std::tuple(kAverage, "an average", average != nullptr)})
    if (!passed && file.has(prefix))
      throw FormatError(fmt::format(
          "{}: it contains the state of {}, which would be lost; pass one to load_checkpoint()",
          path, part));
  const optim::StateDict optimizer_before = optimizer.save(),
                         schedule_before = schedule ? schedule->save() : optim::StateDict();
  try {
    optimizer.load(file.state(kOptimizer));
    if (schedule) schedule->load(file.state(kSchedule));
    if (average) average->load(file.state(kAverage));
  } catch (const Error& e) {
    if (schedule) schedule->load(schedule_before);
    optimizer.load(optimizer_before);  // after the schedule, which sets the learning rate
    throw FormatError(fmt::format("{}: {}", path, e.what()));
  }
  params.load(model, path, {});
  default_generator() = generator;
  return run;
}

}  // namespace

void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const optim::LRScheduler& schedule,
                     const RunState& run, const optim::WeightAverage* average) {
  save_all(path, params, optimizer, &schedule, run, average);
}

void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const RunState& run,
                     const optim::WeightAverage* average) {
  save_all(path, params, optimizer, nullptr, run, average);
}

RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::LRScheduler& schedule,
                         optim::WeightAverage* average) {
  return load_all(path, params, optimizer, &schedule, average);
}

RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::WeightAverage* average) {
  return load_all(path, params, optimizer, nullptr, average);
}

}  // namespace tapehead::train
