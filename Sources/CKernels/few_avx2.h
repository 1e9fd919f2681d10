#pragma once
// Up to four positions at a time, for sequences that are decoded together: four weight rows as in the dots, and each 32
// codes, once unpacked, meet all positions in registers. A panel (tile_avx2.h) would not repay its making here.
//
// Sums and Float steps are those of the dot kernels, so a position has the same bits here and there.
#include "avx2.h"

#if CARAT_HAS_AVX2
enum {
    CARAT_FEW_POSITIONS = 4,
    CARAT_STEPS = CARAT_SUPER_BLOCK / 32,
};

/// What four blocks of a format share among their codes.
typedef struct {
    __m256i scales[4][2];  // per row, as the format's `scale` reads them
    __m256i mins[4];       // as the format's `mins` reads them
    __m128 d, dmin;
} carat_few_head;

/// How a format is read, 32 codes a step. All are inlined.
typedef struct {
    size_t positions;  // the most that go this way
    size_t block_bytes;
    void (*read)(const uint8_t *const block[4], carat_few_head *out);
    __m256i (*codes)(const uint8_t *block, int step);
    __m256i (*scale)(const carat_few_head *head, int row, int step);
    /// Where the sums of a row start: what codes with an offset have too much; NULL: at 0.
    __m256i (*start)(const carat_few_head *head, int row, __m256i sums);
    /// Per row: sum(min * activation sum); NULL: there are no mins.
    __m128i (*mins)(const carat_few_head *head, __m256i sums);
    /// Whether steps 0 and 2, 1 and 3 of a half come from the same bytes; else 0 and 1, 2 and 3.
    bool is_crossed;
} carat_few_format;

/// total[p] += the products of one super-block of four rows, for `count` positions.
CARAT_AVX2_INLINE void carat_few_blocks(
    const carat_few_format format, const carat_few_head *head, const uint8_t *const block[4],
    const carat_act256 *const act[CARAT_FEW_POSITIONS], const int count, __m128 *total) {
    __m256i products[CARAT_FEW_POSITIONS][4];
#pragma clang loop unroll(full)
    for (int row = 0; row < 4; row++) {
        __m256i sum[CARAT_FEW_POSITIONS];
#pragma clang loop unroll(full)
        for (int p = 0; p < count; p++)
            sum[p] = format.start ? format.start(head, row, carat_load(act[p]->sums)) : _mm256_setzero_si256();
#pragma clang loop unroll(full)
        for (int i = 0; i < CARAT_STEPS; i++) {
            const int step = format.is_crossed ? (i & 4) | (i & 1) << 1 | (i & 2) >> 1 : i;
            const __m256i codes = format.codes(block[row], step), scale = format.scale(head, row, step);
#pragma clang loop unroll(full)
            for (int p = 0; p < count; p++) {
                const __m256i pairs = _mm256_maddubs_epi16(codes, carat_load(act[p]->codes + 32 * step));
                sum[p] = _mm256_add_epi32(sum[p], _mm256_madd_epi16(pairs, scale));
            }
        }
#pragma clang loop unroll(full)
        for (int p = 0; p < count; p++) products[p][row] = sum[p];
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < count; p++) {
        __m128 x = _mm_mul_ps(head->d, _mm_cvtepi32_ps(carat_fold_four(products[p])));
        if (format.mins) {
            const __m128i mins = format.mins(head, carat_load(act[p]->sums));
            x = _mm_fnmadd_ps(head->dmin, _mm_cvtepi32_ps(mins), x);
        }
        total[p] = _mm_fmadd_ps(x, _mm_set1_ps(act[p]->d), total[p]);
    }
}

CARAT_AVX2_INLINE void carat_few_k_avx2(
    const carat_few_format format, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    carat_four_rows four = carat_quarter_rows(row_count);
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total[CARAT_FEW_POSITIONS];
        const carat_act256 *x[CARAT_FEW_POSITIONS];
        for (size_t p = 0; p < positions; p++) {
            total[p] = _mm_setzero_ps();
            x[p] = act + p * blocks;
        }
        for (size_t b = 0; b < blocks; b++) {
            carat_few_head head;
            for (int i = 0; i < 4; i++) carat_prefetch(four.block[i], format.block_bytes);
            format.read(four.block, &head);
            switch (positions) {
            case 1: carat_few_blocks(format, &head, four.block, x, 1, total); break;
            case 2: carat_few_blocks(format, &head, four.block, x, 2, total); break;
            case 3: carat_few_blocks(format, &head, four.block, x, 3, total); break;
            default: carat_few_blocks(format, &head, four.block, x, 4, total);
            }
            for (size_t p = 0; p < positions; p++) x[p]++;
            for (int i = 0; i < 4; i++) four.block[i] += format.block_bytes;
        }
        for (size_t p = 0; p < positions; p++) carat_store_four(&four, y + p * y_stride, r, total[p]);
    }
}

/// Scales that are 16-bit integers, halves of a super-block in [0] and [1], both lanes alike: see `carat_wide_scales`.
CARAT_AVX2_INLINE __m256i carat_few_wide_scale(const carat_few_head *head, int row, int step) {
    const int plane = step % 4;
    const __m256i spread[4] = {
        CARAT_SPREAD_WIDE_PAIR(0, 1), CARAT_SPREAD_WIDE_PAIR(2, 3), CARAT_SPREAD_WIDE_PAIR(4, 5),
        CARAT_SPREAD_WIDE_PAIR(6, 7)};
    return _mm256_shuffle_epi8(head->scales[row][step / 4], spread[plane]);
}

/// Sets a row's scales from 16 of 16 bits.
CARAT_AVX2_INLINE void carat_wide_scales(carat_few_head *head, int row, __m256i wide) {
    head->scales[row][0] = _mm256_permute4x64_epi64(wide, 0x44);
    head->scales[row][1] = _mm256_permute4x64_epi64(wide, 0xee);
    head->mins[row] = wide;
}
#endif
