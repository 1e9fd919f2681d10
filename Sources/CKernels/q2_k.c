// Q2_K: 256 weights of 2 bits in 84 bytes; 16 groups of 16 with a 4-bit scale and a 4-bit min each.
//
// A half of 128 weights lies in 32 bytes: bits 0-1 hold its weights 0..31, bits 2-3 weights 32..63, and so on.
#include "portable.h"
#include "tile_avx2.h"
#include "dot_k16_avx512.h"
#include "tile_avx512.h"

CARAT_INLINE void unpack_q2_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q2_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = carat_float_from_half(w->dmin);
    for (int g = 0; g < 16; g++) {
        out->scales[g] = w->scales[g] & 15;
        out->mins[g] = w->scales[g] >> 4;
    }
    for (int half = 0; half < 2; half++)
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 32; i++)
                out->codes[128 * half + 32 * plane + i] = (w->codes[32 * half + i] >> (2 * plane)) & 3;
}

CARAT_PORTABLE_K(q2_k)

#if CARAT_HAS_AVX2
// A 16-bit lane holds 2 * 3 * 127 at most, times 15 in 32 bits: nothing can overflow.
CARAT_AVX2_INLINE void multiply_q2_k(const uint8_t *const block[4], const carat_act256 *act, carat_four_blocks *out) {
    const __m256i two = _mm256_set1_epi8(3), four = _mm256_set1_epi8(15), sums = carat_load(act->sums);
    __m256i scales[4], mins[4];
    for (int i = 0; i < 4; i++) {
        const __m256i packed = carat_both_lanes(_mm_loadu_si128((const void *)block[i]));
        scales[i] = _mm256_and_si256(packed, four);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), four);
        mins[i] = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(high)), sums);
        out->products[i] = _mm256_setzero_si256();
    }
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++)
#pragma clang loop unroll(full)
        for (int plane = 0; plane < 4; plane++) {
            const __m256i x = carat_load(act->codes + 128 * half + 32 * plane);
            const __m256i spread = CARAT_SPREAD_PAIR(8 * half + 2 * plane, 8 * half + 2 * plane + 1);
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                const __m256i codes = carat_load(block[i] + offsetof(carat_block_q2_k, codes) + 32 * half);
                const __m256i w = _mm256_and_si256(_mm256_srli_epi16(codes, 2 * plane), two);
                const __m256i scale = _mm256_shuffle_epi8(scales[i], spread);
                out->products[i] = _mm256_add_epi32(
                    out->products[i], _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), scale));
            }
        }
    out->mins = carat_fold_four(mins);
    out->d = carat_four_deltas(block, offsetof(carat_block_q2_k, d));
    out->dmin = carat_four_deltas(block, offsetof(carat_block_q2_k, dmin));
}

CARAT_AVX2_K_DOT(q2_k, true)

CARAT_AVX2_INLINE void few_read_q2_k(const uint8_t *const block[4], carat_few_head *out) {
    const __m256i four = _mm256_set1_epi8(15);
    for (int i = 0; i < 4; i++) {
        const __m256i packed = carat_both_lanes(_mm_loadu_si128((const void *)block[i]));
        out->scales[i][0] = _mm256_and_si256(packed, four);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), four);
        out->mins[i] = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(high));
    }
    out->d = carat_four_deltas(block, offsetof(carat_block_q2_k, d));
    out->dmin = carat_four_deltas(block, offsetof(carat_block_q2_k, dmin));
}

CARAT_AVX2_INLINE __m256i codes_q2_k(const uint8_t *block, int step) {
    const __m256i codes = carat_load(block + offsetof(carat_block_q2_k, codes) + 32 * (step / 4));
    return _mm256_and_si256(_mm256_srli_epi16(codes, 2 * (step % 4)), _mm256_set1_epi8(3));
}

CARAT_AVX2_INLINE __m256i few_scale_q2_k(const carat_few_head *head, int row, int step) {
    const __m256i number = CARAT_SPREAD_PAIR(2 * step, 2 * step + 1);
    return _mm256_shuffle_epi8(head->scales[row][0], number);
}

CARAT_AVX2_INLINE __m128i few_mins_q2_k(const carat_few_head *head, __m256i sums) {
    __m256i mins[4];
    for (int i = 0; i < 4; i++) mins[i] = _mm256_madd_epi16(head->mins[i], sums);
    return carat_fold_four(mins);
}

#define FEW_Q2_K                                                                                                      \
    {3, sizeof(carat_block_q2_k), few_read_q2_k, codes_q2_k, few_scale_q2_k, NULL, few_mins_q2_k, false}

CARAT_AVX2_INLINE void fill_either_q2_k(
    const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v, const bool is_paired) {
    const __m256i two = _mm256_set1_epi8(3), four = _mm256_set1_epi8(15);
    __m256i packed[4], codes[8];
    carat_store_deltas(carat_gather_words(block, offsetof(carat_block_q2_k, d)), out, v);
    carat_transpose16_at(block, offsetof(carat_block_q2_k, scales), packed);
    for (int j = 0; j < 4; j++) {
        const __m256i scales = _mm256_and_si256(packed[j], four);
        if (is_paired) carat_store_pairs(scales, out->scales, 4 * j, v);
        else carat_store_scales(scales, out, 4 * j, v);
        carat_store_pairs(_mm256_and_si256(_mm256_srli_epi16(packed[j], 4), four), out->mins, 4 * j, v);
    }
    for (int half = 0; half < 2; half++) {
        carat_transpose32(block, offsetof(carat_block_q2_k, codes) + (size_t)(32 * half), codes);
        if (is_paired) carat_pair_words(codes);
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 8; i++)
                carat_store_codes(
                    _mm256_and_si256(_mm256_srli_epi16(codes[i], 2 * plane), two), out,
                    128 * half + 32 * plane + 4 * i, v);
    }
}

CARAT_AVX2_FILLS(q2_k)
CARAT_AVX2_K_TILE(q2_k, FEW_Q2_K, .steps = 4, .mins = 8)
CARAT_AVX2_PAIRED_TILE(q2_k, .steps = 8, .is_paired = true, .mins = 8)

// Four values per group: a table in each lane, looked up by the two low bits of a 32-bit index.
CARAT_AVX2 void carat_dequantize_q2_k_avx2(const void *row, size_t count, float *out) {
    const carat_block_q2_k *w = row;
    const __m256 codes = _mm256_setr_ps(0, 1, 2, 3, 0, 1, 2, 3);
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, out += CARAT_SUPER_BLOCK) {
        const float d = carat_float_from_half_avx2(w[b].d), dmin = carat_float_from_half_avx2(w[b].dmin);
        const __m128i packed = _mm_loadu_si128((const void *)w[b].scales), four = _mm_set1_epi8(15);
        float scales[16], mins[16];
        carat_scale16(_mm_and_si128(packed, four), d, scales);
        carat_scale16(_mm_and_si128(_mm_srli_epi16(packed, 4), four), dmin, mins);
        for (int half = 0; half < 2; half++)
            for (int i = 0; i < 4; i++) {
                const __m128i eight = _mm_loadl_epi64((const void *)(w[b].codes + 32 * half + 8 * i));
                const __m256i bytes = _mm256_cvtepu8_epi32(eight);
#pragma clang loop unroll(full)
                for (int plane = 0; plane < 4; plane++) {
                    const int g = 8 * half + 2 * plane + i / 2;
                    const __m256 table = _mm256_sub_ps(
                        _mm256_mul_ps(_mm256_set1_ps(scales[g]), codes), _mm256_set1_ps(mins[g]));
                    const __m256 values = _mm256_permutevar_ps(table, _mm256_srli_epi32(bytes, 2 * plane));
                    _mm256_storeu_ps(out + 128 * half + 32 * plane + 8 * i, values);
                }
            }
    }
}

CARAT_AVX512_INLINE void head_wide_q2_k(const uint8_t *const block[CARAT_WIDE_ROWS], carat_wide_head *out) {
    const __m512i four = carat_all(15);
    __m512i packed[4];
    carat_transpose16_wide(block, 0, packed);
#pragma clang loop unroll(full)
    for (int g = 0; g < 16; g += 2) {
        const __m512i word = packed[g / 4];
        const unsigned byte = (unsigned)(8 * (g % 4));
        out->scales[g] = _mm512_and_si512(_mm512_srli_epi32(word, byte), four);
        out->scales[g + 1] = _mm512_and_si512(_mm512_srli_epi32(word, byte + 8), four);
        out->pairs[g / 2] = carat_pair(
            _mm512_and_si512(_mm512_srli_epi32(word, byte + 4), four),
            _mm512_and_si512(_mm512_srli_epi32(word, byte + 12), four));
    }
    const __m512i deltas = carat_gather_deltas(block, offsetof(carat_block_q2_k, d), 4);
    out->d = carat_wide_delta(deltas);
    out->dmin = carat_wide_delta(_mm512_srli_epi32(deltas, 16));
}

CARAT_AVX512_INLINE void load_wide_q2_k(const uint8_t *const block[CARAT_WIDE_ROWS], int half, carat_wide_words *out) {
    carat_transpose32_wide(block, offsetof(carat_block_q2_k, codes) + 32 * (size_t)half, out->low);
}

CARAT_AVX512_INLINE __m512i codes_wide_q2_k(const carat_wide_words *words, int step) {
    return carat_bits(words->low[step % 8], 2 * (step / 8), 3);
}

CARAT_AVX512_INLINE carat_wide_table table_wide_q2_k(__m512i scale) {
    return (carat_wide_table){.a = carat_pair(scale, scale)};
}

// Two codes are multiplied as one number of 16 bits: 3 * 15 carries nothing from the lower to the upper.
CARAT_AVX512_INLINE __m512i scaled_wide_q2_k(const carat_wide_table *table, const carat_wide_words *words, int step) {
    return _mm512_mullo_epi16(codes_wide_q2_k(words, step), table->a);
}

#define WIDE_Q2_K                                                                                                     \
    {sizeof(carat_block_q2_k), 16, true, head_wide_q2_k, load_wide_q2_k, codes_wide_q2_k, table_wide_q2_k,             \
     scaled_wide_q2_k, 0}

CARAT_AVX512_INLINE void dot_read_q2_k(const uint8_t *const block[4], carat_k16_head *out) {
    const __m512i packed = carat_load_lanes(block, 0), zero = _mm512_setzero_si512();
    const __m512i scales = carat_mask(packed, 15), mins = carat_mask(carat_shift(packed, 4), 15);
    int deltas[4];
    for (int i = 0; i < 4; i++) memcpy(&deltas[i], block[i] + offsetof(carat_block_q2_k, d), sizeof deltas[i]);
    out->scales[0] = _mm512_unpacklo_epi8(scales, zero);
    out->scales[1] = _mm512_unpackhi_epi8(scales, zero);
    out->mins[0] = _mm512_unpacklo_epi8(mins, zero);
    out->mins[1] = _mm512_unpackhi_epi8(mins, zero);
    carat_split_deltas(_mm_setr_epi32(deltas[0], deltas[1], deltas[2], deltas[3]), &out->d, &out->dmin);
}

CARAT_AVX512_INLINE void dot_codes_q2_k(const uint8_t *block, __m512i codes[4]) {
    const __m512i packed = carat_load64(block + offsetof(carat_block_q2_k, codes)), upper = carat_shift(packed, 4);
    codes[0] = carat_mask(packed, 3);
    codes[1] = carat_mask(packed, 12);
    codes[2] = carat_mask(upper, 3);
    codes[3] = carat_mask(upper, 12);
}

CARAT_AVX512_DOT(q2_k, carat_multiply_k16, carat_k16_format, {true, 0, 2, dot_read_q2_k, dot_codes_q2_k})
CARAT_AVX512_TILE(q2_k, WIDE_Q2_K)
#endif
