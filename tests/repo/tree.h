// The source tree as the tests of the repository see it: its files, their includes and their
// layers.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace repo {

struct Include {
  std::string target;  // what stands between the quotes or angle brackets
  bool quoted = false;
  int line = 0;
};

struct Name {
  std::string name;
  int line = 0;
};

struct SourceFile {
  std::string path;  // from the root of the project: core/error.h
  std::vector<Include> includes;
  std::vector<Name> std_names;  // names of the standard library outside of comments, without std::
  std::vector<Name> capital_names;   // words outside of comments that begin with a capital
  std::set<std::string> introduced;  // those after `class`, `struct`, `enum`, `using` or `typename`
  std::vector<std::string> types;    // which it declares outside of others, with what they are
  int lines = 0;
  bool pragma_once = false;

  std::string layer() const;  // the folder below the root, "" for files at the root
  bool is_header() const;
  /// Installed, unless it stands in a folder `kernels` or `detail`, or ends in _kernel.h.
  bool is_public_header() const;
};

using Tree = std::vector<SourceFile>;

/// Reads a file's text for its includes, names of the standard library and types.
SourceFile parse(const std::string& path, const std::string& text);

/// Every C++ file of the project, sorted by path. The programs of tests/install are not a part of
/// it: they stand for a user's own code.
const Tree& source_tree();

}  // namespace repo
