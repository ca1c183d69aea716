// One call of one of our ops: its inputs, its outputs and what is wrong with them, by TensorFlow's C API.
#pragma once
#include <stdint.h>
#include <tensorflow/c/kernels.h>

#include <initializer_list>

class Call {
 public:
  explicit Call(TF_OpKernelContext* context);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const float* floats(int input) const { return static_cast<const float*>(TF_TensorData(inputs_[input])); }
  const int* ints(int input) const { return static_cast<const int*>(TF_TensorData(inputs_[input])); }
  int size(int input, int dimension) const { return (int)TF_Dim(inputs_[input], dimension); }

  // Each returns false once something is wrong; the op then fails with the first complaint.
  bool expect_rank(int input, const char* name, int rank);
  bool expect_shape(int input, const char* name, std::initializer_list<int64_t> shape);
  // Every number of an int32 input lies in [0, end).
  bool expect_below(int input, const char* name, int64_t end);
  bool fail(TF_Code code, const char* format, ...) __attribute__((format(printf, 3, 4)));

  // Memory of an output of the given shape; null when there is none left.
  float* output(int index, std::initializer_list<int64_t> shape);

 private:
  static constexpr int MOST_INPUTS = 16;
  TF_OpKernelContext* context_;
  TF_Status* status_;
  TF_Tensor* inputs_[MOST_INPUTS] = {};
  bool failed_ = false;
};
