#include "tapehead/train/checkpoint.h"

#include <fmt/format.h>

#include <charconv>

#include "tapehead/core/error.h"

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

// What a checkpoint's parts are read from.
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
      throw FormatError(fmt::format("{}: not a checkpoint: '{}' is {}, which counts nothing", path_,
                                    name, value));
    return value;
  }

  std::vector<NamedTensor> tensors(const std::string& prefix) const {
    std::vector<NamedTensor> out;
    for (const auto& [name, tensor] : file_.tensors)
      if (name.starts_with(prefix)) out.emplace_back(name.substr(prefix.size()), tensor);
    return out;
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
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
      throw FormatError(
          fmt::format("{}: not a checkpoint: '{}' is '{}', not a number", path_, name, text));
    return value;
  }

  const std::string& path_;
  SafeTensors file_;
};

}  // namespace

void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const optim::Schedule& schedule,
                     const RunState& run, const optim::WeightAverage* average) {
  std::vector<NamedTensor> tensors;
  Notes notes;
  for (const nn::Param& p : params.all()) tensors.emplace_back(kModel + p.path, p.value);
  put(tensors, notes, kOptimizer, optimizer.save());
  put(tensors, notes, kSchedule, schedule.save());
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

RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::Schedule& schedule,
                         optim::WeightAverage* average) {
  const Reader file(path);
  const RunState run{.step = file.count("run.step"),
                     .position = {file.count("run.epoch"), file.count("run.batch")},
                     .best = file.number<double>("run.best"),
                     .has_best = file.number<int>("run.has_best") != 0,
                     .seconds = file.number<double>("run.seconds")};
  const Generator generator{.seed = file.number<uint64_t>("generator.seed"),
                            .draws = file.number<uint64_t>("generator.draws")};
  const std::vector<NamedTensor> model = file.tensors(kModel);
  const optim::StateDict optimizer_state = file.state(kOptimizer),
                         schedule_state = file.state(kSchedule);
  params.check(model, path, {});
  const optim::StateDict optimizer_before = optimizer.save(), schedule_before = schedule.save();
  try {
    optimizer.load(optimizer_state);
    schedule.load(schedule_state);
    if (average) average->load(file.state(kAverage));
  } catch (const Error& e) {
    optimizer.load(optimizer_before);
    schedule.load(schedule_before);
    throw FormatError(fmt::format("{}: {}", path, e.what()));
  }
  params.load(model, path, {});
  default_generator() = generator;
  return run;
}

}  // namespace tapehead::train
