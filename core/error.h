// Exceptions. Every message has the form `op: the fact, with the values; what to do`.
#pragma once

#include <stdexcept>
#include <string>

namespace tapehead {

/// The base class of all exceptions thrown by this library.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what) : std::runtime_error(what), message_(what) {}
  const char* what() const noexcept override { return message_.c_str(); }

  /// Appends the location, such as ` (in encoder.2.ffn.fc1)`. Only the first call has an effect, so
  /// the innermost layer's path is the one reported.
  void set_where(const std::string& path);

 private:
  std::string message_;
  bool placed_ = false;
};

/// Incompatible sizes, ranks or axes.
class ShapeError : public Error {
  using Error::Error;
};
/// A dtype that the operation does not support.
class DTypeError : public Error {
  using Error::Error;
};
/// An index, label or token out of range.
class IndexError : public Error {
  using Error::Error;
};
/// Misuse of autograd: backward() called twice, on a non-scalar, or after an in-place change.
class GraphError : public Error {
  using Error::Error;
};
/// A file or text that violates its format.
class FormatError : public Error {
  using Error::Error;
};
/// A file that is missing, or cannot be read or written.
class IoError : public Error {
  using Error::Error;
};
/// A failed memory allocation.
class OutOfMemoryError : public Error {
  using Error::Error;
};
/// An option or argument with an invalid value.
class ValueError : public Error {
  using Error::Error;
};
/// gradcheck() found an incorrect derivative.
class GradcheckError : public Error {
  using Error::Error;
};

}  // namespace tapehead
