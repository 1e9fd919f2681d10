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

/// sums[0] and sums[1] += the lower and the upper two of v, in double: a vocabulary is long.
INLINE void add_wide(float64x2_t sums[2], float32x4_t v) {
    sums[0] = vaddq_f64(sums[0], vcvt_f64_f32(vget_low_f32(v)));
    sums[1] = vaddq_f64(sums[1], vcvt_high_f64_f32(v));
}

void carat_softmax_sum_neon(const float *x, size_t count, float *maximum, double *sum) {
    float32x4_t tops = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) tops = vmaxq_f32(tops, vld1q_f32(x + i));  // NaN for NaN
    float top = vmaxvq_f32(tops);
    for (; i < count; i++) top = x[i] > top ? x[i] : top;

    float64x2_t sums[2] = {vdupq_n_f64(0), vdupq_n_f64(0)};
    for (i = 0; i + 4 <= count; i += 4) add_wide(sums, exp4(vsubq_f32(vld1q_f32(x + i), vdupq_n_f32(top))));
    double total = vaddvq_f64(vaddq_f64(sums[0], sums[1]));
    for (; i < count; i++) total += expf(x[i] - top);
    *maximum = top;
    *sum = total;
}

double carat_softmax_gap_neon(const float *p, float p_max, const float *q, float q_max, size_t count) {
    float64x2_t sums[2] = {vdupq_n_f64(0), vdupq_n_f64(0)};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float32x4_t a = vsubq_f32(vld1q_f32(p + i), vdupq_n_f32(p_max));
        const float32x4_t b = vsubq_f32(vld1q_f32(q + i), vdupq_n_f32(q_max));
        const float32x4_t weight = exp4(a);
        const float32x4_t product = vmulq_f32(weight, vsubq_f32(a, b));
        const uint32x4_t vanishes = vceqzq_f32(weight);
        add_wide(sums, vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(product), vanishes)));
    }
    return vaddvq_f64(vaddq_f64(sums[0], sums[1])) + carat_softmax_gap_portable(p + i, p_max, q + i, q_max, count - i);
}

#endif
