#pragma once
#include <stddef.h>
#include <stdint.h>

/// The bytes of carat-tiny-Q4_K_M.gguf, a small model of the Gemma architecture that lives inside the binary, so that
/// it is found wherever the binary is installed.
extern const uint8_t carat_tiny_model[];
extern const size_t carat_tiny_model_size;
