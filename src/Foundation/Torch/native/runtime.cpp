#include "common.h"
#include <dlfcn.h>
#include <malloc.h>

namespace em {
thread_local std::string last_error;

at::ScalarType scalar_type(int32_t dtype) {
  switch (dtype) {
    case EM_U8: case EM_I8: case EM_I16: case EM_I32: case EM_I64: case EM_F16: case EM_F32: case EM_F64: case EM_BOOL: case EM_BF16:
      return static_cast<at::ScalarType>(dtype);
  }
  TORCH_CHECK(false, "dtype ", dtype, " is not supported");
}

at::Device device(const char* name) {
  std::string text = name ? name : "cpu";
  bool cuda = torch::cuda::is_available();
  if (text == "auto") text = cuda ? "cuda" : "cpu";
  at::Device parsed(at::kCPU);
  try {
    parsed = at::Device(text);
  } catch (const c10::Error&) {
    TORCH_CHECK(false, "device '", text, "' is not known; use cpu, cuda, cuda:0 or auto");
  }
  TORCH_CHECK(parsed.is_cpu() || parsed.is_cuda(), "device '", text, "' is not supported; use cpu, cuda, cuda:0 or auto");
  if (parsed.is_cuda()) {
    TORCH_CHECK(cuda, "device '", text, "' was asked for, but libtorch ", TORCH_VERSION,
      " has no usable CUDA device here; use cpu or auto, or build src/Foundation/Torch/native with -DEVENTML_TORCH_ROOT=<a CUDA libtorch> on a machine with a GPU");
    auto count = static_cast<int>(torch::cuda::device_count());
    TORCH_CHECK(parsed.index() < count, "device '", text, "' was asked for, but there are only ", count, " CUDA devices");
    if (!parsed.has_index()) parsed = at::Device(at::kCUDA, 0);
  }
  return parsed;
}

at::TensorOptions options(int32_t dtype, const char* device_name) {
  return at::TensorOptions().dtype(scalar_type(dtype)).device(device(device_name));
}
}  // namespace em

using namespace em;
extern "C" {
const char* em_last_error(void) { return last_error.c_str(); }

int em_abi_version(void) { return EM_ABI_VERSION; }

int em_init(void) {
  return guarded([] {
    // Big activation buffers stay in the heap instead of being mapped and faulted in anew each step (+20 %).
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
    mallopt(M_TOP_PAD, 64 << 20);
  });
}

int em_version(char* buffer, int32_t capacity) {
  return guarded([&] { snprintf(buffer, static_cast<size_t>(capacity), "libtorch %s (%s)", TORCH_VERSION, torch::cuda::is_available() ? "cuda" : "cpu"); });
}

int em_set_threads(int32_t threads) {
  return guarded([&] {
    TORCH_CHECK(threads > 0, "threads must be at least 1, not ", threads);
    at::set_num_threads(threads);
    // A pthread OpenBLAS keeps a pool of its own that libtorch does not know about.
    if (auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(threads);
  });
}

int em_get_threads(int32_t* threads) { return guarded([&] { *threads = at::get_num_threads(); }); }
int em_manual_seed(uint64_t seed) { return guarded([&] { torch::manual_seed(seed); }); }
int em_deterministic(int32_t on) { return guarded([&] { at::globalContext().setDeterministicAlgorithms(on != 0, false); }); }
int em_flush_denormal(int32_t on) { return guarded([&] { at::globalContext().setFlushDenormal(on != 0); }); }
int em_cuda_count(int32_t* count) { return guarded([&] { *count = torch::cuda::is_available() ? static_cast<int32_t>(torch::cuda::device_count()) : 0; }); }

int em_grad_mode(int32_t on, int32_t* previous) {
  return guarded([&] {
    *previous = at::GradMode::is_enabled() ? 1 : 0;
    at::GradMode::set_enabled(on != 0);
  });
}

int em_inference_begin(void** guard) { return guarded([&] { *guard = new c10::InferenceMode(true); }); }
int em_inference_end(void* guard) { return guarded([&] { delete static_cast<c10::InferenceMode*>(guard); }); }

int em_rng_get(const char* name, em_tensor* out) {
  return guarded([&] {
    auto generator = at::globalContext().defaultGenerator(device(name));
    std::lock_guard<std::mutex> lock(generator.mutex());
    *out = wrap(generator.get_state());
  });
}

int em_rng_set(const char* name, em_tensor state) {
  return guarded([&] {
    auto generator = at::globalContext().defaultGenerator(device(name));
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(state->t);
  });
}
}
