// BF16: the upper half of a single-precision float.
#include "portable.h"

void carat_dequantize_bf16_portable(const void *row, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t upper;
        memcpy(&upper, (const uint8_t *)row + 2 * i, sizeof upper);
        out[i] = carat_float_from_bits((uint32_t)upper << 16);
    }
}

CARAT_PORTABLE_FLOAT_DOT(bf16, 2)
