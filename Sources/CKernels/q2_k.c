// Q2_K: 256 weights of 2 bits in 84 bytes; 16 groups of 16 with a 4-bit scale and a 4-bit min each.
//
// A half of 128 weights lies in 32 bytes: bits 0-1 hold its weights 0..31, bits 2-3 weights 32..63, and so on.
#include "portable.h"

static void unpack_q2_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q2_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = carat_float_from_half(w->dmin);
    for (int g = 0; g < 16; g++) {
        out->scales[g] = w->scales[g] & 15;
        out->mins[g] = w->scales[g] >> 4;
    }
    for (int half = 0; half < 2; half++)
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 32; i++)
                out->codes[128 * half + 32 * plane + i] = (w->codes[32 * half + i] >> (2 * plane)) & 3;
}

CARAT_PORTABLE_K(q2_k)
