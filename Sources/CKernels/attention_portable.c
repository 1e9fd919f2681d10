// Attention in plain C: lanes side by side, so that a compiler can put them in vectors.
#include "attention.h"
#include "blocks.h"
#include <math.h>

static float half_at(const void *base, size_t index) {
    uint16_t half;
    memcpy(&half, (const uint8_t *)base + 2 * index, sizeof half);
    return carat_float_from_half(half);
}

void carat_load_keys_f32_portable(const void *panel, size_t dim, float *out) {
    memcpy(out, panel, dim * CARAT_KEY_PANEL * sizeof *out);
}

void carat_load_keys_f16_portable(const void *panel, size_t dim, float *out) {
    for (size_t i = 0; i < dim * CARAT_KEY_PANEL; i++) out[i] = half_at(panel, i);
}

void carat_load_keys_q8_0_portable(const void *panel, size_t dim, float *out) {
    const int8_t *codes = panel;
    const void *scales = codes + dim * CARAT_KEY_PANEL;
    for (size_t i = 0; i < dim; i++)
        for (size_t lane = 0; lane < CARAT_KEY_PANEL; lane++)
            out[i * CARAT_KEY_PANEL + lane] =
                (float)codes[i * CARAT_KEY_PANEL + lane] * half_at(scales, i / CARAT_BLOCK * CARAT_KEY_PANEL + lane);
}

void carat_load_values_f32_portable(const void *rows, size_t dim, size_t first, size_t count, float *out) {
    const size_t bytes = carat_value_row_bytes(CARAT_KV_F32, dim);
    for (size_t k = 0; k < count; k++, out += CARAT_VALUE_PANEL)
        memcpy(out, (const char *)rows + k * bytes + 4 * first, CARAT_VALUE_PANEL * sizeof *out);
}

void carat_load_values_f16_portable(const void *rows, size_t dim, size_t first, size_t count, float *out) {
    const size_t bytes = carat_value_row_bytes(CARAT_KV_F16, dim);
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < CARAT_VALUE_PANEL; i++)
            out[k * CARAT_VALUE_PANEL + i] = half_at((const char *)rows + k * bytes, first + i);
}

void carat_load_values_q8_0_portable(const void *rows, size_t dim, size_t first, size_t count, float *out) {
    const size_t bytes = carat_value_row_bytes(CARAT_KV_Q8_0, dim);
    const size_t filled = (dim + CARAT_VALUE_PANEL - 1) / CARAT_VALUE_PANEL * CARAT_VALUE_PANEL;
    for (size_t k = 0; k < count; k++) {
        const int8_t *codes = (const int8_t *)rows + k * bytes;
        const float scale = half_at(codes + filled, first / CARAT_BLOCK);
        for (size_t i = 0; i < CARAT_VALUE_PANEL; i++) out[k * CARAT_VALUE_PANEL + i] = (float)codes[first + i] * scale;
    }
}

void carat_score_f32_portable(
    const void *panel, size_t dim, const float *const *queries, size_t rows, float *scores) {
    const float *keys = panel;
    for (size_t r = 0; r < rows; r++) {
        float sums[CARAT_KEY_PANEL] = {0};
        for (size_t i = 0; i < dim; i++)
            for (size_t lane = 0; lane < CARAT_KEY_PANEL; lane++)
                sums[lane] += queries[r][i] * keys[i * CARAT_KEY_PANEL + lane];
        memcpy(scores + r * CARAT_RUN, sums, sizeof sums);
    }
}

void carat_exponentiate_portable(float *scores, size_t count, float *maximum, float *sum) {
    float top = -INFINITY, total = 0;
    for (size_t k = 0; k < count; k++) top = scores[k] > top ? scores[k] : top;
    for (size_t k = 0; k < count; k++) {
        scores[k] = expf(scores[k] - top);
        total += scores[k];  // NaN if any score is: it must reach the logits
    }
    *maximum = top;
    *sum = total;
}

void carat_mix_f32_portable(const carat_mix_tile *tile, const void *values, size_t row_bytes) {
    for (size_t r = 0; r < tile->rows; r++) {
        float sums[CARAT_VALUE_PANEL] = {0};
        for (size_t k = 0; k < tile->counts[r]; k++) {
            const float *row = (const void *)((const char *)values + k * row_bytes);
            for (size_t i = 0; i < CARAT_VALUE_PANEL; i++) sums[i] += tile->weights[r * CARAT_RUN + k] * row[i];
        }
        if (tile->joins) carat_join_portable(tile->mixed[r], sums, tile->kept[r], tile->added[r], tile->width);
        else memcpy(tile->mixed[r], sums, tile->width * sizeof *sums);
    }
}

void carat_join_portable(float *a, const float *b, float kept, float added, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] = a[i] * kept + b[i] * added;
}
