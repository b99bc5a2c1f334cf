// doctest's implementation, for programs with and without the main() of main.cpp.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
