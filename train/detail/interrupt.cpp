#include "tapehead/train/detail/interrupt.h"

#include <atomic>
#include <cstdlib>

namespace tapehead::train::detail {
namespace {

std::atomic<bool> interrupted{false};

void remember(int) { interrupted = true; }
void remember_once(int) {
  if (interrupted.exchange(true)) std::_Exit(130);
}

}  // namespace

CatchInterrupt::CatchInterrupt(Second second) {
  interrupted = false;
  before_ = std::signal(SIGINT, second == Second::ends ? remember_once : remember);
}

bool CatchInterrupt::pressed() { return interrupted; }

}  // namespace tapehead::train::detail
