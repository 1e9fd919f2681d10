// Activations to int8: code = round to nearest even (x * 127 / largest), under d = largest / 127.
#include "activations.h"

/// Writes `count` codes and returns d.
CARAT_INLINE float quantize_portable(const float *x, int count, int8_t *codes) {
    uint32_t largest_bits = 0;
    for (int i = 0; i < count; i++) {
        const uint32_t magnitude = carat_bits_from_float(x[i]) & 0x7fffffff;
        if (magnitude > largest_bits) largest_bits = magnitude;
    }
    const carat_activation_scale scale = carat_scale_activations(largest_bits);
    if (scale.inverse == 0) {
        memset(codes, 0, (size_t)count);
        return scale.d;
    }
    // Adding 1.5 * 2^23 rounds to an integer in the low mantissa bits. |x * inverse| <= 127 (1 + 2^-23): no clamp.
    for (int i = 0; i < count; i++)
        codes[i] = (int8_t)(carat_bits_from_float(x[i] * scale.inverse + 0x1.8p23f) - 0x4b400000);
    return scale.d;
}

void carat_quantize256_portable(const float *x, size_t count, carat_act256 *out) {
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++) {
        out[b].d = quantize_portable(x + b * CARAT_SUPER_BLOCK, CARAT_SUPER_BLOCK, out[b].codes);
        for (int g = 0; g < 16; g++) {
            int sum = 0;
            for (int i = 0; i < 16; i++) sum += out[b].codes[16 * g + i];
            out[b].sums[g] = (int16_t)sum;
        }
    }
}

void carat_quantize32_portable(const float *x, size_t count, carat_act32 *out) {
    for (size_t b = 0; b < count / CARAT_BLOCK; b++)
        out[b].d = quantize_portable(x + b * CARAT_BLOCK, CARAT_BLOCK, out[b].codes);
}
