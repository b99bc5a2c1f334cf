// DLPack, the exchange of tensors between frameworks without a copy: the binary interface of its
// version 1.0 (https://dmlc.github.io/dlpack/latest), and export and import.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The types of the interface. Those of a program that includes <dlpack/dlpack.h> have the same
/// layout; from_dlpack() takes them, too.
namespace dlpack {

constexpr uint32_t kMajorVersion = 1, kMinorVersion = 0;                    ///< of the interface
constexpr int32_t kCpu = 1;                                                 ///< of Device::type
constexpr uint8_t kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kBool = 6;  ///< of DataType::code
constexpr uint64_t kReadOnly = 1, kIsCopied = 2;                            ///< of flags

/// Where the memory is: kCpu.
struct Device {
  int32_t type;  ///< kCpu
  int32_t id;    ///< 0
};
/// The type of an element.
struct DataType {
  uint8_t code;    ///< kInt, kUInt, kFloat, kBfloat or kBool
  uint8_t bits;    ///< of an element
  uint16_t lanes;  ///< 1
};
/// DLTensor: a tensor over memory of others.
struct TensorView {
  void* data;
  Device device;         ///< of the memory
  int32_t ndim;          ///< the number of axes
  DataType dtype;        ///< of the elements
  int64_t* shape;        ///< the sizes, ndim of them
  int64_t* strides;      ///< in elements; null for row-major order
  uint64_t byte_offset;  ///< of the first element from data
};
/// DLManagedTensor.
struct ManagedTensor {
  TensorView dl_tensor;  ///< the tensor
  void* manager_ctx;
  void (*deleter)(ManagedTensor* self);  ///< called once by the consumer; may be null
};
/// DLPackVersion.
struct Version {
  uint32_t major, minor;  ///< kMajorVersion, kMinorVersion
};
/// DLManagedTensorVersioned.
struct ManagedTensorVersioned {
  Version version;  ///< of the interface
  void* manager_ctx;
  void (*deleter)(ManagedTensorVersioned* self);
  uint64_t flags;        ///< kReadOnly, kIsCopied
  TensorView dl_tensor;  ///< the tensor
};

}  // namespace dlpack

/// Exports a tensor, whose memory is kept until the deleter of the result is called; the consumer
/// must call it. Throws GraphError for a tensor that tracks gradients: export x.detach(). The older
/// form cannot tell that memory is read-only, and throws ValueError for it.
dlpack::ManagedTensor* to_dlpack(const Tensor& x);
dlpack::ManagedTensorVersioned* to_dlpack_versioned(const Tensor& x);

/// A tensor over the memory of another framework's tensor, whose deleter is called when the last
/// view of it is gone. If this throws, the caller still owns it: DTypeError for an element type
/// without counterpart or vectors of elements, ValueError for another device, a misaligned pointer
/// or another major version, ShapeError for more than 8 axes or negative strides.
Tensor from_dlpack(dlpack::ManagedTensor* managed);
Tensor from_dlpack(dlpack::ManagedTensorVersioned* managed);
/// The same for the types of <dlpack/dlpack.h>.
template <class Managed>
requires requires(Managed& m) { m.dl_tensor.byte_offset, m.manager_ctx; }
Tensor from_dlpack(Managed* managed) {
  if constexpr (requires { managed->flags; }) {
    static_assert(sizeof(Managed) == sizeof(dlpack::ManagedTensorVersioned));
    return from_dlpack(reinterpret_cast<dlpack::ManagedTensorVersioned*>(managed));
  } else {
    static_assert(sizeof(Managed) == sizeof(dlpack::ManagedTensor));
    return from_dlpack(reinterpret_cast<dlpack::ManagedTensor*>(managed));
  }
}

}  // namespace tapehead
