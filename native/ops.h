// Makes our ops known to TensorFlow.
#pragma once
#include <tensorflow/c/tf_status.h>

#include "kernels.h"

// DupnLstm and DupnLstmGradient; DupnAttention and DupnAttentionGradient. `kernels` must stay where it is.
void register_lstm(const Kernels& kernels, TF_Status* status);
void register_attention(const Kernels& kernels, TF_Status* status);
