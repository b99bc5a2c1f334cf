// The differentiable functions. Unless stated otherwise, shapes broadcast and dtypes promote by
// PyTorch's rules, and negative axes count from the end. All functions throw ShapeError for
// incompatible shapes, DTypeError for unsupported dtypes, IndexError for axes and indices out of
// range, and ValueError for invalid options. Error messages start with the function's name.
//
// A C++ number does not raise the dtype of a tensor of the same category: `2 * x` has the dtype of
// a floating x. ValueError is thrown for a number outside the range of an integer tensor.
#pragma once

#include "tapehead/autograd/ops/activation.h"
#include "tapehead/autograd/ops/arithmetic.h"
#include "tapehead/autograd/ops/axes.h"
#include "tapehead/autograd/ops/channel_norm.h"
#include "tapehead/autograd/ops/convolution.h"
#include "tapehead/autograd/ops/ctc_loss.h"
#include "tapehead/autograd/ops/diagonals.h"
#include "tapehead/autograd/ops/distance.h"
#include "tapehead/autograd/ops/dropout.h"
#include "tapehead/autograd/ops/einsum.h"
#include "tapehead/autograd/ops/elementary.h"
#include "tapehead/autograd/ops/extreme.h"
#include "tapehead/autograd/ops/index.h"
#include "tapehead/autograd/ops/join.h"
#include "tapehead/autograd/ops/linalg.h"
#include "tapehead/autograd/ops/linear_cross_entropy.h"
#include "tapehead/autograd/ops/logic.h"
#include "tapehead/autograd/ops/losses.h"
#include "tapehead/autograd/ops/margin_losses.h"
#include "tapehead/autograd/ops/mask.h"
#include "tapehead/autograd/ops/matmul.h"
#include "tapehead/autograd/ops/norm.h"
#include "tapehead/autograd/ops/order.h"
#include "tapehead/autograd/ops/pooling.h"
#include "tapehead/autograd/ops/power.h"
#include "tapehead/autograd/ops/probability_losses.h"
#include "tapehead/autograd/ops/products.h"
#include "tapehead/autograd/ops/recurrent.h"
#include "tapehead/autograd/ops/reductions.h"
#include "tapehead/autograd/ops/repeat.h"
#include "tapehead/autograd/ops/rounding.h"
#include "tapehead/autograd/ops/scatter.h"
#include "tapehead/autograd/ops/slice.h"
#include "tapehead/autograd/ops/softmax.h"
#include "tapehead/autograd/ops/special.h"
#include "tapehead/autograd/ops/stack.h"
#include "tapehead/autograd/ops/strided.h"
#include "tapehead/autograd/ops/trigonometry.h"
#include "tapehead/autograd/ops/views.h"
