// The tensor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "tapehead/core/dtype.h"
#include "tapehead/core/number.h"
#include "tapehead/core/ref.h"
#include "tapehead/core/removable_handle.h"
#include "tapehead/core/shape.h"
#include "tapehead/core/storage.h"

namespace tapehead {

class Tensor;
class Generator;
struct BackwardOptions;

Generator& default_generator();

namespace detail {

[[noreturn]] void throw_undefined();

/// Autograd metadata, opaque to core.
class TapeNode {
 public:
  virtual ~TapeNode() = default;
  void ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose();
  }
  /// A result of the node was given a name.
  virtual void named(uint32_t /*output*/, const std::string& /*name*/) {}

 private:
  virtual void dispose() noexcept { delete this; }
  std::atomic<uint32_t> references_{1};
};

/// What tensor handles share.
struct TensorImpl {
  std::atomic<uint32_t> references{1};
  DType dtype = DType::f32;
  bool is_scalar = false;    // made from a C++ number: it adapts its type to the other operand's
  uint32_t node_output = 0;  // which of the node's results this is
  Ref<Storage> storage;
  int64_t offset = 0;  // in elements
  Shape sizes, strides;
  Ref<TapeNode> node;    // set when gradients are tracked
  Ref<TapeNode> paused;  // a leaf's node while its tracking is off: it has the gradient and hooks
  std::string* name = nullptr;
  // A view made while gradients may be recorded knows the tensor whose elements it shares, which is
  // a view of none, and as of which of its changes `node` is. See autograd/detail/views.h.
  Ref<TensorImpl> root;
  uint32_t changes = 0;          // of a root: how many were recorded
  bool has_hidden_root = false;  // a view made under NoGradGuard

  TensorImpl() = default;
  ~TensorImpl() { delete name; }
  void ref() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  static void* operator new(size_t bytes);
  static void operator delete(void* block, size_t bytes) noexcept;
};

/// Gives a view the node of its part of its root, which has changed. [tape]
void update_view(TensorImpl& view);

}  // namespace detail

/// How the losses of a batch become one number, if they do.
enum class Reduction : uint8_t { mean, sum, none };

/// In an index, a new axis of size 1; in a Slice, the default.
inline constexpr std::nullopt_t None = std::nullopt;  // NOLINT(readability-identifier-naming)

enum class EllipsisType : uint8_t { ellipsis };
/// In an index, all axes that the other indices do not use.
inline constexpr EllipsisType Ellipsis{};  // NOLINT(readability-identifier-naming)

/// A slice of one axis, as Python's start:stop:step; negative positions count from the end.
struct Slice {
  int64_t start, stop, step;

  Slice(std::optional<int64_t> from = None, std::optional<int64_t> to = None, int64_t stride = 1)
      : start(from.value_or(0)), stop(to.value_or(INT64_MAX)), step(stride) {}
};

struct TensorIndex;

/// A multi-dimensional array: a cheap handle whose copies share the same elements. With gradient
/// tracking on, what is computed from it is recorded on the tape.
///
/// Numbers convert to 0-d tensors that adapt to the other operand's type: `2 * x`, `x < 0.5`.
class Tensor {
 public:
  /// An undefined tensor: defined() is false; asking it for anything else throws ValueError.
  Tensor() = default;
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) = default;
  /// Assigning to a variable, `x = y`, moves the handle to other elements.
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & = default;
  /// Assigning to a result, `x[0] = y` or `x.slice(0, 1, 3) = 5`, writes into the elements that it
  /// shares with x, as copy_() does. Throws ValueError where it shares them with no other tensor,
  /// so that what is written would be lost. [tape]
  void operator=(const Tensor& value) &&;
  ~Tensor() = default;
  /// A 0-d tensor of a C++ number. Throws ValueError for an integer that i64 does not hold.
  template <class T>
  requires std::is_arithmetic_v<T> Tensor(T value) : Tensor(Number(value)) {}
  explicit Tensor(const Number& value);

  bool defined() const { return static_cast<bool>(impl_); }
  DType dtype() const { return there().dtype; }
  const Shape& shape() const { return there().sizes; }
  /// The same: PyTorch's name for it in C++.
  const Shape& sizes() const { return shape(); }
  /// In elements.
  const Shape& strides() const { return there().strides; }
  int dim() const { return there().sizes.rank(); }
  int64_t numel() const { return there().sizes.numel(); }
  /// The size of one axis; -1 is the last. Throws IndexError.
  int64_t size(int64_t axis) const;
  /// Row-major without gaps.
  bool is_contiguous() const;

  /// The first element. Throws DTypeError unless T is the tensor's element type.
  template <class T>
  T* data() const {
    check_type(dtype_of<T>());
    return reinterpret_cast<T*>(raw());
  }
  /// The first element, untyped.
  char* raw() const { return there().storage->data() + impl_->offset * size_of(impl_->dtype); }
  /// The only element. Throws ShapeError when there is not exactly one, ValueError for an integer
  /// that double does not hold.
  double item() const;
  /// The only element as a T: floating numbers are rounded, or cut towards 0 to an integer. Throws
  /// ValueError when it is outside of T's range, as NaN is of an integer's.
  template <class T>
  requires std::is_arithmetic_v<T> T item()
  const {
    const Number x = only_element();
    if (!detail::fits<T>(x)) [[unlikely]]
      throw_range(x);
    return detail::to<T>(x);
  }
  /// The elements in row-major order, converted to T.
  template <class T>
  std::vector<T> to_vector() const;
  /// As NumPy prints it, with type and shape; at most `precision` digits after the point. Of more
  /// than 1000 elements the first and last three of each axis are shown. See also format.h.
  std::string str(int precision = 4) const;

  // Gradients. [tape]: defined in autograd/.

  /// Gradients are tracked, because it is a leaf that asked for it or was computed from one.
  bool requires_grad() const {
    if (!impl_) return false;
    if (impl_->root && impl_->changes != impl_->root->changes) [[unlikely]]
      detail::update_view(*impl_);
    return static_cast<bool>(impl_->node);
  }
  /// Starts or stops the tracking of a leaf; returns the tensor. Its gradient and hooks stay; while
  /// it is off, backward() through a graph recorded before adds nothing here. Throws DTypeError
  /// unless it is f32, f64 or bf16, GraphError when it was computed from a tracked tensor. [tape]
  Tensor& set_requires_grad(bool on = true);
  /// It was not computed by a recorded op. [tape]
  bool is_leaf() const;
  /// What backward() accumulated here; undefined before that. Non-leaves have it after
  /// retain_grad(). [tape]
  Tensor grad() const;
  /// Replaces the gradient; an undefined tensor clears it. [tape]
  void set_grad(const Tensor& grad) const;
  /// Keeps the gradient of a non-leaf for grad(): that of its value after all in-place changes.
  /// [tape]
  void retain_grad() const;
  /// Calls `hook(const Tensor& grad)` with the gradient of this tensor once it is complete. It
  /// returns nothing, or a tensor that replaces the gradient when it is defined. Throws GraphError
  /// when the tensor does not track gradients. [tape]
  template <class F>
  requires std::is_invocable_v<F&, const Tensor&> RemovableHandle register_hook(F hook)
  const {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>)
      return add_hook([hook = std::move(hook)](const Tensor& grad) mutable {
        hook(grad);
        return Tensor();
      });
    else return add_hook(std::move(hook));
  }
  /// Adds the gradients of this tensor to every leaf that it was computed from; see backward() in
  /// autograd/engine.h. [tape]
  void backward() const;
  void backward(const BackwardOptions& options) const;
  /// The same elements, outside of the tape.
  Tensor detach() const;

  // Every op of autograd/ops.h is a method, too: x.sum(1), x.reshape({2, -1}). [tape]

#include "tapehead/tensor_methods.h"
  /// This where the condition is true, else `other`: where(condition, *this, other).
  Tensor where(const Tensor& condition, const Tensor& other) const;
  /// select(0, position)
  Tensor operator[](int64_t position) const { return select(0, position); }
  /// For range-for over the positions of the first axis. Throws ShapeError for a 0-d tensor.
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  // In place. They count as a change: backward() refuses when it needs the old value. [tape]

  const Tensor& copy_(const Tensor& source) const;
  const Tensor& fill_(const Tensor& value) const;
  const Tensor& zero_() const { return fill_(0); }
  const Tensor& add_(const Tensor& other) const;
  const Tensor& sub_(const Tensor& other) const;
  const Tensor& mul_(const Tensor& other) const;
  const Tensor& div_(const Tensor& other) const;
  /// Sets the elements that index(indices) selects, or adds to them; see index_put().
  const Tensor& index_put_(const std::vector<TensorIndex>& indices, const Tensor& values,
                           bool accumulate = false) const;

  /// A name for error messages: "h", "encoder.0.weight". Empty when there is none.
  std::string name() const { return impl_ && impl_->name ? *impl_->name : std::string(); }
  Tensor& set_name(std::string name);
  /// Counts the in-place changes of the elements, views included.
  uint32_t version() const { return there().storage->version(); }
  /// The same tensor, not just equal elements.
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }

  detail::TensorImpl* impl() const { return impl_.get(); }
  static Tensor adopt(Ref<detail::TensorImpl> impl) {
    Tensor t;
    t.impl_ = static_cast<Ref<detail::TensorImpl>&&>(impl);
    return t;
  }

 private:
  /// The only element as it is: a double, or of integers and bool an i64.
  Number only_element() const;
  [[noreturn]] static void throw_range(const Number& element);
  RemovableHandle add_hook(std::function<Tensor(const Tensor& grad)> hook) const;
  void check_type(DType expected) const;
  const detail::TensorImpl& there() const {
    if (!impl_) [[unlikely]]
      detail::throw_undefined();
    return *impl_;
  }

  Ref<detail::TensorImpl> impl_;
};

/// What stands for one or more axes in the brackets of Python's x[…]: None, Ellipsis, a position,
/// a Slice, a tensor of integers, or a bool mask. See index().
struct TensorIndex : std::variant<std::nullopt_t, EllipsisType, int64_t, Slice, Tensor> {
  using variant::variant;
  TensorIndex(bool) = delete;
};

/// Goes over x[0], x[1] …; each is a view, so that what is written into it is written into x.
class Tensor::Iterator {
 public:
  using value_type = Tensor;
  using difference_type = int64_t;

  Iterator() = default;
  Iterator(const Tensor& x, int64_t position) : x_(x), position_(position) {}
  Tensor operator*() const { return x_[position_]; }
  Iterator& operator++() {
    ++position_;
    return *this;
  }
  Iterator operator++(int) { return {x_, position_++}; }
  bool operator==(const Iterator& other) const { return position_ == other.position_; }

 private:
  Tensor x_;
  int64_t position_ = 0;
};

namespace core {

/// Uninitialised elements.
Tensor empty(const Shape& shape, DType dtype = f32);
/// Uninitialised, with the shape of `like`.
Tensor empty_like(const Tensor& like);
/// Every element `value`, converted to `dtype`.
Tensor full(const Shape& shape, const Number& value, DType dtype = f32);
/// A view of the elements of `base`: `offset` in elements from the start of its storage. Not
/// recorded.
Tensor view_of(const Tensor& base, const Shape& sizes, const Shape& strides, int64_t offset);
/// `x [2, 3] f32`, for messages: the shape and type, with the name if there is one.
std::string describe(const Tensor& x);

}  // namespace core
}  // namespace tapehead
