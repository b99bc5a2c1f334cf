#include "tapehead/autograd/custom_op.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/graph_task.h"
#include "tapehead/core/error.h"

namespace tapehead {

void CustomOp::mark_non_differentiable(const Tensor& result) {
  if (!constants_) constants_ = std::make_unique<std::vector<Tensor>>();
  constants_->push_back(result);
}

void CustomOp::throw_not_saved(size_t i) const {
  throw GraphError(fmt::format(
      "backward: {} asks for saved({}), but its forward saved {} tensors; save() it there",
      op_name(), i, saved_.size()));
}

Tensor CustomOp::grad_buffer(size_t i) const {
  detail::InputBuffer* at = detail::GraphTask::add_in_place(*this, i);
  if (!at) return {};
  const detail::OutputInfo& info = operands[i].node->outputs[operands[i].output];
  return at->sum_in_place(info.shape, info.dtype);
}

DType CustomOp::gradient_type(size_t i) const {
  const detail::Node& node = *operands[i].node;
  return node.keeps_wider_grads() ? f32 : node.outputs[operands[i].output].dtype;
}

bool CustomOp::accumulate_matmul(size_t i, const Tensor& a, const Tensor& b) const {
  if (!detail::InputBuffer::worth_holding(a.size(-2), a.dim() > 2)) return false;
  detail::InputBuffer* at = detail::GraphTask::add_in_place(*this, i);
  if (!at) return false;
  const detail::OutputInfo& info = operands[i].node->outputs[operands[i].output];
  for (const DType type : {a.dtype(), b.dtype()})
    if (type != info.dtype && !(type == bf16 && info.dtype == f32)) return false;
  Shape product = a.shape();
  product[a.dim() - 2] = a.size(-1);
  product[a.dim() - 1] = b.size(-1);
  if (product != info.shape)
    throw GraphError(
        fmt::format("backward: {} gave operand {} of shape {} a product of shape {}; "
                    "they must be equal",
                    op_name(), i, info.shape.str(), product.str()));
  at->accumulate_matmul(a, b, info.dtype);
  return true;
}

}  // namespace tapehead
