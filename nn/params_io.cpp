// Saving and loading parameters.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/safetensors.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {
namespace {

// Every difference between a file and the model; of long lists the first names and how many more.
class Differences {
 public:
  void missing(const std::string& name) { missing_.push_back(name); }
  void unexpected(const std::string& name) { unexpected_.push_back(name); }
  void other_shape(const std::string& name, const Tensor& in_file, const Tensor& in_model) {
    shapes_.push_back(fmt::format("{} is {} in the file, {} in the model", name,
                                  in_file.shape().str(), in_model.shape().str()));
  }
  bool any() const { return !missing_.empty() || !unexpected_.empty() || !shapes_.empty(); }
  std::string str() const {
    std::vector<std::string> parts;
    if (!missing_.empty()) parts.push_back("missing " + list(missing_, ", "));
    if (!unexpected_.empty()) parts.push_back("unexpected " + list(unexpected_, ", "));
    if (!shapes_.empty()) parts.push_back(list(shapes_, "; "));
    return fmt::format("{}", fmt::join(parts, "; "));
  }

 private:
  static constexpr size_t kShown = 20;
  static std::string list(const std::vector<std::string>& names, const char* between) {
    const auto end = names.begin() + static_cast<int64_t>(std::min(names.size(), kShown));
    std::string out = fmt::format("{}", fmt::join(names.begin(), end, between));
    if (names.size() > kShown) out += fmt::format(" and {} more", names.size() - kShown);
    return out;
  }
  std::vector<std::string> missing_, unexpected_, shapes_;
};

}  // namespace

void Params::save(const std::string& path) const {
  std::vector<NamedTensor> tensors;
  for (const Param& p : all()) tensors.emplace_back(p.path, p.value);
  write_safetensors(path, tensors);
}

Params::Copies Params::plan(std::span<const NamedTensor> tensors, const std::string& source,
                            const LoadOptions& options) const {
  Differences differences;
  Copies copies;
  std::vector<bool> found(all().size());
  for (const auto& [full_name, tensor] : tensors) {
    const bool stripped = full_name.starts_with(options.strip);
    const std::string name = stripped ? full_name.substr(options.strip.size()) : full_name;
    if (!contains(name)) {
      if (options.strict) differences.unexpected(full_name);
      continue;
    }
    const Tensor& mine = (*this)[name];
    for (size_t i = 0; i < all().size(); ++i)
      if (all()[i].value.is_same(mine)) found[i] = true;
    if (mine.shape() != tensor.shape()) differences.other_shape(full_name, tensor, mine);
    else copies.emplace_back(mine, tensor);
  }
  for (size_t i = 0; i < found.size(); ++i)
    if (!found[i]) differences.missing(options.strip + all()[i].path);
  if (differences.any())
    throw FormatError(fmt::format("{} does not fit {}: {}; nothing was loaded", source,
                                  description(), differences.str()));
  return copies;
}

void Params::check(std::span<const NamedTensor> tensors, const std::string& source,
                   const LoadOptions& options) const {
  plan(tensors, source, options);
}

void Params::load(std::span<const NamedTensor> tensors, const std::string& source,
                  const LoadOptions& options) const {
  const NoGrad no_grad;
  for (const auto& [to, from] : plan(tensors, source, options)) to.copy_(from);
}

void Params::load(const std::string& path, const LoadOptions& options) const {
  load(read_safetensors(path).tensors, path, options);
}

}  // namespace tapehead::nn
