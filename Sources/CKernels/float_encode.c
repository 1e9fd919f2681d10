// F16 and BF16: each weight rounded for itself, halves to even.
#include "encode_lanes.h"

typedef uint16_t carat_block_f16, carat_block_bf16;

CARAT_INLINE bool encode_row_f16(const float *x, size_t columns, const float *importance, carat_block_f16 *out) {
    (void)importance;
    bool fits = true;
    for (size_t i = 0; i < columns; i++) {
        const uint16_t half = carat_half_from_float(x[i]);
        memcpy(out + i, &half, sizeof half);
        fits &= carat_half_is_finite(half);
    }
    return fits;
}

CARAT_INLINE bool encode_row_bf16(const float *x, size_t columns, const float *importance, carat_block_bf16 *out) {
    (void)importance;
    bool fits = true;
    for (size_t i = 0; i < columns; i++) {
        const uint32_t bits = carat_bits_from_float(x[i]);
        const uint16_t upper = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        memcpy(out + i, &upper, sizeof upper);
        fits &= (upper & 0x7f80) != 0x7f80;
    }
    return fits;
}

CARAT_ENCODER(encode, f16)
CARAT_ENCODER(encode, bf16)
