// Q5_K: low nibbles as in Q4_K; the fifth bit of weight i is bit i / 32 of byte i % 32.
#include "encode_k32.h"

CARAT_INLINE bool pack_q5_k(const carat_k32 *k, carat_block_q5_k *out) {
    out->d = k->d;
    out->dmin = k->dmin;
    carat_pack_scales_mins(k, out->scales);
    for (int i = 0; i < 32; i++) {
        uint8_t high = 0;
        for (int g = 0; g < 8; g++) high |= (uint8_t)(k->codes[32 * g + i] >> 4 << g);
        out->high[i] = high;
    }
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++)
            out->low[32 * pair + i] =
                (uint8_t)((k->codes[64 * pair + i] & 15) | k->codes[64 * pair + 32 + i] << 4);
    return carat_half_is_finite(k->d) && carat_half_is_finite(k->dmin);
}

static const carat_candidates candidates_q5_k = {-0.5f, 0.1f, 15, false};

CARAT_INLINE bool encode_row_q5_k(const float *x, size_t columns, const float *importance, carat_block_q5_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK) {
        carat_k32 block;
        fits &= carat_encode_k32(x + k, importance ? importance + k : NULL, 31, candidates_q5_k, &block);
        fits &= pack_q5_k(&block, out++);
    }
    return fits;
}

CARAT_INLINE bool encode_high_row_q5_k(
    const float *x, size_t columns, const float *importance, carat_block_q5_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK) {
        carat_k32 block;
        fits &= carat_encode_k32_high(x + k, importance ? importance + k : NULL, 31, candidates_q5_k, &block);
        fits &= pack_q5_k(&block, out++);
    }
    return fits;
}

CARAT_ENCODER(encode, q5_k)
CARAT_ENCODER(encode_high, q5_k)
