// An intrusive reference-counting pointer; the pointee provides ref() and unref().
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tapehead {

/// Shares ownership of an object that holds its own reference count.
template <class T>
class Ref {
 public:
  constexpr Ref() noexcept = default;
  constexpr Ref(std::nullptr_t) noexcept {}
  /// Takes ownership of a reference that the caller holds.
  static Ref adopt(T* object) noexcept {
    Ref r;
    r.object_ = object;
    return r;
  }
  /// Adds a reference to an object that is already owned elsewhere.
  static Ref share(T* object) noexcept {
    if (object) object->ref();
    return adopt(object);
  }
  Ref(const Ref& o) noexcept : object_(o.object_) {
    if (object_) object_->ref();
  }
  Ref(Ref&& o) noexcept : object_(std::exchange(o.object_, nullptr)) {}
  template <class U>
  requires std::is_convertible_v<U*, T*> Ref(Ref<U> o)
  noexcept : object_(o.leak()) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(object_, o.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->unref();
  }

  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool operator==(const Ref& o) const noexcept { return object_ == o.object_; }
  /// Releases ownership without decrementing the count.
  T* leak() noexcept { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace tapehead
