#include "tapehead/train/jobs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/core/parallel.h"
#include "tapehead/train/append_file.h"
#include "tapehead/train/checkpoint.h"
#include "tapehead/train/detail/folder_lock.h"
#include "tapehead/train/detail/interrupt.h"
#include "tapehead/train/progress.h"

namespace tapehead::train {
namespace {

constexpr const char* kResult = "result.json";
constexpr const char* kLog = "log.txt";

std::string text_of(const std::string& path) {
  return path_exists(path) ? read_file(path) : std::string();
}

std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const size_t before = text.find_last_of('\n', end);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, end + 1 - begin);
}

// A process that runs the program again.
class Process {
 public:
  Process(const Job& job, const std::string& folder, bool resume) : log_(folder + "/" + kLog) {
    std::vector<std::string> words{"/proc/self/exe", "--out", folder, "--threads", "1"};
    words.insert(words.end(), job.arguments.begin(), job.arguments.end());
    if (resume) words.emplace_back("--resume");
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    int out[2];
    const int log = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0 || pipe2(out, O_CLOEXEC) != 0) {
      const std::string why = core::system_error(errno);
      if (log >= 0) close(log);
      throw IoError(fmt::format("{}: cannot be started: {}", job.name, why));
    }
    const pid_t parent = getpid();
    id_ = fork();
    if (id_ == 0) become(pointers.data(), out[1], log, parent);
    close(out[1]);
    close(log);
    out_ = out[0];
    if (id_ > 0) return;
    close(out_);
    throw IoError(fmt::format("{}: cannot be started: {}", job.name, core::system_error(errno)));
  }
  ~Process() {
    if (id_ > 0) {
      kill(id_, SIGKILL);
      waitpid(id_, nullptr, 0);
    }
    if (out_ >= 0) close(out_);
  }
  Process(Process&& other) noexcept { *this = std::move(other); }
  Process& operator=(Process&& other) noexcept {
    std::swap(log_, other.log_);
    std::swap(id_, other.id_);
    std::swap(out_, other.out_);
    return *this;
  }

  void interrupt() const { kill(id_, SIGINT); }
  /// The exit status if the process has ended: 128 + N if signal N ended it.
  std::optional<int> ended() {
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) != id_) return {};
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// The standard output of an ended process: a line or two, which fit into the pipe's buffer.
  std::string output() const {
    std::string text;
    char some[4096];
    for (ssize_t n; (n = read(out_, some, sizeof some)) > 0;)
      text.append(some, static_cast<size_t>(n));
    return text;
  }
  double percent() const { return logged_percent(text_of(log_)); }

 private:
  // In the new process, which gets its own process group: Ctrl-C reaches only the parent, which
  // forwards it to each job.
  [[noreturn]] static void become(char** words, int out, int log, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != parent) _exit(130);
    dup2(out, 1);
    dup2(log, 2);
    execv(words[0], words);
    _exit(127);
  }

  std::string log_;
  pid_t id_ = -1;
  int out_ = -1;
};

// The jobs of one call and their states.
class Jobs {
 public:
  Jobs(const Cli& cli, std::span<const Job> jobs, const Options& options)
      : jobs_(jobs),
        options_(options),
        results_(jobs.size()),
        progress_({.label = cli.name(),
                   .total = static_cast<int64_t>(jobs.size()),
                   .unit = "job",
                   .quiet = options.quiet}) {}

  std::vector<std::string> run() {
    const detail::CatchInterrupt interrupt(detail::CatchInterrupt::Second::waits);
    bool stopping = false;
    for (int64_t tick = 0; next_ < jobs_.size() || !running_.empty(); ++tick) {
      if (interrupt.pressed() && !std::exchange(stopping, true))
        for (Running& r : running_) r.process.interrupt();
      if (stopping && running_.empty()) break;
      if (!stopping) start();
      std::erase_if(running_, [&](Running& r) { return ended(r); });
      if (tick % 10 == 0) show();  // reads logs
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    if (!failure_.empty()) throw Error(failure_);
    if (stopping)
      throw Interrupted(
          fmt::format("stopped with {} of {} jobs done; continue with --resume --out {}", done_,
                      jobs_.size(), options_.out));
    progress_.update(done_);
    progress_.finish();
    return results_;
  }

 private:
  struct Running {
    size_t number;
    Process process;
  };

  void start() {
    while (next_ < jobs_.size() && static_cast<int>(running_.size()) < num_threads()) {
      const Job& job = jobs_[next_];
      const std::string folder = job_folder(options_, job), result = folder + "/" + kResult;
      make_folders(folder, "jobs");
      results_[next_] = last_line(text_of(result));
      if (results_[next_].empty()) {
        if (is_busy(job, folder)) return;
        const bool begun = options_.resume && path_exists(folder + "/" + kCheckpoint);
        if (!begun) std::filesystem::remove(folder + "/" + kLog);
        running_.push_back({next_, Process(job, folder, begun)});
      } else {
        ++done_;
      }
      ++next_;
    }
  }

  // Whether a job of a killed call is still saving its checkpoint.
  bool is_busy(const Job& job, const std::string& folder) {
    if (!detail::FolderLock::is_taken(folder)) return false;
    if (waits_for_ != next_)
      progress_.note(fmt::format("{}: waiting for the run that is writing there", job.name));
    waits_for_ = next_;
    return true;
  }

  // Whether the job has ended; if so, records its result.
  bool ended(Running& r) {
    const std::optional<int> status = r.process.ended();
    if (!status) return false;
    const Job& job = jobs_[r.number];
    const std::string folder = job_folder(options_, job);
    const std::string result = last_line(r.process.output());
    if (*status == 0) {
      write_atomic(folder + "/" + kResult, result + "\n");
      results_[r.number] = result;
      ++done_;
      progress_.note(fmt::format("{}: {}", job.name, result));
    } else if (*status != 130 && failure_.empty()) {
      failure_ = fmt::format("{} failed (exit status {}): {}; see {}/{}", job.name, *status,
                             last_line(text_of(folder + "/" + kLog)), folder, kLog);
    }
    return true;
  }

  void show() {
    std::vector<std::string> names;
    std::vector<Shown> values;
    names.reserve(running_.size());
    values.reserve(running_.size());
    for (const Running& r : running_) names.push_back(jobs_[r.number].name + " %");
    for (size_t i = 0; i < names.size(); ++i)
      values.push_back({names[i], running_[i].process.percent()});
    progress_.update(done_, values);
  }

  std::span<const Job> jobs_;
  Options options_;
  std::vector<std::string> results_;
  Progress progress_;
  std::vector<Running> running_;
  size_t next_ = 0;
  std::optional<size_t> waits_for_;
  int64_t done_ = 0;
  std::string failure_;
};

// Removes the results and checkpoints of an earlier call, which may have had other options.
void remove_earlier_jobs(std::span<const Job> jobs, const Options& options) {
  for (const Job& job : jobs)
    for (const char* name : {kResult, kCheckpoint})
      std::filesystem::remove(job_folder(options, job) + "/" + name);
}

}  // namespace

std::string job_folder(const Options& options, const Job& job) {
  return options.out + "/jobs/" + job.name;
}

std::vector<std::string> run_jobs(const Cli& cli, std::span<const Job> jobs,
                                  const Options& options) {
  make_folders(options.out, "jobs");
  const detail::FolderLock lock(options.out);
  remove_abandoned(options.out);
  if (!options.resume) remove_earlier_jobs(jobs, options);
  core::Json config = core::parse_json(cli.config(), "config");
  config["jobs"] = true;  // --resume needs no checkpoint in this folder
  write_atomic(options.out + "/config.json", config.dump({.indent = 2}) + "\n");
  return Jobs(cli, jobs, options).run();
}

}  // namespace tapehead::train
