#include "call.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include <string>

namespace {

std::string text_of(const int64_t* shape, int rank) {
  std::string text = "[";
  for (int k = 0; k < rank; k++) text += (k ? "," : "") + std::to_string(shape[k]);
  return text + "]";
}

std::string shape_of(const TF_Tensor* tensor) {
  int64_t shape[8];
  int rank = TF_NumDims(tensor);
  for (int k = 0; k < rank && k < 8; k++) shape[k] = TF_Dim(tensor, k);
  return text_of(shape, rank < 8 ? rank : 8);
}

}  // namespace

Call::Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {
  for (int k = 0; k < TF_NumInputs(context) && k < MOST_INPUTS; k++) {
    TF_GetInput(context, k, &inputs_[k], status_);
    if (TF_GetCode(status_) != TF_OK) {
      fail(TF_GetCode(status_), "%s", std::string(TF_Message(status_)).c_str());
      return;
    }
  }
}

Call::~Call() {
  for (TF_Tensor* tensor : inputs_) {
    if (tensor) TF_DeleteTensor(tensor);
  }
  TF_DeleteStatus(status_);
}

bool Call::fail(TF_Code code, const char* format, ...) {
  if (failed_) return false;
  failed_ = true;
  TF_StringView name = TF_GetOpKernelName(context_);
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  TF_SetStatus(status_, code, (std::string(name.data, name.len) + ": " + text).c_str());
  TF_OpKernelContext_Failure(context_, status_);
  return false;
}

bool Call::expect_rank(int input, const char* name, int rank) {
  if (failed_) return false;
  for (int k = 0; k < TF_NumDims(inputs_[input]); k++) {
    if (TF_Dim(inputs_[input], k) > INT_MAX) return fail(TF_INVALID_ARGUMENT, "%s is too large", name);
  }
  if (TF_NumDims(inputs_[input]) == rank) return true;
  return fail(TF_INVALID_ARGUMENT, "%s must have %d dimensions, got %s", name, rank,
              shape_of(inputs_[input]).c_str());
}

bool Call::expect_shape(int input, const char* name, std::initializer_list<int64_t> shape) {
  if (failed_) return false;
  std::string wanted = text_of(shape.begin(), (int)shape.size()), got = shape_of(inputs_[input]);
  if (wanted == got) return true;
  return fail(TF_INVALID_ARGUMENT, "%s must be %s, got %s", name, wanted.c_str(), got.c_str());
}

bool Call::expect_below(int input, const char* name, int64_t end) {
  if (failed_) return false;
  const int* values = ints(input);
  const int64_t count = TF_TensorElementCount(inputs_[input]);
  for (int64_t k = 0; k < count; k++) {
    if (values[k] >= 0 && values[k] < end) continue;
    return fail(TF_INVALID_ARGUMENT, "%s must lie in [0, %lld), got %d at %lld", name, (long long)end, values[k],
                (long long)k);
  }
  return true;
}

float* Call::output(int index, std::initializer_list<int64_t> shape) {
  if (failed_) return nullptr;
  size_t bytes = sizeof(float);
  for (int64_t size : shape) bytes *= size;
  TF_Tensor* tensor =
      TF_AllocateOutput(context_, index, TF_FLOAT, shape.begin(), (int)shape.size(), bytes, status_);
  if (TF_GetCode(status_) != TF_OK || !tensor) {
    fail(TF_RESOURCE_EXHAUSTED, "no memory for an output of %s",
         text_of(shape.begin(), (int)shape.size()).c_str());
    return nullptr;
  }
  float* data = static_cast<float*>(TF_TensorData(tensor));
  TF_DeleteTensor(tensor);
  return data;
}
