// Q6_K: 256 weights of 6 bits in 210 bytes; 16 groups of 16 with a signed 8-bit scale each.
//
// A half of 128 weights lies in 64 bytes of low nibbles (low: weights 0..63, high: 64..127) and 32 bytes of high bits
// (bits 0-1 hold weights 0..31, bits 2-3 weights 32..63, and so on).
#include "portable.h"

static void unpack_q6_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q6_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = 0;
    memset(out->mins, 0, sizeof out->mins);
    memcpy(out->scales, w->scales, sizeof out->scales);
    for (int half = 0; half < 2; half++)
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 32; i++) {
                const int low = (w->low[64 * half + 32 * (plane % 2) + i] >> (4 * (plane / 2))) & 15;
                const int high = (w->high[32 * half + i] >> (2 * plane)) & 3;
                out->codes[128 * half + 32 * plane + i] = (int8_t)((low | high << 4) - 32);
            }
}

CARAT_PORTABLE_K(q6_k)
