// Q3_K: 256 weights of 3 bits in 110 bytes; 16 groups of 16 with a signed 6-bit scale each.
//
// The two low bits lie as in Q2_K. The high bits lie in 32 bytes: bit p holds weights 32 * p ..< 32 * p + 32.
#include "portable.h"

static void unpack_q3_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q3_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = 0;
    memset(out->mins, 0, sizeof out->mins);
    for (int g = 0; g < 16; g++) {
        const int low = (w->scales[g % 8] >> (4 * (g / 8))) & 15, high = (w->scales[8 + g % 4] >> (2 * (g / 4))) & 3;
        out->scales[g] = (int8_t)((low | high << 4) - 32);
    }
    for (int half = 0; half < 2; half++)
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 32; i++) {
                const int low = (w->low[32 * half + i] >> (2 * plane)) & 3, high = (w->high[i] >> (4 * half + plane)) & 1;
                out->codes[128 * half + 32 * plane + i] = (int8_t)((low | high << 2) - 4);
            }
}

CARAT_PORTABLE_K(q3_k)
