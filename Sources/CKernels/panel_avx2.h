#pragma once
// Panels for the tile kernels: 16 weight rows of one super-block, unpacked and interleaved.
//
// Rows are transposed while their codes are still packed, so that one shuffle moves as many weights as the format has
// in a byte. Each format's file says how its codes come apart; scales and mins spread by one shuffle each.
#include "avx2.h"

#if CARAT_HAS_AVX2
enum { CARAT_PANEL_ROWS = 16, CARAT_LANE_ROWS = 8 };

/// 16 rows of one super-block. Vector v holds rows 8v ..< 8v + 8, each in one 32-bit lane.
typedef struct {
    _Alignas(64) uint8_t codes[64][2][32];  // [4 columns][v][8 rows x 4 columns], with the format's offset added
    int16_t scales[16][2][16];  // [group][v][row, twice], or [two groups][v][row x group]: 16 of them, or the first 8
    int16_t mins[8][2][16];     // [two groups][v][row x group]; likewise the first 4
    float d[16], dmin[16];
} carat_panel;

/// Unpacks one super-block of 8 rows into vector v of a panel.
typedef void (*carat_fill_fn)(const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v);

/// 32 bytes of 8 rows, from `offset`: out[i] holds bytes 4i ..< 4i + 4 of each row, a row in each 32-bit lane.
CARAT_AVX2_INLINE void carat_transpose32(const uint8_t *const block[CARAT_LANE_ROWS], size_t offset, __m256i out[8]) {
    __m256i a[8], b[8];
    for (int i = 0; i < 8; i++) a[i] = carat_load(block[i] + offset);
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        out[i] = _mm256_permute2x128_si256(a[i], a[i + 4], 0x20);
        out[i + 4] = _mm256_permute2x128_si256(a[i], a[i + 4], 0x31);
    }
}

/// The same for 16 bytes of 8 rows that were loaded already.
CARAT_AVX2_INLINE void carat_transpose16(const __m128i row[CARAT_LANE_ROWS], __m256i out[4]) {
    __m256i a[4], b[4];
    for (int i = 0; i < 4; i++) a[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(row[i]), row[i + 4], 1);
    for (int i = 0; i < 4; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    out[0] = _mm256_unpacklo_epi64(b[0], b[2]);
    out[1] = _mm256_unpackhi_epi64(b[0], b[2]);
    out[2] = _mm256_unpacklo_epi64(b[1], b[3]);
    out[3] = _mm256_unpackhi_epi64(b[1], b[3]);
}

CARAT_AVX2_INLINE void carat_transpose16_at(
    const uint8_t *const block[CARAT_LANE_ROWS], size_t offset, __m256i out[4]) {
    __m128i row[CARAT_LANE_ROWS];
    for (int i = 0; i < CARAT_LANE_ROWS; i++) row[i] = _mm_loadu_si128((const void *)(block[i] + offset));
    carat_transpose16(row, out);
}

/// The four bytes at `offset` of 8 rows.
CARAT_AVX2_INLINE __m256i carat_gather_words(const uint8_t *const block[CARAT_LANE_ROWS], size_t offset) {
    int32_t word[CARAT_LANE_ROWS];
    for (int i = 0; i < CARAT_LANE_ROWS; i++) memcpy(&word[i], block[i] + offset, sizeof word[i]);
    return carat_load(word);
}

/// Stores d and dmin, which lie in each lane as two half floats.
CARAT_AVX2_INLINE void carat_store_deltas(__m256i halves, carat_panel *out, int v) {
    const __m256i low = _mm256_and_si256(halves, _mm256_set1_epi32(0xffff)), high = _mm256_srli_epi32(halves, 16);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
    _mm256_storeu_ps(out->d + 8 * v, _mm256_cvtph_ps(_mm256_castsi256_si128(packed)));
    _mm256_storeu_ps(out->dmin + 8 * v, _mm256_cvtph_ps(_mm256_extracti128_si256(packed, 1)));
}

/// A shuffle that takes bytes `a` and `b` of each 32-bit lane to its two 16-bit halves, with zeros above them.
CARAT_AVX2_INLINE __m256i carat_spread_bytes(int a, int b) {
    const __m256i lane = _mm256_setr_epi32(0, 0x00040004, 0x00080008, 0x000c000c, 0, 0x00040004, 0x00080008, 0x000c000c);
    return _mm256_or_si256(lane, _mm256_set1_epi32((int)(0x80008000u | (unsigned)b << 16 | (unsigned)a)));
}

/// Unsigned scales of groups 4j ..< 4j + 4, in byte order, to the panel's groups.
CARAT_AVX2_INLINE void carat_store_scales(__m256i four, carat_panel *out, int first, int v) {
    for (int j = 0; j < 4; j++)
        _mm256_storeu_si256(
            (void *)out->scales[first + j][v], _mm256_shuffle_epi8(four, carat_spread_bytes(j, j)));
}

/// Unsigned scales or mins of groups 4j ..< 4j + 4 to pairs of groups.
CARAT_AVX2_INLINE void carat_store_pairs(__m256i four, int16_t (*out)[2][16], int first, int v) {
    for (int j = 0; j < 4; j += 2)
        _mm256_storeu_si256(
            (void *)out[(first + j) / 2][v], _mm256_shuffle_epi8(four, carat_spread_bytes(j, j + 1)));
}

/// Signed scales, two groups in a lane.
CARAT_AVX2_INLINE void carat_store_signed_scale_pairs(__m256i four, carat_panel *out, int first, int v) {
    for (int j = 0; j < 4; j += 2) {
        const __m256i low = _mm256_shuffle_epi8(four, carat_spread_bytes(j, j + 1));
        _mm256_storeu_si256(
            (void *)out->scales[(first + j) / 2][v], _mm256_srai_epi16(_mm256_slli_epi16(low, 8), 8));
    }
}

/// Signed scales, a group in both halves of a lane.
CARAT_AVX2_INLINE void carat_store_signed_scales(__m256i four, carat_panel *out, int first, int v) {
    for (int j = 0; j < 4; j++) {
        const __m256i low = _mm256_shuffle_epi8(four, carat_spread_bytes(j, j));
        _mm256_storeu_si256(
            (void *)out->scales[first + j][v], _mm256_srai_epi16(_mm256_slli_epi16(low, 8), 8));
    }
}

/// Words of four codes of 32 columns to words of two codes of columns 2i and two of columns 16 + 2i: the order that
/// carat_pair256 gives activations.
CARAT_AVX2_INLINE void carat_pair_words(__m256i words[8]) {
    __m256i first[4], second[4];
    for (int i = 0; i < 4; i++) {
        first[i] = words[i];
        second[i] = words[i + 4];
    }
    for (int i = 0; i < 4; i++) {
        words[2 * i] = _mm256_blend_epi16(first[i], _mm256_slli_epi32(second[i], 16), 0xaa);
        words[2 * i + 1] = _mm256_blend_epi16(_mm256_srli_epi32(first[i], 16), second[i], 0xaa);
    }
}

CARAT_AVX2_INLINE void carat_store_codes(__m256i codes, carat_panel *out, int column, int v) {
    _mm256_storeu_si256((void *)out->codes[column / 4][v], codes);
}

/// The head that Q4_K and Q5_K share: d, dmin, and 12 bytes of scales and mins for 8 groups of 32.
CARAT_AVX2_INLINE void carat_fill_head(const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v) {
    const __m256i six = _mm256_set1_epi8(63), low = _mm256_set1_epi8(15), high = _mm256_set1_epi8(48);
    __m256i word[4];  // d and dmin, scales, mins, rest
    carat_transpose16_at(block, 0, word);
    carat_store_deltas(word[0], out, v);
    carat_store_scales(_mm256_and_si256(word[1], six), out, 0, v);
    carat_store_pairs(_mm256_and_si256(word[2], six), out->mins, 0, v);
    const __m256i scales = _mm256_or_si256(
        _mm256_and_si256(word[3], low), _mm256_and_si256(_mm256_srli_epi16(word[1], 2), high));
    const __m256i mins = _mm256_or_si256(
        _mm256_and_si256(_mm256_srli_epi16(word[3], 4), low), _mm256_and_si256(_mm256_srli_epi16(word[2], 2), high));
    carat_store_scales(scales, out, 4, v);
    carat_store_pairs(mins, out->mins, 4, v);
}
#endif
