#pragma once
// The search of `--effort high`: super-blocks of the same size and smaller squared errors.
//
// The normal search finds scales that suit each group, then rounds them to the few bits that a super-block has for
// them. This one goes on from there. In turn it gives each group the rounded scale and min, among the neighbours, under
// which the group's own weights err least, and the super-block the d and dmin that suit all its codes by least squares.
// It begins with what the normal search wrote, so it never ends worse, and with steps of other sizes.
#include "encode_search.h"

/// The numbers that a format has for a super-block; constants where it is used.
typedef struct {
    int sets, n;                 // 8 groups of n weights in a set
    float code_low, code_high;
    float scale_low, scale_high; // of the integers that stand for scales
    float min_high;              // 0: no mins
} carat_shape;

/// Two sets of eight groups at most.
typedef struct {
    carat_f8 x[2][32], w[2][32];  // weights, and what their squared errors count
} carat_block_lanes;

typedef struct {
    float d, dmin;
    carat_f8 scales[2], mins[2];  // integers
    float error;
} carat_solution;

CARAT_INLINE float carat_sum8(carat_f8 x) {
    float sum = 0;
    for (int i = 0; i < 8; i++) sum += x[i];
    return sum;
}

/// The best codes under scale and min, and what they err.
CARAT_INLINE carat_f8 carat_best_codes(
    const carat_f8 *x, const carat_f8 *w, carat_shape shape, carat_f8 scale, carat_f8 min, carat_f8 *codes) {
    const carat_f8 inverse = scale != 0 ? 1 / scale : carat_spread8(0);
    carat_f8 error = carat_spread8(0);
    for (int i = 0; i < shape.n; i++) {
        // a quotient too large to be rounded so is beyond the codes all the same
        const carat_f8 code = carat_code8((x[i] + min) * inverse, shape.code_low, shape.code_high);
        const carat_f8 diff = scale * code - min - x[i];
        error += w[i] * diff * diff;
        if (codes != NULL) codes[i] = code;
    }
    return error;
}

/// Gives each group the scale and min among the neighbours of its own under which it errs least.
CARAT_INLINE void carat_choose_steps(const carat_block_lanes *block, carat_shape shape, carat_solution *s) {
    s->error = 0;
    for (int set = 0; set < shape.sets; set++) {
        const carat_f8 old_scale = s->scales[set], old_min = s->mins[set];
        carat_f8 best = carat_spread8(__builtin_inff());
        for (int i = -1; i <= 1; i++)
            for (int k = shape.min_high > 0 ? -1 : 0; k <= (shape.min_high > 0 ? 1 : 0); k++) {
                carat_f8 scale = old_scale + (float)i, min = old_min + (float)k;
                scale = scale > shape.scale_low ? scale : shape.scale_low;
                scale = scale < shape.scale_high ? scale : shape.scale_high;
                min = min > 0 ? min : carat_spread8(0);
                min = min < shape.min_high ? min : shape.min_high;
                const carat_f8 error =
                    carat_best_codes(block->x[set], block->w[set], shape, s->d * scale, s->dmin * min, NULL);
                const carat_i8 is_better = error < best;
                best = is_better ? error : best;
                s->scales[set] = is_better ? scale : s->scales[set];
                s->mins[set] = is_better ? min : s->mins[set];
            }
        s->error += carat_sum8(best);
    }
}

/// The d and dmin, as half floats, that suit the codes which the groups now have.
CARAT_INLINE void carat_fit_steps(const carat_block_lanes *block, carat_shape shape, carat_solution *s) {
    carat_f8 aa = carat_spread8(0), ab = aa, bb = aa, xa = aa, xb = aa;
    for (int set = 0; set < shape.sets; set++) {
        carat_f8 codes[32];
        const carat_f8 scale = s->scales[set], b = s->mins[set];
        (void)carat_best_codes(block->x[set], block->w[set], shape, s->d * scale, s->dmin * b, codes);
        for (int i = 0; i < shape.n; i++) {
            const carat_f8 a = scale * codes[i], wa = block->w[set][i] * a, wb = block->w[set][i] * b;
            aa += wa * a;
            xa += wa * block->x[set][i];
            if (shape.min_high > 0) {
                ab += wa * b;
                bb += wb * b;
                xb += wb * block->x[set][i];
            }
        }
    }
    const float saa = carat_sum8(aa), sab = carat_sum8(ab), sbb = carat_sum8(bb), sxa = carat_sum8(xa);
    const float sxb = carat_sum8(xb), determinant = saa * sbb - sab * sab;
    float d = saa > 0 ? sxa / saa : s->d, dmin = s->dmin;
    if (determinant > 1e-6f * saa * sbb) {
        d = (sxa * sbb - sxb * sab) / determinant;
        dmin = (sxa * sab - sxb * saa) / determinant;
    }
    const uint16_t half = carat_half_from_float(d), half_min = carat_half_from_float(dmin);
    if (!carat_half_is_finite(half) || !carat_half_is_finite(half_min) || !(dmin >= 0)) return;
    s->d = carat_float_from_half(half);
    s->dmin = carat_float_from_half(half_min);
}

/// Improves `s` while it helps; keeps the better of it and `best`.
CARAT_INLINE void carat_improve(
    const carat_block_lanes *block, carat_shape shape, carat_solution s, carat_solution *best) {
    enum { ROUNDS = 4 };
    for (int round = 0; round < ROUNDS; round++) {
        carat_choose_steps(block, shape, &s);
        if (s.error < best->error) *best = s;
        const float d = s.d, dmin = s.dmin;
        carat_fit_steps(block, shape, &s);
        if (s.d == d && s.dmin == dmin) break;
    }
}

/// Rounds the scales and mins that suit each group for itself: the largest in size becomes `top` steps.
CARAT_INLINE carat_solution carat_round_scales(
    carat_shape shape, const carat_f8 scales[2], const carat_f8 mins[2], float top, float min_top) {
    float extreme = 0, max_min = 0;
    for (int set = 0; set < shape.sets; set++)
        for (int g = 0; g < 8; g++) {
            const float scale = scales[set][g], min = mins[set][g];
            extreme = __builtin_fabsf(scale) > __builtin_fabsf(extreme) ? scale : extreme;
            max_min = min > max_min ? min : max_min;
        }
    carat_solution s = {.d = 0};
    s.d = carat_float_from_half(carat_half_from_float(extreme / top));
    s.dmin = min_top > 0 ? carat_float_from_half(carat_half_from_float(max_min / min_top)) : 0;
    for (int set = 0; set < shape.sets; set++) {
        s.scales[set] = s.d != 0 ? carat_code8(scales[set] / s.d, shape.scale_low, shape.scale_high) : carat_spread8(0);
        s.mins[set] = s.dmin != 0 ? carat_code8(mins[set] / s.dmin, 0, shape.min_high) : carat_spread8(0);
    }
    return s;
}

/// What errors count: the importance matrix, or where there is none, or it says nothing of the block, all the same.
CARAT_INLINE void carat_gather_block(
    const float *x, const float *importance, carat_shape shape, carat_block_lanes *out) {
    float sum = 0;
    for (int i = 0; importance != NULL && i < CARAT_SUPER_BLOCK; i++) sum += importance[i];
    for (int set = 0; set < shape.sets; set++) {
        const int first = set * 8 * shape.n;
        carat_gather_lanes(x + first, (size_t)shape.n, shape.n, out->x[set]);
        if (sum > 0)
            carat_gather_lanes(importance + first, (size_t)shape.n, shape.n, out->w[set]);
        else
            for (int i = 0; i < shape.n; i++) out->w[set][i] = carat_spread8(1);
    }
}
