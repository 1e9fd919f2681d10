#pragma once
// Panels for the AVX-512 tiles: 16 weight rows of one super-block, unpacked and interleaved, one row per 32-bit lane.
//
// Rows are transposed while their codes are still packed, so that one shuffle moves as many weights as the format has
// in a byte. Then scales and mins come apart by shifts within the lanes.
#include "avx2.h"

#if CARAT_HAS_AVX2
#define CARAT_AVX512_INLINE CARAT_AVX512VNNI CARAT_INLINE
/// Code that starts a cache line: else a change elsewhere moves it, and a tenth of its speed with it.
#define CARAT_ALIGNED __attribute__((aligned(64)))

enum { CARAT_WIDE_ROWS = 16 };

/// What 16 rows of one super-block have besides their codes; a row is one 32-bit lane of every vector.
typedef struct {
    __m512i scales[16];  // per group; formats with groups of 32 fill the first 8
    __m512i pairs[8];    // per two groups: their mins, or -offset * scale; with groups of 32 the first 4
    __m512 d, dmin;
} carat_wide_head;

/// What a format makes of a group's scales to multiply codes with them.
typedef struct {
    __m512i a, b;
} carat_wide_table;

/// Packed codes of 128 columns: 16 or 8 words of a row, and 8 of bits that belong to them.
typedef struct {
    __m512i low[16], high[8];
} carat_wide_words;

CARAT_AVX512_INLINE __m512i carat_load64(const void *p) { return _mm512_loadu_si512(p); }
CARAT_AVX512_INLINE __m512i carat_all(int x) { return _mm512_set1_epi32(x); }

/// Ones for the first `count` of 16 lanes.
CARAT_AVX512_INLINE __mmask16 carat_lane_mask(size_t count) {
    return count >= CARAT_WIDE_ROWS ? 0xffff : (__mmask16)((1u << count) - 1);
}

/// (x >> shift) & mask in each byte; shifts go through 16 bits, whose foreign bits the mask takes away.
CARAT_AVX512_INLINE __m512i carat_bits(__m512i x, int shift, char mask) {
    return _mm512_and_si512(_mm512_srli_epi16(x, (unsigned)shift), _mm512_set1_epi8(mask));
}

/// Words of 16 bits shifted right, or left where `shift` is negative.
CARAT_AVX512_INLINE __m512i carat_shift(__m512i x, int shift) {
    return shift < 0 ? _mm512_slli_epi16(x, (unsigned)-shift) : _mm512_srli_epi16(x, (unsigned)shift);
}

/// low | (top & mask)
CARAT_AVX512_INLINE __m512i carat_join_bits(__m512i low, __m512i top, char mask) {
    return _mm512_ternarylogic_epi64(low, top, _mm512_set1_epi8(mask), 0xf8);
}

CARAT_AVX512_INLINE void carat_shift_words(__m512i words[8], int shift) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) words[i] = carat_shift(words[i], shift);
}

/// The 4 x 4 words of each 128-bit lane of four vectors, transposed.
CARAT_AVX512_INLINE void carat_transpose_lanes(__m512i a[4]) {
    const __m512i low0 = _mm512_unpacklo_epi32(a[0], a[1]), high0 = _mm512_unpackhi_epi32(a[0], a[1]);
    const __m512i low2 = _mm512_unpacklo_epi32(a[2], a[3]), high2 = _mm512_unpackhi_epi32(a[2], a[3]);
    a[0] = _mm512_unpacklo_epi64(low0, low2);
    a[1] = _mm512_unpackhi_epi64(low0, low2);
    a[2] = _mm512_unpacklo_epi64(high0, high2);
    a[3] = _mm512_unpackhi_epi64(high0, high2);
}

/// 64 bytes of 16 rows, from `offset`: out[i] holds bytes 4i ..< 4i + 4 of each row.
CARAT_AVX512_INLINE void carat_transpose64(
    const uint8_t *const block[CARAT_WIDE_ROWS], size_t offset, __m512i out[16]) {
    __m512i a[4][4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
        for (int r = 0; r < 4; r++) a[j][r] = carat_load64(block[4 * j + r] + offset);
        carat_transpose_lanes(a[j]);
    }
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
        const __m512i low01 = _mm512_shuffle_i32x4(a[0][k], a[1][k], 0x44);
        const __m512i high01 = _mm512_shuffle_i32x4(a[0][k], a[1][k], 0xee);
        const __m512i low23 = _mm512_shuffle_i32x4(a[2][k], a[3][k], 0x44);
        const __m512i high23 = _mm512_shuffle_i32x4(a[2][k], a[3][k], 0xee);
        out[k] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        out[4 + k] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
        out[8 + k] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        out[12 + k] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
    }
}

/// The same for 32 bytes.
CARAT_AVX512_INLINE void carat_transpose32_wide(
    const uint8_t *const block[CARAT_WIDE_ROWS], size_t offset, __m512i out[8]) {
    // Rows j and j + 8 share a vector; so rows 0, 8, 4 and 12 begin the groups of four lanes.
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i second = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    __m512i a[2][4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) {
        for (int r = 0; r < 4; r++)
            a[j][r] = _mm512_inserti64x4(
                _mm512_castsi256_si512(carat_load(block[4 * j + r] + offset)),
                carat_load(block[4 * j + r + 8] + offset), 1);
        carat_transpose_lanes(a[j]);
    }
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
        out[k] = _mm512_permutex2var_epi64(a[0][k], first, a[1][k]);
        out[4 + k] = _mm512_permutex2var_epi64(a[0][k], second, a[1][k]);
    }
}

/// The same for 16 bytes, which `row` holds.
CARAT_AVX512_INLINE void carat_transpose16_rows(const __m128i row[CARAT_WIDE_ROWS], __m512i out[4]) {
#pragma clang loop unroll(full)
    for (int r = 0; r < 4; r++) {
        const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(row[r]), row[4 + r], 1);
        const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(row[8 + r]), row[12 + r], 1);
        out[r] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    carat_transpose_lanes(out);
}

CARAT_AVX512_INLINE void carat_transpose16_wide(
    const uint8_t *const block[CARAT_WIDE_ROWS], size_t offset, __m512i out[4]) {
    __m128i row[CARAT_WIDE_ROWS];
    for (int r = 0; r < CARAT_WIDE_ROWS; r++) row[r] = _mm_loadu_si128((const void *)(block[r] + offset));
    carat_transpose16_rows(row, out);
}

/// The half float in the lower 16 bits of each lane.
CARAT_AVX512_INLINE __m512 carat_wide_delta(__m512i word) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(word)); }

/// The two bytes at `offset` of each row, or the four.
CARAT_AVX512_INLINE __m512i carat_gather_deltas(const uint8_t *const block[CARAT_WIDE_ROWS], size_t offset, int bytes) {
    uint32_t word[CARAT_WIDE_ROWS] = {0};
    for (int r = 0; r < CARAT_WIDE_ROWS; r++) memcpy(&word[r], block[r] + offset, (size_t)bytes);
    return carat_load64(word);
}

/// Two 16-bit numbers to a lane; what is above the 16 bits of `low` is dropped.
CARAT_AVX512_INLINE __m512i carat_pair(__m512i low, __m512i high) {
    return _mm512_mask_blend_epi16(0xaaaaaaaa, low, _mm512_slli_epi32(high, 16));
}

/// 32 bytes twice, the upper half to be shifted apart from the lower.
CARAT_AVX512_INLINE __m512i carat_twice(const uint8_t *p) { return _mm512_broadcast_i64x4(carat_load(p)); }

/// 16-bit words shifted right, by `low` in the lower half and `high` in the upper.
CARAT_AVX512_INLINE __m512i carat_shift_halves(__m512i x, int low, int high) {
    return _mm512_srlv_epi16(x, _mm512_inserti64x4(_mm512_set1_epi16((short)low), _mm256_set1_epi16((short)high), 1));
}

/// a where the mask has ones, else b.
CARAT_AVX512_INLINE __m512i carat_choose(char mask, __m512i a, __m512i b) {
    return _mm512_ternarylogic_epi64(_mm512_set1_epi8(mask), a, b, 0xca);
}

CARAT_AVX512_INLINE __m512i carat_mask(__m512i x, char mask) { return _mm512_and_si512(x, _mm512_set1_epi8(mask)); }

/// The head that Q4_K and Q5_K share: d, dmin, and 12 bytes of scales and mins for 8 groups of 32.
CARAT_AVX512_INLINE void carat_fill_wide_head(const uint8_t *const block[CARAT_WIDE_ROWS], carat_wide_head *out) {
    __m512i word[4], mins[8];  // d and dmin, scales, mins, the upper parts of both
    carat_transpose16_wide(block, 0, word);
    out->d = carat_wide_delta(word[0]);
    out->dmin = carat_wide_delta(_mm512_srli_epi32(word[0], 16));
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
        const unsigned byte = (unsigned)(8 * k);
        const __m512i six = carat_all(63), four = carat_all(15), two = carat_all(3);
        out->scales[k] = _mm512_and_si512(_mm512_srli_epi32(word[1], byte), six);
        mins[k] = _mm512_and_si512(_mm512_srli_epi32(word[2], byte), six);
        const __m512i scale = _mm512_and_si512(_mm512_srli_epi32(word[1], byte + 6), two);
        const __m512i min = _mm512_and_si512(_mm512_srli_epi32(word[2], byte + 6), two);
        out->scales[4 + k] = _mm512_or_si512(
            _mm512_and_si512(_mm512_srli_epi32(word[3], byte), four), _mm512_slli_epi32(scale, 4));
        mins[4 + k] = _mm512_or_si512(
            _mm512_and_si512(_mm512_srli_epi32(word[3], byte + 4), four), _mm512_slli_epi32(min, 4));
    }
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g += 2) out->pairs[g / 2] = carat_pair(mins[g], mins[g + 1]);
}
#endif
