// See alone.cpp. Including a header a second time has no effect.
#include "tapehead/tapehead.h"
#include "tapehead/tapehead.h"  // NOLINT(readability-duplicate-include)
