#pragma once
// Searches for the scales of groups of weights, as llama.cpp's quantizer makes them: the same candidates and the same
// order of Float operations, eight groups at a time.
#include "encode_lanes.h"

/// Below it a group is zeros.
#define CARAT_LEAST_MAGNITUDE 1e-15f

/// Candidates for the number of steps from a group's least to its largest weight.
typedef struct {
    float first, step;  // candidate i is top + first + i * step
    int last;           // the last i
    bool is_absolute;   // whether errors are compared by size, not by square
} carat_candidates;

/// Sums over a group: w * code, w * code^2 and w * code * x.
typedef struct {
    carat_f8 l, l2, xl;
} carat_code_sums;

/// Codes 0 ... top of x - min in steps of 1 / inverse, and their sums. `is_wide`: quotients may be of any size.
CARAT_INLINE carat_code_sums carat_try_step(
    const carat_f8 *x, const carat_f8 *w, int n, int top, carat_f8 inverse, carat_f8 min, bool is_wide,
    carat_f8 *codes) {
    carat_code_sums sums = {carat_spread8(0), carat_spread8(0), carat_spread8(0)};
    for (int i = 0; i < n; i++) {
        const carat_f8 quotient = inverse * (x[i] - min);
        const carat_f8 code = is_wide ? carat_wide_code8(quotient, 0, top) : carat_code8(quotient, 0, (float)top);
        codes[i] = code;
        const carat_f8 weighted = w[i] * code;
        sums.l += weighted;
        sums.l2 += weighted * code;
        sums.xl += weighted * x[i];
    }
    return sums;
}

CARAT_INLINE carat_f8 carat_step_error(
    const carat_f8 *x, const carat_f8 *w, int n, carat_f8 scale, carat_f8 min, bool is_absolute,
    const carat_f8 *codes) {
    carat_f8 error = carat_spread8(0);
    for (int i = 0; i < n; i++) {
        const carat_f8 diff = scale * codes[i] + min - x[i];
        error += w[i] * (is_absolute ? carat_abs8(diff) : diff * diff);
    }
    return error;
}

/// The scale and min of eight groups of `n` weights under weights `w` of their errors, and codes 0 ... top:
/// x = scale * code - min, min not negative.
///
/// Each candidate gives codes, the codes give scale and min by least squares, and the best of these stay.
/// Later candidates start from the min that is the best so far.
CARAT_INLINE void carat_search_scale_and_min(
    const carat_f8 *x, const carat_f8 *w, int n, int top, carat_candidates candidates, carat_f8 *scale_out,
    carat_f8 *min_out, carat_f8 *codes) {
    carat_f8 least = x[0], max = x[0], sum_w = w[0], sum_x = w[0] * x[0];
    for (int i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        max = x[i] > max ? x[i] : max;
        sum_w += w[i];
        sum_x += w[i] * x[i];
    }
    carat_f8 min = least > 0 ? carat_spread8(0) : least;
    const carat_i8 is_flat = max <= min;
    const carat_f8 flat_min = min;

    carat_f8 inverse = (float)top / (max - min);
    carat_f8 scale = 1 / inverse;
    (void)carat_try_step(x, w, n, top, inverse, min, true, codes);
    carat_f8 best = carat_step_error(x, w, n, scale, min, candidates.is_absolute, codes);
    carat_f8 best_inverse = inverse, best_min = min;

    for (int step = 0; step <= candidates.last; step++) {
        inverse = (candidates.first + candidates.step * (float)step + (float)top) / (max - min);
        // A min near the largest weight makes quotients that a Float rounder does not hold; so do the least of ranges.
        const carat_f8 above = carat_abs8(max - min), below = carat_abs8(least - min);
        const carat_i8 is_narrow = carat_abs8(inverse) * (above > below ? above : below) < 0x1p21f;
        const carat_code_sums sums =
            __builtin_reduce_and(is_narrow | is_flat) != 0
                ? carat_try_step(x, w, n, top, inverse, min, false, codes)
                : carat_try_step(x, w, n, top, inverse, min, true, codes);
        const carat_f8 determinant = sum_w * sums.l2 - sums.l * sums.l;
        carat_f8 this_scale = (sum_w * sums.xl - sum_x * sums.l) / determinant;
        carat_f8 this_min = (sums.l2 * sum_x - sums.l * sums.xl) / determinant;
        this_scale = this_min > 0 ? sums.xl / sums.l2 : this_scale;
        this_min = this_min > 0 ? carat_spread8(0) : this_min;
        const carat_f8 error = carat_step_error(x, w, n, this_scale, this_min, candidates.is_absolute, codes);
        const carat_i8 is_better = (determinant > 0) & (error < best);
        best = is_better ? error : best;
        scale = is_better ? this_scale : scale;
        best_inverse = is_better ? inverse : best_inverse;
        best_min = is_better ? min : best_min;
        min = is_better ? this_min : min;
    }
    (void)carat_try_step(x, w, n, top, best_inverse, best_min, true, codes);
    for (int i = 0; i < n; i++) codes[i] = is_flat ? carat_spread8(0) : codes[i];
    *scale_out = is_flat ? carat_spread8(0) : scale;
    *min_out = -(is_flat ? flat_min : min);
}

/// The scale of eight groups of `n` weights, and codes -bound ..< bound under it, given as code + bound.
/// Groups of zeros get scale 0 and codes 0, without the offset.
CARAT_INLINE void carat_search_scale(
    const carat_f8 *x, const carat_f8 *w, int n, int bound, carat_f8 *scale_out, carat_f8 *codes) {
    const float low = (float)-bound, high = (float)(bound - 1);
    carat_f8 max = carat_spread8(0), largest = max;
    for (int i = 0; i < n; i++) {
        const carat_f8 size = carat_abs8(x[i]);
        max = size > largest ? x[i] : max;
        largest = size > largest ? size : largest;
    }
    const carat_i8 is_zero = largest < CARAT_LEAST_MAGNITUDE;

    carat_f8 scale = carat_spread8(0), best = scale, best_inverse = scale;
    for (int step = 0; step < 19; step++) {
        // the middle first, then the other candidates in ascending order
        const int offset = step == 0 ? 0 : step <= 9 ? step - 10 : step - 9;
        const carat_f8 inverse = -((float)bound + 0.1f * (float)offset) / max;
        carat_f8 sum_lx = carat_spread8(0), sum_l2 = sum_lx;
        for (int i = 0; i < n; i++) {
            const carat_f8 code = carat_code8(inverse * x[i], low, high);
            sum_lx += w[i] * x[i] * code;
            sum_l2 += w[i] * code * code;
        }
        if (step == 0) {
            scale = sum_l2 != 0 ? sum_lx / sum_l2 : carat_spread8(0);
            best = scale * sum_lx;
            best_inverse = inverse;
            continue;
        }
        const carat_i8 is_better = (sum_l2 > 0) & (sum_lx * sum_lx > best * sum_l2);
        scale = is_better ? sum_lx / sum_l2 : scale;
        best = is_better ? scale * sum_lx : best;
        best_inverse = is_better ? inverse : best_inverse;
    }
    for (int i = 0; i < n; i++) {
        const carat_f8 code = carat_code8(best_inverse * x[i], low, high) + (float)bound;
        codes[i] = is_zero ? carat_spread8(0) : code;
    }
    *scale_out = is_zero ? carat_spread8(0) : scale;
}

/// The scale of `n` numbers that are not negative, and codes 0 ... top under it: for the scales of a super-block.
CARAT_INLINE float carat_search_positive_scale(const float *x, const float *w, int n, int top, uint8_t *codes) {
    float max = 0;
    for (int i = 0; i < n; i++) max = max > x[i] ? max : x[i];
    if (max < CARAT_LEAST_MAGNITUDE) {
        memset(codes, 0, (size_t)n);
        return 0;
    }
    float inverse = (float)top / max, best = 0;
    for (int step = 0; step < 9; step++) {
        const int offset = step == 0 ? 0 : step <= 4 ? step - 5 : step - 4;
        const float candidate = step == 0 ? inverse : (0.1f * (float)offset + (float)top) / max;
        const float scale = 1 / candidate;
        float error = 0;
        for (int i = 0; i < n; i++) {
            int code = carat_nearest(candidate * x[i]);
            code = step == 0 ? (uint8_t)code : code < top ? code : top;
            const float diff = x[i] - scale * (float)code;
            error += w[i] * diff * diff;
        }
        if (step == 0 || error < best) {
            best = error;
            inverse = candidate;
        }
    }
    float sum_lx = 0, sum_l2 = 0;
    for (int i = 0; i < n; i++) {
        const int code = carat_nearest(inverse * x[i]);
        codes[i] = (uint8_t)(code < top ? code : top);
        const float l = (float)(code < top ? code : top);
        sum_lx += w[i] * x[i] * l;
        sum_l2 += w[i] * l * l;
    }
    for (int round = 0; round < 5; round++) {
        bool has_changed = false;
        for (int i = 0; i < n; i++) {
            const float l = (float)codes[i];
            float lx = sum_lx - w[i] * x[i] * l, l2 = sum_l2 - w[i] * l * l;
            if (!(lx > 0 && l2 > 0)) continue;
            int code = carat_nearest(x[i] * l2 / lx);
            code = code < top ? code : top;
            if (code == codes[i]) continue;
            lx += w[i] * x[i] * (float)code;
            l2 += w[i] * (float)code * (float)code;
            if (!(lx * lx * sum_l2 > sum_lx * sum_lx * l2)) continue;
            codes[i] = (uint8_t)code;
            sum_lx = lx;
            sum_l2 = l2;
            has_changed = true;
        }
        if (!has_changed) break;
    }
    return sum_l2 > 0 ? sum_lx / sum_l2 : 0;
}

/// w[i] = importance * sqrt(mean + x^2) for eight groups that lie `n` apart: what an error weighs under an importance
/// matrix, `mean` being that of the squares around the weight.
CARAT_INLINE void carat_importance_weights(
    const float *importance, const carat_f8 *x, int n, float mean, carat_f8 *w) {
    carat_gather_lanes(importance, (size_t)n, n, w);
    for (int i = 0; i < n; i++) w[i] = w[i] * carat_sqrt8(mean + x[i] * x[i]);
}

CARAT_INLINE carat_f8 carat_sum_lanes(const carat_f8 *w, int n) {
    carat_f8 sum = carat_spread8(0);
    for (int i = 0; i < n; i++) sum += w[i];
    return sum;
}

/// The sum of the squares of a super-block, in ascending order.
CARAT_INLINE float carat_sum_squares(const float *x) {
    float sum = 0;
    for (int i = 0; i < CARAT_SUPER_BLOCK; i++) sum += x[i] * x[i];
    return sum;
}
