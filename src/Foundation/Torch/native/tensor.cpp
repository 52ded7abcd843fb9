#include "common.h"
#include <cstring>
using namespace em;

extern "C" {
int em_tensor_new(int32_t fill, const int64_t* shape, int32_t dim, int32_t dtype, const char* name, em_tensor* out) {
  return guarded([&] {
    auto s = dims(shape, dim);
    auto o = options(dtype, name);
    switch (fill) {
      case EM_EMPTY: *out = wrap(at::empty(s, o)); return;
      case EM_ZEROS: *out = wrap(at::zeros(s, o)); return;
      case EM_ONES: *out = wrap(at::ones(s, o)); return;
      case EM_RANDN: *out = wrap(at::randn(s, o)); return;
      case EM_RAND: *out = wrap(at::rand(s, o)); return;
    }
    TORCH_CHECK(false, "fill ", fill, " is not known");
  });
}

int em_tensor_full(double value, const int64_t* shape, int32_t dim, int32_t dtype, const char* name, em_tensor* out) {
  return guarded([&] { *out = wrap(at::full(dims(shape, dim), value, options(dtype, name))); });
}

int em_tensor_arange(double start, double end, double step, int32_t dtype, const char* name, em_tensor* out) {
  return guarded([&] { *out = wrap(at::arange(start, end, step, options(dtype, name))); });
}

int em_tensor_copy_in(const void* data, int64_t bytes, const int64_t* shape, int32_t dim, int32_t dtype, em_tensor* out) {
  return guarded([&] {
    auto t = at::empty(dims(shape, dim), at::TensorOptions().dtype(scalar_type(dtype)));
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "a tensor of shape ", t.sizes(), " has ", t.nbytes(), " bytes, the data ", bytes);
    if (bytes) std::memcpy(t.data_ptr(), data, static_cast<size_t>(bytes));
    *out = wrap(std::move(t));
  });
}

int em_tensor_copy_out(em_tensor t, void* data, int64_t bytes) {
  return guarded([&] {
    auto c = t->t.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(c.nbytes()) == bytes, "the tensor has ", c.nbytes(), " bytes, the buffer ", bytes);
    if (bytes) std::memcpy(data, c.data_ptr(), static_cast<size_t>(bytes));
  });
}

int em_tensor_data(em_tensor t, void** data) {
  return guarded([&] {
    TORCH_CHECK(t->t.device().is_cpu() && t->t.is_contiguous(), "only a contiguous CPU tensor has a data pointer; call contiguous() and cpu() first");
    *data = t->t.data_ptr();
  });
}

int em_tensor_info(em_tensor h, em_info* info) {
  return guarded([&] {
    const auto& t = h->t;
    info->numel = t.numel();
    info->owned_bytes = t.has_storage() && t.storage().use_count() == 1 ? static_cast<int64_t>(t.storage().nbytes()) : 0;
    info->dim = static_cast<int32_t>(t.dim());
    info->dtype = static_cast<int32_t>(t.scalar_type());
    info->device_type = static_cast<int32_t>(t.device().type());
    info->device_index = t.device().index();
    info->flags = (t.requires_grad() ? EM_REQUIRES_GRAD : 0) | (t.is_leaf() ? EM_LEAF : 0) | (t.is_contiguous() ? EM_CONTIGUOUS_FLAG : 0);
  });
}

int em_tensor_shape(em_tensor t, int64_t* shape, int32_t capacity) {
  return guarded([&] {
    TORCH_CHECK(t->t.dim() <= capacity, "the tensor has ", t->t.dim(), " dimensions, the buffer room for ", capacity);
    for (int64_t i = 0; i < t->t.dim(); i++) shape[i] = t->t.size(i);
  });
}

int em_tensor_item_f64(em_tensor t, double* value) { return guarded([&] { *value = t->t.item<double>(); }); }
int em_tensor_item_i64(em_tensor t, int64_t* value) { return guarded([&] { *value = t->t.item<int64_t>(); }); }

int em_tensor_to(em_tensor t, const char* name, int32_t dtype, em_tensor* out) {
  return guarded([&] {
    *out = wrap(t->t.to(name ? device(name) : t->t.device(), dtype < 0 ? t->t.scalar_type() : scalar_type(dtype)));
  });
}

int em_tensor_free(em_tensor t) { return guarded([&] { delete t; }); }

int em_unary(int32_t op, em_tensor h, em_tensor* out) {
  return guarded([&] {
    const auto& a = h->t;
    switch (op) {
      case EM_NEG: *out = wrap(a.neg()); return;
      case EM_EXP: *out = wrap(a.exp()); return;
      case EM_LOG: *out = wrap(a.log()); return;
      case EM_SQRT: *out = wrap(a.sqrt()); return;
      case EM_RELU: *out = wrap(a.relu()); return;
      case EM_ABS: *out = wrap(a.abs()); return;
      case EM_SIGMOID: *out = wrap(a.sigmoid()); return;
      case EM_TANH: *out = wrap(a.tanh()); return;
      case EM_CLONE: *out = wrap(a.clone()); return;
      case EM_DETACH: *out = wrap(a.detach()); return;
      case EM_CONTIGUOUS: *out = wrap(a.contiguous()); return;
      case EM_ISFINITE: *out = wrap(a.isfinite()); return;
    }
    TORCH_CHECK(false, "unary operation ", op, " is not known");
  });
}

int em_binary(int32_t op, em_tensor ha, em_tensor hb, em_tensor* out) {
  return guarded([&] {
    const auto& a = ha->t;
    const auto& b = hb->t;
    switch (op) {
      case EM_ADD: *out = wrap(a.add(b)); return;
      case EM_SUB: *out = wrap(a.sub(b)); return;
      case EM_MUL: *out = wrap(a.mul(b)); return;
      case EM_DIV: *out = wrap(a.div(b)); return;
      case EM_POW: *out = wrap(a.pow(b)); return;
      case EM_MATMUL: *out = wrap(a.matmul(b)); return;
      case EM_EQ: *out = wrap(a.eq(b)); return;
      case EM_NE: *out = wrap(a.ne(b)); return;
      case EM_LT: *out = wrap(a.lt(b)); return;
      case EM_LE: *out = wrap(a.le(b)); return;
      case EM_GT: *out = wrap(a.gt(b)); return;
      case EM_GE: *out = wrap(a.ge(b)); return;
    }
    TORCH_CHECK(false, "binary operation ", op, " is not known");
  });
}

int em_binary_scalar(int32_t op, em_tensor h, double value, int32_t reversed, em_tensor* out) {
  return guarded([&] {
    const auto& a = h->t;
    // A whole number stays an integer, so that integer tensors keep their type as they do in PyTorch.
    bool whole = at::isIntegralType(a.scalar_type(), true) && value == static_cast<double>(static_cast<int64_t>(value));
    at::Scalar b = whole ? at::Scalar(static_cast<int64_t>(value)) : at::Scalar(value);
    switch (op) {
      case EM_ADD: *out = wrap(a.add(b)); return;
      case EM_SUB: *out = wrap(reversed ? at::rsub(a, b) : a.sub(b)); return;
      case EM_MUL: *out = wrap(a.mul(b)); return;
      case EM_DIV: *out = wrap(reversed ? a.reciprocal().mul(b) : a.div(b)); return;
      case EM_POW: *out = wrap(reversed ? at::pow(b, a) : a.pow(b)); return;
      case EM_EQ: *out = wrap(a.eq(b)); return;
      case EM_NE: *out = wrap(a.ne(b)); return;
      case EM_LT: *out = wrap(a.lt(b)); return;
      case EM_LE: *out = wrap(a.le(b)); return;
      case EM_GT: *out = wrap(a.gt(b)); return;
      case EM_GE: *out = wrap(a.ge(b)); return;
    }
    TORCH_CHECK(false, "operation ", op, " with a number is not known");
  });
}

int em_reduce(int32_t op, em_tensor h, const int64_t* d, int32_t count, int32_t keepdim, em_tensor* out) {
  return guarded([&] {
    const auto& a = h->t;
    bool keep = keepdim != 0;
    auto over = dims(d, count);
    c10::optional<int64_t> one = count == 1 ? c10::optional<int64_t>(d[0]) : c10::optional<int64_t>();
    TORCH_CHECK((op != EM_ARGMAX && op != EM_ARGMIN) || count <= 1, "argmax and argmin take one dimension or none");
    switch (op) {
      case EM_SUM: *out = wrap(count ? a.sum(over, keep) : a.sum()); return;
      case EM_MEAN: *out = wrap(count ? a.mean(over, keep) : a.mean()); return;
      case EM_MAX: *out = wrap(count ? a.amax(over, keep) : a.max()); return;
      case EM_MIN: *out = wrap(count ? a.amin(over, keep) : a.min()); return;
      case EM_ARGMAX: *out = wrap(a.argmax(one, keep)); return;
      case EM_ARGMIN: *out = wrap(a.argmin(one, keep)); return;
    }
    TORCH_CHECK(false, "reduction ", op, " is not known");
  });
}

int em_inplace(int32_t op, em_tensor a, em_tensor b) {
  return guarded([&] {
    switch (op) {
      case EM_ADD_: a->t.add_(b->t); return;
      case EM_SUB_: a->t.sub_(b->t); return;
      case EM_MUL_: a->t.mul_(b->t); return;
      case EM_DIV_: a->t.div_(b->t); return;
      case EM_COPY_: a->t.copy_(b->t); return;
    }
    TORCH_CHECK(false, "in-place operation ", op, " is not known");
  });
}

int em_inplace_fill(em_tensor a, double value) { return guarded([&] { a->t.fill_(value); }); }

int em_reshape(em_tensor a, const int64_t* shape, int32_t dim, int32_t view_only, em_tensor* out) {
  return guarded([&] { *out = wrap(view_only ? a->t.view(dims(shape, dim)) : a->t.reshape(dims(shape, dim))); });
}

int em_expand(em_tensor a, const int64_t* shape, int32_t dim, em_tensor* out) { return guarded([&] { *out = wrap(a->t.expand(dims(shape, dim))); }); }
int em_permute(em_tensor a, const int64_t* d, int32_t count, em_tensor* out) { return guarded([&] { *out = wrap(a->t.permute(dims(d, count))); }); }
int em_transpose(em_tensor a, int64_t dim0, int64_t dim1, em_tensor* out) { return guarded([&] { *out = wrap(a->t.transpose(dim0, dim1)); }); }
int em_slice(em_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step, em_tensor* out) { return guarded([&] { *out = wrap(a->t.slice(dim, start, end, step)); }); }
int em_select(em_tensor a, int64_t dim, int64_t index, em_tensor* out) { return guarded([&] { *out = wrap(a->t.select(dim, index)); }); }
int em_index_select(em_tensor a, int64_t dim, em_tensor index, em_tensor* out) { return guarded([&] { *out = wrap(a->t.index_select(dim, index->t)); }); }
int em_flatten(em_tensor a, int64_t start, int64_t end, em_tensor* out) { return guarded([&] { *out = wrap(a->t.flatten(start, end)); }); }
int em_squeeze(em_tensor a, int64_t dim, int32_t add, em_tensor* out) { return guarded([&] { *out = wrap(add ? a->t.unsqueeze(dim) : a->t.squeeze(dim)); }); }

int em_join(const em_tensor* tensors, int32_t count, int64_t dim, int32_t stack, em_tensor* out) {
  return guarded([&] {
    std::vector<at::Tensor> all;
    for (int32_t i = 0; i < count; i++) all.push_back(tensors[i]->t);
    *out = wrap(stack ? at::stack(all, dim) : at::cat(all, dim));
  });
}

int em_softmax(em_tensor a, int64_t dim, int32_t log, em_tensor* out) { return guarded([&] { *out = wrap(log ? a->t.log_softmax(dim) : a->t.softmax(dim)); }); }
int em_equal(em_tensor a, em_tensor b, int32_t* same) { return guarded([&] { *same = a->t.sizes() == b->t.sizes() && a->t.equal(b->t) ? 1 : 0; }); }
int em_allclose(em_tensor a, em_tensor b, double rtol, double atol, int32_t* close) { return guarded([&] { *close = a->t.allclose(b->t, rtol, atol) ? 1 : 0; }); }
int em_requires_grad(em_tensor a, int32_t on) { return guarded([&] { a->t.requires_grad_(on != 0); }); }
int em_grad(em_tensor a, em_tensor* out) { return guarded([&] { auto g = a->t.grad(); *out = g.defined() ? wrap(g) : nullptr; }); }
int em_zero_grad(em_tensor a) { return guarded([&] { a->t.mutable_grad().reset(); }); }
int em_backward(em_tensor a, em_tensor gradient) { return guarded([&] { a->t.backward(gradient ? gradient->t : at::Tensor()); }); }
}
