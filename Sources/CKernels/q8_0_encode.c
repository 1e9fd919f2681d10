// Q8_0: code = x / d, halves away from zero, under d = largest / 127.
#include "encode_lanes.h"

CARAT_INLINE bool encode_row_q8_0(const float *x, size_t columns, const float *importance, carat_block_q8_0 *out) {
    (void)importance;  // d follows from the largest weight alone
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_BLOCK, x += CARAT_BLOCK, out++) {
        float largest = 0;
        for (int i = 0; i < CARAT_BLOCK; i++) {
            const float size = __builtin_fabsf(x[i]);
            largest = largest > size ? largest : size;
        }
        const float d = largest / 127;
        // A d so small that it has no inverse is 0 as a half float: so are the codes.
        const float inverse = 1 / d <= 3.402823466e38f ? 1 / d : 0;
        out->d = carat_half_from_float(d);
        // Adding the number just below a half and cutting off rounds halves away from zero.
        for (int i = 0; i < CARAT_BLOCK; i++) {
            const float code = x[i] * inverse;
            out->codes[i] = (int8_t)(int)(code + __builtin_copysignf(0x1.fffffep-2f, code));
        }
        fits &= carat_half_is_finite(out->d);
    }
    return fits;
}

CARAT_ENCODER(encode, q8_0)
