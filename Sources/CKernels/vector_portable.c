#include <math.h>
#include <string.h>

#include "vector.h"

// _Float16 conversions round to nearest even, in hardware where there is any and by the compiler's runtime elsewhere.
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

void carat_softmax_sum_portable(const float *x, size_t count, float *maximum, double *sum) {
    float top = -INFINITY;
    for (size_t i = 0; i < count; i++) top = x[i] > top ? x[i] : top;
    double total = 0;
    for (size_t i = 0; i < count; i++) total += expf(x[i] - top);
    *maximum = top;
    *sum = total;
}

double carat_softmax_gap_portable(const float *p, float p_max, const float *q, float q_max, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        const float weight = expf(p[i] - p_max);
        if (weight != 0) total += weight * ((p[i] - p_max) - (q[i] - q_max));
    }
    return total;
}
