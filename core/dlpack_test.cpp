#include "tapehead/core/dlpack.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/from_blob.h"
#include "tapehead/tests/expect.h"

namespace tapehead {
namespace {

using testing::Doubles;
using testing::error_of;
using testing::values;

// A tensor of another framework: its shape and strides, and how often it was deleted.
struct Foreign {
  float data[6] = {0, 1, 2, 3, 4, 5};
  int64_t shape[2] = {2, 2}, strides[2] = {1, 3};
  int deleted = 0;
  dlpack::ManagedTensorVersioned managed{.version = {1, 1},
                                         .manager_ctx = this,
                                         .deleter =
                                             [](dlpack::ManagedTensorVersioned* m) {
                                               ++static_cast<Foreign*>(m->manager_ctx)->deleted;
                                             },
                                         .flags = 0,
                                         .dl_tensor = {.data = data,
                                                       .device = {dlpack::kCpu, 0},
                                                       .ndim = 2,
                                                       .dtype = {dlpack::kFloat, 32, 1},
                                                       .shape = shape,
                                                       .strides = strides,
                                                       .byte_offset = 4}};
};

// As dlpack.h declares it.
struct DLManagedTensor {
  dlpack::TensorView dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor*);
};

TEST_CASE("dlpack: every dtype makes the round trip without a copy, and is released") {
  for (const DType dtype : {f32, f64, bf16, f16, i64, i32, i16, i8, u8, boolean}) {
    CAPTURE(name(dtype));
    Tensor x = full({4, 3}, 1, dtype);
    const char* const memory = x.raw();
    dlpack::ManagedTensor* const out = to_dlpack(x.transpose(0, 1)[1]);
    x = Tensor();  // the export keeps the memory
    {
      const Tensor y = from_dlpack(out);
      CHECK(y.dtype() == dtype);
      CHECK(y.shape() == Shape{4});
      CHECK(y.strides() == Shape{3});
      CHECK(y.raw() == memory + size_of(dtype));
      CHECK(values(y) == Doubles{1, 1, 1, 1});
      y.fill_(0);
    }
    dlpack::ManagedTensorVersioned* const versioned = to_dlpack_versioned(ones({}, dtype));
    CHECK(versioned->version.major == 1);
    CHECK(versioned->flags == 0);
    CHECK(from_dlpack(versioned).item() == 1);
  }
  const Tensor unused = zeros({3});
  dlpack::ManagedTensor* const out = to_dlpack(unused);
  CHECK(unused.impl()->references.load() == 2);
  out->deleter(out);
  CHECK(unused.impl()->references.load() == 1);
}

TEST_CASE("dlpack: import takes ownership, and keeps it while a view is alive") {
  Foreign foreign;
  {
    const Tensor row = from_dlpack(&foreign.managed)[1];
    CHECK(values(row) == Doubles{2, 5});
    row.fill_(7);
    CHECK(foreign.deleted == 0);
  }
  CHECK(foreign.deleted == 1);
  CHECK(foreign.data[2] == 7);
  CHECK(foreign.data[5] == 7);

  Foreign other;
  other.managed.dl_tensor.strides = nullptr;  // row-major
  other.managed.deleter = nullptr;
  other.managed.flags = dlpack::kReadOnly;
  const Tensor x = from_dlpack(&other.managed);
  CHECK(values(x) == Doubles{1, 2, 3, 4});
  CHECK(error_of<ValueError>([&] { x.add_(1); }) ==
        "add_: [2, 2] f32 is over read-only memory; clone() it first");
  CHECK(error_of<ValueError>([&] { to_dlpack(x); }) ==
        "to_dlpack: [2, 2] f32 is over read-only memory; use to_dlpack_versioned() or clone()");
  dlpack::ManagedTensorVersioned* const out = to_dlpack_versioned(x);
  CHECK(out->flags == dlpack::kReadOnly);
  out->deleter(out);

  DLManagedTensor theirs{foreign.managed.dl_tensor, nullptr, nullptr};
  CHECK(from_dlpack(&theirs).shape() == Shape{2, 2});
}

TEST_CASE("dlpack: what cannot be imported remains the caller's") {
  const auto error = [](auto change) {
    Foreign foreign;
    change(foreign.managed, foreign);
    std::string message;
    try {
      from_dlpack(&foreign.managed);
    } catch (const Error& e) {
      message = e.what();
    }
    CHECK(foreign.deleted == 0);
    return message;
  };
  using M = dlpack::ManagedTensorVersioned;
  CHECK(error([](M& m, Foreign&) { m.version.major = 2; }) ==
        "from_dlpack: version 2.1 of the interface; expected 1.x");
  CHECK(error([](M& m, Foreign&) { m.dl_tensor.device.type = 2; }) ==
        "from_dlpack: the tensor is on a device of type 2; copy it to the CPU, type 1");
  CHECK(error([](M& m, Foreign&) {
          m.dl_tensor.dtype = {5, 64, 1};
        }) ==
        "from_dlpack: elements of type code 5, 64 bits, 1 lanes have no counterpart; convert them "
        "first");
  CHECK(error([](M& m, Foreign&) { m.dl_tensor.dtype.lanes = 4; }) ==
        "from_dlpack: elements of type code 2, 32 bits, 4 lanes have no counterpart; convert them "
        "first");
  CHECK(error([](M&, Foreign& f) { f.strides[1] = -1; }) ==
        "from_dlpack: strides [1, -1] are negative; make the tensor contiguous first");
  CHECK(error([](M& m, Foreign&) { m.dl_tensor.byte_offset = 2; }) ==
        "from_blob: the pointer is 2 bytes after a multiple of 4; elements of f32 must be aligned "
        "to their size");
}

}  // namespace
}  // namespace tapehead
