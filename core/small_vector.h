// A vector with inline storage for its first elements.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <utility>

namespace tapehead {

/// Grows like std::vector, but stores up to N elements inside the object.
template <class T, size_t N>
class SmallVector {
 public:
  SmallVector() = default;
  explicit SmallVector(size_t count) { resize(count); }
  SmallVector(std::initializer_list<T> items) {
    reserve(items.size());
    for (const T& item : items) emplace_back(item);
  }
  SmallVector(const SmallVector& o) {
    reserve(o.size_);
    for (const T& item : o) emplace_back(item);
  }
  SmallVector(SmallVector&& o) noexcept { take(o); }
  SmallVector& operator=(const SmallVector& o) {
    if (this != &o) *this = SmallVector(o);
    return *this;
  }
  SmallVector& operator=(SmallVector&& o) noexcept {
    if (this == &o) return *this;
    release();
    take(o);
    return *this;
  }
  ~SmallVector() { release(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }

  template <class... A>
  T& emplace_back(A&&... args) {
    if (size_ == capacity_) {
      T made(std::forward<A>(args)...);  // before growing: an argument may be one of our elements
      reserve(2 * capacity_);
      return *new (data_ + size_++) T(std::move(made));
    }
    return *new (data_ + size_++) T(std::forward<A>(args)...);
  }
  void push_back(T item) { emplace_back(std::move(item)); }
  void pop_back() { data_[--size_].~T(); }
  void resize(size_t count) {
    reserve(count);
    while (size_ < count) new (data_ + size_++) T();
    while (size_ > count) pop_back();
  }
  void clear() { resize(0); }
  void reserve(size_t count) {
    if (count <= capacity_) return;
    T* bigger = static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(alignof(T))));
    std::uninitialized_move(begin(), end(), bigger);
    std::destroy(begin(), end());
    free_heap();
    data_ = bigger;
    capacity_ = count;
  }

 private:
  T* inline_data() noexcept { return reinterpret_cast<T*>(inline_); }
  void free_heap() {
    if (data_ != inline_data()) ::operator delete(data_, std::align_val_t(alignof(T)));
  }
  void release() {
    std::destroy(begin(), end());
    free_heap();
    data_ = inline_data();
    size_ = 0;
    capacity_ = N;
  }
  void take(SmallVector& o) noexcept {
    if (o.data_ != o.inline_data()) {
      data_ = std::exchange(o.data_, o.inline_data());
      size_ = std::exchange(o.size_, 0);
      capacity_ = std::exchange(o.capacity_, N);
      return;
    }
    std::uninitialized_move(o.begin(), o.end(), data_);
    size_ = o.size_;
    o.clear();
  }

  T* data_ = inline_data();
  size_t size_ = 0;
  size_t capacity_ = N;
  alignas(T) std::byte inline_[N * sizeof(T)];
};

}  // namespace tapehead
