// The quantized kernels of AVX-VNNI, the form of VNNI for CPUs without AVX-512: 16 rows lie in two vectors, and
// 4 positions pass at a time.
#include "tile_vnni.h"

#if CARAT_HAS_AVX2
#define INLINE CARAT_AVXVNNI CARAT_INLINE

INLINE __m256i dpbusd(__m256i sum, __m256i a, __m256i b) { return _mm256_dpbusd_avx_epi32(sum, a, b); }
INLINE __m256i dpwssd(__m256i sum, __m256i a, __m256i b) { return _mm256_dpwssd_avx_epi32(sum, a, b); }

/// Sums of a group that fit in 16 bits are scaled and added by one vpdpwssd: the scale lies in the lower half of each
/// word, 0 in the upper. The others (Q6_K: 16 * 63 * 127 = 128,016) take a multiplication of 32 bits.
INLINE void multiply(
    const carat_vnni_panel *w, const carat_vnni_format *f, const carat_act256 *const *act, const int positions,
    float (*total)[CARAT_VNNI_ROWS]) {
    __m256i products[4][2], others[4][2];
    for (int p = 0; p < positions; p++)
        products[p][0] = products[p][1] = others[p][0] = others[p][1] = _mm256_setzero_si256();
    for (int g = 0; g < 16; g++) {
        __m256i sums[4][2];
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) sums[p][0] = sums[p][1] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
        for (int q = 0; q < 4; q++) {
            const __m256i w0 = carat_load(w->codes[4 * g + q]), w1 = carat_load(w->codes[4 * g + q][8]);
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) {
                const __m256i x = _mm256_set1_epi32(carat_word(act[p]->codes + 16 * g + 4 * q));
                sums[p][0] = dpbusd(sums[p][0], w0, x);
                sums[p][1] = dpbusd(sums[p][1], w1, x);
            }
            if (f->run > 0 && (q + 1) % f->run == 0)
#pragma clang loop unroll(full)
                for (int v = 0; v < 2; v++) {
                    const __m256i scales = carat_load(w->scales[g] + 8 * v);
#pragma clang loop unroll(full)
                    for (int p = 0; p < positions; p++) {
                        products[p][v] = dpwssd(products[p][v], sums[p][v], scales);
                        sums[p][v] = _mm256_setzero_si256();
                    }
                }
        }
        if (f->run == 0)
#pragma clang loop unroll(full)
            for (int v = 0; v < 2; v++) {
                const __m256i scales = carat_load(w->scales[g] + 8 * v);
#pragma clang loop unroll(full)
                for (int p = 0; p < positions; p++)
                    products[p][v] = _mm256_add_epi32(products[p][v], _mm256_mullo_epi32(sums[p][v], scales));
            }
    }
    for (int s = 0; s < 8; s++)
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) {
            const __m256i pair = carat_load(w->pairs[s][8 * v]);
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++)
                others[p][v] =
                    dpwssd(others[p][v], pair, _mm256_set1_epi32(carat_word(act[p]->sums + 2 * s)));
        }
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
        const __m256 d = _mm256_load_ps(w->d + 8 * v), dmin = _mm256_load_ps(w->dmin + 8 * v);
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) {
            float *sum = total[p] + 8 * v;
            if (!f->has_mins) products[p][v] = _mm256_add_epi32(products[p][v], others[p][v]);
            __m256 x = _mm256_mul_ps(d, _mm256_cvtepi32_ps(products[p][v]));
            if (f->has_mins) x = _mm256_fnmadd_ps(dmin, _mm256_cvtepi32_ps(others[p][v]), x);
            _mm256_store_ps(sum, _mm256_fmadd_ps(x, _mm256_set1_ps(act[p]->d), _mm256_load_ps(sum)));
        }
    }
}

CARAT_VNNI_KERNELS(avxvnni, CARAT_AVXVNNI, dpbusd, dpwssd, multiply, 4)
#endif
