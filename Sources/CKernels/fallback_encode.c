// Q4_0, Q5_0 and Q5_1: blocks of 32, for rows that are no whole number of super-blocks.
//
// Such rows are few and narrow; eight blocks at a time are searched as eight groups where there is an importance matrix.
#include "encode_search.h"

typedef struct __attribute__((packed)) {
    uint16_t d;
    uint8_t codes[16];
} carat_block_q4_0;

typedef struct __attribute__((packed)) {
    uint16_t d;
    uint8_t high[4];
    uint8_t codes[16];
} carat_block_q5_0;

typedef struct __attribute__((packed)) {
    uint16_t d, min;
    uint8_t high[4];
    uint8_t codes[16];
} carat_block_q5_1;

enum { CARAT_WEIGHTS_q4_0 = 32, CARAT_WEIGHTS_q5_0 = 32, CARAT_WEIGHTS_q5_1 = 32 };

/// Code i in the low nibble of byte i, code i + 16 in the high; the fifth bits one after another.
CARAT_INLINE void pack32(const uint8_t codes[32], uint8_t out[16], uint8_t *high) {
    for (int i = 0; i < 16; i++) out[i] = (uint8_t)((codes[i] & 15) | codes[i + 16] << 4);
    for (int i = 0; high != NULL && i < 4; i++) {
        high[i] = 0;
        for (int k = 0; k < 8; k++) high[i] |= (uint8_t)((codes[8 * i + k] >> 4 & 1) << k);
    }
}

/// Codes 0 ..< 2 * bound for -bound ..< bound, under d = largest / -bound.
CARAT_INLINE float code_symmetric(const float *x, int bound, uint8_t codes[32]) {
    float largest = 0, max = 0;
    for (int i = 0; i < 32; i++) {
        const float size = __builtin_fabsf(x[i]);
        max = largest < size ? x[i] : max;
        largest = largest < size ? size : largest;
    }
    const float d = max / (float)-bound, inverse = d != 0 ? 1 / d : 0;
    memset(codes, 0, 32);
    if (!(__builtin_fabsf(inverse) <= 3.402823466e38f)) return d;  // a d so small is 0 as a half float
    for (int i = 0; i < 32; i++) {
        const int code = (int)(x[i] * inverse + ((float)bound + 0.5f));
        codes[i] = (uint8_t)(code < 2 * bound ? code : 2 * bound - 1);
    }
    return d;
}

/// The weights of up to eight blocks' errors under an importance matrix, whose rows' squares have this mean.
CARAT_INLINE size_t gather_blocks(
    const float *x, const float *importance, size_t columns, float mean, carat_f8 *lanes, carat_f8 *w) {
    const size_t blocks = columns / 32 < 8 ? columns / 32 : 8;
    float row[256] = {0}, weights[256] = {0};
    memcpy(row, x, blocks * 32 * sizeof *row);
    memcpy(weights, importance, blocks * 32 * sizeof *weights);
    carat_gather_lanes(row, 32, 32, lanes);
    carat_importance_weights(weights, lanes, 32, mean, w);
    return blocks;
}

CARAT_INLINE float mean_square(const float *x, size_t columns) {
    float sum = 0;
    for (size_t i = 0; i < columns; i++) sum += x[i] * x[i];
    return sum / (float)columns;
}

/// d and the codes of each block of a row go to `pack`.
#define ENCODE_SYMMETRIC(format, bound, high_bits)                                                                    \
    CARAT_INLINE bool pack_##format(float d, const uint8_t *codes, carat_block_##format *out) {                       \
        out->d = carat_half_from_float(d);                                                                            \
        pack32(codes, out->codes, high_bits);                                                                         \
        return carat_half_is_finite(out->d);                                                                          \
    }                                                                                                                 \
    CARAT_INLINE bool encode_row_##format(                                                                            \
        const float *x, size_t columns, const float *importance, carat_block_##format *out) {                         \
        bool fits = true;                                                                                             \
        uint8_t codes[256];                                                                                           \
        if (importance == NULL) {                                                                                     \
            for (size_t k = 0; k < columns; k += 32, out++)                                                           \
                fits &= pack_##format(code_symmetric(x + k, bound, codes), codes, out);                               \
            return fits;                                                                                              \
        }                                                                                                             \
        const float mean = mean_square(x, columns);                                                                   \
        for (size_t k = 0; k < columns; k += 256) {                                                                   \
            carat_f8 lanes[32], w[32], code_lanes[32], scales;                                                        \
            const size_t blocks = gather_blocks(x + k, importance + k, columns - k, mean, lanes, w);                  \
            carat_search_scale(lanes, w, 32, bound, &scales, code_lanes);                                             \
            carat_scatter_codes(code_lanes, 32, codes);                                                               \
            for (size_t b = 0; b < blocks; b++) fits &= pack_##format(scales[b], codes + 32 * b, out++);              \
        }                                                                                                             \
        return fits;                                                                                                  \
    }

ENCODE_SYMMETRIC(q4_0, 8, NULL)
ENCODE_SYMMETRIC(q5_0, 16, out->high)

CARAT_INLINE bool pack_q5_1(float d, float min, const uint8_t *codes, carat_block_q5_1 *out) {
    out->d = carat_half_from_float(d);
    out->min = carat_half_from_float(min);
    pack32(codes, out->codes, out->high);
    return carat_half_is_finite(out->d) && carat_half_is_finite(out->min);
}

/// Codes 0 ... 31 under d = (largest - least) / 31.
CARAT_INLINE bool encode_block_q5_1(const float *x, carat_block_q5_1 *out) {
    float min = x[0], max = x[0];
    for (int i = 1; i < 32; i++) {
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
    }
    const float d = (max - min) / 31, inverse = d != 0 && 1 / d <= 3.402823466e38f ? 1 / d : 0;
    uint8_t codes[32] = {0};
    for (int i = 0; d <= 3.402823466e38f && i < 32; i++) codes[i] = (uint8_t)(int)((x[i] - min) * inverse + 0.5f);
    return pack_q5_1(d, min, codes, out);
}

CARAT_INLINE bool encode_row_q5_1(const float *x, size_t columns, const float *importance, carat_block_q5_1 *out) {
    bool fits = true;
    if (importance == NULL) {
        for (size_t k = 0; k < columns; k += 32) fits &= encode_block_q5_1(x + k, out++);
        return fits;
    }
    const float mean = mean_square(x, columns);
    const carat_candidates candidates = {-0.9f, 0.05f, 36, false};
    for (size_t k = 0; k < columns; k += 256) {
        carat_f8 lanes[32], w[32], code_lanes[32], scales, mins;
        uint8_t codes[256];
        const size_t blocks = gather_blocks(x + k, importance + k, columns - k, mean, lanes, w);
        carat_search_scale_and_min(lanes, w, 32, 31, candidates, &scales, &mins, code_lanes);
        carat_scatter_codes(code_lanes, 32, codes);
        for (size_t b = 0; b < blocks; b++) fits &= pack_q5_1(scales[b], -mins[b], codes + 32 * b, out++);
    }
    return fits;
}

CARAT_ENCODER(encode, q4_0)
CARAT_ENCODER(encode, q5_0)
CARAT_ENCODER(encode, q5_1)
