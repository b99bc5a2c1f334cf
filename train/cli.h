// The command line that every example has.
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

/// What every training program takes.
struct Options {
  std::optional<std::string> data;  ///< a folder of real data; none: generated data
  uint64_t seed = 1;
  std::optional<int64_t> epochs, steps;  ///< how long to train; the program has a default
  std::string out;                       ///< where everything goes: "out/NAME"
  bool resume = false;                   ///< go on from the last checkpoint in `out`
  std::optional<std::string> eval;       ///< score the model in this folder, do not train
  int64_t checkpoint_every = 0;          ///< steps between checkpoints; 0: at the end of each epoch
  bool anomaly = false;                  ///< name the first op that makes a NaN
  bool smoke = false;                    ///< a few steps, to see that it runs
  bool quiet = false;                    ///< no progress
};

/// The values that a numeric option takes: from `least` to `most`, both included.
template <class T>
struct Range {
  T least{};
  T most = std::numeric_limits<T>::max();
};
/// Any number above 0; a part of a whole; and how large a part of a model is, or a batch.
inline constexpr Range<double> kPositive{std::numeric_limits<double>::min()}, kPart{0, 1};
inline constexpr Range<int64_t> kSize{1, 65536};

/// What --resume and --eval make of the value that an option had in the training run.
enum class Keep {
  fixed,   ///< it holds; another one is refused: the model or its data would not fit
  preset,  ///< it holds unless another one is given
  no,      ///< they do not know it
};

/// The options of one program: the common ones, and its own.
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

  /// An option of the program; what `value` holds is its default, which may lie outside the range
  /// and then says that the option was not given. After a comma `flag` may have the name by which
  /// older programs and their config.json know it: "--embed-dim,--width".
  void option(const std::string& flag, std::string& value, const std::string& help,
              Keep keep = Keep::preset);
  void option(const std::string& flag, int64_t& value, Range<int64_t> range,
              const std::string& help, Keep keep = Keep::preset);
  void option(const std::string& flag, double& value, Range<double> range, const std::string& help,
              Keep keep = Keep::preset);
  /// An option without a value.
  void flag(const std::string& flag, bool& value, const std::string& help,
            Keep keep = Keep::preset);

  /// Reads the command line, sets the threads and the seed, and makes the folder `out` (of a model
  /// that is evaluated: its own, unless --out names another). Of a run that is resumed or a model
  /// that is evaluated, options that are not given are those it was trained with (config.json), the
  /// data, the seed and the length of the run with them. A run that was stopped before its first
  /// checkpoint starts anew with them: then `resume` is false. Ends the program's function for
  /// --help. Throws for a wrong option, ValueError from the command line and FormatError from
  /// config.json, with a message that says what is right, and IoError or ValueError where there is
  /// no run of this program.
  Options parse();

  /// `run` with what the command line says about it: out, resume, checkpoint_every, anomaly, quiet,
  /// and this program.
  RunOptions run_options(const Options& options, RunOptions run) const;

  const std::string& name() const;
  /// The program, the options and their values as one JSON object: what config.json holds.
  std::string config() const;
  /// The same as words of a command line, without the flags of `except`: for run_jobs().
  std::vector<std::string> arguments(const std::vector<std::string>& except) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Throws ValueError for an option whose value is neither of two.
void check_choice(const std::string& flag, const std::string& value, const std::string& one,
                  const std::string& other);

/// Ctrl-C was pressed, and the run has saved itself.
class Interrupted : public Error {
  using Error::Error;
};

/// Runs a program's function; an error becomes one line on standard error. Gives the exit status:
/// 0, 1 for an error, output that could not be written among them, 2 for a wrong command line, 130
/// after Ctrl-C.
int program(int argc, char** argv, const std::string& name, const std::string& description,
            const std::function<void(Cli&)>& body);

/// The last line of every program, on standard output:
/// {"example":"translate","metric":"bleu","value":38.2}
/// A value that is not finite, which JSON cannot say, becomes null with "value_is":"nan" behind it.
/// Throws IoError when it cannot be written.
void report(const Cli& cli, const std::string& metric, double value);

}  // namespace tapehead::train
