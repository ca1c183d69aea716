// Declares an op and its kernel in one call.
#pragma once
#include <tensorflow/c/kernels.h>

#include <initializer_list>

struct Op {
  const char* name;
  std::initializer_list<const char*> inputs;
  std::initializer_list<const char*> outputs;
  const char* attribute;  // such as "keep: bool", or null
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
};

// Leaves the first error in `status`, and does nothing where one is in it.
void register_op(const Op& op, TF_Status* status);

// For `create`: the value of an attribute of type bool as what `compute` gets; null stands for false.
void* flag(TF_OpKernelConstruction* construction, const char* attribute);
