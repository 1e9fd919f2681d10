// Q6_K: 16 groups of 16 weights with a signed 8-bit scale each and no min.
#include "encode_high.h"

CARAT_INLINE void pack_q6_k(const uint8_t codes[CARAT_SUPER_BLOCK], carat_block_q6_k *out) {
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *k = codes + 128 * half + i;
            out->low[64 * half + i] = (uint8_t)((k[0] & 15) | k[64] << 4);
            out->low[64 * half + 32 + i] = (uint8_t)((k[32] & 15) | k[96] << 4);
            out->high[32 * half + i] = (uint8_t)(k[0] >> 4 | k[32] >> 4 << 2 | k[64] >> 4 << 4 | k[96] >> 4 << 6);
        }
}

CARAT_INLINE bool encode_block_q6_k(const float *row, const float *importance, carat_block_q6_k *out) {
    carat_f8 x[2][16], code_lanes[2][16], w[16];
    float scales[16];
    for (int h = 0; h < 2; h++) {
        carat_f8 found;
        carat_gather_lanes(row + 128 * h, 16, 16, x[h]);
        if (importance)
            carat_gather_lanes(importance + 128 * h, 16, 16, w);
        else
            for (int i = 0; i < 16; i++) w[i] = x[h][i] * x[h][i];
        carat_search_scale(x[h], w, 16, 32, &found, code_lanes[h]);
        memcpy(scales + 8 * h, &found, sizeof found);
    }
    float max = 0, largest = 0;
    for (int g = 0; g < 16; g++) {
        const float size = __builtin_fabsf(scales[g]);
        max = size > largest ? scales[g] : max;
        largest = size > largest ? size : largest;
    }
    if (largest < CARAT_LEAST_MAGNITUDE) {
        memset(out, 0, sizeof *out);
        return carat_all_finite(scales, 16);
    }
    const float inverse = -128.f / max;
    out->d = carat_half_from_float(1 / inverse);
    for (int g = 0; g < 16; g++) {
        const int step = carat_nearest(inverse * scales[g]);
        out->scales[g] = (int8_t)(step < 127 ? step : 127);
    }
    uint8_t codes[CARAT_SUPER_BLOCK];
    const float d = carat_float_from_half(out->d);
    for (int h = 0; h < 2; h++) {
        carat_f8 scale;
        for (int g = 0; g < 8; g++) scale[g] = d * (float)out->scales[8 * h + g];
        const carat_i8 is_zero = scale == 0;
        for (int i = 0; i < 16; i++) {
            const carat_f8 code = carat_wide_code8(x[h][i] / scale, -32, 31) + 32;
            code_lanes[h][i] = is_zero ? code_lanes[h][i] : code;
        }
        carat_scatter_codes(code_lanes[h], 16, codes + 128 * h);
    }
    pack_q6_k(codes, out);
    return carat_half_is_finite(out->d) && carat_all_finite(scales, 16);
}

CARAT_INLINE bool encode_row_q6_k(const float *x, size_t columns, const float *importance, carat_block_q6_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK)
        fits &= encode_block_q6_k(x + k, importance ? importance + k : NULL, out++);
    return fits;
}

CARAT_ENCODER(encode, q6_k)

/// The search of `--effort high`.
CARAT_INLINE bool encode_high_block_q6_k(const float *x, const float *importance, carat_block_q6_k *out) {
    const carat_shape shape = {2, 16, -32, 31, -128, 127, 0};
    carat_block_lanes block;
    carat_gather_block(x, importance, shape, &block);
    if (!encode_block_q6_k(x, importance, out)) return false;
    carat_solution start = {.d = carat_float_from_half(out->d)}, best;
    carat_f8 scales[2], mins[2], codes[16];
    float error = 0;
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 8; g++) start.scales[h][g] = (float)out->scales[8 * h + g];
        start.mins[h] = mins[h] = carat_spread8(0);
        error += carat_sum8(
            carat_best_codes(block.x[h], block.w[h], shape, start.d * start.scales[h], mins[h], NULL));
        carat_search_scale(block.x[h], block.w[h], 16, 32, &scales[h], codes);
    }
    best = start;
    best.error = error;
    carat_improve(&block, shape, start, &best);
    for (int i = 0; i < 4; i++)
        carat_improve(&block, shape, carat_round_scales(shape, scales, mins, -128 + (float)(4 * i), 0), &best);

    uint8_t bytes[CARAT_SUPER_BLOCK];
    out->d = carat_half_from_float(best.d);
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 8; g++) out->scales[8 * h + g] = (int8_t)best.scales[h][g];
        (void)carat_best_codes(block.x[h], block.w[h], shape, best.d * best.scales[h], mins[h], codes);
        for (int i = 0; i < 16; i++) codes[i] += 32;
        carat_scatter_codes(codes, 16, bytes + 128 * h);
    }
    pack_q6_k(bytes, out);
    return carat_half_is_finite(out->d);
}

CARAT_INLINE bool encode_high_row_q6_k(
    const float *x, size_t columns, const float *importance, carat_block_q6_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK)
        fits &= encode_high_block_q6_k(x + k, importance ? importance + k : NULL, out++);
    return fits;
}

CARAT_ENCODER(encode_high, q6_k)
