#pragma once
// Many positions at a time, for prefill: tiles of 16 weight rows x 4 positions.
//
// A tile's weights are unpacked once into a panel, rows interleaved by 4 consecutive columns, which stays in L1 while
// all positions pass. Products gather in 16-bit lanes over a whole scale group of 16, then one multiply-add by the scale
// widens them: half the instructions of widening each product. Sums and Float steps are those of the dot kernels, so a
// position has the same bits here and there.
#include "avx2.h"
#include "portable.h"

#if CARAT_HAS_AVX2
enum { CARAT_TILE_ROWS = 16, CARAT_TILE_POSITIONS = 4, CARAT_TILE_BLOCKS = 4 };

/// 16 rows of one super-block. Vector v holds rows 8v ..< 8v + 8, each in one 32-bit lane.
typedef struct {
    uint8_t codes[64][2][32];   // [4 columns][v][8 rows x 4 columns], with the format's offset added
    int16_t scales[16][2][16];  // [group][v][row, twice]
    int16_t mins[8][2][16];     // [two groups][v][row x group]
    float d[16], dmin[16];
} carat_panel;

/// 8 rows of 32 bytes to 8 vectors of 8 rows x 4 bytes.
CARAT_AVX2_INLINE void carat_interleave8(const uint8_t rows[][CARAT_SUPER_BLOCK], size_t column, uint8_t out[][2][32]) {
    __m256i a[8], b[8];
    for (int i = 0; i < 8; i++) a[i] = carat_load(rows[i] + column);
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
        _mm256_storeu_si256((void *)out[i][0], _mm256_permute2x128_si256(a[i], a[i + 4], 0x20));
        _mm256_storeu_si256((void *)out[i + 4][0], _mm256_permute2x128_si256(a[i], a[i + 4], 0x31));
    }
}

CARAT_AVX2_INLINE void carat_fill_panel(
    carat_unpack_fn unpack, int offset, const uint8_t *const block[CARAT_TILE_ROWS], carat_panel *out) {
    _Alignas(32) uint8_t codes[CARAT_TILE_ROWS][CARAT_SUPER_BLOCK];
    carat_super_block w;
    for (int r = 0; r < CARAT_TILE_ROWS; r++) {
        const int v = r / 8, lane = 2 * (r % 8);
        unpack(block[r], &w);
        for (int i = 0; i < CARAT_SUPER_BLOCK; i++) codes[r][i] = (uint8_t)(w.codes[i] + offset);
        for (int g = 0; g < 16; g++) {
            out->scales[g][v][lane] = out->scales[g][v][lane + 1] = w.scales[g];
            out->mins[g / 2][v][lane + g % 2] = w.mins[g];
        }
        out->d[r] = w.d;
        out->dmin[r] = w.dmin;
    }
    for (int v = 0; v < 2; v++)
        for (int i = 0; i < CARAT_SUPER_BLOCK / 32; i++)
            carat_interleave8(codes + 8 * v, (size_t)(32 * i), (uint8_t(*)[2][32])&out->codes[8 * i][v]);
}

/// sum += products of 4 unsigned codes and 4 activations, pairwise. Two pinned instructions: compilers hoist and spill
/// such loops to half their speed.
#define CARAT_ACCUMULATE(sum, codes, activations)                                                                     \
    do {                                                                                                              \
        __m256i product;                                                                                              \
        __asm__("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0"                                                          \
                : "+x"(sum), "=&x"(product)                                                                           \
                : "x"(codes), "x"(activations));                                                                      \
    } while (0)

CARAT_AVX2_INLINE __m256i carat_broadcast4(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

/// total[position][v] += the products of one super-block.
///
/// Codes with an offset (Q3_K: 4, Q6_K: 32) start their sums at -offset * sum(activations). The 16-bit sums may wrap
/// on the way; they are exact modulo 2^16, and the true sum of signed codes is at most 8 * 32 * 127 = 32512.
CARAT_AVX2_INLINE void carat_multiply_tile(
    const carat_panel *w, const carat_act256 *const act[CARAT_TILE_POSITIONS], const int offset, const bool has_mins,
    __m256 total[CARAT_TILE_POSITIONS][2]) {
    __m256i products[CARAT_TILE_POSITIONS][2], mins[CARAT_TILE_POSITIONS][2];
    for (int p = 0; p < CARAT_TILE_POSITIONS; p++)
        products[p][0] = products[p][1] = mins[p][0] = mins[p][1] = _mm256_setzero_si256();
    for (int g = 0; g < 16; g++) {
        __m256i sums[CARAT_TILE_POSITIONS][2];
#pragma clang loop unroll(full)
        for (int p = 0; p < CARAT_TILE_POSITIONS; p++)
            sums[p][0] = sums[p][1] = offset == 0 ? _mm256_setzero_si256()
                : _mm256_mullo_epi16(carat_broadcast4(act[p]->pair_sums[g]), _mm256_set1_epi16((short)-offset));
#pragma clang loop unroll(full)
        for (int q = 0; q < 4; q++) {
            const __m256i w0 = carat_load(w->codes[4 * g + q][0]), w1 = carat_load(w->codes[4 * g + q][1]);
#pragma clang loop unroll(full)
            for (int p = 0; p < CARAT_TILE_POSITIONS; p++) {
                const __m256i x = carat_broadcast4(act[p]->codes + 16 * g + 4 * q);
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
    if (has_mins) {
        for (int s = 0; s < 8; s++)
#pragma clang loop unroll(full)
            for (int v = 0; v < 2; v++) {
                const __m256i pair = carat_load(w->mins[s][v]);
#pragma clang loop unroll(full)
                for (int p = 0; p < CARAT_TILE_POSITIONS; p++)
                    mins[p][v] = _mm256_add_epi32(
                        mins[p][v], _mm256_madd_epi16(pair, carat_broadcast4(act[p]->sums + 2 * s)));
            }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
        const __m256 d = _mm256_loadu_ps(w->d + 8 * v), dmin = _mm256_loadu_ps(w->dmin + 8 * v);
#pragma clang loop unroll(full)
        for (int p = 0; p < CARAT_TILE_POSITIONS; p++) {
            __m256 x = _mm256_mul_ps(d, _mm256_cvtepi32_ps(products[p][v]));
            if (has_mins) x = _mm256_fnmadd_ps(dmin, _mm256_cvtepi32_ps(mins[p][v]), x);
            total[p][v] = _mm256_fmadd_ps(x, _mm256_set1_ps(act[p]->d), total[p][v]);
        }
    }
}

CARAT_AVX2_INLINE void carat_tile_k_avx2(
    carat_unpack_fn unpack, const int offset, const bool has_mins, size_t block_bytes, const void *rows,
    size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act, size_t positions, float *y,
    size_t y_stride) {
    const size_t blocks = columns / CARAT_SUPER_BLOCK;
    carat_panel panel[CARAT_TILE_BLOCKS];
    for (size_t first = 0; first < row_count; first += CARAT_TILE_ROWS) {
        const size_t count = row_count - first < CARAT_TILE_ROWS ? row_count - first : CARAT_TILE_ROWS;
        for (size_t b = 0; b < blocks; b += CARAT_TILE_BLOCKS) {
            const size_t width = blocks - b < CARAT_TILE_BLOCKS ? blocks - b : CARAT_TILE_BLOCKS;
            for (size_t i = 0; i < width; i++) {
                const uint8_t *block[CARAT_TILE_ROWS];
                for (size_t r = 0; r < CARAT_TILE_ROWS; r++)  // past the last row, the last one again: dropped below
                    block[r] = (const uint8_t *)rows + (first + (r < count ? r : count - 1)) * row_bytes +
                        (b + i) * block_bytes;
                carat_fill_panel(unpack, offset, block, panel + i);
            }
            for (size_t p = 0; p < positions; p += CARAT_TILE_POSITIONS) {
                const size_t valid = positions - p < CARAT_TILE_POSITIONS ? positions - p : CARAT_TILE_POSITIONS;
                const carat_act256 *x[CARAT_TILE_POSITIONS];
                _Alignas(32) float sums[CARAT_TILE_POSITIONS][CARAT_TILE_ROWS] = {0};
                __m256 total[CARAT_TILE_POSITIONS][2];
                for (size_t i = 0; i < CARAT_TILE_POSITIONS; i++) {
                    x[i] = act + (p + (i < valid ? i : valid - 1)) * blocks + b;
                    if (b > 0 && i < valid) memcpy(sums[i], y + (p + i) * y_stride + first, count * sizeof(float));
                    total[i][0] = _mm256_load_ps(sums[i]);
                    total[i][1] = _mm256_load_ps(sums[i] + 8);
                }
                for (size_t i = 0; i < width; i++) {
                    carat_multiply_tile(panel + i, x, offset, has_mins, total);
                    for (int k = 0; k < CARAT_TILE_POSITIONS; k++) x[k]++;
                }
                for (size_t i = 0; i < valid; i++) {
                    _mm256_store_ps(sums[i], total[i][0]);
                    _mm256_store_ps(sums[i] + 8, total[i][1]);
                    memcpy(y + (p + i) * y_stride + first, sums[i], count * sizeof(float));
                }
            }
        }
    }
}

/// Defines the AVX2 tile kernel of a K format from its `unpack_<format>`; `offset` makes its codes unsigned.
#define CARAT_AVX2_K_TILE(format, offset, has_mins)                                                                   \
    CARAT_AVX2 void carat_tile_##format##_avx2(                                                                       \
        const void *rows, size_t row_bytes, size_t row_count, size_t columns, const carat_act256 *act,                \
        size_t positions, float *y, size_t y_stride) {                                                                \
        carat_tile_k_avx2(unpack_##format, offset, has_mins, sizeof(carat_block_##format), rows, row_bytes, row_count, \
            columns, act, positions, y, y_stride);                                                                    \
    }
#endif
