// Saving and loading parameters.
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/safetensors.h"
#include "tapehead/nn/detail/differences.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

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
  differences.check(source, description());
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
