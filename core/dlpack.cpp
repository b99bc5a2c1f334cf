#include "tapehead/core/dlpack.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/core/from_blob.h"

namespace tapehead {
namespace {

struct TypeRow {
  DType dtype;
  uint8_t code, bits;
};
constexpr TypeRow kDlpackTypes[] = {{f32, dlpack::kFloat, 32},   {f64, dlpack::kFloat, 64},
                                    {bf16, dlpack::kBfloat, 16}, {i64, dlpack::kInt, 64},
                                    {i32, dlpack::kInt, 32},     {f16, dlpack::kFloat, 16},
                                    {i16, dlpack::kInt, 16},     {i8, dlpack::kInt, 8},
                                    {u8, dlpack::kUInt, 8},      {boolean, dlpack::kBool, 8}};

// What an exported tensor keeps alive; `managed` is what the consumer gets.
template <class Managed>
struct Exported {
  Tensor tensor;
  Shape sizes, strides;
  Managed managed{};
};

template <class Managed>
Managed* exported(const char* op, const Tensor& x) {
  if (x.requires_grad())
    throw GraphError(
        fmt::format("{}: {} tracks gradients; export x.detach()", op, core::describe(x)));
  auto out = std::make_unique<Exported<Managed>>();
  out->tensor = x;
  out->sizes = x.shape();
  out->strides = x.strides();
  Managed& m = out->managed;
  m.dl_tensor = {.data = x.raw(),
                 .device = {dlpack::kCpu, 0},
                 .ndim = x.dim(),
                 .dtype = {},
                 .shape = out->sizes.begin(),
                 .strides = out->strides.begin(),
                 .byte_offset = 0};
  for (const TypeRow& row : kDlpackTypes)
    if (row.dtype == x.dtype()) m.dl_tensor.dtype = {row.code, row.bits, 1};
  if (m.dl_tensor.dtype.lanes != 1)
    throw DTypeError(fmt::format("{}: {} has no counterpart in DLPack", op, name(x.dtype())));
  m.manager_ctx = out.get();
  m.deleter = [](Managed* self) { delete static_cast<Exported<Managed>*>(self->manager_ctx); };
  return &out.release()->managed;
}

DType dtype_from(const dlpack::DataType& type) {
  if (type.lanes == 1)
    for (const TypeRow& row : kDlpackTypes)
      if (row.code == type.code && row.bits == type.bits) return row.dtype;
  throw DTypeError(
      fmt::format("from_dlpack: elements of type code {}, {} bits, {} lanes have no counterpart; "
                  "convert them first",
                  type.code, type.bits, type.lanes));
}

template <class Managed>
Tensor imported(Managed* managed, bool read_only) {
  const dlpack::TensorView& t = managed->dl_tensor;
  if (t.device.type != dlpack::kCpu)
    throw ValueError(
        fmt::format("from_dlpack: the tensor is on a device of type {}; copy it to the CPU, type 1",
                    t.device.type));
  const DType dtype = dtype_from(t.dtype);
  const auto rank = static_cast<size_t>(t.ndim);
  const Shape sizes(std::span<const int64_t>(t.shape, rank));
  Shape strides = contiguous_strides(sizes);
  if (t.strides) strides = Shape(std::span<const int64_t>(t.strides, rank));
  for (int i = 0; i < sizes.rank(); ++i)
    if (sizes[i] <= 1) strides[i] = 1;  // arbitrary
    else if (strides[i] < 0)
      throw ShapeError(fmt::format(
          "from_dlpack: strides {} are negative; make the tensor contiguous first", strides.str()));
  const char* data = static_cast<const char*>(t.data);
  if (data) data += t.byte_offset;
  Deleter deleter;
  if (managed->deleter) deleter = [managed](void*) { managed->deleter(managed); };
  return core::from_blob(data, dtype, sizes, strides, read_only, deleter);
}

}  // namespace

dlpack::ManagedTensor* to_dlpack(const Tensor& x) {
  if (x.impl() && x.impl()->storage->is_read_only())
    throw ValueError(
        fmt::format("to_dlpack: {} is over read-only memory; use to_dlpack_versioned() or clone()",
                    core::describe(x)));
  return exported<dlpack::ManagedTensor>("to_dlpack", x);
}

dlpack::ManagedTensorVersioned* to_dlpack_versioned(const Tensor& x) {
  auto* const out = exported<dlpack::ManagedTensorVersioned>("to_dlpack_versioned", x);
  out->version = {dlpack::kMajorVersion, dlpack::kMinorVersion};
  out->flags = x.impl()->storage->is_read_only() ? dlpack::kReadOnly : 0;
  return out;
}

Tensor from_dlpack(dlpack::ManagedTensor* managed) { return imported(managed, false); }

Tensor from_dlpack(dlpack::ManagedTensorVersioned* managed) {
  if (managed->version.major != dlpack::kMajorVersion)
    throw ValueError(fmt::format("from_dlpack: version {}.{} of the interface; expected {}.x",
                                 managed->version.major, managed->version.minor,
                                 dlpack::kMajorVersion));
  return imported(managed, (managed->flags & dlpack::kReadOnly) != 0);
}

}  // namespace tapehead
