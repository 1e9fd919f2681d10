// Q3_K: 16 groups of 16 weights with a signed 6-bit scale each and no min.
#include "encode_high.h"

/// The scale of eight groups under weights x^2, and codes -4 ... 3 given as 0 ... 7: the first codes come from the
/// largest weight, then each code in turn takes the value that suits the others best.
CARAT_INLINE void refine_scale(const carat_f8 *x, carat_f8 *scale_out, carat_f8 *codes) {
    carat_f8 max = carat_spread8(0), largest = max, w[16];
    for (int i = 0; i < 16; i++) {
        const carat_f8 size = carat_abs8(x[i]);
        max = size > largest ? x[i] : max;
        largest = size > largest ? size : largest;
        w[i] = x[i] * x[i];
    }
    const carat_i8 is_zero = largest < CARAT_LEAST_MAGNITUDE;
    const carat_f8 inverse = -4.f / max;
    carat_f8 sum_lx = carat_spread8(0), sum_l2 = sum_lx;
    for (int i = 0; i < 16; i++) {
        codes[i] = carat_code8(inverse * x[i], -4, 3);
        sum_lx += w[i] * x[i] * codes[i];
        sum_l2 += w[i] * codes[i] * codes[i];
    }
    for (int round = 0; round < 5; round++) {
        carat_i8 has_changed = (carat_i8)0;
        for (int i = 0; i < 16; i++) {
            carat_f8 lx = sum_lx - w[i] * x[i] * codes[i], l2 = sum_l2 - w[i] * codes[i] * codes[i];
            const carat_f8 code = carat_wide_code8(x[i] * l2 / lx, -4, 3);
            const carat_i8 may_change = (lx > 0) & (code != codes[i]);
            lx += w[i] * x[i] * code;
            l2 += w[i] * code * code;
            const carat_i8 is_better = may_change & (l2 > 0) & (lx * lx * sum_l2 > sum_lx * sum_lx * l2);
            codes[i] = is_better ? code : codes[i];
            sum_lx = is_better ? lx : sum_lx;
            sum_l2 = is_better ? l2 : sum_l2;
            has_changed |= is_better;
        }
        // A round that changes nothing would be followed by the same, so lanes need not stop on their own.
        if (__builtin_reduce_or(has_changed) == 0) break;
    }
    for (int i = 0; i < 16; i++) codes[i] = is_zero ? carat_spread8(0) : codes[i] + 4;
    const carat_f8 scale = sum_l2 > 0 ? sum_lx / sum_l2 : carat_spread8(0);
    *scale_out = is_zero ? carat_spread8(0) : scale;
}

/// Scales as steps of the largest: 0 ... 63 stand for -32 ... 31.
CARAT_INLINE uint16_t steps_of_largest(const float scales[16], uint8_t steps[16]) {
    float max = 0, largest = 0;
    for (int g = 0; g < 16; g++) {
        const float size = __builtin_fabsf(scales[g]);
        max = size > largest ? scales[g] : max;
        largest = size > largest ? size : largest;
    }
    memset(steps, 0, 16);
    if (max == 0) return 0;
    const float inverse = -32.f / max;
    for (int g = 0; g < 16; g++) {
        const int8_t step = (int8_t)carat_nearest(inverse * scales[g]);
        steps[g] = (uint8_t)((step < -32 ? -32 : step > 31 ? 31 : step) + 32);
    }
    return carat_half_from_float(1 / inverse);
}

CARAT_INLINE uint16_t searched_steps(const float scales[16], const float weights[16], uint8_t steps[16]) {
    // one group of sixteen scales in lane 0
    carat_f8 x[16], w[16], codes[16], scale;
    for (int g = 0; g < 16; g++) {
        x[g] = carat_spread8(scales[g]);
        w[g] = carat_spread8(weights[g]);
    }
    carat_search_scale(x, w, 16, 32, &scale, codes);
    for (int g = 0; g < 16; g++) steps[g] = (uint8_t)(int)codes[g][0];
    return carat_half_from_float(scale[0]);
}

CARAT_INLINE bool pack_q3_k(
    uint16_t d, const uint8_t steps[16], const uint8_t codes[CARAT_SUPER_BLOCK], carat_block_q3_k *out) {
    for (int g = 0; g < 8; g++) out->scales[g] = (uint8_t)((steps[g] & 15) | steps[g + 8] << 4);
    for (int g = 0; g < 4; g++)
        out->scales[8 + g] = (uint8_t)(
            steps[g] >> 4 | steps[g + 4] >> 4 << 2 | steps[g + 8] >> 4 << 4 | steps[g + 12] >> 4 << 6);
    for (int i = 0; i < 32; i++) {
        uint8_t high = 0;
        for (int k = 0; k < 8; k++) high |= (uint8_t)(codes[32 * k + i] >> 2 << k);
        out->high[i] = high;
        for (int half = 0; half < 2; half++) {
            const uint8_t *k = codes + 128 * half + i;
            out->low[32 * half + i] =
                (uint8_t)((k[0] & 3) | (k[32] & 3) << 2 | (k[64] & 3) << 4 | (k[96] & 3) << 6);
        }
    }
    out->d = d;
    return carat_half_is_finite(d);
}

CARAT_INLINE bool encode_block_q3_k(const float *row, const float *importance, carat_block_q3_k *out) {
    carat_f8 x[2][16], code_lanes[2][16], w[16];
    float scales[16], sums[16];
    const float mean = importance ? 2 * carat_sum_squares(row) / CARAT_SUPER_BLOCK : 0;
    for (int h = 0; h < 2; h++) {
        carat_f8 found;
        carat_gather_lanes(row + 128 * h, 16, 16, x[h]);
        if (importance) {
            carat_importance_weights(importance + 128 * h, x[h], 16, mean, w);
            carat_search_scale(x[h], w, 16, 4, &found, code_lanes[h]);
            const carat_f8 sum = carat_sum_lanes(w, 16);
            memcpy(sums + 8 * h, &sum, sizeof sum);
        } else {
            refine_scale(x[h], &found, code_lanes[h]);
        }
        memcpy(scales + 8 * h, &found, sizeof found);
    }
    uint8_t steps[16], codes[CARAT_SUPER_BLOCK];
    const uint16_t half = importance ? searched_steps(scales, sums, steps) : steps_of_largest(scales, steps);
    const float d = carat_float_from_half(half);
    for (int h = 0; h < 2; h++) {
        carat_f8 scale;
        for (int g = 0; g < 8; g++) scale[g] = d * (float)(steps[8 * h + g] - 32);
        const carat_i8 is_zero = scale == 0;
        for (int i = 0; i < 16; i++) {
            const carat_f8 code = carat_wide_code8(x[h][i] / scale, -4, 3) + 4;
            code_lanes[h][i] = is_zero ? code_lanes[h][i] : code;
        }
        carat_scatter_codes(code_lanes[h], 16, codes + 128 * h);
    }
    return pack_q3_k(half, steps, codes, out) && carat_all_finite(scales, 16);
}

CARAT_INLINE bool encode_row_q3_k(const float *x, size_t columns, const float *importance, carat_block_q3_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK)
        fits &= encode_block_q3_k(x + k, importance ? importance + k : NULL, out++);
    return fits;
}

CARAT_ENCODER(encode, q3_k)

CARAT_INLINE int read_step(const carat_block_q3_k *block, int g) {
    const int low = block->scales[g % 8] >> (4 * (g / 8)) & 15, high = block->scales[8 + g % 4] >> (2 * (g / 4)) & 3;
    return (low | high << 4) - 32;
}

/// The search of `--effort high`.
CARAT_INLINE bool encode_high_block_q3_k(const float *x, const float *importance, carat_block_q3_k *out) {
    const carat_shape shape = {2, 16, -4, 3, -32, 31, 0};
    carat_block_lanes block;
    carat_gather_block(x, importance, shape, &block);
    if (!encode_block_q3_k(x, importance, out)) return false;
    carat_solution start = {.d = carat_float_from_half(out->d)}, best;
    carat_f8 scales[2], mins[2], codes[16];
    float error = 0;
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 8; g++) start.scales[h][g] = (float)read_step(out, 8 * h + g);
        start.mins[h] = mins[h] = carat_spread8(0);
        error += carat_sum8(
            carat_best_codes(block.x[h], block.w[h], shape, start.d * start.scales[h], mins[h], NULL));
        carat_search_scale(block.x[h], block.w[h], 16, 4, &scales[h], codes);
    }
    best = start;
    best.error = error;
    carat_improve(&block, shape, start, &best);
    for (int i = 0; i < 4; i++)
        carat_improve(&block, shape, carat_round_scales(shape, scales, mins, -32 + (float)(2 * i), 0), &best);

    uint8_t bytes[CARAT_SUPER_BLOCK], steps[16];
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 8; g++) steps[8 * h + g] = (uint8_t)((int)best.scales[h][g] + 32);
        (void)carat_best_codes(block.x[h], block.w[h], shape, best.d * best.scales[h], mins[h], codes);
        for (int i = 0; i < 16; i++) codes[i] += 4;
        carat_scatter_codes(codes, 16, bytes + 128 * h);
    }
    return pack_q3_k(carat_half_from_float(best.d), steps, bytes, out);
}

CARAT_INLINE bool encode_high_row_q3_k(
    const float *x, size_t columns, const float *importance, carat_block_q3_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK)
        fits &= encode_high_block_q3_k(x + k, importance ? importance + k : NULL, out++);
    return fits;
}

CARAT_ENCODER(encode_high, q3_k)
