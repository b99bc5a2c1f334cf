// What a command prints.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

/// Fails the test when the command does.
inline std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  REQUIRE_MESSAGE(pclose(pipe) == 0, command);
  return text;
}
