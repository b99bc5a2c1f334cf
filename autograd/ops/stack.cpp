#include "tapehead/autograd/ops/stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/axes.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

std::vector<Tensor> converted_all(const char* op, const std::vector<Tensor>& tensors,
                                  Tensor (*f)(const Tensor&)) {
  if (tensors.empty())
    throw ValueError(fmt::format("{}: the list of tensors is empty; pass at least one", op));
  std::vector<Tensor> out;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(out), f);
  return out;
}

int split_axis(const char* op, const Tensor& x, int axis) {
  const int least = axis == 1 ? 1 : axis + 1;
  if (x.dim() < least)
    throw ShapeError(fmt::format("{}: {} needs at least {} axes", op, core::describe(x), least));
  return axis == 1 && x.dim() == 1 ? 0 : axis;
}

std::vector<Tensor> split_evenly(const char* op, const Tensor& x, int64_t sections, int axis) {
  const int at = split_axis(op, x, axis);
  if (sections < 1 || x.shape()[at] % sections != 0)
    throw ShapeError(fmt::format("{}: size({}) of {} is not a multiple of {} sections", op, at,
                                 core::describe(x), sections));
  return tensor_split(x, sections, at);
}

}  // namespace

Tensor hstack(const std::vector<Tensor>& tensors) {
  const std::vector<Tensor> list = converted_all("hstack", tensors, atleast_1d);
  return cat(list, list[0].dim() == 1 ? 0 : 1);
}
Tensor vstack(const std::vector<Tensor>& tensors) {
  return cat(converted_all("vstack", tensors, atleast_2d), 0);
}
Tensor row_stack(const std::vector<Tensor>& tensors) {
  return cat(converted_all("row_stack", tensors, atleast_2d), 0);
}
Tensor dstack(const std::vector<Tensor>& tensors) {
  return cat(converted_all("dstack", tensors, atleast_3d), 2);
}
Tensor column_stack(const std::vector<Tensor>& tensors) {
  return cat(converted_all("column_stack", tensors,
                           [](const Tensor& x) {
                             return x.dim() < 2 ? x.reshape({-1, 1}) : x;
                           }),
             1);
}

std::vector<Tensor> tensor_split(const Tensor& x, int64_t sections, int64_t axis) {
  const int at = normalize_axis("tensor_split", axis, x.dim());
  if (x.dim() == 0) throw ShapeError("tensor_split: a 0-d tensor has no axes");
  if (sections < 1)
    throw ValueError(fmt::format("tensor_split: {} sections; there must be at least 1", sections));
  const int64_t size = x.shape()[at], larger = size % sections;
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < sections; ++i) sizes.push_back(size / sections + (i < larger ? 1 : 0));
  return split(x, sizes, at);
}

std::vector<Tensor> tensor_split(const Tensor& x, const std::vector<int64_t>& positions,
                                 int64_t axis) {
  const int at = normalize_axis("tensor_split", axis, x.dim());
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (const int64_t stop : positions) {
    parts.push_back(x.slice(at, start, stop));
    start = stop;
  }
  parts.push_back(x.slice(at, Slice(start)));
  return parts;
}

// Without these overloads, {1} would be a number of sections.
std::vector<Tensor> tensor_split(const Tensor& x, std::initializer_list<int64_t> positions,
                                 int64_t axis) {
  return tensor_split(x, std::vector<int64_t>(positions), axis);
}
std::vector<Tensor> hsplit(const Tensor& x, std::initializer_list<int64_t> positions) {
  return hsplit(x, std::vector<int64_t>(positions));
}
std::vector<Tensor> vsplit(const Tensor& x, std::initializer_list<int64_t> positions) {
  return vsplit(x, std::vector<int64_t>(positions));
}
std::vector<Tensor> dsplit(const Tensor& x, std::initializer_list<int64_t> positions) {
  return dsplit(x, std::vector<int64_t>(positions));
}

std::vector<Tensor> hsplit(const Tensor& x, int64_t sections) {
  return split_evenly("hsplit", x, sections, 1);
}
std::vector<Tensor> hsplit(const Tensor& x, const std::vector<int64_t>& positions) {
  return tensor_split(x, positions, split_axis("hsplit", x, 1));
}
std::vector<Tensor> vsplit(const Tensor& x, int64_t sections) {
  return split_evenly("vsplit", x, sections, 0);
}
std::vector<Tensor> vsplit(const Tensor& x, const std::vector<int64_t>& positions) {
  return tensor_split(x, positions, split_axis("vsplit", x, 0));
}
std::vector<Tensor> dsplit(const Tensor& x, int64_t sections) {
  return split_evenly("dsplit", x, sections, 2);
}
std::vector<Tensor> dsplit(const Tensor& x, const std::vector<int64_t>& positions) {
  return tensor_split(x, positions, split_axis("dsplit", x, 2));
}

}  // namespace tapehead
