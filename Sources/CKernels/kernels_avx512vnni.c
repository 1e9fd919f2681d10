// The quantized kernels of AVX-512 with VNNI: 16 rows lie in one vector, and 8 positions pass at a time.
#include "tile_vnni.h"

#if CARAT_HAS_AVX2
#define INLINE CARAT_AVX512VNNI CARAT_INLINE

INLINE __m256i dpbusd(__m256i sum, __m256i a, __m256i b) { return _mm256_dpbusd_epi32(sum, a, b); }
INLINE __m256i dpwssd(__m256i sum, __m256i a, __m256i b) { return _mm256_dpwssd_epi32(sum, a, b); }

/// Sums of a group that fit in 16 bits are scaled and added by one vpdpwssd: the scale lies in the lower half of each
/// word, 0 in the upper. The others (Q6_K: 16 * 63 * 127 = 128,016) take a multiplication of 32 bits.
INLINE void multiply(
    const carat_vnni_panel *w, const carat_vnni_format *f, const carat_act256 *const *act, const int positions,
    float (*total)[CARAT_VNNI_ROWS]) {
    __m512i products[CARAT_VNNI_POSITIONS], others[CARAT_VNNI_POSITIONS];
    for (int p = 0; p < positions; p++) products[p] = others[p] = _mm512_setzero_si512();
    for (int g = 0; g < 16; g++) {
        const __m512i scales = _mm512_load_si512(w->scales[g]);
        __m512i sums[CARAT_VNNI_POSITIONS];
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++) sums[p] = _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (int q = 0; q < 4; q++) {
            const __m512i codes = _mm512_load_si512(w->codes[4 * g + q]);
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++) {
                const __m512i x = _mm512_set1_epi32(carat_word(act[p]->codes + 16 * g + 4 * q));
                sums[p] = _mm512_dpbusd_epi32(sums[p], codes, x);
                if (f->run > 0 && (q + 1) % f->run == 0) {
                    products[p] = _mm512_dpwssd_epi32(products[p], sums[p], scales);
                    sums[p] = _mm512_setzero_si512();
                }
            }
        }
        if (f->run == 0)
#pragma clang loop unroll(full)
            for (int p = 0; p < positions; p++)
                products[p] = _mm512_add_epi32(products[p], _mm512_mullo_epi32(sums[p], scales));
    }
    for (int s = 0; s < 8; s++) {
        const __m512i pair = _mm512_load_si512(w->pairs[s]);
#pragma clang loop unroll(full)
        for (int p = 0; p < positions; p++)
            others[p] = _mm512_dpwssd_epi32(others[p], pair, _mm512_set1_epi32(carat_word(act[p]->sums + 2 * s)));
    }
    const __m512 d = _mm512_load_ps(w->d), dmin = _mm512_load_ps(w->dmin);
#pragma clang loop unroll(full)
    for (int p = 0; p < positions; p++) {
        if (!f->has_mins) products[p] = _mm512_add_epi32(products[p], others[p]);
        __m512 v = _mm512_mul_ps(d, _mm512_cvtepi32_ps(products[p]));
        if (f->has_mins) v = _mm512_fnmadd_ps(dmin, _mm512_cvtepi32_ps(others[p]), v);
        _mm512_store_ps(total[p], _mm512_fmadd_ps(v, _mm512_set1_ps(act[p]->d), _mm512_load_ps(total[p])));
    }
}

CARAT_VNNI_KERNELS(avx512vnni, CARAT_AVX512VNNI, dpbusd, dpwssd, multiply, 8)
#endif
