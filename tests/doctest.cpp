// The implementation of doctest, for programs with and without the main() of main.cpp.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
