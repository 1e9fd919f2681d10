#pragma once
// Many positions at a time, for prefill: tiles of 16 weight rows x 4 positions.
//
// A tile's weights are unpacked once into panels (panel_avx2.h) which stay in the caches while positions pass. Products
// gather in 16-bit lanes over a whole scale group, then one multiply-add by the scale widens them: half the
// instructions of widening each product. Sums and Float steps are those of the dot kernels, so a position has the same
// bits here and there.
#include "few_avx2.h"
#include "panel_avx2.h"

#if CARAT_HAS_AVX2
enum {
    CARAT_TILE_POSITIONS = 4,
    /// Super-blocks of one row tile that are unpacked together: their panels fill most of L1.
    CARAT_TILE_BLOCKS = 4,
    /// Row tiles that share a sweep, and positions of one sweep: panels and activations of a sweep stay in L2.
    CARAT_SWEEP_TILES = 4,
    CARAT_SWEEP_ROWS = CARAT_SWEEP_TILES * CARAT_PANEL_ROWS,
    CARAT_SWEEP_POSITIONS = 64,
    /// Positions whose sums are gathered at a time.
    CARAT_PART_POSITIONS = 512,
    /// Rows shorter than this: a tile of them is fetched from memory in its order there while another is multiplied.
    CARAT_SHORT_ROW_BYTES = 4096,
};

/// How a format's codes gather.
typedef struct {
    carat_fill_fn fill;
    size_t block_bytes;
    int group;   // weights that share a scale: 16 or 32
    int offset;  // what was added to the codes to make them unsigned: 0, 4 or 32
    bool has_mins;
} carat_tile_format;

/// product = 4 unsigned codes x 4 activations, pairwise; and the same added to a sum. Pinned instructions: compilers
/// hoist and spill such loops to half their speed.
#define CARAT_MULTIPLY(product, codes, activations)                                                                   \
    __asm__ volatile("vpmaddubsw %2, %1, %0" : "=x"(product) : "x"(codes), "x"(activations))
#define CARAT_ACCUMULATE(sum, codes, activations)                                                                     \
    do {                                                                                                              \
        __m256i product;                                                                                              \
        __asm__ volatile("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0"                                                 \
                         : "+x"(sum), "=&x"(product)                                                                  \
                         : "x"(codes), "x"(activations));                                                             \
    } while (0)

CARAT_AVX2_INLINE __m256i carat_broadcast4(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

/// total[position][v] += the products of one super-block.
///
/// Codes with an offset (Q3_K: 4, Q6_K: 32) start their sums at -offset * sum(activations). The 16-bit sums may wrap
/// on the way; they are exact modulo 2^16, and the true sum of signed codes is at most 8 * 32 * 127 = 32512. Groups of
/// 32 have no offset: their sums are at most 16 * 15 * 127 = 30480.
///
/// Memory from address `ahead`, as much as these weights took, is asked for along the way; 0: nothing is.
CARAT_AVX2_INLINE void carat_multiply_tile(
    const carat_panel *w, const carat_act256 *const act[CARAT_TILE_POSITIONS], const carat_tile_format format,
    uintptr_t ahead, __m256 total[CARAT_TILE_POSITIONS][2]) {
    const int groups = CARAT_SUPER_BLOCK / format.group, steps = format.group / 4;
    __m256i products[CARAT_TILE_POSITIONS][2], mins[CARAT_TILE_POSITIONS][2];
    for (int p = 0; p < CARAT_TILE_POSITIONS; p++)
        products[p][0] = products[p][1] = mins[p][0] = mins[p][1] = _mm256_setzero_si256();
    for (int g = 0; g < groups; g++) {
        __m256i sums[CARAT_TILE_POSITIONS][2];
        if (ahead != 0) {
            const size_t lines = (CARAT_PANEL_ROWS * format.block_bytes / (size_t)groups + 63) / 64;
            for (size_t i = lines * (size_t)g; i < lines * (size_t)(g + 1); i++)
                _mm_prefetch((const char *)(ahead + 64 * i), _MM_HINT_T1);
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < steps; q++) {
            const int column = steps * g + q;
            const __m256i w0 = carat_load(w->codes[column][0]), w1 = carat_load(w->codes[column][1]);
#pragma clang loop unroll(full)
            for (int p = 0; p < CARAT_TILE_POSITIONS; p++) {
                const __m256i x = carat_broadcast4(act[p]->codes + 4 * column);
                if (q == 0 && format.offset == 0) {
                    CARAT_MULTIPLY(sums[p][0], w0, x);
                    CARAT_MULTIPLY(sums[p][1], w1, x);
                    continue;
                }
                if (q == 0) {
                    const __m256i start = carat_broadcast4(act[p]->pair_offsets[g]);
                    sums[p][0] = sums[p][1] = format.offset == 32 ? start : _mm256_srai_epi16(start, 3);
                }
                CARAT_ACCUMULATE(sums[p][0], w0, x);
                CARAT_ACCUMULATE(sums[p][1], w1, x);
            }
        }
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) {
            const __m256i scales = carat_load(w->scales[g][v]);
#pragma clang loop unroll(full)
            for (int p = 0; p < CARAT_TILE_POSITIONS; p++)
                products[p][v] = _mm256_add_epi32(products[p][v], _mm256_madd_epi16(sums[p][v], scales));
        }
    }
    if (format.has_mins) {
        const bool is_wide = format.group == 32;
        for (int s = 0; s < groups / 2; s++)
#pragma clang loop unroll(full)
            for (int p = 0; p < CARAT_TILE_POSITIONS; p++) {
                const __m256i x = carat_broadcast4(is_wide ? act[p]->sums32 + 2 * s : act[p]->sums + 2 * s);
#pragma clang loop unroll(full)
                for (int v = 0; v < 2; v++)
                    mins[p][v] = _mm256_add_epi32(mins[p][v], _mm256_madd_epi16(carat_load(w->mins[s][v]), x));
            }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
        const __m256 d = _mm256_loadu_ps(w->d + 8 * v), dmin = _mm256_loadu_ps(w->dmin + 8 * v);
#pragma clang loop unroll(full)
        for (int p = 0; p < CARAT_TILE_POSITIONS; p++) {
            __m256 x = _mm256_mul_ps(d, _mm256_cvtepi32_ps(products[p][v]));
            if (format.has_mins) x = _mm256_fnmadd_ps(dmin, _mm256_cvtepi32_ps(mins[p][v]), x);
            total[p][v] = _mm256_fmadd_ps(x, _mm256_set1_ps(act[p]->d), total[p][v]);
        }
    }
}

/// The rows of one tile: past the last row, the last one again, whose result is then dropped.
typedef struct {
    const uint8_t *row[CARAT_PANEL_ROWS];
} carat_tile_rows;

/// Unpacks `width` super-blocks from number `b`, and asks for those `ahead` bytes on, which the next panels will be made
/// of: rows are streams too short for the hardware to follow by itself. A prefetch never faults.
CARAT_AVX2_INLINE void carat_fill_panels(
    const carat_tile_format format, const carat_tile_rows *tile, size_t b, size_t width, size_t ahead,
    carat_panel *panels) {
    for (size_t i = 0; i < width; i++) {
        const uint8_t *block[CARAT_PANEL_ROWS];
        for (int r = 0; r < CARAT_PANEL_ROWS; r++) {
            block[r] = tile->row[r] + (b + i) * format.block_bytes;
            for (size_t line = 0; line < format.block_bytes; line += 64)
                _mm_prefetch((const char *)((uintptr_t)block[r] + ahead + line), _MM_HINT_T0);
        }
        format.fill(block, panels + i, 0);
        format.fill(block + CARAT_LANE_ROWS, panels + i, 1);
    }
}

/// sums[p][row] += the products of `width` super-blocks of one row tile, for `positions` positions.
/// Cold activations are asked for ahead of time: those of the next positions lie a row of activations away. So are the
/// weights at address `ahead`, if it is not 0, along the first positions.
CARAT_AVX2_INLINE void carat_sweep(
    const carat_tile_format format, const carat_panel *panels, size_t width, bool is_cold, uintptr_t ahead,
    const carat_act256 *act, size_t act_stride, size_t positions, float (*sums)[CARAT_SWEEP_ROWS]) {
    for (size_t p = 0; p < positions; p += CARAT_TILE_POSITIONS) {
        const size_t valid = positions - p < CARAT_TILE_POSITIONS ? positions - p : CARAT_TILE_POSITIONS;
        const carat_act256 *x[CARAT_TILE_POSITIONS];
        __m256 total[CARAT_TILE_POSITIONS][2];
        for (size_t i = 0; i < CARAT_TILE_POSITIONS; i++) {
            x[i] = act + (p + (i < valid ? i : valid - 1)) * act_stride;
            total[i][0] = _mm256_loadu_ps(sums[p + i]);
            total[i][1] = _mm256_loadu_ps(sums[p + i] + 8);
        }
        for (size_t i = 0; i < width; i++) {
            if (is_cold)
                for (int k = 0; k < CARAT_TILE_POSITIONS; k++) {
                    const uintptr_t ahead = (uintptr_t)(x[k] + CARAT_TILE_POSITIONS * act_stride);
                    for (size_t line = 0; line < sizeof *x[k]; line += 64)
                        _mm_prefetch((const char *)(ahead + line), _MM_HINT_T0);
                }
            carat_multiply_tile(panels + i, x, format, ahead, total);
            if (ahead != 0) ahead += CARAT_PANEL_ROWS * format.block_bytes;
            for (int k = 0; k < CARAT_TILE_POSITIONS; k++) x[k]++;
        }
        for (size_t i = 0; i < CARAT_TILE_POSITIONS; i++) {
            _mm256_storeu_ps(sums[p + i], total[i][0]);
            _mm256_storeu_ps(sums[p + i] + 8, total[i][1]);
        }
        ahead = 0;
    }
}

/// Up to 64 rows and 512 positions. Sums gather in memory of their own: rows of y lie a power of two apart, where they
/// would push each other out of the caches.
CARAT_AVX2_INLINE void carat_tile_part(
    const carat_tile_format format, const uint8_t *rows, size_t row_bytes, size_t row_count, size_t blocks,
    const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    _Alignas(64) carat_panel panels[CARAT_SWEEP_TILES][CARAT_TILE_BLOCKS];
    carat_tile_rows tiles[CARAT_SWEEP_TILES];
    _Alignas(64) float sums[CARAT_PART_POSITIONS][CARAT_SWEEP_ROWS];
    const size_t padded = (positions + CARAT_TILE_POSITIONS - 1) / CARAT_TILE_POSITIONS * CARAT_TILE_POSITIONS;
    memset(sums, 0, padded * sizeof *sums);
    size_t tile_count = 0;
    for (size_t r = 0; r < row_count; r += CARAT_PANEL_ROWS, tile_count++)
        for (size_t i = 0; i < CARAT_PANEL_ROWS; i++)
            tiles[tile_count].row[i] = rows + (r + i < row_count ? r + i : row_count - 1) * row_bytes;
    const bool is_single = positions <= CARAT_SWEEP_POSITIONS;
    // With a single sweep each panel is used once: one tile after the other, in the order of memory, in one place.
    for (size_t t = 0; t < tile_count && is_single; t++)
        for (size_t b = 0; b < blocks; b += CARAT_TILE_BLOCKS) {
            const size_t width = blocks - b < CARAT_TILE_BLOCKS ? blocks - b : CARAT_TILE_BLOCKS;
            const size_t to_next_tile = CARAT_PANEL_ROWS * row_bytes - b * format.block_bytes;
            const size_t ahead = b + width == blocks ? to_next_tile : width * format.block_bytes;
            const uintptr_t next_tile =
                (uintptr_t)tiles[t].row[0] + CARAT_PANEL_ROWS * (row_bytes + b * format.block_bytes);
            carat_fill_panels(format, tiles + t, b, width, ahead, panels[0]);
            carat_sweep(
                format, panels[0], width, false, row_bytes < CARAT_SHORT_ROW_BYTES ? next_tile : 0, act + b, blocks,
                positions,
                (float(*)[CARAT_SWEEP_ROWS])(sums[0] + t * CARAT_PANEL_ROWS));
        }
    for (size_t b = 0; b < blocks && !is_single; b += CARAT_TILE_BLOCKS) {
        const size_t width = blocks - b < CARAT_TILE_BLOCKS ? blocks - b : CARAT_TILE_BLOCKS;
        for (size_t p = 0; p < positions; p += CARAT_SWEEP_POSITIONS) {
            const size_t count = positions - p < CARAT_SWEEP_POSITIONS ? positions - p : CARAT_SWEEP_POSITIONS;
            for (size_t t = 0; t < tile_count; t++) {
                if (p == 0) carat_fill_panels(format, tiles + t, b, width, width * format.block_bytes, panels[t]);
                carat_sweep(
                    format, panels[t], width, t == 0, 0, act + p * blocks + b, blocks, count,
                    (float(*)[CARAT_SWEEP_ROWS])(sums[p] + t * CARAT_PANEL_ROWS));
            }
        }
    }
    for (size_t p = 0; p < positions; p++) memcpy(y + p * y_stride, sums[p], row_count * sizeof(float));
}

CARAT_AVX2_INLINE void carat_tile_k_avx2(
    const carat_tile_format format, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    for (size_t p = 0; p < positions; p += CARAT_PART_POSITIONS)
        for (size_t r = 0; r < row_count; r += CARAT_SWEEP_ROWS)
            carat_tile_part(
                format, (const uint8_t *)rows + r * row_bytes, row_bytes,
                row_count - r < CARAT_SWEEP_ROWS ? row_count - r : CARAT_SWEEP_ROWS, blocks, act + p * blocks,
                positions - p < CARAT_PART_POSITIONS ? positions - p : CARAT_PART_POSITIONS, y + p * y_stride + r,
                y_stride);
}

/// Defines the AVX2 tile kernel of a K format from its `fill_<format>` and, for few positions, a `carat_few_format`.
#define CARAT_AVX2_K_TILE(format, group, offset, has_mins, few)                                                       \
    CARAT_AVX2 void carat_tile_##format##_avx2(                                                                       \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        if (positions <= CARAT_FEW_POSITIONS) {                                                                       \
            const carat_few_format how = few;                                                                         \
            carat_few_k_avx2(how, rows, row_bytes, row_count, columns, act, positions, y, y_stride);                  \
            return;                                                                                                   \
        }                                                                                                             \
        const carat_tile_format how = {fill_##format, sizeof(carat_block_##format), group, offset, has_mins};         \
        carat_tile_k_avx2(how, rows, row_bytes, row_count, columns, act, positions, y, y_stride);                     \
    }
#endif
