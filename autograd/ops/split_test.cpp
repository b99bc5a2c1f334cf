#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(split)
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return split(in[0], 2, 1); },
             [](Arrays& in) {
               return Arrays{columns(in[0], 0, 2), columns(in[0], 2, 2), columns(in[0], 4, 1)};
             }})
    .sample({{{{3, 5}}},
             [](const Tensors& in) {
               return split(in[0], {1, 0, 4}, -1);
             },
             [](Arrays& in) {
               return Arrays{columns(in[0], 0, 1), columns(in[0], 1, 0), columns(in[0], 1, 4)};
             }})
    // With an unused part.
    .sample({{{{3, 5}}},
             [](const Tensors& in) {
               return Tensors{split(in[0], {2, 3}, 1)[1] * 2};
             }})
    .bad<ShapeError>(
        [] {
          split(ones({3, 5}), {2, 2}, 1);
        },
        "split: sizes [2, 2] do not add up to size(1) of [3, 5] f32")
    .bad<ValueError>(
        [] {
          split(ones({3, 5}), 0, 1);
        },
        "split: the size of the parts is 0; it must be at least 1");

TAPEHEAD_OP_TEST(chunk)
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return chunk(in[0], 2, 1); },
             [](Arrays& in) {
               return Arrays{columns(in[0], 0, 3), columns(in[0], 3, 2)};
             }})
    .sample({{{{2, 2}}},
             [](const Tensors& in) { return chunk(in[0], INT64_MAX, 1); },
             [](Arrays& in) {
               return Arrays{columns(in[0], 0, 1), columns(in[0], 1, 1)};
             }})
    .bad<ValueError>([] { chunk(ones({3}), 0); }, "chunk: 0 chunks; there must be at least 1");

TAPEHEAD_OP_TEST(unbind)
    .sample(
        {{{{3, 2}}},
         [](const Tensors& in) { return unbind(in[0], 1); },
         [](Arrays& in) {
           return Arrays{reshaped(columns(in[0], 0, 1), {3}), reshaped(columns(in[0], 1, 1), {3})};
         }})
    .sample({{{{3, 2}}}, [](const Tensors& in) { return Tensors{unbind(in[0])[1] * 2}; }})
    .bad<IndexError>([] { unbind(ones({})); }, "unbind: a 0-d tensor has no axes");

}  // namespace tapehead::op_tests
