#pragma once
// Many positions at a time with NEON's dot product instructions, for prefill: tiles of 8 weight rows x 4 positions.
//
// A tile's weights are unpacked once into a panel, rows interleaved by 4 consecutive columns, which stays in L1 while
// all positions pass. Sums and Float steps are those of the dot kernels, so a position has the same bits here and there.
#include "formats_neon.h"

#if CARAT_HAS_NEON
enum { CARAT_NEON_ROWS = 8, CARAT_NEON_BLOCKS = 4, CARAT_NEON_POSITIONS = 4 };

/// 8 rows of one super-block.
typedef struct {
    int8_t codes[64][8][4];  // [4 columns][row][column]
    int32_t scales[16][8];   // [group][row]
    int16_t mins[16][8];
    float d[8], dmin[8];
} carat_neon_panel;

CARAT_NEON_INLINE void carat_fill_panel_neon(
    const carat_neon_format *f, const uint8_t *const block[CARAT_NEON_ROWS], carat_neon_panel *out) {
    for (int r = 0; r < CARAT_NEON_ROWS; r++) {
        int16_t scales[16], mins[16];
        f->scales(block[r], scales, mins);
        for (int g = 0; g < 16; g++) {
            out->scales[g][r] = scales[g];
            out->mins[g][r] = mins[g];
        }
        out->d[r] = carat_half_neon(block[r] + f->d);
        out->dmin[r] = carat_half_neon(block[r] + f->dmin);
    }
#pragma clang loop unroll(full)
    for (int g = 0; g < 16; g++)
        for (int v = 0; v < CARAT_NEON_ROWS; v += 4) {
            // 4 rows of 4 words, transposed: word i of all rows in vector i
            const int32x4_t a = vreinterpretq_s32_s8(f->codes(block[v], g));
            const int32x4_t b = vreinterpretq_s32_s8(f->codes(block[v + 1], g));
            const int32x4_t c = vreinterpretq_s32_s8(f->codes(block[v + 2], g));
            const int32x4_t e = vreinterpretq_s32_s8(f->codes(block[v + 3], g));
            const int64x2_t ab0 = vreinterpretq_s64_s32(vtrn1q_s32(a, b)), ab1 = vreinterpretq_s64_s32(vtrn2q_s32(a, b));
            const int64x2_t ce0 = vreinterpretq_s64_s32(vtrn1q_s32(c, e)), ce1 = vreinterpretq_s64_s32(vtrn2q_s32(c, e));
            vst1q_s8(out->codes[4 * g][v], vreinterpretq_s8_s64(vtrn1q_s64(ab0, ce0)));
            vst1q_s8(out->codes[4 * g + 1][v], vreinterpretq_s8_s64(vtrn1q_s64(ab1, ce1)));
            vst1q_s8(out->codes[4 * g + 2][v], vreinterpretq_s8_s64(vtrn2q_s64(ab0, ce0)));
            vst1q_s8(out->codes[4 * g + 3][v], vreinterpretq_s8_s64(vtrn2q_s64(ab1, ce1)));
        }
}

/// total[position][row] += the products of one super-block.
CARAT_NEON_INLINE void carat_multiply_panel_neon(
    const carat_neon_panel *w, const bool has_mins, const carat_act256 *const act[CARAT_NEON_POSITIONS],
    float total[CARAT_NEON_POSITIONS][CARAT_NEON_ROWS]) {
    int32x4_t products[CARAT_NEON_POSITIONS][2], mins[CARAT_NEON_POSITIONS][2];
    for (int p = 0; p < CARAT_NEON_POSITIONS; p++)
        products[p][0] = products[p][1] = mins[p][0] = mins[p][1] = vdupq_n_s32(0);
    for (int g = 0; g < 16; g++) {
        const int32x4_t s0 = vld1q_s32(w->scales[g]), s1 = vld1q_s32(w->scales[g] + 4);
        int32x4_t sums[CARAT_NEON_POSITIONS][2];
        int8x16_t x[CARAT_NEON_POSITIONS];
#pragma clang loop unroll(full)
        for (int p = 0; p < CARAT_NEON_POSITIONS; p++) {
            sums[p][0] = sums[p][1] = vdupq_n_s32(0);
            x[p] = vld1q_s8(act[p]->codes + 16 * g);
        }
#define CARAT_STEP(q) /* the lane must be a literal */                                                                \
    do {                                                                                                              \
        const int8x16_t w0 = vld1q_s8(w->codes[4 * g + q][0]), w1 = vld1q_s8(w->codes[4 * g + q][4]);                 \
        for (int p = 0; p < CARAT_NEON_POSITIONS; p++) {                                                              \
            sums[p][0] = vdotq_laneq_s32(sums[p][0], w0, x[p], q);                                                    \
            sums[p][1] = vdotq_laneq_s32(sums[p][1], w1, x[p], q);                                                    \
        }                                                                                                             \
    } while (0)
        CARAT_STEP(0);
        CARAT_STEP(1);
        CARAT_STEP(2);
        CARAT_STEP(3);
#undef CARAT_STEP
#pragma clang loop unroll(full)
        for (int p = 0; p < CARAT_NEON_POSITIONS; p++) {
            products[p][0] = vmlaq_s32(products[p][0], sums[p][0], s0);
            products[p][1] = vmlaq_s32(products[p][1], sums[p][1], s1);
        }
    }
    if (has_mins)
        for (int g = 0; g < 16; g++) {
            const int16x8_t m = vld1q_s16(w->mins[g]);
#pragma clang loop unroll(full)
            for (int p = 0; p < CARAT_NEON_POSITIONS; p++) {
                const int16x8_t sum = vld1q_dup_s16(act[p]->sums + g);
                mins[p][0] = vmlal_s16(mins[p][0], vget_low_s16(m), vget_low_s16(sum));
                mins[p][1] = vmlal_high_s16(mins[p][1], m, sum);
            }
        }
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
        const float32x4_t d = vld1q_f32(w->d + 4 * v), dmin = vld1q_f32(w->dmin + 4 * v);
#pragma clang loop unroll(full)
        for (int p = 0; p < CARAT_NEON_POSITIONS; p++) {
            float32x4_t y = vmulq_f32(d, vcvtq_f32_s32(products[p][v]));
            if (has_mins) y = vfmsq_f32(y, dmin, vcvtq_f32_s32(mins[p][v]));
            vst1q_f32(total[p] + 4 * v, vfmaq_f32(vld1q_f32(total[p] + 4 * v), y, vdupq_n_f32(act[p]->d)));
        }
    }
}

CARAT_NEON_INLINE void carat_tile_k_neon(
    const carat_neon_format *f, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    carat_neon_panel panel[CARAT_NEON_BLOCKS];
    for (size_t first = 0; first < row_count; first += CARAT_NEON_ROWS) {
        const size_t count = row_count - first < CARAT_NEON_ROWS ? row_count - first : CARAT_NEON_ROWS;
        for (size_t b = 0; b < blocks; b += CARAT_NEON_BLOCKS) {
            const size_t width = blocks - b < CARAT_NEON_BLOCKS ? blocks - b : CARAT_NEON_BLOCKS;
            for (size_t i = 0; i < width; i++) {
                const uint8_t *block[CARAT_NEON_ROWS];
                for (size_t r = 0; r < CARAT_NEON_ROWS; r++)  // past the last row, the last one again: dropped below
                    block[r] = (const uint8_t *)rows + (first + (r < count ? r : count - 1)) * row_bytes +
                        (b + i) * f->block_bytes;
                carat_fill_panel_neon(f, block, panel + i);
            }
            for (size_t p = 0; p < positions; p += CARAT_NEON_POSITIONS) {
                const size_t valid = positions - p < CARAT_NEON_POSITIONS ? positions - p : CARAT_NEON_POSITIONS;
                const carat_act256 *x[CARAT_NEON_POSITIONS];
                float total[CARAT_NEON_POSITIONS][CARAT_NEON_ROWS] = {0};
                for (size_t i = 0; i < CARAT_NEON_POSITIONS; i++) {
                    x[i] = act + (p + (i < valid ? i : valid - 1)) * blocks + b;
                    if (b > 0 && i < valid) memcpy(total[i], y + (p + i) * y_stride + first, count * sizeof(float));
                }
                for (size_t i = 0; i < width; i++) {
                    carat_multiply_panel_neon(panel + i, f->has_mins, x, total);
                    for (int k = 0; k < CARAT_NEON_POSITIONS; k++) x[k]++;
                }
                for (size_t i = 0; i < valid; i++)
                    memcpy(y + (p + i) * y_stride + first, total[i], count * sizeof(float));
            }
        }
    }
}
#endif
