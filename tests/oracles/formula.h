// The weights that tests/oracles/encoders.py gives its models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/params.h"

namespace tapehead::test {

/// Numbers in -0.5 .. 0.5 that every type of numbers holds exactly, in f64.
inline Tensor formula(const Shape& shape, int64_t salt) {
  const Tensor out = empty(shape, f64);
  for (int64_t k = 0; k < out.numel(); ++k)
    out.data<double>()[k] = static_cast<double>((k * k * 29 + k * 73 + salt * 31) % 61 - 30) / 64;
  return out;
}

/// Makes the numbers depend on the name of a parameter.
inline int64_t salt_of(const std::string& path) {
  int64_t salt = 0;
  for (size_t i = 0; i < path.size(); ++i) salt += static_cast<int64_t>(i + 1) * path[i];
  return salt;
}

/// Turns the parameters into f64 and fills each by its name, norms about 1; in evaluation.
inline void fill_by_formula(const nn::Params& params) {
  const NoGradGuard off;
  params.to(f64);
  params.eval();
  for (const nn::Param& p : params.all()) {
    const bool norm = p.path.find("norm") != std::string::npos && p.path.ends_with("weight");
    p.value.copy_(formula(p.value.shape(), salt_of(p.path)) + (norm ? 1 : 0));
  }
}

}  // namespace tapehead::test
