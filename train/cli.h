// The command line shared by all examples.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/train/run_options.h"

namespace tapehead::train {

/// The options that all training programs have.
struct Options {
  std::optional<std::string> data;  ///< folder of real data; none: generated data
  uint64_t seed = 1;
  std::optional<int64_t> epochs, steps;  ///< length of the training; none: the program's default
  std::string out;                       ///< output folder; default: "out/NAME"
  std::string precision = "fp32";        ///< of products: "fp32", "high", "medium" or "bf16"
  bool resume = false;                   ///< resume from the last checkpoint in `out`
  std::optional<std::string> eval;       ///< evaluate the model in this folder, without training
  int64_t checkpoint_every = 0;          ///< steps between checkpoints; 0: at the end of each epoch
  bool anomaly = false;                  ///< report the first op that produces NaN
  bool smoke = false;                    ///< a few steps only, as a smoke test
  bool quiet = false;                    ///< do not show progress
};

/// The valid range of a numeric option: least..most, inclusive.
template <class T>
struct Range {
  T least{};
  T most = std::numeric_limits<T>::max();
};
/// Ranges for positive numbers, for fractions, and for sizes of layers or batches.
inline constexpr Range<double> kPositive{std::numeric_limits<double>::min()}, kPart{0, 1};
inline constexpr Range<int64_t> kSize{1, 65536};

/// How --resume and --eval use the value of an option in the training run.
enum class Keep {
  fixed,   ///< always used; another value is an error, since the model or data would not match
  preset,  ///< the default
  no,      ///< not saved
};

/// The command line of a program: the common options, and its own.
///
///   int main(int argc, char** argv) {
///     return train::program(argc, argv, "translate", "Translates with attention.",
///                           [](train::Cli& cli) {
///       int64_t embed_dim = 256;
///       cli.option("--embed-dim", embed_dim, train::kSize, "of the tokens", train::Keep::fixed);
///       const train::Options o = cli.parse(); …
///     });
///   }
class Cli {
 public:
  Cli(int argc, char** argv, std::string name, const std::string& description);
  ~Cli();

  /// Adds an option to the program. The initial `value` is the default; it may lie outside the
  /// range or the choices, to detect that the option was not given: see set_default(). `flag` may
  /// have a former name after a comma, which older versions used on the command line and in
  /// config.json: "--embed-dim,--width".
  void option(const std::string& flag, std::string& value, const std::string& help,
              Keep keep = Keep::preset);
  /// Adds an option whose value is one of `choices`, such as {"rnn", "transformer"}; --help lists
  /// them.
  void option(const std::string& flag, std::string& value, const std::vector<std::string>& choices,
              const std::string& help, Keep keep = Keep::preset);
  void option(const std::string& flag, int64_t& value, Range<int64_t> range,
              const std::string& help, Keep keep = Keep::preset);
  void option(const std::string& flag, double& value, Range<double> range, const std::string& help,
              Keep keep = Keep::preset);
  /// Adds an option that names one file to read or several, such as `--transcribe FILE…`: the words
  /// up to the next option. parse() throws IoError for files that do not exist, except `-`, which
  /// programs may take for standard input. They are not saved for --resume and --eval.
  void files(const std::string& flag, std::vector<std::string>& values, const std::string& help);
  /// Adds an option without a value.
  void flag(const std::string& flag, bool& value, const std::string& help,
            Keep keep = Keep::preset);

  /// Parses the command line, sets the number of threads, the seed and the precision (until the end
  /// of the program's function; bf16: autocast in this thread), and creates the folder `out`
  /// (with --eval, by default the model's folder). With --resume or --eval, options that are not
  /// given, including the data, seed and length of the run, default to those of the training run,
  /// which are in its config.json. A run that was stopped before its first checkpoint is started
  /// again with these options; `resume` is then false. --help ends the program's function. Throws
  /// ValueError for an invalid option on the command line, FormatError for one in config.json, and
  /// IoError or ValueError if the folder has no run of this program.
  Options parse();

  /// `run` with the values from the command line: out, resume, checkpoint_every, anomaly, quiet,
  /// cli.
  RunOptions run_options(const Options& options, RunOptions run) const;

  /// The name of the program.
  const std::string& name() const;
  /// The program's name and the values of its options as a JSON object: the contents of
  /// config.json.
  std::string config() const;
  /// The same as words of a command line, without the flags of `except`: for run_jobs().
  std::vector<std::string> arguments(const std::vector<std::string>& except) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gives an option that was not given, whose value still is `unset`, a default that depends on
/// others.
template <class T, class U, class V>
void set_default(T& value, const U& unset, const V& preset) {
  if (value == unset) value = preset;
}

/// Thrown after Ctrl-C, when the run has saved a checkpoint.
class Interrupted : public Error {
  using Error::Error;
};

/// Runs a program's function and reports an error as one line on standard error. Returns the exit
/// status: 0 for success, 1 for an error (including output that could not be written), 2 for an
/// invalid command line, 130 after Ctrl-C.
int program(int argc, char** argv, const std::string& name, const std::string& description,
            const std::function<void(Cli&)>& body);

/// Prints the result as the last line of standard output:
/// {"example":"translate","metric":"bleu","value":38.2}
/// A non-finite value, which JSON cannot represent, becomes null, followed by "value_is":"nan".
/// Throws IoError if it cannot be written.
void report(const Cli& cli, const std::string& metric, double value);

}  // namespace tapehead::train
