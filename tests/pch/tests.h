// Precompiled for the tests of all layers.
#include "tapehead/tests/pch/pch.h"

#include <doctest/doctest.h>

#include "tapehead/tests/op_test.h"
