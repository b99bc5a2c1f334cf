// Values are compared with PyTorch's in tests/parity/attention.cpp.
#include "tapehead/nn/torch_transformer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::torch_transformer_test {

using testing::difference;
using testing::values;

TEST_CASE("Transformer: parameters, masks, layouts and modes") {
  const nn::Params params(1);
  const nn::Transformer model(params.root(), {.d_model = 8,
                                              .nhead = 2,
                                              .num_encoder_layers = 1,
                                              .num_decoder_layers = 2,
                                              .dim_feedforward = 6,
                                              .dropout = 0.3});
  CHECK(params.contains("encoder.layers.0.self_attn.in_proj_weight"));
  CHECK(params.contains("decoder.layers.1.multihead_attn.out_proj.bias"));
  CHECK(params.contains("decoder.layers.1.norm3.weight"));
  CHECK(params.contains("encoder.norm.bias"));
  const Tensor src = randn({4, 2, 8}), tgt = randn({3, 2, 8});
  CHECK(values(model(src, tgt)) != values(model(src, tgt)));
  params.eval();
  const Tensor mask = nn::Transformer::generate_square_subsequent_mask(3);
  CHECK(values(mask) == std::vector<double>{0, -INFINITY, -INFINITY, 0, 0, -INFINITY, 0, 0, 0});
  const Tensor causal = model(src, tgt, {.tgt_is_causal = true});
  CHECK(difference(causal, model(src, tgt, {.tgt_mask = mask})) < 1e-6);
  CHECK(difference(causal.slice(0, 0, 2), model(src, tgt.slice(0, 0, 2), {.tgt_is_causal = true})) <
        1e-6);
  CHECK(difference(causal, model(src, tgt)) > 1e-3);
  CHECK(difference(model(src.select(1, 1), tgt.select(1, 1)), model(src, tgt).select(1, 1)) < 1e-6);
}

}  // namespace tapehead::torch_transformer_test
