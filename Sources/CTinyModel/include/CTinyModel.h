#pragma once
#include <stddef.h>
#include <stdint.h>

/// The bytes of carat-tiny-Q4_K_M.gguf, a small model of the Gemma architecture that lives inside the binary, so that
/// it is found wherever the binary is installed.
const uint8_t *_Nonnull carat_tiny_model(void);
size_t carat_tiny_model_size(void);
