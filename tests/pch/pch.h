// What most sources include, parsed once: in the build with sanitizers, where parsing is most of
// the time. The other build goes without it, so that each source must include what it uses.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>
