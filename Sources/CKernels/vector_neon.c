// The float operations between the matmuls with NEON; none needs more than the base instruction set.
#include "vector.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>

#define INLINE static inline __attribute__((always_inline))

/// exp(x) as in vector_avx2.c: 2^n by exponent bits times a degree-6 polynomial on [-ln2/2, ln2/2]. Below -87.3 the
/// result is 0; NaN stays NaN.
INLINE float32x4_t exp4(float32x4_t x) {
    const float32x4_t low = vdupq_n_f32(-87.33654f), high = vdupq_n_f32(88.37626f);
    const uint32x4_t vanishes = vcltq_f32(x, low);
    x = vminq_f32(high, vmaxq_f32(low, x));  // both give NaN for NaN
    const float32x4_t n = vrndnq_f32(vmulq_n_f32(x, 1.44269504f));
    float32x4_t r = vfmsq_n_f32(x, n, 0.693359375f);
    r = vfmsq_n_f32(r, n, -2.12194440e-4f);
    float32x4_t p = vdupq_n_f32(1.9875691500e-4f);
    p = vfmaq_f32(vdupq_n_f32(1.3981999507e-3f), p, r);
    p = vfmaq_f32(vdupq_n_f32(8.3334519073e-3f), p, r);
    p = vfmaq_f32(vdupq_n_f32(4.1665795894e-2f), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.6666665459e-1f), p, r);
    p = vfmaq_f32(vdupq_n_f32(5.0000001201e-1f), p, r);
    p = vfmaq_f32(vaddq_f32(r, vdupq_n_f32(1)), p, vmulq_f32(r, r));
    const int32x4_t power = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    const float32x4_t y = vmulq_f32(p, vreinterpretq_f32_s32(power));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), vanishes));
}

void carat_to_f16_neon(const float *x, size_t count, uint16_t *out) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) vst1_u16(out + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(x + i))));
    carat_to_f16_portable(x + i, count - i, out + i);
}

void carat_rms_norm_neon(const float *x, const float *weight, float epsilon, size_t count, float *y) {
    float32x4_t sums[4];
    for (int j = 0; j < 4; j++) sums[j] = vdupq_n_f32(0);
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (size_t j = 0; j < 4; j++) {
            const float32x4_t v = vld1q_f32(x + i + 4 * j);
            sums[j] = vfmaq_f32(sums[j], v, v);
        }
    double squares = vaddvq_f32(vaddq_f32(vaddq_f32(sums[0], sums[1]), vaddq_f32(sums[2], sums[3])));
    for (; i < count; i++) squares += (double)x[i] * x[i];
    const float scale = (float)(1 / sqrt(squares / (double)count + epsilon));
    for (i = 0; i + 4 <= count; i += 4)
        vst1q_f32(y + i, vmulq_f32(vmulq_n_f32(vld1q_f32(x + i), scale), vld1q_f32(weight + i)));
    for (; i < count; i++) y[i] = x[i] * scale * weight[i];
}

void carat_rope_neon(float *head, const float *cosines, const float *sines, size_t dim) {
    const size_t half = dim / 2;
    size_t i = 0;
    for (; i + 4 <= half; i += 4) {
        const float32x4_t a = vld1q_f32(head + i), b = vld1q_f32(head + half + i);
        const float32x4_t c = vld1q_f32(cosines + i), s = vld1q_f32(sines + i);
        vst1q_f32(head + i, vfmsq_f32(vmulq_f32(a, c), b, s));
        vst1q_f32(head + half + i, vfmaq_f32(vmulq_f32(b, c), a, s));
    }
    for (; i < half; i++) {
        const float a = head[i], b = head[i + half];
        head[i] = a * cosines[i] - b * sines[i];
        head[i + half] = a * sines[i] + b * cosines[i];
    }
}

void carat_geglu_neon(const float *gate, const float *up, size_t count, float *out) {
    // 0.5 * (1 + tanh(t)) is the logistic function of 2t, which needs one exp.
    const float32x4_t one = vdupq_n_f32(1);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float32x4_t g = vld1q_f32(gate + i);
        const float32x4_t t = vfmaq_f32(g, vmulq_n_f32(vmulq_f32(g, g), 0.044715f), g);
        const float32x4_t denominator = vaddq_f32(one, exp4(vmulq_n_f32(t, -1.5957691216f)));
        vst1q_f32(out + i, vmulq_f32(vdivq_f32(g, denominator), vld1q_f32(up + i)));
    }
    carat_geglu_portable(gate + i, up + i, count - i, out + i);
}

void carat_add_neon(const float *x, size_t count, float *y) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) vst1q_f32(y + i, vaddq_f32(vld1q_f32(x + i), vld1q_f32(y + i)));
    for (; i < count; i++) y[i] += x[i];
}

INLINE float32x4_t load4(const void *base, size_t index, bool f16) {
    return f16 ? vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *)base + index)))
               : vld1q_f32((const float *)base + index);
}

/// Scores of `heads` (a constant) heads: each key is read and converted once for all of them.
INLINE void score(const carat_attention *run, size_t first, const size_t heads, size_t padded, bool f16) {
    const float *q = run->queries + first * run->dim;
    for (size_t k = 0; k < run->count; k++) {
        float32x4_t sums[4][2];
        for (size_t h = 0; h < heads; h++) sums[h][0] = sums[h][1] = vdupq_n_f32(0);
        for (size_t i = 0; i < run->dim; i += 8) {
            const float32x4_t k0 = load4(run->keys, k * run->stride + i, f16);
            const float32x4_t k1 = load4(run->keys, k * run->stride + i + 4, f16);
#pragma clang loop unroll(full)
            for (size_t h = 0; h < heads; h++) {
                sums[h][0] = vfmaq_f32(sums[h][0], vld1q_f32(q + h * run->dim + i), k0);
                sums[h][1] = vfmaq_f32(sums[h][1], vld1q_f32(q + h * run->dim + i + 4), k1);
            }
        }
        for (size_t h = 0; h < heads; h++)
            run->scores[(first + h) * padded + k] = vaddvq_f32(vaddq_f32(sums[h][0], sums[h][1]));
    }
}

/// In place: scores to exp(score - maximum); gives maximum and sum.
INLINE void exponentiate(float *scores, size_t count, size_t padded, float *maximum, float *total) {
    float top = -INFINITY;
    for (size_t k = 0; k < count; k++)
        if (!(scores[k] <= top)) top = scores[k];  // a NaN score becomes the maximum, and so reaches the logits
    for (size_t k = count; k < padded; k++) scores[k] = -INFINITY;
    float32x4_t sum = vdupq_n_f32(0);
    for (size_t k = 0; k < padded; k += 4) {
        const float32x4_t p = exp4(vsubq_f32(vld1q_f32(scores + k), vdupq_n_f32(top)));
        vst1q_f32(scores + k, p);
        sum = vaddq_f32(sum, p);
    }
    *maximum = top;
    *total = vaddvq_f32(sum);
}

/// Weighted values of one head, 32 numbers wide: one cache line of F16 a key.
INLINE void mix(const carat_attention *run, size_t h, size_t padded, bool f16) {
    for (size_t i = 0; i < run->dim; i += 32) {
        float32x4_t sums[8];
        for (size_t j = 0; j < 8; j++) sums[j] = vdupq_n_f32(0);
        for (size_t k = 0; k < run->count; k++) {
            const float p = run->scores[h * padded + k];
#pragma clang loop unroll(full)
            for (size_t j = 0; j < 8; j++)
                sums[j] = vfmaq_n_f32(sums[j], load4(run->values, k * run->stride + i + 4 * j, f16), p);
        }
        for (size_t j = 0; j < 8; j++) vst1q_f32(run->mixed + h * run->dim + i + 4 * j, sums[j]);
    }
}

INLINE void attend(const carat_attention *run, bool f16) {
    const size_t padded = (run->count + 7) / 8 * 8;
    size_t h = 0;
    for (; h + 4 <= run->heads; h += 4) score(run, h, 4, padded, f16);
    for (; h < run->heads; h++) score(run, h, 1, padded, f16);
    for (h = 0; h < run->heads; h++) {
        exponentiate(run->scores + h * padded, run->count, padded, &run->maxima[h], &run->sums[h]);
        mix(run, h, padded, f16);
    }
}

void carat_attend_f16_neon(const carat_attention *run) {
    if (run->dim % 32 == 0) attend(run, true);
    else carat_attend_f16_portable(run);
}

void carat_attend_f32_neon(const carat_attention *run) {
    if (run->dim % 32 == 0) attend(run, false);
    else carat_attend_f32_portable(run);
}

void carat_join_neon(
    float *max_a, float *sum_a, float *mixed_a, float max_b, float sum_b, const float *mixed_b, size_t dim) {
    const float maximum = max_b > *max_a ? max_b : *max_a;
    const float scale_a = expf(*max_a - maximum), scale_b = expf(max_b - maximum);
    *max_a = maximum;
    *sum_a = *sum_a * scale_a + sum_b * scale_b;
    size_t i = 0;
    for (; i + 4 <= dim; i += 4) {
        const float32x4_t scaled = vmulq_n_f32(vld1q_f32(mixed_b + i), scale_b);
        vst1q_f32(mixed_a + i, vfmaq_n_f32(scaled, vld1q_f32(mixed_a + i), scale_a));
    }
    for (; i < dim; i++) mixed_a[i] = mixed_a[i] * scale_a + mixed_b[i] * scale_b;
}
#endif
