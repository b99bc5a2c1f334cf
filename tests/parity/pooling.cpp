#include "tapehead/autograd/ops/pooling.h"

#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {

static Tensors both(const ValuesAndIndices& result) { return {result.values, result.indices}; }

// clang-format off
const Family kPooling("pooling", {
  {"max_pool1d", [](const Tensors& x) { return both(max_pool1d_with_indices(x[0], 3, {.stride = 2, .padding = 1})); }},
  {"max_pool1d/ceil", [](const Tensors& x) { return Tensors{max_pool1d(x[0], 3, {.dilation = 2, .ceil_mode = true})}; }},
  {"max_pool2d", [](const Tensors& x) { return Tensors{max_pool2d(x[0], 2)}; }},
  {"max_pool2d/indices", [](const Tensors& x) { return both(max_pool2d_with_indices(x[0], {3, 2}, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}, .ceil_mode = true})); }},
  {"max_pool3d", [](const Tensors& x) { return both(max_pool3d_with_indices(x[0], {2, 3, 2}, {.stride = {1, 2, 1}, .padding = {1, 1, 0}, .ceil_mode = true})); }},
  {"avg_pool1d", [](const Tensors& x) { return Tensors{avg_pool1d(x[0], 3, {.stride = 2, .padding = 1, .ceil_mode = true})}; }},
  {"avg_pool2d", [](const Tensors& x) { return Tensors{avg_pool2d(x[0], 2)}; }},
  {"avg_pool2d/padded", [](const Tensors& x) { return Tensors{avg_pool2d(x[0], {3, 4}, {.stride = {2, 3}, .padding = {1, 2}, .ceil_mode = true})}; }},
  {"avg_pool2d/exclude", [](const Tensors& x) { return Tensors{avg_pool2d(x[0], {3, 4}, {.stride = {2, 1}, .padding = {1, 2}, .ceil_mode = true, .count_include_pad = false})}; }},
  {"avg_pool2d/divisor", [](const Tensors& x) { return Tensors{avg_pool2d(x[0], 2, {.stride = 1, .divisor_override = -3})}; }},
  {"avg_pool3d", [](const Tensors& x) { return Tensors{avg_pool3d(x[0], {2, 3, 2}, {.stride = {1, 2, 1}, .padding = {1, 1, 0}, .ceil_mode = true, .count_include_pad = false})}; }},
  {"lp_pool1d", [](const Tensors& x) { return Tensors{lp_pool1d(x[0], 3, 4, {.stride = 2, .ceil_mode = true})}; }},
  {"lp_pool2d", [](const Tensors& x) { return Tensors{lp_pool2d(x[0], 2, {2, 3})}; }},
  {"lp_pool3d", [](const Tensors& x) { return Tensors{lp_pool3d(x[0], 3, {1, 2, 2}, {.stride = {1, 1, 2}})}; }},
  {"adaptive_avg_pool1d", [](const Tensors& x) { return Tensors{adaptive_avg_pool1d(x[0], 4)}; }},
  {"adaptive_avg_pool2d", [](const Tensors& x) { return Tensors{adaptive_avg_pool2d(x[0], {3, std::nullopt})}; }},
  {"adaptive_avg_pool3d", [](const Tensors& x) { return Tensors{adaptive_avg_pool3d(x[0], {1, 4, 2})}; }},
  {"adaptive_max_pool1d", [](const Tensors& x) { return both(adaptive_max_pool1d_with_indices(x[0], 4)); }},
  {"adaptive_max_pool2d", [](const Tensors& x) { return both(adaptive_max_pool2d_with_indices(x[0], {3, std::nullopt})); }},
  {"adaptive_max_pool3d", [](const Tensors& x) { return both(adaptive_max_pool3d_with_indices(x[0], 2)); }},
  {"max_unpool1d", [](const Tensors& x) { return Tensors{max_unpool1d(x[0], x[1], 2)}; }},
  {"max_unpool2d", [](const Tensors& x) { return Tensors{max_unpool2d(x[0], x[1], 2, {.stride = 3, .padding = 1, .output_size = {4, 5}})}; }},
  {"max_unpool3d", [](const Tensors& x) { return Tensors{max_unpool3d(x[0], x[1], 2)}; }},
});

}  // namespace tapehead::parity
