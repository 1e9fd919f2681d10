#pragma once
// Many positions at a time, for prefill: tiles of 16 weight rows x up to 6 positions.
//
// A tile's weights are unpacked once into panels (panel_avx2.h) which stay in the caches while positions pass.
#include "few_avx2.h"
#include "multiply_avx2.h"

#if CARAT_HAS_AVX2
enum {
    /// Super-blocks of one row tile that are unpacked together.
    CARAT_TILE_BLOCKS = 4,
    /// Positions of one sweep, in whole tiles: with its four row tiles, panels and activations of a sweep stay in L2.
    CARAT_SWEEP_POSITIONS = 11 * CARAT_TILE_POSITIONS,
    /// Positions whose sums are gathered at a time.
    CARAT_PART_POSITIONS = 512,
    /// Rows shorter than this: a tile of them is fetched from memory in its order there while another is multiplied.
    CARAT_SHORT_ROW_BYTES = 4096,
};

/// The rows of one tile: past the last row, the last one again, whose result is then dropped.
typedef struct {
    const uint8_t *row[CARAT_PANEL_ROWS];
} carat_tile_rows;

/// Unpacks `width` super-blocks from number `b`, and asks for those `ahead` bytes on, which the next panels will be
/// made of: rows are streams too short for the hardware to follow by itself. A prefetch never faults.
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

/// sums[p][row] += the products of `width` super-blocks of one row tile, for `positions` positions; one more row of
/// sums may be written. Cold activations are asked for ahead of time: those of the next positions lie a row of
/// activations away. So are the weights at address `ahead`, if it is not 0, along the first positions.
CARAT_AVX2_INLINE void carat_sweep(
    const carat_tile_format format, const carat_panel *panels, size_t width, bool is_cold, uintptr_t ahead,
    const carat_act256 *act, size_t act_stride, size_t positions, float (*sums)[CARAT_SWEEP_ROWS]) {
    for (size_t p = 0; p < positions; p += CARAT_TILE_POSITIONS) {
        const size_t valid = positions - p < CARAT_TILE_POSITIONS ? positions - p : CARAT_TILE_POSITIONS;
        const carat_act256 *x[CARAT_TILE_POSITIONS];
        for (size_t i = 0; i < CARAT_TILE_POSITIONS; i++) x[i] = act + (p + (i < valid ? i : valid - 1)) * act_stride;
        for (size_t i = 0; i < width; i++) {
            if (is_cold)
                for (int k = 0; k < CARAT_TILE_POSITIONS; k++) {
                    const uintptr_t next = (uintptr_t)(x[k] + CARAT_TILE_POSITIONS * act_stride);
                    for (size_t line = 0; line < sizeof *act; line += 64)
                        _mm_prefetch((const char *)(next + line), _MM_HINT_T0);
                }
            if (valid > 4) carat_multiply_tile(format, 6, panels + i, x, ahead, sums + p);
            else if (valid > 2) carat_multiply_tile(format, 4, panels + i, x, ahead, sums + p);
            else carat_multiply_tile(format, 2, panels + i, x, ahead, sums + p);
            if (ahead != 0) ahead += CARAT_PANEL_ROWS * format.block_bytes;
            for (int k = 0; k < CARAT_TILE_POSITIONS; k++) x[k]++;
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
    _Alignas(64) float sums[CARAT_PART_POSITIONS + 1][CARAT_SWEEP_ROWS];
    memset(sums, 0, (positions + 1) * sizeof *sums);
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
                positions, (float(*)[CARAT_SWEEP_ROWS])(sums[0] + t * CARAT_PANEL_ROWS));
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

/// Defines the AVX2 tile kernel of a K format from its `fill_<format>`, its `carat_few_format` for few positions, and
/// members of its `carat_tile_format`.
#define CARAT_AVX2_K_TILE(format, few, ...)                                                                           \
    CARAT_AVX2 void carat_tile_##format##_avx2(                                                                       \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        const carat_few_format few_how = few;                                                                         \
        if (positions <= few_how.positions) {                                                                         \
            carat_few_k_avx2(few_how, rows, row_bytes, row_count, columns, act, positions, y, y_stride);              \
            return;                                                                                                   \
        }                                                                                                             \
        const carat_tile_format how = {                                                                               \
            .fill = fill_##format, .block_bytes = sizeof(carat_block_##format), __VA_ARGS__};                         \
        carat_tile_k_avx2(how, rows, row_bytes, row_count, columns, act, positions, y, y_stride);                     \
    }

/// The same for activations that are paired, from `fill_paired_<format>`.
#define CARAT_AVX2_PAIRED_TILE(format, ...)                                                                           \
    CARAT_AVX2 void carat_tile_paired_##format##_avx2(                                                                \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        const carat_tile_format how = {                                                                               \
            .fill = fill_paired_##format, .block_bytes = sizeof(carat_block_##format), __VA_ARGS__};                  \
        carat_tile_k_avx2(how, rows, row_bytes, row_count, columns, act, positions, y, y_stride);                     \
    }

/// Both fills of a format from its `fill_either_<format>`.
#define CARAT_AVX2_FILLS(format)                                                                                      \
    CARAT_AVX2_INLINE void fill_##format(const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v) {      \
        fill_either_##format(block, out, v, false);                                                                   \
    }                                                                                                                 \
    CARAT_AVX2_INLINE void fill_paired_##format(                                                                      \
        const uint8_t *const block[CARAT_LANE_ROWS], carat_panel *out, int v) {                                       \
        fill_either_##format(block, out, v, true);                                                                    \
    }
#endif
