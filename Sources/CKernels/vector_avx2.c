#include "exp_avx2.h"
#include "vector.h"

#if CARAT_HAS_AVX2
#include <math.h>

#define AVX2 CARAT_AVX2

AVX2 void carat_to_f16_avx2(const float *x, size_t count, uint16_t *out) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(out + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    for (; i < count; i++) out[i] = _cvtss_sh(x[i], _MM_FROUND_TO_NEAREST_INT);
}

AVX2 void carat_rms_norm_avx2(const float *x, const float *weight, float epsilon, size_t count, float *y) {
    __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256 x0 = _mm256_loadu_ps(x + i), x1 = _mm256_loadu_ps(x + i + 8);
        __m256 x2 = _mm256_loadu_ps(x + i + 16), x3 = _mm256_loadu_ps(x + i + 24);
        a = _mm256_fmadd_ps(x0, x0, a);
        b = _mm256_fmadd_ps(x1, x1, b);
        c = _mm256_fmadd_ps(x2, x2, c);
        d = _mm256_fmadd_ps(x3, x3, d);
    }
    double squares = carat_sum8(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
    for (; i < count; i++) squares += (double)x[i] * x[i];
    float scale = (float)(1 / sqrt(squares / (double)count + epsilon));
    __m256 s = _mm256_set1_ps(scale);
    for (i = 0; i + 8 <= count; i += 8)
        _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), s), _mm256_loadu_ps(weight + i)));
    for (; i < count; i++) y[i] = x[i] * scale * weight[i];
}

AVX2 void carat_rope_avx2(float *head, const float *cosines, const float *sines, size_t dim) {
    size_t half = dim / 2, i = 0;
    for (; i + 8 <= half; i += 8) {
        __m256 a = _mm256_loadu_ps(head + i), b = _mm256_loadu_ps(head + half + i);
        __m256 c = _mm256_loadu_ps(cosines + i), s = _mm256_loadu_ps(sines + i);
        _mm256_storeu_ps(head + i, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
        _mm256_storeu_ps(head + half + i, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)));
    }
    for (; i < half; i++) {
        float a = head[i], b = head[i + half];
        head[i] = a * cosines[i] - b * sines[i];
        head[i + half] = a * sines[i] + b * cosines[i];
    }
}

AVX2 void carat_geglu_avx2(const float *gate, const float *up, size_t count, float *out) {
    // 0.5 * (1 + tanh(t)) is the logistic function of 2t, which needs one exp.
    const __m256 one = _mm256_set1_ps(1), cubic = _mm256_set1_ps(0.044715f), twice = _mm256_set1_ps(-1.5957691216f);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256 g = _mm256_loadu_ps(gate + i);
        __m256 t = _mm256_fmadd_ps(_mm256_mul_ps(_mm256_mul_ps(g, g), cubic), g, g);
        __m256 denominator = _mm256_add_ps(one, carat_exp8(_mm256_mul_ps(t, twice)));
        _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_div_ps(g, denominator), _mm256_loadu_ps(up + i)));
    }
    carat_geglu_portable(gate + i, up + i, count - i, out + i);
}

AVX2 void carat_add_avx2(const float *x, size_t count, float *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    for (; i < count; i++) y[i] += x[i];
}

/// sums[0] and sums[1] += the lower and the upper four of v, in double: a vocabulary is long.
CARAT_AVX2_INLINE void add_wide(__m256d sums[2], __m256 v) {
    sums[0] = _mm256_add_pd(sums[0], _mm256_cvtps_pd(_mm256_castps256_ps128(v)));
    sums[1] = _mm256_add_pd(sums[1], _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
}

CARAT_AVX2_INLINE double sum_wide(const __m256d sums[2]) {
    double lanes[4];
    _mm256_storeu_pd(lanes, _mm256_add_pd(sums[0], sums[1]));
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

AVX2 void carat_softmax_sum_avx2(const float *x, size_t count, float *maximum, double *sum) {
    __m256 tops = _mm256_set1_ps(-INFINITY);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) tops = _mm256_max_ps(_mm256_loadu_ps(x + i), tops);
    float lanes[8], top = -INFINITY;
    _mm256_storeu_ps(lanes, tops);
    for (int lane = 0; lane < 8; lane++) top = lanes[lane] > top ? lanes[lane] : top;
    for (; i < count; i++) top = x[i] > top ? x[i] : top;

    const __m256 shift = _mm256_set1_ps(top);
    __m256d sums[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
    for (i = 0; i + 8 <= count; i += 8) add_wide(sums, carat_exp8(_mm256_sub_ps(_mm256_loadu_ps(x + i), shift)));
    double total = sum_wide(sums);
    for (; i < count; i++) total += expf(x[i] - top);
    *maximum = top;
    *sum = total;
}

AVX2 double carat_softmax_gap_avx2(const float *p, float p_max, const float *q, float q_max, size_t count) {
    const __m256 p_shift = _mm256_set1_ps(p_max), q_shift = _mm256_set1_ps(q_max), zero = _mm256_setzero_ps();
    __m256d sums[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m256 a = _mm256_sub_ps(_mm256_loadu_ps(p + i), p_shift);
        const __m256 b = _mm256_sub_ps(_mm256_loadu_ps(q + i), q_shift);
        const __m256 weight = carat_exp8(a);
        const __m256 counts = _mm256_cmp_ps(weight, zero, _CMP_NEQ_UQ);
        add_wide(sums, _mm256_and_ps(counts, _mm256_mul_ps(weight, _mm256_sub_ps(a, b))));
    }
    return sum_wide(sums) + carat_softmax_gap_portable(p + i, p_max, q + i, q_max, count - i);
}
#endif
