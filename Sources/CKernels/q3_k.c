// Q3_K: 256 weights of 3 bits in 110 bytes; 16 groups of 16 with a signed 6-bit scale each.
//
// The two low bits lie as in Q2_K. The high bits lie in 32 bytes: bit p holds weights 32 * p ..< 32 * p + 32.
#include "portable.h"
#include "tile_avx2.h"
#include "dot_k16_avx512.h"
#include "tile_avx512.h"

CARAT_INLINE void unpack_q3_k(const uint8_t *block, carat_super_block *out) {
    const carat_block_q3_k *w = (const void *)block;
    out->d = carat_float_from_half(w->d);
    out->dmin = 0;
    memset(out->mins, 0, sizeof out->mins);
    for (int g = 0; g < 16; g++) {
        const int low = (w->scales[g % 8] >> (4 * (g / 8))) & 15, high = (w->scales[8 + g % 4] >> (2 * (g / 4))) & 3;
        out->scales[g] = (int8_t)((low | high << 4) - 32);
    }
    for (int half = 0; half < 2; half++)
        for (int plane = 0; plane < 4; plane++)
            for (int i = 0; i < 32; i++) {
                const int low = (w->low[32 * half + i] >> (2 * plane)) & 3;
                const int high = (w->high[i] >> (4 * half + plane)) & 1;
                out->codes[128 * half + 32 * plane + i] = (int8_t)((low | high << 2) - 4);
            }
}

CARAT_PORTABLE_K(q3_k)

#if CARAT_HAS_AVX2
/// The 16 scales as signed bytes.
CARAT_AVX2_INLINE __m128i read_scales(const uint8_t *scales) {
    uint64_t low;
    uint32_t high;
    memcpy(&low, scales, sizeof low);
    memcpy(&high, scales + 8, sizeof high);
    const __m128i lows = _mm_srlv_epi64(_mm_set1_epi64x((long long)low), _mm_set_epi64x(4, 0));
    const __m128i highs = _mm_srlv_epi32(_mm_set1_epi32((int)high), _mm_setr_epi32(0, 2, 4, 6));
    const __m128i joined = _mm_or_si128(_mm_and_si128(lows, _mm_set1_epi8(15)),
        _mm_slli_epi16(_mm_and_si128(highs, _mm_set1_epi8(3)), 4));
    return _mm_sub_epi8(joined, _mm_set1_epi8(32));
}

/// Two planes of a half, `plane` and `plane + 2`: codes in 0...7 in the low and in the high nibbles of 32 bytes.
/// A half's high bits are a nibble of `high`; a table spreads the bits of both planes to their places at once.
CARAT_AVX2_INLINE __m256i join_planes(__m256i low, __m256i high, int half, int plane) {
    const __m128i even = _mm_setr_epi8(0, 4, 0, 4, 64, 68, 64, 68, 0, 4, 0, 4, 64, 68, 64, 68);
    const __m128i odd = _mm_setr_epi8(0, 0, 4, 4, 0, 0, 4, 4, 64, 64, 68, 68, 64, 64, 68, 68);
    const __m256i nibbles = _mm256_and_si256(_mm256_srli_epi16(high, 4 * half), _mm256_set1_epi8(15));
    const __m256i tops = _mm256_shuffle_epi8(carat_both_lanes(plane == 0 ? even : odd), nibbles);
    return _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(low, 2 * plane), _mm256_set1_epi8(0x33)), tops);
}

// Codes count from 0 to 7 here; 4 * sum(scale * activation sum) is taken off afterwards.
// A 16-bit lane holds 2 * 7 * 127 at most, times 32 in 32 bits: nothing can overflow.
CARAT_AVX2_INLINE void multiply_q3_k(const uint8_t *const block[4], const carat_act256 *act, carat_four_blocks *out) {
    __m256i scales[4][2];
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i sums = _mm256_sub_epi16(_mm256_setzero_si256(), carat_load(act->sums));
    for (int i = 0; i < 4; i++) {
        const __m256i wide = _mm256_cvtepi8_epi16(read_scales(block[i] + offsetof(carat_block_q3_k, scales)));
        scales[i][0] = _mm256_permute4x64_epi64(wide, 0x44);
        scales[i][1] = _mm256_permute4x64_epi64(wide, 0xee);
        out->products[i] = _mm256_slli_epi32(_mm256_madd_epi16(wide, sums), 2);
    }
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++)
#pragma clang loop unroll(full)
        for (int plane = 0; plane < 2; plane++) {
            const int8_t *codes = act->codes + 128 * half + 32 * plane;
            const __m256i x0 = carat_load(codes), x2 = carat_load(codes + 64);
            const __m256i spread0 = CARAT_SPREAD_WIDE_PAIR(2 * plane, 2 * plane + 1);
            const __m256i spread2 = CARAT_SPREAD_WIDE_PAIR(2 * plane + 4, 2 * plane + 5);
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                const __m256i low = carat_load(block[i] + offsetof(carat_block_q3_k, low) + 32 * half);
                const __m256i both = join_planes(low, carat_load(block[i]), half, plane);
                const __m256i p0 = _mm256_maddubs_epi16(_mm256_and_si256(both, nibble), x0);
                const __m256i p2 = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(both, 4), nibble), x2);
                const __m256i s0 = _mm256_shuffle_epi8(scales[i][half], spread0);
                const __m256i s2 = _mm256_shuffle_epi8(scales[i][half], spread2);
                const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(p0, s0), _mm256_madd_epi16(p2, s2));
                out->products[i] = _mm256_add_epi32(out->products[i], sum);
            }
        }
    out->d = carat_four_deltas(block, offsetof(carat_block_q3_k, d));
}

CARAT_AVX2_K_DOT(q3_k, false)

CARAT_AVX2_INLINE void few_read_q3_k(const uint8_t *const block[4], carat_few_head *out) {
    for (int i = 0; i < 4; i++)
        carat_wide_scales(
            out, i, _mm256_cvtepi8_epi16(read_scales(block[i] + offsetof(carat_block_q3_k, scales))));
    out->d = carat_four_deltas(block, offsetof(carat_block_q3_k, d));
}

CARAT_AVX2_INLINE __m256i codes_q3_k(const uint8_t *block, int step) {
    const int half = step / 4, plane = step % 4;
    const __m256i low = carat_load(block + offsetof(carat_block_q3_k, low) + 32 * half);
    const __m256i both = join_planes(low, carat_load(block), half, plane % 2);
    return _mm256_and_si256(_mm256_srli_epi16(both, 4 * (plane / 2)), _mm256_set1_epi8(15));
}

CARAT_AVX2_INLINE __m256i few_start_q3_k(const carat_few_head *head, int row, __m256i sums) {
    const __m256i negative = _mm256_sub_epi16(_mm256_setzero_si256(), sums);
    return _mm256_slli_epi32(_mm256_madd_epi16(head->mins[row], negative), 2);
}

#define FEW_Q3_K                                                                                                      \
    {3, sizeof(carat_block_q3_k), few_read_q3_k, codes_q3_k, carat_few_wide_scale, few_start_q3_k, NULL, true}

CARAT_AVX2_INLINE void fill_either_q3_k(
    const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v, const bool is_paired) {
    const __m256i low4 = _mm256_set1_epi8(15), high2 = _mm256_set1_epi8(48);
    __m128i tail[CARAT_LANE_ROWS];
    __m256i word[4], high[8], low[8];
    // the block's last 16 bytes are two of codes, 12 of scales, and d
    for (int i = 0; i < CARAT_LANE_ROWS; i++)
        tail[i] = _mm_srli_si128(_mm_loadu_si128((const void *)(block[i] + sizeof(carat_block_q3_k) - 16)), 2);
    carat_transpose16(tail, word);
    carat_store_deltas(word[3], out, v);
    for (int j = 0; j < 4; j++) {
        const __m256i lows = _mm256_and_si256(_mm256_srli_epi16(word[j % 2], 4 * (j / 2)), low4);
        const __m256i shifted = j < 2 ? _mm256_slli_epi16(word[2], 4 - 2 * j) : _mm256_srli_epi16(word[2], 2 * j - 4);
        const __m256i high = _mm256_and_si256(shifted, high2);
        const __m256i scales = _mm256_sub_epi8(_mm256_or_si256(lows, high), _mm256_set1_epi8(32));
        if (is_paired) carat_store_signed_scale_pairs(scales, out, 4 * j, v);
        else carat_store_signed_scales(scales, out, 4 * j, v);
    }
    carat_transpose32(block, offsetof(carat_block_q3_k, high), high);
    if (is_paired) carat_pair_words(high);
    for (int half = 0; half < 2; half++) {
        carat_transpose32(block, offsetof(carat_block_q3_k, low) + (size_t)(32 * half), low);
        if (is_paired) carat_pair_words(low);
        for (int plane = 0; plane < 2; plane++)
            for (int i = 0; i < 8; i++) {
                const __m256i both = join_planes(low[i], high[i], half, plane);
                const int column = 128 * half + 32 * plane + 4 * i;
                carat_store_codes(_mm256_and_si256(both, low4), out, column, v);
                carat_store_codes(_mm256_and_si256(_mm256_srli_epi16(both, 4), low4), out, column + 64, v);
            }
    }
}

CARAT_AVX2_FILLS(q3_k)
CARAT_AVX2_K_TILE(q3_k, FEW_Q3_K, .steps = 4, .offset = 4)
CARAT_AVX2_PAIRED_TILE(q3_k, .steps = 8, .is_paired = true, .offset = 4)

CARAT_AVX2 void carat_dequantize_q3_k_avx2(const void *row, size_t count, float *out) {
    const carat_block_q3_k *w = row;
    const __m256i four = _mm256_set1_epi8(4);
    float scales[16];
    for (size_t b = 0; b < count / CARAT_SUPER_BLOCK; b++, out += CARAT_SUPER_BLOCK) {
        const __m256i high = carat_load(w[b].high);
        carat_scale16(read_scales(w[b].scales), carat_float_from_half_avx2(w[b].d), scales);
#pragma clang loop unroll(full)
        for (int half = 0; half < 2; half++) {
            const __m256i low = carat_load(w[b].low + 32 * half);
#pragma clang loop unroll(full)
            for (int plane = 0; plane < 4; plane++) {
                const __m256i both = join_planes(low, high, half, plane % 2);
                const __m256i shifted = _mm256_srli_epi16(both, 4 * (plane / 2));
                const __m256i codes = _mm256_sub_epi8(_mm256_and_si256(shifted, _mm256_set1_epi8(15)), four);
                carat_store32(out + 128 * half + 32 * plane, codes, scales + 8 * half + 2 * plane);
            }
        }
    }
}

CARAT_AVX512_INLINE void head_wide_q3_k(const uint8_t *const block[CARAT_WIDE_ROWS], carat_wide_head *out) {
    // The last 16 bytes: 2 that are codes, 12 of scales, d.
    __m128i row[CARAT_WIDE_ROWS];
    for (int r = 0; r < CARAT_WIDE_ROWS; r++)
        row[r] = _mm_srli_si128(_mm_loadu_si128((const void *)(block[r] + sizeof(carat_block_q3_k) - 16)), 2);
    __m512i tail[4];
    carat_transpose16_rows(row, tail);
#pragma clang loop unroll(full)
    for (int g = 0; g < 16; g++) {
        const int byte = 8 * (g % 4), part = g / 4;
        const __m512i four = _mm512_and_si512(
            _mm512_srli_epi32(tail[part % 2], (unsigned)(byte + 4 * (part / 2))), carat_all(15));
        const __m512i two = _mm512_and_si512(_mm512_srli_epi32(tail[2], (unsigned)(byte + 2 * part)), carat_all(3));
        out->scales[g] = _mm512_sub_epi32(_mm512_or_si512(four, _mm512_slli_epi32(two, 4)), carat_all(32));
    }
#pragma clang loop unroll(full)
    for (int g = 0; g < 16; g += 2)
        out->pairs[g / 2] = _mm512_mullo_epi16(carat_pair(out->scales[g], out->scales[g + 1]), _mm512_set1_epi16(-4));
    out->d = carat_wide_delta(tail[3]);
}

CARAT_AVX512_INLINE void load_wide_q3_k(const uint8_t *const block[CARAT_WIDE_ROWS], int half, carat_wide_words *out) {
    carat_transpose32_wide(block, offsetof(carat_block_q3_k, low) + 32 * (size_t)half, out->low);
    if (half == 0) carat_transpose32_wide(block, 0, out->high);
    else carat_shift_words(out->high, 4);
}

CARAT_AVX512_INLINE __m512i codes_wide_q3_k(const carat_wide_words *words, int step) {
    const __m512i low = carat_shift(words->low[step % 8], 2 * (step / 8));
    return carat_mask(carat_choose(3, low, carat_shift(words->high[step % 8], step / 8 - 2)), 7);
}

// A code's value is low - 4 or, with its high bit, low; times scale that is -124 ... 128. So 128 less the product is a
// byte: byte j of a lane of `a` is it for value j, and a byte of `b` is added for want of the high bit.
CARAT_AVX512_INLINE carat_wide_table table_wide_q3_k(__m512i scale) {
    // j * (32 - scale) is a byte too, and bytes need no care for carries afterwards
    const __m512i less = _mm512_sub_epi32(carat_all(32), scale);
    const __m512i four = _mm512_and_si512(_mm512_slli_epi32(scale, 2), carat_all(255));
    return (carat_wide_table){
        .a = _mm512_add_epi8(_mm512_mullo_epi32(less, carat_all(0x03020100)), carat_all(0x20406080)),
        .b = _mm512_mullo_epi32(four, carat_all(0x01010101))};
}

CARAT_AVX512_INLINE __m512i scaled_wide_q3_k(const carat_wide_table *table, const carat_wide_words *words, int step) {
    const __m512i row = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    // (low & 3) | the first byte of the row's table
    const __m512i number = _mm512_ternarylogic_epi64(
        carat_shift(words->low[step % 8], 2 * (step / 8)), _mm512_set1_epi8(3), row, 0xea);
    const __m512i product = _mm512_shuffle_epi8(table->a, number);
    const __mmask64 lacks = _mm512_testn_epi8_mask(words->high[step % 8], _mm512_set1_epi8((char)(1 << step / 8)));
    return _mm512_mask_add_epi8(product, lacks, product, table->b);
}

#define WIDE_Q3_K                                                                                                     \
    {sizeof(carat_block_q3_k), 16, false, head_wide_q3_k, load_wide_q3_k, codes_wide_q3_k, table_wide_q3_k,            \
     scaled_wide_q3_k, 128}

CARAT_AVX512_INLINE void dot_read_q3_k(const uint8_t *const block[4], carat_k16_head *out) {
    // The last 16 bytes: 2 that are codes, 12 of scales, d.
    const __m512i tail = carat_load_lanes(block, sizeof(carat_block_q3_k) - 16);
    const __m512i fours = _mm512_shuffle_epi8(
        tail, carat_all_lanes(_mm_setr_epi8(2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9)));
    const __m512i twos = _mm512_shuffle_epi8(
        tail, carat_all_lanes(_mm_setr_epi8(10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13)));
    const __m512i low = carat_mask(_mm512_srlv_epi32(fours, carat_all_lanes(_mm_setr_epi32(0, 0, 4, 4))), 15);
    const __m512i top = _mm512_rolv_epi32(twos, carat_all_lanes(_mm_setr_epi32(4, 2, 0, 30)));
    const __m512i scales = _mm512_sub_epi8(carat_join_bits(low, top, 48), _mm512_set1_epi8(32));
    carat_k16_signed_scales(scales, out);
    out->d = carat_four_deltas(block, offsetof(carat_block_q3_k, d));
}

CARAT_AVX512_INLINE void dot_codes_q3_k(const uint8_t *block, __m512i codes[4]) {
    const __m512i low = carat_load64(block + offsetof(carat_block_q3_k, low));
    // Bit i of each byte belongs to vector i; pinned, or the shift would be done for every one. Odd vectors' codes stay
    // two bits further up.
    __m512i high = carat_shift_halves(carat_twice(block), 0, 4);
    __asm__("" : "+v"(high));
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i += 2) {
        codes[i] = carat_join_bits(carat_mask(carat_shift(low, 2 * i), 3), carat_shift(high, i - 2), 4);
        codes[i + 1] = carat_join_bits(carat_mask(carat_shift(low, 2 * i), 12), carat_shift(high, i - 3), 16);
    }
}

CARAT_AVX512_DOT(q3_k, carat_multiply_k16, carat_k16_format, {false, 4, 2, dot_read_q3_k, dot_codes_q3_k})
CARAT_AVX512_TILE(q3_k, WIDE_Q3_K)
#endif
