#pragma once
// Up to eight positions at a time with AVX-512-VNNI: 16 weight rows are transposed in registers and multiplied at
// once.
//
// Each packed word is loaded and moved once for all positions; a panel in memory (tile_avx512.h) would cost more stores
// than a few positions repay. Sums and Float steps are the same there, so a position has the same bits.
#include "panel_avx512.h"

#if CARAT_HAS_AVX2
enum {
    CARAT_WIDE_FEW = 8,
    /// Positions from which on codes are multiplied by their scales first, in formats that can; three are run as four.
    CARAT_WIDE_SCALED = 4,
};

/// How a format is read, 16 rows at a time. All are inlined.
typedef struct {
    size_t block_bytes;
    int group;  // weights that share a scale: 16 or 32
    bool has_mins;
    void (*head)(const uint8_t *const block[CARAT_WIDE_ROWS], carat_wide_head *out);
    /// Packed codes of the first or second 128 columns; the second are loaded after the first of the same block.
    void (*load)(const uint8_t *const block[CARAT_WIDE_ROWS], int half, carat_wide_words *words);
    /// Columns 4 * step ..< 4 * step + 4 of the 128, made unsigned by the format's offset.
    __m512i (*codes)(const carat_wide_words *words, int step);
    /// For several positions: codes times their scales, as bytes made unsigned by `scaled_offset`, from what `table`
    /// makes of the scales of a group; NULL: they don't fit a byte.
    carat_wide_table (*table)(__m512i scale);
    __m512i (*scaled)(const carat_wide_table *table, const carat_wide_words *words, int step);
    /// 0, or the power of two that less the code times its scale is the byte.
    int scaled_offset;
} carat_wide_format;

/// sum += codes of 4 columns per lane x 4 activations. Pinned: compilers load those of many steps beforehand and spill
/// them.
CARAT_AVX512_INLINE void carat_multiply_words(__m512i *sum, __m512i codes, const int8_t *x) {
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(codes), "m"(*(const int8_t(*)[4])x));
}

/// sum += pairs of 16-bit products with the two numbers at `p`. Pinned: compilers load all positions' numbers into
/// general registers beforehand, of which there are too few.
#define CARAT_ADD_PAIRS(sum, pairs, p)                                                                                \
    __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(pairs), "m"(*(const int16_t(*)[2])(p)))

/// total[p] += d * products[p] - dmin * mins, or with the format's offset taken off the products. Without `has_pairs`
/// they are sums of scaled codes with an offset: those of offset - product.
CARAT_AVX512_INLINE void carat_finish_wide(
    const carat_wide_format f, const carat_wide_head *head, const bool has_pairs, const carat_act256 *const *act,
    const int positions, const __m512i *products, __m512 *total) {
    __m512i others[CARAT_WIDE_FEW];
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) others[p] = f.has_mins ? _mm512_setzero_si512() : products[p];
#pragma clang loop unroll(full)
    for (int s = 0; has_pairs && s < CARAT_SUPER_BLOCK / f.group / 2; s++) {
        const __m512i pair = head->pairs[s];
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++)
            CARAT_ADD_PAIRS(others[p], pair, f.group == 32 ? act[p]->sums32 + 2 * s : act[p]->sums + 2 * s);
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) {
        __m512i sum = f.has_mins ? products[p] : others[p];
        if (!has_pairs) sum = _mm512_sub_epi32(_mm512_setzero_si512(), sum);
        __m512 v = _mm512_mul_ps(head->d, _mm512_cvtepi32_ps(sum));
        if (f.has_mins) v = _mm512_fnmadd_ps(head->dmin, _mm512_cvtepi32_ps(others[p]), v);
        total[p] = _mm512_fmadd_ps(v, _mm512_set1_ps(act[p]->d), total[p]);
    }
}

/// Where the sums of scaled codes start.
CARAT_AVX512_INLINE __m512i carat_start_scaled(const carat_wide_format f, const carat_act256 *act) {
    return f.scaled_offset == 0
        ? _mm512_setzero_si512()
        : _mm512_mullo_epi32(_mm512_set1_epi32(act->sum), carat_all(-f.scaled_offset));
}

/// total[p] += the products of one super-block, for `positions` (a constant) positions.
///
/// As much memory as these weights take is asked for along the way, from address `ahead`: all at once would be more
/// than a core can wait for.
CARAT_AVX512_INLINE void carat_multiply_few(
    const carat_wide_format f, const uint8_t *const block[CARAT_WIDE_ROWS], uintptr_t ahead,
    const carat_act256 *const *act, const int positions, __m512 *total) {
    const int steps = f.group / 4, groups = CARAT_SUPER_BLOCK / 2 / f.group;
    const size_t lines = (CARAT_WIDE_ROWS * f.block_bytes + 63) / 64;
    const bool scales_codes = f.scaled && positions >= CARAT_WIDE_SCALED;
    carat_wide_head head;
    carat_wide_words words;
    __m512i products[CARAT_WIDE_FEW], others[CARAT_WIDE_FEW];
    f.head(block, &head);
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) {
        products[p] = scales_codes ? carat_start_scaled(f, act[p]) : _mm512_setzero_si512();
        others[p] = _mm512_setzero_si512();
    }
#pragma clang loop unroll(disable)
    for (int half = 0; half < 2; half++) {
        f.load(block, half, &words);
#pragma clang loop unroll(full)
        for (int g = 0; g < groups; g++) {
            const size_t part = (size_t)(groups * half + g), parts = (size_t)(2 * groups);
            for (size_t line = lines * part / parts; line < lines * (part + 1) / parts; line++)
                _mm_prefetch((const char *)(ahead + 64 * line), _MM_HINT_T0);
            const __m512i scale = head.scales[groups * half + g];
            if (scales_codes) {
                const carat_wide_table table = f.table(scale);
#pragma clang loop unroll(full)
                for (int q = steps * g; q < steps * (g + 1); q++) {
                    const __m512i codes = f.scaled(&table, &words, q);
                    // with four positions, one sum each would wait for itself
                    __m512i *const sums = positions == 4 && q % 2 == 1 ? others : products;
#pragma clang loop unroll(full)
                    for (int p = 0; p < positions; p++)
                        carat_multiply_words(&sums[p], codes, act[p]->codes + 128 * half + 4 * q);
                }
                continue;
            }
            __m512i sums[CARAT_WIDE_FEW];
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) sums[p] = _mm512_setzero_si512();
#pragma clang loop unroll(full)
            for (int q = steps * g; q < steps * (g + 1); q++) {
                const __m512i codes = f.codes(&words, q);
#pragma clang loop unroll(full)
                for (int p = 0; p < positions; p++)
                    carat_multiply_words(&sums[p], codes, act[p]->codes + 128 * half + 4 * q);
            }
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++)
                products[p] = _mm512_add_epi32(products[p], _mm512_mullo_epi32(sums[p], scale));
        }
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) products[p] = _mm512_add_epi32(products[p], others[p]);
    carat_finish_wide(f, &head, !scales_codes || f.scaled_offset == 0, act, positions, products, total);
}

/// `positions` (a constant) places, of which the last ones past `count` are not written.
CARAT_AVX512_INLINE void carat_few_wide(
    const carat_wide_format f, const uint8_t *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, const int positions, size_t count, float *y, size_t y_stride) {
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    for (size_t r = 0; r < row_count; r += CARAT_WIDE_ROWS) {
        const uint8_t *block[CARAT_WIDE_ROWS];
        const carat_act256 *x[CARAT_WIDE_FEW];
        __m512 total[CARAT_WIDE_FEW];
        for (size_t i = 0; i < CARAT_WIDE_ROWS; i++)  // past the last row, the last one again
            block[i] = rows + (r + i < row_count ? r + i : row_count - 1) * row_bytes;
        for (size_t p = 0; p < (size_t)positions; p++) {
            x[p] = act + (p < count ? p : count - 1) * blocks;
            total[p] = _mm512_setzero_ps();
        }
        for (size_t b = 0; b < blocks; b++) {
            // The next row tile, in the order of memory.
            const uintptr_t next = (uintptr_t)rows + (r + CARAT_WIDE_ROWS) * row_bytes;
            carat_multiply_few(f, block, next + b * CARAT_WIDE_ROWS * f.block_bytes, x, positions, total);
            for (size_t i = 0; i < CARAT_WIDE_ROWS; i++) block[i] += f.block_bytes;
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) x[p]++;
        }
        const __mmask16 width = carat_lane_mask(row_count - r);
        for (size_t p = 0; p < count; p++) _mm512_mask_storeu_ps(y + p * y_stride + r, width, total[p]);
    }
}

/// Up to eight positions.
CARAT_AVX512_INLINE void carat_few_k_avx512(
    const carat_wide_format f, const void *rows, size_t row_bytes, size_t row_count, size_t columns,
    const carat_act256 *act, size_t n, float *y, size_t y_stride) {
    switch (n) {
    case 0: break;
    case 1: carat_few_wide(f, rows, row_bytes, row_count, columns, act, 1, n, y, y_stride); break;
    case 2: carat_few_wide(f, rows, row_bytes, row_count, columns, act, 2, n, y, y_stride); break;
    case 3:
    case 4: carat_few_wide(f, rows, row_bytes, row_count, columns, act, 4, n, y, y_stride); break;
    case 5:
    case 6: carat_few_wide(f, rows, row_bytes, row_count, columns, act, 6, n, y, y_stride); break;
    default: carat_few_wide(f, rows, row_bytes, row_count, columns, act, 8, n, y, y_stride);
    }
}
#endif
