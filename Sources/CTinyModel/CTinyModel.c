#include "CTinyModel.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(4096) static const uint8_t bytes[] = {
#embed "carat-tiny-Q4_K_M.gguf"
};

const uint8_t *carat_tiny_model(void) { return bytes; }
size_t carat_tiny_model_size(void) { return sizeof bytes; }
