// Names of public types: a name stands for one type, in documents and to who writes
// `using namespace tapehead`.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tapehead/tests/repo/tree.h"

namespace repo {
namespace {

using Complaints = std::vector<std::string>;

// A schedule and the curve that it follows have one name, in optim and optim::curve; and these two
// are other things in nn and train.
const std::set<std::string> kCurves = {"optim/curve.h", "optim/schedule.h"};
const std::set<std::string> kKnown = {"Curve", "Linear"};

Complaints shared_names(const Tree& tree) {
  std::map<std::string, std::string> first;
  Complaints complaints;
  for (const SourceFile& file : tree) {
    if (!file.is_public_header()) continue;
    for (const std::string& type : file.types) {
      const auto [known, is_new] = first.emplace(type, file.path);
      if (is_new || kKnown.contains(type) ||
          (kCurves.contains(known->second) && kCurves.contains(file.path)))
        continue;
      complaints.push_back(type + " is in " + known->second + " and in " + file.path);
    }
  }
  return complaints;
}

}  // namespace

TEST_CASE("repo: no two public headers declare the same type") {
  for (const std::string& complaint : shared_names(source_tree())) FAIL_CHECK(complaint);
  const Tree bad = {
      parse("core/a.h", "struct One {\n  struct Inner {};\n};\nclass Two final {};\n"),
      parse("core/detail/b.h", "struct One {};\n"),
      parse("data/c.h", "class One;\nstruct Inner {};\nenum class Three { all };\n"),
      parse("nn/d.h", "using Three = int;\nclass One : Base {\n"),
      parse("nn/e.cpp", "struct Three {};\n")};
  CHECK(shared_names(bad) ==
        Complaints{"Three is in data/c.h and in nn/d.h", "One is in core/a.h and in nn/d.h"});
}

}  // namespace repo
