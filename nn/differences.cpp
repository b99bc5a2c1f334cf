#include "tapehead/nn/detail/differences.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {
namespace {

constexpr size_t kShown = 20;

std::string list(const std::vector<std::string>& names, const char* between) {
  const auto end = names.begin() + static_cast<int64_t>(std::min(names.size(), kShown));
  std::string out = fmt::format("{}", fmt::join(names.begin(), end, between));
  if (names.size() > kShown) out += fmt::format(" and {} more", names.size() - kShown);
  return out;
}

}  // namespace

void Differences::not_same(const std::string& name, const std::string& other) {
  others_.push_back(fmt::format("{} and {} differ, but are tied in the model", name, other));
}

void Differences::other_shape(const std::string& name, const Tensor& in_file,
                              const Tensor& in_model) {
  others_.push_back(fmt::format("{} is {} in the file, {} in the model", name,
                                in_file.shape().str(), in_model.shape().str()));
}

void Differences::check(const std::string& file, const std::string& model) const {
  std::vector<std::string> parts;
  if (!missing_.empty()) parts.push_back("missing " + list(missing_, ", "));
  if (!unexpected_.empty()) parts.push_back("unexpected " + list(unexpected_, ", "));
  if (!others_.empty()) parts.push_back(list(others_, "; "));
  if (!parts.empty())
    throw FormatError(fmt::format("{} does not fit {}: {}; nothing was loaded", file, model,
                                  fmt::join(parts, "; ")));
}

bool same_values(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && all((a == b) | (isnan(a) & isnan(b))).item() != 0;
}

}  // namespace tapehead::nn
