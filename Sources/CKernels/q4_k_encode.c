// Q4_K: the codes of two groups share 32 bytes, the first in the low nibbles.
#include "encode_k32.h"

CARAT_INLINE bool pack_q4_k(const carat_k32 *k, carat_block_q4_k *out) {
    out->d = k->d;
    out->dmin = k->dmin;
    carat_pack_scales_mins(k, out->scales);
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++)
            out->codes[32 * pair + i] = (uint8_t)(k->codes[64 * pair + i] | k->codes[64 * pair + 32 + i] << 4);
    return carat_half_is_finite(k->d) && carat_half_is_finite(k->dmin);
}

static const carat_candidates candidates_q4_k = {-1.f, 0.1f, 20, false};

CARAT_INLINE bool encode_row_q4_k(const float *x, size_t columns, const float *importance, carat_block_q4_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK) {
        carat_k32 block;
        fits &= carat_encode_k32(x + k, importance ? importance + k : NULL, 15, candidates_q4_k, &block);
        fits &= pack_q4_k(&block, out++);
    }
    return fits;
}

CARAT_INLINE bool encode_high_row_q4_k(
    const float *x, size_t columns, const float *importance, carat_block_q4_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK) {
        carat_k32 block;
        fits &= carat_encode_k32_high(x + k, importance ? importance + k : NULL, 15, candidates_q4_k, &block);
        fits &= pack_q4_k(&block, out++);
    }
    return fits;
}

CARAT_ENCODER(encode, q4_k)
CARAT_ENCODER(encode_high, q4_k)
