// Q8_0: 32 weights of 8 bits under one scale; weight = d * code.
#include "portable.h"

void carat_dequantize_q8_0_portable(const void *row, size_t count, float *out) {
    const carat_block_q8_0 *w = row;
    for (size_t b = 0; b < count / CARAT_BLOCK; b++) {
        const float d = carat_float_from_half(w[b].d);
        for (int i = 0; i < CARAT_BLOCK; i++) *out++ = d * (float)w[b].codes[i];
    }
}

void carat_dot_q8_0_portable(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {
    const carat_act32 *act = activation;
    for (size_t r = 0; r < row_count; r++) {
        const carat_block_q8_0 *w = (const void *)((const uint8_t *)rows + r * row_bytes);
        float total = 0;
        for (size_t b = 0; b < columns / CARAT_BLOCK; b++) {
            int32_t products = 0;
            for (int i = 0; i < CARAT_BLOCK; i++) products += w[b].codes[i] * act[b].codes[i];
            total = fmaf(carat_float_from_half(w[b].d) * (float)products, act[b].d, total);
        }
        y[r] = total;
    }
}
