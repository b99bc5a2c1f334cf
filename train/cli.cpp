#include "tapehead/train/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tapehead/core/detail/nan.h"
#include "tapehead/core/detail/utf8.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/random.h"
#include "tapehead/core/suggest.h"
#include "tapehead/train/append_file.h"
#include "tapehead/train/detail/display.h"
#include "tapehead/train/detail/option_value.h"
#include "tapehead/train/detail/precision_mode.h"
#include "tapehead/train/detail/streams.h"

namespace tapehead::train {
namespace {

namespace fs = std::filesystem;
using detail::Json;

constexpr const char* kProgram = "program";  // in config.json: the program that wrote it

// Ends a program from within parse().
struct Exit {
  int status;
};

// An invalid command line.
class UsageError : public ValueError {
  using ValueError::ValueError;
};

constexpr Range<int64_t> kAtLeastOne{1}, kEpochs{1, 1'000'000};

[[noreturn]] void missing_value(const std::string& flag) {
  throw UsageError(fmt::format("{}: its value is missing; --help lists the options", flag));
}

const char* type_name(const std::string&) { return "TEXT"; }
const char* type_name(double) { return "NUMBER"; }
template <class T>
const char* type_name(const T&) {
  return "N";
}
const char* type_name(const std::optional<std::string>&) { return "TEXT"; }

bool has_file(const std::string& folder, const char* file) {
  return path_exists((fs::path(folder) / file).string());
}

void check_exists(const std::string& flag, const std::string& path) {
  if (!path_exists(path)) throw IoError(fmt::format("{} {}", flag, no_such_file(path)));
}

// Throws unless the folder has a model to evaluate.
void check_eval(const std::string& folder) {
  std::error_code ignored;
  check_exists("--eval", folder);
  if (!fs::is_directory(folder, ignored)) {
    const std::string parent = fs::path(folder).parent_path().string();
    throw IoError(fmt::format("--eval {0}: is a file; give its folder: --eval {1}", folder,
                              parent.empty() ? "." : parent));
  }
  if (has_file(folder, "model.safetensors")) return;
  if (has_file(folder, "checkpoint.safetensors"))
    throw IoError(fmt::format(
        "--eval {0}: training there has not finished; finish it with --resume --out {0}", folder));
  throw IoError(
      fmt::format("--eval {0}: there is no model.safetensors; train one with --out {0}, or give "
                  "the folder of a trained model",
                  folder));
}

// The config.json in `folder`; empty if there is none.
Json config_in(const std::string& folder) {
  if (!has_file(folder, "config.json")) return Json::object();
  const std::string path = folder + "/config.json";
  try {
    Json config = core::parse_json(read_file(path, 1 << 20), path, {.repeated_keys = true});
    if (config.is_object()) return config;
  } catch (const FormatError&) {
  }
  throw FormatError(path + ": not a JSON object; the run's options cannot be read from it");
}

}  // namespace

struct Cli::State {
  State(int c, char** v, std::string n, const std::string& description)
      : argc(c), argv(v), name(std::move(n)), app(description, name) {
    // If an option is repeated, the last value is used.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.allow_extras();
  }

  // An option whose value may be in config.json.
  struct Kept {
    std::string flag, former;  // former: its name in older files, or empty
    CLI::Option* option;
    Keep keep;
    std::function<std::string(const Json&)> read;  // returns what is wrong
    std::function<Json()> write;

    std::string key() const { return key_of(flag); }
    /// The option's value in a config.json, or null.
    const Json* find_in(const Json& config) const {
      const Json* value = config.find(key_of(flag));
      return value == nullptr && !former.empty() ? config.find(key_of(former)) : value;
    }

   private:
    static std::string key_of(const std::string& flag) {
      const size_t start = flag.find_first_not_of('-');
      return start == std::string::npos ? "" : flag.substr(start);
    }
  };

  int argc;
  char** argv;
  std::string name;
  CLI::App app;
  std::vector<Kept> kept;
  std::vector<std::pair<std::string, std::string>>
      former;  // former names of options, and current ones
  Options common;
  std::optional<detail::PrecisionMode> precision;  // until the end of the program's function
  bool resumable = false;                          // there is a checkpoint to resume from

  template <class T, class... Ranges>
  CLI::Option* add(const std::string& flags, T& value, const std::string& help,
                   const Ranges&... range) {
    const std::string flag = flags.substr(0, flags.find(','));
    if (flag != flags) former.emplace_back(flags.substr(flag.size() + 1), flag);
    const auto set = [flag, &value, range...](const std::string& text) {
      if (text.starts_with("--")) missing_value(flag);
      const std::string wrong = detail::read_text(text, value, range...);
      if (!wrong.empty()) throw UsageError(fmt::format("{} {}: {}", flag, text, wrong));
    };
    return app.add_option_function<std::string>(flag, set, help)->type_name(type_name(value));
  }

  template <class T, class... Ranges>
  void keep_value(const std::string& flags, CLI::Option* option, T& value, Keep keep,
                  const Ranges&... range) {
    if (keep == Keep::no) return;
    const size_t comma = flags.find(',');
    kept.push_back(
        {flags.substr(0, comma), comma == std::string::npos ? "" : flags.substr(comma + 1), option,
         keep, [&value, range...](const Json& j) { return detail::read_json(j, value, range...); },
         [&value] { return detail::to_json(value); }});
  }

  // Registers an option that --resume and --eval read from config.json.
  template <class T, class... Ranges>
  CLI::Option* option(const std::string& flag, T& value, const std::string& help, Keep keep,
                      const Ranges&... range) {
    CLI::Option* added = add(flag, value, help, range...);
    keep_value(flag, added, value, keep, range...);
    return added;
  }

  // Options that are not given take the values that the model in `folder` was trained with.
  void read_config(const Json& config, const std::string& folder) {
    for (const Kept& k : kept) {
      const Json* value = k.find_in(config);
      if (value == nullptr || value->is_null()) continue;
      if (k.option->count() == 0) take(k, *value, folder + "/config.json");
      else if ((k.keep == Keep::fixed || (common.resume && k.flag == "--seed")) &&
               k.write() != *value)
        throw ValueError(
            fmt::format("{0} {1}: the run in {2} has {0} {3}; leave {0} out, or train a new model "
                        "in another --out",
                        k.flag, plain(k.write()), folder, plain(*value)));
    }
  }

  // Reads the config of the model to evaluate or the run to resume in `folder`.
  void read_config(const std::string& folder) {
    const Json config = config_in(folder);
    const Json* program = config.find(kProgram);
    const bool known = program != nullptr && program->is_string();
    if (known && *program != name)
      throw ValueError(fmt::format("{0} {1}: it is a folder of {2}, not of {3}; run {2} {0} {1}",
                                   common.eval ? "--eval" : "--resume --out", folder,
                                   program->as_string(), name));
    resumable = has_file(folder, "checkpoint.safetensors") || config.contains("jobs");
    if (common.resume && !resumable) {
      if (!known)
        throw IoError(fmt::format(
            "--resume: there is no checkpoint.safetensors in {}; name the run's folder with --out, "
            "or leave --resume out to start a run",
            folder));
      if (!common.quiet)
        detail::say(fmt::format(
            "{}: the run in {} was stopped before its first checkpoint; starting from scratch",
            name, folder));
    }
    read_config(config, folder);
  }

  static std::string plain(const Json& value) {
    return value.is_string() ? value.as_string() : value.dump();
  }

  static void take(const Kept& k, const Json& value, const std::string& path) {
    const std::string wrong = k.read(value);
    if (!wrong.empty())
      throw FormatError(
          fmt::format("{}: \"{}\" is {}: {}; correct it there, or train a new model "
                      "in another --out",
                      path, k.key(), clip(value.dump(), 60), wrong));
  }

  void parse_words() {
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    for (std::string& word : words)
      for (const auto& [was, is] : former)
        if (word == was || word.starts_with(was + "=")) word.replace(0, was.size(), is);
    std::ranges::reverse(words);  // the order that CLI11 expects
    try {
      app.parse(words);
    } catch (const CLI::Success& e) {
      throw Exit{app.exit(e)};  // --help
    } catch (const CLI::ParseError& e) {
      const std::string what = e.what(), flag = what.substr(0, what.find(':'));
      if (flag.starts_with("--")) missing_value(flag);
      throw UsageError(what);
    }
    const std::vector<std::string> unknown = app.remaining();
    if (unknown.empty()) return;
    std::vector<std::string> flags;
    for (const CLI::Option* o : app.get_options()) flags.push_back(o->get_name());
    const std::string close = closest_name(unknown[0], flags);
    throw UsageError(
        fmt::format("{}: there is no such option; {}", unknown[0],
                    close.empty() ? "--help lists them" : fmt::format("did you mean {}?", close)));
  }
};

Cli::Cli(int argc, char** argv, std::string name, const std::string& description)
    : state_(std::make_unique<State>(argc, argv, std::move(name), description)) {
  detail::open_standard_streams();
}
Cli::~Cli() = default;

void Cli::option(const std::string& flag, std::string& value, const std::string& help, Keep keep) {
  state_->option(flag, value, help, keep);
}
void Cli::option(const std::string& flag, std::string& value,
                 const std::vector<std::string>& choices, const std::string& help, Keep keep) {
  state_->option(flag, value, help, keep, choices)
      ->type_name(fmt::format("{}", fmt::join(choices, "|")));
}
void Cli::option(const std::string& flag, int64_t& value, Range<int64_t> range,
                 const std::string& help, Keep keep) {
  state_->option(flag, value, help, keep, range);
}
void Cli::option(const std::string& flag, double& value, Range<double> range,
                 const std::string& help, Keep keep) {
  state_->option(flag, value, help, keep, range);
}
void Cli::files(const std::string& flag, std::vector<std::string>& values,
                const std::string& help) {
  const auto set = [flag, &values](const std::vector<std::string>& texts) {
    if (texts.empty() || texts[0].starts_with("--")) missing_value(flag);
    for (const std::string& path : texts)
      if (path != "-") check_exists(flag, path);
    values = texts;
  };
  CLI::Option* o = state_->app.add_option_function<std::vector<std::string>>(flag, set, help);
  o->type_name("FILE")->expected(1, CLI::detail::expected_max_vector_size)->take_all();
}
void Cli::flag(const std::string& flag, bool& value, const std::string& help, Keep keep) {
  state_->keep_value(flag, state_->app.add_flag(flag, value, help), value, keep);
}

RunOptions Cli::run_options(const Options& options, RunOptions run) const {
  run.out = options.out;
  run.resume = options.resume;
  run.checkpoint_every = options.checkpoint_every;
  run.anomaly = options.anomaly;
  run.quiet = options.quiet;
  run.cli = this;
  return run;
}

const std::string& Cli::name() const { return state_->name; }

std::string Cli::config() const {
  Json config = {{kProgram, name()}};
  for (const State::Kept& k : state_->kept) {
    Json value = k.write();
    if (value.is_string() && core::find_invalid_utf8(value.as_string()) >= 0)
      throw ValueError(fmt::format("{} {:?}: config.json can only store UTF-8; use another name",
                                   k.flag, value.as_string()));
    config[k.key()] = std::move(value);
  }
  return config.dump({.indent = 2}) + "\n";
}

std::vector<std::string> Cli::arguments(const std::vector<std::string>& except) const {
  std::vector<std::string> words;
  for (const State::Kept& k : state_->kept) {
    const Json value = k.write();
    if (std::ranges::find(except, k.flag) != except.end() || value.is_null() || value == false)
      continue;
    words.push_back(k.flag);
    if (!value.is_bool()) words.push_back(State::plain(value));
  }
  return words;
}

Options Cli::parse() {
  State& s = *state_;
  Options& o = s.common;
  std::optional<int64_t> threads, every;
  o.out = "out/" + s.name;
  s.option("--data", o.data, "folder of real data; default: generated data", Keep::preset);
  s.option("--seed", o.seed, "random seed; default: 1", Keep::preset);
  s.option("--epochs", o.epochs, "passes over the training data", Keep::preset, kEpochs);
  s.option("--steps", o.steps, "training steps, instead of --epochs", Keep::preset, kAtLeastOne);
  s.add("--threads", threads, "number of threads; default: OMP_NUM_THREADS, or all cores",
        kAtLeastOne);
  s.option("--precision", o.precision,
           "precision of matrix products; bf16: autocast; default: fp32", Keep::preset,
           detail::kPrecisions)
      ->type_name(fmt::format("{}", fmt::join(detail::kPrecisions, "|")));
  CLI::Option* out = s.add(
      "--out", o.out,
      "folder for the model, checkpoints, logs and pictures; default: " + o.out + ", or --eval's");
  s.app.add_flag("--resume", o.resume, "resume from the last checkpoint in --out");
  s.add("--eval", o.eval, "score the model in this folder instead of training");
  s.add("--checkpoint-every", every, "steps between checkpoints; default: once per epoch",
        kAtLeastOne);
  s.app.add_flag("--anomaly", o.anomaly, "report the first op that produces NaN (slow)");
  s.app.add_flag("--smoke", o.smoke, "run a few steps only, as a smoke test");
  s.app.add_flag("--quiet", o.quiet, "do not show progress");
  s.parse_words();
  if (o.resume && o.eval) throw UsageError("--eval and --resume: give only one of them");
  if (o.smoke) o.steps = 3;
  o.checkpoint_every = every.value_or(0);

  const auto given_epochs = o.epochs, given_steps = o.steps;
  if (o.eval) check_eval(*o.eval);
  if (o.eval && out->count() == 0) o.out = *o.eval;
  if (o.eval || o.resume) s.read_config(o.eval ? *o.eval : o.out);
  o.resume = o.resume && s.resumable;
  if (given_epochs || given_steps) {  // the given one replaces both
    o.epochs = given_epochs;
    o.steps = given_steps;
  }
  if (threads) set_num_threads(static_cast<int>(std::min<int64_t>(*threads, 1024)));
  manual_seed(o.seed);
  s.precision.emplace(o.precision);
  make_folders(o.out, "--out");
  return o;
}

int program(int argc, char** argv, const std::string& name, const std::string& description,
            const std::function<void(Cli&)>& body) {
  const auto failed = [&](const std::exception& e, int status) {
    detail::say(fmt::format("{}: {}", name, e.what()));
    return status;
  };
  try {
    int status = 0;
    try {
      Cli cli(argc, argv, name, description);
      body(cli);
    } catch (const Exit& e) {
      status = e.status;
    }
    detail::flush_output();
    return status;
  } catch (const Interrupted& e) {
    return failed(e, 130);
  } catch (const UsageError& e) {
    return failed(e, 2);
  } catch (const std::exception& e) {
    return failed(e, 1);
  }
}

void report(const Cli& cli, const std::string& metric, double value) {
  Json line = {{"example", cli.name()}, {"metric", metric}, {"value", value}};
  if (!std::isfinite(value)) line["value_is"] = fmt::format("{}", core::shown(value));
  fmt::print("{}\n", line.dump());
  detail::flush_output();
}

}  // namespace tapehead::train
