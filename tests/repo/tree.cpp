#include "tapehead/tests/repo/tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace fs = std::filesystem;

namespace repo {

namespace {

constexpr const char* kFolders[] = {"core", "autograd", "nn",    "optim", "data", "train",
                                    "dist", "examples", "bench", "tests", "tools"};

bool in_folder(const std::string& path, const std::string& folder) {
  return path.find("/" + folder + "/") != std::string::npos;
}

bool is_cpp(const fs::path& path) { return path.extension() == ".h" || path.extension() == ".cpp"; }

/// The text of a preprocessor directive without blanks around `#`; "" for other lines.
std::string directive(const std::string& line) {
  size_t at = line.find_first_not_of(" \t");
  if (at == std::string::npos || line[at] != '#') return "";
  at = line.find_first_not_of(" \t", at + 1);
  return at == std::string::npos ? "" : line.substr(at);
}

/// The type defined at the start of a line; "" for other lines and forward declarations.
std::string declared_type(const std::string& line) {
  for (const std::string keyword : {"struct ", "class ", "enum class ", "enum ", "using "}) {
    if (!line.starts_with(keyword)) continue;
    const size_t start = keyword.size(), end = line.find_first_of(" ;<", start);
    if (end == std::string::npos || line[end] != ' ' || line.starts_with("using namespace"))
      return "";
    return line.substr(start, end - start);
  }
  return "";
}

/// Adds the names that follow `std::` on a line, up to a comment.
void add_std_names(std::vector<Name>& names, const std::string& line, int number) {
  const std::string code = line.substr(0, line.find("//"));
  for (size_t at = code.find("std::"); at != std::string::npos; at = code.find("std::", at)) {
    at += 5;
    size_t end = at;
    while (end < code.size() && (std::isalnum(code[end]) || code[end] == '_')) ++end;
    names.push_back({code.substr(at, end - at), number});
  }
}

/// Adds the words on a line, up to a comment, that begin with a capital.
void add_capital_names(SourceFile& file, const std::string& line) {
  const std::string code = line.substr(0, line.find("//"));
  std::string before;
  for (size_t at = 0; at < code.size();) {
    size_t end = at;
    while (end < code.size() && (std::isalnum(code[end]) || code[end] == '_')) ++end;
    const std::string word = code.substr(at, end - at);
    if (!word.empty() && std::isupper(word[0])) {
      const std::set<std::string> introducing = {"class", "struct", "enum", "using", "typename"};
      if (introducing.contains(before)) file.introduced.insert(word);
      file.capital_names.push_back({word, file.lines});
    }
    if (!word.empty()) before = word;
    at = end + 1;
  }
}

SourceFile read(const fs::path& root, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse(fs::relative(file, root).generic_string(), text);
}

Tree read_tree(const fs::path& root) {
  Tree tree;
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_regular_file() && is_cpp(entry.path())) tree.push_back(read(root, entry.path()));
  for (const char* folder : kFolders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !is_cpp(entry.path())) continue;
      SourceFile file = read(root, entry.path());
      if (!file.path.starts_with("tests/install/")) tree.push_back(std::move(file));
    }
  }
  std::sort(tree.begin(), tree.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return tree;
}

}  // namespace

std::string SourceFile::layer() const {
  const size_t slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool SourceFile::is_header() const { return path.ends_with(".h"); }

bool SourceFile::is_public_header() const {
  constexpr const char* kInstalled[] = {"", "core", "autograd", "nn", "optim", "data", "train"};
  const bool installed =
      std::find(std::begin(kInstalled), std::end(kInstalled), layer()) != std::end(kInstalled);
  return is_header() && installed && !path.ends_with("_kernel.h") && !in_folder(path, "kernels") &&
         !in_folder(path, "detail");
}

SourceFile parse(const std::string& path, const std::string& text) {
  SourceFile file;
  file.path = path;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    ++file.lines;
    if (const std::string type = declared_type(line); !type.empty()) file.types.push_back(type);
    add_std_names(file.std_names, line, file.lines);
    add_capital_names(file, line);
    const std::string words = directive(line);
    if (words.starts_with("pragma once")) file.pragma_once = true;
    if (!words.starts_with("include")) continue;
    const size_t open = words.find_first_of("\"<");
    if (open == std::string::npos) continue;
    const bool quoted = words[open] == '"';
    const size_t close = words.find(quoted ? '"' : '>', open + 1);
    if (close == std::string::npos) continue;
    file.includes.push_back({words.substr(open + 1, close - open - 1), quoted, file.lines});
  }
  return file;
}

const Tree& source_tree() {
  static const Tree tree = read_tree(TAPEHEAD_SOURCE_ROOT);
  return tree;
}

}  // namespace repo
