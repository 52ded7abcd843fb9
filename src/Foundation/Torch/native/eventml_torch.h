// C ABI over libtorch. Every function returns 0, or -1 with a message in em_last_error() (UTF-8, this thread's).
// Handles are owned by the caller and freed by the matching _free. Exceptions never cross.
#pragma once
#include <stdint.h>
#define EM_API __attribute__((visibility("default")))
#define EM_ABI_VERSION 1
#ifdef __cplusplus
extern "C" {
#endif
typedef struct em_tensor_s* em_tensor;
typedef struct em_optim_s* em_optim;

// Values are those of c10::ScalarType.
enum { EM_U8 = 0, EM_I8 = 1, EM_I16 = 2, EM_I32 = 3, EM_I64 = 4, EM_F16 = 5, EM_F32 = 6, EM_F64 = 7, EM_BOOL = 11, EM_BF16 = 15 };
enum { EM_EMPTY, EM_ZEROS, EM_ONES, EM_RANDN, EM_RAND };
enum { EM_NEG, EM_EXP, EM_LOG, EM_SQRT, EM_RELU, EM_ABS, EM_SIGMOID, EM_TANH, EM_CLONE, EM_DETACH, EM_CONTIGUOUS, EM_ISFINITE };
enum { EM_ADD, EM_SUB, EM_MUL, EM_DIV, EM_POW, EM_MATMUL, EM_EQ, EM_NE, EM_LT, EM_LE, EM_GT, EM_GE };
enum { EM_SUM, EM_MEAN, EM_MAX, EM_MIN, EM_ARGMAX, EM_ARGMIN };
enum { EM_ADD_, EM_SUB_, EM_MUL_, EM_DIV_, EM_COPY_ };
enum { EM_ADAM, EM_ADAMW, EM_SGD };
enum { EM_REQUIRES_GRAD = 1, EM_LEAF = 2, EM_CONTIGUOUS_FLAG = 4 };

typedef struct {
  int64_t numel, owned_bytes;   // owned_bytes: bytes of a storage that only this handle holds, else 0
  int32_t dim, dtype, device_type, device_index, flags;
} em_info;

// runtime
EM_API const char* em_last_error(void);
EM_API int em_abi_version(void);
EM_API int em_init(void);
EM_API int em_version(char* buffer, int32_t capacity);
EM_API int em_set_threads(int32_t threads);
EM_API int em_get_threads(int32_t* threads);
EM_API int em_manual_seed(uint64_t seed);
EM_API int em_deterministic(int32_t on);
EM_API int em_flush_denormal(int32_t on);
EM_API int em_cuda_count(int32_t* count);
EM_API int em_grad_mode(int32_t on, int32_t* previous);
EM_API int em_inference_begin(void** guard);
EM_API int em_inference_end(void* guard);
EM_API int em_rng_get(const char* device, em_tensor* out);
EM_API int em_rng_set(const char* device, em_tensor state);

// tensors
EM_API int em_tensor_new(int32_t fill, const int64_t* shape, int32_t dim, int32_t dtype, const char* device, em_tensor* out);
EM_API int em_tensor_full(double value, const int64_t* shape, int32_t dim, int32_t dtype, const char* device, em_tensor* out);
EM_API int em_tensor_arange(double start, double end, double step, int32_t dtype, const char* device, em_tensor* out);
EM_API int em_tensor_copy_in(const void* data, int64_t bytes, const int64_t* shape, int32_t dim, int32_t dtype, em_tensor* out);
EM_API int em_tensor_copy_out(em_tensor t, void* data, int64_t bytes);
EM_API int em_tensor_data(em_tensor t, void** data);
EM_API int em_tensor_info(em_tensor t, em_info* info);
EM_API int em_tensor_shape(em_tensor t, int64_t* shape, int32_t capacity);
EM_API int em_tensor_item_f64(em_tensor t, double* value);
EM_API int em_tensor_item_i64(em_tensor t, int64_t* value);
EM_API int em_tensor_to(em_tensor t, const char* device, int32_t dtype, em_tensor* out);  // device null, dtype -1: as it is
EM_API int em_tensor_free(em_tensor t);
EM_API int em_unary(int32_t op, em_tensor a, em_tensor* out);
EM_API int em_binary(int32_t op, em_tensor a, em_tensor b, em_tensor* out);
EM_API int em_binary_scalar(int32_t op, em_tensor a, double b, int32_t reversed, em_tensor* out);
EM_API int em_reduce(int32_t op, em_tensor a, const int64_t* dims, int32_t count, int32_t keepdim, em_tensor* out);
EM_API int em_inplace(int32_t op, em_tensor a, em_tensor b);
EM_API int em_inplace_fill(em_tensor a, double value);
EM_API int em_reshape(em_tensor a, const int64_t* shape, int32_t dim, int32_t view_only, em_tensor* out);
EM_API int em_expand(em_tensor a, const int64_t* shape, int32_t dim, em_tensor* out);
EM_API int em_permute(em_tensor a, const int64_t* dims, int32_t count, em_tensor* out);
EM_API int em_transpose(em_tensor a, int64_t dim0, int64_t dim1, em_tensor* out);
EM_API int em_slice(em_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step, em_tensor* out);
EM_API int em_select(em_tensor a, int64_t dim, int64_t index, em_tensor* out);
EM_API int em_index_select(em_tensor a, int64_t dim, em_tensor index, em_tensor* out);
EM_API int em_flatten(em_tensor a, int64_t start, int64_t end, em_tensor* out);
EM_API int em_squeeze(em_tensor a, int64_t dim, int32_t add, em_tensor* out);
EM_API int em_join(const em_tensor* tensors, int32_t count, int64_t dim, int32_t stack, em_tensor* out);
EM_API int em_softmax(em_tensor a, int64_t dim, int32_t log, em_tensor* out);
EM_API int em_equal(em_tensor a, em_tensor b, int32_t* same);
EM_API int em_allclose(em_tensor a, em_tensor b, double rtol, double atol, int32_t* close);
EM_API int em_requires_grad(em_tensor a, int32_t on);
EM_API int em_grad(em_tensor a, em_tensor* out);                                            // null when there is none
EM_API int em_zero_grad(em_tensor a);
EM_API int em_backward(em_tensor a, em_tensor gradient_or_null);

// layers and losses
EM_API int em_linear(em_tensor x, em_tensor w, em_tensor b_or_null, em_tensor* out);
EM_API int em_conv2d(em_tensor x, em_tensor w, em_tensor b_or_null, const int64_t stride[2], const int64_t padding[2], const int64_t dilation[2], int64_t groups, em_tensor* out);
EM_API int em_max_pool2d(em_tensor x, const int64_t kernel[2], const int64_t stride[2], const int64_t padding[2], em_tensor* out);
EM_API int em_dropout(em_tensor x, double p, int32_t training, em_tensor* out);
EM_API int em_batch_norm(em_tensor x, em_tensor w_or_null, em_tensor b_or_null, em_tensor mean_or_null, em_tensor var_or_null, int32_t training, double momentum, double eps, em_tensor* out);
EM_API int em_cross_entropy(em_tensor logits, em_tensor labels, em_tensor* out);
EM_API int em_mse_loss(em_tensor x, em_tensor y, em_tensor* out);
EM_API int em_count_correct(em_tensor logits, em_tensor labels, int64_t* correct);
EM_API int em_init_uniform(em_tensor t, double low, double high);
EM_API int em_init_kaiming_uniform(em_tensor t, double a);

// optimisers; m1, m2: beta1, beta2 of Adam and AdamW, or momentum and dampening of SGD
EM_API int em_optim_new(int32_t kind, const em_tensor* parameters, int32_t count, double lr, double m1, double m2, double eps, double weight_decay, int32_t nesterov, em_optim* out);
EM_API int em_optim_free(em_optim o);
EM_API int em_optim_zero_grad(em_optim o);
EM_API int em_optim_step(em_optim o);
EM_API int em_optim_set_lr(em_optim o, double lr);
EM_API int em_optim_get(em_optim o, int32_t parameter, const char* name, em_tensor* out);   // null when there is none yet
EM_API int em_optim_set(em_optim o, int32_t parameter, const char* name, em_tensor value);
#ifdef __cplusplus
}
#endif
