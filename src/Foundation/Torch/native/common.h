#pragma once
#include "eventml_torch.h"
#include <ATen/Parallel.h>
#include <torch/torch.h>
#include <torch/version.h>
#include <string>
#include <vector>

struct em_tensor_s { at::Tensor t; };

namespace em {
extern thread_local std::string last_error;

template <class Body> int guarded(Body body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& e) {
    try { last_error = e.what_without_backtrace(); } catch (...) { }
  } catch (const std::exception& e) {
    try { last_error = e.what(); } catch (...) { }
  } catch (...) {
    try { last_error = "unknown C++ exception"; } catch (...) { }
  }
  return -1;
}

inline em_tensor wrap(at::Tensor t) { return new em_tensor_s{std::move(t)}; }
inline at::IntArrayRef dims(const int64_t* p, int32_t n) { return at::IntArrayRef(p, static_cast<size_t>(n)); }
inline c10::optional<at::Tensor> maybe(em_tensor t) { return t ? c10::optional<at::Tensor>(t->t) : c10::optional<at::Tensor>(); }
at::Device device(const char* name);
at::TensorOptions options(int32_t dtype, const char* device_name);
at::ScalarType scalar_type(int32_t dtype);
}  // namespace em
