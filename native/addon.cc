// What `require` of the library gives: `supported`, the instruction sets that this CPU has, the widest first, and
// `register(instructions)`, which makes our ops known to TensorFlow with the kernels for one of them, once in a process.
// tfjs-node has to be loaded before, as it brings TensorFlow.
#include <node_api.h>
#include <string.h>
#include <tensorflow/c/tf_status.h>

#include <mutex>
#include <string>

#include "ops.h"

namespace {

struct Choice {
  const char* name;
  bool is_supported;
  Kernels kernels;
};

const Choice* choices() {
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  static const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  static const Choice all[] = {
      {"avx512", avx512,
       {avx512::lstm_forward, avx512::lstm_gradient, avx512::attention_forward, avx512::attention_gradient}},
      {"avx2", avx2, {avx2::lstm_forward, avx2::lstm_gradient, avx2::attention_forward, avx2::attention_gradient}},
      {},
  };
  return all;
}

// Returns what is wrong, or an empty string.
std::string register_kernels(const char* name) {
  static std::mutex mutex;
  static const Choice* registered = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  const Choice* choice = choices();
  while (choice->name && strcmp(choice->name, name) != 0) choice++;
  if (!choice->name || !choice->is_supported) return std::string("this CPU has no ") + name;
  if (registered) {
    if (registered == choice) return "";
    return std::string("this process already runs the kernels for ") + registered->name;
  }
  TF_Status* status = TF_NewStatus();
  register_lstm(choice->kernels, status);
  register_attention(choice->kernels, status);
  std::string problem = TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
  TF_DeleteStatus(status);
  if (problem.empty()) registered = choice;
  return problem;
}

napi_value register_by_name(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1, length = 0;
  char name[32] = "";
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_string_utf8(env, argument, name, sizeof name, &length);
  std::string problem = register_kernels(name);
  if (!problem.empty()) napi_throw_error(env, nullptr, problem.c_str());
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value supported, function;
  napi_create_array(env, &supported);
  uint32_t count = 0;
  for (const Choice* choice = choices(); choice->name; choice++) {
    if (!choice->is_supported) continue;
    napi_value name;
    napi_create_string_utf8(env, choice->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, supported, count++, name);
  }
  napi_create_function(env, "register", NAPI_AUTO_LENGTH, register_by_name, nullptr, &function);
  napi_set_named_property(env, exports, "supported", supported);
  napi_set_named_property(env, exports, "register", function);
  return exports;
}
