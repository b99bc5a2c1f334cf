// Tensor, the multi-dimensional array.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tapehead/core/dtype.h"
#include "tapehead/core/expanding_array.h"
#include "tapehead/core/number.h"
#include "tapehead/core/ref.h"
#include "tapehead/core/removable_handle.h"
#include "tapehead/core/shape.h"
#include "tapehead/core/storage.h"

namespace tapehead {

class Tensor;
struct Generator;
struct BackwardOptions;

/// See random.h.
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
  /// Called when result number `output` of the node is given a name.
  virtual void named(uint32_t /*output*/, const std::string& /*name*/) {}

 private:
  virtual void dispose() noexcept { delete this; }
  std::atomic<uint32_t> references_{1};
  friend class Recording;
};

/// The state that copies of a Tensor handle share.
struct TensorImpl {
  std::atomic<uint32_t> references{1};
  DType dtype = DType::f32;
  bool is_scalar = false;    // from a C++ number: adapts to the other operand's dtype
  uint32_t node_output = 0;  // this tensor's index among the node's results
  Ref<Storage> storage;
  int64_t offset = 0;  // in elements
  Shape sizes, strides;
  Ref<TapeNode> node;    // set when gradients are tracked
  Ref<TapeNode> paused;  // a leaf's node, with its gradient and hooks, while tracking is off
  std::string* name = nullptr;
  // For a view made in grad mode: the base tensor, which is not a view itself. The view's `node` is
  // up to date while its `changes` equals the root's. See autograd/detail/views.h.
  Ref<TensorImpl> root;
  uint32_t changes = 0;          // of a root: its recorded in-place changes
  bool has_hidden_root = false;  // a view made under NoGradGuard
  // Of a tensor that TensorReuse made: 1 + its kind there; 0 for others. See detail/tensor_reuse.h.
  uint32_t kind = 0;
  TensorImpl* next = nullptr;  // in a list of unused tensors

  TensorImpl() = default;
  ~TensorImpl() { delete name; }
  void ref() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose();
  }
  static void* operator new(size_t bytes);
  static void operator delete(void* block, size_t bytes) noexcept;
  void dispose() noexcept;
};

/// Updates the node of a view whose root was changed in place. [tape]
void update_view(TensorImpl& view);

}  // namespace detail

/// How a loss is reduced: to the mean, to the sum, or not at all.
enum class Reduction : uint8_t { mean, sum, none };

/// How a quotient is rounded: not at all, towards 0, or down.
enum class RoundingMode : uint8_t { none, trunc, floor };

/// In an index, a new axis of size 1; in a Slice, the default.
inline constexpr std::nullopt_t None = std::nullopt;  // NOLINT(readability-identifier-naming)

/// The type of Ellipsis.
enum class EllipsisType : uint8_t { ellipsis };
/// In an index, all axes that the other indices do not use.
inline constexpr EllipsisType Ellipsis{};  // NOLINT(readability-identifier-naming)

/// A slice of one axis, like Python's start:stop:step. Negative positions count from the end. With
/// a negative step it goes backwards, by default from the last position to the first.
struct Slice {
  int64_t start, stop, step;

  Slice(std::optional<int64_t> from = None, std::optional<int64_t> to = None, int64_t stride = 1)
      : start(from.value_or(stride < 0 ? INT64_MAX : 0)),
        stop(to.value_or(stride < 0 ? INT64_MIN : INT64_MAX)),
        step(stride) {}
};

struct TensorIndex;
class IndexedTensor;

/// A multi-dimensional array. A Tensor is a cheap handle: copies share the same elements. Ops on
/// tensors that track gradients are recorded on the tape.
///
/// C++ numbers convert to 0-d tensors that adapt to the dtype of the other operand: `2 * x`,
/// `x < 0.5`.
class Tensor {
 public:
  /// An undefined tensor: defined() returns false, and accessing its shape, dtype or elements
  /// throws ValueError.
  Tensor() = default;
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) = default;
  /// `x = y` rebinds the handle x; no elements are copied.
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & = default;
  /// Assignment to a temporary, as in `x[0] = y` or `x.slice(0, 1, 3) = 5`, writes into the
  /// elements that it shares with x, like copy_(). Throws ValueError if it shares its elements with
  /// no other tensor, because the write would be lost. [tape]
  void operator=(const Tensor& value) &&;
  ~Tensor() = default;
  /// A 0-d tensor holding a C++ number. Throws ValueError for an integer that does not fit in i64.
  template <class T>
  requires std::is_arithmetic_v<T> Tensor(T value) : Tensor(Number(value)) {}
  explicit Tensor(const Number& value);

  /// Whether it is a tensor, not Tensor().
  bool defined() const { return static_cast<bool>(impl_); }
  /// The type of the elements.
  DType dtype() const { return there().dtype; }
  /// The sizes of the axes.
  const Shape& shape() const { return there().sizes; }
  /// Same as shape(), under PyTorch's name.
  const Shape& sizes() const { return shape(); }
  /// The strides, in elements.
  const Shape& strides() const { return there().strides; }
  int dim() const { return there().sizes.rank(); }
  int64_t numel() const { return there().sizes.numel(); }
  /// The size of one axis; -1 is the last. Throws IndexError if the axis is out of range.
  int64_t size(int64_t axis) const;
  /// Whether the elements are stored in row-major order without gaps.
  bool is_contiguous() const;

  /// The elements of a contiguous tensor in row-major order, as its own memory. Throws DTypeError
  /// unless T, which may be const, is the element type, and ShapeError if it is not contiguous.
  template <class T>
  std::span<T> span() const {
    check_type(dtype_of<std::remove_const_t<T>>());
    check_contiguous();
    return {reinterpret_cast<T*>(raw()), static_cast<size_t>(numel())};
  }
  /// A pointer to the first element. Throws DTypeError unless T is the element type.
  template <class T>
  T* data() const {
    check_type(dtype_of<T>());
    return reinterpret_cast<T*>(raw());
  }
  /// An untyped pointer to the first element.
  char* raw() const { return there().storage->data() + impl_->offset * size_of(impl_->dtype); }
  /// The value of a tensor with exactly one element. Throws ShapeError for any other number of
  /// elements, and ValueError for an integer that a double cannot represent.
  double item() const;
  /// The value of a tensor with exactly one element, as a T. A floating value is rounded to a
  /// floating T and truncated towards 0 to an integer T. Throws ShapeError as above, and ValueError
  /// if the value is outside the range of T, as NaN is for integers.
  template <class T>
  requires std::is_arithmetic_v<T> T item()
  const {
    const Number x = only_element();
    if (!detail::fits<T>(x)) [[unlikely]]
      throw_range(x);
    return detail::to<T>(x);
  }
  /// Copies the elements in row-major order, converted to T.
  template <class T>
  std::vector<T> to_vector() const;
  /// The elements in NumPy's notation, followed by dtype and shape, with at most `precision` digits
  /// after the decimal point. Above 1000 elements, only the first and last three along each axis
  /// are shown. See also format.h.
  std::string str(int precision = 4) const;

  // Gradients. [tape]: defined in autograd/.

  /// Whether gradients are tracked: true for leaves after set_requires_grad(), and for tensors
  /// computed from them.
  bool requires_grad() const {
    if (!impl_) return false;
    if (impl_->root && impl_->changes != impl_->root->changes) [[unlikely]]
      detail::update_view(*impl_);
    return static_cast<bool>(impl_->node);
  }
  /// Turns gradient tracking of a leaf on or off; returns the tensor. Turning it off keeps the
  /// gradient and hooks, and backward() through a graph recorded earlier accumulates nothing here
  /// until it is turned on again. Throws DTypeError unless the tensor is f32, f64, bf16 or f16, and
  /// GraphError if it is not a leaf. [tape]
  Tensor& set_requires_grad(bool on = true);
  /// Whether the tensor is not the result of a recorded op. [tape]
  bool is_leaf() const;
  /// The gradient accumulated by backward(), or an undefined tensor if there is none. Non-leaf
  /// tensors keep a gradient only after retain_grad(). [tape]
  Tensor grad() const;
  /// Replaces the gradient of a leaf; an undefined tensor clears it. Throws GraphError unless this
  /// is a leaf that set_requires_grad() was called on, and ShapeError unless shape and dtype match.
  /// [tape]
  void set_grad(const Tensor& grad) const;
  /// Makes backward() keep the gradient of a non-leaf tensor in grad(). After in-place changes, it
  /// is the gradient of the final value. Throws GraphError if gradients are not tracked. [tape]
  void retain_grad() const;
  /// Calls `hook(const Tensor& grad)` during backward(), once the gradient of this tensor is
  /// complete. The hook returns void or a Tensor; a defined Tensor replaces the gradient. Throws
  /// GraphError if gradients are not tracked. [tape]
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
  /// Computes the gradients of this tensor with respect to the leaves it was computed from, and
  /// accumulates them there; see BackwardOptions in autograd/engine.h. Throws GraphError if
  /// gradients are not tracked, if the graph was already released, or if the tensor does not have
  /// exactly one element and no gradient was passed. [tape]
  void backward() const;
  void backward(const BackwardOptions& options) const;
  /// A tensor that shares the elements but is not attached to the graph.
  Tensor detach() const;

  // Every op of autograd/ops is also a method: x.sum(1), x.reshape({2, -1}). [tape]

#include "tapehead/tensor_methods.h"
  /// index(*this, indices). As a temporary, the result also writes to this tensor: x.index({…}) = y
  /// is x.index_put_({…}, y), and x.index({…}) += y changes the selected elements.
  IndexedTensor index(std::vector<TensorIndex> indices) const;
  /// where(condition, *this, other): this where the condition is true, else `other`.
  Tensor where(const Tensor& condition, const Tensor& other) const;
  /// select(0, position)
  Tensor operator[](int64_t position) const { return select(0, position); }
  /// Iterate over the first axis: `for (Tensor row : x)`. Throws ShapeError for a 0-d tensor.
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  // In-place ops. backward() throws GraphError if it needs a value that was overwritten. [tape]

  /// Copies the elements of `source`, which broadcasts, and converts them to this dtype.
  const Tensor& copy_(const Tensor& source) const;
  /// Sets all elements to a number or 0-d tensor.
  const Tensor& fill_(const Tensor& value) const;
  /// Sets all elements to 0.
  const Tensor& zero_() const { return fill_(0); }
  /// Adds `other`, which broadcasts to this shape.
  const Tensor& add_(const Tensor& other) const;
  /// Subtracts `other`, which broadcasts to this shape.
  const Tensor& sub_(const Tensor& other) const;
  /// Multiplies by `other`, which broadcasts to this shape.
  const Tensor& mul_(const Tensor& other) const;
  /// Divides by `other`, which broadcasts to this shape.
  const Tensor& div_(const Tensor& other) const;
  /// Draws all elements anew, as the functions of core/distributions.h and randint() do; the
  /// gradient of the old ones is 0. (ops/inplace_random.cpp)
  const Tensor& uniform_(double from = 0, double to = 1,
                         Generator& generator = default_generator()) const;
  const Tensor& normal_(double mean = 0, double std = 1,
                        Generator& generator = default_generator()) const;
  const Tensor& exponential_(double rate = 1, Generator& generator = default_generator()) const;
  const Tensor& random_(int64_t from, int64_t to, Generator& generator = default_generator()) const;
  const Tensor& random_(int64_t to, Generator& generator = default_generator()) const {
    return random_(0, to, generator);
  }
  /// 1 with probability p, else 0, in any type; of a tensor, p broadcasts.
  const Tensor& bernoulli_(double p = 0.5, Generator& generator = default_generator()) const;
  const Tensor& bernoulli_(const Tensor& p, Generator& generator = default_generator()) const;
  /// index_put() in place.
  const Tensor& index_put_(const std::vector<TensorIndex>& indices, const Tensor& values,
                           bool accumulate = false) const;

  /// A name used in error messages, such as "h" or "encoder.0.weight". Empty if none was set.
  std::string name() const { return impl_ && impl_->name ? *impl_->name : std::string(); }
  Tensor& set_name(std::string name);
  /// The number of in-place changes made to the elements, including through views.
  uint32_t version() const { return there().storage->version(); }
  /// Whether both handles refer to the same tensor, not just to equal elements.
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }

  /// For the library: what the handle refers to.
  detail::TensorImpl* impl() const { return impl_.get(); }
  /// For the library: a handle that takes over a reference.
  static Tensor adopt(Ref<detail::TensorImpl> impl) {
    Tensor t;
    t.impl_ = static_cast<Ref<detail::TensorImpl>&&>(impl);
    return t;
  }

 private:
  /// The value of a one-element tensor: a double, or an i64 for integers and bool.
  Number only_element() const;
  [[noreturn]] static void throw_range(const Number& element);
  RemovableHandle add_hook(std::function<Tensor(const Tensor& grad)> hook) const;
  void check_type(DType expected) const;
  void check_contiguous() const;
  const detail::TensorImpl& there() const {
    if (!impl_) [[unlikely]]
      detail::throw_undefined();
    return *impl_;
  }

  Ref<detail::TensorImpl> impl_;
};

/// An index for one or more axes, as in the brackets of Python's x[…]: None, Ellipsis, a position,
/// a Slice, a tensor of integers, or a bool mask. See index().
struct TensorIndex : std::variant<std::nullopt_t, EllipsisType, int64_t, Slice, Tensor> {
  using variant::variant;
  TensorIndex(bool) = delete;
};

/// The result of Tensor::index(): the selected elements, and where they were selected if they are a
/// copy. A variable of this type is like any other Tensor; it does not write to where it came from.
class IndexedTensor : public Tensor {
 public:
  explicit IndexedTensor(Tensor view) : Tensor(std::move(view)) {}
  IndexedTensor(Tensor copy, Tensor source, std::vector<TensorIndex> indices)
      : Tensor(std::move(copy)), source_(std::move(source)), indices_(std::move(indices)) {}
  IndexedTensor(const IndexedTensor&) = default;
  IndexedTensor(IndexedTensor&&) = default;
  IndexedTensor& operator=(const IndexedTensor&) & = default;
  IndexedTensor& operator=(IndexedTensor&&) & = default;
  IndexedTensor& operator=(const Tensor& value) & { return *this = IndexedTensor(value); }
  void operator=(const Tensor& value) &&;
  ~IndexedTensor() = default;
  /// Stores the elements of a copy, which were changed in place, where they were selected. [tape]
  void write_back() const;

 private:
  Tensor source_;
  std::vector<TensorIndex> indices_;
};

/// Iterates over x[0], x[1], …. Each is a view, so writing into it writes into x.
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

/// A tensor with uninitialised elements.
Tensor empty(const Shape& shape, DType dtype = f32);
/// An uninitialised tensor with the shape and dtype of `like`.
Tensor empty_like(const Tensor& like);
/// A tensor over memory of the caller; see from_blob(). Nothing is checked.
Tensor borrow(void* data, DType dtype, const Shape& sizes, const Shape& strides, bool read_only,
              std::function<void()> release);
/// A tensor filled with `value`, converted to `dtype`.
Tensor full(const Shape& shape, const Number& value, DType dtype = f32);
/// A view of `base` with the given sizes and strides, starting `offset` elements into its storage.
/// Not recorded.
Tensor view_of(const Tensor& base, const Shape& sizes, const Shape& strides, int64_t offset);
/// A description for messages, such as `x [2, 3] f32`: the name if there is one, shape and dtype.
std::string describe(const Tensor& x);

}  // namespace core
}  // namespace tapehead
