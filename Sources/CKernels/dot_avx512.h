#pragma once
// One position at a time with AVX-512-VNNI: 64 codes of a row meet 64 activations in one vpdpbusd, and a vpdpwssd scales
// and adds the sums of four. Four rows go together, as in the AVX2 dots.
#include "few_avx2.h"
#include "panel_avx512.h"

#if CARAT_HAS_AVX2
/// How a format gives 64 codes of a row at a time, made unsigned by its offset; and their scales, in the lower word of
/// each lane of four codes, 0 in the upper. All are inlined.
typedef struct {
    carat_few_format few;
    __m512i (*codes)(const uint8_t *block, int i);
    __m512i (*scale)(const carat_few_head *head, int row, int i);
    /// Codes times scales at once, as bytes, from what `table` gives for a row; NULL: they don't fit a byte.
    __m512i (*table)(const carat_few_head *head, int row);
    __m512i (*scaled)(__m512i table, const uint8_t *block, int i);
} carat_dot_format;

/// In 16-bit words, 16 groups.
CARAT_AVX512_INLINE __m512i carat_scale64_words(const carat_few_head *head, int row, int i) {
    const __m512i group = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_maskz_permutexvar_epi16(
        0x55555555, _mm512_add_epi32(group, carat_all(4 * i)), _mm512_castsi256_si512(head->mins[row]));
}

/// In bytes, 8 groups, the rows as `carat_read_heads` has them.
CARAT_AVX512_INLINE __m512i carat_scale64_head(const carat_few_head *head, int row, int i) {
    const int first = (int)0x80808000 | (8 * (row % 2) + 2 * i);
    const __m512i number =
        _mm512_inserti64x4(carat_all(first), _mm256_set1_epi32(first + 1), 1);
    return _mm512_shuffle_epi8(
        _mm512_broadcast_i32x4(_mm256_castsi256_si128(head->scales[row][0])), number);
}

/// The sums of the sixteen int32 of each of four vectors.
CARAT_AVX512_INLINE __m128i carat_fold_four_wide(const __m512i v[4]) {
    const __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    const __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    const __m512i c = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    const __m256i d = _mm256_add_epi32(_mm512_castsi512_si256(c), _mm512_extracti64x4_epi64(c, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
}

/// sum += the products of a row's block. A sum of four is 4 * 63 * 127 = 32,004 at most, which fits the lower word that
/// vpdpwssd reads.
CARAT_AVX512_INLINE void carat_add_codes(
    const carat_dot_format f, const carat_few_head *head, int row, const uint8_t *block, const int8_t *x, __m512i *sum) {
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++)
        *sum = _mm512_dpwssd_epi32(
            *sum, _mm512_dpbusd_epi32(_mm512_setzero_si512(), f.codes(block, k), carat_load64(x + 64 * k)),
            f.scale(head, row, k));
}

CARAT_AVX512_INLINE void carat_add_scaled(
    const carat_dot_format f, const carat_few_head *head, int row, const uint8_t *block, const int8_t *x, __m512i *sum) {
    const __m512i table = f.table(head, row);
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++)
        *sum = _mm512_dpbusd_epi32(*sum, f.scaled(table, block, k), carat_load64(x + 64 * k));
}

CARAT_AVX512_INLINE void carat_dot_k_avx512(
    const carat_dot_format f, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, float *y) {
    carat_four_rows four = carat_quarter_rows(row_count);
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++) {
            const __m256i sums = carat_load(act[b].sums);
            carat_few_head head;
            __m512i products[4];
            for (int i = 0; i < 4; i++) carat_prefetch(four.block[i], f.few.block_bytes);
            f.few.read(four.block, &head);
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++)
                products[i] = f.few.start ? _mm512_zextsi256_si512(f.few.start(&head, i, sums)) : _mm512_setzero_si512();
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                if (f.table) carat_add_scaled(f, &head, i, four.block[i], act[b].codes, &products[i]);
                else carat_add_codes(f, &head, i, four.block[i], act[b].codes, &products[i]);
            }
            __m128 v = _mm_mul_ps(head.d, _mm_cvtepi32_ps(carat_fold_four_wide(products)));
            if (f.few.mins) v = _mm_fnmadd_ps(head.dmin, _mm_cvtepi32_ps(f.few.mins(&head, sums)), v);
            total = _mm_fmadd_ps(v, _mm_set1_ps(act[b].d), total);
            for (int i = 0; i < 4; i++) four.block[i] += f.few.block_bytes;
        }
        carat_store_four(&four, y, r, total);
    }
}
#endif
