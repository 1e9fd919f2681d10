// Q4_K: 256 weights of 4 bits in 144 bytes; 8 groups of 32 with a 6-bit scale and a 6-bit min each.
//
// Each 32 bytes hold 64 weights: the low nibbles are the first 32, the high nibbles the second.
#include "portable.h"

static void unpack_q4_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q4_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = carat_float_from_half(w->dmin);
    carat_unpack_scales_mins(w->scales, out);
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++) {
            out->codes[64 * pair + i] = w->codes[32 * pair + i] & 15;
            out->codes[64 * pair + 32 + i] = w->codes[32 * pair + i] >> 4;
        }
}

CARAT_PORTABLE_K(q4_k)
