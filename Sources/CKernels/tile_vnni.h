#pragma once
// Many positions at a time with AVX-VNNI, for prefill: tiles of 16 weight rows.
//
// A tile's weights are unpacked once into a panel, rows interleaved by 4 consecutive columns, which stays in L1 while
// all positions pass. Sums and Float steps are those of the dot kernels, so a position has the same bits here and
// there.
#include "formats_vnni.h"
#include "dot_vnni.h"

#if CARAT_HAS_AVX2
enum { CARAT_VNNI_ROWS = 16, CARAT_VNNI_BLOCKS = 4, CARAT_VNNI_POSITIONS = 4 };

/// 16 rows of one super-block.
typedef struct {
    _Alignas(64) uint8_t codes[64][16][4];  // [4 columns][row][column]
    int32_t scales[16][16];                 // [group][row]; the upper 16 bits are 0 in formats whose sums have 16 bits
    int16_t pairs[8][16][2];                // [two groups][row][group]: the mins, or -offset * scale
    float d[16], dmin[16];
} carat_vnni_panel;

/// total[position][row] += the products of one super-block, for `positions` (a constant) positions.
typedef void (*carat_multiply_panel_fn)(
    const carat_vnni_panel *w, const carat_vnni_format *f, const carat_act256 *const *act, int positions,
    float (*total)[CARAT_VNNI_ROWS]);

/// 8 rows of 8 words to 8 vectors of 8 rows: word i of all rows in vector i.
CARAT_AVX2_INLINE void carat_transpose8(__m256i a[8]) {
    __m256i b[8];
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    __m256i c[8];
    for (int i = 0; i < 8; i += 4) {
        c[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
        c[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
        c[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
        c[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        a[i] = _mm256_permute2x128_si256(c[i], c[i + 4], 0x20);
        a[i + 4] = _mm256_permute2x128_si256(c[i], c[i + 4], 0x31);
    }
}

/// Fills rows first ..< first + 8 of the panel.
CARAT_AVX2_INLINE void carat_fill_eight(
    const carat_vnni_format *f, const uint8_t *const block[8], int first, carat_vnni_panel *out) {
    __m256i v[8], scales[8], pairs[8];
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) {
        for (int r = 0; r < 8; r++) v[r] = f->codes(block[r], k);
        carat_transpose8(v);
        for (int i = 0; i < 8; i++) _mm256_store_si256((void *)out->codes[8 * k + i][first], v[i]);
    }
    for (int r = 0; r < 8; r++) {
        f->scales(block[r], &scales[r], &pairs[r]);
        if (!f->has_mins) pairs[r] = _mm256_mullo_epi16(scales[r], _mm256_set1_epi16((short)-f->offset));
    }
    carat_transpose8(scales);
    carat_transpose8(pairs);
    for (int i = 0; i < 8; i++) {
        const __m256i even = f->run == 0 ? _mm256_srai_epi32(_mm256_slli_epi32(scales[i], 16), 16)
                                         : _mm256_and_si256(scales[i], _mm256_set1_epi32(0xffff));
        const __m256i odd = f->run == 0 ? _mm256_srai_epi32(scales[i], 16) : _mm256_srli_epi32(scales[i], 16);
        _mm256_store_si256((void *)(out->scales[2 * i] + first), even);
        _mm256_store_si256((void *)(out->scales[2 * i + 1] + first), odd);
        _mm256_store_si256((void *)out->pairs[i][first], pairs[i]);
    }
    for (int r = 0; r < 8; r += 4) {
        _mm_store_ps(out->d + first + r, carat_four_deltas(block + r, f->d));
        _mm_store_ps(out->dmin + first + r, carat_four_deltas(block + r, f->dmin));
    }
}

CARAT_AVX2_INLINE void carat_tile_k_vnni(
    carat_multiply_panel_fn multiply, const int group, const carat_vnni_format *f, const void *rows, size_t row_bytes,
    size_t row_count, size_t columns, const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    carat_vnni_panel panel[CARAT_VNNI_BLOCKS];
    for (size_t first = 0; first < row_count; first += CARAT_VNNI_ROWS) {
        const size_t count = row_count - first < CARAT_VNNI_ROWS ? row_count - first : CARAT_VNNI_ROWS;
        const uint8_t *row[CARAT_VNNI_ROWS];
        for (size_t r = 0; r < CARAT_VNNI_ROWS; r++)  // past the last row, the last one again: dropped below
            row[r] = (const uint8_t *)rows + (first + (r < count ? r : count - 1)) * row_bytes;
        for (size_t b = 0; b < blocks; b += CARAT_VNNI_BLOCKS) {
            const size_t width = blocks - b < CARAT_VNNI_BLOCKS ? blocks - b : CARAT_VNNI_BLOCKS;
            for (size_t i = 0; i < width; i++)
                for (int r = 0; r < CARAT_VNNI_ROWS; r += 8) {
                    const uint8_t *block[8];
                    for (int k = 0; k < 8; k++) block[k] = row[r + k] + (b + i) * f->block_bytes;
                    carat_fill_eight(f, block, r, panel + i);
                }
            for (size_t p = 0; p < positions; p += (size_t)group) {
                const size_t valid = positions - p < (size_t)group ? positions - p : (size_t)group;
                const carat_act256 *x[CARAT_VNNI_POSITIONS];
                _Alignas(64) float total[CARAT_VNNI_POSITIONS][CARAT_VNNI_ROWS] = {0};
                for (size_t i = 0; i < (size_t)group; i++)  // past the last position, the last one again
                    x[i] = act + (p + (i < valid ? i : valid - 1)) * blocks + b;
                if (b > 0)
                    for (size_t i = 0; i < valid; i++)
                        memcpy(total[i], y + (p + i) * y_stride + first, count * sizeof(float));
                for (size_t i = 0; i < width; i++) {
                    if (valid > (size_t)group / 2) multiply(panel + i, f, x, group, total);
                    else multiply(panel + i, f, x, group / 2, total);
                    for (int k = 0; k < group; k++) x[k]++;
                }
                for (size_t i = 0; i < valid; i++)
                    memcpy(y + (p + i) * y_stride + first, total[i], count * sizeof(float));
            }
        }
    }
}

CARAT_AVX2_INLINE int32_t carat_word(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/// Defines the dot and tile kernels of one K format for an instruction set.
#define CARAT_VNNI_K(format, isa, attribute, dpwssd, multiply, positions)                                             \
    attribute void carat_dot_##format##_##isa(                                                                        \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        carat_dot_k_vnni(dpwssd, &vnni_##format, rows, row_bytes, row_count, columns, activation, y);                 \
    }                                                                                                                 \
    attribute void carat_tile_##format##_##isa(                                                                       \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t n, float *y, size_t y_stride) {                                                                        \
        carat_tile_k_vnni(multiply, positions, &vnni_##format, rows, row_bytes, row_count, columns, act, n, y,        \
            y_stride);                                                                                                \
    }
/// Defines all kernels of an instruction set with VNNI.
#define CARAT_VNNI_KERNELS(isa, attribute, dpbusd, dpwssd, multiply, positions)                                       \
    CARAT_VNNI_K(q2_k, isa, attribute, dpwssd, multiply, positions)                                                   \
    CARAT_VNNI_K(q3_k, isa, attribute, dpwssd, multiply, positions)                                                   \
    CARAT_VNNI_K(q4_k, isa, attribute, dpwssd, multiply, positions)                                                   \
    CARAT_VNNI_K(q5_k, isa, attribute, dpwssd, multiply, positions)                                                   \
    CARAT_VNNI_K(q6_k, isa, attribute, dpwssd, multiply, positions)                                                   \
    attribute void carat_dot_q8_0_##isa(                                                                              \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        carat_dot_q8_0_vnni(dpbusd, rows, row_bytes, row_count, columns, activation, y);                              \
    }
#endif
