#pragma once
// One position at a time with vpdpwssd, which adds the products of 16-bit pairs to 32-bit sums: one instruction where
// AVX2 needs two. The K formats of AVX-VNNI, and Q8_0 of AVX-512 too: its blocks of 32 fill 256-bit vectors.
#include "formats_vnni.h"

#if CARAT_HAS_AVX2
/// sum + the products of 16-bit pairs (vpdpwssd), or of fours of unsigned and signed bytes (vpdpbusd).
typedef __m256i (*carat_multiply_add_fn)(__m256i sum, __m256i a, __m256i b);

// A pair of vpmaddubsw is 2 * 63 * 127 at most, times 128 in 32 bits; a super-block 2.6e8: nothing can overflow.
CARAT_AVX2_INLINE void carat_dot_k_vnni(
    carat_multiply_add_fn dpwssd, const carat_vnni_format *f, const void *rows, size_t row_bytes, size_t row_count,
    size_t columns, const carat_act256 *act, float *y) {
    carat_four_rows four = carat_quarter_rows(row_count);
    const uint8_t **const block = four.block;
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++) {
            const __m256i sums = carat_load(act[b].sums);
            __m256i products[4], mins[4], scales[4][2];
            for (int i = 0; i < 4; i++) {
                carat_prefetch(block[i], f->block_bytes);
                __m256i wide, min;
                f->scales(block[i], &wide, &min);
                scales[i][0] = _mm256_permute4x64_epi64(wide, 0x44);
                scales[i][1] = _mm256_permute4x64_epi64(wide, 0xee);
                products[i] = f->offset == 0
                    ? _mm256_setzero_si256()
                    : _mm256_mullo_epi32(_mm256_madd_epi16(wide, sums), _mm256_set1_epi32(-f->offset));
                mins[i] = _mm256_madd_epi16(min, sums);
            }
#pragma clang loop unroll(full)
            for (int k = 0; k < 8; k++) {
                const __m256i x = carat_load(act[b].codes + 32 * k);
                const __m256i spread = CARAT_SPREAD_WIDE_PAIR(2 * (k % 4), 2 * (k % 4) + 1);
#pragma clang loop unroll(full)
                for (int i = 0; i < 4; i++)
                    products[i] = dpwssd(products[i], _mm256_maddubs_epi16(f->codes(block[i], k), x),
                        _mm256_shuffle_epi8(scales[i][k / 4], spread));
            }
            __m128 v = _mm_mul_ps(carat_four_deltas(block, f->d), _mm_cvtepi32_ps(carat_fold_four(products)));
            if (f->has_mins)
                v = _mm_fnmadd_ps(carat_four_deltas(block, f->dmin), _mm_cvtepi32_ps(carat_fold_four(mins)), v);
            total = _mm_fmadd_ps(v, _mm_set1_ps(act[b].d), total);
            for (int i = 0; i < 4; i++) block[i] += f->block_bytes;
        }
        carat_store_four(&four, y, r, total);
    }
}

// |code| * (activation with the sign of the code); |-128| is 128 as an unsigned byte.
CARAT_AVX2_INLINE void carat_dot_q8_0_vnni(
    carat_multiply_add_fn dpbusd, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act32 *act, float *y) {
    carat_four_rows four = carat_quarter_rows(row_count);
    const uint8_t **const block = four.block;
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_BLOCK; b++) {
            const __m256i x = carat_load(act[b].codes);
            __m256i products[4];
            for (int i = 0; i < 4; i++) {
                const __m256i codes = carat_load(block[i] + offsetof(carat_block_q8_0, codes));
                products[i] = dpbusd(_mm256_setzero_si256(), _mm256_abs_epi8(codes), _mm256_sign_epi8(x, codes));
            }
            const __m128 v = _mm_mul_ps(carat_four_deltas(block, 0), _mm_cvtepi32_ps(carat_fold_four(products)));
            total = _mm_fmadd_ps(v, _mm_set1_ps(act[b].d), total);
            for (int i = 0; i < 4; i++) {
                carat_prefetch(block[i], 1);
                block[i] += sizeof(carat_block_q8_0);
            }
        }
        carat_store_four(&four, y, r, total);
    }
}
#endif
