// Q5_K: 256 weights of 5 bits in 176 bytes; 8 groups of 32 with a 6-bit scale and a 6-bit min each.
//
// The four low bits lie as in Q4_K. The high bits lie in 32 bytes: bit g holds group g.
#include "portable.h"

static void unpack_q5_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q5_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = carat_float_from_half(w->dmin);
    carat_unpack_scales_mins(w->scales, out);
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++) {
            const int low = w->low[32 * pair + i], high = w->high[i] >> (2 * pair);
            out->codes[64 * pair + i] = (int8_t)((low & 15) | (high & 1) << 4);
            out->codes[64 * pair + 32 + i] = (int8_t)(low >> 4 | (high >> 1 & 1) << 4);
        }
}

CARAT_PORTABLE_K(q5_k)
