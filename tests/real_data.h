// Locates published data sets, for tests that read them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tapehead::test {

/// The folder of a data set: in $TAPEHEAD_DATA, or in ../shared/data relative to the project or a
/// parent folder. "" if absent; the test then reports so and passes.
inline std::string real_data(const std::string& name) {
  namespace fs = std::filesystem;
  if (const char* given = std::getenv("TAPEHEAD_DATA")) {
    const fs::path path = fs::path(given) / name;
    return fs::exists(path) ? path.string() : "";
  }
  for (fs::path at = fs::current_path(); at != at.parent_path(); at = at.parent_path()) {
    const fs::path path = at / "shared" / "data" / name;
    if (fs::exists(path)) return path.string();
  }
  return "";
}

}  // namespace tapehead::test
