#include "tapehead/train/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/random.h"

namespace tapehead::train {
namespace {

using Json = nlohmann::ordered_json;

// Ends a program from within parse().
struct Exit {
  int status;
};

}  // namespace

struct Cli::State {
  State(int c, char** v, std::string n, const std::string& description)
      : argc(c), argv(v), name(std::move(n)), app(description, name) {}

  // Reads a value from config.json, writes it there.
  struct Own {
    std::string key;
    CLI::Option* option;
    std::function<void(const Json&)> read;
    std::function<Json()> write;
  };

  int argc;
  char** argv;
  std::string name;
  CLI::App app;
  std::vector<Own> own;

  template <class T>
  void remember(const std::string& flag, CLI::Option* option, T& value) {
    own.push_back({flag.substr(flag.find_first_not_of('-')), option,
                   [&value](const Json& j) { value = j.get<T>(); },
                   [&value] { return Json(value); }});
  }

  // The options that the model in `folder` was made with stand where none are given.
  void read_config(const std::string& folder) {
    const std::string path = folder + "/config.json";
    if (!std::filesystem::exists(path)) return;
    const Json config = Json::parse(read_file(path, 1 << 20), nullptr, false);
    if (!config.is_object()) throw FormatError(path + ": not a JSON object");
    for (const Own& o : own) {
      if (o.option->count() > 0 || !config.contains(o.key)) continue;
      try {
        o.read(config[o.key]);
      } catch (const Json::exception&) {
        throw FormatError(
            fmt::format("{}: '{}' is not a value for --{}", path, config[o.key].dump(), o.key));
      }
    }
  }
};

Cli::Cli(int argc, char** argv, std::string name, const std::string& description)
    : state_(std::make_unique<State>(argc, argv, std::move(name), description)) {}
Cli::~Cli() = default;

void Cli::option(const std::string& flag, std::string& value, const std::string& help) {
  state_->remember(flag, state_->app.add_option(flag, value, help), value);
}
void Cli::option(const std::string& flag, int64_t& value, const std::string& help) {
  state_->remember(flag, state_->app.add_option(flag, value, help), value);
}
void Cli::option(const std::string& flag, double& value, const std::string& help) {
  state_->remember(flag, state_->app.add_option(flag, value, help), value);
}
void Cli::flag(const std::string& flag, bool& value, const std::string& help) {
  state_->remember(flag, state_->app.add_flag(flag, value, help), value);
}

const std::string& Cli::name() const { return state_->name; }

std::string Cli::config() const {
  Json config = Json::object();
  for (const State::Own& o : state_->own) config[o.key] = o.write();
  return config.dump(2) + "\n";
}

Options Cli::parse() {
  Options o;
  int threads = 0;
  std::string precision = "fp32", data, eval;
  int64_t epochs = 0, steps = 0;
  CLI::App& app = state_->app;
  o.out = "out/" + state_->name;
  app.add_option("--data", data, "folder of real data; without it data is generated");
  app.add_option("--seed", o.seed, "of everything random")->capture_default_str();
  app.add_option("--threads", threads, "default: OMP_NUM_THREADS, or all");
  app.add_option("--epochs", epochs, "passes over the data");
  app.add_option("--steps", steps, "instead of --epochs");
  app.add_option("--precision", precision, "fp32")->check(CLI::IsMember({"fp32"}));
  app.add_option("--out", o.out, "folder for the model, checkpoints, logs and pictures")
      ->capture_default_str();
  app.add_flag("--resume", o.resume, "go on from the last checkpoint in --out");
  app.add_option("--eval", eval, "score the model in this folder instead of training");
  app.add_option("--checkpoint-every", o.checkpoint_every, "steps; default: once an epoch");
  app.add_flag("--smoke", o.smoke, "a few steps, to see that it runs");
  app.add_flag("--quiet", o.quiet, "no progress");
  try {
    app.parse(state_->argc, state_->argv);
  } catch (const CLI::ParseError& e) {
    throw Exit{app.exit(e) == 0 ? 0 : 2};
  }
  if (!data.empty()) o.data = data;
  if (!eval.empty()) o.eval = eval;
  if (epochs > 0) o.epochs = epochs;
  if (steps > 0) o.steps = steps;
  if (o.smoke) o.steps = 3;
  if (o.eval) state_->read_config(*o.eval);
  else if (o.resume) state_->read_config(o.out);
  if (threads > 0) set_num_threads(threads);
  manual_seed(o.seed);
  std::error_code failed;
  std::filesystem::create_directories(o.out, failed);
  if (failed)
    throw IoError(fmt::format("{}: cannot make this folder: {}", o.out, failed.message()));
  return o;
}

int program(int argc, char** argv, const std::string& name, const std::string& description,
            const std::function<void(Cli&)>& body) {
  try {
    Cli cli(argc, argv, name, description);
    body(cli);
    return 0;
  } catch (const Exit& e) {
    return e.status;
  } catch (const Interrupted& e) {
    fmt::print(stderr, "{}: {}\n", name, e.what());
    return 130;
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}: {}\n", name, e.what());
    return 1;
  }
}

void report(const Cli& cli, const std::string& metric, double value) {
  const Json line = {{"example", cli.name()}, {"metric", metric}, {"value", value}};
  fmt::print("{}\n", line.dump());
}

}  // namespace tapehead::train
