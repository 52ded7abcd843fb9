#include "common.h"
#include <cstring>
#include <sstream>
#include <type_traits>
using namespace em;
namespace optim = torch::optim;

struct em_optim_s {
  std::unique_ptr<optim::Optimizer> optimizer;
  std::vector<at::Tensor> parameters;
  int32_t kind;
};

namespace {
// libtorch 1 keys an optimiser's state by the parameter's address as text, libtorch 2 by the address itself.
template <class Map> typename Map::key_type key_of(const Map&, const at::Tensor& p) {
  if constexpr (std::is_same_v<typename Map::key_type, std::string>) {
    std::ostringstream key;
    key << p.unsafeGetTensorImpl();
    return key.str();
  } else {
    return p.unsafeGetTensorImpl();
  }
}

// An entry without a state would crash the next step, so asking for one never makes it.
template <class State> State* state(em_optim o, int32_t i, bool create) {
  auto& states = o->optimizer->state();
  auto key = key_of(states, o->parameters[static_cast<size_t>(i)]);
  auto found = states.find(key);
  if (found == states.end() && !create) return nullptr;
  auto& entry = states[key];
  if (!entry) entry = std::make_unique<State>();
  return static_cast<State*>(entry.get());
}

// One accessor for both Adam kinds, whose state classes share member names but no base.
template <class State> at::Tensor get_adam(em_optim o, int32_t i, const char* name) {
  auto* s = state<State>(o, i, false);
  if (!s) return {};
  if (!strcmp(name, "step")) return at::scalar_tensor(static_cast<int64_t>(s->step()), at::kLong);
  if (!strcmp(name, "exp_avg")) return s->exp_avg();
  if (!strcmp(name, "exp_avg_sq")) return s->exp_avg_sq();
  TORCH_CHECK(false, "Adam keeps no state '", name, "'");
}

template <class State> void set_adam(em_optim o, int32_t i, const char* name, const at::Tensor& value) {
  auto* s = state<State>(o, i, true);
  if (!strcmp(name, "step")) s->step(value.item<int64_t>());
  else if (!strcmp(name, "exp_avg")) s->exp_avg(value);
  else if (!strcmp(name, "exp_avg_sq")) s->exp_avg_sq(value);
  else TORCH_CHECK(false, "Adam keeps no state '", name, "'");
}

void check_index(em_optim o, int32_t i) {
  TORCH_CHECK(i >= 0 && i < static_cast<int32_t>(o->parameters.size()), "parameter ", i, " of ", o->parameters.size());
}
}  // namespace

extern "C" {
int em_optim_new(int32_t kind, const em_tensor* parameters, int32_t count, double lr, double m1, double m2, double eps, double weight_decay, int32_t nesterov, em_optim* out) {
  return guarded([&] {
    auto o = std::make_unique<em_optim_s>();
    o->kind = kind;
    for (int32_t i = 0; i < count; i++) o->parameters.push_back(parameters[i]->t);
    TORCH_CHECK(count > 0, "an optimiser needs at least one parameter");
    switch (kind) {
      case EM_ADAM: o->optimizer = std::make_unique<optim::Adam>(o->parameters, optim::AdamOptions(lr).betas({m1, m2}).eps(eps).weight_decay(weight_decay)); break;
      case EM_ADAMW: o->optimizer = std::make_unique<optim::AdamW>(o->parameters, optim::AdamWOptions(lr).betas({m1, m2}).eps(eps).weight_decay(weight_decay)); break;
      case EM_SGD: o->optimizer = std::make_unique<optim::SGD>(o->parameters, optim::SGDOptions(lr).momentum(m1).dampening(m2).weight_decay(weight_decay).nesterov(nesterov != 0)); break;
      default: TORCH_CHECK(false, "optimiser ", kind, " is not known");
    }
    *out = o.release();
  });
}

int em_optim_free(em_optim o) { return guarded([&] { delete o; }); }

int em_optim_zero_grad(em_optim o) {
  return guarded([&] { for (auto& p : o->parameters) p.mutable_grad().reset(); });
}

int em_optim_step(em_optim o) { return guarded([&] { o->optimizer->step(); }); }

int em_optim_set_lr(em_optim o, double lr) {
  return guarded([&] {
    for (auto& group : o->optimizer->param_groups()) {
      if (o->kind == EM_ADAM) static_cast<optim::AdamOptions&>(group.options()).lr(lr);
      else if (o->kind == EM_ADAMW) static_cast<optim::AdamWOptions&>(group.options()).lr(lr);
      else static_cast<optim::SGDOptions&>(group.options()).lr(lr);
    }
  });
}

int em_optim_get(em_optim o, int32_t i, const char* name, em_tensor* out) {
  return guarded([&] {
    check_index(o, i);
    at::Tensor value;
    if (o->kind == EM_ADAM) value = get_adam<optim::AdamParamState>(o, i, name);
    else if (o->kind == EM_ADAMW) value = get_adam<optim::AdamWParamState>(o, i, name);
    else if (auto* s = state<optim::SGDParamState>(o, i, false)) value = s->momentum_buffer();
    *out = value.defined() ? wrap(value) : nullptr;
  });
}

int em_optim_set(em_optim o, int32_t i, const char* name, em_tensor value) {
  return guarded([&] {
    check_index(o, i);
    auto copy = value->t.detach().clone();
    auto& p = o->parameters[static_cast<size_t>(i)];
    bool step = !strcmp(name, "step");
    TORCH_CHECK(step || copy.sizes() == p.sizes(), "state '", name, "' of parameter ", i, " has shape ", copy.sizes(), ", the parameter ", p.sizes());
    if (!step) copy = copy.to(p.device(), p.scalar_type());
    if (o->kind == EM_ADAM) set_adam<optim::AdamParamState>(o, i, name, copy);
    else if (o->kind == EM_ADAMW) set_adam<optim::AdamWParamState>(o, i, name, copy);
    else state<optim::SGDParamState>(o, i, true)->momentum_buffer(copy);
  });
}
}
