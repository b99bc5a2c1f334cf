// Names of public types are unique across headers, regardless of namespace, so that they are
// unambiguous in the documentation and after `using namespace`.
#include <doctest/doctest.h>

#include <map>

#include "tapehead/tests/repo/tree.h"

namespace repo {
namespace {

using Complaints = std::vector<std::string>;

Complaints shared_names(const Tree& tree) {
  std::map<std::string, std::string> first;
  Complaints complaints;
  for (const SourceFile& file : tree) {
    if (!file.is_public_header()) continue;
    for (const std::string& type : file.types) {
      const auto [known, is_new] = first.emplace(type, file.path);
      if (!is_new) complaints.push_back(type + " is in " + known->second + " and in " + file.path);
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
