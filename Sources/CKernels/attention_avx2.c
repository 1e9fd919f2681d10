// Attention in AVX2: tiles of up to 6 rows x 16 lanes, 12 sums in registers next to two loads and a broadcast.
#include "attention.h"
#include "exp_avx2.h"

#if CARAT_HAS_AVX2
#include <math.h>

CARAT_AVX2_INLINE __m256 halves8(const void *halves) { return _mm256_cvtph_ps(_mm_loadu_si128(halves)); }

/// Rows of a tile.
enum { ROWS = 6 };

/// 8 codes as floats.
CARAT_AVX2_INLINE __m256 codes8(const int8_t *codes) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)codes)));
}

CARAT_AVX2 void carat_load_keys_f32_avx2(const void *panel, size_t dim, float *out) {
    memcpy(out, panel, dim * CARAT_KEY_PANEL * sizeof *out);
}

CARAT_AVX2 void carat_load_keys_f16_avx2(const void *panel, size_t dim, float *out) {
    const uint16_t *halves = panel;
    for (size_t i = 0; i < dim * CARAT_KEY_PANEL; i += 8) _mm256_storeu_ps(out + i, halves8(halves + i));
}

CARAT_AVX2 void carat_load_keys_q8_0_avx2(const void *panel, size_t dim, float *out) {
    const int8_t *codes = panel;
    const uint16_t *scales = (const void *)(codes + dim * CARAT_KEY_PANEL);
    for (size_t i = 0; i < dim; i += CARAT_BLOCK, scales += CARAT_KEY_PANEL) {
        const __m256 s0 = halves8(scales), s1 = halves8(scales + 8);
        const size_t end = i + CARAT_BLOCK < dim ? i + CARAT_BLOCK : dim;
        for (size_t j = i * CARAT_KEY_PANEL; j < end * CARAT_KEY_PANEL; j += CARAT_KEY_PANEL) {
            _mm256_storeu_ps(out + j, _mm256_mul_ps(codes8(codes + j), s0));
            _mm256_storeu_ps(out + j + 8, _mm256_mul_ps(codes8(codes + j + 8), s1));
        }
    }
}

CARAT_AVX2 void carat_load_values_f32_avx2(const void *rows, size_t dim, size_t first, size_t count, float *out) {
    const size_t bytes = carat_value_row_bytes(CARAT_KV_F32, dim);
    for (size_t k = 0; k < count; k++, out += CARAT_VALUE_PANEL) {
        const float *row = (const void *)((const char *)rows + k * bytes);
        _mm256_storeu_ps(out, _mm256_loadu_ps(row + first));
        _mm256_storeu_ps(out + 8, _mm256_loadu_ps(row + first + 8));
    }
}

CARAT_AVX2 void carat_load_values_f16_avx2(const void *rows, size_t dim, size_t first, size_t count, float *out) {
    const size_t bytes = carat_value_row_bytes(CARAT_KV_F16, dim);
    for (size_t k = 0; k < count; k++, out += CARAT_VALUE_PANEL) {
        const uint16_t *row = (const void *)((const char *)rows + k * bytes);
        _mm256_storeu_ps(out, halves8(row + first));
        _mm256_storeu_ps(out + 8, halves8(row + first + 8));
    }
}

CARAT_AVX2 void carat_load_values_q8_0_avx2(const void *rows, size_t dim, size_t first, size_t count, float *out) {
    const size_t bytes = carat_value_row_bytes(CARAT_KV_Q8_0, dim);
    const size_t filled = (dim + CARAT_VALUE_PANEL - 1) / CARAT_VALUE_PANEL * CARAT_VALUE_PANEL;
    for (size_t k = 0; k < count; k++, out += CARAT_VALUE_PANEL) {
        const int8_t *codes = (const int8_t *)rows + k * bytes;
        const uint16_t *scales = (const void *)(codes + filled);
        const __m256 scale = _mm256_set1_ps(carat_float_from_half_avx2(scales[first / CARAT_BLOCK]));
        _mm256_storeu_ps(out, _mm256_mul_ps(codes8(codes + first), scale));
        _mm256_storeu_ps(out + 8, _mm256_mul_ps(codes8(codes + first + 8), scale));
    }
}

/// Numbers index ..< index + 8 of a row or panel of `type`, which is a constant.
CARAT_AVX2_INLINE __m256 load8(const void *numbers, size_t index, carat_kv_type type) {
    if (type == CARAT_KV_F16) return halves8((const uint16_t *)numbers + index);
    return _mm256_loadu_ps((const float *)numbers + index);
}

/// For a constant number of rows.
CARAT_AVX2_INLINE void score_rows(
    const void *panel, carat_kv_type type, size_t dim, const float *const *queries, const size_t rows, float *scores) {
    __m256 sums[ROWS][2];
    for (size_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
    for (size_t i = 0; i < dim; i++) {
        const __m256 k0 = load8(panel, i * CARAT_KEY_PANEL, type), k1 = load8(panel, i * CARAT_KEY_PANEL + 8, type);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            const __m256 q = _mm256_broadcast_ss(queries[r] + i);
            sums[r][0] = _mm256_fmadd_ps(q, k0, sums[r][0]);
            sums[r][1] = _mm256_fmadd_ps(q, k1, sums[r][1]);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        _mm256_storeu_ps(scores + r * CARAT_RUN, sums[r][0]);
        _mm256_storeu_ps(scores + r * CARAT_RUN + 8, sums[r][1]);
    }
}

CARAT_AVX2_INLINE void score(
    const void *panel, carat_kv_type type, size_t dim, const float *const *queries, size_t rows, float *scores) {
    switch (rows) {
    case 1: score_rows(panel, type, dim, queries, 1, scores); break;
    case 2: score_rows(panel, type, dim, queries, 2, scores); break;
    case 3: score_rows(panel, type, dim, queries, 3, scores); break;
    case 4: score_rows(panel, type, dim, queries, 4, scores); break;
    case 5: score_rows(panel, type, dim, queries, 5, scores); break;
    default: score_rows(panel, type, dim, queries, 6, scores); break;
    }
}

CARAT_AVX2 void carat_score_f32_avx2(
    const void *panel, size_t dim, const float *const *queries, size_t rows, float *scores) {
    score(panel, CARAT_KV_F32, dim, queries, rows, scores);
}

CARAT_AVX2 void carat_score_f16_avx2(
    const void *panel, size_t dim, const float *const *queries, size_t rows, float *scores) {
    score(panel, CARAT_KV_F16, dim, queries, rows, scores);
}

CARAT_AVX2 void carat_exponentiate_avx2(float *scores, size_t count, float *maximum, float *sum) {
    const size_t padded = (count + 7) / 8 * 8;
    for (size_t k = count; k < padded; k++) scores[k] = -INFINITY;
    __m256 tops = _mm256_set1_ps(-INFINITY), total = _mm256_setzero_ps();
    // the order of the operands leaves NaN aside here; it comes back in the sum
    for (size_t k = 0; k < padded; k += 8) tops = _mm256_max_ps(_mm256_loadu_ps(scores + k), tops);
    *maximum = carat_max8(tops);
    const __m256 shift = _mm256_set1_ps(*maximum);
    for (size_t k = 0; k < padded; k += 8) {
        const __m256 p = carat_exp8(_mm256_sub_ps(_mm256_loadu_ps(scores + k), shift));
        _mm256_storeu_ps(scores + k, p);
        total = _mm256_add_ps(total, p);
    }
    *sum = carat_sum8(total);
}

CARAT_AVX2_INLINE void mix_rows(
    const carat_mix_tile *tile, const void *values, carat_kv_type type, size_t row_bytes, const size_t rows) {
    __m256 sums[ROWS][2];
    for (size_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
    const float *weights = tile->weights;
    const size_t shared = tile->counts[0];
    for (size_t k = 0; k < shared; k++) {
        const void *row = (const char *)values + k * row_bytes;
        const __m256 v0 = load8(row, 0, type), v1 = load8(row, 8, type);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            const __m256 p = _mm256_broadcast_ss(weights + r * CARAT_RUN + k);
            sums[r][0] = _mm256_fmadd_ps(p, v0, sums[r][0]);
            sums[r][1] = _mm256_fmadd_ps(p, v1, sums[r][1]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        // on the diagonal, later rows see more keys; a weight of 0 instead would let a NaN of a later key through
        for (size_t k = shared; k < tile->counts[r]; k++) {
            const void *row = (const char *)values + k * row_bytes;
            const __m256 p = _mm256_broadcast_ss(weights + r * CARAT_RUN + k);
            sums[r][0] = _mm256_fmadd_ps(p, load8(row, 0, type), sums[r][0]);
            sums[r][1] = _mm256_fmadd_ps(p, load8(row, 8, type), sums[r][1]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        float *target = tile->mixed[r];
        if (tile->width < CARAT_VALUE_PANEL) {
            float last[CARAT_VALUE_PANEL];
            _mm256_storeu_ps(last, sums[r][0]);
            _mm256_storeu_ps(last + 8, sums[r][1]);
            if (tile->joins) carat_join_avx2(target, last, tile->kept[r], tile->added[r], tile->width);
            else memcpy(target, last, tile->width * sizeof *last);
            continue;
        }
        if (tile->joins) {
            const __m256 kept = _mm256_set1_ps(tile->kept[r]), added = _mm256_set1_ps(tile->added[r]);
            sums[r][0] = _mm256_fmadd_ps(_mm256_loadu_ps(target), kept, _mm256_mul_ps(sums[r][0], added));
            sums[r][1] = _mm256_fmadd_ps(_mm256_loadu_ps(target + 8), kept, _mm256_mul_ps(sums[r][1], added));
        }
        _mm256_storeu_ps(target, sums[r][0]);
        _mm256_storeu_ps(target + 8, sums[r][1]);
    }
}

CARAT_AVX2_INLINE void mix(const carat_mix_tile *tile, const void *values, carat_kv_type type, size_t row_bytes) {
    switch (tile->rows) {
    case 1: mix_rows(tile, values, type, row_bytes, 1); break;
    case 2: mix_rows(tile, values, type, row_bytes, 2); break;
    case 3: mix_rows(tile, values, type, row_bytes, 3); break;
    case 4: mix_rows(tile, values, type, row_bytes, 4); break;
    case 5: mix_rows(tile, values, type, row_bytes, 5); break;
    default: mix_rows(tile, values, type, row_bytes, 6); break;
    }
}

CARAT_AVX2 void carat_mix_f32_avx2(const carat_mix_tile *tile, const void *values, size_t row_bytes) {
    mix(tile, values, CARAT_KV_F32, row_bytes);
}

CARAT_AVX2 void carat_mix_f16_avx2(const carat_mix_tile *tile, const void *values, size_t row_bytes) {
    mix(tile, values, CARAT_KV_F16, row_bytes);
}

CARAT_AVX2 void carat_join_avx2(float *a, const float *b, float kept, float added, size_t count) {
    const __m256 k = _mm256_set1_ps(kept), w = _mm256_set1_ps(added);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(a + i, _mm256_fmadd_ps(_mm256_loadu_ps(a + i), k, _mm256_mul_ps(_mm256_loadu_ps(b + i), w)));
    for (; i < count; i++) a[i] = fmaf(a[i], kept, b[i] * added);
}
#endif
