#include "tapehead/autograd/ops/convolution.h"

#include "tapehead/autograd/ops/join.h"
#include "tapehead/nn/conv.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {

// clang-format off
const Family kConvolution("convolution", {
  {"conv1d", [](const Tensors& x) { return Tensors{conv1d(x[0], x[1], x[2], {.stride = 2, .padding = 1, .groups = 2})}; }},
  {"conv1d/same", [](const Tensors& x) { return Tensors{conv1d(x[0], x[1], x[2], {.padding = kSame, .dilation = 2})}; }},
  {"conv1d/unbatched", [](const Tensors& x) { return Tensors{conv1d(x[0], x[1])}; }},
  {"conv2d", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], x[2], {.stride = {2, 1}, .padding = {1, 2}})}; }},
  {"conv2d/same", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], {}, {.padding = kSame})}; }},
  {"conv2d/valid", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], x[2], {.padding = kValid, .dilation = 2})}; }},
  {"conv2d/depthwise", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], x[2], {.padding = 1, .groups = 3})}; }},
  {"conv2d/depthwise stride", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], {}, {.stride = 2, .padding = 1, .groups = 3})}; }},
  {"conv2d/pointwise", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], x[2])}; }},
  {"conv2d/pointwise stride", [](const Tensors& x) { return Tensors{conv2d(x[0], x[1], {}, {.stride = 2})}; }},
  {"conv3d", [](const Tensors& x) { return Tensors{conv3d(x[0], x[1], x[2], {.stride = {1, 2, 1}, .padding = 1})}; }},
  {"conv3d/groups", [](const Tensors& x) { return Tensors{conv3d(x[0], x[1], {}, {.dilation = {1, 1, 2}, .groups = 2})}; }},
  {"conv_transpose1d", [](const Tensors& x) { return Tensors{conv_transpose1d(x[0], x[1], x[2], {.stride = 2, .padding = 1, .output_padding = 1})}; }},
  {"conv_transpose2d", [](const Tensors& x) { return Tensors{conv_transpose2d(x[0], x[1], x[2], {.stride = {2, 3}, .padding = 1, .output_padding = {1, 0}, .groups = 2})}; }},
  {"conv_transpose2d/dilation", [](const Tensors& x) { return Tensors{conv_transpose2d(x[0], x[1], x[2], {.padding = {2, 0}, .output_padding = 1, .dilation = 2})}; }},
  {"conv_transpose3d", [](const Tensors& x) { return Tensors{conv_transpose3d(x[0], x[1], {}, {.stride = {2, 1, 2}})}; }},
  {"pad/reflect", [](const Tensors& x) { return Tensors{pad(x[0], {2, 4, 1, 0}, {.mode = PadMode::reflect})}; }},
  {"pad/replicate", [](const Tensors& x) { return Tensors{pad(x[0], {2, 5}, {.mode = PadMode::replicate})}; }},
  {"pad/circular", [](const Tensors& x) { return Tensors{pad(x[0], {2, 0, 1, 4}, {.mode = PadMode::circular})}; }},
}, {
  {"Conv1d", [](const nn::Scope& at) { return one(nn::Conv1d(at, 2, 3, 4, {.padding = kSame, .dilation = 2, .padding_mode = PadMode::circular})); }},
  {"Conv2d", [](const nn::Scope& at) { return one(nn::Conv2d(at, 2, 4, {3, 2}, {.stride = 2, .padding = {2, 1}, .groups = 2, .padding_mode = PadMode::reflect})); }},
  {"Conv3d", [](const nn::Scope& at) { return one(nn::Conv3d(at, 1, 2, 2, {.padding = 1, .bias = false, .padding_mode = PadMode::replicate})); }},
  {"ConvTranspose1d", [](const nn::Scope& at) { return one(nn::ConvTranspose1d(at, 2, 3, 3, {.stride = 2, .padding = 1, .output_padding = 1})); }},
  {"ConvTranspose2d", [](const nn::Scope& at) -> Layer {
     return [layer = nn::ConvTranspose2d(at, 2, 3, 3, {.stride = 3, .bias = false})](const Tensors& x) { return Tensors{layer(x[0], {11, 7})}; };
   }},
});

}  // namespace tapehead::parity
