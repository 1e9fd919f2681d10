#pragma once
// One position at a time with AVX-512-VNNI: 64 codes of a row meet 64 activations in one vpdpbusd. Four rows go
// together, as in the AVX2 dots.
//
// Codes are loaded 64 bytes at a time: to broadcast 32 would cost a shuffle each. So a vector of codes has 32 columns
// of one place and 32 of another, and activations are brought into the same order once for four rows.
#include "avx2.h"
#include "panel_avx512.h"

#if CARAT_HAS_AVX2
/// Half of it leaves a core waiting where memory gives it 40 GB/s; twice of it is more than a core keeps in flight.
enum { CARAT_WIDE_PREFETCH_BYTES = 2048 };

/// What the blocks of four rows share.
typedef struct {
    __m512i words;      // formats with groups of 32: 8 scales of 16 bits per row
    __m256i scales[4];  // formats with groups of 16: 16 scales of 16 bits of each row
    __m128i mins;       // per row: sum(min * activation sum)
    __m128 d, dmin;
} carat_dot_head;

/// How a format is read. All functions are inlined.
typedef struct {
    size_t block_bytes;
    /// Columns between the two 32 of a vector: 64 where a byte holds weights that lie 32 apart, else 128.
    int distance;
    bool has_mins;
    void (*read)(const uint8_t *const block[4], const carat_act256 *act, carat_dot_head *out);
    /// Four vectors of codes of a row, made unsigned by the format's offset; with `pairs` NULL, times their scales.
    void (*codes)(const uint8_t *block, __m512i codes[4]);
    /// Scales of vectors 2 * i and 2 * i + 1 in the lower and upper word of each lane.
    __m512i (*pairs)(const carat_dot_head *head, int row, int i);
    /// Codes of vectors 1 and 3 are 1 << odd_shift times too large.
    int odd_shift;
    /// Where sums of codes with an offset start: less what these have too much, over the lanes; NULL: at 0.
    __m512i (*start)(const carat_dot_head *head, int row, __m256i sums);
} carat_dot_format;

/// sum += pairs of 16-bit products. Pinned: clang would take a product and a sum, to have a shorter chain.
#define CARAT_ADD_WORDS(sum, a, b) __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))

/// 16 bytes of each of four rows, a lane per row.
CARAT_AVX512_INLINE __m512i carat_load_lanes(const uint8_t *const block[4], size_t offset) {
    __m128i row[4];
    for (int r = 0; r < 4; r++) row[r] = _mm_loadu_si128((const void *)(block[r] + offset));
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(row[0]), row[1], 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(row[2]), row[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

CARAT_AVX512_INLINE __m512i carat_all_lanes(__m128i x) { return _mm512_broadcast_i32x4(x); }

/// The first word of each lane.
CARAT_AVX512_INLINE __m128i carat_first_words(__m512i x) {
    const __m512i first = _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    return _mm512_castsi512_si128(_mm512_permutexvar_epi32(first, x));
}

/// Per lane: the sum of its four words.
CARAT_AVX512_INLINE __m128i carat_fold_lanes_wide(__m512i x) {
    const __m512i pairs = _mm512_add_epi32(x, _mm512_shuffle_epi32(x, 0x4e));
    return carat_first_words(_mm512_add_epi32(pairs, _mm512_shuffle_epi32(pairs, 0xb1)));
}

/// The sums of the sixteen int32 of each of four vectors.
CARAT_AVX512_INLINE __m128i carat_fold_four_wide(const __m512i v[4]) {
    const __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    const __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    const __m512i c = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    const __m256i d = _mm256_add_epi32(_mm512_castsi512_si256(c), _mm512_extracti64x4_epi64(c, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
}

/// The products of one row's block, over the lanes.
CARAT_AVX512_INLINE __m512i carat_multiply_row(
    const carat_dot_format f, const uint8_t *block, const carat_dot_head *head, int row, const __m512i x[4],
    __m512i sum) {
    __m512i codes[4];
    f.codes(block, codes);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i += 2) {
        if (!f.pairs) {
            sum = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, codes[i], x[i]), codes[i + 1], x[i + 1]);
            continue;
        }
        // sums of four are 4 * 63 * 127 = 32,004 at most: they fit 16 bits
        const __m512i even = _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes[i], x[i]);
        const __m512i odd = _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes[i + 1], x[i + 1]);
        const __m512i both =
            _mm512_mask_blend_epi16(0xaaaaaaaa, even, _mm512_slli_epi32(odd, (unsigned)(16 - f.odd_shift)));
        CARAT_ADD_WORDS(sum, both, f.pairs(head, row, i / 2));
    }
    return sum;
}

CARAT_AVX512_INLINE void carat_dot_k_avx512(
    const carat_dot_format f, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, float *y) {
    carat_four_rows four = carat_quarter_rows(row_count);
    if (row_count == 0) return;
    carat_select_rows(&four, rows, row_bytes, 0);
    for (int i = 0; i < 4; i++) carat_prefetch_at(four.block[i], 0, CARAT_WIDE_PREFETCH_BYTES);
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_SUPER_BLOCK; b++) {
            carat_dot_head head;
            __m512i x[4], products[4];
            for (int i = 0; i < 4; i++) carat_prefetch_at(four.block[i], CARAT_WIDE_PREFETCH_BYTES, f.block_bytes);
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                const int8_t *from = act[b].codes + (f.distance == 128 ? 32 * i : 128 * (i / 2) + 32 * (i % 2));
                x[i] = _mm512_inserti64x4(
                    _mm512_castsi256_si512(carat_load(from)), carat_load(from + f.distance), 1);
            }
            f.read(four.block, act + b, &head);
#pragma clang loop unroll(full)
            for (int row = 0; row < 4; row++) {
                // Row by row, by statements that stay in order: mixed, rows need more registers than there are.
                const uint8_t *block = four.block[row];
                __asm__ volatile("" : "+r"(block));
                products[row] = carat_multiply_row(
                    f, block, &head, row, x,
                    f.start ? f.start(&head, row, carat_load(act[b].sums)) : _mm512_setzero_si512());
                __asm__ volatile("" : "+v"(products[row]));
                four.block[row] += f.block_bytes;
            }
            __m128 v = _mm_mul_ps(head.d, _mm_cvtepi32_ps(carat_fold_four_wide(products)));
            if (f.has_mins) v = _mm_fnmadd_ps(head.dmin, _mm_cvtepi32_ps(head.mins), v);
            total = _mm_fmadd_ps(v, _mm_set1_ps(act[b].d), total);
        }
        carat_store_four(&four, y, r, total);
    }
}

/// Numbers of 16-bit words that come to lie side by side: a pair for each 128-bit lane.
CARAT_AVX512_INLINE __m512i carat_word_pairs(const int first[4], const int second[4]) {
    __m128i lane[4];
    for (int i = 0; i < 4; i++) lane[i] = _mm_set1_epi32(first[i] | second[i] << 16);
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_setr_m128i(lane[0], lane[1])), _mm256_setr_m128i(lane[2], lane[3]), 1);
}

/// The scales of a format with groups of 16.
CARAT_AVX512_INLINE __m512i carat_dot_pairs_k16(const carat_dot_head *head, int row, int i) {
    const int g = 4 * i;
    const __m512i number =
        carat_word_pairs((const int[]){g, g + 1, g + 8, g + 9}, (const int[]){g + 2, g + 3, g + 10, g + 11});
    return _mm512_permutexvar_epi16(number, _mm512_castsi256_si512(head->scales[row]));
}

/// The head of Q4_K and Q5_K, whose scales and mins lie as `carat_unpack_scales_mins` tells.
CARAT_AVX512_INLINE void carat_dot_read_k32(
    const uint8_t *const block[4], const carat_act256 *act, carat_dot_head *out) {
    const __m512i head = carat_load_lanes(block, 0);
    // words 1, 3, 2, 3 hold the lower parts of scales 0-3 and 4-7, mins 0-3 and 4-7; words 1 and 2 the upper ones
    const __m512i low = _mm512_srlv_epi32(
        _mm512_shuffle_epi32(head, 0xed), carat_all_lanes(_mm_setr_epi32(0, 0, 0, 4)));
    const __m512i mask = carat_all_lanes(_mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
    const __m512i upper = carat_all_lanes(_mm_setr_epi32(0, 0x30303030, 0, 0x30303030));
    const __m512i top = _mm512_srli_epi32(_mm512_shuffle_epi32(head, 0xa5), 2);
    const __m512i bytes = _mm512_ternarylogic_epi64(_mm512_and_si512(low, mask), top, upper, 0xf8);
    out->words = _mm512_unpacklo_epi8(bytes, _mm512_setzero_si512());
    const __m512i mins = _mm512_unpackhi_epi8(bytes, _mm512_setzero_si512());
    const __m512i sums = carat_all_lanes(_mm_loadu_si128((const void *)act->sums32));
    out->mins = carat_fold_lanes_wide(_mm512_madd_epi16(mins, sums));
    const __m128i halves = _mm_shuffle_epi8(
        carat_first_words(head), _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
    const __m256 deltas = _mm256_cvtph_ps(halves);
    out->d = _mm256_castps256_ps128(deltas);
    out->dmin = _mm256_extractf128_ps(deltas, 1);
}

CARAT_AVX512_INLINE __m512i carat_dot_pairs_k32(const carat_dot_head *head, int row, int i) {
    const int g = 8 * row + 4 * i;
    const __m512i number =
        carat_word_pairs((const int[]){g, g, g + 2, g + 2}, (const int[]){g + 1, g + 1, g + 3, g + 3});
    return _mm512_permutexvar_epi16(number, head->words);
}
#endif
