// Q2_K: 16 groups of 16 weights with a 4-bit scale and a 4-bit min each.
#include "encode_high.h"

typedef struct {
    carat_f8 x[2][16], codes[2][16];
    float scales[16], mins[16];
} groups_q2_k;

/// Scales as steps of the largest; mins likewise.
CARAT_INLINE uint16_t steps_of_largest(const float *numbers, uint8_t *steps) {
    float max = 0;
    for (int g = 0; g < 16; g++) max = numbers[g] > max ? numbers[g] : max;
    memset(steps, 0, 16);
    if (!(max > 0)) return 0;
    const float inverse = 15.f / max;
    for (int g = 0; g < 16; g++) steps[g] = (uint8_t)carat_nearest(inverse * numbers[g]);
    return carat_half_from_float(max / 15.f);
}

/// Codes under the scales as they are stored. Groups whose scale became 0 keep the codes of the search.
CARAT_INLINE void code_q2_k(groups_q2_k *groups, const carat_block_q2_k *block, uint8_t codes[CARAT_SUPER_BLOCK]) {
    const float d = carat_float_from_half(block->d), dmin = carat_float_from_half(block->dmin);
    for (int h = 0; h < 2; h++) {
        carat_f8 scale, min;
        for (int g = 0; g < 8; g++) {
            scale[g] = d * (float)(block->scales[8 * h + g] & 15);
            min[g] = dmin * (float)(block->scales[8 * h + g] >> 4);
        }
        const carat_i8 is_zero = scale == 0;
        for (int i = 0; i < 16; i++) {
            const carat_f8 code = carat_wide_code8((groups->x[h][i] + min) / scale, 0, 3);
            groups->codes[h][i] = is_zero ? groups->codes[h][i] : code;
        }
        carat_scatter_codes(groups->codes[h], 16, codes + 128 * h);
    }
}

CARAT_INLINE bool pack_q2_k(const uint8_t codes[CARAT_SUPER_BLOCK], carat_block_q2_k *out) {
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *k = codes + 128 * half + i;
            out->codes[32 * half + i] = (uint8_t)(k[0] | k[32] << 2 | k[64] << 4 | k[96] << 6);
        }
    return carat_half_is_finite(out->d) && carat_half_is_finite(out->dmin);
}

CARAT_INLINE bool encode_block_q2_k(const float *x, const float *importance, carat_block_q2_k *out) {
    groups_q2_k groups;
    carat_f8 w[16];
    float sums[16];
    const float mean = importance ? carat_sum_squares(x) / CARAT_SUPER_BLOCK : 0;
    if (!carat_all_finite(&mean, 1)) return false;
    for (int h = 0; h < 2; h++) {
        carat_f8 *const lanes = groups.x[h];
        carat_gather_lanes(x + 128 * h, 16, 16, lanes);
        carat_candidates candidates = {-0.5f, 0.1f, 15, true};
        if (importance) {
            candidates = (carat_candidates){-0.9f, 0.05f, 36, false};
            carat_importance_weights(importance + 128 * h, lanes, 16, mean, w);
        } else {
            for (int i = 0; i < 16; i++) w[i] = carat_abs8(lanes[i]);
        }
        carat_f8 scales, mins;
        carat_search_scale_and_min(lanes, w, 16, 3, candidates, &scales, &mins, groups.codes[h]);
        const carat_f8 sum = carat_sum_lanes(w, 16);
        memcpy(groups.scales + 8 * h, &scales, sizeof scales);
        memcpy(groups.mins + 8 * h, &mins, sizeof mins);
        memcpy(sums + 8 * h, &sum, sizeof sum);
    }
    uint8_t scales[16], mins[16], codes[CARAT_SUPER_BLOCK];
    if (importance) {
        out->d = carat_half_from_float(carat_search_positive_scale(groups.scales, sums, 16, 15, scales));
        out->dmin = carat_half_from_float(carat_search_positive_scale(groups.mins, sums, 16, 15, mins));
    } else {
        out->d = steps_of_largest(groups.scales, scales);
        out->dmin = steps_of_largest(groups.mins, mins);
    }
    for (int g = 0; g < 16; g++) out->scales[g] = (uint8_t)(scales[g] | mins[g] << 4);
    code_q2_k(&groups, out, codes);
    const bool fits = carat_all_finite(groups.scales, 16) && carat_all_finite(groups.mins, 16);
    return pack_q2_k(codes, out) && fits;
}

/// The search of `--effort high`.
CARAT_INLINE bool encode_high_block_q2_k(const float *x, const float *importance, carat_block_q2_k *out) {
    const carat_shape shape = {2, 16, 0, 3, 0, 15, 15};
    carat_block_lanes block;
    carat_gather_block(x, importance, shape, &block);
    if (!encode_block_q2_k(x, importance, out)) return false;
    carat_solution start = {.d = carat_float_from_half(out->d), .dmin = carat_float_from_half(out->dmin)}, best;
    carat_f8 scales[2], mins[2], codes[16];
    const carat_candidates fine = {-0.9f, 0.05f, 36, false};
    float error = 0;
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 8; g++) {
            start.scales[h][g] = out->scales[8 * h + g] & 15;
            start.mins[h][g] = out->scales[8 * h + g] >> 4;
        }
        error += carat_sum8(carat_best_codes(
            block.x[h], block.w[h], shape, start.d * start.scales[h], start.dmin * start.mins[h], NULL));
        carat_search_scale_and_min(block.x[h], block.w[h], 16, 3, fine, &scales[h], &mins[h], codes);
    }
    best = start;
    best.error = error;
    carat_improve(&block, shape, start, &best);
    for (int i = 0; i < 4; i++)
        carat_improve(
            &block, shape, carat_round_scales(shape, scales, mins, 15 - (float)i, 15 - (float)(i / 2)), &best);

    uint8_t bytes[CARAT_SUPER_BLOCK];
    out->d = carat_half_from_float(best.d);
    out->dmin = carat_half_from_float(best.dmin);
    for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 8; g++)
            out->scales[8 * h + g] = (uint8_t)((int)best.scales[h][g] | (int)best.mins[h][g] << 4);
        (void)carat_best_codes(
            block.x[h], block.w[h], shape, best.d * best.scales[h], best.dmin * best.mins[h], codes);
        carat_scatter_codes(codes, 16, bytes + 128 * h);
    }
    return pack_q2_k(bytes, out);
}

CARAT_INLINE bool encode_high_row_q2_k(
    const float *x, size_t columns, const float *importance, carat_block_q2_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK)
        fits &= encode_high_block_q2_k(x + k, importance ? importance + k : NULL, out++);
    return fits;
}

CARAT_INLINE bool encode_row_q2_k(const float *x, size_t columns, const float *importance, carat_block_q2_k *out) {
    bool fits = true;
    for (size_t k = 0; k < columns; k += CARAT_SUPER_BLOCK)
        fits &= encode_block_q2_k(x + k, importance ? importance + k : NULL, out++);
    return fits;
}

CARAT_ENCODER(encode, q2_k)
CARAT_ENCODER(encode_high, q2_k)
