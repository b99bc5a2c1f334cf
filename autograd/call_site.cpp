#include "tapehead/autograd/detail/call_site.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>

extern char** environ;

namespace tapehead::detail {
namespace {

constexpr int kDeepest = 48;

struct Frame {
  std::string function;  // demangled; empty if unknown
  std::string line;      // "train.cpp:42"; empty without debug information
};

// The file that an address was loaded from, and the address within it.
struct Module {
  uintptr_t address;  // input
  std::string file;
  uintptr_t base = 0;
};

int find_module(dl_phdr_info* info, size_t, void* found) {
  auto& module = *static_cast<Module*>(found);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const uintptr_t from = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || module.address < from ||
        module.address >= from + segment.p_memsz)
      continue;
    module.file = *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
    module.base = info->dlpi_addr;
    return 1;
  }
  return 0;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The output of a command given as a list of arguments; empty if it cannot be run.
std::string output_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const bool runs =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string out;
  char block[4096];
  for (ssize_t n = 0; runs && (n = read(ends[0], block, sizeof block)) > 0;)
    out.append(block, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  if (runs) waitpid(child, &status, 0);
  return out;
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 ? readable.get() : name;
}

// The frames of an address, innermost inlined call first. addr2line prints function names and
// "path:line" on alternating lines.
std::vector<Frame> frames_by_addr2line(const Module& module) {
  std::string file = module.file;
  if (file == "/proc/self/exe") {  // addr2line would open its own executable
    char path[4096];
    const ssize_t n = readlink(file.c_str(), path, sizeof path);
    if (n > 0) file.assign(path, static_cast<size_t>(n));
  }
  std::istringstream said(output_of({"addr2line", "-C", "-f", "-i", "-e", file,
                                     fmt::format("{:#x}", module.address - module.base)}));
  std::vector<Frame> frames;
  for (std::string function, line; std::getline(said, function) && std::getline(said, line);) {
    line = line.substr(0, line.find(" ("));  // strips " (discriminator 3)"
    frames.push_back({function == "??" ? "" : function,
                      line.starts_with("??") || line.ends_with(":?") || line.ends_with(":0")
                          ? ""
                          : base_name(line)});
  }
  return frames;
}

// The plain name: "Gpt::operator()" for "Gpt::operator()(tapehead::Tensor const&) const", "train"
// for "int (anonymous namespace)::train<float>(float)::{lambda(int)#1}::operator()(int) const".
std::string plain_name(std::string function) {
  const std::string unnamed = "(anonymous namespace)::";
  for (size_t at; (at = function.find(unnamed)) != std::string::npos;)
    function.erase(at, unnamed.size());
  function = function.substr(0, function.find("::{lambda"));
  std::string name;
  int depth = 0;  // of template arguments
  for (const char c : function) {
    if (c == '<') ++depth;
    else if (c == '>') --depth;
    else if (depth > 0) continue;
    else if (c == '(') return name.ends_with("operator") ? name + "()" : name;
    else if (c == ' ') name.clear();  // drops the return type
    else name += c;
  }
  return name;
}

// True for code of this library and the standard library, as opposed to user code.
bool is_foreign(const std::string& name) {
  return name.starts_with("tapehead::") || name.starts_with("std::") || name.starts_with("__");
}

struct Sighting {
  bool named = false;
  std::string text;  // empty unless it is user code
};

Sighting look_up(void* address) {
  Dl_info symbol{}, self{};
  dladdr(address, &symbol);
  dladdr(reinterpret_cast<void*>(&call_stack), &self);
  Module module{reinterpret_cast<uintptr_t>(address) - 1, {}};  // the call, not its return address
  if (!dl_iterate_phdr(find_module, &module)) return {};
  const bool shared = base_name(self.dli_fname ? self.dli_fname : "").starts_with("libtapehead");
  if (shared && symbol.dli_fbase == self.dli_fbase) return {};

  std::string known, foreign;
  for (const Frame& frame : frames_by_addr2line(module)) {
    const std::string name = plain_name(frame.function);
    if (is_foreign(name)) foreign = name;
    else if (!frame.line.empty())  // a lambda has no name
      return {true, (name.empty() || name == "operator()" ? "" : "by " + name + " ") + "at " +
                        frame.line};
    else if (known.empty()) known = name;
  }
  const std::string exported = symbol.dli_sname ? plain_name(demangled(symbol.dli_sname)) : "";
  if (!exported.empty() && !is_foreign(exported))
    return {true, fmt::format("by {}+{:#x}", exported,
                              module.address + 1 - reinterpret_cast<uintptr_t>(symbol.dli_saddr))};
  if (!known.empty()) return {true, "by " + known};
  if (!foreign.empty() || !exported.empty()) return {};
  return {false,
          fmt::format("at {}+{:#x}", base_name(module.file), module.address + 1 - module.base)};
}

}  // namespace

std::vector<void*> call_stack() {
  std::vector<void*> stack(kDeepest);
  stack.resize(static_cast<size_t>(std::max(0, backtrace(stack.data(), kDeepest))));
  return stack;
}

std::string call_site(const std::vector<void*>& stack) {
  std::string unnamed;
  for (void* address : stack) {
    const Sighting seen = look_up(address);
    if (seen.named) return seen.text;
    if (unnamed.empty()) unnamed = seen.text;
  }
  return unnamed.empty() ? "from an unknown place" : unnamed;
}

}  // namespace tapehead::detail
