#include "common.h"
using namespace em;

extern "C" {
int em_linear(em_tensor x, em_tensor w, em_tensor b, em_tensor* out) { return guarded([&] { *out = wrap(at::linear(x->t, w->t, maybe(b))); }); }

int em_conv2d(em_tensor x, em_tensor w, em_tensor b, const int64_t stride[2], const int64_t padding[2], const int64_t dilation[2], int64_t groups, em_tensor* out) {
  return guarded([&] { *out = wrap(at::conv2d(x->t, w->t, maybe(b), dims(stride, 2), dims(padding, 2), dims(dilation, 2), groups)); });
}

int em_max_pool2d(em_tensor x, const int64_t kernel[2], const int64_t stride[2], const int64_t padding[2], em_tensor* out) {
  return guarded([&] { *out = wrap(at::max_pool2d(x->t, dims(kernel, 2), dims(stride, 2), dims(padding, 2))); });
}

int em_dropout(em_tensor x, double p, int32_t training, em_tensor* out) { return guarded([&] { *out = wrap(at::dropout(x->t, p, training != 0)); }); }

int em_batch_norm(em_tensor x, em_tensor w, em_tensor b, em_tensor mean, em_tensor var, int32_t training, double momentum, double eps, em_tensor* out) {
  return guarded([&] { *out = wrap(at::batch_norm(x->t, maybe(w), maybe(b), maybe(mean), maybe(var), training != 0, momentum, eps, true)); });
}

int em_cross_entropy(em_tensor logits, em_tensor labels, em_tensor* out) { return guarded([&] { *out = wrap(at::cross_entropy_loss(logits->t, labels->t)); }); }
int em_mse_loss(em_tensor x, em_tensor y, em_tensor* out) {
  return guarded([&] {
    TORCH_CHECK(x->t.sizes() == y->t.sizes(), "mse_loss compares equal shapes, not ", x->t.sizes(), " with ", y->t.sizes());
    *out = wrap(at::mse_loss(x->t, y->t));
  });
}

int em_count_correct(em_tensor logits, em_tensor labels, int64_t* correct) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    *correct = logits->t.argmax(1).eq(labels->t).sum().item<int64_t>();
  });
}

int em_init_uniform(em_tensor t, double low, double high) { return guarded([&] { at::NoGradGuard no_grad; t->t.uniform_(low, high); }); }
int em_init_kaiming_uniform(em_tensor t, double a) { return guarded([&] { torch::nn::init::kaiming_uniform_(t->t, a); }); }
}
