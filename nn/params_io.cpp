// Saving and loading parameters.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/formats/safetensors.h"
#include "tapehead/core/suggest.h"
#include "tapehead/nn/detail/differences.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {
namespace {

// For each parameter, whether it may keep its value.
std::vector<bool> keepers(const std::vector<Param>& all, const std::vector<std::string>& patterns) {
  std::vector<bool> out(all.size());
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i].fits(pattern)) out[i] = any = true;
    if (any) continue;
    const std::string near = closest_pattern(pattern, names_of(all));
    throw ValueError(fmt::format("load: no parameter's path matches '{}' of `keep`{}", pattern,
                                 near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  return out;
}

}  // namespace

void Params::save(const std::string& path) const {
  std::vector<NamedTensor> tensors;
  for (const Param& p : all()) tensors.emplace_back(p.path, p.value);
  write_safetensors(path, tensors);
}

Params::LoadPlan Params::plan(std::span<const NamedTensor> tensors, const std::string& source,
                              const LoadOptions& options) const {
  const NoGradGuard no_grad;
  check_own_weights("load", "load()");
  const std::vector<bool> may_stay = keepers(all(), options.keep);
  std::vector<const NamedTensor*> found(all().size());
  Differences differences;
  LoadPlan out;
  for (const NamedTensor& named : tensors) {
    const auto& [full_name, tensor] = named;
    const bool stripped = full_name.starts_with(options.strip);
    const size_t i = position(stripped ? full_name.substr(options.strip.size()) : full_name);
    if (i == all().size()) {
      if (options.strict) differences.unexpected(full_name);
    } else if (found[i] == nullptr) {
      found[i] = &named;
    } else if (!same_values(found[i]->second, tensor)) {
      differences.not_same(full_name, found[i]->first);
    }
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const Param& mine = all()[i];
    if (found[i] != nullptr && found[i]->second.shape() == mine.value.shape())
      out.copies.emplace_back(mine.value, found[i]->second);
    else if (may_stay[i]) out.kept.push_back(mine.path);
    else if (found[i] == nullptr) differences.missing(options.strip + mine.path);
    else differences.other_shape(found[i]->first, found[i]->second, mine.value);
  }
  differences.check(source, description());
  return out;
}

void Params::check(std::span<const NamedTensor> tensors, const std::string& source,
                   const LoadOptions& options) const {
  plan(tensors, source, options);
}

std::vector<std::string> Params::load(std::span<const NamedTensor> tensors,
                                      const std::string& source, const LoadOptions& options) const {
  const NoGradGuard no_grad;
  LoadPlan planned = plan(tensors, source, options);
  for (const auto& [to, from] : planned.copies) to.copy_(from);
  return std::move(planned.kept);
}

std::vector<std::string> Params::load(const std::string& path, const LoadOptions& options) const {
  return load(read_safetensors(path).tensors, path, options);
}

}  // namespace tapehead::nn
