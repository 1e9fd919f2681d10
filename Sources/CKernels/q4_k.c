// Q4_K: 256 weights of 4 bits in 144 bytes; 8 groups of 32 with a 6-bit scale and a 6-bit min each.
//
// Each 32 bytes hold 64 weights: the low nibbles are the first 32, the high nibbles the second.
#include "portable.h"
#include "tile_avx2.h"
#include "dot_k32_avx512.h"
#include "tile_avx512.h"
#include "scales_avx2.h"

CARAT_INLINE void unpack_q4_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q4_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = carat_float_from_half(w->dmin);
    carat_unpack_scales_mins(w->scales, out);
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++) {
            out->codes[64 * pair + i] = w->codes[32 * pair + i] & 15;
            out->codes[64 * pair + 32 + i] = w->codes[32 * pair + i] >> 4;
        }
}

CARAT_PORTABLE_K(q4_k)

#if CARAT_HAS_AVX2
// A 16-bit lane of a group holds 2 * 15 * 127 at most, times 63 in 32 bits: nothing can overflow.
CARAT_AVX2_INLINE void multiply_q4_k(const uint8_t *const block[4], const carat_act256 *act, carat_four_blocks *out) {
    const __m256i low = _mm256_set1_epi8(15);
    const carat_four_heads head = carat_read_heads(block);
    for (int i = 0; i < 4; i++) out->products[i] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 4; pair++) {
        const __m256i x0 = carat_load(act->codes + 64 * pair), x1 = carat_load(act->codes + 64 * pair + 32);
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
            const int first = 8 * (i % 2) + 2 * pair;
            const __m256i codes = carat_load(block[i] + offsetof(carat_block_q4_k, codes) + 32 * pair);
            const __m256i p0 = _mm256_maddubs_epi16(_mm256_and_si256(codes, low), x0);
            const __m256i p1 = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(codes, 4), low), x1);
            const __m256i s0 = _mm256_shuffle_epi8(head.scales[i], CARAT_SPREAD(first));
            const __m256i s1 = _mm256_shuffle_epi8(head.scales[i], CARAT_SPREAD(first + 1));
            const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(p0, s0), _mm256_madd_epi16(p1, s1));
            out->products[i] = _mm256_add_epi32(out->products[i], sum);
        }
    }
    out->mins = carat_multiply_mins(head.mins, carat_load(act->sums));
    out->d = head.d;
    out->dmin = head.dmin;
}

CARAT_AVX2_K_DOT(q4_k, true)

CARAT_AVX2_INLINE __m256i codes_q4_k(const uint8_t *block, int step) {
    const __m256i codes = carat_load(block + offsetof(carat_block_q4_k, codes) + 32 * (step / 2));
    return _mm256_and_si256(_mm256_srli_epi16(codes, 4 * (step % 2)), _mm256_set1_epi8(15));
}

#define FEW_Q4_K                                                                                                      \
    {3, sizeof(carat_block_q4_k), carat_few_read_heads, codes_q4_k,                                                   \
     carat_few_head_scale, NULL, carat_few_head_mins, false}

CARAT_AVX2_INLINE void fill_q4_k(const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v) {
    const __m256i low = _mm256_set1_epi8(15);
    carat_fill_head(block, out, v);
    for (int pair = 0; pair < 4; pair++) {
        __m256i codes[8];
        carat_transpose32(block, offsetof(carat_block_q4_k, codes) + (size_t)(32 * pair), codes);
        for (int i = 0; i < 8; i++) {
            carat_store_codes(_mm256_and_si256(codes[i], low), out, 64 * pair + 4 * i, v);
            carat_store_codes(
                _mm256_and_si256(_mm256_srli_epi16(codes[i], 4), low), out, 64 * pair + 32 + 4 * i, v);
        }
    }
}

CARAT_AVX2_K_TILE(q4_k, FEW_Q4_K, .steps = 8, .mins = 4)

CARAT_AVX2 void carat_dequantize_q4_k_avx2(const void *row, size_t count, float *out) {
    const carat_block_q4_k *w = row;
    const __m128i low = _mm_set1_epi8(15);
    float scales[8], mins[8];
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, out += CARAT_SUPER_BLOCK) {
        carat_read_scales((const uint8_t *)(w + b), scales, mins);
        for (int pair = 0; pair < 4; pair++) {
            const __m256 scale0 = _mm256_set1_ps(scales[2 * pair]), min0 = _mm256_set1_ps(mins[2 * pair]);
            const __m256 scale1 = _mm256_set1_ps(scales[2 * pair + 1]), min1 = _mm256_set1_ps(mins[2 * pair + 1]);
            for (int i = 0; i < 32; i += 16) {
                const __m128i codes = _mm_loadu_si128((const void *)(w[b].codes + 32 * pair + i));
                carat_store16(out + 64 * pair + i, _mm_and_si128(codes, low), scale0, min0);
                carat_store16(out + 64 * pair + 32 + i, _mm_and_si128(_mm_srli_epi16(codes, 4), low), scale1, min1);
            }
        }
    }
}

CARAT_AVX512_INLINE void load_wide_q4_k(const uint8_t *const block[CARAT_WIDE_ROWS], int half, carat_wide_words *out) {
    carat_transpose64(block, offsetof(carat_block_q4_k, codes) + 64 * (size_t)half, out->low);
}

CARAT_AVX512_INLINE __m512i codes_wide_q4_k(const carat_wide_words *words, int step) {
    return carat_bits(words->low[8 * (step / 16) + step % 8], 4 * (step / 8 % 2), 15);
}

#define WIDE_Q4_K                                                                                                     \
    {sizeof(carat_block_q4_k), 32, true, carat_fill_wide_head, load_wide_q4_k, codes_wide_q4_k, NULL, NULL, 0}

// The high nibbles stay where they are, 16 times too large.
CARAT_AVX512_INLINE void dot_codes_q4_k(const uint8_t *block, __m512i codes[4]) {
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
        const __m512i packed = carat_load64(block + offsetof(carat_block_q4_k, codes) + 64 * half);
        codes[2 * half] = carat_mask(packed, 15);
        codes[2 * half + 1] = carat_mask(packed, (char)0xf0);
    }
}

CARAT_AVX512_DOT(q4_k, carat_multiply_k32, carat_k32_format, {4, dot_codes_q4_k})
CARAT_AVX512_TILE(q4_k, WIDE_Q4_K)
#endif
