// Handles Ctrl-C.
#pragma once

#include <csignal>

namespace tapehead::train::detail {

/// Catches Ctrl-C for its lifetime: pressed() is then true. Only one instance may exist at a time.
class CatchInterrupt {
 public:
  enum class Second {
    ends,   ///< a second Ctrl-C ends the program, with status 130
    waits,  ///< a second Ctrl-C has no effect
  };
  explicit CatchInterrupt(Second second);
  ~CatchInterrupt() { std::signal(SIGINT, before_); }
  CatchInterrupt(const CatchInterrupt&) = delete;
  CatchInterrupt& operator=(const CatchInterrupt&) = delete;

  /// Whether Ctrl-C was pressed since the construction.
  static bool pressed();

 private:
  void (*before_)(int);
};

}  // namespace tapehead::train::detail
