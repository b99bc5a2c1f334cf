// Reuse of the tensors of a computation that is repeated.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// The size of a tensor's elements. Throws ShapeError if it is too large to address.
int64_t bytes_of(const Shape& shape, DType dtype);

/// Keeps the tensors that a computation creates and releases, with their memory, for tensors of the
/// same shape and dtype. The order in which they are created, which is the same in the next run,
/// says which these are, without a search. The one released last is reused first, because it is in
/// the caches. Tensors that are still referenced are not kept, and other shapes than before only
/// mean a search, so this never affects results.
class TensorReuse {
 public:
  /// The largest storage that is kept: compared with the work on them, the allocator reuses larger
  /// ones quickly, and for any shape.
  static constexpr int64_t kMostBytes = 64 << 10;

  TensorReuse() = default;
  ~TensorReuse() { clear(); }
  TensorReuse(const TensorReuse&) = delete;

  /// Starts a run: the next tensor is the first.
  void restart() noexcept;
  /// Releases all tensors.
  void clear() noexcept;

  /// A contiguous tensor with uninitialised elements. Throws as core::empty().
  Ref<TensorImpl> take(const Shape& sizes, DType dtype);
  /// A tensor without storage, whose dtype, sizes and strides are to be set.
  Ref<TensorImpl> take_empty();
  /// Keeps a tensor that take() or take_empty() of any TensorReuse returned, and that is no longer
  /// referenced; or releases it, if this one has not made as many.
  void keep(TensorImpl* impl) noexcept;
  /// The number of tensors created, not reused, so far.
  int64_t created() const { return created_; }

 private:
  // The tensors of a shape and dtype, as a list.
  struct Kind {
    DType dtype;
    Shape sizes, strides;
    int64_t bytes;
    uint64_t last_run;  // in which it was used
    TensorImpl* kept;
  };
  static constexpr size_t kMostKinds = 1024;
  static constexpr uint64_t kUnusedRuns = 16;  // after which tensors are released

  TensorImpl* pop(TensorImpl*& list);
  void push(TensorImpl*& list, TensorImpl* impl);
  void free_all(TensorImpl*& list);
  uint32_t find(const Shape& sizes, DType dtype);

  std::vector<Kind> kinds_;
  std::vector<uint32_t> order_;  // kinds of the tensors of a run
  size_t next_ = 0;
  uint64_t run_ = 0;
  TensorImpl* empty_ = nullptr;  // without storage
  int64_t created_ = 0, kept_ = 0;
};

/// That of the running computation of this thread; null if there is none.
inline thread_local TensorReuse* tensor_reuse = nullptr;

}  // namespace tapehead::detail
