#include "tapehead/core/precision.h"

#include <atomic>

namespace tapehead {
namespace {

std::atomic<Precision> precision_of_products{Precision::highest};

}  // namespace

void set_matmul_precision(Precision precision) { precision_of_products = precision; }

Precision matmul_precision() { return precision_of_products.load(std::memory_order_relaxed); }

}  // namespace tapehead
