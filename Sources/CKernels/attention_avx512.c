// Attention in AVX-512: tiles of up to 12 rows x 16 lanes, one vector a row. Each lane does the operations of its lane
// in AVX2, so the bits are the same.
#include "attention.h"
#include "exp_avx2.h"
#include "exp_avx512.h"
#include <math.h>

#if CARAT_HAS_AVX2
/// Numbers index ..< index + 16 of a row or panel of `type`, which is a constant.
CARAT_AVX512_INLINE __m512 load16(const void *numbers, size_t index, carat_kv_type type) {
    if (type == CARAT_KV_F16)
        return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)((const uint16_t *)numbers + index)));
    return _mm512_loadu_ps((const float *)numbers + index);
}

/// For a constant number of rows.
CARAT_AVX512_INLINE void score_rows(
    const void *panel, carat_kv_type type, size_t dim, const float *const *queries, const size_t rows, float *scores) {
    __m512 sums[CARAT_ATTENTION_ROWS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) sums[r] = _mm512_setzero_ps();
    for (size_t i = 0; i < dim; i++) {
        const __m512 k = load16(panel, i * CARAT_KEY_PANEL, type);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(queries[r][i]), k, sums[r]);
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) _mm512_storeu_ps(scores + r * CARAT_RUN, sums[r]);
}

CARAT_AVX512_INLINE void mix_rows(
    const carat_mix_tile *tile, const void *values, carat_kv_type type, size_t row_bytes, const size_t rows) {
    __m512 sums[CARAT_ATTENTION_ROWS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) sums[r] = _mm512_setzero_ps();
    const float *weights = tile->weights;
    const size_t shared = tile->counts[0];
    for (size_t k = 0; k < shared; k++) {
        const __m512 v = load16((const char *)values + k * row_bytes, 0, type);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++)
            sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(weights[r * CARAT_RUN + k]), v, sums[r]);
    }
    const __mmask16 width = (__mmask16)((1u << tile->width) - 1);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        // on the diagonal, later rows see more keys; a weight of 0 instead would let a NaN of a later key through
        for (size_t k = shared; k < tile->counts[r]; k++)
            sums[r] = _mm512_fmadd_ps(
                _mm512_set1_ps(weights[r * CARAT_RUN + k]), load16((const char *)values + k * row_bytes, 0, type),
                sums[r]);
        if (tile->joins)
            sums[r] = _mm512_fmadd_ps(
                _mm512_maskz_loadu_ps(width, tile->mixed[r]), _mm512_set1_ps(tile->kept[r]),
                _mm512_mul_ps(sums[r], _mm512_set1_ps(tile->added[r])));
        _mm512_mask_storeu_ps(tile->mixed[r], width, sums[r]);
    }
}

CARAT_AVX512VNNI void carat_exponentiate_avx512(float *scores, size_t count, float *maximum, float *sum) {
    const __m512 none = _mm512_set1_ps(-INFINITY);
    __m256 tops = _mm512_castps512_ps256(none), total = _mm256_setzero_ps();  // of eight and eight, as in AVX2
    // the order of the operands leaves NaN aside here; it comes back in the sum
    for (size_t k = 0; k < count; k += 16) {
        const __m512 x = _mm512_mask_loadu_ps(none, carat_lane_mask(count - k), scores + k);
        tops = _mm256_max_ps(_mm512_castps512_ps256(x), tops);
        if (count - k > 8) tops = _mm256_max_ps(_mm512_extractf32x8_ps(x, 1), tops);
    }
    *maximum = carat_max8(tops);
    const __m512 shift = _mm512_set1_ps(*maximum);
    for (size_t k = 0; k < count; k += 16) {
        const __mmask16 mask = carat_lane_mask(count - k);
        const __m512 p = carat_exp16(_mm512_sub_ps(_mm512_mask_loadu_ps(none, mask, scores + k), shift));
        _mm512_mask_storeu_ps(scores + k, mask, p);
        total = _mm256_add_ps(_mm256_add_ps(total, _mm512_castps512_ps256(p)), _mm512_extractf32x8_ps(p, 1));
    }
    *sum = carat_sum8(total);
}

#define CASE(n, call)                                                                                                 \
    case n: call(n); break;
#define FOR_EACH_COUNT(call)                                                                                          \
    CASE(1, call) CASE(2, call) CASE(3, call) CASE(4, call) CASE(5, call) CASE(6, call) CASE(7, call) CASE(8, call)    \
    CASE(9, call) CASE(10, call) CASE(11, call)

#define SCORE_F32(n) score_rows(panel, CARAT_KV_F32, dim, queries, n, scores)
#define SCORE_F16(n) score_rows(panel, CARAT_KV_F16, dim, queries, n, scores)
#define MIX_F32(n) mix_rows(tile, values, CARAT_KV_F32, row_bytes, n)
#define MIX_F16(n) mix_rows(tile, values, CARAT_KV_F16, row_bytes, n)

CARAT_AVX512VNNI void carat_score_f32_avx512(
    const void *panel, size_t dim, const float *const *queries, size_t rows, float *scores) {
    switch (rows) {
        FOR_EACH_COUNT(SCORE_F32)
    default: SCORE_F32(CARAT_ATTENTION_ROWS);
    }
}

CARAT_AVX512VNNI void carat_score_f16_avx512(
    const void *panel, size_t dim, const float *const *queries, size_t rows, float *scores) {
    switch (rows) {
        FOR_EACH_COUNT(SCORE_F16)
    default: SCORE_F16(CARAT_ATTENTION_ROWS);
    }
}

CARAT_AVX512VNNI void carat_mix_f32_avx512(const carat_mix_tile *tile, const void *values, size_t row_bytes) {
    switch (tile->rows) {
        FOR_EACH_COUNT(MIX_F32)
    default: MIX_F32(CARAT_ATTENTION_ROWS);
    }
}

CARAT_AVX512VNNI void carat_mix_f16_avx512(const carat_mix_tile *tile, const void *values, size_t row_bytes) {
    switch (tile->rows) {
        FOR_EACH_COUNT(MIX_F16)
    default: MIX_F16(CARAT_ATTENTION_ROWS);
    }
}
#endif
