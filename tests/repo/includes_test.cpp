// How the files of the project may include each other. Each rule is a function from a tree to its
// complaints, so that it is tried on trees that break it before it judges the real one.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "tapehead/tests/repo/tree.h"

namespace repo {
namespace {

using Complaints = std::vector<std::string>;

const std::string kPrefix = "tapehead/";

const std::map<std::string, std::set<std::string>> kBelow = {
    {"core", {}},
    {"data", {"core"}},
    {"autograd", {"core"}},
    {"nn", {"core", "data", "autograd"}},
    {"optim", {"core", "autograd", "nn"}},
    {"train", {"core", "data", "autograd", "nn", "optim"}},
    {"dist", {"core", "autograd", "nn", "optim"}},
};

// What the build makes.
const std::set<std::string> kGenerated = {"tapehead.h", "tensor_methods.h"};

/// The file that a quoted include names, "" for a file of another project.
std::string included(const Include& include) {
  return include.target.starts_with(kPrefix) ? include.target.substr(kPrefix.size()) : "";
}

std::string at(const SourceFile& file, const Include& include) {
  return file.path + ":" + std::to_string(include.line) + ": " + include.target;
}

const SourceFile* find(const Tree& tree, const std::string& path) {
  const auto it = std::find_if(tree.begin(), tree.end(),
                               [&](const SourceFile& file) { return file.path == path; });
  return it == tree.end() ? nullptr : &*it;
}

/// Quotes mean a file of this project, written from its root; angle brackets mean another's,
/// or this library as its users see it, which only the programs built on it may write.
Complaints misspelt(const Tree& tree) {
  Complaints complaints;
  for (const SourceFile& file : tree) {
    for (const Include& include : file.includes) {
      const std::string target = included(include);
      if (!include.quoted) {
        if (!target.empty() && kBelow.contains(file.layer()))
          complaints.push_back(at(file, include) + " stands in <>; write it in quotes");
      } else if (target.empty()) {
        complaints.push_back(at(file, include) + " must be written \"tapehead/...\"");
      } else if (!find(tree, target) && !kGenerated.contains(target)) {
        complaints.push_back(at(file, include) + " is not in the source tree");
      }
    }
  }
  return complaints;
}

/// A layer includes itself and the layers below it; its tests include tests/ besides.
Complaints upward(const Tree& tree) {
  Complaints complaints;
  for (const SourceFile& file : tree) {
    const auto below = kBelow.find(file.layer());
    if (below == kBelow.end()) continue;
    for (const Include& include : file.includes) {
      const SourceFile* target = find(tree, included(include));
      if (!target || target->layer() == file.layer()) continue;
      if (file.path.ends_with("_test.cpp") && target->layer() == "tests") continue;
      if (!below->second.contains(target->layer()))
        complaints.push_back(at(file, include) + " is not below " + file.layer());
    }
  }
  return complaints;
}

Complaints circles(const Tree& tree) {
  Complaints complaints;
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<void(const SourceFile&)> visit = [&](const SourceFile& file) {
    const auto seen = std::find(path.begin(), path.end(), file.path);
    if (seen != path.end()) {
      std::string circle;
      for (auto it = seen; it != path.end(); ++it) circle += *it + " -> ";
      complaints.push_back(circle + file.path);
      return;
    }
    if (done.contains(file.path)) return;
    path.push_back(file.path);
    for (const Include& include : file.includes)
      if (const SourceFile* target = find(tree, included(include))) visit(*target);
    path.pop_back();
    done.insert(file.path);
  };
  for (const SourceFile& file : tree) visit(file);
  return complaints;
}

/// A public header asks its users for nothing but public headers, the standard library and fmt's
/// light header, and spares them the standard headers that cost the most to compile.
Complaints heavy(const Tree& tree) {
  const std::set<std::string> costly = {"iostream", "regex", "filesystem", "fstream", "locale"};
  Complaints complaints;
  for (const SourceFile& file : tree) {
    if (!file.is_public_header()) continue;
    if (!file.pragma_once) complaints.push_back(file.path + ": no #pragma once");
    for (const Include& include : file.includes) {
      const SourceFile* ours = find(tree, included(include));
      if (ours && !ours->is_public_header())
        complaints.push_back(at(file, include) + " is private: it is not installed");
      if (include.quoted) continue;
      const bool foreign = include.target.find_first_of("./") != std::string::npos;
      if ((foreign && include.target != "fmt/core.h") || costly.contains(include.target))
        complaints.push_back(at(file, include) + " does not belong in a public header");
    }
  }
  return complaints;
}

/// nlohmann/json takes long to compile: core::Json stands for it.
Complaints json_library(const Tree& tree) {
  const std::set<std::string> allowed = {"core/formats/json_text.cpp",
                                         "core/formats/safetensors.cpp"};
  Complaints complaints;
  for (const SourceFile& file : tree)
    for (const Include& include : file.includes)
      if (include.target.starts_with("nlohmann/") && !allowed.contains(file.path))
        complaints.push_back(at(file, include) + ": use core/formats/detail/json.h");
  return complaints;
}

/// tapehead.h is for programs: the library itself never includes it.
Complaints umbrella(const Tree& tree) {
  Complaints complaints;
  for (const SourceFile& file : tree)
    for (const Include& include : file.includes)
      if (kBelow.contains(file.layer()) && include.target == "tapehead/tapehead.h")
        complaints.push_back(at(file, include));
  return complaints;
}

Complaints too_long(const Tree& tree) {
  constexpr int kLimit = 400;
  Complaints complaints;
  for (const SourceFile& file : tree)  // the contract of all ops is read in one place
    if (file.lines > (file.path == "autograd/ops.h" ? 450 : kLimit))
      complaints.push_back(file.path + ": " + std::to_string(file.lines) + " lines; split it");
  return complaints;
}

void check_none(const Complaints& complaints) {
  for (const std::string& complaint : complaints) FAIL_CHECK(complaint);
}

TEST_CASE("repo: includes are spelt from the root of the project") {
  check_none(misspelt(source_tree()));
  const Tree bad = {parse("core/a.h", "#include <vector>\n#include \"b.h\"\n"),
                    parse("core/b.h", "#include <tapehead/core/a.h>\n"),
                    parse("core/c.h", "# include \"tapehead/core/gone.h\"\n")};
  CHECK(misspelt(bad) ==
        Complaints{"core/a.h:2: b.h must be written \"tapehead/...\"",
                   "core/b.h:1: tapehead/core/a.h stands in <>; write it in quotes",
                   "core/c.h:1: tapehead/core/gone.h is not in the source tree"});
}

TEST_CASE("repo: includes never point upward") {
  check_none(upward(source_tree()));
  const Tree bad = {parse("core/a.cpp", "#include \"tapehead/nn/b.h\"\n"),
                    parse("nn/b.h", ""),
                    parse("data/c.h", "#include \"tapehead/nn/b.h\"\n"),
                    parse("train/d.h", "#include \"tapehead/nn/b.h\"\n"),
                    parse("nn/e_test.cpp", "#include \"tapehead/tests/f.h\"\n"),
                    parse("nn/g.h", "#include \"tapehead/tests/f.h\"\n"),
                    parse("tests/f.h", "#include \"tapehead/nn/b.h\"\n")};
  CHECK(upward(bad) == Complaints{"core/a.cpp:1: tapehead/nn/b.h is not below core",
                                  "data/c.h:1: tapehead/nn/b.h is not below data",
                                  "nn/g.h:1: tapehead/tests/f.h is not below nn"});
}

TEST_CASE("repo: includes never go in circles") {
  check_none(circles(source_tree()));
  const Tree bad = {parse("core/a.h", "#include \"tapehead/core/b.h\"\n"),
                    parse("core/b.h", "#include \"tapehead/core/c.h\"\n"),
                    parse("core/c.h", "#include \"tapehead/core/a.h\"\n")};
  CHECK(circles(bad) == Complaints{"core/a.h -> core/b.h -> core/c.h -> core/a.h"});
}

TEST_CASE("repo: public headers are light") {
  check_none(heavy(source_tree()));
  const Tree bad = {parse("nn/a.h", "#include <vector>\n#include <regex>\n"),
                    parse("nn/b.h", "#pragma once\n#include <fmt/core.h>\n#include <cblas.h>\n"),
                    parse("core/kernels/c.h", "#include <immintrin.h>\n"),
                    parse("core/d.h", "#pragma once\n#include \"tapehead/core/kernels/c.h\"\n")};
  CHECK(heavy(bad) ==
        Complaints{"nn/a.h: no #pragma once", "nn/a.h:2: regex does not belong in a public header",
                   "nn/b.h:3: cblas.h does not belong in a public header",
                   "core/d.h:2: tapehead/core/kernels/c.h is private: it is not installed"});
}

TEST_CASE("repo: nlohmann/json is included by two files") {
  check_none(json_library(source_tree()));
  const Tree bad = {parse("core/formats/json_text.cpp", "#include <nlohmann/json.hpp>\n"),
                    parse("data/a.h", "#include <nlohmann/json.hpp>\n")};
  CHECK(json_library(bad) ==
        Complaints{"data/a.h:1: nlohmann/json.hpp: use core/formats/detail/json.h"});
}

TEST_CASE("repo: the library does not include tapehead.h") {
  check_none(umbrella(source_tree()));
  const Tree bad = {parse("nn/c.cpp", "#include \"tapehead/tapehead.h\"\n")};
  CHECK(umbrella(bad) == Complaints{"nn/c.cpp:1: tapehead/tapehead.h"});
}

TEST_CASE("repo: a file reads in one sitting") {
  check_none(too_long(source_tree()));
  CHECK(too_long({parse("core/a.cpp", std::string(401, '\n'))}) ==
        Complaints{"core/a.cpp: 401 lines; split it"});
}

TEST_CASE("repo: the tree was found") { CHECK(find(source_tree(), "core/error.h")); }

}  // namespace
}  // namespace repo
