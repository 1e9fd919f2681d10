#pragma once
// Many positions at a time with AVX-512-VNNI: two tiles of 16 weight rows x 8 positions at once.
//
// A tile's weights are unpacked once into panels (panel_avx512.h) which stay in the caches while positions pass. With
// two tiles each broadcast activation serves two multiplications: with one, loads would be the limit where a core
// multiplies 64 bytes twice a cycle. Sums and Float steps are those of the dot kernels, so a position has the same bits
// here and there.
#include "few_avx512.h"

#if CARAT_HAS_AVX2
enum {
    CARAT_WIDE_POSITIONS = 8,
    /// Row tiles that are multiplied at once.
    CARAT_WIDE_PAIR = 2,
    /// Super-blocks of a pair of row tiles that are unpacked together: those of several sweeps stay in L1; for a single
    /// one, more: rows are then read from memory in longer pieces.
    CARAT_WIDE_SWEEP_BLOCKS = 2,
    CARAT_WIDE_BLOCKS = 4,
    /// Row tiles that share a sweep, and positions of one sweep: panels and activations of a sweep stay in L2.
    CARAT_WIDE_SWEEP_TILES = 4,
    CARAT_WIDE_SWEEP_ROWS = CARAT_WIDE_SWEEP_TILES * CARAT_WIDE_ROWS,
    CARAT_WIDE_SWEEP_POSITIONS = 64,
    /// Positions whose sums are gathered at a time.
    CARAT_WIDE_PART_POSITIONS = 512,
    /// Rows this long are fetched along themselves and then the next tiles' start, shorter ones a pair of tiles ahead.
    CARAT_WIDE_LONG_ROW_BYTES = 4096,
    /// Numbers of an output that no cache keeps: 8 MB.
    CARAT_WIDE_LARGE_OUTPUT = 2 << 20,
};

/// 16 rows of one super-block, unpacked.
typedef struct {
    __m512i codes[64];  // of 4 columns each, as the format's `scaled` or else its `codes` gives them
    carat_wide_head head;
} carat_wide_panel;

/// Weights that will be unpacked later: where the first blocks of some rows lie, `row_bytes` apart. An address, as it
/// may lie past the last row.
typedef struct {
    uintptr_t block;
    size_t row_bytes, rows;
} carat_ahead;

/// Asks for `bytes` of each row of a part of them: part number `i` of `count`.
CARAT_AVX512_INLINE void carat_fetch_ahead(carat_ahead ahead, size_t bytes, int i, int count) {
    const size_t end = ahead.rows * (size_t)(i + 1) / (size_t)count;
    for (size_t r = ahead.rows * (size_t)i / (size_t)count; r < end; r++)
        for (size_t line = 0; line < bytes; line += 64)
            _mm_prefetch((const char *)(ahead.block + r * ahead.row_bytes + line), _MM_HINT_T1);
}

/// `carat_multiply_words` for two row tiles, which share the load of the activations.
CARAT_AVX512_INLINE void carat_multiply_words_twice(
    __m512i *sum0, __m512i *sum1, __m512i codes0, __m512i codes1, const int8_t *x) {
    __m512i words;
    __asm__("vpbroadcastd %5, %2\n\tvpdpbusd %2, %3, %0\n\tvpdpbusd %2, %4, %1"
            : "+&v"(*sum0), "+&v"(*sum1), "=&v"(words)
            : "v"(codes0), "v"(codes1), "m"(*(const int8_t(*)[4])x));
}

/// total[position] += the products of one super-block of `tiles` row tiles, whose panels lie `apart`, for `positions`
/// that lie `stride` apart. Numbers of tiles and positions are constants.
CARAT_AVX512_INLINE void carat_multiply_wide(
    const carat_wide_panel *w, size_t apart, const int tiles, const carat_act256 *act, size_t stride,
    const int positions, const carat_wide_format f, carat_ahead ahead, float (*total)[CARAT_WIDE_SWEEP_ROWS]) {
    const int steps = f.group / 4, groups = CARAT_SUPER_BLOCK / f.group;
    __m512i products[CARAT_WIDE_PAIR][CARAT_WIDE_POSITIONS];
    const carat_act256 *x[CARAT_WIDE_POSITIONS];
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) {
        x[p] = act + (size_t)p * stride;
        products[0][p] = products[1][p] = carat_start_scaled(f, x[p]);
    }
    for (int g = 0; g < groups; g++) {
        carat_fetch_ahead(ahead, f.block_bytes, g, groups);
        __m512i sums[CARAT_WIDE_PAIR][CARAT_WIDE_POSITIONS];
#pragma clang loop unroll(full)
        for (int t = 0; t < CARAT_WIDE_PAIR; t++)
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) sums[t][p] = f.scaled ? products[t][p] : _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (int q = 0; q < steps; q++) {
            __m512i codes[CARAT_WIDE_PAIR];
#pragma clang loop unroll(full)
            for (int t = 0; t < CARAT_WIDE_PAIR; t++) codes[t] = w[(size_t)(t % tiles) * apart].codes[steps * g + q];
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) {
                const int8_t *words = x[p]->codes + 4 * (steps * g + q);
                if (tiles == 1) carat_multiply_words(&sums[0][p], codes[0], words);
                else carat_multiply_words_twice(&sums[0][p], &sums[1][p], codes[0], codes[1], words);
            }
        }
#pragma clang loop unroll(full)
        for (int t = 0; t < tiles; t++)
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++)
                products[t][p] = f.scaled
                    ? sums[t][p]
                    : _mm512_add_epi32(
                          products[t][p], _mm512_mullo_epi32(sums[t][p], w[(size_t)t * apart].head.scales[g]));
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < tiles; t++) {
        __m512 sum[CARAT_WIDE_POSITIONS];
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) sum[p] = _mm512_load_ps(total[p] + t * CARAT_WIDE_ROWS);
        carat_finish_wide(
            f, &w[(size_t)t * apart].head, f.scaled_offset == 0, x, positions, products[t], sum);
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) _mm512_store_ps(total[p] + t * CARAT_WIDE_ROWS, sum[p]);
    }
}

/// Unpacks `width` super-blocks from number `b`.
CARAT_AVX512_INLINE void carat_fill_wide_panels(
    const carat_wide_format f, const uint8_t *const row[CARAT_WIDE_ROWS], size_t b, size_t width,
    carat_wide_panel *panels) {
    const int groups = CARAT_SUPER_BLOCK / 2 / f.group;
    for (size_t i = 0; i < width; i++) {
        const uint8_t *block[CARAT_WIDE_ROWS];
        for (int r = 0; r < CARAT_WIDE_ROWS; r++) block[r] = row[r] + (b + i) * f.block_bytes;
        carat_wide_words words;
        f.head(block, &panels[i].head);
#pragma clang loop unroll(disable)
        for (int half = 0; half < 2; half++) {
            f.load(block, half, &words);
#pragma clang loop unroll(full)
            for (int step = 0; step < 32; step++)
                if (!f.scaled) panels[i].codes[32 * half + step] = f.codes(&words, step);
#pragma clang loop unroll(full)
            for (int g = 0; f.scaled && g < groups; g++) {
                const carat_wide_table table = f.table(panels[i].head.scales[groups * half + g]);
#pragma clang loop unroll(full)
                for (int step = g * f.group / 4; step < (g + 1) * f.group / 4; step++)
                    panels[i].codes[32 * half + step] = f.scaled(&table, &words, step);
            }
        }
    }
}

/// sums[p] += the products of `width` super-blocks of `tiles` row tiles, for `count` positions; both are constants.
CARAT_AVX512_INLINE void carat_pass_wide(
    const carat_wide_format f, const carat_wide_panel *panels, const int tiles, size_t width, const carat_act256 *act,
    size_t stride, const int count, carat_ahead ahead, float (*sums)[CARAT_WIDE_SWEEP_ROWS]) {
    for (size_t i = 0; i < width; i++) {
        carat_multiply_wide(panels + i, CARAT_WIDE_BLOCKS, tiles, act + i, stride, count, f, ahead, sums);
        ahead.block += f.block_bytes;
    }
}

/// The same for one or two row tiles and 1, 2, 4 or 8 positions, not inlined: that its loops get all registers.
typedef void (*carat_pass_wide_fn)(
    const carat_wide_panel *panels, size_t tiles, size_t width, const carat_act256 *act, size_t stride, size_t count,
    carat_ahead ahead, float (*sums)[CARAT_WIDE_SWEEP_ROWS]);

/// The same for any number of positions. Each pass asks for a part of `ahead`: all at once would be more than a core
/// can wait for at a time.
CARAT_AVX512_INLINE void carat_sweep_wide(
    carat_pass_wide_fn pass, const carat_wide_panel *panels, size_t tiles, size_t width, const carat_act256 *act,
    size_t stride, size_t positions, carat_ahead ahead, float (*sums)[CARAT_WIDE_SWEEP_ROWS]) {
    const size_t passes = positions / 8 + (size_t)__builtin_popcountll(positions % 8);
    const size_t share = (ahead.rows + passes - 1) / passes;
    size_t left = ahead.rows;
    for (size_t p = 0; p < positions;) {
        const size_t rest = positions - p, count = rest >= 8 ? 8 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
        ahead.rows = left < share ? left : share;
        pass(panels, tiles, width, act + p * stride, stride, count, ahead, sums + p);
        ahead.block += ahead.rows * ahead.row_bytes;
        left -= ahead.rows;
        p += count;
    }
}

/// y = sums. Each position's outputs lie in a page of their own: they are asked for in time, or each store would wait.
/// Where those of so many positions are too large for the caches, they go past them: storing would first read them.
CARAT_AVX512_INLINE void carat_store_wide(
    float (*sums)[CARAT_WIDE_SWEEP_ROWS], size_t row_count, size_t positions, float *y, size_t y_stride) {
    const bool is_aligned = (uintptr_t)y % 64 == 0 && y_stride % 16 == 0;
    const bool is_large = is_aligned && positions * y_stride >= CARAT_WIDE_LARGE_OUTPUT;
    for (size_t p = 0; p < positions; p++, y += y_stride)
        for (size_t r = 0; r < row_count; r += CARAT_WIDE_ROWS) {
            const __mmask16 mask = carat_lane_mask(row_count - r);
            const __m512 values = _mm512_load_ps(sums[p] + r);
            if (is_large && mask == 0xffff) {
                _mm512_stream_ps(y + r, values);
                continue;
            }
            _mm_prefetch((const char *)((uintptr_t)(y + r) + 8 * y_stride * sizeof *y), _MM_HINT_T0);
            _mm512_mask_storeu_ps(y + r, mask, values);
        }
    if (is_large) _mm_sfence();  // before another thread is told that they are there
}

/// Up to 64 rows and 512 positions. Sums gather in memory of their own: rows of y lie a power of two apart, where they
/// would push each other out of the caches.
CARAT_AVX512_INLINE void carat_part_wide(
    const carat_wide_format f, carat_pass_wide_fn pass, const uint8_t *rows, size_t row_bytes, size_t row_count,
    size_t blocks, const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    carat_wide_panel panels[CARAT_WIDE_SWEEP_TILES][CARAT_WIDE_BLOCKS];
    const uint8_t *row[CARAT_WIDE_SWEEP_ROWS];
    _Alignas(64) float sums[CARAT_WIDE_PART_POSITIONS][CARAT_WIDE_SWEEP_ROWS];
    memset(sums, 0, positions * sizeof *sums);
    const size_t tiles = (row_count + CARAT_WIDE_ROWS - 1) / CARAT_WIDE_ROWS;
    for (size_t r = 0; r < CARAT_WIDE_SWEEP_ROWS; r++)  // past the last row, the last one again
        row[r] = rows + (r < row_count ? r : row_count - 1) * row_bytes;
    const bool is_single = positions <= CARAT_WIDE_SWEEP_POSITIONS;
    // With a single sweep each panel is used once: one tile after the other, in the order of memory, in one place.
    for (size_t t = 0; t < tiles && is_single; t += CARAT_WIDE_PAIR)
        for (size_t b = 0; b < blocks; b += CARAT_WIDE_BLOCKS) {
            const size_t width = blocks - b < CARAT_WIDE_BLOCKS ? blocks - b : CARAT_WIDE_BLOCKS;
            const size_t pair = tiles - t < CARAT_WIDE_PAIR ? tiles - t : CARAT_WIDE_PAIR;
            const bool is_long = row_bytes >= CARAT_WIDE_LONG_ROW_BYTES, is_last = b + width >= blocks;
            const uintptr_t start = (uintptr_t)row[t * CARAT_WIDE_ROWS], here = start + b * f.block_bytes;
            const uintptr_t below = pair * CARAT_WIDE_ROWS * row_bytes;
            const carat_ahead ahead = {
                !is_long ? here + below : is_last ? start + below : here + width * f.block_bytes, row_bytes,
                pair * CARAT_WIDE_ROWS};
            for (size_t i = 0; i < pair; i++)
                carat_fill_wide_panels(f, row + (t + i) * CARAT_WIDE_ROWS, b, width, panels[i]);
            carat_sweep_wide(
                pass, panels[0], pair, width, act + b, blocks, positions, ahead,
                (float(*)[CARAT_WIDE_SWEEP_ROWS])(sums[0] + t * CARAT_WIDE_ROWS));
        }
    for (size_t b = 0; b < blocks && !is_single; b += CARAT_WIDE_SWEEP_BLOCKS) {
        const size_t width = blocks - b < CARAT_WIDE_SWEEP_BLOCKS ? blocks - b : CARAT_WIDE_SWEEP_BLOCKS;
        for (size_t p = 0; p < positions; p += CARAT_WIDE_SWEEP_POSITIONS) {
            const size_t count =
                positions - p < CARAT_WIDE_SWEEP_POSITIONS ? positions - p : CARAT_WIDE_SWEEP_POSITIONS;
            for (size_t t = 0; t < tiles; t += CARAT_WIDE_PAIR) {
                const size_t pair = tiles - t < CARAT_WIDE_PAIR ? tiles - t : CARAT_WIDE_PAIR;
                for (size_t i = t; p == 0 && i < t + pair; i++)
                    carat_fill_wide_panels(f, row + i * CARAT_WIDE_ROWS, b, width, panels[i]);
                const bool is_next = p == 0 && b + width < blocks;
                const uintptr_t next = (uintptr_t)row[t * CARAT_WIDE_ROWS] + (b + width) * f.block_bytes;
                carat_sweep_wide(
                    pass, panels[t], pair, width, act + p * blocks + b, blocks, count,
                    (carat_ahead){next, row_bytes, is_next ? pair * CARAT_WIDE_ROWS : 0},
                    (float(*)[CARAT_WIDE_SWEEP_ROWS])(sums[p] + t * CARAT_WIDE_ROWS));
            }
        }
    }
    carat_store_wide(sums, row_count, positions, y, y_stride);
}

CARAT_AVX512_INLINE void carat_tile_k_avx512(
    const carat_wide_format f, carat_pass_wide_fn pass, const void *rows, size_t row_bytes, size_t row_count,
    size_t columns, const carat_act256 *act, size_t positions, float *y, size_t y_stride) {
    if (positions <= CARAT_WIDE_FEW) {
        carat_few_k_avx512(f, rows, row_bytes, row_count, columns, act, positions, y, y_stride);
        return;
    }
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    for (size_t p = 0; p < positions; p += CARAT_WIDE_PART_POSITIONS)
        for (size_t r = 0; r < row_count; r += CARAT_WIDE_SWEEP_ROWS)
            carat_part_wide(
                f, pass, (const uint8_t *)rows + r * row_bytes, row_bytes,
                row_count - r < CARAT_WIDE_SWEEP_ROWS ? row_count - r : CARAT_WIDE_SWEEP_ROWS, blocks,
                act + p * blocks,
                positions - p < CARAT_WIDE_PART_POSITIONS ? positions - p : CARAT_WIDE_PART_POSITIONS,
                y + p * y_stride + r, y_stride);
}

/// Defines the AVX-512 tile of a K format from its `carat_wide_format`.
#define CARAT_AVX512_TILE(format, wide)                                                                               \
    CARAT_AVX512VNNI CARAT_ALIGNED __attribute__((noinline)) static void pass_wide_##format(                          \
        const carat_wide_panel *panels, size_t tiles, size_t width, const carat_act256 *act, size_t stride,           \
        size_t count, carat_ahead ahead, float (*sums)[CARAT_WIDE_SWEEP_ROWS]) {                                      \
        const carat_wide_format how = wide;                                                                           \
        switch (2 * count + (tiles == 2)) {                                                                           \
        case 17: carat_pass_wide(how, panels, 2, width, act, stride, 8, ahead, sums); break;                          \
        case 16: carat_pass_wide(how, panels, 1, width, act, stride, 8, ahead, sums); break;                          \
        case 9: carat_pass_wide(how, panels, 2, width, act, stride, 4, ahead, sums); break;                           \
        case 8: carat_pass_wide(how, panels, 1, width, act, stride, 4, ahead, sums); break;                           \
        case 5: carat_pass_wide(how, panels, 2, width, act, stride, 2, ahead, sums); break;                           \
        case 4: carat_pass_wide(how, panels, 1, width, act, stride, 2, ahead, sums); break;                           \
        case 3: carat_pass_wide(how, panels, 2, width, act, stride, 1, ahead, sums); break;                           \
        default: carat_pass_wide(how, panels, 1, width, act, stride, 1, ahead, sums);                                 \
        }                                                                                                             \
    }                                                                                                                 \
    CARAT_AVX512VNNI CARAT_ALIGNED void carat_tile_##format##_avx512vnni(                                             \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        const carat_wide_format how = wide;                                                                           \
        carat_tile_k_avx512(                                                                                          \
            how, pass_wide_##format, rows, row_bytes, row_count, columns, act, positions, y, y_stride);               \
    }
#endif
