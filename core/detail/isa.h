// The CPU's instruction sets, and the selection of kernels by them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tapehead/core/kernels/levels.h"

namespace tapehead::kernels {

class Entry;

/// The name of a level, such as "avx2".
const char* level_name(Level level);
/// Whether all kernels are compiled for the level. For an extension only some are.
bool is_instruction_set(Level level);
/// The levels that the CPU supports, one bit per level.
uint32_t cpu_levels();
/// The instruction sets that the CPU supports and all kernels are compiled for, best first.
std::vector<Level> supported_isas();
/// The bits of `levels` up to and including `most`.
uint32_t up_to(Level most, uint32_t levels);

/// The levels to use on a CPU with the levels `cpu`: all if `wanted` (the value of TAPEHEAD_ISA) is
/// null, else those up to the instruction set or extension it names. Throws ValueError if the CPU
/// does not support that.
uint32_t chosen_levels(const char* wanted, uint32_t cpu);
/// The levels in use on this machine. Throws like chosen_levels().
uint32_t used_levels();
/// The name of the instruction set in use, such as "avx2".
const char* isa();

/// Calls f for every entry of the kernel table whose header is included in the program.
void each_entry(const std::function<void(Entry&)>& f);
/// Selects kernels again, using levels up to `most`. For tests and benchmarks; no kernel may be
/// running in another thread.
void use_isa(Level most);

}  // namespace tapehead::kernels
