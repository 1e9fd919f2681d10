// Q6_K: 256 weights of 6 bits in 210 bytes; 16 groups of 16 with a signed 8-bit scale each.
//
// A half of 128 weights lies in 64 bytes of low nibbles (low: weights 0..63, high: 64..127) and 32 bytes of high bits
// (bits 0-1 hold weights 0..31, bits 2-3 weights 32..63, and so on).
#include "portable.h"
#include "tile_avx2.h"
#include "dot_k16_avx512.h"
#include "tile_avx512.h"

CARAT_INLINE void unpack_q6_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q6_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = 0;
    memset(out->mins, 0, sizeof out->mins);
    memcpy(out->scales, w->scales, sizeof out->scales);
    for (int half = 0; half < 2; half++)
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 32; i++) {
                const int low = (w->low[64 * half + 32 * (plane % 2) + i] >> (4 * (plane / 2))) & 15;
                const int high = (w->high[32 * half + i] >> (2 * plane)) & 3;
                out->codes[128 * half + 32 * plane + i] = (int8_t)((low | high << 4) - 32);
            }
}

CARAT_PORTABLE_K(q6_k)

#if CARAT_HAS_AVX2
/// 32 codes in 0...63 of one half; planes 0 and 1 have the low nibbles of its first and second 32 bytes, 2 and 3 the
/// high ones: `low` is 32 bytes number plane % 2.
CARAT_AVX2_INLINE __m256i join(__m256i low, __m256i high, int plane) {
    const __m256i nibbles = _mm256_srli_epi16(low, 4 * (plane / 2));
    const __m256i top = plane < 2 ? _mm256_slli_epi16(high, 4 - 2 * plane) : _mm256_srli_epi16(high, 2 * plane - 4);
    return _mm256_or_si256(
        _mm256_and_si256(nibbles, _mm256_set1_epi8(15)), _mm256_and_si256(top, _mm256_set1_epi8(48)));
}

// Codes count from 0 to 63 here; 32 * sum(scale * activation sum) is taken off afterwards.
// A 16-bit lane holds 2 * 63 * 127 at most, times 128 in 32 bits; a super-block 2.6e8: nothing can overflow.
CARAT_AVX2_INLINE void multiply_q6_k(const uint8_t *const block[4], const carat_act256 *act, carat_four_blocks *out) {
    __m256i scales[4][2];
    const __m256i sums = _mm256_sub_epi16(_mm256_setzero_si256(), carat_load(act->sums));
    for (int i = 0; i < 4; i++) {
        const __m256i wide =
            _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(block[i] + offsetof(carat_block_q6_k, scales))));
        scales[i][0] = _mm256_permute4x64_epi64(wide, 0x44);
        scales[i][1] = _mm256_permute4x64_epi64(wide, 0xee);
        out->products[i] = _mm256_slli_epi32(_mm256_madd_epi16(wide, sums), 5);
    }
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++)
#pragma clang loop unroll(full)
        for (int plane = 0; plane < 4; plane++) {
            const __m256i x = carat_load(act->codes + 128 * half + 32 * plane);
            const __m256i spread = CARAT_SPREAD_WIDE_PAIR(2 * plane, 2 * plane + 1);
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                const __m256i high = carat_load(block[i] + offsetof(carat_block_q6_k, high) + 32 * half);
                const __m256i low =
                    carat_load(block[i] + offsetof(carat_block_q6_k, low) + 64 * half + 32 * (plane % 2));
                const __m256i w = join(low, high, plane);
                const __m256i scale = _mm256_shuffle_epi8(scales[i][half], spread);
                out->products[i] = _mm256_add_epi32(
                    out->products[i], _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), scale));
            }
        }
    out->d = carat_four_deltas(block, offsetof(carat_block_q6_k, d));
}

CARAT_AVX2_K_DOT(q6_k, false)

CARAT_AVX2_INLINE void few_read_q6_k(const uint8_t *const block[4], carat_few_head *out) {
    for (int i = 0; i < 4; i++)
        carat_wide_scales(
            out, i,
            _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(block[i] + offsetof(carat_block_q6_k, scales)))));
    out->d = carat_four_deltas(block, offsetof(carat_block_q6_k, d));
}

CARAT_AVX2_INLINE __m256i codes_q6_k(const uint8_t *block, int step) {
    const int half = step / 4, plane = step % 4;
    const __m256i high = carat_load(block + offsetof(carat_block_q6_k, high) + 32 * half);
    return join(
        carat_load(block + offsetof(carat_block_q6_k, low) + 64 * half + 32 * (plane % 2)), high, plane);
}

CARAT_AVX2_INLINE __m256i few_start_q6_k(const carat_few_head *head, int row, __m256i sums) {
    const __m256i negative = _mm256_sub_epi16(_mm256_setzero_si256(), sums);
    return _mm256_slli_epi32(_mm256_madd_epi16(head->mins[row], negative), 5);
}

#define FEW_Q6_K                                                                                                      \
    {4, sizeof(carat_block_q6_k), few_read_q6_k, codes_q6_k, carat_few_wide_scale, few_start_q6_k, NULL, true}

CARAT_AVX2_INLINE void fill_q6_k(const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v) {
    __m256i scales[4], high[8], low[2][8];
    uint16_t d[CARAT_LANE_ROWS];
    for (int i = 0; i < CARAT_LANE_ROWS; i++)
        memcpy(&d[i], block[i] + offsetof(carat_block_q6_k, d), sizeof d[i]);
    _mm256_storeu_ps(out->d + 8 * v, _mm256_cvtph_ps(_mm_loadu_si128((const void *)d)));
    carat_transpose16_at(block, offsetof(carat_block_q6_k, scales), scales);
    for (int j = 0; j < 4; j++) carat_store_signed_scales(scales[j], out, 4 * j, v);
    for (int half = 0; half < 2; half++) {
        carat_transpose32(block, offsetof(carat_block_q6_k, high) + (size_t)(32 * half), high);
        for (int k = 0; k < 2; k++)
            carat_transpose32(block, offsetof(carat_block_q6_k, low) + (size_t)(64 * half + 32 * k), low[k]);
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 8; i++)
                carat_store_codes(join(low[plane % 2][i], high[i], plane), out, 128 * half + 32 * plane + 4 * i, v);
    }
}

CARAT_AVX2_K_TILE(q6_k, FEW_Q6_K, .steps = 4, .offset = 32)

CARAT_AVX2 void carat_dequantize_q6_k_avx2(const void *row, size_t count, float *out) {
    const carat_block_q6_k *w = row;
    float scales[16];
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, out += CARAT_SUPER_BLOCK) {
        carat_scale16(_mm_loadu_si128((const void *)w[b].scales), carat_float_from_half_avx2(w[b].d), scales);
#pragma clang loop unroll(full)
        for (int half = 0; half < 2; half++) {
            const __m256i high = carat_load(w[b].high + 32 * half);
#pragma clang loop unroll(full)
            for (int plane = 0; plane < 4; plane++) {
                const __m256i low = carat_load(w[b].low + 64 * half + 32 * (plane % 2));
                const __m256i codes = _mm256_sub_epi8(join(low, high, plane), _mm256_set1_epi8(32));
                carat_store32(out + 128 * half + 32 * plane, codes, scales + 8 * half + 2 * plane);
            }
        }
    }
}

CARAT_AVX512_INLINE void head_wide_q6_k(const uint8_t *const block[CARAT_WIDE_ROWS], carat_wide_head *out) {
    __m512i head[4];
    carat_transpose16_wide(block, offsetof(carat_block_q6_k, scales), head);
#pragma clang loop unroll(full)
    for (int g = 0; g < 16; g += 2) {
        const unsigned left = (unsigned)(24 - 8 * (g % 4));
        const __m512i low = _mm512_srai_epi32(_mm512_slli_epi32(head[g / 4], left), 24);
        const __m512i high = _mm512_srai_epi32(_mm512_slli_epi32(head[g / 4], left - 8), 24);
        out->scales[g] = low;
        out->scales[g + 1] = high;
        out->pairs[g / 2] = _mm512_mullo_epi16(carat_pair(low, high), _mm512_set1_epi16(-32));
    }
    out->d = carat_wide_delta(carat_gather_deltas(block, offsetof(carat_block_q6_k, d), 2));
}

CARAT_AVX512_INLINE void load_wide_q6_k(const uint8_t *const block[CARAT_WIDE_ROWS], int half, carat_wide_words *out) {
    carat_transpose64(block, 64 * (size_t)half, out->low);
    carat_transpose32_wide(block, offsetof(carat_block_q6_k, high) + 32 * (size_t)half, out->high);
}

CARAT_AVX512_INLINE __m512i codes_wide_q6_k(const carat_wide_words *words, int step) {
    const int plane = step / 8;
    const __m512i low = carat_shift(words->low[8 * (plane % 2) + step % 8], 4 * (plane / 2));
    return carat_mask(carat_choose(15, low, carat_shift(words->high[step % 8], 2 * plane - 4)), 63);
}

#define WIDE_Q6_K                                                                                                     \
    {sizeof(carat_block_q6_k), 16, false, head_wide_q6_k, load_wide_q6_k, codes_wide_q6_k, NULL, NULL, 0}

CARAT_AVX512_INLINE void dot_read_q6_k(const uint8_t *const block[4], carat_k16_head *out) {
    carat_k16_signed_scales(carat_load_lanes(block, offsetof(carat_block_q6_k, scales)), out);
    out->d = carat_four_deltas(block, offsetof(carat_block_q6_k, d));
}

CARAT_AVX512_INLINE void dot_codes_q6_k(const uint8_t *block, __m512i codes[4]) {
    const __m512i high = carat_load64(block + offsetof(carat_block_q6_k, high));
#pragma clang loop unroll(full)
    for (int odd = 0; odd < 2; odd++) {
        const __m512i low = _mm512_inserti64x4(
            _mm512_castsi256_si512(carat_load(block + 32 * odd)), carat_load(block + 64 + 32 * odd), 1);
        codes[odd] = carat_join_bits(carat_mask(low, 15), carat_shift(high, 2 * odd - 4), 48);
        codes[2 + odd] = carat_join_bits(carat_mask(carat_shift(low, 4), 15), carat_shift(high, 2 * odd), 48);
    }
}

CARAT_AVX512_DOT(q6_k, carat_multiply_k16, carat_k16_format, {false, 32, 0, dot_read_q6_k, dot_codes_q6_k})
CARAT_AVX512_TILE(q6_k, WIDE_Q6_K)
#endif
