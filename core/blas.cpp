#include "tapehead/core/detail/blas.h"

#include <cblas.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "tapehead/core/detail/address_space.h"
#include "tapehead/core/detail/fork.h"
#include "tapehead/core/detail/isa.h"
#include "tapehead/core/detail/one_thread.h"
#include "tapehead/core/error.h"

// Not declared in OpenBLAS's headers. The first two exist only in builds with DYNAMIC_ARCH and
// switch to the kernels of another CPU.
extern "C" {
void gotoblas_dynamic_init() __attribute__((weak));
void gotoblas_dynamic_quit() __attribute__((weak));
void* blas_memory_alloc(int) __attribute__((weak));
void blas_memory_free(void*) __attribute__((weak));
}

namespace tapehead::core {
namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

// Runs before main, while no other thread reads the environment or multiplies.
[[maybe_unused]] const bool kChosen = [] {
  { const OneThread alone; }
  if (std::getenv(kVariable)) return false;
  const std::string core =
      better_core(openblas_get_corename(), kernels::level_name(kernels::supported_isas().front()));
  return !core.empty() && use_core(core);
}();

// The buffers that OpenBLAS has mapped. It keeps released buffers, and a product holds one at a
// time, so one per multiplying thread is enough.
struct Buffers {
  static constexpr size_t kBytes = size_t{128} << 20;  // BUFFER_SIZE on x86-64 and Arm
  // What another thread may take in the meantime: its first malloc() maps twice the size of a heap.
  // OpenBLAS tries to map a buffer until it succeeds.
  static constexpr size_t kElsewhere = size_t{128} << 20;

  std::mutex mutex;
  size_t threads = 0;
  std::vector<void*> mapped;

  void add_thread() {
    const std::lock_guard lock(mutex);
    std::vector<void*> taken;
    while (mapped.size() == threads && has_address_space(kBytes + kElsewhere)) {
      taken.push_back(blas_memory_alloc(0));
      if (std::find(mapped.begin(), mapped.end(), taken.back()) == mapped.end())
        mapped.push_back(taken.back());
    }
    for (void* buffer : taken) blas_memory_free(buffer);
    if (mapped.size() == threads)
      throw OutOfMemoryError(fmt::format(
          "matmul: cannot allocate the {} MiB that OpenBLAS needs for each thread; raise "
          "the limit of the process (ulimit -v), or use fewer threads",
          kBytes >> 20));
    ++threads;
  }
  void remove_thread() {
    const std::lock_guard lock(mutex);
    --threads;
  }
};

Buffers& buffers() {
  static auto* const state = new Buffers;
  return *state;
}
[[maybe_unused]] const bool kBlasHeldAtFork = hold_at_fork(buffers().mutex);

struct ThreadBuffer {
  ThreadBuffer() { buffers().add_thread(); }
  ~ThreadBuffer() { buffers().remove_thread(); }
};

}  // namespace

void have_buffer() {
  if (!blas_memory_alloc || !blas_memory_free) return;
  thread_local const ThreadBuffer buffer;
}

OneThread::OneThread() : before_(omp_get_max_threads()) {
  if (before_ != 1) omp_set_num_threads(1);
  // If the two differ, OpenBLAS changes its own in the next product, which is not thread-safe.
  if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
}
OneThread::~OneThread() {
  if (before_ != 1) omp_set_num_threads(before_);
}

Blas blas() {
  std::string_view config = openblas_get_config();
  while (config.ends_with(' ')) config.remove_suffix(1);
  return {openblas_get_parallel(), std::string(config), openblas_get_corename()};
}

std::string better_core(std::string_view core, std::string_view isa) {
  if (core != "Prescott") return "";
  return isa == "avx512" ? "SkylakeX" : isa == "avx2" ? "Haswell" : "";
}

bool use_core(const std::string& core) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return false;
  const char* wanted = std::getenv(kVariable);
  const std::string before = wanted ? wanted : "";
  setenv(kVariable, core.c_str(), 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  if (wanted) setenv(kVariable, before.c_str(), 1);
  else unsetenv(kVariable);
  return true;
}

std::string blas_warning(const Blas& blas, std::string_view isa) {
  std::string text;
  if (blas.parallel != OPENBLAS_OPENMP)
    text += fmt::format(
        "warning: the loaded OpenBLAS is a {} build ({}), which does not share threads with "
        "tapehead; install its OpenMP build (Debian: libopenblas0-openmp) and build "
        "tapehead again\n",
        blas.parallel == OPENBLAS_THREAD ? "pthread" : "sequential", blas.config);
  if (const std::string core = better_core(blas.core, isa); !core.empty())
    text += fmt::format(
        "warning: OpenBLAS runs its kernels for {}, several times slower than those for {}; set "
        "{}={}\n",
        blas.core, core, kVariable, core);
  return text;
}

}  // namespace tapehead::core
