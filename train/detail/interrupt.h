// Ctrl-C, caught.
#pragma once

#include <csignal>

namespace tapehead::train::detail {

/// While it lives, Ctrl-C asks whoever looks at pressed() to stop. One at a time.
class CatchInterrupt {
 public:
  enum class Second {
    ends,   ///< a second Ctrl-C ends the program, with status 130
    waits,  ///< it changes nothing
  };
  explicit CatchInterrupt(Second second);
  ~CatchInterrupt() { std::signal(SIGINT, before_); }
  CatchInterrupt(const CatchInterrupt&) = delete;
  CatchInterrupt& operator=(const CatchInterrupt&) = delete;

  /// Whether it was since this was made.
  static bool pressed();

 private:
  void (*before_)(int);
};

}  // namespace tapehead::train::detail
