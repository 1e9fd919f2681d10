// Q8_0: 32 weights of 8 bits under one scale; weight = d * code.
#include "portable.h"
#include "dot_vnni.h"

void carat_dequantize_q8_0_portable(const void *row, size_t count, float *out) {
    const carat_block_q8_0 *w = row;
    for (size_t b = 0; b < count / CARAT_BLOCK; b++) {
        const float d = carat_float_from_half(w[b].d);
        for (int i = 0; i < CARAT_BLOCK; i++) *out++ = d * (float)w[b].codes[i];
    }
}

void carat_dot_q8_0_portable(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {
    const carat_act32 *act = activation;
    for (size_t r = 0; r < row_count; r++) {
        const carat_block_q8_0 *w = (const void *)((const uint8_t *)rows + r * row_bytes);
        float total = 0;
        for (size_t b = 0; b < columns / CARAT_BLOCK; b++) {
            int32_t products = 0;
            for (int i = 0; i < CARAT_BLOCK; i++) products += w[b].codes[i] * act[b].codes[i];
            total = fmaf(carat_float_from_half(w[b].d) * (float)products, act[b].d, total);
        }
        y[r] = total;
    }
}

#if CARAT_HAS_AVX2
// |code| * (activation with the sign of the code): 2 * 128 * 127 in a 16-bit lane at most, below saturation.
CARAT_AVX2 void carat_dot_q8_0_avx2(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {
    const carat_act32 *act = activation;
    carat_four_rows four = carat_quarter_rows(row_count);
    const __m256i ones = _mm256_set1_epi16(1);
    for (size_t r = 0; r < four.quarter; r++) {
        carat_select_rows(&four, rows, row_bytes, r);
        __m128 total = _mm_setzero_ps();
        for (size_t b = 0; b < columns / CARAT_BLOCK; b++) {
            const __m256i x = carat_load(act[b].codes);
            __m256i products[4];
            for (int i = 0; i < 4; i++) {
                const __m256i codes = carat_load(four.block[i] + offsetof(carat_block_q8_0, codes));
                products[i] = _mm256_madd_epi16(
                    _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(x, codes)), ones);
            }
            const __m128 d = carat_four_deltas(four.block, 0);
            const __m128 scaled = _mm_mul_ps(d, _mm_cvtepi32_ps(carat_fold_four(products)));
            total = _mm_fmadd_ps(scaled, _mm_set1_ps(act[b].d), total);
            for (int i = 0; i < 4; i++) {
                carat_prefetch(four.block[i], 1);
                four.block[i] += sizeof(carat_block_q8_0);
            }
        }
        carat_store_four(&four, y, r, total);
    }
}

CARAT_AVX2 void carat_dequantize_q8_0_avx2(const void *row, size_t count, float *out) {
    const carat_block_q8_0 *w = row;
    for (size_t b = 0; b < count / CARAT_BLOCK; b++, out += CARAT_BLOCK) {
        const __m256 d = _mm256_set1_ps(carat_float_from_half_avx2(w[b].d));
        for (int i = 0; i < 32; i += 8) {
            const __m256i codes = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(w[b].codes + i)));
            _mm256_storeu_ps(out + i, _mm256_mul_ps(d, _mm256_cvtepi32_ps(codes)));
        }
    }
}

CARAT_AVX512VNNI CARAT_INLINE __m256i dpbusd(__m256i sum, __m256i a, __m256i b) {
    return _mm256_dpbusd_epi32(sum, a, b);
}

CARAT_AVX512VNNI void carat_dot_q8_0_avx512vnni(
    const void *rows, size_t row_bytes, size_t row_count, size_t columns, const void *activation, float *y) {
    carat_dot_q8_0_vnni(dpbusd, rows, row_bytes, row_count, columns, activation, y);
}
#endif
