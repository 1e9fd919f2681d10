// F16: IEEE half precision.
#include "portable.h"

void carat_dequantize_f16_portable(const void *row, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, (const uint8_t *)row + 2 * i, sizeof half);
        out[i] = carat_float_from_half(half);
    }
}

CARAT_PORTABLE_FLOAT_DOT(f16, 2)
