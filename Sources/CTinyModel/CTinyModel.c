#include "CTinyModel.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(4096) const uint8_t carat_tiny_model[] = {
#embed "carat-tiny-Q4_K_M.gguf"
};
const size_t carat_tiny_model_size = sizeof carat_tiny_model;
