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
#endif
