#pragma once
// What Q4_K and Q5_K have in common: 8 groups of 32 weights with a 6-bit scale and a 6-bit min each.
#include "encode_high.h"

/// A super-block before its codes are packed.
typedef struct {
    uint16_t d, dmin;
    uint8_t scales[8], mins[8];
    uint8_t codes[CARAT_SUPER_BLOCK];
} carat_k32;

/// The twelve bytes of scales and mins: the first four groups have theirs whole, the low nibbles of the others follow,
/// their high bits lie on top of the first.
CARAT_INLINE void carat_pack_scales_mins(const carat_k32 *k, uint8_t out[12]) {
    for (int g = 0; g < 4; g++) {
        out[g] = (uint8_t)(k->scales[g] | k->scales[g + 4] >> 4 << 6);
        out[g + 4] = (uint8_t)(k->mins[g] | k->mins[g + 4] >> 4 << 6);
        out[g + 8] = (uint8_t)((k->scales[g + 4] & 15) | k->mins[g + 4] << 4);
    }
}

CARAT_INLINE uint8_t carat_at_most_63(int code) {
    const uint8_t byte = (uint8_t)code;
    return byte < 63 ? byte : 63;
}

/// Codes under the scales as they are stored. Groups whose scale became 0 keep the codes of the search.
CARAT_INLINE void carat_code_k32(const carat_f8 *x, carat_f8 *codes, int top, carat_k32 *out) {
    carat_f8 scale, min;
    const float d = carat_float_from_half(out->d), dmin = carat_float_from_half(out->dmin);
    for (int g = 0; g < 8; g++) {
        scale[g] = d * (float)out->scales[g];
        min[g] = dmin * (float)out->mins[g];
    }
    const carat_i8 is_zero = scale == 0;
    for (int i = 0; i < 32; i++) {
        const carat_f8 code = carat_wide_code8((x[i] + min) / scale, 0, top);
        codes[i] = is_zero ? codes[i] : code;
    }
    carat_scatter_codes(codes, 32, out->codes);
}

/// Scales and codes 0 ... top of one super-block, `candidates` without an importance matrix. False where weights are too
/// large for the search.
CARAT_INLINE bool carat_encode_k32(
    const float *row, const float *importance, int top, carat_candidates candidates, carat_k32 *out) {
    carat_f8 x[32], w[32], codes[32], scales, mins;
    float s[8], m[8], v[8];
    carat_gather_lanes(row, 32, 32, x);
    if (importance == NULL) {
        carat_f8 squares = carat_spread8(0);
        for (int i = 0; i < 32; i++) squares += x[i] * x[i];
        const carat_f8 mean = carat_sqrt8(squares / 32);
        for (int i = 0; i < 32; i++) w[i] = mean + carat_abs8(x[i]);
        carat_search_scale_and_min(x, w, 32, top, candidates, &scales, &mins, codes);

        float max_scale = 0, max_min = 0;
        for (int g = 0; g < 8; g++) {
            max_scale = scales[g] > max_scale ? scales[g] : max_scale;
            max_min = mins[g] > max_min ? mins[g] : max_min;
        }
        const float inverse_scale = max_scale > 0 ? 63.f / max_scale : 0, inverse_min = max_min > 0 ? 63.f / max_min : 0;
        for (int g = 0; g < 8; g++) {
            out->scales[g] = carat_at_most_63(carat_nearest(inverse_scale * scales[g]));
            out->mins[g] = carat_at_most_63(carat_nearest(inverse_min * mins[g]));
        }
        out->d = carat_half_from_float(max_scale / 63.f);
        out->dmin = carat_half_from_float(max_min / 63.f);
    } else {
        const float mean = 2 * carat_sum_squares(row) / CARAT_SUPER_BLOCK;
        if (!carat_all_finite(&mean, 1)) return false;
        carat_importance_weights(importance, x, 32, mean, w);
        const carat_candidates fine = {-0.9f, 0.05f, 36, false};
        carat_search_scale_and_min(x, w, 32, top, fine, &scales, &mins, codes);
        const carat_f8 sums = carat_sum_lanes(w, 32);
        memcpy(s, &scales, sizeof s);
        memcpy(m, &mins, sizeof m);
        memcpy(v, &sums, sizeof v);
        out->d = carat_half_from_float(carat_search_positive_scale(s, v, 8, 63, out->scales));
        out->dmin = carat_half_from_float(carat_search_positive_scale(m, v, 8, 63, out->mins));
    }
    carat_code_k32(x, codes, top, out);
    memcpy(s, &scales, sizeof s);
    memcpy(m, &mins, sizeof m);
    return carat_all_finite(s, 8) && carat_all_finite(m, 8);
}

/// The same with the search of `--effort high`.
CARAT_INLINE bool carat_encode_k32_high(
    const float *row, const float *importance, int top, carat_candidates candidates, carat_k32 *out) {
    const carat_shape shape = {1, 32, 0, (float)top, 0, 63, 63};
    carat_block_lanes block;
    carat_gather_block(row, importance, shape, &block);
    if (!carat_encode_k32(row, importance, top, candidates, out)) return false;
    if (!carat_half_is_finite(out->d) || !carat_half_is_finite(out->dmin)) return false;
    carat_solution start = {.d = carat_float_from_half(out->d), .dmin = carat_float_from_half(out->dmin)}, best;
    for (int g = 0; g < 8; g++) {
        start.scales[0][g] = out->scales[g];
        start.mins[0][g] = out->mins[g];
    }
    best = start;
    best.error = carat_sum8(carat_best_codes(
        block.x[0], block.w[0], shape, best.d * best.scales[0], best.dmin * best.mins[0], NULL));
    carat_improve(&block, shape, start, &best);

    const carat_candidates fine = {-0.9f, 0.05f, 36, false};
    carat_f8 scales[2], mins[2], codes[32];
    carat_search_scale_and_min(block.x[0], block.w[0], 32, top, fine, &scales[0], &mins[0], codes);
    for (int i = 0; i < 3; i++)
        carat_improve(&block, shape, carat_round_scales(shape, scales, mins, 63 - (float)(3 * i), 63), &best);

    out->d = carat_half_from_float(best.d);
    out->dmin = carat_half_from_float(best.dmin);
    for (int g = 0; g < 8; g++) {
        out->scales[g] = (uint8_t)best.scales[0][g];
        out->mins[g] = (uint8_t)best.mins[0][g];
    }
    (void)carat_best_codes(
        block.x[0], block.w[0], shape, best.d * best.scales[0], best.dmin * best.mins[0], codes);
    carat_scatter_codes(codes, 32, out->codes);
    return true;
}
