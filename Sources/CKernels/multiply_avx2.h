#pragma once
// The inner product of the AVX2 tiles: 16 weight rows of one super-block x 6, 4 or 2 positions.
//
// Products gather in 16-bit lanes over a whole scale group, then one multiply-add by the scale widens them: half the
// instructions of widening each product. Where activations are paired, two groups of 16 share a 32-bit lane, and eight
// steps of four columns gather as with groups of 32. Twelve sums fill the registers: what is widened gathers in memory,
// which stays in L1.
//
// Sums and Float steps are those of the dot kernels, so a position has the same bits here and there.
#include "panel_avx2.h"

#if CARAT_HAS_AVX2
enum {
    CARAT_TILE_POSITIONS = 6,
    /// Row tiles that share a sweep.
    CARAT_SWEEP_TILES = 4,
    CARAT_SWEEP_ROWS = CARAT_SWEEP_TILES * CARAT_PANEL_ROWS,
};

/// How a format's codes gather.
typedef struct {
    carat_fill_fn fill;
    size_t block_bytes;
    int steps;       // of four columns, until scales are applied: 4 or 8
    bool is_paired;  // two groups of 16 share each 32-bit lane, as carat_pair256 leaves activations
    int mins;        // pairs of mins: 8, one for each 16 weights, or 4, one for each 32; or none
    int offset;      // what was added to the codes to make them unsigned: 0, 4 or 32
} carat_tile_format;

// Pinned instructions: compilers hoist and spill such loops to half their speed. Those that accumulate take the
// activations' register for their second product, and so leave it undefined.

/// a, b = the pairwise products of four unsigned codes of two row vectors with four activations.
#define CARAT_MULTIPLY(a, b, codes, activations)                                                                      \
    __asm__ volatile("vpmaddubsw %2, %3, %0\n\tvpmaddubsw %2, %4, %1"                                                 \
                     : "=&x"(a), "=x"(b)                                                                              \
                     : "x"(activations), "x"((codes)[0]), "x"((codes)[1]))
/// The same, from a start.
#define CARAT_START(a, b, codes, activations, start)                                                                  \
    __asm__ volatile("vpmaddubsw %2, %3, %0\n\tvpmaddubsw %2, %4, %1\n\tvpaddw %5, %0, %0\n\tvpaddw %5, %1, %1"       \
                     : "=&x"(a), "=&x"(b)                                                                             \
                     : "x"(activations), "x"((codes)[0]), "x"((codes)[1]), "x"(start))
/// a, b += the products of two row vectors with the same activations.
#define CARAT_MULTIPLY_ADD(multiply, add, a, b, weights, activations)                                                 \
    do {                                                                                                              \
        __m256i product;                                                                                              \
        __asm__ volatile(multiply " %3, %4, %2\n\t" multiply " %3, %5, %3\n\t"                                        \
                         add " %2, %0, %0\n\t" add " %3, %1, %1"                                                      \
                         : "+x"(a), "+x"(b), "=&x"(product), "+x"(activations)                                        \
                         : "x"((weights)[0]), "x"((weights)[1]));                                                     \
    } while (0)
/// Four unsigned codes with four activations, pairwise.
#define CARAT_ACCUMULATE(a, b, codes, activations)                                                                    \
    CARAT_MULTIPLY_ADD("vpmaddubsw", "vpaddw", a, b, codes, activations)
/// Two mins with the sums of two groups of activations.
#define CARAT_ACCUMULATE_MINS(a, b, mins, activations)                                                                \
    CARAT_MULTIPLY_ADD("vpmaddwd", "vpaddd", a, b, mins, activations)
/// total (in memory) += sum x scale, with both halves of a lane; leaves the sum undefined.
#define CARAT_WIDEN(total, sum, scale)                                                                                \
    __asm__ volatile("vpmaddwd %2, %1, %1\n\tvpaddd %0, %1, %1\n\tvmovdqa %1, %0"                                     \
                     : "+m"(total), "+x"(sum)                                                                         \
                     : "x"(scale))

CARAT_AVX2_INLINE __m256i carat_broadcast4(const void *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

/// total[position][row] += the products of one super-block.
///
/// Codes with an offset start their sums at -offset * sum(activations). The 16-bit sums may wrap on the way; they are
/// exact modulo 2^16, and the true sum of signed codes is at most 8 * 32 * 127 = 32512. Sums without an offset are at
/// most 16 * 15 * 127 = 30480 (Q4_K) or 8 * 31 * 127 = 31496 (Q5_K). Paired lanes hold 16 codes: 16 * 3 * 127 (Q2_K),
/// and with an offset 16 * 4 * 127 (Q3_K).
///
/// Memory from address `ahead`, as much as these weights took, is asked for along the way; 0: nothing is.
CARAT_AVX2_INLINE void carat_multiply_tile(
    const carat_tile_format format, const int positions, const carat_panel *w,
    const carat_act256 *const act[CARAT_TILE_POSITIONS], uintptr_t ahead, float (*total)[CARAT_SWEEP_ROWS]) {
    const int groups = CARAT_SUPER_BLOCK / 4 / format.steps;
    __m256i sums[CARAT_TILE_POSITIONS][2], products[CARAT_TILE_POSITIONS][2];
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) products[p][0] = products[p][1] = _mm256_setzero_si256();
    for (int g = 0; g < groups; g++) {
        if (ahead != 0) {
            const size_t lines = (CARAT_PANEL_ROWS * format.block_bytes / (size_t)groups + 63) / 64;
            for (size_t i = lines * (size_t)g; i < lines * (size_t)(g + 1); i++)
                _mm_prefetch((const char *)(ahead + 64 * i), _MM_HINT_T1);
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < format.steps; q++) {
            const int column = format.steps * g + q;
            const __m256i codes[2] = {carat_load(w->codes[column][0]), carat_load(w->codes[column][1])};
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) {
                __m256i x = carat_broadcast4(act[p]->codes + 4 * column);
                if (q > 0) {
                    CARAT_ACCUMULATE(sums[p][0], sums[p][1], codes, x);
                } else if (format.offset == 0) {
                    CARAT_MULTIPLY(sums[p][0], sums[p][1], codes, x);
                } else {
                    __m256i start = carat_broadcast4(act[p]->pair_offsets[g]);
                    if (format.offset == 4 && !format.is_paired) start = _mm256_srai_epi16(start, 3);
                    CARAT_START(sums[p][0], sums[p][1], codes, x, start);
                }
            }
        }
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) {
            const __m256i scales = carat_load(w->scales[g][v]);
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) CARAT_WIDEN(products[p][v], sums[p][v], scales);
        }
    }
    if (format.mins > 0) {
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) sums[p][0] = sums[p][1] = _mm256_setzero_si256();
        for (int s = 0; s < format.mins; s++) {
            const __m256i mins[2] = {carat_load(w->mins[s][0]), carat_load(w->mins[s][1])};
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) {
                __m256i x = carat_broadcast4((format.mins == 4 ? act[p]->sums32 : act[p]->sums) + 2 * s);
                CARAT_ACCUMULATE_MINS(sums[p][0], sums[p][1], mins, x);
            }
        }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
        const __m256 d = _mm256_loadu_ps(w->d + 8 * v), dmin = _mm256_loadu_ps(w->dmin + 8 * v);
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) {
            __m256 x = _mm256_mul_ps(d, _mm256_cvtepi32_ps(products[p][v]));
            if (format.mins > 0) x = _mm256_fnmadd_ps(dmin, _mm256_cvtepi32_ps(sums[p][v]), x);
            float *to = total[p] + 8 * v;
            _mm256_storeu_ps(to, _mm256_fmadd_ps(x, _mm256_set1_ps(act[p]->d), _mm256_loadu_ps(to)));
        }
    }
}
#endif
