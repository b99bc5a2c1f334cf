// The CPU's instruction sets, and which of them kernels use.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tapehead/core/kernels/levels.h"

namespace tapehead::kernels {

class Entry;

/// "avx2"
const char* level_name(Level level);
/// Whether all kernels are compiled for the level; an extension has single ones.
bool is_instruction_set(Level level);
/// What the CPU runs, one bit a level.
uint32_t cpu_levels();
/// The instruction sets among them that all kernels are compiled for, the best first.
std::vector<Level> supported_isas();
/// The bits of `levels` up to `most`.
uint32_t up_to(Level most, uint32_t levels);

/// The levels of a CPU that TAPEHEAD_ISA, an instruction set or an extension, leaves: those up to
/// it, all where it is null. Throws ValueError when it names what the CPU does not run.
uint32_t chosen_levels(const char* wanted, uint32_t cpu);
/// What kernels use on this machine. Throws as chosen_levels() does.
uint32_t used_levels();
/// The instruction set among them: "avx2".
const char* isa();

/// Calls f with every entry of the table whose family's header the program includes.
void each_entry(const std::function<void(Entry&)>& f);
/// Fills the table again, with levels up to `most`. For tests and benchmarks: no kernel may run
/// meanwhile in another thread.
void use_isa(Level most);

}  // namespace tapehead::kernels
