// Errors. Every message reads `op: the fact, with the values; what to do`.
#pragma once

#include <stdexcept>
#include <string>

namespace tapehead {

/// The base of everything this library throws.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what) : std::runtime_error(what), message_(what) {}
  const char* what() const noexcept override { return message_.c_str(); }

  /// Adds where the error came from, ` (in encoder.2.ffn.fc1)`, once: the innermost layer's path
  /// wins.
  void set_where(const std::string& path);

 private:
  std::string message_;
  bool placed_ = false;
};

/// Sizes, ranks or axes that do not fit.
class ShapeError : public Error {
  using Error::Error;
};
/// An element type that the operation does not take.
class DTypeError : public Error {
  using Error::Error;
};
/// A position, label or token outside its range.
class IndexError : public Error {
  using Error::Error;
};
/// Misuse of the tape: backward twice, from a non-scalar, after an in-place change.
class GraphError : public Error {
  using Error::Error;
};
/// A file or text that breaks its format's rules.
class FormatError : public Error {
  using Error::Error;
};
/// A file that is missing, unreadable or cannot be written.
class IoError : public Error {
  using Error::Error;
};
/// Memory that could not be had.
class OutOfMemoryError : public Error {
  using Error::Error;
};
/// An option or argument outside its domain.
class ValueError : public Error {
  using Error::Error;
};
/// gradcheck found a derivative that is wrong.
class GradcheckError : public Error {
  using Error::Error;
};

}  // namespace tapehead
