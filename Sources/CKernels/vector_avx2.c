#include "vector.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define INLINE AVX2 static inline __attribute__((always_inline))

INLINE float sum8(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/// exp(x), relative error below 2e-7: 2^n by exponent bits times a degree-6 polynomial on [-ln2/2, ln2/2] (Cody and
/// Waite's reduction). Below -87.3 the result is 0; NaN stays NaN.
INLINE __m256 exp8(__m256 x) {
    const __m256 low = _mm256_set1_ps(-87.33654f), high = _mm256_set1_ps(88.37626f);
    __m256 vanishes = _mm256_cmp_ps(x, low, _CMP_LT_OQ);
    x = _mm256_min_ps(high, _mm256_max_ps(low, x));  // operand order keeps a NaN of x
    __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_fmadd_ps(p, _mm256_mul_ps(r, r), _mm256_add_ps(r, _mm256_set1_ps(1)));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_andnot_ps(vanishes, _mm256_mul_ps(p, _mm256_castsi256_ps(power)));
}

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
    double squares = sum8(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
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
        __m256 denominator = _mm256_add_ps(one, exp8(_mm256_mul_ps(t, twice)));
        _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_div_ps(g, denominator), _mm256_loadu_ps(up + i)));
    }
    carat_geglu_portable(gate + i, up + i, count - i, out + i);
}

AVX2 void carat_add_avx2(const float *x, size_t count, float *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    for (; i < count; i++) y[i] += x[i];
}

INLINE __m256 load8(const void *base, size_t index, bool f16) {
    return f16 ? _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)((const uint16_t *)base + index)))
               : _mm256_loadu_ps((const float *)base + index);
}

/// Scores of `heads` (a constant) heads: each key is read and converted once for all of them.
INLINE void score(const carat_attention *run, size_t first, const size_t heads, size_t padded, bool f16) {
    const float *q = run->queries + first * run->dim;
    for (size_t k = 0; k < run->count; k++) {
        __m256 acc[8];
        for (size_t h = 0; h < heads; h++) acc[h] = _mm256_setzero_ps();
        for (size_t i = 0; i < run->dim; i += 8) {
            __m256 key = load8(run->keys, k * run->stride + i, f16);
#pragma clang loop unroll(full)
            for (size_t h = 0; h < heads; h++)
                acc[h] = _mm256_fmadd_ps(_mm256_loadu_ps(q + h * run->dim + i), key, acc[h]);
        }
        for (size_t h = 0; h < heads; h++) run->scores[(first + h) * padded + k] = sum8(acc[h]);
    }
}

/// In place: scores to exp(score - maximum); gives maximum and sum.
INLINE void exponentiate(float *scores, size_t count, size_t padded, float *maximum, float *total) {
    float top = -INFINITY;
    for (size_t k = 0; k < count; k++)
        if (!(scores[k] <= top)) top = scores[k];  // a NaN score becomes the maximum, and so reaches the logits
    for (size_t k = count; k < padded; k++) scores[k] = -INFINITY;
    __m256 shift = _mm256_set1_ps(top), sum = _mm256_setzero_ps();
    for (size_t k = 0; k < padded; k += 8) {
        __m256 p = exp8(_mm256_sub_ps(_mm256_loadu_ps(scores + k), shift));
        _mm256_storeu_ps(scores + k, p);
        sum = _mm256_add_ps(sum, p);
    }
    *maximum = top;
    *total = sum8(sum);
}

/// Weighted values of `heads` heads, 32 numbers wide: one cache line of F16 a key.
INLINE void mix(const carat_attention *run, size_t first, const size_t heads, size_t padded, bool f16) {
    for (size_t i = 0; i < run->dim; i += 32) {
        __m256 acc[2][4];
        for (size_t h = 0; h < heads; h++)
            for (size_t j = 0; j < 4; j++) acc[h][j] = _mm256_setzero_ps();
        for (size_t k = 0; k < run->count; k++) {
            __m256 v[4];
#pragma clang loop unroll(full)
            for (size_t j = 0; j < 4; j++) v[j] = load8(run->values, k * run->stride + i + 8 * j, f16);
#pragma clang loop unroll(full)
            for (size_t h = 0; h < heads; h++) {
                __m256 p = _mm256_broadcast_ss(run->scores + (first + h) * padded + k);
#pragma clang loop unroll(full)
                for (size_t j = 0; j < 4; j++) acc[h][j] = _mm256_fmadd_ps(p, v[j], acc[h][j]);
            }
        }
        for (size_t h = 0; h < heads; h++)
            for (size_t j = 0; j < 4; j++) _mm256_storeu_ps(run->mixed + (first + h) * run->dim + i + 8 * j, acc[h][j]);
    }
}

INLINE void attend(const carat_attention *run, bool f16) {
    size_t padded = (run->count + 7) / 8 * 8, h = 0;
    for (; h + 8 <= run->heads; h += 8) score(run, h, 8, padded, f16);
    for (; h + 4 <= run->heads; h += 4) score(run, h, 4, padded, f16);
    for (; h < run->heads; h++) score(run, h, 1, padded, f16);
    for (h = 0; h < run->heads; h++)
        exponentiate(run->scores + h * padded, run->count, padded, &run->maxima[h], &run->sums[h]);
    for (h = 0; h + 2 <= run->heads; h += 2) mix(run, h, 2, padded, f16);
    for (; h < run->heads; h++) mix(run, h, 1, padded, f16);
}

AVX2 void carat_attend_f16_avx2(const carat_attention *run) {
    if (run->dim % 32 == 0) attend(run, true);
    else carat_attend_f16_portable(run);
}

AVX2 void carat_attend_f32_avx2(const carat_attention *run) {
    if (run->dim % 32 == 0) attend(run, false);
    else carat_attend_f32_portable(run);
}

AVX2 void carat_join_avx2(
    float *max_a, float *sum_a, float *mixed_a, float max_b, float sum_b, const float *mixed_b, size_t dim) {
    float maximum = max_b > *max_a ? max_b : *max_a;
    float scale_a = expf(*max_a - maximum), scale_b = expf(max_b - maximum);
    *max_a = maximum;
    *sum_a = *sum_a * scale_a + sum_b * scale_b;
    __m256 a = _mm256_set1_ps(scale_a), b = _mm256_set1_ps(scale_b);
    size_t i = 0;
    for (; i + 8 <= dim; i += 8) {
        __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(mixed_b + i), b);
        _mm256_storeu_ps(mixed_a + i, _mm256_fmadd_ps(_mm256_loadu_ps(mixed_a + i), a, scaled));
    }
    for (; i < dim; i++) mixed_a[i] = mixed_a[i] * scale_a + mixed_b[i] * scale_b;
}
#endif
