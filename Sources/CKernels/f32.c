// F32: weights as they are.
#include "portable.h"

void carat_dequantize_f32_portable(const void *row, size_t count, float *out) {
    memcpy(out, row, count * sizeof(float));
}

CARAT_PORTABLE_FLOAT_DOT(f32, 4)
