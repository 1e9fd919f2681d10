// Q5_K: 256 weights of 5 bits in 176 bytes; 8 groups of 32 with a 6-bit scale and a 6-bit min each.
//
// The four low bits lie as in Q4_K. The high bits lie in 32 bytes: bit g holds group g.
#include "portable.h"
#include "tile_avx2.h"
#include "dot_k32_avx512.h"
#include "tile_avx512.h"
#include "scales_avx2.h"

CARAT_INLINE void unpack_q5_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q5_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = carat_float_from_half(w->dmin);
    carat_unpack_scales_mins(w->scales, out);
    for (int pair = 0; pair < 4; pair++)
        for (int i = 0; i < 32; i++) {
            const int low = w->low[32 * pair + i], high = w->high[i] >> (2 * pair);
            out->codes[64 * pair + i] = (int8_t)((low & 15) | (high & 1) << 4);
            out->codes[64 * pair + 32 + i] = (int8_t)(low >> 4 | (high >> 1 & 1) << 4);
        }
}

CARAT_PORTABLE_K(q5_k)

#if CARAT_HAS_AVX2
/// 32 codes in 0...31: group 2 * pair + `odd`.
CARAT_AVX2_INLINE __m256i join(__m256i low, __m256i high, int pair, int odd) {
    const int bit = 2 * pair + odd;
    const __m256i nibble = _mm256_and_si256(_mm256_srli_epi16(low, 4 * odd), _mm256_set1_epi8(15));
    const __m256i top = bit < 4 ? _mm256_slli_epi16(high, 4 - bit) : _mm256_srli_epi16(high, bit - 4);
    return _mm256_or_si256(nibble, _mm256_and_si256(top, _mm256_set1_epi8(16)));
}

// A 16-bit lane of a group holds 2 * 31 * 127 at most, times 63 in 32 bits: nothing can overflow.
CARAT_AVX2_INLINE void multiply_q5_k(const uint8_t *const block[4], const carat_act256 *act, carat_four_blocks *out) {
    const carat_four_heads head = carat_read_heads(block);
    for (int i = 0; i < 4; i++) out->products[i] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 4; pair++) {
        const __m256i x0 = carat_load(act->codes + 64 * pair), x1 = carat_load(act->codes + 64 * pair + 32);
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
            const int first = 8 * (i % 2) + 2 * pair;
            const __m256i low = carat_load(block[i] + offsetof(carat_block_q5_k, low) + 32 * pair);
            const __m256i high = carat_load(block[i] + offsetof(carat_block_q5_k, high));
            const __m256i p0 = _mm256_maddubs_epi16(join(low, high, pair, 0), x0);
            const __m256i p1 = _mm256_maddubs_epi16(join(low, high, pair, 1), x1);
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

CARAT_AVX2_K_DOT(q5_k, true)

CARAT_AVX2_INLINE __m256i codes_q5_k(const uint8_t *block, int step) {
    const __m256i low = carat_load(block + offsetof(carat_block_q5_k, low) + 32 * (step / 2));
    return join(low, carat_load(block + offsetof(carat_block_q5_k, high)), step / 2, step % 2);
}

#define FEW_Q5_K                                                                                                      \
    {3, sizeof(carat_block_q5_k), carat_few_read_heads, codes_q5_k,                                                   \
     carat_few_head_scale, NULL, carat_few_head_mins, false}

// 16 codes of 31 would not fit a 16-bit lane with 127 each, 8 do: groups of 32 go as two of 16 with the same scale.
CARAT_AVX2_INLINE void fill_q5_k(const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v) {
    carat_fill_head(block, out, v);
    for (int g = 7; g >= 0; g--) {
        const __m256i scales = carat_load(out->scales[g][v]);
        _mm256_storeu_si256((void *)out->scales[2 * g][v], scales);
        _mm256_storeu_si256((void *)out->scales[2 * g + 1][v], scales);
    }
    for (int s = 3; s >= 0; s--) {
        // (a, b) of two groups of 32 becomes (a, a) and (b, b)
        const __m256i mins = carat_load(out->mins[s][v]);
        const __m256i low = _mm256_and_si256(mins, _mm256_set1_epi32(0xffff)), high = _mm256_srli_epi32(mins, 16);
        _mm256_storeu_si256((void *)out->mins[2 * s][v], _mm256_or_si256(low, _mm256_slli_epi32(low, 16)));
        _mm256_storeu_si256((void *)out->mins[2 * s + 1][v], _mm256_or_si256(high, _mm256_slli_epi32(high, 16)));
    }
    __m256i high[8];
    carat_transpose32(block, offsetof(carat_block_q5_k, high), high);
    for (int pair = 0; pair < 4; pair++) {
        __m256i low[8];
        carat_transpose32(block, offsetof(carat_block_q5_k, low) + (size_t)(32 * pair), low);
        for (int odd = 0; odd < 2; odd++)
            for (int i = 0; i < 8; i++)
                carat_store_codes(join(low[i], high[i], pair, odd), out, 64 * pair + 32 * odd + 4 * i, v);
    }
}

CARAT_AVX2_K_TILE(q5_k, FEW_Q5_K, .steps = 4, .mins = 8)

CARAT_AVX2 void carat_dequantize_q5_k_avx2(const void *row, size_t count, float *out) {
    const carat_block_q5_k *w = row;
    float scales[8], mins[8];
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, out += CARAT_SUPER_BLOCK) {
        carat_read_scales((const uint8_t *)(w + b), scales, mins);
        const __m256i high = carat_load(w[b].high);
#pragma clang loop unroll(full)
        for (int g = 0; g < 8; g++) {
            const __m256i codes = join(carat_load(w[b].low + 32 * (g / 2)), high, g / 2, g % 2);
            const __m256 scale = _mm256_set1_ps(scales[g]), min = _mm256_set1_ps(mins[g]);
            carat_store16(out + 32 * g, _mm256_castsi256_si128(codes), scale, min);
            carat_store16(out + 32 * g + 16, _mm256_extracti128_si256(codes, 1), scale, min);
        }
    }
}

CARAT_AVX512_INLINE void load_wide_q5_k(const uint8_t *const block[CARAT_WIDE_ROWS], int half, carat_wide_words *out) {
    carat_transpose64(block, offsetof(carat_block_q5_k, low) + 64 * (size_t)half, out->low);
    if (half == 0) carat_transpose32_wide(block, offsetof(carat_block_q5_k, high), out->high);
    else carat_shift_words(out->high, 4);
}

CARAT_AVX512_INLINE __m512i codes_wide_q5_k(const carat_wide_words *words, int step) {
    const __m512i low = carat_shift(words->low[8 * (step / 16) + step % 8], 4 * (step / 8 % 2));
    return carat_mask(carat_choose(15, low, carat_shift(words->high[step % 8], step / 8 - 4)), 31);
}

#define WIDE_Q5_K                                                                                                     \
    {sizeof(carat_block_q5_k), 32, true, carat_fill_wide_head, load_wide_q5_k, codes_wide_q5_k, NULL, NULL, 0}

CARAT_AVX512_INLINE void dot_codes_q5_k(const uint8_t *block, __m512i codes[4]) {
    // Bit 4 * half + odd of each byte belongs to a vector; pinned, or the shift would be done for every one.
    __m512i high = carat_shift_halves(carat_twice(block + offsetof(carat_block_q5_k, high)), 0, 2);
    __asm__("" : "+v"(high));
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
        const __m512i packed = carat_load64(block + offsetof(carat_block_q5_k, low) + 64 * half);
#pragma clang loop unroll(full)
        for (int odd = 0; odd < 2; odd++)
            codes[2 * half + odd] = carat_join_bits(
                carat_mask(carat_shift(packed, 4 * odd), 15), carat_shift(high, 4 * half + odd - 4), 16);
    }
}

CARAT_AVX512_DOT(q5_k, carat_multiply_k32, carat_k32_format, {0, dot_codes_q5_k})
CARAT_AVX512_TILE(q5_k, WIDE_Q5_K)
#endif
