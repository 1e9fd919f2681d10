#pragma once
// Many positions at a time with AVX-512-VNNI: tiles of 16 weight rows x 8 positions.
//
// A tile's weights are unpacked once into panels (panel_avx512.h) which stay in the caches while positions pass. Sums
// and Float steps are those of the dot kernels, so a position has the same bits here and there.
#include "dot_avx512.h"
#include "panel_avx512.h"

#if CARAT_HAS_AVX2
enum {
    CARAT_WIDE_POSITIONS = 8,
    /// Super-blocks of one row tile that are unpacked together: their panels fill half of L1.
    CARAT_WIDE_BLOCKS = 4,
    /// Row tiles that share a sweep, and positions of one sweep: panels and activations of a sweep stay in L2.
    CARAT_WIDE_SWEEP_TILES = 4,
    CARAT_WIDE_SWEEP_ROWS = CARAT_WIDE_SWEEP_TILES * CARAT_WIDE_ROWS,
    CARAT_WIDE_SWEEP_POSITIONS = 64,
    /// Positions whose sums are gathered at a time.
    CARAT_WIDE_PART_POSITIONS = 512,
    CARAT_WIDE_LONG_ROW_BYTES = 4096,
};

/// Unpacks one super-block of 16 rows into a panel.
typedef void (*carat_fill_wide_fn)(const uint8_t *const block[CARAT_WIDE_ROWS], carat_wide_panel *out);

typedef struct {
    carat_fill_wide_fn fill;
    size_t block_bytes;
    int group;  // weights that share a scale: 16 or 32
    bool has_mins;
    bool is_scaled;  // whether the panel's codes are multiplied by their scales already
} carat_wide_format;

CARAT_AVX512_INLINE __m512i carat_all_words(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

/// sum += pairs of 16-bit products with the two numbers at `p`. Pinned: compilers load all positions' numbers into
/// general registers beforehand, of which there are too few.
#define CARAT_ADD_PAIRS(sum, pairs, p)                                                                                \
    __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(pairs), "m"(*(const int16_t(*)[2])(p)))

/// Where the weights lie that will be unpacked later: one block of each row, `row_bytes` apart; NULL: none.
typedef struct {
    const uint8_t *block;
    size_t row_bytes;
} carat_ahead;

/// total[position] += the products of one super-block, for `positions` (a constant) positions that lie `stride` apart.
///
/// Memory at `ahead` is asked for along the way: all at once would be more than a core can wait for at a time.
CARAT_AVX512_INLINE void carat_multiply_wide(
    const carat_wide_panel *w, const carat_act256 *act, size_t stride, const int positions, const carat_wide_format f,
    carat_ahead ahead, __m512 *total) {
    const int steps = f.group / 4, groups = CARAT_SUPER_BLOCK / f.group;
    __m512i products[CARAT_WIDE_POSITIONS], others[CARAT_WIDE_POSITIONS];
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) products[p] = _mm512_setzero_si512();
    for (int g = 0; g < groups; g++) {
        __m512i sums[CARAT_WIDE_POSITIONS];
        if (ahead.block != NULL)
            for (int r = g * CARAT_WIDE_ROWS / groups; r < (g + 1) * CARAT_WIDE_ROWS / groups; r++)
                for (size_t line = 0; line < f.block_bytes; line += 64) {
                    const uintptr_t row = (uintptr_t)ahead.block + (size_t)r * ahead.row_bytes;
                    _mm_prefetch((const char *)(row + line), _MM_HINT_T1);
                }
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) sums[p] = f.is_scaled ? products[p] : _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (int q = 0; q < steps; q++) {
            const __m512i codes = w->codes[steps * g + q];
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++)
                sums[p] = _mm512_dpbusd_epi32(
                    sums[p], codes, carat_all_words(act[(size_t)p * stride].codes + 4 * (steps * g + q)));
        }
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++)
            products[p] = f.is_scaled
                ? sums[p]
                : _mm512_add_epi32(products[p], _mm512_mullo_epi32(sums[p], w->scales[g]));
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) others[p] = f.has_mins ? _mm512_setzero_si512() : products[p];
#pragma clang loop unroll(full)
    for (int s = 0; s < groups / 2; s++) {
        const __m512i pair = w->pairs[s];
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) {
            const carat_act256 *x = act + (size_t)p * stride;
            CARAT_ADD_PAIRS(others[p], pair, f.group == 32 ? x->sums32 + 2 * s : x->sums + 2 * s);
        }
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) {
        __m512 v = _mm512_mul_ps(w->d, _mm512_cvtepi32_ps(f.has_mins ? products[p] : others[p]));
        if (f.has_mins) v = _mm512_fnmadd_ps(w->dmin, _mm512_cvtepi32_ps(others[p]), v);
        total[p] = _mm512_fmadd_ps(v, _mm512_set1_ps(act[(size_t)p * stride].d), total[p]);
    }
}

/// Unpacks `width` super-blocks from number `b`.
CARAT_AVX512_INLINE void carat_fill_wide_panels(
    const carat_wide_format f, const uint8_t *const row[CARAT_WIDE_ROWS], size_t b, size_t width,
    carat_wide_panel *panels) {
    for (size_t i = 0; i < width; i++) {
        const uint8_t *block[CARAT_WIDE_ROWS];
        for (int r = 0; r < CARAT_WIDE_ROWS; r++) block[r] = row[r] + (b + i) * f.block_bytes;
        f.fill(block, panels + i);
    }
}

/// sums[p] += the products of `width` super-blocks of one row tile, for `count` (a constant) positions.
CARAT_AVX512_INLINE void carat_pass_wide(
    const carat_wide_format f, const carat_wide_panel *panels, size_t width, const carat_act256 *act, size_t stride,
    const int count, carat_ahead ahead, float (*sums)[CARAT_WIDE_SWEEP_ROWS]) {
    __m512 total[CARAT_WIDE_POSITIONS];
#pragma clang loop unroll(full)
    for (int p = 0; p < count; p++) total[p] = _mm512_loadu_ps(sums[p]);
    for (size_t i = 0; i < width; i++) {
        carat_multiply_wide(panels + i, act + i, stride, count, f, ahead, total);
        if (ahead.block != NULL) ahead.block += f.block_bytes;
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < count; p++) _mm512_storeu_ps(sums[p], total[p]);
}

/// The same for any number of positions. Memory is asked for along the first of them.
CARAT_AVX512_INLINE void carat_sweep_wide(
    const carat_wide_format f, const carat_wide_panel *panels, size_t width, const carat_act256 *act, size_t stride,
    size_t positions, carat_ahead ahead, float (*sums)[CARAT_WIDE_SWEEP_ROWS]) {
    const carat_ahead none = {NULL, 0};
    size_t p = 0;
    for (; p + 8 <= positions; p += 8)
        carat_pass_wide(f, panels, width, act + p * stride, stride, 8, p == 0 ? ahead : none, sums + p);
    if (p + 4 <= positions) {
        carat_pass_wide(f, panels, width, act + p * stride, stride, 4, p == 0 ? ahead : none, sums + p);
        p += 4;
    }
    if (p + 2 <= positions) {
        carat_pass_wide(f, panels, width, act + p * stride, stride, 2, p == 0 ? ahead : none, sums + p);
        p += 2;
    }
    if (p < positions) carat_pass_wide(f, panels, width, act + p * stride, stride, 1, none, sums + p);
}

/// Up to 64 rows and 512 positions. Sums gather in memory of their own: rows of y lie a power of two apart, where they
/// would push each other out of the caches.
CARAT_AVX512_INLINE void carat_part_wide(
    const carat_wide_format f, const uint8_t *rows, size_t row_bytes, size_t row_count, size_t blocks,
    const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    carat_wide_panel panels[CARAT_WIDE_SWEEP_TILES][CARAT_WIDE_BLOCKS];
    const uint8_t *row[CARAT_WIDE_SWEEP_ROWS];
    _Alignas(64) float sums[CARAT_WIDE_PART_POSITIONS][CARAT_WIDE_SWEEP_ROWS];
    memset(sums, 0, positions * sizeof *sums);
    const size_t tiles = (row_count + CARAT_WIDE_ROWS - 1) / CARAT_WIDE_ROWS;
    for (size_t r = 0; r < CARAT_WIDE_SWEEP_ROWS; r++)  // past the last row, the last one again
        row[r] = rows + (r < row_count ? r : row_count - 1) * row_bytes;
    const bool is_single = positions <= CARAT_WIDE_SWEEP_POSITIONS;
    // With a single sweep each panel is used once: one tile after the other, in the order of memory, in one place.
    for (size_t t = 0; t < tiles && is_single; t++)
        for (size_t b = 0; b < blocks; b += CARAT_WIDE_BLOCKS) {
            const size_t width = blocks - b < CARAT_WIDE_BLOCKS ? blocks - b : CARAT_WIDE_BLOCKS;
            // Short rows are fetched a tile ahead, long ones along themselves.
            const bool is_long = row_bytes >= CARAT_WIDE_LONG_ROW_BYTES && b + width < blocks;
            const uint8_t *const here = row[t * CARAT_WIDE_ROWS] + b * f.block_bytes;
            const carat_ahead ahead = {
                here + (is_long ? width * f.block_bytes : CARAT_WIDE_ROWS * row_bytes), row_bytes};
            carat_fill_wide_panels(f, row + t * CARAT_WIDE_ROWS, b, width, panels[0]);
            carat_sweep_wide(
                f, panels[0], width, act + b, blocks, positions, ahead,
                (float(*)[CARAT_WIDE_SWEEP_ROWS])(sums[0] + t * CARAT_WIDE_ROWS));
        }
    for (size_t b = 0; b < blocks && !is_single; b += CARAT_WIDE_BLOCKS) {
        const size_t width = blocks - b < CARAT_WIDE_BLOCKS ? blocks - b : CARAT_WIDE_BLOCKS;
        for (size_t p = 0; p < positions; p += CARAT_WIDE_SWEEP_POSITIONS) {
            const size_t count =
                positions - p < CARAT_WIDE_SWEEP_POSITIONS ? positions - p : CARAT_WIDE_SWEEP_POSITIONS;
            for (size_t t = 0; t < tiles; t++) {
                if (p == 0) carat_fill_wide_panels(f, row + t * CARAT_WIDE_ROWS, b, width, panels[t]);
                const bool is_next = p == 0 && b + width < blocks;
                const uint8_t *const next = row[t * CARAT_WIDE_ROWS] + (b + width) * f.block_bytes;
                carat_sweep_wide(
                    f, panels[t], width, act + p * blocks + b, blocks, count,
                    (carat_ahead){is_next ? next : NULL, row_bytes},
                    (float(*)[CARAT_WIDE_SWEEP_ROWS])(sums[p] + t * CARAT_WIDE_ROWS));
            }
        }
    }
    for (size_t p = 0; p < positions; p++) memcpy(y + p * y_stride, sums[p], row_count * sizeof(float));
}

CARAT_AVX512_INLINE void carat_tile_k_avx512(
    const carat_wide_format f, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    for (size_t p = 0; p < positions; p += CARAT_WIDE_PART_POSITIONS)
        for (size_t r = 0; r < row_count; r += CARAT_WIDE_SWEEP_ROWS)
            carat_part_wide(
                f, (const uint8_t *)rows + r * row_bytes, row_bytes,
                row_count - r < CARAT_WIDE_SWEEP_ROWS ? row_count - r : CARAT_WIDE_SWEEP_ROWS, blocks,
                act + p * blocks,
                positions - p < CARAT_WIDE_PART_POSITIONS ? positions - p : CARAT_WIDE_PART_POSITIONS,
                y + p * y_stride + r, y_stride);
}

/// Defines the AVX-512 dot and tile of a K format from a `carat_dot_format` and, by its `fill_wide_<format>`, the members
/// of a `carat_wide_format` after the first two.
#define CARAT_AVX512_K(format, dot, ...)                                                                              \
    CARAT_AVX512VNNI void carat_dot_##format##_avx512vnni(                                                            \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {     \
        const carat_dot_format how = dot;                                                                             \
        carat_dot_k_avx512(how, rows, row_bytes, row_count, columns, activation, y);                                  \
    }                                                                                                                 \
    CARAT_AVX512VNNI void carat_tile_##format##_avx512vnni(                                                           \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        const carat_wide_format how = {fill_wide_##format, sizeof(carat_block_##format), __VA_ARGS__};                \
        carat_tile_k_avx512(how, rows, row_bytes, row_count, columns, act, positions, y, y_stride);                   \
    }
#endif
