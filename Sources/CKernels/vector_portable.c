#include <math.h>
#include <string.h>

#include "vector.h"

// _Float16 conversions round to nearest even, in hardware where there is any and by the compiler's runtime elsewhere.
static float from_f16(uint16_t bits) {
    _Float16 value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

void carat_to_f16_portable(const float *x, size_t count, uint16_t *out) {
    for (size_t i = 0; i < count; i++) {
        _Float16 value = (_Float16)x[i];
        memcpy(&out[i], &value, sizeof value);
    }
}

void carat_rms_norm_portable(const float *x, const float *weight, float epsilon, size_t count, float *y) {
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)x[i] * x[i];
    float scale = (float)(1 / sqrt(squares / (double)count + epsilon));
    for (size_t i = 0; i < count; i++) y[i] = x[i] * scale * weight[i];
}

void carat_rope_portable(float *head, const float *cosines, const float *sines, size_t dim) {
    size_t half = dim / 2;
    for (size_t i = 0; i < half; i++) {
        float a = head[i], b = head[i + half];
        head[i] = a * cosines[i] - b * sines[i];
        head[i + half] = a * sines[i] + b * cosines[i];
    }
}

void carat_geglu_portable(const float *gate, const float *up, size_t count, float *out) {
    const float sqrt_2_over_pi = 0.79788456080286535588f;
    for (size_t i = 0; i < count; i++) {
        float g = gate[i];
        float inner = sqrt_2_over_pi * (g + 0.044715f * g * g * g);
        out[i] = 0.5f * g * (1 + tanhf(inner)) * up[i];
    }
}

void carat_add_portable(const float *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static float element(const void *base, size_t index, bool f16) {
    return f16 ? from_f16(((const uint16_t *)base)[index]) : ((const float *)base)[index];
}

static void attend(const carat_attention *run, bool f16) {
    size_t padded = (run->count + 7) / 8 * 8;
    for (size_t h = 0; h < run->heads; h++) {
        const float *q = run->queries + h * run->dim;
        float *scores = run->scores + h * padded;
        float *mixed = run->mixed + h * run->dim;
        float maximum = -INFINITY, sum = 0;
        for (size_t k = 0; k < run->count; k++) {
            float s = 0;
            for (size_t i = 0; i < run->dim; i++) s += q[i] * element(run->keys, k * run->stride + i, f16);
            scores[k] = s;
            if (!(s <= maximum)) maximum = s;  // a NaN score becomes the maximum, and so reaches the logits
        }
        memset(mixed, 0, run->dim * sizeof *mixed);
        for (size_t k = 0; k < run->count; k++) {
            float p = expf(scores[k] - maximum);
            sum += p;
            for (size_t i = 0; i < run->dim; i++) mixed[i] += p * element(run->values, k * run->stride + i, f16);
        }
        run->maxima[h] = maximum;
        run->sums[h] = sum;
    }
}

void carat_attend_f16_portable(const carat_attention *run) { attend(run, true); }
void carat_attend_f32_portable(const carat_attention *run) { attend(run, false); }

void carat_join_portable(
    float *max_a, float *sum_a, float *mixed_a, float max_b, float sum_b, const float *mixed_b, size_t dim) {
    float maximum = max_b > *max_a ? max_b : *max_a;
    float scale_a = expf(*max_a - maximum), scale_b = expf(max_b - maximum);
    *max_a = maximum;
    *sum_a = *sum_a * scale_a + sum_b * scale_b;
    for (size_t i = 0; i < dim; i++) mixed_a[i] = mixed_a[i] * scale_a + mixed_b[i] * scale_b;
}
